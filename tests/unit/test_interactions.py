"""An interaction is called one in people not seen, and joint tagging is called what it is."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from interaction_cohorts import LIMITS, SITES, cases, found, group, haplotypes, sites_of, tagged_jointly

from promoternets.covariate_score import covariate_score
from promoternets.interactions.check import check
from promoternets.interactions.haplotypes import EM, PHASE, both_alleles, cis_share, is_phased
from promoternets.interactions.holm import holm
from promoternets.interactions.likelihood_ratio import term_test
from promoternets.interactions.summarise import pairs_over_folds, sentences
from promoternets.interactions.tagging import ridge_predictor
from promoternets.interactions.verdicts import COLUMNS, INSEPARABLE, INTERACTION, NOT_CONFIRMED, TAGGING, verdict
from promoternets.pair_scan import Pair, scan

PEOPLE, TRAINING = 3000, 1800


def centred_product(sites, one, other):
    counts = sites.genotype[:, [one, other]].astype(float)
    return np.prod(counts - counts.mean(axis=0), axis=1)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_true_interaction_of_unlinked_sites_is_found_and_called_one(seed):
    random = np.random.default_rng(seed)
    sites = sites_of(haplotypes(random, PEOPLE))
    one, other = 5, SITES + 6
    case = cases(random, 0.9 * centred_product(sites, one, other) + 0.3 * sites.genotype[:, one])
    table = found(sites, group(case, TRAINING))
    row = table[(table["site_1"] == sites.names[one]) & (table["site_2"] == sites.names[other])]
    assert list(row["verdict"]) == [INTERACTION]
    assert (row["kind"] == "across").all() and row["haplotype_from"].isna().all()


def test_a_true_interaction_within_a_promoter_passes_the_haplotype_term():
    random = np.random.default_rng(5)
    sites = sites_of(haplotypes(random, 6000, ld=0.4))
    case = cases(random, 1.2 * centred_product(sites, 2, 9))
    table = found(sites, group(case, 3000))
    row = table[(table["site_1"] == sites.names[2]) & (table["site_2"] == sites.names[9])].iloc[0]
    assert row["verdict"] == INTERACTION and row["haplotype_from"] == PHASE


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_an_untyped_additive_variant_that_two_sites_tag_together_is_called_joint_tagging(seed):
    random = np.random.default_rng(seed)
    alleles, causal = tagged_jointly(random, PEOPLE)
    sites = sites_of(alleles)
    table = found(sites, group(cases(random, 1.6 * causal), TRAINING))
    row = table[(table["site_1"] == sites.names[2]) & (table["site_2"] == sites.names[8])].iloc[0]
    assert row["p_corrected_marginal"] < 0.01, "the usual test claims an interaction"
    assert row["verdict"] == TAGGING
    assert INTERACTION not in set(table["verdict"])


def test_a_tagged_variant_that_other_sites_tag_too_is_explained_before_the_haplotype_term():
    random = np.random.default_rng(3)
    alleles, causal = tagged_jointly(random, PEOPLE)
    flip = random.random((PEOPLE, 2)) < 0.03
    alleles[:, 5] = (alleles[:, 2] & alleles[:, 8]) ^ flip  # a typed site in strong LD with the causal one
    sites = sites_of(alleles)
    row = check(sites, [Pair(2, 8, "within", 0.0)], group(cases(random, 1.6 * causal), TRAINING), 1, 1).iloc[0]
    assert row["p_marginal"] < 1e-4
    assert row["p_region"] > 0.01
    assert row["verdict"] == TAGGING


def test_without_phase_the_tagged_variant_is_not_called_an_interaction():
    random = np.random.default_rng(4)
    alleles, causal = tagged_jointly(random, PEOPLE)
    sites = sites_of(np.sort(alleles, axis=2))  # heterozygotes all written 0, 1
    row = check(sites, [Pair(2, 8, "within", 0.0)], group(cases(random, 1.6 * causal), TRAINING), 1, 1).iloc[0]
    assert row["haplotype_from"] == EM
    assert row["p_corrected_marginal"] < 0.01
    assert row["verdict"] == INSEPARABLE  # near linkage equilibrium the expected haplotype count is the product itself


def test_without_any_effect_tests_reject_at_most_as_often_as_they_say():
    p_values, called = [], 0
    for seed in range(40):
        random = np.random.default_rng(100 + seed)
        sites = sites_of(haplotypes(random, 700))
        table = found(sites, group(random.random(700) < 0.5, 450), pairs=4)
        p_values += list(table["p_marginal"])
        called += int(table["verdict"].isin([INTERACTION, TAGGING]).any())
    p_values = np.array(p_values)
    assert len(p_values) > 250
    assert np.mean(p_values < 0.05) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / len(p_values))
    assert called <= 6  # of 40 folds, 2 expected; 7 or more with a chance of 0.3 %
    assert abs(np.mean(p_values) - 0.5) < 0.06


def test_additive_effects_alone_give_no_interaction():
    called = 0
    for seed in range(15):
        random = np.random.default_rng(300 + seed)
        sites = sites_of(haplotypes(random, 1000, ld=0.9))
        case = cases(random, 0.8 * sites.genotype[:, 4] + 0.8 * sites.genotype[:, SITES + 4])
        called += int((found(sites, group(case, 600))["verdict"] == INTERACTION).any())
    assert called <= 3


def test_phenotypes_and_genotypes_of_test_people_change_no_choice():
    random = np.random.default_rng(6)
    alleles = haplotypes(random, 600)
    case = random.random(600) < 0.5
    other_case, other_alleles = case.copy(), alleles.copy()
    other_case[400:] = ~other_case[400:]
    other_alleles[400:] = haplotypes(random, 200)
    first = found(sites_of(alleles), group(case, 400))
    second = found(sites_of(other_alleles), group(other_case, 400))
    chosen = ["site_1", "site_2", "kind", "r2", "p_training", "effect_training"]
    pd.testing.assert_frame_equal(first[chosen], second[chosen])
    assert not np.allclose(first["p_marginal"], second["p_marginal"])


def test_what_is_fitted_for_the_check_is_fitted_on_training_people():
    random = np.random.default_rng(7)
    columns = random.normal(size=(300, 20))
    target = columns[:, 0] + random.normal(size=300)
    training = np.arange(200)
    before = ridge_predictor(columns, target[training], training)
    changed = columns.copy()
    changed[250:] += 3
    after = ridge_predictor(changed, target[training], training)
    assert np.array_equal(before[:250], after[:250])
    assert np.corrcoef(before[200:], target[200:])[0, 1] > 0.5
    table = pd.DataFrame({"batch": np.where(np.arange(300) % 2, "x", "y")})
    case = random.random(300) < 0.5
    flipped = case.copy()
    flipped[200:] = ~flipped[200:]
    assert np.array_equal(covariate_score(table, case, training), covariate_score(table, flipped, training))


def test_a_covariate_that_makes_two_sites_seem_to_interact_is_taken_out():
    random = np.random.default_rng(8)
    batch = random.random(2000) < 0.5
    alleles = haplotypes(random, 2000, ld=0.0)
    same = random.random(2000) < 0.5  # in one batch the two sites are copies of each other, and there are more cases
    alleles[batch & same, 3] = alleles[batch & same, SITES + 3]
    case = random.random(2000) < np.where(batch, 0.8, 0.2)
    sites, pair, training = sites_of(alleles), [Pair(3, SITES + 3, "across", 0.0)], np.arange(1200)
    score = covariate_score(pd.DataFrame({"batch": np.where(batch, "x", "y")}), case, training)
    without = group(case, 1200)
    adjusted = type(without)(case, score, without.training, without.test)
    assert check(sites, pair, without, 1, 1)["p_marginal"].iloc[0] < 1e-3
    assert check(sites, pair, adjusted, 1, 1)["p_marginal"].iloc[0] > 0.01


def test_the_scan_ranks_pairs_as_exact_tests_of_each_pair_would():
    random = np.random.default_rng(9)
    sites = sites_of(haplotypes(random, 800))
    case = cases(random, 0.8 * centred_product(sites, 3, SITES + 3))
    training = np.arange(800)
    chosen, scanned = scan(sites, case, np.zeros(800), training, pairs=1, limits=LIMITS)
    values = sites.centred(training).astype(float)
    exact = {
        (one, other): term_test(values[:, [one, other]], values[:, one] * values[:, other], case).p_value
        for one in range(SITES)
        for other in range(SITES, 2 * SITES)
    }
    across = next(pair for pair in chosen if pair.kind == "across")
    assert (across.one, across.other) == min(exact, key=exact.get)
    assert 0 < scanned <= 2 * SITES * (2 * SITES - 1) // 2


def test_a_signal_in_ld_is_claimed_once_and_rare_pairs_never():
    random = np.random.default_rng(10)
    alleles = haplotypes(random, 1000)
    alleles[:, 4] = alleles[:, 5]  # a perfect proxy of a site of the pair
    alleles[:, 0] = random.random((1000, 2)) < 0.01
    sites = sites_of(alleles)
    case = cases(random, centred_product(sites, 5, SITES + 6))
    chosen, _ = scan(sites, case, np.zeros(1000), np.arange(1000), pairs=5, limits=LIMITS)
    across = [(pair.one, pair.other) for pair in chosen if pair.kind == "across"]
    assert len({(4, SITES + 6), (5, SITES + 6)} & set(across)) == 1
    assert all(pair.one != 0 and pair.r2 <= LIMITS.max_r2 for pair in chosen)
    assert (4, 5) not in [(pair.one, pair.other) for pair in chosen]


def test_haplotypes_are_counted_from_phase_and_expected_without_it():
    random = np.random.default_rng(11)
    alleles = haplotypes(random, 4000, ld=0.9)
    one, other, training = alleles[:, 3], alleles[:, 4], np.arange(2000)
    truth = (one * other).sum(axis=1)
    phased, source = both_alleles(one, other, training)
    assert source == PHASE and np.array_equal(phased, truth)
    unphased = np.sort(one, axis=1), np.sort(other, axis=1)
    assert is_phased(one) and not is_phased(unphased[0])
    expected, source = both_alleles(*unphased, training)
    assert source == EM
    double = (one.sum(axis=1) == 1) & (other.sum(axis=1) == 1)
    assert np.array_equal(expected[~double], truth[~double])
    assert expected[double][0] == pytest.approx(truth[double].mean(), abs=0.05)
    gap = one.copy()
    gap[0] = -1
    assert both_alleles(gap, other, training)[0][0] == pytest.approx(truth[1:2000].mean())


def test_without_linkage_half_the_double_heterozygotes_carry_both_alleles_on_one_haplotype():
    random = np.random.default_rng(12)
    one, other = random.binomial(2, 0.4, 5000), random.binomial(2, 0.3, 5000)
    assert cis_share(one, other) == pytest.approx(0.5, abs=0.1)
    assert cis_share(np.array([0, 1, 1, 2]), np.array([0, 1, 1, 2])) == pytest.approx(1, abs=1e-6)


def test_holm_multiplies_the_smallest_by_the_number_and_never_falls():
    assert holm(np.array([0.04, 0.01, np.nan, 0.03])) == pytest.approx([0.09, 0.04, 1.0, 0.09])


def row_of(**changed):
    row = {name: np.nan for name in COLUMNS} | {
        "fold": "1", "promoter_1": "a", "promoter_2": "b", "site_1": "s", "site_2": "t", "kind": "across",
        "people": 100, "scanned": 1000, "r2": 0.0, "haplotype_from": None, "effect_training": 0.5, "p_training": 1e-5,
        "effect_marginal": 0.4, "p_marginal": 0.001, "left_marginal": 1.0,
        "effect_region": 0.4, "p_region": 0.001, "left_region": 0.9,
        "p_corrected_marginal": 0.01, "p_corrected": 0.01, "verdict": INTERACTION,
    }  # fmt: skip
    return row | changed


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, INTERACTION),
        ({"p_corrected": 0.2}, TAGGING),
        ({"p_corrected_marginal": 0.2, "p_corrected": 0.3}, NOT_CONFIRMED),
        ({"effect_marginal": -0.4, "effect_region": -0.4}, NOT_CONFIRMED),
        ({"effect_region": -0.4}, TAGGING),
        ({"p_region": np.nan, "left_region": 0.01, "p_corrected": 1.0}, INSEPARABLE),
        ({"left_haplotype": 0.02, "p_corrected": 1.0}, INSEPARABLE),
    ],
)  # fmt: skip
def test_a_verdict_needs_significance_and_the_direction_of_training(changed, expected):
    assert verdict(row_of(**changed)) == expected


def test_folds_add_up_where_they_agree_and_cancel_where_they_do_not():
    rows = [
        row_of(fold="1"), row_of(fold="2", p_training=1e-3),
        row_of(fold="1", promoter_2="c"), row_of(fold="2", promoter_2="c", effect_marginal=-0.4, effect_region=-0.4),
        row_of(fold="1", promoter_2="d"),
        row_of(fold="2", p_training=0.5, p_marginal=0.9, p_region=0.9),
    ]  # fmt: skip
    combined = pairs_over_folds(pd.DataFrame(rows, columns=COLUMNS)).set_index("promoter_2")
    assert sorted(combined.index) == ["b", "c"]
    assert combined.loc["b", "p_marginal"] < 1e-5 and combined.loc["b", "verdict"] == INTERACTION
    assert combined.loc["c", "p_marginal"] == pytest.approx(0.5) and combined.loc["c", "verdict"] == NOT_CONFIRMED
    assert combined.loc["b", "people"] == 200
    many = pd.DataFrame(rows, columns=COLUMNS).assign(scanned=1_000_000)
    assert set(pairs_over_folds(many)["verdict"]) == {NOT_CONFIRMED}, "folds' scans share people: correct for all pairs"


def test_sentences_count_every_verdict_and_name_what_interacts():
    rows = [row_of(), row_of(verdict=TAGGING), row_of(verdict=NOT_CONFIRMED), row_of(verdict=NOT_CONFIRMED)]
    table = pd.DataFrame(rows).assign(symbol_1="SOD1", symbol_2="FUS")
    assert sentences(table) == [
        "Of 4 pairs claimed in training people 1 is shown to interact in people not seen (SOD1 with FUS), "
        "1 is explained by joint tagging and 2 are not confirmed in people not seen."
    ]
    assert sentences(table[1:]) == [
        "No pair of sites is shown to interact: of 3 pairs claimed in training people 1 is explained by joint tagging "
        "and 2 are not confirmed in people not seen."
    ]
    assert sentences(table[:0]) == ["No pair of sites was common enough to be looked at for an interaction."]
