"""The genes of a chromatin run: those with a promoter and expression, and the part each belongs to."""

import sys
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *,
    epigenomes: Path,
    expression: Path,
    promoters: Path,
    genes: Path,
    excluded: Path,
    validation_mark: str | None = None,
    split: Literal["chromosome", "random", "published"] = "chromosome",
    test_chromosomes: list[str] | None = None,
    valid_chromosomes: list[str] | None = None,
    train_share: float = 0.6,
    valid_share: float = 0.2,
    seed: int = 42,
) -> None:
    """Check the sheet of epigenomes against the expression table and split the genes they share with the annotation.

    Args:
        epigenomes: sheet with epigenome, mark, path and kind (bigwig or bam)
        expression: genes by epigenomes (RPKM, TPM or counts), gzipped or not: TSV (gene_id, then a column each) or GCT
        promoters: table of extract_promoters, policy gene
        genes: table to write: gene_id (without version), symbol, chrom, tss (1-based), strand, part
        excluded: table to write of genes left out: gene_id, reason
        validation_mark: mark that is held back; the only one an epigenome may lack
        split: chromosome = no chromosome on two sides; random = seeded; published = identifiers sorted, cut into thirds
        test_chromosomes: chromosomes to test on, with a chromosome split; chosen where not given
        valid_chromosomes: chromosomes to validate on, with a chromosome split; chosen where not given
        train_share: share of genes to train on, as near as whole chromosomes come
        valid_share: share of genes to validate on; the rest tests
        seed: seed of the random split and of the choice of chromosomes
    """
    from promoternets.epigenomes.match import match_genes

    match_genes(
        epigenomes=epigenomes,
        expression=expression,
        promoters=promoters,
        genes=genes,
        excluded=excluded,
        validation_mark=validation_mark,
        split=split,
        test_chromosomes=test_chromosomes,
        valid_chromosomes=valid_chromosomes,
        train_share=train_share,
        valid_share=valid_share,
        seed=seed,
    )


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
