"""One baseline classifier of one outer fold: predictions of its test people, and how it was fitted."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *,
    samples: Path,
    folds: Path,
    fold: int,
    model: str,
    predictions: Path,
    details: Path,
    selected: Path | None = None,
    components: Path | None = None,
    seed: int = 42,
    threads: int = 1,
) -> None:
    """Fit a standard classifier on ALS-Net's sites in one outer fold and predict the people held out.

    Args:
        samples: the cohort's samples.tsv (sample, phenotype 1 or 0, optional family, covariates)
        folds: folds.tsv (sample, fold)
        fold: the outer fold, from 1; its people are predicted, all others trained on
        model: logistic_regression, linear_svm, rbf_svm, random_forest or adaboost (tuned on training people);
            one of these with _published appended (the published settings); covariates (no genotype, the other
            columns of samples.tsv); covariates_pcs (those and principal components)
        predictions: written: sample, phenotype, fold, model, seed, probability of being a case (TSV)
        details: written: settings tried and chosen, inner AUC, convergence, columns used, seconds (JSON)
        selected: selected sites of this fold (Zarr); needed for every model but covariates and covariates_pcs
        components: principal components of this fold (TSV of project_components.py); needed for covariates_pcs
        seed: of the inner parts, the forests and the boosting
        threads: inner parts, or trees, that are fitted at once; the result does not depend on it
    """
    from promoternets.baselines.train import train_baseline

    train_baseline(
        selected=selected,
        samples=samples,
        folds=folds,
        fold=fold,
        model=model,
        predictions=predictions,
        details=details,
        components=components,
        seed=seed,
        threads=threads,
    )


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
