"""Predictions of another cohort against its phenotypes: AUC and calibration with intervals."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *, predictions: Path, samples: Path, cohort: str, bootstrap: int = 2000, seed: int = 42, metrics: Path
) -> None:
    """Measure predictions of the people whose phenotype is known.

    Args:
        predictions: table of predict_cohort.py
        samples: matched people (TSV: sample, phenotype, perhaps family)
        cohort: what these people are called
        bootstrap: resamples of people, or families, behind each interval
        seed: base seed
        metrics: table to write (TSV: cohort, metric, value, low, high)
    """
    from promoternets.formats.tables import write_table
    from promoternets.prediction.evaluation import evaluation_table

    write_table(evaluation_table(predictions, samples, cohort, bootstrap=bootstrap, seed=seed), metrics)


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
