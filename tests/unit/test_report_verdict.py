"""The verdict says what the intervals allow, and no more."""

import pandas as pd
import pytest

from promoternets.report.verdict import best_of, judge


def metrics(**auc: tuple[float, float, float]) -> pd.DataFrame:
    rows = [(model, "all", "all", "auc", *values) for model, values in auc.items()]
    rows += [(model, "1", "all", "auc", 0.99, 0.98, 1.0) for model in auc]
    return pd.DataFrame(rows, columns=["model", "fold", "seed", "metric", "value", "low", "high"])


def comparisons(**against: tuple[float, float, float]) -> pd.DataFrame:
    rows = [("als_net", model, "auc", *values) for model, values in against.items()]
    return pd.DataFrame(rows, columns=["model", "against", "metric", "difference", "low", "high"])


BETTER, SAME, WORSE = (0.1, 0.05, 0.15), (0.01, -0.02, 0.04), (-0.1, -0.15, -0.05)


def test_good_prediction_better_than_covariates_and_linear_models():
    found = judge(
        metrics(als_net=(0.85, 0.8, 0.9), logistic_regression=(0.75, 0.7, 0.8), covariates=(0.5, 0.45, 0.55)),
        comparisons(logistic_regression=BETTER, covariates=(0.35, 0.3, 0.4)),
    )
    assert (
        found.headline == "ALS-Net separates cases from controls well, and better "
        "than the covariates alone; it beats logistic regression."
    )
    assert "AUC 0.850 [0.800, 0.900]" in found.predicts and "above 0.5" in found.predicts
    assert "Paired difference +0.350 [+0.300, +0.400]. ALS-Net does better." in found.covariates


@pytest.mark.parametrize(
    ("best", "name"),
    [
        ("elastic_net", "elastic net"),
        ("elastic_net_all", "elastic net, all promoter sites"),
        ("ridge_all", "ridge, all promoter sites"),
        ("polygenic_score", "polygenic score"),
        ("logistic_regression_gwas", "logistic regression, GWAS sites"),
    ],
)
def test_the_best_of_all_linear_rivals_is_the_one_to_beat(best, name):
    rivals = {best: (0.9, 0.85, 0.95), "logistic_regression": (0.8, 0.7, 0.9), "random_forest": (0.95, 0.9, 1.0)}
    found = judge(
        metrics(als_net=(0.85, 0.8, 0.9), **rivals), comparisons(**{best: WORSE, "logistic_regression": BETTER})
    )
    assert found.best_linear == best and f"; {name} does better." in found.headline


def test_interval_that_includes_chance_is_no_evidence():
    found = judge(metrics(als_net=(0.53, 0.47, 0.59)), comparisons())
    assert found.headline == "No evidence that ALS-Net tells cases from controls."
    assert "includes 0.5" in found.predicts


def test_baseline_that_predicts_where_the_network_does_not_is_named():
    found = judge(
        metrics(als_net=(0.53, 0.47, 0.59), linear_svm=(0.62, 0.57, 0.67), random_forest=(0.6, 0.52, 0.68)),
        comparisons(),
    )
    assert found.headline.endswith("though linear SVM does.")


def test_covariates_that_predict_where_the_network_does_not_are_named():
    found = judge(metrics(als_net=(0.53, 0.47, 0.59), covariates=(0.7, 0.6, 0.8)), comparisons(covariates=WORSE))
    assert found.headline.endswith("; the covariates alone do.")


def test_worse_than_chance_is_a_fault_to_look_for():
    assert "check the labels" in judge(metrics(als_net=(0.3, 0.2, 0.4)), comparisons()).headline


@pytest.mark.parametrize(
    ("covariates", "difference", "words"),
    [
        ((0.85, 0.8, 0.9), (-0.15, -0.2, -0.1), "but the covariates alone do better"),
        ((0.71, 0.66, 0.76), (-0.01, -0.04, 0.02), "but the covariates alone do as well"),
        ((0.68, 0.63, 0.73), (0.02, -0.02, 0.06), "but is not shown to beat the covariates alone"),
        ((0.60, 0.55, 0.65), BETTER, "and better than the covariates alone"),
    ],
)
def test_covariates_are_judged_by_the_paired_interval(covariates, difference, words):
    found = judge(metrics(als_net=(0.7, 0.65, 0.75), covariates=covariates), comparisons(covariates=difference))
    assert words in found.headline


def test_covariates_that_predict_are_a_caution_even_when_beaten():
    found = judge(metrics(als_net=(0.7, 0.65, 0.75), covariates=(0.6, 0.55, 0.65)), comparisons(covariates=BETTER))
    assert "The covariates do predict the label" in found.covariates


def test_covariates_never_compared_are_not_claimed_to_be_equal():
    found = judge(metrics(als_net=(0.7, 0.65, 0.75), covariates=(0.6, 0.55, 0.65)), comparisons())
    assert "was not compared with the covariates alone" in found.headline


def test_without_covariates_in_the_sample_table_their_model_is_no_check():
    values = metrics(als_net=(0.7, 0.65, 0.75), covariates=(0.5, 0.5, 0.5))
    found = judge(values, comparisons(covariates=(0.2, 0.15, 0.25)), has_covariates=False)
    assert found.over_covariates is None and found.covariates_auc is None
    assert "no covariates to check it against" in found.headline
    assert "is not known" in found.covariates


@pytest.mark.parametrize(
    ("difference", "headline", "sentence"),
    [
        (BETTER, "it beats linear SVM", "finds something a linear model does not"),
        (WORSE, "linear SVM does better", "not worth its complexity"),
        (SAME, "linear SVM does about as well", "cannot tell the two apart"),
        ((0.05, -0.02, 0.12), "these people cannot tell it from linear SVM", "cannot tell the two apart"),
    ],
)
def test_best_linear_model_is_judged_by_the_paired_interval(difference, headline, sentence):
    values = metrics(als_net=(0.7, 0.65, 0.75), logistic_regression=(0.6, 0.5, 0.7), linear_svm=(0.65, 0.6, 0.7))
    found = judge(values, comparisons(linear_svm=difference, logistic_regression=BETTER))
    assert found.best_linear == "linear_svm"
    assert headline in found.headline and sentence in found.linear


def test_a_bound_on_the_value_of_no_effect_is_no_claim():
    found = judge(metrics(als_net=(0.6, 0.5, 0.7)), comparisons())
    assert found.headline.startswith("No evidence")


def test_no_interval_is_no_evidence():
    assert judge(metrics(als_net=(0.9, float("nan"), float("nan"))), comparisons()).headline.startswith("No evidence")


def test_no_result_is_said():
    found = judge(metrics(random_forest=(0.9, 0.8, 1.0)), comparisons())
    assert "has no result" in found.headline and found.auc is None


def test_only_the_pooled_value_over_folds_and_seeds_counts():
    values = pd.concat(
        [metrics(logistic_regression=(0.6, 0.5, 0.7)), metrics(linear_svm=(0.61, 0.5, 0.7)).assign(seed="0")]
    )
    assert best_of(values, ("logistic_regression", "linear_svm")) == "logistic_regression"


def test_whether_it_predicts_is_judged_by_the_interval_that_allows_for_the_fits():
    values = metrics(als_net=(0.56, 0.51, 0.61), linear_svm=(0.57, 0.52, 0.62), covariates=(0.57, 0.52, 0.62))
    narrow = judge(values, comparisons())
    assert narrow.headline.startswith("ALS-Net separates") and "is too narrow" in narrow.predicts
    rows = [(model, "all", "all", "auc_over_fits", 0.565, 0.48, 0.64) for model in values["model"].unique()]
    wide = judge(pd.concat([values, pd.DataFrame(rows, columns=values.columns)]), comparisons())
    assert wide.headline == "No evidence that ALS-Net tells cases from controls."
    assert "AUC 0.560 [0.510, 0.610]" in wide.predicts and "0.565 [0.480, 0.640]" in wide.predicts
    assert "The interval includes 0.5" in wide.predicts and "too narrow" not in wide.predicts
