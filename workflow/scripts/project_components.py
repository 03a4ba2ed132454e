"""Genotype principal components of one fold, fitted on its training people and projected on everybody."""

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
    projected: Path,
    components: int = 10,
    sites: int = 20000,
    seed: int = 42,
) -> None:
    """Fit principal components of common, thinned sites on the training people of one fold; test people are projected.

    Args:
        genotypes: genotype stores (Zarr), one a chromosome; X, Y and MT are left out
        samples: the cohort's samples.tsv (sample, phenotype)
        folds: folds.tsv (sample, fold, inner)
        fold: the outer fold, from 1; its people have no part in the fit
        projected: written: sample, pc1, pc2, ..., in standard deviations of the training people (TSV)
        components: how many
        sites: sites used at most, spread evenly and at least 2 kb apart
        seed: of the decomposition
    """
    from promoternets.audit.components import project_components

    project_components(
        genotypes=genotypes,
        samples=samples,
        folds=folds,
        fold=fold,
        projected=projected,
        components=components,
        sites=sites,
        seed=seed,
    )


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
