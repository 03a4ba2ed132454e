"""The filters on a batch of sites, and the exact test of Hardy-Weinberg proportions."""

from itertools import product
from math import comb

import numpy as np
import pytest

from promoternets.genotypes import filters
from promoternets.genotypes.filters import Thresholds, reasons, statistics, tidy
from promoternets.genotypes.hardy_weinberg import exact_p
from promoternets.genotypes.sites import Calls


def by_definition(reference, heterozygous, alternate):
    """Sum the probabilities of all numbers of heterozygotes that are no likelier; counts arrangements."""
    people, alleles = reference + heterozygous + alternate, heterozygous + 2 * alternate
    ways = {}
    for het in range(alleles % 2, min(alleles, 2 * people - alleles) + 1, 2):
        hom = (alleles - het) // 2
        ways[het] = comb(people, hom) * comb(people - hom, het) * 2**het
    return sum(way for way in ways.values() if way <= ways[heterozygous]) / sum(ways.values())


def test_the_exact_test_is_right_for_every_sample_of_up_to_fourteen_people():
    counts = np.array([(a, b, c) for a, b, c in product(range(15), repeat=3) if a + b + c <= 14 and a + b + c > 0])
    assert exact_p(*counts.T) == pytest.approx([by_definition(*row) for row in counts.tolist()], rel=1e-9)


def test_the_exact_test_is_right_for_large_samples():
    counts = np.array([[2000, 900, 102], [2900, 100, 2], [2700, 250, 60], [700, 1600, 700], [40, 220, 3000]])
    assert exact_p(*counts.T) == pytest.approx([by_definition(*row) for row in counts.tolist()], rel=1e-6)


def test_the_exact_test_of_a_biobank_is_quick_and_finite():
    p = exact_p(np.array([200_000, 0, 90_000]), np.array([100_000, 300_000, 120_000]), np.array([12_500, 0, 40_000]))
    assert p[0] == pytest.approx(1.0, abs=0.02)
    assert p[1] == 0.0
    assert p[2] == pytest.approx(1.0, abs=0.02)


def test_a_site_with_one_allele_or_nobody_fits_the_proportions():
    assert exact_p(np.array([5, 0, 0]), np.array([0, 0, 0]), np.array([0, 7, 0])).tolist() == [1, 1, 1]


def alleles_of(*sites):
    return np.array(sites, np.int8).transpose(0, 2, 1).copy()


def test_statistics_of_diploid_haploid_and_missing_calls():
    alleles = alleles_of(([0, 0, 1, -1], [0, 1, 1, -1]), ([0, 1, 1, -1], [-2, -2, 0, -2]), ([-1] * 4, [-1] * 4))
    found = statistics(alleles, controls=None, autosomal=np.array([True, False, True]))
    assert found.call_rate.tolist() == [0.75, 0.75, 0.0]
    assert found.frequency[:2].tolist() == [3 / 6, 2 / 4]
    assert np.isnan(found.frequency[2])
    assert found.missing.tolist() == [1, 1, 4]
    assert found.haploid.tolist() == [0, 2, 0]
    assert np.isnan(found.hwe_p).all()


def test_a_site_counts_for_the_first_filter_that_it_fails():
    found = filters.Statistics(
        call_rate=np.array([0.5, 1.0, 1.0, 1.0, 1.0]),
        frequency=np.array([0.0, 1.0, 0.999, 0.3, 0.3]),
        hwe_p=np.array([np.nan, np.nan, 0.0, 0.0, np.nan]),
        missing=np.array([2, 0, 0, 0, 0]),
        haploid=np.zeros(5, int),
    )
    removed = reasons(found, Thresholds(min_call_rate=0.9, min_maf=0.01, min_hwe_p=1e-6))
    assert {name: np.flatnonzero(fails).tolist() for name, fails in removed.items()} == {
        "call_rate": [0],
        "monomorphic": [1],
        "maf": [2],
        "hwe_controls": [3],
    }


def test_switched_off_filters_remove_nothing_but_monomorphic_sites():
    nobody = np.zeros(2, int)
    found = filters.Statistics(np.array([0.1, 0.1]), np.array([0.0, 1e-6]), np.zeros(2), nobody + 9, nobody)
    removed = reasons(found, Thresholds())
    assert sum(fails.sum() for fails in removed.values()) == removed["monomorphic"].sum() == 1


def test_calls_take_the_form_of_the_store():
    calls = Calls(
        np.array([[[0, -1], [-1, 1], [-1, -2], [1, 0]], [[0, -2], [-1, -2], [-1, -1], [1, 1]]], np.int8),
        np.array([[False, True, False, True], [False] * 4]),
    )
    half = tidy(calls, np.array([False, True]))
    assert calls.alleles.tolist() == [[[-1, -1], [-1, -1], [-1, -1], [1, 0]], [[0, -2], [-1, -2], [-1, -1], [1, 1]]]
    assert half.tolist() == [2, 0]
    assert calls.phased.tolist() == [[False, True, True, True], [True, True, False, False]]
