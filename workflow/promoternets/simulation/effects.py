"""Planted effects: which sites of which promoter shift the liability, and how.

The genetic liability is a sum of terms. Each term is a value per person with mean 0 and variance 1,
weighted by the square root of its share of the genetic variance. Before they are scaled to sum to one, the
shares stand in the ratio 1 (a strong additive promoter) : 0.5 (an epistatic pair) : 0.1 (a weak promoter),
see :data:`WEIGHTS`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ADDITIVE, WEAK, WITHIN, ACROSS = "additive", "weak", "epistatic_within", "epistatic_across"
ARTEFACT = "artefact"  # no effect: a promoter whose genotypes one batch has wrong
WEIGHTS = {ADDITIVE: 1.0, WITHIN: 0.5, ACROSS: 0.5, WEAK: 0.1}

UPSTREAM, DOWNSTREAM, MAX_DISTANCE = 56, 8, 50_000  # the block that ranking looks at
# Causal sites lie in the inner half of the block: the people drawn have slightly different allele
# frequencies than the population, so sites at the edge may leave the block of the cohort, these cannot.
CORE_UPSTREAM, CORE_DOWNSTREAM = 28, 4

CAUSAL_SITES = 3
CAUSAL_MAF = 0.2
MODERATE_LD = (0.25, 0.8)  # r squared between the causal sites of one promoter
EPISTATIC_MAF = 0.25  # near 0.5 a product of genotypes has least to do with either genotype
EPISTATIC_LD = 0.05  # largest r squared between the two sites of a pair
LEAST_INTERACTION = 0.1  # share of a product's variance that no site of the promoters explains by itself


@dataclass(frozen=True)
class Candidates:
    """The sites of one promoter's block, and where in it an effect may be planted.

    sites : int [n], row numbers in the chromosome's tree sequence, by position.
    counts : int8 [n, people], alternative alleles.
    inner : bool [n], whether a site may be causal.
    """

    sites: np.ndarray
    counts: np.ndarray
    inner: np.ndarray

    def common(self, min_maf: float) -> np.ndarray:
        """Return the rows of sites that may be causal and have at least this minor allele frequency."""
        frequency = self.counts.mean(axis=1, dtype=np.float64) / 2
        return np.flatnonzero(self.inner & (np.minimum(frequency, 1 - frequency) >= min_maf))


@dataclass(frozen=True)
class Term:
    """One planted term.

    effect : one of the four kinds.
    genes : numbers of the promoters that carry it (two for a pair across promoters).
    sites : for each of these promoters, the row numbers of its causal sites.
    values : float64 [people], mean 0, variance 1.
    """

    effect: str
    genes: tuple[int, ...]
    sites: tuple[np.ndarray, ...]
    values: np.ndarray


def block_sites(
    positions: np.ndarray,
    *,
    tss: int,
    strand: str,
    upstream: int = UPSTREAM,
    downstream: int = DOWNSTREAM,
    max_distance: int = MAX_DISTANCE,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the sites nearest to a TSS by rank, upstream and downstream along the transcript.

    Parameters
    ----------
    positions : int [sites], 1-based and increasing.
    tss, strand : of the promoter; a site on the TSS itself is downstream.
    upstream, downstream : sites wanted on each side.
    max_distance : bp from the TSS beyond which no site is taken.

    Returns
    -------
    Two int arrays of indices into `positions`, each from near to far; shorter where sites run out.
    """
    distance = (positions - tss) * (1 if strand == "+" else -1)
    order = np.argsort(np.abs(distance), kind="stable")
    order = order[np.abs(distance[order]) <= max_distance]
    return order[distance[order] < 0][:upstream], order[distance[order] >= 0][:downstream]


def standardised(values: np.ndarray) -> np.ndarray:
    """Return float64 values along the last axis with mean 0 and variance 1."""
    values = np.asarray(values, dtype=np.float64)
    values = values - values.mean(axis=-1, keepdims=True)
    return values / values.std(axis=-1, keepdims=True)


def additive_term(
    effect: str, gene: int, candidates: Candidates, random: np.random.Generator, min_maf: float = 0.0
) -> Term | None:
    """Return a term of a few common sites in moderate LD, each with equal weight; None without such sites.

    Signs follow the LD, so that the sites add up instead of cancelling.
    """
    common = candidates.common(max(min_maf, CAUSAL_MAF))
    if common.size < CAUSAL_SITES:
        return None
    values = standardised(candidates.counts[common])
    correlation = values @ values.T / values.shape[1]
    lowest, highest = MODERATE_LD
    moderate = (correlation**2 >= lowest) & (correlation**2 <= highest)
    for anchor in random.permutation(common.size):
        chosen = [int(anchor)]
        for other in random.permutation(np.flatnonzero(moderate[anchor])):
            if len(chosen) < CAUSAL_SITES and moderate[other, chosen].all():
                chosen.append(int(other))
        if len(chosen) == CAUSAL_SITES:
            signs = np.sign(correlation[anchor, chosen]) * random.choice([-1.0, 1.0])
            sites = np.sort(candidates.sites[common[chosen]])
            return Term(effect, (gene,), (sites,), standardised(signs @ values[chosen]))
    return None


def within_term(gene: int, candidates: Candidates, random: np.random.Generator, min_maf: float = 0.0) -> Term | None:
    """Return the interaction of two common, hardly linked sites of a promoter; None without such a pair."""
    pair = _pair(candidates, candidates, random, min_maf)
    if pair is None:
        return None
    values = interaction(*(candidates.counts[row] for row in pair), candidates.counts, random)
    if values is None:
        return None
    return Term(WITHIN, (gene,), (np.sort(candidates.sites[list(pair)]),), values)


def across_term(
    genes: tuple[int, int],
    candidates: tuple[Candidates, Candidates],
    random: np.random.Generator,
    min_maf: float = 0.0,
) -> Term | None:
    """Return the interaction of a common site in each of two promoters; None without such a pair."""
    first, second = candidates
    pair = _pair(first, second, random, min_maf)
    if pair is None:
        return None
    one, other = pair
    around = np.concatenate([first.counts, second.counts])
    values = interaction(first.counts[one], second.counts[other], around, random)
    if values is None:
        return None
    return Term(ACROSS, genes, (first.sites[[one]], second.sites[[other]]), values)


def _pair(first: Candidates, second: Candidates, random: np.random.Generator, min_maf: float) -> tuple[int, int] | None:
    """Return the rows of a random pair of common sites, one of each promoter, with next to no correlation."""
    left, right = (candidates.common(max(min_maf, EPISTATIC_MAF)) for candidates in (first, second))
    if not left.size or not right.size:
        return None
    one, other = standardised(first.counts[left]), standardised(second.counts[right])
    pairs = np.argwhere((one @ other.T / one.shape[1]) ** 2 <= EPISTATIC_LD)
    if not len(pairs):
        return None
    chosen = pairs[random.integers(len(pairs))]
    return int(left[chosen[0]]), int(right[chosen[1]])


def interaction(
    one: np.ndarray, other: np.ndarray, around: np.ndarray, random: np.random.Generator
) -> np.ndarray | None:
    """Return the product of two centred genotypes, without what a sum over single sites can say of it.

    Two sites on one haplotype are tagged together by their neighbours, which would turn half of their
    product's variance into ordinary additive effects of those; hence the whole block is regressed out, not
    only the pair.

    Parameters
    ----------
    one, other : int8 [people], alternative alleles at the two sites.
    around : int8 [sites, people], the sites of the promoters, the pair among them.
    random : decides the sign.

    Returns
    -------
    float64 [people], mean 0, variance 1, uncorrelated with every site of `around`; None when too little is
    left.
    """
    product = standardised((one - one.mean()) * (other - other.mean()))
    design = np.vstack([np.ones(product.size), around]).T
    residual = product - design @ np.linalg.lstsq(design, product, rcond=None)[0]
    if residual.var() < LEAST_INTERACTION:
        return None
    return standardised(residual) * random.choice([-1.0, 1.0])


def genetic_value(terms: list[Term]) -> tuple[np.ndarray, np.ndarray]:
    """Add terms up.

    Returns
    -------
    float64 [people], the genetic value with mean 0 and variance 1; float64 [terms], the share of its variance
    that each term has, as its covariance with the whole: the shares sum to 1.
    """
    weights = np.array([WEIGHTS[term.effect] for term in terms])
    parts = np.sqrt(weights / weights.sum())[:, None] * np.stack([term.values for term in terms])
    total = parts.sum(axis=0)
    return standardised(total), (parts @ total) / (total @ total)
