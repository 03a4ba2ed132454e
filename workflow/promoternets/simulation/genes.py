"""Genes of a simulated chromosome: where they lie, and their annotation as GTF."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pysam

from promoternets.errors import InputError
from promoternets.formats.outputs import library_writes, written
from promoternets.seeds import derive

FIRST_GENE_ID = 90_000_000_000  # Ensembl's human gene numbers are far below: no mix-up with a real gene


@dataclass(frozen=True)
class Gene:
    """A gene with one transcript. `start`, `end` and `tss` are 1-based; `start <= end` on both strands."""

    gene_id: str
    symbol: str
    chromosome: str
    start: int
    end: int
    tss: int
    strand: str


def place_genes(*, chromosome: str, genes: int, gene_spacing: int, seed: int, first: int = 1) -> list[Gene]:
    """Place genes along a chromosome of ``genes * gene_spacing`` bp.

    Each gene has a window of `gene_spacing` bp; its TSS is the window's middle, moved by up to a quarter of
    the window at random. Half of the genes lie on each strand, in random order. The result depends on the
    arguments only, so every stage can place the same genes again.

    Parameters
    ----------
    chromosome : name, part of the seed.
    genes, gene_spacing : number of genes and bp for each.
    seed : base seed.
    first : number of the first gene, for identifiers that are unique over chromosomes.

    Returns
    -------
    Genes ordered by TSS.

    Raises
    ------
    InputError
        When there is no gene, or gene_spacing is below 100 bp.
    """
    if genes < 1 or gene_spacing < 100:
        raise InputError(
            f"{genes} genes every {gene_spacing} bp cannot be placed on {chromosome}",
            fix="Ask for at least one gene, and gene_spacing of at least 100 bp",
        )
    random = np.random.default_rng(derive(seed, "simulation", "genes", chromosome))
    strands = random.permutation(np.resize(["+", "-"], genes))
    shifts = random.integers(-(gene_spacing // 4), gene_spacing // 4, size=genes, endpoint=True)
    sizes = random.integers(gene_spacing // 5, gene_spacing // 2, size=genes, endpoint=True)
    placed = []
    for index in range(genes):
        tss = int(index * gene_spacing + gene_spacing // 2 + shifts[index])
        span = int(sizes[index]) - 1
        start, end = (tss, tss + span) if strands[index] == "+" else (tss - span, tss)
        placed.append(
            Gene(
                gene_id=f"ENSG{FIRST_GENE_ID + first + index}",
                symbol=f"GENE{first + index:04d}",
                chromosome=chromosome,
                start=max(start, 1),
                end=min(end, genes * gene_spacing),
                tss=tss,
                strand=str(strands[index]),
            )
        )
    return placed


def write_gtf(genes: Iterable[Gene], path: Path) -> None:
    """Write genes as a bgzipped GTF: a gene, a transcript and an exon row each, in the order given."""
    with written(path) as partial, library_writes(partial, OSError), pysam.BGZFile(str(partial), "w") as gtf:
        gtf.write(b"##description: genes of a simulated cohort; identifiers are made up\n##format: gtf\n")
        for gene in genes:
            gtf.write("".join(_gtf_rows(gene)).encode())


def _gtf_rows(gene: Gene) -> list[str]:
    transcript_id = gene.gene_id.replace("ENSG", "ENST")
    of_gene = f'gene_id "{gene.gene_id}"; gene_type "protein_coding"; gene_name "{gene.symbol}";'
    of_transcript = (
        f'gene_id "{gene.gene_id}"; transcript_id "{transcript_id}"; gene_type "protein_coding"; '
        f'gene_name "{gene.symbol}"; transcript_type "protein_coding"; transcript_name "{gene.symbol}-201";'
    )
    features = {
        "gene": of_gene,
        "transcript": of_transcript,
        "exon": f"{of_transcript} exon_number 1;",
    }
    return [
        f"{gene.chromosome}\tpromoternets\t{feature}\t{gene.start}\t{gene.end}\t.\t{gene.strand}\t.\t{attributes}\n"
        for feature, attributes in features.items()
    ]
