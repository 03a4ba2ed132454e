"""Metrics, paired comparisons and curves from the out-of-fold predictions of all models."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *,
    predictions: list[Path],
    samples: Path,
    cohort: str,
    metrics: Path,
    comparisons: Path,
    curves: Path,
    variance: Path,
    bootstrap: int = 2000,
    seed: int = 42,
) -> None:
    """Measure every model on people it was not trained on, with 95% intervals, and compare ALS-Net with each
    other model.

    Args:
        predictions: out-of-fold predictions, one table a model and fold
        samples: the cohort's samples.tsv (sample, phenotype 1 or 0, optional family)
        cohort: the cohort's name, written into the first column
        metrics: written: metrics (TSV) by model, fold and seed with 95% bootstrap intervals
        comparisons: written: ALS-Net minus each other model (TSV), paired bootstrap
        curves: written: points of the ROC, precision-recall and calibration curves (TSV)
        variance: written: spread of each model's AUC over seeds, over people and over folds (TSV)
        bootstrap: number of resamples of people, or of families where samples.tsv has that column
        seed: of the resampling
    """
    from promoternets.evaluation.evaluate import evaluate

    evaluate(
        predictions=predictions,
        samples=samples,
        cohort=cohort,
        metrics=metrics,
        comparisons=comparisons,
        curves=curves,
        variance=variance,
        bootstrap=bootstrap,
        seed=seed,
    )


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
