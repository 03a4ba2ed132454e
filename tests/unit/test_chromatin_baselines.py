"""Chromatin baselines learn from training genes, choose on validation genes, and only predict test genes."""

import dataclasses

import numpy as np
import pytest
from epigenome_files import write_epigenome
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from promoternets.baselines import chromatin, chromatin_models
from promoternets.baselines.chromatin import converged, fit_and_predict, fit_chromatin
from promoternets.baselines.chromatin_models import MODELS, mark_maxima, neighbour_means
from promoternets.errors import InputError
from promoternets.formats.genes_and_bins import SignalScaling, read_epigenome

TARGETS = ("label", "expression")


@pytest.fixture(autouse=True)
def small_forests(monkeypatch):
    monkeypatch.setattr(chromatin_models, "TREES", 40)
    monkeypatch.setattr(chromatin_models, "SEARCH_TREES", 10)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return read_epigenome(*write_epigenome(tmp_path_factory.mktemp("epigenome")))


def halves(data, target="label"):
    outcome = data.outcome(target)
    return [(data.signal[data.indices(part)], outcome[data.indices(part)]) for part in ("train", "valid")]


def test_neighbouring_bins_are_averaged_by_ten_and_the_last_group_may_be_smaller():
    signal = np.arange(2 * 2 * 25, dtype=np.float32).reshape(2, 2, 25)
    columns = neighbour_means(signal)
    assert columns.shape == (2, 6) and columns.dtype == np.float32
    assert columns[1, 3:].tolist() == [signal[1, 1, :10].mean(), signal[1, 1, 10:20].mean(), signal[1, 1, 20:].mean()]


def test_the_highest_bin_is_the_same_in_any_order_of_bins_and_the_means_are_not(data):
    turned = np.random.default_rng(0).permuted(data.signal, axis=2)
    assert np.array_equal(mark_maxima(turned), mark_maxima(data.signal))
    assert not np.allclose(neighbour_means(turned), neighbour_means(data.signal))
    model = fit_chromatin("max_mark", *halves(data), target="label", seed=1)
    assert np.array_equal(model.predict(turned), model.predict(data.signal))


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("target", TARGETS)
def test_a_planted_effect_is_found_in_genes_not_seen(data, name, target):
    table, about = fit_and_predict(name, data, target=target, seed=1)
    test = table[table["part"] == "test"]
    assert set(table["part"]) == {"valid", "test"} and len(table) == 120 and (table["seed"] == 1).all()
    if target == "label":
        assert roc_auc_score(test["label"], test["score"]) > 0.7 and test["score"].between(0, 1).all()
    else:
        assert np.corrcoef(test["label"], test["score"])[0, 1] > 0.5
    assert about["converged"] and about["training_genes"] == 120 and about["valid_genes"] == 60


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("target", TARGETS)
def test_other_test_genes_change_neither_settings_nor_the_prediction_of_a_gene(data, name, target):
    rows = data.indices("test")
    signal, label, expression = data.signal.copy(), data.label.copy(), data.target.copy()
    signal[rows[1:]] = 1000.0
    label[rows[1:]], expression[rows[1:]] = 1 - label[rows[1:]], 99.0
    changed = dataclasses.replace(data, signal=signal, label=label, target=expression)
    (first, about), (second, again) = (fit_and_predict(name, each, target=target, seed=1) for each in (data, changed))
    assert about == again
    same = first["gene_id"].isin([data.gene_ids[rows[0]], *data.gene_ids[data.indices("valid")]])
    assert first.loc[same, "score"].tolist() == second.loc[same, "score"].tolist()


def test_labels_of_validation_genes_choose_and_calibrate_but_do_not_fit(data):
    train, valid = halves(data)
    model = fit_chromatin("logistic_regression", train, valid, target="label", seed=1)
    turned = fit_chromatin("logistic_regression", train, (valid[0], 1 - valid[1]), target="label", seed=1)
    columns = neighbour_means(SignalScaling.fit(train[0])(train[0]))
    for each in (model, turned):
        scale, fitted = each.estimator.steps[0][1], each.estimator.steps[1][1]
        alone = LogisticRegression(C=fitted.C, max_iter=10_000).fit(scale.transform(columns), train[1])
        assert fitted.coef_ == pytest.approx(alone.coef_, abs=1e-9)
    assert model.about["valid_value"] > 0.75 and turned.about["valid_value"] < 0.5


@pytest.mark.parametrize("name", ["logistic_regression", "svc"])
def test_the_setting_with_the_highest_auc_of_validation_genes_is_taken(data, name):
    train, valid = halves(data)
    model = fit_chromatin(name, train, valid, target="label", seed=1)
    kind, scaling = MODELS[name], SignalScaling.fit(train[0])
    x, held = kind.columns(scaling(train[0])), kind.columns(scaling(valid[0]))
    aucs = {}
    for setting in kind.grid(x.shape[1], "label"):
        fitted = kind.build(setting, "label", 0).fit(x, train[1])
        said = ", ".join(f"{key}={value:g}" for key, value in setting.items())
        aucs[said] = roc_auc_score(valid[1], fitted.decision_function(held))
    assert aucs[model.about["setting"]] == pytest.approx(max(aucs.values()), abs=2e-3)
    assert model.about["valid_value"] == pytest.approx(aucs[model.about["setting"]]) and len(aucs) >= 13


def test_probabilities_of_an_svm_keep_the_order_of_its_decisions_and_fit_validation_genes(data):
    train, valid = halves(data)
    model = fit_chromatin("svc", train, valid, target="label", seed=1)
    decision = model.estimator.decision_function(model.model.columns(model.scaling(data.signal)))
    probability = model.predict(data.signal)
    slope, intercept = model.calibration
    assert slope > 0 and probability == pytest.approx(expit(slope * decision + intercept))
    assert model.predict(valid[0]).mean() == pytest.approx(valid[1].mean(), abs=0.03)


def test_a_strong_penalty_does_not_leave_every_gene_uncalled(data, monkeypatch):
    strongest = dataclasses.replace(MODELS["max_mark"], grid=lambda columns, target: [{"C": 1e-8}])
    monkeypatch.setitem(MODELS, "max_mark", strongest)
    rare = data.label * (np.arange(len(data.label)) % 3 > 0)
    valid = data.indices("valid")
    train = (data.signal[data.indices("train")], rare[data.indices("train")])
    model = fit_chromatin("max_mark", train, (data.signal[valid], data.label[valid]), target="label", seed=1)
    called = model.predict(data.signal[data.indices("test")]) >= 0.5
    assert 0.25 < called.mean() < 0.75


@pytest.mark.parametrize("target", TARGETS)
def test_many_training_genes_compare_svm_settings_in_part_and_that_is_said(data, monkeypatch, caplog, target):
    monkeypatch.setattr(chromatin, "KERNEL_SEARCH_GENES", 50)
    with caplog.at_level("INFO"):
        first, again = (fit_chromatin("svc", *halves(data, target), target=target, seed=3) for _ in range(2))
    assert first.about == again.about and first.about["search_genes"] == 50 and first.about["training_genes"] == 120
    assert "settings are compared on 50 of 120 training genes, the chosen one is fitted to all" in caplog.text
    fitted = getattr(first.estimator, "regressor_", first.estimator)
    assert fitted.shape_fit_[0] == 120


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_an_estimator_that_was_stopped_says_so(data):
    train, _ = halves(data)
    x = neighbour_means(train[0])
    assert not converged(LogisticRegression(max_iter=2).fit(x, train[1]))
    assert converged(LogisticRegression(max_iter=10_000).fit(x, train[1]))
    assert not converged(MODELS["svc"].build({"max_iter": 3}, "expression", 0).fit(x, train[1]))


def test_a_name_that_is_no_baseline_is_refused():
    with pytest.raises(InputError, match="'lasso' is not a baseline. Choose one of logistic_regression, svc"):
        chromatin_models.chromatin_baseline("lasso")
