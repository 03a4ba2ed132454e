"""Histone-mark signal of one epigenome in bins around each gene's TSS, from bigWig or BAM."""

import sys
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *,
    genes: Path,
    epigenomes: Path,
    epigenome: str,
    bins: Path,
    excluded: Path | None = None,
    marks: list[str] | None = None,
    validation_mark: str | None = None,
    bin_size: int = 100,
    bin_count: int = 100,
    statistic: Literal["mean", "sum", "mean_covered"] = "mean",
    oriented: bool = True,
    fill: Literal["zero", "error"] = "zero",
    min_covered: float = 0.0,
    allow_negative: bool = False,
    min_mapq: int = 0,
    duplicates: Literal["drop", "keep"] = "drop",
    unmapped: Literal["count", "drop"] = "count",
) -> None:
    """Sum up the histone marks of an epigenome in bins around each gene's TSS.

    Args:
        genes: table of match_genes
        epigenomes: sheet with epigenome, mark, path and kind (bigwig or bam)
        epigenome: name of the epigenome, as in the sheet
        bins: bin store to write (Zarr): signal [genes, marks, bins]
        excluded: table to write of genes left out for lack of signal: gene_id, reason
        marks: input marks in order; by default all but the validation mark, published order first
        validation_mark: mark that is stored apart and never an input
        bin_size: bp of a bin
        bin_count: bins of a window, half of them upstream of the TSS
        statistic: of a bigWig bin: mean over all bases, sum, or mean_covered (over the bases the file covers)
        oriented: bins 5' to 3' of the gene; otherwise genome order and the published windows
        fill: what a base without value becomes: zero, or error to refuse it
        min_covered: share of its window that every input mark must cover for a gene to be kept
        allow_negative: accept negative bigWig values, as in log fold changes
        min_mapq: BAM: least mapping quality
        duplicates: BAM: drop or keep reads marked as duplicates
        unmapped: BAM: count = count unmapped reads at their mate's position, as bedtools multicov does; drop = do not
    """
    from promoternets.bins.histone import bin_histone

    bin_histone(
        genes=genes,
        epigenomes=epigenomes,
        epigenome=epigenome,
        bins=bins,
        excluded=excluded,
        marks=marks,
        validation_mark=validation_mark,
        bin_size=bin_size,
        bin_count=bin_count,
        statistic=statistic,
        oriented=oriented,
        fill=fill,
        min_covered=min_covered,
        allow_negative=allow_negative,
        min_mapq=min_mapq,
        duplicates=duplicates,
        unmapped=unmapped,
    )


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
