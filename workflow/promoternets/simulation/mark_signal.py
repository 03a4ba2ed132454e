"""Counts of histone marks around genes: how strong a mark is in which regulatory state, decoys and gaps.

Decoys are as strong as the real thing, but stand elsewhere and whatever the state: they make sure that neither
the mean nor the maximum of a mark over the window says as much as its signal in the right place.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from promoternets.seeds import derive
from promoternets.simulation.mark_profiles import (
    MARKS,
    VALIDATION_MARK,
    bump,
    flanks,
    gene_body,
    promoter_peak,
    rise,
)

ACTIVE, BIVALENT, SILENCED, QUIET = range(4)  # silenced by Polycomb (H3K27me3); quiet carries hardly any mark
STATE_SHARES = (0.5, 0.2, 0.1, 0.2)
SWITCHING = 0.35  # share of genes whose state is drawn anew in an epigenome; some draw the same state again

# Median counts per 25 bp at the top of a mark's profile, by state in the order above.
STRENGTH = {
    "H3K27me3": (0.4, 2.8, 2.8, 0.5),
    "H3K36me3": (1.6, 0.2, 0.2, 0.2),
    "H3K4me1": (1.8, 1.8, 0.6, 0.5),
    "H3K4me3": (4.0, 4.5, 0.3, 0.3),
    "H3K9me3": (0.6, 0.6, 0.6, 0.6),
    VALIDATION_MARK: (4.0, 0.4, 0.1, 0.1),
}
SPREAD = 0.8  # standard deviation over genes of one state, of the logarithm of the strength
BACKGROUND = 0.3  # counts per 25 bp
DISPERSION = 2.0  # of the negative binomial: variance = mean + mean squared / dispersion

DECOY_SHARE = {"H3K27me3": 0.5, "H3K36me3": 0.35, "H3K4me1": 0.5, "H3K4me3": 0.5}  # of genes
DECOY_STRENGTH = {"H3K27me3": 3.0, "H3K36me3": 2.0, "H3K4me1": 1.8, "H3K4me3": 5.0}  # medians, as of real signal
DECOY_DISTANCE = (2500, 4800)  # bp from the TSS to the middle of a decoy
GAP_SHARE = 0.4  # of genes with a stretch that no file covers, such as a repeat no read can be placed in
GAP_STEPS = (4, 32)
NO_GAP_WITHIN = 1000  # bp of a TSS: promoters are seldom repeats


def draw_states(*, genes: int, name: str, seed: int) -> np.ndarray:
    """Return the state of each gene in an epigenome, int [genes].

    Most genes have the state they have by default, the others draw anew; hence epigenomes are alike, and each
    is the same whatever others are made.
    """
    default = np.random.default_rng(derive(seed, "simulation", "states"))
    states = default.choice(4, size=genes, p=STATE_SHARES)
    own = np.random.default_rng(derive(seed, "simulation", "states", name))
    return np.where(own.random(genes) < SWITCHING, own.choice(4, size=genes, p=STATE_SHARES), states)


def draw_strengths(state: np.ndarray, *, name: str, seed: int) -> dict[str, np.ndarray]:
    """Return each mark's strength at the top of its profile, float64 [genes], in counts per 25 bp.

    H3K27ac goes along with H3K4me3 within a state; all other marks vary independently of each other.
    """
    strengths = {}
    for mark in (*MARKS, VALIDATION_MARK):
        random = np.random.default_rng(derive(seed, "simulation", "strengths", name, mark))
        deviation = random.normal(size=state.size)
        if mark == VALIDATION_MARK:
            together = np.log(strengths["H3K4me3"] / np.array(STRENGTH["H3K4me3"])[state]) / SPREAD
            deviation = 0.9 * together + np.sqrt(1 - 0.9**2) * deviation
        strengths[mark] = np.array(STRENGTH[mark])[state] * np.exp(SPREAD * deviation)
    return strengths


def draw_decoys(mark: str, *, genes: int, positions: np.ndarray, name: str, seed: int) -> np.ndarray:
    """Return expected counts of a mark where it does not matter, float64 [genes, steps].

    A decoy has the shape and strength of real signal and stands in a share of all genes, whatever their state:
    a lone H3K4me3 peak, an enhancer's H3K4me1, a distal H3K27me3 domain, the H3K36me3 of a gene upstream.
    """
    if mark not in DECOY_SHARE:
        return np.zeros((genes, positions.size))
    random = np.random.default_rng(derive(seed, "simulation", "decoys", name, mark))
    present = random.random(genes) < DECOY_SHARE[mark]
    strength = DECOY_STRENGTH[mark] * np.exp(SPREAD * random.normal(size=genes)) * present
    distance = random.uniform(*DECOY_DISTANCE, size=genes)
    sign, direction = random.choice([-1, 1], size=(2, genes))
    centre = (distance * sign)[:, None]
    if mark == "H3K36me3":
        shape = rise(positions, -distance[:, None] / 2, -350)
    elif mark == "H3K4me3":
        shape = promoter_peak((positions - centre) * direction[:, None])
    else:
        shape = bump(positions, centre, {"H3K27me3": 700, "H3K4me1": 450}[mark])
    return strength[:, None] * shape


def expected_signal(
    mark: str, strengths: Mapping[str, np.ndarray], *, positions: np.ndarray, sizes: np.ndarray, decoys: np.ndarray
) -> np.ndarray:
    """Return the expected counts of a mark, float64 [genes, steps].

    Parameters
    ----------
    strengths : of :func:`draw_strengths`.
    positions : bp from the TSS [steps].
    sizes : bp [genes], lengths of the genes.
    decoys : of :func:`draw_decoys`.
    """
    strength = strengths[mark][:, None]
    if mark == "H3K4me1":
        methylated_further = strengths["H3K4me3"] / (strengths["H3K4me3"] + 1)  # H3K4me3 takes me1's place
        depleted = 1 - methylated_further[:, None] * bump(positions, 50, 600)
        centre = 0.5 * bump(positions, 50, 700)
        return (BACKGROUND + strength * (flanks(positions) + centre) + decoys) * depleted
    shape = {
        "H3K27me3": lambda: bump(positions, 0, 1000),
        "H3K36me3": lambda: gene_body(positions, sizes),
        "H3K4me3": lambda: promoter_peak(positions),
        "H3K9me3": lambda: np.ones(positions.size),
        VALIDATION_MARK: lambda: promoter_peak(positions, broadening=1.4),
    }[mark]()
    return BACKGROUND + strength * shape + decoys


def draw_counts(expected: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return overdispersed counts (negative binomial, :data:`DISPERSION`), int32, of the shape of `expected`."""
    return random.negative_binomial(DISPERSION, DISPERSION / (DISPERSION + expected)).astype(np.int32)


def draw_covered(*, genes: int, positions: np.ndarray, seed: int) -> np.ndarray:
    """Return which steps the files cover, bool [genes, steps]; gaps are the genome's, the same in every file."""
    random = np.random.default_rng(derive(seed, "simulation", "gaps"))
    free = np.flatnonzero(np.abs(positions) > NO_GAP_WITHIN)
    first = random.choice(free, size=genes)
    length = random.integers(*GAP_STEPS, size=genes, endpoint=True) * (random.random(genes) < GAP_SHARE)
    steps = np.arange(positions.size)
    gap = (steps >= first[:, None]) & (steps < (first + length)[:, None])
    return ~gap | (np.abs(positions) <= NO_GAP_WITHIN)
