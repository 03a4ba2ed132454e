"""One baseline on the histone bins of every epigenome: scores of the genes that did not fit it."""

import sys
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *,
    bins: list[Path],
    labels: list[Path],
    epigenomes: list[str],
    model: Literal["logistic_regression", "svc", "random_forest", "max_mark"],
    predictions: Path,
    parameters: Path | None = None,
    target: Literal["label", "expression"] = "label",
    seed: int = 42,
    threads: int = 1,
) -> None:
    """Fit a standard classifier, or regression, to the training genes of each epigenome and predict the others.

    Args:
        bins: bins.zarr of each epigenome
        labels: labels.tsv of each epigenome (gene_id, part, label, target), in the same order
        epigenomes: their names, in the same order
        model: logistic_regression (means of ten neighbouring bins), max_mark (the same on each mark's highest
            bin), svc (RBF kernel, all bins) or random_forest (all bins); settings are chosen on validation genes
        predictions: written: epigenome, model, seed, gene_id, part, label, score of validation and test genes (TSV)
        parameters: written: the setting chosen for each epigenome, and how (TSV)
        target: label (the score is the probability of being expressed) or expression (ridge, support vector or
            forest regression of log2(expression + 1))
        seed: of the forests and of the genes that compare an SVM's settings; written into the predictions
        threads: epigenomes that are fitted at once; the result does not depend on it
    """
    from promoternets.baselines.chromatin import train_chromatin_baseline

    train_chromatin_baseline(
        bins=bins,
        labels=labels,
        epigenomes=epigenomes,
        model=model,
        predictions=predictions,
        parameters=parameters,
        target=target,
        seed=seed,
        threads=threads,
    )


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
