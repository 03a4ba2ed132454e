"""Planted effects on hand-made genotypes."""

import numpy as np
import pytest

from promoternets.simulation.effects import (
    ADDITIVE,
    WEAK,
    Candidates,
    Term,
    across_term,
    additive_term,
    block_sites,
    genetic_value,
    interaction,
    standardised,
    within_term,
)

PEOPLE = 4000


def independent(sites: int, seed: int, frequency: float = 0.5) -> np.ndarray:
    return np.random.default_rng(seed).binomial(2, frequency, size=(sites, PEOPLE)).astype(np.int8)


def candidates(counts: np.ndarray, first: int = 0) -> Candidates:
    return Candidates(first + np.arange(len(counts)), counts, np.ones(len(counts), dtype=bool))


def linked(sites: int, seed: int, flip: float = 0.08) -> np.ndarray:
    """Return copies of one site with some alleles flipped: all pairs in moderate LD."""
    random = np.random.default_rng(seed)
    haplotypes = random.random(2 * PEOPLE) < 0.5
    copies = haplotypes ^ (random.random((sites, 2 * PEOPLE)) < flip)
    return copies.reshape(sites, PEOPLE, 2).sum(axis=2).astype(np.int8)


def test_block_sites_on_the_plus_strand_count_the_tss_as_downstream():
    upstream, downstream = block_sites(
        np.array([10, 80, 90, 100, 104, 300]), tss=100, strand="+", upstream=2, downstream=2
    )
    assert upstream.tolist() == [2, 1] and downstream.tolist() == [3, 4]


def test_block_sites_on_the_minus_strand_are_mirrored():
    upstream, downstream = block_sites(
        np.array([10, 80, 90, 100, 104, 300]), tss=100, strand="-", upstream=2, downstream=2
    )
    assert upstream.tolist() == [4, 5] and downstream.tolist() == [3, 2]


def test_block_sites_stop_at_the_largest_distance():
    upstream, downstream = block_sites(np.array([10, 90, 300]), tss=100, strand="+", max_distance=50)
    assert upstream.tolist() == [1] and downstream.tolist() == []


def test_additive_sites_add_up_whatever_the_sign_of_their_ld():
    counts = linked(6, seed=1)
    counts[::2] = 2 - counts[::2]
    term = additive_term(ADDITIVE, 5, candidates(counts), np.random.default_rng(0))
    (sites,) = term.sites
    assert term.genes == (5,) and len(sites) == 3
    correlation = [abs(np.corrcoef(counts[site], term.values)[0, 1]) for site in sites]
    assert min(correlation) > 0.6
    assert term.values.mean() == pytest.approx(0) and term.values.var() == pytest.approx(1)


def test_no_additive_term_without_common_sites_in_moderate_ld():
    random = np.random.default_rng(0)
    assert additive_term(ADDITIVE, 0, candidates(independent(6, seed=1)), random) is None
    assert additive_term(ADDITIVE, 0, candidates(linked(6, seed=1, flip=0.0)), random) is None
    assert additive_term(ADDITIVE, 0, candidates(independent(6, seed=1, frequency=0.05)), random) is None


def test_causal_sites_are_inner_sites_only():
    counts = linked(9, seed=2)
    inner = np.arange(9) >= 5
    some = Candidates(np.arange(9), counts, inner)
    for seed in range(10):
        term = additive_term(WEAK, 0, some, np.random.default_rng(seed))
        assert min(term.sites[0]) >= 5
    assert additive_term(WEAK, 0, Candidates(np.arange(9), counts, np.arange(9) >= 7), np.random.default_rng(0)) is None


def test_an_interaction_is_the_product_of_the_centred_genotypes():
    one, other = independent(2, seed=3)
    values = interaction(one, other, np.stack([one, other]), np.random.default_rng(0))
    product = (one - one.mean()) * (other - other.mean())
    assert abs(np.corrcoef(values, product)[0, 1]) > 0.99


def test_no_site_of_the_block_says_anything_of_an_interaction_alone():
    random = np.random.default_rng(4)
    haplotypes = random.random((2, 2 * PEOPLE)) < 0.5
    both = haplotypes[0] & haplotypes[1]  # a third site that tags the haplotype with both alleles
    counts = np.vstack([haplotypes, both]).reshape(3, PEOPLE, 2).sum(axis=2).astype(np.int8)
    product = (counts[0] - counts[0].mean()) * (counts[1] - counts[1].mean())
    design = np.vstack([np.ones(PEOPLE), counts]).T
    fitted = design @ np.linalg.lstsq(design, product, rcond=None)[0]
    assert fitted.var() / product.var() > 0.4  # without the correction, single sites explain half of it
    values = interaction(counts[0], counts[1], counts, random)
    assert np.abs([np.corrcoef(values, row)[0, 1] for row in counts]).max() < 1e-10


def test_no_interaction_where_single_sites_explain_it_all():
    one = independent(1, seed=5)[0][:20]
    around = np.random.default_rng(0).integers(0, 3, size=(40, 20))
    assert interaction(one, one[::-1], around, np.random.default_rng(0)) is None


def test_a_pair_within_a_promoter_is_hardly_linked():
    counts = np.vstack([linked(4, seed=6), independent(1, seed=7)])
    term = within_term(2, candidates(counts), np.random.default_rng(0))
    assert term.genes == (2,) and 4 in term.sites[0] and len(term.sites[0]) == 2
    assert within_term(2, candidates(linked(4, seed=6)), np.random.default_rng(0)) is None


def test_a_pair_across_promoters_has_one_site_in_each():
    first, second = candidates(independent(3, seed=8)), candidates(independent(3, seed=9), first=100)
    term = across_term((4, 7), (first, second), np.random.default_rng(0))
    assert term.genes == (4, 7)
    assert term.sites[0].tolist()[0] < 3 and term.sites[1].tolist()[0] >= 100


def test_shares_sum_to_one_and_follow_the_weights():
    values = standardised(independent(2, seed=10))
    terms = [Term(ADDITIVE, (0,), (), values[0]), Term(WEAK, (1,), (), values[1])]
    total, shares = genetic_value(terms)
    assert shares.sum() == pytest.approx(1) and shares[0] / shares[1] == pytest.approx(10, rel=0.3)
    assert total.mean() == pytest.approx(0) and total.var() == pytest.approx(1)
