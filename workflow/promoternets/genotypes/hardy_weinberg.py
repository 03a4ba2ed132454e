"""The exact test of Hardy-Weinberg proportions."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.special import gammaln


def exact_p(reference: np.ndarray, heterozygous: np.ndarray, alternate: np.ndarray) -> np.ndarray:
    """Return the two-sided p-value of the exact test of Hardy-Weinberg proportions for each site.

    Given the allele counts, it is the summed probability of all numbers of heterozygotes that are no likelier
    than the one seen (Wigginton, Cutler and Abecasis, Am J Hum Genet 2005, 76:887-893).

    Parameters
    ----------
    reference, heterozygous, alternate : int arrays, shape=(sites,): people of each genotype.

    Returns
    -------
    float array, shape=(sites,); 1 for a site with one allele or without people.
    """
    people = np.asarray(reference + heterozygous + alternate, dtype=np.int64)
    rare = np.asarray(heterozygous, dtype=np.int64) + 2 * np.minimum(reference, alternate)
    homozygous = np.minimum(reference, alternate)
    p = np.ones(len(people))
    pairs, which = np.unique(np.column_stack([people, rare]), axis=0, return_inverse=True)
    sites = np.argsort(which.ravel(), kind="stable")
    ends = np.cumsum(np.bincount(which.ravel(), minlength=len(pairs)))
    for (count, alleles), rows in zip(pairs.tolist(), np.split(sites, ends[:-1]), strict=True):
        first, table = _table(count, alleles)
        place = homozygous[rows] - first
        inside = (place >= 0) & (place < len(table))
        p[rows] = np.where(inside, table[np.clip(place, 0, len(table) - 1)], 0.0)
    return p


@lru_cache(maxsize=4096)
def _table(people: int, rare: int) -> tuple[int, np.ndarray]:
    """Return p-values by the number of rare homozygotes, from the first tabulated number on.

    Only numbers within 12 standard deviations (and 50) of the expected one are tabulated: beyond, p < 1e-30.
    """
    expected = rare * rare / (4 * people) if people else 0.0
    spread = 12 * np.sqrt(people) * (rare / (2 * people)) * (1 - rare / (2 * people)) + 50 if people else 0.0
    first = max(0, int(expected - spread))
    homozygous = np.arange(first, min(rare // 2, int(expected + spread)) + 1)
    heterozygous = rare - 2 * homozygous
    common = people - heterozygous - homozygous
    log = heterozygous * np.log(2) - gammaln(homozygous + 1) - gammaln(heterozygous + 1) - gammaln(common + 1)
    chance = np.exp(log - log.max())
    chance /= chance.sum()
    order = np.argsort(chance)
    up_to = np.cumsum(chance[order])
    ties = np.searchsorted(chance[order], chance * (1 + 1e-9), side="right")
    return first, np.minimum(1.0, up_to[ties - 1])
