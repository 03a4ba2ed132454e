"""How many of a person's haplotypes carry the alternate alleles of two sites: from phase, or expected without it."""

from __future__ import annotations

from typing import Literal

import numpy as np

PHASE, EM = "phase", "em"
FEWEST = 0.05  # of heterozygotes written alternate allele first, from which on the order says something
ITERATIONS = 200
CONVERGED = 1e-8


def is_phased(haplotype: np.ndarray) -> bool:
    """Return whether heterozygotes of a site are written both ways.

    The store keeps the order of alleles, not whether it is phase. Callers write an unphased heterozygote 0/1, never
    1/0, so that a site whose heterozygotes are nearly all 0, 1 has no phase to use.

    Parameters
    ----------
    haplotype : int8 [people, 2], negative where missing.
    """
    first = int(((haplotype[:, 0] == 1) & (haplotype[:, 1] == 0)).sum())
    second = int(((haplotype[:, 0] == 0) & (haplotype[:, 1] == 1)).sum())
    return min(first, second) > FEWEST * (first + second)


def both_alleles(one: np.ndarray, other: np.ndarray, training: np.ndarray) -> tuple[np.ndarray, Literal["phase", "em"]]:
    """Return how many haplotypes of a person carry both alternate alleles, float64 [people], and where it is from.

    Where a call is missing it is the training people's mean.

    Parameters
    ----------
    one, other : int8 [people, 2], alternate allele on each haplotype. training : int, who frequencies come from.
    """
    known = (one >= 0).all(axis=1) & (other >= 0).all(axis=1)
    if is_phased(one[training]) and is_phased(other[training]):
        carried, source = (one * other).sum(axis=1).astype(np.float64), PHASE
    else:
        counts = one.sum(axis=1), other.sum(axis=1)
        chosen = training[known[training]]
        carried, source = _expected(*counts, cis_share(counts[0][chosen], counts[1][chosen])), EM
    mean = carried[training][known[training]].mean() if known[training].any() else 0.0
    return np.where(known, carried, mean), source


def cis_share(one: np.ndarray, other: np.ndarray) -> float:
    """Return the share of people heterozygous at two sites whose alternate alleles lie on one haplotype.

    By the EM algorithm for two sites in Hardy-Weinberg proportions (Excoffier and Slatkin 1995), started at linkage
    equilibrium.

    Parameters
    ----------
    one, other : alternate alleles, int [people], 0, 1 or 2; no missing ones.
    """
    if not len(one):
        return 0.5
    double = int(((one == 1) & (other == 1)).sum())
    # certain haplotypes: of everybody who is homozygous at one site at least
    certain = _expected(one, other, 0.0).sum()
    haplotypes, first, second = 2 * len(one), one.sum() / (2 * len(one)), other.sum() / (2 * len(one))
    share = 0.5
    for _ in range(ITERATIONS):
        both = (certain + share * double) / haplotypes
        cis = both * max(1 - first - second + both, 0.0)
        trans = max(first - both, 0.0) * max(second - both, 0.0)
        new = cis / (cis + trans) if cis + trans > 0 else 0.5
        if abs(new - share) < CONVERGED:
            break
        share = new
    return float(share)


def _expected(one: np.ndarray, other: np.ndarray, share: float) -> np.ndarray:
    """Return the expected number of haplotypes with both alleles; only a double heterozygote is in doubt."""
    certain = np.maximum(one.astype(np.int64) + other - 2, 0)
    return np.where((one == 1) & (other == 1), share, certain).astype(np.float64)
