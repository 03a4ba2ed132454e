"""The association study of one fold: every site, additive with covariates, among the training people alone."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *,
    genotypes: list[Path],
    samples: Path,
    folds: Path,
    fold: int,
    associations: Path,
    statistics: Path,
    components: Path | None = None,
    rounds: int | None = None,
) -> None:
    """Test each site by a logistic score test among the training people of one fold, and in each inner round.

    Args:
        genotypes: genotype stores (Zarr), one a chromosome
        samples: the cohort's samples.tsv (sample, phenotype, covariates)
        folds: folds.tsv (sample, fold, inner)
        fold: the outer fold, from 1; its people have no part
        associations: written: site, chrom, position, ref, alt, frequency, effect (log odds per alternate allele), se, p
            in genome order (TSV, gzipped)
        statistics: written: effect and z of all training people and of those who fit in each round (Zarr)
        components: principal components of this fold (TSV of project_components.py), covariates beside the others
        rounds: rounds of the inner cross-validation; as many as there are inner parts, at most 5, when absent
    """
    from promoternets.gwas.associate import associate_sites

    associate_sites(
        genotypes=genotypes,
        samples=samples,
        folds=folds,
        fold=fold,
        associations=associations,
        statistics=statistics,
        components=components,
        rounds=rounds,
    )


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
