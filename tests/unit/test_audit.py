"""The audit tells genotype from batch: on numbers made by hand, and on cohorts whose signal is known."""

import numpy as np
import pytest

from promoternets.audit.audit import audit_table, equal_scores_p
from promoternets.audit.few_people import withhold
from promoternets.audit.joint import joint_score, likelihood_ratio
from promoternets.audit.measures import differences, measure, pair_sums, within_strata
from promoternets.audit.people import Audited
from promoternets.audit.verdict import verdict_text
from promoternets.formats.strata import Strata

ONES = np.ones((8, 1))


def batches(level, levels=("A", "B")):
    return Strata("batch", np.asarray(level), tuple(levels))


def audited(case, score, *, level=None, levels=("A", "B"), fold=None, left_out=None):
    case = np.asarray(case, dtype=bool)
    fold = np.ones(len(case), dtype=int) if fold is None else fold
    strata = [] if level is None else [batches(level, levels)]
    return Audited(
        case=case, fold=fold, cluster=np.arange(len(case)), score=score, strata=strata,
        joint={
            (model, name): joint_score(score[name], score[model], case, fold)
            for name in ("covariates", "covariates_pcs") if name in score
            for model in score if not model.startswith("covariates")
        },
        left_out=[] if left_out is None else [(strata[0], left_out)],
    )  # fmt: skip


def cohort(*, batch_effect, genotype_effect, score, people=600, seed=1):
    """Return an audited cohort of three batches; `score` makes the model's log-odds of batch and genotype."""
    random = np.random.default_rng(seed)
    level = np.arange(people) % 3
    genotype = random.normal(size=people)
    liability = batch_effect * (level - 1) + genotype_effect * genotype + random.logistic(size=people)
    case = liability > np.median(liability)
    fold = random.permutation(people) % 5 + 1
    share = np.bincount(level, weights=case) / np.bincount(level)
    value = score(level - 1, genotype, random.normal(size=people))
    scores = {"als_net": 1 / (1 + np.exp(-value)), "covariates": share[level] if batch_effect else np.full(people, 0.5)}
    return audited(case, scores, level=level, levels=("A", "B", "C"), fold=fold)


def rows(table, **values):
    table = table.assign(flag=table["flag"].fillna("none"))
    for column, value in values.items():
        table = table[table[column] == value]
    return table


def row(table, **values):
    (found,) = rows(table, **values).to_dict("records")
    return found


def test_auc_within_strata_is_the_share_of_pairs_in_order_within_them():
    case = np.array([1, 1, 0, 0, 1, 0, 0, 0], dtype=bool)
    score = np.array([0.9, 0.3, 0.5, 0.2, 0.1, 0.8, 0.7, 0.1])
    #                 A: 3 of 4 pairs in order         B: one tie of 3 pairs
    given = audited(case, {"als_net": score}, level=[0, 0, 0, 0, 1, 1, 1, 1])
    pooled, each = within_strata(given, score, given.strata[0], ONES)
    assert each[:, 0] == pytest.approx([3 / 4, 0.5 / 3])
    assert pooled[0] == pytest.approx(3.5 / 7)


def test_pairs_of_different_folds_are_never_compared():
    case = np.array([1, 0, 1, 0, 1, 0, 1, 0], dtype=bool)
    fold = np.array([1, 1, 1, 1, 2, 2, 2, 2])
    score = np.where(fold == 1, 0.9, 0.1) + np.where(case, 0.01, 0.0)
    (right, pairs) = pair_sums(score, case, fold - 1, 2, ONES)
    assert right[:, 0].tolist() == pairs[:, 0].tolist() == [4, 4]


def test_a_model_that_knows_the_batch_alone_has_an_auc_of_exactly_half_within_batches():
    case = np.array([1, 1, 0, 0, 1, 0, 0, 0], dtype=bool)
    level = np.array([0, 0, 0, 1, 1, 1, 1, 1])
    fold = np.array([1, 2, 1, 2, 1, 2, 1, 2])
    score = np.where(level == 0, 0.7, 0.3) + 0.1 * fold  # each fold's fit has its own level
    given = audited(case, {"als_net": score}, level=level, fold=fold)
    assert within_strata(given, score, given.strata[0], ONES)[0][0] == 0.5


def test_people_without_a_score_or_a_stratum_are_in_no_pair():
    case = np.array([1, 0, 1, 0, 1, 0, 1, 0], dtype=bool)
    score = np.array([0.9, 0.1, 0.1, 0.9, np.nan, 0.5, 0.1, 0.9])
    given = audited(case, {"als_net": score}, level=[0, 0, -1, -1, 1, 1, 1, -1])
    pooled, each = within_strata(given, score, given.strata[0], ONES)
    assert each[:, 0] == pytest.approx([1.0, 0.0]) and pooled[0] == 0.5


def test_a_score_of_batch_alone_predicts_overall_but_not_within_batches_and_is_flagged():
    given = cohort(batch_effect=2.0, genotype_effect=0.0, score=lambda batch, genotype, noise: batch + 0.3 * noise)
    table = audit_table(given, bootstrap=300, seed=1)
    overall, within = (row(table, check=check, stratum=stratum, model="als_net")
                       for check, stratum in (("overall", "all"), ("within_strata", "batch")))  # fmt: skip
    assert overall["low"] > 0.6
    assert within["low"] < 0.5 < within["high"] and within["flag"] == "gone_within_strata"
    assert row(table, check="model_minus_confounders")["flag"] == "confounders_as_good"
    assert row(table, check="increment", metric="auc_gain_over_covariates")["flag"] == "adds_nothing"
    told = rows(table, check="score_predicts_stratum", model="als_net")
    assert row(told, metric="p_value")["flag"] == "score_tells_stratum" and row(told, metric="macro_auc")["low"] > 0.6
    said = verdict_text(table, first="als_net", strata=["batch"])
    assert "is not shown to add to the covariates" in said
    assert said.count("Red flag:") == 3 and "among people of the same batch" in said


def test_a_score_of_genotype_alone_raises_no_flag_and_its_gain_is_in_the_verdict():
    given = cohort(batch_effect=0.0, genotype_effect=2.0, score=lambda batch, genotype, noise: 2 * genotype)
    table = audit_table(given, bootstrap=300, seed=1)
    assert table["flag"].isna().all()
    assert row(table, check="within_strata", stratum="batch", model="als_net")["low"] > 0.7
    gain = row(table, check="increment", metric="auc_gain_over_covariates")
    assert gain["low"] > 0.2
    said = verdict_text(table, first="als_net", strata=["batch"])
    assert said.startswith("The genotype adds to the covariates: with the score of ALS-Net")
    assert f"{gain['value']:+.3f} [{gain['low']:+.3f}, {gain['high']:+.3f}]" in said and "No red flag." in said


def test_batch_and_genotype_together_are_told_apart():
    given = cohort(batch_effect=1.5, genotype_effect=1.5, score=lambda batch, genotype, noise: 1.5 * genotype)
    table = audit_table(given, bootstrap=300, seed=1)
    covariates, joint = (row(table, check="overall", model="covariates")["value"],
                         row(table, check="increment", metric="joint_auc_with_covariates")["value"])  # fmt: skip
    assert joint > row(table, check="overall", model="als_net")["value"] > 0.6 and joint > covariates > 0.6
    assert row(table, check="increment", metric="auc_gain_over_covariates")["low"] > 0.05
    assert row(table, check="within_strata", stratum="batch", model="als_net")["flag"] == "none"


def test_a_batch_of_one_class_is_flagged_and_has_no_auc_of_its_own():
    case = np.r_[np.zeros(20, bool), np.tile([True, False], 20)]
    level = np.r_[np.zeros(20, int), np.ones(40, int)]
    score = np.random.default_rng(0).random(60)
    given = audited(case, {"als_net": score, "covariates": score * 0 + 0.5}, level=level)
    table = audit_table(given, bootstrap=100, seed=1)
    assert rows(table, check="classes", stratum="batch=A").set_index("metric")["flag"].to_dict() == {
        "cases": "one_class", "controls": "none",
    }  # fmt: skip
    assert np.isnan(row(table, check="within_strata", stratum="batch=A", model="als_net")["value"])
    assert "Red flag: batch=A has 0 cases and 20 controls" in verdict_text(table, first="als_net", strata=["batch"])


def test_numbers_of_few_people_are_withheld_and_the_rest_is_as_it_was():
    case = np.r_[np.tile([True, False], 20), [True] * 4, [True] * 3 + [False] * 12]
    level = np.r_[np.zeros(40, int), np.ones(4, int), np.full(15, 2)]
    score = np.random.default_rng(0).random(59)
    given = audited(case, {"als_net": score, "covariates": score * 0 + 0.5}, level=level, levels=("A", "B", "C"))
    whole = audit_table(given, bootstrap=100, seed=1)
    assert withhold(whole, 0).equals(whole) and withhold(whole, 1).equals(whole)
    table = withhold(whole, 5)
    withheld = table["flag"] == "withheld: fewer than 5 people"
    assert table.loc[withheld, ["value", "low", "high"]].isna().all(axis=None)
    assert table[~withheld].equals(whole[~withheld])
    assert set(table[withheld][["check", "stratum", "metric"]].itertuples(index=False, name=None)) == {
        ("classes", "batch=B", "cases"), ("classes", "batch=C", "cases"), ("within_strata", "batch=C", "auc"),
        *(("score_by_stratum", f"batch={name}", f"{part}_cases") for name in "BC" for part in ("q25", "median", "q75")),
    }  # fmt: skip
    text = verdict_text(table, first="als_net", strata=["batch"])
    assert "Red flag: batch=B has fewer than 5 cases and 0 controls" in text


def test_a_stratum_that_could_not_be_left_out_says_so_and_the_others_have_their_auc():
    case = np.tile([True, False], 20)
    level = np.r_[np.zeros(20, int), np.ones(20, int)]
    left_out = np.where(level == 0, np.where(case, 0.9, 0.1), np.nan)
    scores = {"logistic_regression": left_out * 0 + 0.5, "covariates": np.full(40, 0.5)}
    scores["logistic_regression"] = np.where(case, 0.8, 0.2)
    table = audit_table(audited(case, scores, level=level, left_out=left_out), bootstrap=100, seed=1)
    found = rows(table, check="stratum_left_out").set_index("stratum")
    assert found.loc["batch=A", "value"] == found.loc["batch", "value"] == 1
    assert found["flag"].to_dict() == {"batch=A": "none", "batch=B": "cannot_be_left_out", "batch": "none"}


def test_quartiles_are_of_the_people_of_one_stratum_and_class():
    case = np.array([1, 1, 1, 0, 0, 0, 1, 0], dtype=bool)
    score = np.array([0.1, 0.2, 0.6, 0.3, 0.3, 0.9, 1.0, 0.0])
    given = audited(case, {"als_net": score, "covariates": score}, level=[0] * 6 + [1] * 2)
    table = rows(
        audit_table(given, bootstrap=100, seed=1), check="score_by_stratum", model="als_net", stratum="batch=A"
    )
    values = table.set_index("metric")["value"]
    assert values["median_cases"] == 0.2 and values["q75_controls"] == pytest.approx(0.6)


def test_differences_between_models_are_paired_by_resample():
    random = np.random.default_rng(0)
    case, score = random.random(200) < 0.5, random.random(200)
    given = audited(case, {"als_net": score, "covariates": score + 0.0})
    weights = random.integers(0, 3, (200, 50)).astype(float)
    measured = measure(given, weights)
    made = differences(measured, ["als_net"], ["covariates"])
    (difference,) = (value for key, value in made.items() if key.check == "model_minus_confounders")
    assert (difference == 0).all()


def test_a_score_that_copies_the_confounders_adds_no_likelihood():
    random = np.random.default_rng(0)
    case, fold = random.random(500) < 0.5, np.arange(500) % 5 + 1
    confounders = 1 / (1 + np.exp(-(case + random.normal(size=500))))
    assert likelihood_ratio(confounders, confounders, case, fold).statistic < 1e-3
    both = likelihood_ratio(confounders, 1 / (1 + np.exp(-(case + random.normal(size=500)))), case, fold)
    assert both.coefficient > 0.5 and both.p_value < 1e-10


def test_the_likelihood_ratio_of_noise_is_uniform():
    random = np.random.default_rng(0)
    fold = np.arange(200) % 5 + 1
    p = [
        likelihood_ratio(random.random(200), random.random(200), random.random(200) < 0.5, fold).p_value
        for _ in range(200)
    ]
    assert 0.01 <= np.mean(np.array(p) < 0.05) <= 0.10


def test_a_score_that_points_the_wrong_way_is_left_out_of_the_joint_score_and_not_turned():
    random = np.random.default_rng(0)
    case, fold = random.random(500) < 0.5, np.arange(500) % 5 + 1
    good, wrong = (1 / (1 + np.exp(-(sign * case + random.normal(size=500)))) for sign in (1, -1))
    joint = joint_score(good, wrong, case, fold)
    for number in range(1, 6):  # the same order in each fold
        assert (np.argsort(joint[fold == number]) == np.argsort(good[fold == number])).all()


def test_perfectly_separated_classes_have_a_joint_score_and_a_p_value():
    case, fold = np.tile([True, False], 20), np.arange(40) // 8 + 1
    perfect = np.where(case, 1.0, 0.0)
    assert np.isfinite(joint_score(perfect, perfect, case, fold)).all()
    assert likelihood_ratio(perfect, perfect, case, fold).p_value > 0.5


def test_scores_of_controls_that_differ_between_strata_have_a_small_p_and_the_same_a_large_one():
    random = np.random.default_rng(0)
    case, level = np.tile([True, False], 100), np.arange(200) // 2 % 2
    noise = random.random(200)
    given = audited(case, {"als_net": noise}, level=level)
    assert equal_scores_p(given, noise, given.strata[0]) > 0.01
    assert equal_scores_p(given, noise + level, given.strata[0]) < 1e-6
    cases_alone = noise + np.where(case, level, 0)
    assert equal_scores_p(given, cases_alone, given.strata[0]) > 0.01


def test_without_strata_the_verdict_says_that_nothing_was_checked_within_batches():
    random = np.random.default_rng(0)
    case = random.random(60) < 0.5
    table = audit_table(
        audited(case, {"als_net": random.random(60), "covariates": np.full(60, 0.5)}), bootstrap=100, seed=1
    )
    assert "nothing could be checked within batches" in verdict_text(table, first="als_net", strata=[])
