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
    block_stores: list[Path] | None = None,
    genotypes: list[Path] | None = None,
    statistics: Path | None = None,
    screened_sites: int = 20000,
    clump_r2: float = 0.1,
    clump_distance: int = 250000,
    candidates: int = 50000,
    seed: int = 42,
    threads: int = 1,
) -> None:
    """Fit a standard classifier in one outer fold, on ALS-Net's sites or on all, and predict the people held out.

    Args:
        samples: the cohort's samples.tsv (sample, phenotype 1 or 0, optional family, covariates)
        folds: folds.tsv (sample, fold)
        fold: the outer fold, from 1; its people are predicted, all others trained on
        model: on selected sites logistic_regression, linear_svm, rbf_svm, random_forest, adaboost or elastic_net
            (tuned on training people), all but the last also with _published appended (the published settings), and
            any with _gwas appended (the sites selected are those of gather_gwas_sites.py); on all promoter sites
            elastic_net_all or ridge_all; on all sites polygenic_score; on no genotype covariates (the other columns
            of samples.tsv) or covariates_pcs (those and principal components)
        predictions: written: sample, phenotype, fold, model, seed, probability of being a case (TSV)
        details: written: settings tried and chosen, inner AUC, convergence, columns used, seconds (JSON)
        selected: selected sites of this fold (Zarr); needed for every model on selected sites
        components: principal components of this fold (TSV of project_components.py); needed for covariates_pcs
        block_stores: block stores (Zarr), one per chromosome; needed for elastic_net_all and ridge_all
        genotypes: genotype stores (Zarr), one a chromosome; needed for polygenic_score
        statistics: association study of this fold (Zarr of associate_sites.py); needed for polygenic_score
        screened_sites: sites that an elastic net keeps, those most associated among the people who fit
        clump_r2: squared correlation at which a site of the polygenic score is left out for a stronger one
        clump_distance: how far apart two such sites may be (bp)
        candidates: sites a polygenic score looks at, those with the smallest p-values
        seed: of the inner parts, the forests and the boosting
        threads: inner parts, or trees, that are fitted at once; the result does not depend on it
    """
    from promoternets.baselines.polygenic import Clumping
    from promoternets.baselines.train import Sources, train_baseline

    train_baseline(
        Sources(selected, block_stores, genotypes, statistics, components),
        samples=samples,
        folds=folds,
        fold=fold,
        model=model,
        predictions=predictions,
        details=details,
        clumping=Clumping(clump_r2, clump_distance, candidates),
        screened_sites=screened_sites,
        seed=seed,
        threads=threads,
    )


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
