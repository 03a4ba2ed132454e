"""Pairs of promoters of one outer fold that tell cases from controls only together, by all pairs of their sites."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *,
    blocks: list[Path],
    samples: Path,
    folds: Path,
    components: Path,
    fold: int,
    pairs: Path,
    min_maf: float = 0.05,
    min_carriers: int = 20,
    max_r2: float = 0.8,
    most_sites: int = 10_000,
) -> None:
    """Scan the training people of a fold for pairs of sites of two promoters whose product tells the phenotype.

    Args:
        blocks: block stores (Zarr), one per chromosome
        samples: matched people (TSV: sample, phenotype 0/1, covariates)
        folds: folds (TSV: sample, fold, inner)
        components: genotype principal components of the fold, written by project_components.py
        fold: the outer fold, from 1
        pairs: table to write (TSV): the most significant pairs
        min_maf: least minor allele frequency of a site among training people
        min_carriers: least number of training people with the minor alleles of both sites
        max_r2: largest squared correlation of the two sites' genotypes, and of sites of one promoter
        most_sites: sites scanned at most, the most common
    """
    from promoternets.formats.covariate_columns import read_covariates
    from promoternets.formats.outer_fold import read_outer_fold
    from promoternets.formats.tables import write_table
    from promoternets.pair_scan import ScanLimits
    from promoternets.ranking.pairs import scan_promoter_pairs
    from promoternets.ranking.promoters import Promoters

    promoters = Promoters(blocks)
    table = scan_promoter_pairs(
        promoters,
        read_outer_fold(promoters.sample_ids, samples, folds, fold),
        read_covariates(samples, promoters.sample_ids, components),
        fold=fold,
        limits=ScanLimits(min_maf, min_carriers, max_r2),
        most_sites=most_sites,
    )
    write_table(table, pairs)


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
