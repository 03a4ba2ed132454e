"""The scan of all pairs of sites for products that tell cases from controls, on training people alone.

With r the residual and w the weight p (1 - p) of each person by the covariates, the score of a product is that of
efficient scores (Cox and Hinkley 1974, section 9.3): what its score keeps beside those of both sites, squared, over
its variance. All sums are products of matrices of sites. The covariates are in r and w but not in the variance, which
makes it a little too large and the statistic a little too small: p-values made of it are on the safe side.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from promoternets.progress import progress

logger = logging.getLogger(__name__)
WITHIN, ACROSS = "within", "across"
SITES_AT_ONCE = 256  # rows of the matrix of pairs held at a time
CANDIDATES = 3000  # best pairs of a kind among which distinct ones are looked for
SAME_SIGNAL = 0.3  # squared correlation of two products above which they are one signal
LEAST_LEFT = 0.1  # share of a product's variance that its two sites must leave


@dataclass(frozen=True)
class Sites:
    """Distinct sites of some promoters.

    Attributes
    ----------
    names : text [sites], ``chrom:pos:ref:alt``, in the order of the store. chrom : text [sites].
    promoters : text [promoters].
    member : bool [sites, promoters], which promoters' blocks hold a site.
    genotype : int8 or float32 [people, sites], alternate alleles or dosages, negative where missing.
    haplotype : int8 [people, sites, 2], alternate allele on each haplotype, negative where missing; None where a scan
        is all that is wanted.
    """

    names: np.ndarray
    chrom: np.ndarray
    promoters: np.ndarray
    member: np.ndarray
    genotype: np.ndarray
    haplotype: np.ndarray | None = None

    def centred(self, training: np.ndarray) -> np.ndarray:
        """Return genotypes minus the training people's mean, float32 [people, sites]; 0 where missing."""
        known = self.genotype >= 0
        own = known[training]
        mean = self.genotype[training].sum(axis=0, where=own, dtype=np.float64) / np.maximum(own.sum(axis=0), 1)
        return np.where(known, self.genotype - mean.astype(np.float32), np.float32(0))

    def frequency(self, training: np.ndarray) -> np.ndarray:
        """Return the training people's alternate allele frequency, float64 [sites]; 0 where nobody is called."""
        return allele_frequency(self.genotype[training])


def allele_frequency(counts: np.ndarray) -> np.ndarray:
    """Return the alternate allele's frequency, float64 [sites], of int8 [people, sites]; 0 where nobody is called."""
    known = counts >= 0
    return counts.sum(axis=0, where=known, dtype=np.float64) / np.maximum(2 * known.sum(axis=0), 1)


@dataclass(frozen=True)
class Pair:
    """Two sites claimed to interact.

    one, other : numbers of the sites, one < other. kind : within or across promoters.
    r2 : squared correlation of the sites' genotypes among training people.
    statistic : the product's score statistic in them, of one degree of freedom.
    """

    one: int
    other: int
    kind: str
    r2: float
    statistic: float = float("nan")


@dataclass(frozen=True)
class ScanLimits:
    """What a pair must have: minor allele frequency, people carrying both minor alleles, at most this r2."""

    min_maf: float
    min_carriers: int
    max_r2: float


def scan(
    sites: Sites, case: np.ndarray, score: np.ndarray, training: np.ndarray, *, pairs: int, limits: ScanLimits
) -> tuple[list[Pair], int]:
    """Return the best distinct pairs within and across promoters, and how many pairs were scanned.

    Parameters
    ----------
    case : bool [people]. score : log-odds by the covariates, float64 [people]. training : int, the people looked at.
    pairs : wanted of each kind, fewer where there are no more.
    """
    frequency = sites.frequency(training)
    minor = np.minimum(frequency, 1 - frequency)
    common = np.flatnonzero((minor >= limits.min_maf) & (minor > 0))
    if len(common) < 2:
        logger.warning("fewer than two sites have a minor allele frequency of %g: no pair to scan", limits.min_maf)
        return [], 0
    probability = expit(score[training])
    weight = (probability * (1 - probability)).astype(np.float32)
    values = sites.centred(training)[np.ix_(training, common)]
    values -= (weight @ values / weight.sum())[None, :]
    counts = np.rint(sites.genotype[np.ix_(training, common)])  # who carries an allele, of dosages too
    carrier = np.where(frequency[common] <= 0.5, counts > 0, (counts >= 0) & (counts < 2)).astype(np.float32)
    residual = (case[training] - probability).astype(np.float32)
    found, scanned = _best(values, carrier, residual, weight, sites.member[common].astype(np.float32), limits)
    chosen = [
        Pair(int(common[one]), int(common[other]), kind, r2, statistic)
        for kind, candidates in found.items()
        for one, other, r2, statistic in _distinct(values, candidates, pairs)
    ]
    for kind in (WITHIN, ACROSS):
        logger.info("%s promoters: %d pairs chosen", kind, sum(pair.kind == kind for pair in chosen))
    return chosen, scanned


def _best(
    values: np.ndarray,
    carrier: np.ndarray,
    residual: np.ndarray,
    weight: np.ndarray,
    member: np.ndarray,
    limits: ScanLimits,
) -> tuple[dict[str, np.ndarray], int]:
    """Return, of each kind, the best pairs as rows of (one, other, statistic, r2), the best first; and their number."""
    best = {kind: np.empty((0, 4)) for kind in (WITHIN, ACROSS)}
    squares = values**2
    own = np.einsum("p,ps->s", weight, squares, dtype=np.float64)
    alone = (residual @ values).astype(np.float64)
    deviation = values.std(axis=0, dtype=np.float64)
    scanned = 0
    for start in progress(range(0, values.shape[1], SITES_AT_ONCE), what="scanning pairs", unit="chunks"):
        rows = slice(start, start + SITES_AT_ONCE)
        later = np.arange(values.shape[1])[None, :] > np.arange(values.shape[1])[rows, None]
        both = carrier[:, rows].T @ carrier
        r2 = _r2(values, rows, deviation)
        allowed = later & (both >= limits.min_carriers) & (r2 <= limits.max_r2)
        scanned += int(allowed.sum())
        statistic = _efficient(values, squares, residual, weight, own, alone, rows)
        shared = member[rows] @ member.T > 0
        for kind, mask in ((WITHIN, allowed & shared), (ACROSS, allowed & ~shared)):
            best[kind] = _merge(best[kind], statistic, r2, mask, start)
    return best, scanned


def _r2(values: np.ndarray, rows: slice, deviation: np.ndarray) -> np.ndarray:
    mean = values.mean(axis=0, dtype=np.float64)
    covariance = (values[:, rows].T @ values) / len(values) - np.outer(mean[rows], mean)
    return (covariance / np.outer(deviation[rows], deviation)) ** 2


def _efficient(
    values: np.ndarray,
    squares: np.ndarray,
    residual: np.ndarray,
    weight: np.ndarray,
    own: np.ndarray,
    alone: np.ndarray,
    rows: slice,
) -> np.ndarray:
    """Return the score statistic of the product of each row's site with every site, float64 [rows, sites].

    Sites are centred by weight, so that the intercept touches the product's variance alone.
    """
    weighted = (values[:, rows] * weight[:, None]).T
    score = ((values[:, rows] * residual[:, None]).T @ values).astype(np.float64)
    between = (weighted @ values).astype(np.float64)
    with_one = ((squares[:, rows] * weight[:, None]).T @ values).astype(np.float64)
    with_other = (weighted @ squares).astype(np.float64)
    variance = ((squares[:, rows] * weight[:, None]).T @ squares).astype(np.float64) - between**2 / weight.sum()
    # the two sites' variances and covariance, inverted by hand for all pairs at once
    one, other = own[rows, None], own[None, :]
    determinant = np.maximum(one * other - between**2, 1e-9 * one * other)
    by_one = (other * with_one - between * with_other) / determinant
    by_other = (one * with_other - between * with_one) / determinant
    kept = variance - by_one * with_one - by_other * with_other
    gain = score - by_one * alone[rows, None] - by_other * alone[None, :]
    return np.where(kept > LEAST_LEFT * variance, gain**2 / np.maximum(kept, 1e-12), 0.0)


def _merge(best: np.ndarray, statistic: np.ndarray, r2: np.ndarray, mask: np.ndarray, start: int) -> np.ndarray:
    one, other = np.nonzero(mask)
    value = statistic[one, other]
    if len(value) > CANDIDATES:
        kept = np.argpartition(-value, CANDIDATES)[:CANDIDATES]
        one, other, value = one[kept], other[kept], value[kept]
    together = np.concatenate([best, np.column_stack([one + start, other, value, r2[one, other]])])
    return together[np.lexsort((together[:, 1], together[:, 0], -together[:, 2]))][:CANDIDATES]


def _distinct(values: np.ndarray, candidates: np.ndarray, wanted: int) -> list[tuple[int, int, float, float]]:
    """Return the best pairs whose products are not one signal, each as (one, other, r2, statistic).

    Products are compared without what their own two sites explain.
    """
    chosen: list[tuple[int, int, float, float]] = []
    signals: list[np.ndarray] = []
    for one, other, statistic, r2 in candidates:
        if len(chosen) == wanted:
            break
        rest = _rest(values[:, int(one)].astype(np.float64), values[:, int(other)].astype(np.float64))
        if all((rest @ signal) ** 2 <= SAME_SIGNAL for signal in signals):
            signals.append(rest)
            chosen.append((int(one), int(other), float(r2), float(statistic)))
    return chosen


def _rest(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    design = np.column_stack([np.ones(len(one)), one, other])
    product = one * other
    rest = product - design @ np.linalg.lstsq(design, product, rcond=None)[0]
    return rest / max(float(np.linalg.norm(rest)), 1e-12)
