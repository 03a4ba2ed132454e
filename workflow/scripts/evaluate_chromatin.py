"""Metrics, paired comparisons and the papers' table from all models' scores of test genes."""

import sys
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *,
    predictions: list[Path],
    metrics: Path,
    summary: Path,
    comparisons: Path,
    curves: Path | None = None,
    bootstrap: int = 2000,
    target: Literal["label", "expression"] = "label",
    seed: int = 42,
) -> None:
    """Measure every model on the test genes of every epigenome, with 95% intervals, and compare them.

    Args:
        predictions: tables of epigenome, model, seed, gene_id, part, label, score; each model has all epigenomes
        metrics: written: AUC, AUPRC, accuracy, F1 by epigenome, model and seed (TSV); for expression Pearson,
            Spearman, R squared, mean squared error
        summary: written: mean, median, max, min of AUC (or Pearson) over epigenomes, wins over DeepChrome (TSV)
        comparisons: written: differences between models in each epigenome, paired bootstrap (TSV)
        curves: written: points of the ROC curves (TSV)
        bootstrap: number of resamples of test genes
        target: what was predicted, label or expression
        seed: of the resampling
    """
    from promoternets.evaluation.chromatin import evaluate_chromatin

    evaluate_chromatin(
        predictions=predictions,
        metrics=metrics,
        summary=summary,
        comparisons=comparisons,
        curves=curves,
        bootstrap=bootstrap,
        target=target,
        seed=seed,
    )


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
