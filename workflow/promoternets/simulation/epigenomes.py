"""Epigenomes with a planted truth: histone marks around every gene, and the expression that follows from them.

Each gene has a regulatory state in each epigenome. The state sets how strong its marks are, the marks are
drawn as counts, and expression is computed from the counts in the bins that matter (:func:`planted_score`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from promoternets.errors import InputError
from promoternets.seeds import derive
from promoternets.simulation.genes import Gene, place_genes
from promoternets.simulation.mark_profiles import (
    BIN_SIZE,
    BINS,
    DIRECTIONS,
    MARKS,
    STEP,
    VALIDATION_MARK,
    planted_weights,
)
from promoternets.simulation.mark_signal import (
    draw_counts,
    draw_covered,
    draw_decoys,
    draw_states,
    draw_strengths,
    expected_signal,
)

FLANK = 10_000  # bp at most that the files cover on each side of a TSS
SILENT_LOG2, RANGE_LOG2 = -3.0, 8.0  # log2 expression at score 0, and what a score of 1 adds


@dataclass(frozen=True)
class Genome:
    """The genes of all simulated epigenomes, and where files say anything about them.

    genes : by chromosome and TSS.
    lengths : bp of each chromosome, in the order of the genes.
    positions : float64 [steps], middle of each 25 bp step in bp from the TSS along the transcript; the middle
        two steps meet at the TSS.
    covered : bool [genes, steps], 5' -> 3'; gaps are the genome's, the same in every file.
    """

    genes: list[Gene]
    lengths: dict[str, int]
    positions: np.ndarray
    covered: np.ndarray


@dataclass(frozen=True)
class Epigenome:
    """One simulated epigenome; genes in the genome's order, steps 5' -> 3' along the transcript.

    name : such as S001.
    state : int [genes], ACTIVE, BIVALENT, SILENCED or QUIET.
    signal : counts of each mark, the validation mark last, int32 [genes, steps of 25 bp].
    level : float64 [genes] for each mark but the validation mark: weighted mean over the bins that matter.
    score : float64 [genes], what the marks say about expression, without noise.
    expression : float64 [genes], RPKM-like.
    """

    name: str
    state: np.ndarray
    signal: dict[str, np.ndarray]
    level: dict[str, np.ndarray]
    score: np.ndarray
    expression: np.ndarray


def check_sizes(*, epigenomes: int, genes: int, chromosomes: int, gene_spacing: int, noise: float) -> None:
    """Raise InputError when epigenomes of these sizes cannot be made."""
    if not 1 <= epigenomes <= 999:
        raise InputError(f"{epigenomes} epigenomes are asked for", fix="Ask for 1 to 999")
    if not 1 <= chromosomes <= 22:
        raise InputError(f"{chromosomes} chromosomes are asked for", fix="Ask for 1 to 22, the autosomes")
    if genes < max(2, chromosomes):
        raise InputError(
            f"{genes} genes on {chromosomes} chromosomes are asked for",
            fix="Ask for at least one gene a chromosome, and two in all, so that one can be above the median",
        )
    least = 4 * (BINS // 2 * BIN_SIZE + 1)
    if gene_spacing < least:
        raise InputError(
            f"with gene_spacing {gene_spacing} bp the {BINS * BIN_SIZE} bp windows of neighbouring genes overlap",
            fix=f"Ask for at least {least} bp",
        )
    if not 0 <= noise < np.inf:
        raise InputError(f"noise is {noise}", fix="It is a standard deviation of log2 expression: 0 or more")


def place_genome(*, genes: int, chromosomes: int, gene_spacing: int, seed: int) -> Genome:
    """Spread genes as evenly as can be over chromosomes chr1, chr2, ... and draw what the files leave out."""
    placed: list[Gene] = []
    lengths = {}
    for number, share in enumerate(np.array_split(np.arange(genes), chromosomes), start=1):
        name = f"chr{number}"
        placed += place_genes(
            chromosome=name, genes=len(share), gene_spacing=gene_spacing, seed=seed, first=len(placed) + 1
        )
        lengths[name] = len(share) * gene_spacing
    positions = _step_positions(gene_spacing)
    covered = draw_covered(genes=genes, positions=positions, seed=seed)
    return Genome(genes=placed, lengths=lengths, positions=positions, covered=covered)


def _step_positions(gene_spacing: int) -> np.ndarray:
    """Return the middle of each step, reaching 10 kb to each side, or as far as a neighbour's cannot.

    TSSs lie at least half of `gene_spacing` apart.
    """
    half = min(FLANK, gene_spacing // 4 - 1) // STEP
    return (np.arange(-half, half) + 0.5) * STEP


def bin_means(signal: np.ndarray) -> np.ndarray:
    """Return the mean counts of the 100 bins around the TSS, float64 [genes, 100], of [genes, steps]."""
    inner = BINS * BIN_SIZE // STEP
    margin = (signal.shape[1] - inner) // 2
    return signal[:, margin : margin + inner].reshape(len(signal), BINS, -1).mean(axis=2)


def planted_score(level: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return what the marks say about expression, float64 [genes], about 0 (silent) to 1 (strongly expressed).

    H3K4me3 at the start site saturates, and H3K27me3 there takes most of its effect away (bivalent genes are
    off) but has none without it. H3K36me3 in the gene body and a little H3K4me1 add. H3K9me3 is irrelevant.

    Parameters
    ----------
    level : for each mark its weighted mean over the bins that matter, counts per 25 bp [genes].
    """
    promoter = _saturated(level["H3K4me3"], half=1.6, steepness=3)
    repressed = _saturated(level["H3K27me3"], half=1.5, steepness=2)
    body = _saturated(level["H3K36me3"], half=1.4, steepness=2)
    enhancer = _saturated(level["H3K4me1"], half=1.5, steepness=1)
    return 0.7 * promoter * (1 - 0.85 * repressed) + 0.35 * body + 0.06 * enhancer


def _saturated(level: np.ndarray, *, half: float, steepness: float) -> np.ndarray:
    """Return a Hill curve: 0 without signal, 0.5 at `half`, 1 at most."""
    powered = np.asarray(level, dtype=np.float64) ** steepness
    return powered / (powered + half**steepness)


def simulate_epigenome(genome: Genome, *, name: str, noise: float, seed: int) -> Epigenome:
    """Draw the marks of all genes in one epigenome, and the expression that follows.

    Parameters
    ----------
    genome : of :func:`place_genome`.
    name : of the epigenome, part of the seed: the result does not depend on which others are made.
    noise : standard deviation of log2 expression around what the marks say.
    seed : base seed.
    """
    genes, positions = len(genome.genes), genome.positions
    sizes = np.array([gene.end - gene.start + 1 for gene in genome.genes])
    state = draw_states(genes=genes, name=name, seed=seed)
    strengths = draw_strengths(state, name=name, seed=seed)
    signal = {}
    for mark in (*MARKS, VALIDATION_MARK):
        expected = expected_signal(
            mark,
            strengths,
            positions=positions,
            sizes=sizes,
            decoys=draw_decoys(mark, genes=genes, positions=positions, name=name, seed=seed),
        )
        random = np.random.default_rng(derive(seed, "simulation", "counts", name, mark))
        signal[mark] = draw_counts(expected, random)
    level = {mark: bin_means(signal[mark]) @ weights for mark, weights in planted_weights().items()}
    score = planted_score(level)
    random = np.random.default_rng(derive(seed, "simulation", "expression", name))
    log2 = SILENT_LOG2 + RANGE_LOG2 * score + noise * random.normal(size=genes)
    return Epigenome(name=name, state=state, signal=signal, level=level, score=score, expression=2**log2)


def truth_table(levels: Sequence[Mapping[str, np.ndarray]]) -> pd.DataFrame:
    """Return the planted truth: one row a mark and bin.

    Parameters
    ----------
    levels : `level` of each :class:`Epigenome`.

    Returns
    -------
    Columns mark, bin (1-based, 5' -> 3', the TSS is the first base of bin 51), weight (sums to 1 over a mark's
    bins, or all 0), direction (+1 raises expression, -1 lowers it, 0 irrelevant) and mark_weight (the same in
    all rows of a mark, sums to 1 over marks): the mean square by which the score changes when the mark is set
    to its mean over genes.
    """
    importance = {mark: 0.0 for mark in MARKS}
    for level in levels:
        score = planted_score(level)
        for mark in MARKS:
            without = planted_score({**level, mark: np.full(score.size, level[mark].mean())})
            importance[mark] += float(np.mean((score - without) ** 2)) / len(levels)
    total = sum(importance.values())
    tables = [
        pd.DataFrame(
            {
                "mark": mark,
                "bin": np.arange(1, BINS + 1),
                "weight": weights,
                "direction": DIRECTIONS[mark],
                "mark_weight": importance[mark] / total,
            }
        )
        for mark, weights in planted_weights().items()
    ]
    return pd.concat(tables, ignore_index=True)
