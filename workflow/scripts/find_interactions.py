"""Pairs of sites that seem to interact, and whether joint tagging explains it in people not seen."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *,
    selected: Path,
    samples: Path,
    folds: Path,
    components: Path,
    fold: int,
    interactions: Path,
    pairs: int = 10,
    min_maf: float = 0.05,
    min_carriers: int = 20,
    max_r2: float = 0.8,
) -> None:
    """Scan all pairs of selected sites in the training people of a fold, and check the best in its test people.

    Args:
        selected: selected sites of the fold (Zarr), written by gather_selected.py
        samples: the cohort's samples.tsv (sample, phenotype 1 or 0, covariates)
        folds: the cohort's folds.tsv (sample, fold, inner)
        components: genotype principal components of the fold, written by project_components.py
        fold: the outer fold, from 1
        interactions: table to write (TSV): a row a claimed pair, its p-values in nested models, the verdict
        pairs: pairs to claim within promoters, and as many across promoters
        min_maf: least minor allele frequency of a site among training people
        min_carriers: least number of training people with the minor alleles of both sites
        max_r2: largest squared correlation of the two sites' genotypes
    """
    from promoternets.interactions.find import find_interactions
    from promoternets.pair_scan import ScanLimits

    find_interactions(
        selected=selected,
        samples=samples,
        folds=folds,
        components=components,
        fold=fold,
        pairs=pairs,
        limits=ScanLimits(min_maf, min_carriers, max_r2),
        interactions=interactions,
    )


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
