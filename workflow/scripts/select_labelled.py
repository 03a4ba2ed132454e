"""The people of a predicted cohort whose phenotype is known."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(*, samples: Path, labelled: Path) -> None:
    """Write the people that a model can be fine-tuned on.

    Args:
        samples: matched people (TSV: sample, phenotype 0/1 or NA)
        labelled: the same table to write, without those of unknown phenotype
    """
    from promoternets.fine_tuning.people import select_labelled

    select_labelled(samples=samples, labelled=labelled)


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
