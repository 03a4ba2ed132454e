"""The fine-tuned networks of all folds as one folder that predicts other people."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *,
    cohort: str,
    source: Path,
    weights: list[Path],
    descriptions: list[Path],
    predictions: list[Path],
    samples: Path,
    bootstrap: int = 2000,
    seed: int = 42,
    model: Path,
) -> None:
    """Gather a model folder.

    Args:
        cohort: whose people fine-tuned it
        source: the model folder that was gone on from
        weights: fine-tuned weights of each fold (safetensors)
        descriptions: what is said of each fold (JSON)
        predictions: probabilities of each fold's test people (TSV)
        samples: people of known phenotype (TSV: sample, phenotype 0/1)
        bootstrap: resamples behind the interval of the AUC
        seed: seed of the resamples
        model: the model folder to write
    """
    from promoternets.fine_tuning.export import export_fine_tuned

    export_fine_tuned(
        folder=model,
        cohort=cohort,
        source=source,
        weights=weights,
        descriptions=descriptions,
        predictions=predictions,
        samples=samples,
        bootstrap=bootstrap,
        seed=seed,
    )


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
