"""Files of simulated epigenomes: a bigWig per epigenome and mark, their sheet, expression, genes and truth."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
import pandas as pd
import pyBigWig

from promoternets.formats.outputs import written
from promoternets.formats.tables import write_table
from promoternets.progress import progress
from promoternets.simulation.epigenomes import (
    Epigenome,
    Genome,
    check_sizes,
    place_genome,
    simulate_epigenome,
    truth_table,
)
from promoternets.simulation.genes import Gene, write_gtf
from promoternets.simulation.mark_profiles import STEP

logger = logging.getLogger(__name__)


def write_epigenomes(
    *,
    folder: Path,
    sheet: Path,
    expression: Path,
    annotation: Path,
    truth: Path,
    epigenomes: int,
    genes: int,
    chromosomes: int,
    gene_spacing: int,
    noise: float,
    seed: int,
) -> None:
    """Simulate epigenomes S001, S002, ... and write all that the chromatin branch reads; one is in memory at a time.

    Parameters
    ----------
    folder : of the bigWigs, ``{epigenome}-{mark}.bigWig``; other files in it are left alone.
    sheet : table epigenome, mark, path (`folder` as given, and the name), kind (``bigwig``).
    expression : table gene_id, then one column an epigenome, RPKM-like.
    annotation : GTF, bgzipped.
    truth : table of :func:`truth_table`.
    epigenomes, genes, chromosomes : how many, in all.
    gene_spacing : bp for each gene.
    noise : standard deviation of log2 expression around what the marks say.
    seed : base seed.

    Raises
    ------
    InputError
        When a size is impossible, before anything is written; when a folder cannot be written to.
    """
    check_sizes(epigenomes=epigenomes, genes=genes, chromosomes=chromosomes, gene_spacing=gene_spacing, noise=noise)
    genome = place_genome(genes=genes, chromosomes=chromosomes, gene_spacing=gene_spacing, seed=seed)
    names = [f"S{number:03d}" for number in range(1, epigenomes + 1)]
    table = {"gene_id": [gene.gene_id for gene in genome.genes]}
    entries, levels = [], []
    for name in progress(names, what="simulating epigenomes", unit="epigenomes"):
        epigenome = simulate_epigenome(genome, name=name, noise=noise, seed=seed)
        entries += write_marks(epigenome, genome, Path(folder))
        table[name] = epigenome.expression
        levels.append(epigenome.level)
    write_gtf(genome.genes, annotation)
    write_table(pd.DataFrame(table), expression)
    write_table(truth_table(levels), truth)
    write_table(pd.DataFrame(entries, columns=["epigenome", "mark", "path", "kind"]), sheet)
    logger.info("%d epigenomes of %d genes on %d chromosomes written", epigenomes, genes, chromosomes)


def write_marks(epigenome: Epigenome, genome: Genome, folder: Path) -> list[tuple[str, str, str, str]]:
    """Write a bigWig for each mark of an epigenome; return their rows of the sheet."""
    entries = []
    for mark, signal in epigenome.signal.items():
        path = folder / f"{epigenome.name}-{mark}.bigWig"
        write_bigwig(path, signal, covered=genome.covered, genes=genome.genes, lengths=genome.lengths)
        entries.append((epigenome.name, mark, str(path), "bigwig"))
    return entries


def write_bigwig(
    path: str | Path, signal: np.ndarray, *, covered: np.ndarray, genes: Sequence[Gene], lengths: Mapping[str, int]
) -> None:
    """Write signal around genes as a bigWig; every other base stays uncovered.

    Parameters
    ----------
    signal : [genes, steps of 25 bp], 5' -> 3' along each transcript; a zero is written as a zero.
    covered : bool [genes, steps]; what is False is left out, as are steps that leave the chromosome.
    genes : by chromosome and TSS, chromosomes in the order of `lengths`; their steps do not overlap.
    lengths : bp of each chromosome.

    Raises
    ------
    InputError
        When the file cannot be written.
    """
    with written(path) as partial:
        # As much as the file can need: says what is wrong with a folder or a disk, of which pyBigWig dies.
        partial.write_bytes(bytes(2**20 + 24 * signal.size))
        with pyBigWig.open(str(partial), "w") as bigwig:
            bigwig.addHeader(list(lengths.items()))
            for chromosome, rows in groupby(range(len(genes)), key=lambda row: genes[row].chromosome):
                starts, values = _chromosome_steps(list(rows), signal, covered, genes, lengths[chromosome])
                bigwig.addEntries(chromosome, starts, values=values, span=STEP)


def _chromosome_steps(
    rows: list[int], signal: np.ndarray, covered: np.ndarray, genes: Sequence[Gene], length: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the 0-based starts (int64, increasing) and values (float64) of the covered steps of some genes."""
    starts = np.stack([step_starts(genes[row], signal.shape[1]) for row in rows])
    kept = covered[rows] & (starts >= 0) & (starts + STEP <= length)
    order = np.argsort(starts[kept])
    return starts[kept][order], signal[rows][kept][order].astype(np.float64)


def step_starts(gene: Gene, steps: int) -> np.ndarray:
    """Return the 0-based start of each step around a TSS in transcript order, int64 [steps].

    The first base of step ``steps / 2`` in the direction of transcription is the TSS.
    """
    number = np.arange(steps) - steps // 2
    return gene.tss - 1 + number * STEP if gene.strand == "+" else gene.tss - (number + 1) * STEP
