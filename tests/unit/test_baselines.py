"""Baselines learn from training people only, keep families together, and say when they did not converge."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.svm import SVC

from promoternets.baselines.columns import CovariateColumns, GenotypeColumns, RawGenotypes, TrainingSpan
from promoternets.baselines.fit import fit
from promoternets.baselines.search import inner_splits, search
from promoternets.baselines.settings import BASELINES
from promoternets.calibration import platt
from promoternets.errors import InputError

TUNED = ("logistic_regression", "linear_svm", "rbf_svm", "random_forest", "adaboost")
QUICK = ("logistic_regression", "linear_svm", "rbf_svm")


@pytest.fixture(autouse=True)
def small_forests_and_short_boosting(monkeypatch):
    """Keep every code path, with few trees."""
    from promoternets.baselines import search, settings

    monkeypatch.setattr(search, "SEARCH_TREES", 10)
    monkeypatch.setattr(settings, "TREES", 30)
    monkeypatch.setattr(settings, "ADABOOST_ROUNDS", (5, 20))


def cohort(people=120, sites=200, *, seed=0, effect=1.5):
    """Return genotypes with missing calls, an absent and a constant site; cases by the first three sites."""
    random = np.random.default_rng(seed)
    x = random.binomial(2, random.uniform(0.1, 0.5, sites), (people, sites)).astype(np.int8)
    liability = effect * (x[:, :3] - x[:, :3].mean(axis=0)).sum(axis=1) + random.logistic(size=people)
    x[random.random(x.shape) < 0.02] = -1
    x[:, -1] = -2
    x[:, -2] = 1
    return x, liability > np.median(liability)


def test_columns_are_imputed_with_the_training_mean_and_absent_and_constant_ones_dropped():
    x = np.array([[0, 1, -2, -1, 1], [2, 1, -2, -1, -1], [-1, 1, -2, -1, 0], [2, 1, -2, -1, 0]], dtype=np.int8)
    plain = GenotypeColumns(scale=False).fit(x)
    assert plain.kept_.tolist() == [True, False, False, False, True]
    assert plain.dropped_ == {"absent": 1, "never_called": 1, "constant": 1}
    assert plain.transform(x)[:, 0] == pytest.approx([0, 2, 4 / 3, 2])
    scaled = GenotypeColumns(scale=True).fit(x).transform(x)
    assert scaled.mean(axis=0) == pytest.approx([0, 0], abs=1e-12) and scaled.std(axis=0) == pytest.approx([1, 1])


def test_published_models_see_missing_as_minus_one():
    x = np.array([[0, -1, -2], [2, 1, -2]], dtype=np.int8)
    assert RawGenotypes().fit(x).transform(x).tolist() == [[0, -1], [2, 1]]


def test_sites_that_never_differ_are_an_error_not_a_model():
    with pytest.raises(InputError, match="none of the selected sites differs"):
        GenotypeColumns().fit(np.ones((5, 3), dtype=np.int8))


def test_the_rotation_onto_the_training_span_changes_no_linear_model():
    x, case = cohort(60, 150)
    x = GenotypeColumns().fit(x[:40]).transform(x)
    span = TrainingSpan().fit(x[:40])
    assert span.transform(x).shape[1] < 40
    direct = LogisticRegression(C=0.1, tol=1e-8, max_iter=5000).fit(x[:40], case[:40]).decision_function(x[40:])
    turned = LogisticRegression(C=0.1, tol=1e-8, max_iter=5000).fit(span.transform(x[:40]), case[:40])
    assert turned.decision_function(span.transform(x[40:])) == pytest.approx(direct, abs=1e-4)


def test_following_the_path_of_penalties_gives_the_scores_of_separate_fits():
    x, case = cohort(60, 150)
    model, train, held = BASELINES["logistic_regression"], np.arange(40), np.arange(40, 60)
    settings = model.grid(148)[5:8]
    found = search(model, settings, GenotypeColumns(), x, case, [(train, held)], seed=0, threads=1)
    columns = GenotypeColumns().fit(x[train])
    for setting, score in zip(settings, found.score, strict=True):
        alone = LogisticRegression(max_iter=5000, **setting).fit(columns.transform(x[train]), case[train])
        assert score[held] == pytest.approx(alone.decision_function(columns.transform(x[held])), abs=0.01)


@pytest.mark.parametrize("name", ["linear_svm", "rbf_svm"])
def test_the_shared_kernel_gives_the_scores_of_an_ordinary_svm(name):
    x, case = cohort(60, 50)
    model, train, held = BASELINES[name], np.arange(40), np.arange(40, 60)
    settings = model.grid(48)[-2:]
    found = search(model, settings, GenotypeColumns(), x, case, [(train, held)], seed=0, threads=1)
    columns = GenotypeColumns().fit(x[train])
    for setting, score in zip(settings, found.score, strict=True):
        svm = SVC(kernel="linear" if name == "linear_svm" else "rbf", **setting)
        svm.fit(columns.transform(x[train]), case[train])
        assert score[held] == pytest.approx(svm.decision_function(columns.transform(x[held])), abs=1e-2)


def test_boosting_read_on_the_way_equals_boosting_that_stops_there():
    x, case = cohort(80, 30)
    model, train, held = BASELINES["adaboost"], np.arange(50), np.arange(50, 80)
    settings = [{"max_depth": 1, "learning_rate": 0.5, "n_estimators": rounds} for rounds in (3, 8)]
    split = [(train, held)]
    together = search(model, settings, GenotypeColumns(scale=False), x, case, split, seed=0, threads=1).score
    alone = [
        search(model, [one], GenotypeColumns(scale=False), x, case, split, seed=0, threads=1).score[0]
        for one in settings
    ]
    assert np.array_equal(together, np.array(alone), equal_nan=True)


@pytest.mark.parametrize("name", TUNED)
def test_a_planted_effect_is_found(name):
    x, case = cohort(300, 60, effect=2.0)
    model = fit(name, x[:200], case[:200], np.arange(200), seed=1)
    assert roc_auc_score(case[200:], model.probability(x[200:])) > 0.7


@pytest.mark.parametrize("name", [*TUNED, "logistic_regression_published", "rbf_svm_published"])
def test_other_test_people_change_neither_the_model_nor_a_persons_prediction(name):
    x, case = cohort(100, 40)
    first = fit(name, x[:70], case[:70], np.arange(70), seed=1)
    probability = first.probability(x[70:])
    changed = x[70:].copy()
    changed[1:] = 2
    assert first.probability(changed)[0] == pytest.approx(probability[0], abs=1e-12)
    again = fit(name, x[:70], case[:70], np.arange(70), seed=1)
    assert np.array_equal(again.probability(x[70:]), probability)


@pytest.mark.parametrize("name", ["linear_svm", "random_forest"])
def test_threads_do_not_change_a_prediction(name):
    x, case = cohort(80, 40)
    one, two = (
        fit(name, x[:60], case[:60], np.arange(60), seed=1, threads=threads).probability(x[60:]) for threads in (1, 2)
    )
    assert one == pytest.approx(two, abs=1e-12)


def test_families_stay_together_in_inner_parts():
    random = np.random.default_rng(0)
    case, family = random.random(90) < 0.5, np.arange(90) // 3
    for train, held in inner_splits(case, family, 5, seed=1):
        assert not set(family[train]) & set(family[held])
    with pytest.raises(InputError, match="too related"):
        inner_splits(np.array([True, True, False, False]), np.array([0, 0, 1, 2]), 5, seed=1)


def test_inner_parts_are_fewer_where_a_class_is_small():
    case = np.arange(40) < 3
    assert len(inner_splits(case, np.arange(40), 5, seed=1)) == 3


def test_copies_of_a_person_in_both_parts_would_flatter_and_do_not():
    random = np.random.default_rng(3)
    x = np.repeat(random.integers(0, 3, (40, 60)), 3, axis=0).astype(np.int8)
    case = np.repeat(random.random(40) < 0.5, 3)
    honest = fit("rbf_svm", x, case, np.repeat(np.arange(40), 3), seed=1).details["inner_auc"]
    flattered = fit("rbf_svm", x, case, np.arange(120), seed=1).details["inner_auc"]
    assert flattered > 0.95 and honest < 0.75


@pytest.mark.parametrize("name", QUICK)
def test_permuted_labels_predict_nothing(name):
    values = []
    for seed in range(3):
        x, case = cohort(200, 60, seed=seed)
        case = np.random.default_rng(seed).permutation(case)
        model = fit(name, x[:120], case[:120], np.arange(120), seed=seed)
        values.append(roc_auc_score(case[120:], model.probability(x[120:])))
    assert abs(np.mean(values) - 0.5) < 0.1


def test_the_tuned_model_converges_and_the_published_one_says_that_it_did_not():
    x, case = cohort(150, 200)
    tuned = fit("logistic_regression", x, case, np.arange(150), seed=1).details
    assert tuned["converged"] and tuned["warnings"] == [] and tuned["iterations"] < 1000
    assert all(entry["converged"] for entry in tuned["tried"]) and len(tuned["tried"]) >= 10
    published = fit("logistic_regression_published", x, case, np.arange(150), seed=1).details
    assert not published["converged"] and "failed to converge" in published["warnings"][0]
    assert published["iterations"] == 10 and published["chosen"] == {"C": 10.0, "max_iter": 10}


def test_an_svm_that_was_stopped_says_so(monkeypatch):
    from promoternets.baselines import search, settings

    monkeypatch.setattr(settings, "SVM_ITERATIONS", 5)
    monkeypatch.setattr(search, "SVM_ITERATIONS", 5)
    x, case = cohort(80, 40)
    details = fit("linear_svm", x, case, np.arange(80), seed=1).details
    assert not details["converged"] and not any(entry["converged"] for entry in details["tried"])


def test_published_settings_are_those_of_the_reference():
    x, case = cohort(30, 120)
    forest = fit("random_forest_published", x, case, np.arange(30), seed=1).details["classifier"]
    assert (forest["n_estimators"], forest["max_depth"], forest["max_features"]) == (1000, 5, 100)
    svm = fit("rbf_svm_published", x, case, np.arange(30), seed=1).details["classifier"]
    assert (svm["kernel"], svm["C"], svm["gamma"]) == ("rbf", 1.0, 0.001)
    boost = BASELINES["adaboost_published"]
    built = boost.build(boost.grid(10)[0], 0, 1)
    assert (built.n_estimators, built.estimator.max_depth) == (1000, 3)


def test_calibration_finds_the_slope_and_never_turns_a_ranking_around():
    random = np.random.default_rng(0)
    score = random.normal(size=5000)
    case = random.random(5000) < 1 / (1 + np.exp(-(2 * score - 1)))
    slope, intercept = platt(score, case)
    assert slope == pytest.approx(2, abs=0.15) and intercept == pytest.approx(-1, abs=0.1)
    assert platt(-score, case)[0] > 0
    assert platt(np.zeros(10), np.arange(10) < 5)[1] == pytest.approx(0, abs=1e-3)


def covariates(people=200, seed=0):
    random = np.random.default_rng(seed)
    case = random.random(people) < 0.5
    batch = np.where(random.random(people) < 0.85, case, ~case).astype(int) + 1
    return pd.DataFrame({"batch": batch.astype(str), "age": random.normal(50, 9, people).round(1).astype(str)}), case


def test_a_batch_effect_is_found_from_covariates_alone_although_batches_are_numbered():
    table, case = covariates()
    table["batch"] = table["batch"].map({"1": "1", "2": "3"}).where(np.arange(200) % 5 > 0, "2")
    model = fit("covariates", table[:150], case[:150], np.arange(150), seed=1)
    assert model.details["covariates"] == {"batch": "categories", "age": "numeric"}
    assert model.details["columns"] == ["batch=1", "batch=2", "batch=3", "age"]
    assert roc_auc_score(case[150:], model.probability(table[150:])) > 0.7


def test_covariates_missing_unknown_and_constant():
    train = pd.DataFrame({
        "sex": ["f", "m", None, "f"], "age": ["40.5", None, "60", "50"], "site": ["x", "x", "x", "x"],
    })  # fmt: skip
    columns = CovariateColumns().fit(train)
    assert columns.names_ == ["sex=NA", "sex=f", "sex=m", "age", "age missing"]
    assert columns.kinds_["site"] == "constant (left out)"
    values = columns.transform(train)
    assert values[1, 3] == pytest.approx((50 - train["age"].fillna("50").astype(float).mean()) / values_spread(train))
    assert values[:, 4].tolist() == [0, 1, 0, 0]
    test = pd.DataFrame({"sex": ["other"], "age": ["old"], "site": ["y"]})
    assert columns.transform(test)[0, :3].tolist() == [0, 0, 0] and columns.unknown(test) == {
        "sex": 1,
        "age": 1,
    }


def values_spread(train):
    return train["age"].fillna("50").astype(float).std(ddof=0)
