"""The inputs of classifiers on the sites that an association study selected, in place of the Promoter-CNN."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *,
    statistics: Path,
    block_stores: list[Path],
    samples: Path,
    folds: Path,
    fold: int,
    selected: Path,
    top: int = 32,
    per_chromosome: int | None = None,
    max_r2: float = 0.8,
    clump_distance: int = 250000,
) -> None:
    """Gather the genotypes at the promoter sites most associated among the training people of a fold.

    Args:
        statistics: association study of this fold (Zarr of associate_sites.py)
        block_stores: block stores (Zarr), one per chromosome
        samples: the cohort's samples.tsv (sample, phenotype)
        folds: folds.tsv (sample, fold, inner)
        fold: the outer fold, from 1; its people have no part in the choice
        selected: store to write (Zarr), as gather_selected.py does: sites in genome order, cut into stretches as long
            as a promoter's block
        top: stretches to fill at most
        per_chromosome: stretches for each chromosome, to fill over all of them, instead of top
        max_r2: squared correlation at which a site is left out for a more associated one
        clump_distance: how far apart two such sites may be (bp)
    """
    from promoternets.gwas.gather import gather_gwas_sites

    gather_gwas_sites(
        statistics=statistics,
        block_stores=block_stores,
        samples=samples,
        folds=folds,
        fold=fold,
        selected=selected,
        stretches=top if per_chromosome is None else per_chromosome * len(block_stores),
        r2=max_r2,
        distance=clump_distance,
    )


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
