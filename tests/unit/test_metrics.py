"""Weighted metrics are scikit-learn's, intervals cover, comparisons are paired."""

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as reference

from promoternets.bootstrap import interval, p_value, resample_weights
from promoternets.evaluation.curves import curves
from promoternets.evaluation.metrics import METRICS, all_metrics


def scores(people, *, seed=0, signal=1.0, decimals=1):
    """Return probabilities with many ties, and cases."""
    random = np.random.default_rng(seed)
    case = random.random(people) < 0.4
    return (1 / (1 + np.exp(-random.normal(size=people) - signal * (case - 0.5)))).round(decimals), case


def by_reference(probability, case, weights):
    called = probability >= 0.5
    known = {"sample_weight": weights}
    return {
        "auc": reference.roc_auc_score(case, probability, **known),
        "auprc": reference.average_precision_score(case, probability, **known),
        "accuracy": reference.accuracy_score(case, called, **known),
        "precision": reference.precision_score(case, called, **known),
        "recall": reference.recall_score(case, called, **known),
        "f1": reference.f1_score(case, called, **known),
        "brier": reference.brier_score_loss(case, probability, **known),
    }


@pytest.mark.parametrize("decimals", [1, 9])
def test_every_metric_equals_scikit_learn_with_weights_and_ties_pooled_and_in_each_fold(decimals):
    probability, case = scores(80, decimals=decimals)
    random = np.random.default_rng(1)
    fold = random.integers(1, 4, 80)
    weights = random.integers(0, 4, (80, 5)).astype(float)
    ours = all_metrics(probability, case, fold, weights)
    for part in range(4):
        rows = fold == part if part else fold > 0
        for column in range(5):
            for name, value in by_reference(probability[rows], case[rows], weights[rows, column]).items():
                assert ours[part, METRICS.index(name), column] == pytest.approx(value, abs=1e-12), (
                    part,
                    name,
                )


def test_auc_within_folds_is_the_mean_of_the_folds_weighted_by_pairs_and_blind_to_their_calibration():
    probability, case = scores(90, decimals=9)
    fold = np.repeat([1, 2, 3], 30)
    one = np.ones((90, 1))
    plain = all_metrics(probability, case, fold, one)
    pairs = [case[fold == part].sum() * (~case[fold == part]).sum() for part in (1, 2, 3)]
    expected = np.average(plain[1:, METRICS.index("auc"), 0], weights=pairs)
    shifted = all_metrics(probability / 10 + 0.3 * (fold - 1), case, fold, one)
    within, pooled = METRICS.index("auc_within_fold"), METRICS.index("auc")
    assert plain[0, within, 0] == pytest.approx(expected) == shifted[0, within, 0]
    assert shifted[0, pooled, 0] < plain[0, pooled, 0] - 0.05


def test_precision_is_undefined_when_nobody_is_called_a_case_and_f1_is_then_zero():
    case = np.array([True, False, True, False])
    values = all_metrics(np.full(4, 0.2), case, np.ones(4, int), np.ones((4, 1)))[0, :, 0]
    assert np.isnan(values[METRICS.index("precision")])
    assert values[METRICS.index("f1")] == values[METRICS.index("recall")] == 0
    assert values[METRICS.index("auc")] == 0.5


def test_auc_is_undefined_in_a_fold_of_one_class():
    case = np.array([True, True, True, False])
    values = all_metrics(np.array([0.1, 0.2, 0.7, 0.4]), case, np.array([1, 1, 2, 2]), np.ones((4, 1)))[..., 0]
    assert np.isnan(values[1, METRICS.index("auc")]) and values[2, METRICS.index("auc")] == 1
    assert values[0, METRICS.index("auc_within_fold")] == 1


def test_relatives_are_drawn_together_and_as_many_families_as_there_are():
    family = np.array([0, 0, 1, 2, 2, 2])
    weights = np.concatenate(list(resample_weights(family, 50, seed=3, at_once=20)), axis=1)
    assert weights.shape == (6, 50)
    assert (weights[0] == weights[1]).all() and (weights[3] == weights[5]).all()
    assert (weights[[0, 2, 3]].sum(axis=0) == 3).all()
    assert (weights[0] != weights[2]).any()


def test_draws_do_not_depend_on_how_many_are_made_at_once():
    chunks = [np.concatenate(list(resample_weights(np.arange(31), 60, 5, at_once=size)), axis=1) for size in (7, 60)]
    assert (chunks[0] == chunks[1]).all()
    assert (chunks[0] != np.concatenate(list(resample_weights(np.arange(31), 60, 6)), axis=1)).any()


def auc_interval(probability, case, cluster, seed):
    values = [
        all_metrics(probability, case, np.ones(len(case), int), weights)[0, 0]
        for weights in resample_weights(cluster, 400, seed)
    ]
    return interval(np.concatenate(values))


def test_the_interval_of_a_useless_model_covers_one_half_as_often_as_it_says():
    covered = 0
    for seed in range(60):
        probability, case = scores(150, seed=seed, signal=0.0, decimals=9)
        low, high = auc_interval(probability, case, np.arange(150), seed)
        covered += low <= 0.5 <= high
    assert covered >= 52


def test_drawing_families_keeps_the_interval_as_wide_as_the_independent_evidence_allows():
    probability, case = scores(60, decimals=9)
    four = np.repeat(np.arange(60), 4)
    copied = [
        np.subtract(*auc_interval(probability[four], case[four], cluster, 1)) for cluster in (four, np.arange(240))
    ]
    alone = np.subtract(*auc_interval(probability, case, np.arange(60), 1))
    assert copied[0] == pytest.approx(alone, rel=0.2)
    assert abs(copied[1]) < 0.7 * abs(alone)


def test_an_interval_leaves_out_undefined_resamples_unless_they_are_most():
    values = np.stack([np.arange(100.0), np.arange(100.0)])
    values[0, :20] = np.nan
    values[1, :60] = np.nan
    low, high = interval(values)
    assert 20 <= low[0] < high[0] <= 99 and np.isnan(low[1]) and np.isnan(high[1])


def test_a_p_value_is_never_zero_one_for_equal_models_and_agrees_with_the_interval():
    differences = np.stack([np.full(999, 0.1), np.zeros(999), np.linspace(-0.4, 0.6, 999), np.linspace(-0.01, 1, 999)])
    values = p_value(differences)
    low, high = interval(differences)
    assert values[0] == pytest.approx(2 / 1000) and values[1] == 1
    assert ((values < 0.05) == ((low > 0) | (high < 0))).all()


def test_curves_are_short_start_and_end_where_they_should_and_keep_the_area():
    probability, case = scores(3000, decimals=9)
    table = curves(probability, case)
    roc, pr, bins = (table[table["curve"] == name] for name in ("roc", "pr", "calibration"))
    assert len(roc) <= 200 and len(pr) <= 200 and len(bins) == 10
    assert tuple(roc.iloc[0][["x", "y"]]) == (0, 0) and tuple(roc.iloc[-1][["x", "y"]]) == (1, 1)
    assert np.trapezoid(roc["y"], roc["x"]) == pytest.approx(reference.roc_auc_score(case, probability), abs=0.003)
    assert pr["x"].iloc[-1] == 1 and pr["y"].iloc[-1] == pytest.approx(case.mean())
    assert roc["people"].iloc[-1] == bins["people"].sum() == 3000 and (bins["people"] == 300).all()
    assert np.average(bins["y"], weights=bins["people"]) == pytest.approx(case.mean())


def test_points_of_a_small_curve_are_the_thresholds_themselves():
    table = curves(np.array([0.9, 0.6, 0.6, 0.1]), np.array([True, True, False, False]))
    roc = table[table["curve"] == "roc"]
    assert list(zip(roc["x"], roc["y"], roc["people"], strict=True)) == [
        (0, 0, 0),
        (0, 0.5, 1),
        (0.5, 1, 3),
        (1, 1, 4),
    ]


def test_calibration_of_a_constant_prediction_is_one_bin():
    table = curves(np.full(50, 0.3), np.arange(50) < 10)
    bins = table[table["curve"] == "calibration"]
    pd.testing.assert_frame_equal(
        bins.reset_index(drop=True),
        pd.DataFrame({"curve": ["calibration"], "x": [0.3], "y": [0.2], "people": [50]}),
    )
