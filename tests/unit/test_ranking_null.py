"""What promoters score by chance: permuted labels, p-values, false discoveries, the best of many."""

import numpy as np
import pandas as pd
import pytest

from promoternets.errors import InputError
from promoternets.permutations import movable, permutation_cells, permutations_for, permuted, validating_parts
from promoternets.ranking.null import (
    false_discovery_rates,
    family_wise,
    promoters_over_folds,
    score_at,
    summarise_null,
    tail_p_values,
    with_p_values,
)

NOTES = {"metric": "auc", "permuted_within": "batch", "movable": 1.0}


def normal(count, seed, mean=0.5, sd=0.03):
    return np.random.default_rng(seed).normal(mean, sd, count)


def test_labels_change_places_within_strata_only():
    stratum = np.repeat([0, 1], [60, 40])
    labels = np.r_[np.ones(50), np.zeros(10), np.ones(4), np.zeros(36)].astype(int)
    cells = permutation_cells(stratum, np.tile([1, 2], 50), np.tile([1, 1, 2, 2], 25))
    moved = permuted(labels, cells, [], 1, "gene", 1)
    assert (moved != labels).any()
    assert [moved[stratum == one].sum() for one in (0, 1)] == [50, 4]
    for cell in np.unique(cells):
        assert moved[cells == cell].sum() == labels[cells == cell].sum()


def test_a_permutation_depends_on_its_names_and_seed_alone():
    labels, cells = np.tile([0, 1], 50), np.zeros(100, dtype=int)
    first = permuted(labels, cells, [], 1, "gene", 1)
    assert (permuted(labels, cells, [], 1, "gene", 1) == first).all()
    assert (permuted(labels, cells, [], 1, "gene", 2) != first).any()
    assert (permuted(labels, cells, [], 2, "gene", 1) != first).any()


def test_permuted_labels_leave_every_validating_part_both_classes():
    labels = np.r_[np.ones(6, int), np.zeros(54, int)]
    fold, inner = np.arange(60) % 2, np.arange(60) // 2 % 2
    parts = validating_parts(fold, inner)
    assert sorted(len(part) for part in parts) == [15, 15, 15, 15]
    for number in range(50):
        moved = permuted(labels, np.zeros(60, int), parts, 1, number)
        assert all(0 < moved[part].sum() < len(part) for part in parts)


def test_too_few_cases_to_be_permuted_are_an_error():
    labels = np.r_[np.ones(2, int), np.zeros(58, int)]
    parts = validating_parts(np.zeros(60, int), np.arange(60) % 5)
    with pytest.raises(InputError, match="without either"):
        permuted(labels, np.zeros(60, int), parts, 1, "gene")


def test_small_cells_join_over_parts_and_folds_but_never_over_strata():
    stratum = np.r_[np.zeros(8, int), np.ones(48, int)]
    fold, inner = np.arange(56) % 2, np.arange(56) % 6
    cells = permutation_cells(stratum, fold, inner)
    assert len(set(cells[:8])) == 1
    assert not set(cells[:8]) & set(cells[8:])
    assert min(np.bincount(cells)[cells[8:]]) >= 10


def test_strata_of_one_class_leave_nothing_to_permute(caplog):
    labels = np.repeat([0, 1], 20)
    assert movable(labels, labels) == 0
    assert "cannot be permuted within strata" in caplog.text
    assert movable(labels, np.zeros(40, dtype=int)) == 1


def test_p_values_of_null_scores_are_uniform_up_to_the_body_and_never_too_small_in_the_tail():
    null, fresh = normal(2_000, 1), normal(200_000, 2)
    p = tail_p_values(fresh, null)
    for level in (0.5, 0.1):
        assert (p <= level).mean() == pytest.approx(level, rel=0.1)
    for level in (0.01, 0.001, 0.0001):
        assert (p <= level).mean() <= level * 1.25


@pytest.mark.parametrize(("promoters", "null_scores"), [(16, 64), (50, 64), (96, 96), (1000, 1000)])
def test_family_wise_error_is_kept_for_few_null_scores_and_for_many(promoters, null_scores):
    false = [
        (family_wise(tail_p_values(normal(promoters, [cohort, 1]), normal(null_scores, [cohort, 2]))) <= 0.05).any()
        for cohort in range(300)
    ]
    assert np.mean(false) <= 0.07  # standard error 0.013


def test_few_promoters_get_more_permutations_so_that_one_of_them_can_be_found():
    assert [permutations_for(count) for count in (1, 16, 63, 64, 20_000)] == [64, 4, 2, 1, 1]
    null = normal(64, 4)
    assert family_wise(tail_p_values(np.r_[0.75, normal(15, 5)], null))[0] < 0.05


def test_a_promoter_without_a_score_has_no_p_value():
    assert np.isnan(tail_p_values(np.array([np.nan, 0.6]), normal(100, 1))).tolist() == [True, False]


def test_a_score_beyond_every_null_score_has_a_p_value_below_one_over_their_number():
    p = tail_p_values(np.array([0.8, 0.55, 0.5]), normal(200, 1))
    assert 0 < p[0] < 1e-4 < p[1] < 0.15 < p[2]


def test_a_null_too_small_for_a_tail_gives_the_empirical_p_value():
    null = np.array([0.45, 0.5, 0.52, 0.55])
    assert tail_p_values(np.array([0.9, 0.5]), null) == pytest.approx([1 / 5, 4 / 5])
    assert np.isnan(tail_p_values(np.array([0.9]), np.array([]))).all()


def test_the_score_at_a_p_value_has_that_p_value():
    null = normal(500, 3)
    for p in (0.05, 1e-3, 1e-6):
        assert tail_p_values(np.array([score_at(p, null)]), null)[0] == pytest.approx(p, rel=1e-6)


def test_the_best_of_many_null_promoters_is_rarely_called_family_wise():
    false = 0
    for cohort in range(200):
        p = tail_p_values(normal(100, [cohort, 1]), normal(300, [cohort, 2]))
        false += bool((family_wise(p) <= 0.05).any())
    assert false <= 20  # expected about 10 or fewer


def test_false_discovery_rates_are_those_of_benjamini_and_hochberg_and_pass_over_missing_ones():
    rates = false_discovery_rates(np.array([0.01, np.nan, 0.04, 0.03]))
    assert rates[[0, 2, 3]] == pytest.approx([0.03, 0.04, 0.04])
    assert np.isnan(rates[1])


@pytest.fixture
def two_folds():
    names = [f"p{number}" for number in range(40)]
    score = np.r_[0.7, normal(39, 5)]
    ranking = pd.concat([
        pd.DataFrame({"promoter": names, "fold": fold, "score": score + fold / 1000, "rank": 1, "se": 0.03,
                      "gene_id": names, "symbol": names, "chrom": "1", "tss": 1, "strand": "+", "sites": 64,
                      "rung": np.nan, "selected": (np.arange(40) < 3 + fold).astype(int)})
        for fold in (1, 2)
    ], ignore_index=True)  # fmt: skip
    each = normal(80, 6)
    null = pd.concat([
        pd.DataFrame({"promoter": names * 2, "fold": fold, "permutation": np.repeat([1, 2], 40), "score": each})
        for fold in (1, 2)
    ], ignore_index=True)  # fmt: skip
    return ranking, null


def test_the_planted_promoter_alone_is_found_over_folds(two_folds):
    table = promoters_over_folds(*two_folds)
    assert table["promoter"].iloc[0] == "p0"
    assert list(table.loc[table["family_wise_p"] <= 0.05, "promoter"]) == ["p0"]
    assert table.loc[table["promoter"] == "p0", "score"].item() == pytest.approx(0.7015)
    assert table.set_index("promoter")["folds_selected"].loc[["p0", "p4", "p9"]].tolist() == [2, 1, 0]


def test_the_null_of_a_mean_over_folds_keeps_a_promoters_permutations_together(two_folds):
    """The folds' null scores are the same here, so their mean must spread as widely as one fold's does."""
    ranking, null = two_folds
    summary = summarise_null(promoters_over_folds(ranking, null), with_p_values(ranking, null), null, NOTES).set_index(
        "fold"
    )
    assert summary.loc["all", "null_scores"] == 80
    assert summary.loc["all", "sd"] == pytest.approx(null["score"].std(ddof=0))
    assert 0.5 < summary.loc["all", "best_by_chance"] < 0.7
    assert summary.loc["all", "fdr_line"] <= 0.7015


def test_without_a_null_scores_have_no_p_value(two_folds):
    ranking, null = two_folds
    table = promoters_over_folds(ranking, null.iloc[:0])
    assert table[["p_value", "fdr", "family_wise_p"]].isna().all(axis=None)
    assert summarise_null(table, with_p_values(ranking, null.iloc[:0]), null.iloc[:0], NOTES)["mean"].isna().all()
