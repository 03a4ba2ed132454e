"""Pairs of promoters: found where only two sites together tell the phenotype, and selected beside the best scores."""

import numpy as np
import pandas as pd
import pytest
from stores import write_blocks

from promoternets.formats.outer_fold import OuterFold
from promoternets.pair_scan import ScanLimits
from promoternets.ranking.pairs import COLUMNS, independent_sites, promoters_of_pairs, scan_promoter_pairs
from promoternets.ranking.promoters import Promoters
from promoternets.ranking.select import rank_promoters

PEOPLE = 400
LIMITS = ScanLimits(0.05, 20, 0.8)
NOTHING = pd.DataFrame(index=range(PEOPLE))


@pytest.fixture(scope="module")
def promoters(tmp_path_factory):
    return Promoters(write_blocks(tmp_path_factory.mktemp("b"), people=PEOPLE, promoters=(5, 4), planted=None))


@pytest.fixture(scope="module")
def people(promoters):
    """Being a case is told by a site of chr1_2 and one of chr2_1 together, by neither alone."""
    first, second = (promoters.read([promoters.ids.index(name)], "genotype")[0] for name in ("chr1_2", "chr2_1"))
    signal = (first[:, 30] - 1.0) * (second[:, 30] - 1.0) + 0.4 * np.random.default_rng(1).normal(size=PEOPLE)
    labels = (signal > np.median(signal)).astype(np.int64)
    return OuterFold(promoters.sample_ids, labels, np.tile([1, 2], PEOPLE // 2), np.arange(300), np.arange(300, PEOPLE))


def scanned(promoters, people, **changes):
    return scan_promoter_pairs(
        promoters, people, NOTHING, **({"fold": 1, "limits": LIMITS, "most_sites": 10_000} | changes)
    )


def test_the_planted_pair_is_the_first_and_significant(promoters, people):
    table = scanned(promoters, people)
    best = table.iloc[0]
    assert list(table.columns) == COLUMNS
    assert {best["promoters_1"], best["promoters_2"]} == {"chr1_2", "chr2_1"} and best["family_wise_p"] < 1e-6
    assert best["family_wise_p"] == pytest.approx(best["p_value"] * best["scanned"])


def test_shuffled_phenotypes_give_no_significant_pair(promoters, people):
    random = np.random.default_rng(3)
    significant = 0
    for _ in range(10):
        other = OuterFold(
            people.sample_ids, random.permutation(people.labels), people.inner, people.training, people.test
        )
        significant += int((scanned(promoters, other)["family_wise_p"] <= 0.05).any())
    assert significant <= 2


def test_test_people_change_nothing(promoters, people, tmp_path):
    other = Promoters(write_blocks(tmp_path, people=PEOPLE, promoters=(5, 4), planted=None, scramble=people.test))
    labels = people.labels.copy()
    labels[people.test] = 1 - labels[people.test]
    changed = OuterFold(people.sample_ids, labels, people.inner, people.training, people.test)
    pd.testing.assert_frame_equal(scanned(promoters, people), scanned(other, changed))


def test_a_covariate_that_tells_the_phenotype_leaves_no_pair(promoters, people):
    """The product has nothing to add to a covariate that is nearly the phenotype."""
    random = np.random.default_rng(5)
    near = np.where(random.random(PEOPLE) < 0.03, 1 - people.labels, people.labels).astype(str)
    table = scan_promoter_pairs(
        promoters, people, pd.DataFrame({"batch": near}), fold=1, limits=LIMITS, most_sites=10_000
    )
    assert table["p_value"].min() > 1e3 * scanned(promoters, people)["p_value"].min()


def test_of_sites_that_say_the_same_one_is_scanned_and_of_too_many_the_most_common(promoters, people):
    all_sites = independent_sites(promoters, people.training, LIMITS, 10_000)
    assert len(set(all_sites.names)) == len(all_sites.names)
    shared = all_sites.member.sum(1)
    assert shared.max() == 2, "neighbouring blocks share sites"
    few = independent_sites(promoters, people.training, LIMITS, 20)
    assert few.genotype.shape == (PEOPLE, 20) and set(few.names) <= set(all_sites.names)
    lowest = np.minimum(few.frequency(people.training), 1 - few.frequency(people.training)).min()
    every = all_sites.frequency(people.training)
    assert (np.minimum(every, 1 - every) > lowest).sum() < 20


def pairs(*rows):
    return pd.DataFrame(
        [(1, one, other, p, 10 * p) for one, other, p in rows],
        columns=["fold", "promoters_1", "promoters_2", "p_value", "family_wise_p"],
    )


RANK = {"a": 3, "b": 1, "c": 2, "d": 4}
UNSURE = dict.fromkeys(RANK, float("nan"))


def test_places_go_to_significant_pairs_the_best_first_and_only_to_whole_ones():
    found = pairs(("a", "d", 1e-6), ("c", "b", 1e-9), ("a", "c", 0.5))
    assert promoters_of_pairs(found, RANK, UNSURE, places=4, top=4) == ["c", "b", "a", "d"]
    assert promoters_of_pairs(found, RANK, UNSURE, places=3, top=4) == ["c", "b"]
    assert promoters_of_pairs(found, RANK, UNSURE, places=0, top=4) == []


def test_a_pair_displaces_only_promoters_that_are_less_sure():
    found = pairs(("a", "d", 1e-6))  # family-wise 1e-5

    def chosen(**p_values):
        return promoters_of_pairs(found, RANK, UNSURE | p_values, places=4, top=3)

    assert chosen(b=1e-7, c=1e-3) == ["a", "d"]
    assert chosen(b=1e-7, c=1e-6) == []
    assert chosen(a=1e-9, b=1e-7, d=1e-9) == ["a", "d"]


def test_of_promoters_that_share_a_site_the_best_ranked_stands_for_it():
    assert promoters_of_pairs(pairs(("a,c", "d", 1e-6)), RANK, UNSURE, places=4, top=4) == ["c", "d"]


def test_promoters_of_pairs_are_selected_before_those_of_better_scores():
    scores = pd.DataFrame({"promoter": list("abcd"), "fold": 1, "se": 0.01, "sites": 1, "score": [0.6, 0.9, 0.8, 0.5]})
    blocks = pd.DataFrame({"promoter": list("abcd"), "gene_id": list("ABCD"), "symbol": list("ABCD"),
                           "chrom": ["1", "1", "2", "2"], "tss": [1, 2, 3, 4], "strand": "+"})  # fmt: skip
    sites = {name: frozenset(name) for name in "abcd"}

    def selected(**options):
        table = rank_promoters(scores, blocks, sites, pairs=pairs(("a", "d", 1e-9)), **options)
        assert table["promoter"].tolist() == ["b", "c", "a", "d"]
        return dict(zip(table["promoter"], table["selected_by"].fillna(""), strict=True))

    assert selected(top=3, pair_places=2) == {"b": "score", "c": "", "a": "pair", "d": "pair"}
    assert selected(top=3, pair_places=0) == {"b": "score", "c": "score", "a": "score", "d": ""}
    assert selected(top=3, pair_places=2, per_chromosome=1) == {"b": "score", "c": "score", "a": "", "d": ""}
