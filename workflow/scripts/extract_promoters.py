"""The table of promoters (one row per transcription start site) from a gene annotation."""

import sys
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *,
    annotation: Path,
    promoters: Path,
    summary: Path | None = None,
    contigs: list[str] | None = None,
    policy: Literal["gene", "transcript"] = "gene",
    biotypes: list[str] | None = None,
    genes: list[str] | None = None,
) -> None:
    """Read a gene annotation and write its promoters, one row per transcription start site (TSS, 1-based).

    Args:
        annotation: GTF, GFF3, BED (6 or more columns) or UCSC refFlat, genePred or refGene; gzipped or not
        promoters: table to write: promoter, gene_id, symbol, chrom, tss, strand, biotype, transcripts
        summary: table to write of what was read and left out: item, count, note
        contigs: contig names of the VCF; promoters elsewhere are left out (chr22 and 22 are the same)
        policy: gene = one TSS a gene, the one most transcripts share, of equals the most upstream;
            transcript = each distinct TSS of a gene
        biotypes: keep only genes of these biotypes, such as protein_coding
        genes: keep only these gene ids or symbols
    """
    from promoternets.promoters.extract import extract_promoters

    extract_promoters(
        annotation=annotation,
        promoters=promoters,
        summary=summary,
        contigs=contigs,
        policy=policy,
        biotypes=biotypes,
        genes=genes,
    )


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
