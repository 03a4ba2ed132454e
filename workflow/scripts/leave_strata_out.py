"""Predictions of one fold's test people by fits that have seen nobody of their batch."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *,
    selected: Path,
    samples: Path,
    folds: Path,
    fold: int,
    predictions: Path,
    strata: list[str] | None = None,
    seed: int = 42,
    threads: int = 1,
) -> None:
    """Leave each batch out of training in turn: tuned logistic regression on ALS-Net's sites, without covariates,
    predicts the fold's test people of that batch.

    Args:
        selected: selected sites of this fold (Zarr); the selection has seen the training people of every batch
        samples: the cohort's samples.tsv (sample, phenotype 1 or 0, optional family, covariates)
        folds: folds.tsv (sample, fold)
        fold: the outer fold, from 1; its people are predicted
        predictions: written: sample, phenotype, fold, column, level, probability of being a case (TSV)
        strata: columns of samples.tsv whose values are strata; batch, or every categorical covariate, when absent
        seed: of the inner parts
        threads: inner parts that are fitted at once; the result does not depend on it
    """
    from promoternets.baselines.leave_out import leave_strata_out

    leave_strata_out(
        selected=selected,
        samples=samples,
        folds=folds,
        fold=fold,
        predictions=predictions,
        strata=strata,
        seed=seed,
        threads=threads,
    )


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
