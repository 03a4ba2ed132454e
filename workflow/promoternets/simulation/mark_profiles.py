"""Shapes of histone marks around a transcription start site (TSS), and which bins of which mark matter.

Positions are bp from the TSS in the direction of transcription; the TSS itself is 0. A bin is 100 bp, bin 51
begins at the TSS, and bins 1 to 100 are the window that the chromatin branch looks at.
"""

from __future__ import annotations

import numpy as np

MARKS = ("H3K27me3", "H3K36me3", "H3K4me1", "H3K4me3", "H3K9me3")  # the published order
VALIDATION_MARK = "H3K27ac"
BINS, BIN_SIZE = 100, 100
STEP = 25  # bp that share a value in a bigWig
DIRECTIONS = {"H3K27me3": -1, "H3K36me3": 1, "H3K4me1": 1, "H3K4me3": 1, "H3K9me3": 0}


def bump(positions: np.ndarray, centre: float | np.ndarray, width: float) -> np.ndarray:
    """Return a bell of height 1 with standard deviation `width` (bp)."""
    return np.exp(-0.5 * ((positions - centre) / width) ** 2)


def rise(positions: np.ndarray, middle: float | np.ndarray, width: float) -> np.ndarray:
    """Return a smooth step from 0 to 1, half way at `middle`; a negative `width` (bp) makes it a fall."""
    return 0.5 * (1 + np.tanh((positions - middle) / (2 * width)))


def promoter_peak(positions: np.ndarray, broadening: float = 1.0) -> np.ndarray:
    """Return two shoulders of nucleosomes, the downstream one the larger, around a depleted start site.

    The shape of H3K4me3 at active promoters, and of H3K27ac, which reaches further, with `broadening` > 1.
    """
    upstream = 0.7 * bump(positions, -300 * broadening, 180 * broadening)
    return upstream + bump(positions, 350 * broadening, 250 * broadening)


def flanks(positions: np.ndarray) -> np.ndarray:
    """Return two shoulders beyond the H3K4me3 peak: the shape of H3K4me1."""
    return bump(positions, -1400, 450) + bump(positions, 1600, 500)


def gene_body(positions: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return H3K36me3's rise after the start site up to the gene's end, [genes, positions].

    Parameters
    ----------
    positions : bp [positions].
    sizes : bp [genes], length of each gene.
    """
    return rise(positions, 2200, 350) * rise(positions, np.asarray(sizes)[:, None], -200)


def planted_weights() -> dict[str, np.ndarray]:
    """Return how much each bin of each mark matters for expression: float64 [100] that sums to 1, or all 0.

    The bins that matter are those where the mark stands at genes that carry it; the nucleosome-depleted start
    site is no gap in the weights, since what is planted is a smooth bump.
    """
    centres = (np.arange(BINS) - BINS // 2 + 0.5) * BIN_SIZE
    shapes = {
        "H3K27me3": bump(centres, 0, 900),
        "H3K36me3": rise(centres, 2200, 350),
        "H3K4me1": flanks(centres),
        "H3K4me3": bump(centres, 120, 420),
    }
    return {mark: shapes[mark] / shapes[mark].sum() if mark in shapes else np.zeros(BINS) for mark in MARKS}
