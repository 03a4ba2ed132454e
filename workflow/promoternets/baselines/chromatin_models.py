"""The chromatin baselines by name: which columns they see, which settings are tried, how they are built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR

from promoternets.baselines.settings import ITERATIONS, SVM_ITERATIONS, Setting
from promoternets.errors import InputError
from promoternets.formats.gene_predictions import Target

NEIGHBOURS = 10  # bins averaged to one column
TREES = 300
SEARCH_TREES = 100  # of a forest while settings are compared


@dataclass(frozen=True)
class ChromatinBaseline:
    """One baseline.

    columns : float32 [gene, mark, bin], scaled, to float32 [gene, column].
    grid : settings to choose from, the simplest first, given the number of columns and the target.
    build : the estimator for one setting, given the target and a seed.
    search : what is given to `build` beside a setting while settings are compared.
    kernel : whether the columns enter through an RBF kernel, so that cost grows with the genes squared.
    """

    columns: Callable[[np.ndarray], np.ndarray]
    grid: Callable[[int, Target], list[Setting]]
    build: Callable[[Setting, Target, int], BaseEstimator]
    search: Setting
    kernel: bool = False


def neighbour_means(signal: np.ndarray) -> np.ndarray:
    """Return means of ten neighbouring bins, float32 [gene, marks * groups]; the last group may be smaller."""
    starts = np.arange(0, signal.shape[2], NEIGHBOURS)
    sizes = np.diff(starts, append=signal.shape[2])
    return (np.add.reduceat(signal, starts, axis=2) / sizes.astype(np.float32)).reshape(len(signal), -1)


def mark_maxima(signal: np.ndarray) -> np.ndarray:
    """Return each mark's highest bin, float32 [gene, marks]: what ShallowChrome (Frasca et al. 2022) reads."""
    return signal.max(axis=2)


def all_bins(signal: np.ndarray) -> np.ndarray:
    """Return every bin of every mark, float32 [gene, marks * bins]."""
    return signal.reshape(len(signal), -1)


def _linear(setting: Setting, target: Target, seed: int) -> BaseEstimator:
    if target == "label":
        return make_pipeline(StandardScaler(), LogisticRegression(max_iter=ITERATIONS, **setting))
    return make_pipeline(StandardScaler(), Ridge(**setting))


def _linear_grid(columns: int, target: Target) -> list[Setting]:
    """Half powers of ten, the strongest penalty first: C of logistic regression, alpha of ridge regression."""
    powers = np.arange(-4, 2.5, 0.5)
    if target == "label":
        return [{"C": _round(10.0**power)} for power in powers]
    return [{"alpha": _round(10.0 ** (3 - power))} for power in powers]


def _svm(setting: Setting, target: Target, seed: int) -> BaseEstimator:
    options = {"kernel": "rbf", "max_iter": SVM_ITERATIONS, "cache_size": 500} | setting
    if target == "label":
        return SVC(**options)
    # The width of the tube, 0.1 by default, is in standard deviations of the target.
    return TransformedTargetRegressor(SVR(**options), transformer=StandardScaler())


def _svm_grid(columns: int, target: Target) -> list[Setting]:
    """Choose gamma about one over the number of columns, which have unit variance: scikit-learn's `scale` is 1."""
    gammas = [_round(gamma / columns) for gamma in (0.03, 0.1, 0.3, 1.0, 3.0)]
    return [{"C": c, "gamma": gamma} for c in (0.1, 0.3, 1.0, 3.0, 10.0) for gamma in gammas]


def _forest(setting: Setting, target: Target, seed: int) -> BaseEstimator:
    kind = RandomForestClassifier if target == "label" else RandomForestRegressor
    return kind(**({"n_estimators": TREES, "max_features": "sqrt"} | setting), random_state=seed, n_jobs=1)


def _forest_grid(columns: int, target: Target) -> list[Setting]:
    return [{"min_samples_leaf": leaf} for leaf in (20, 5, 1)]


def _round(value: float) -> float:
    return float(f"{value:.4g}")


MODELS: dict[str, ChromatinBaseline] = {
    "logistic_regression": ChromatinBaseline(neighbour_means, _linear_grid, _linear, {}),
    "svc": ChromatinBaseline(all_bins, _svm_grid, _svm, {"kernel": "precomputed"}, kernel=True),
    "random_forest": ChromatinBaseline(all_bins, _forest_grid, _forest, {"n_estimators": SEARCH_TREES}),
    "max_mark": ChromatinBaseline(mark_maxima, _linear_grid, _linear, {}),
}
Name = Literal["logistic_regression", "svc", "random_forest", "max_mark"]


def chromatin_baseline(name: str) -> ChromatinBaseline:
    """Return the baseline of this name.

    Raises
    ------
    InputError
        When there is none.
    """
    if name not in MODELS:
        raise InputError(f"{name!r} is not a baseline", fix=f"Choose one of {', '.join(MODELS)}")
    return MODELS[name]
