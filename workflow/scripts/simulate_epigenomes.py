"""Simulated epigenomes: bigWigs of histone marks, expression, gene annotation and the planted truth."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *,
    folder: Path,
    sheet: Path,
    expression: Path,
    annotation: Path,
    truth: Path,
    epigenomes: int = 2,
    genes: int = 300,
    chromosomes: int = 6,
    gene_spacing: int = 30_000,
    noise: float = 1.3,
    seed: int = 42,
) -> None:
    """Plant which marks and bins matter, draw the marks around every gene and the expression that follows.

    Args:
        folder: folder to write the bigWigs to, one per epigenome and mark: S001-H3K4me3.bigWig
        sheet: table to write of the epigenomes: epigenome, mark, path, kind
        expression: table to write: gene_id, then one column an epigenome (RPKM-like)
        annotation: gene annotation to write (GTF, bgzipped)
        truth: truth table to write: mark, bin, weight, direction, mark_weight
        epigenomes: number of epigenomes
        genes: number of genes in all
        chromosomes: number of chromosomes the genes are spread over
        gene_spacing: bp for each gene
        noise: standard deviation of log2 expression around what the marks say
        seed: base seed
    """
    from promoternets.simulation.epigenome_files import write_epigenomes

    write_epigenomes(
        folder=folder,
        sheet=sheet,
        expression=expression,
        annotation=annotation,
        truth=truth,
        epigenomes=epigenomes,
        genes=genes,
        chromosomes=chromosomes,
        gene_spacing=gene_spacing,
        noise=noise,
        seed=seed,
    )


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
