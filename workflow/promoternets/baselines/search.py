"""Inner cross-validation: scores of held-out training people under every setting, by the shortest way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator, clone
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.svm import SVC

from promoternets.baselines.columns import TrainingSpan
from promoternets.baselines.elastic_net import follow
from promoternets.baselines.settings import SVM_ITERATIONS, Baseline, Setting
from promoternets.errors import InputError
from promoternets.seeds import derive

SEARCH_TREES = 200  # of a forest while settings are compared; the chosen forest has more


@dataclass(frozen=True)
class Search:
    """Outcome of an inner cross-validation.

    score: float64 [settings, people], each person's while held out, NaN where never.
    auc: float64 [settings], the mean over the inner parts. converged: bool [settings], in all parts.
    """

    score: np.ndarray
    auc: np.ndarray
    converged: np.ndarray


def inner_splits(case: np.ndarray, family: np.ndarray, parts: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Split training people into inner parts, stratified by phenotype, families together.

    Returns
    -------
    Row numbers (training, held out) a part; both have both classes. Fewer parts where a class has fewer
    families than that.

    Raises
    ------
    InputError
        When the classes are too small or too related to be split.
    """
    fewest = min(len(np.unique(family[case == kind])) for kind in (True, False))
    if fewest >= 2:
        splitter = StratifiedGroupKFold(min(parts, fewest), shuffle=True, random_state=seed % 2**32)
        splits = [
            (train, held)
            for train, held in splitter.split(np.zeros(len(case)), case, family)
            if len(np.unique(case[train])) == len(np.unique(case[held])) == 2
        ]
        if splits:
            return splits
    raise InputError(
        f"the {case.sum()} cases and {(~case).sum()} controls in training are too few, or too related, "
        "to choose settings with",
        fix="Use fewer folds or more people",
    )


def search(
    model: Baseline,
    settings: list[Setting],
    columns: BaseEstimator,
    x: Any,
    case: np.ndarray,
    splits: list[tuple[np.ndarray, np.ndarray]],
    *,
    seed: int,
    threads: int,
) -> Search:
    """Score held-out training people under every setting.

    Columns are fitted anew in each part. Parts run in `threads` threads, except for logistic regression,
    whose warnings of non-convergence are caught in the main thread.
    """

    def one(number: int) -> tuple[np.ndarray, np.ndarray]:
        train, held = splits[number]
        fitted = clone(columns).fit(rows(x, train), case[train])
        parts = fitted.transform(rows(x, train)), case[train], fitted.transform(rows(x, held))
        return SEARCHES[model.kind](model, settings, *parts, derive(seed, "inner", number) % 2**32)

    jobs = 1 if model.kind == "logistic" else threads
    found = Parallel(n_jobs=jobs, prefer="threads")(delayed(one)(number) for number in range(len(splits)))
    score = np.full((len(settings), len(case)), np.nan)
    auc = np.empty((len(settings), len(splits)))
    for number, (scores, _) in enumerate(found):
        held = splits[number][1]
        score[:, held] = scores
        auc[:, number] = [roc_auc_score(case[held], row) for row in scores]
    return Search(score, auc.mean(axis=1), np.all([converged for _, converged in found], axis=0))


def rows(x: Any, which: np.ndarray) -> Any:
    """Return rows of an array or a table."""
    return x.iloc[which] if hasattr(x, "iloc") else x[which]


def _logistic(
    model: Baseline, settings: list[Setting], x: np.ndarray, case: np.ndarray, held: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Follow the path of penalties, each fit starting from the last."""
    span = TrainingSpan().fit(x)
    x, held = span.transform(x), span.transform(held)
    scores, converged = [], []
    fit = model.build(settings[0], seed, 1)
    for setting in settings:
        fit.set_params(**setting).fit(x, case)
        scores.append(fit.decision_function(held))
        converged.append(fit.n_iter_.max() < fit.max_iter)
    return np.array(scores), np.array(converged)


def _svm(
    model: Baseline, settings: list[Setting], x: np.ndarray, case: np.ndarray, held: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Make the products between people once, for every setting; 16 bytes of memory a pair of people."""
    x, held = np.asarray(x, dtype=np.float64), np.asarray(held, dtype=np.float64)
    products, products_held = x @ x.T, held @ x.T
    length, length_held = np.diag(products), np.einsum("pc,pc->p", held, held)
    scores, converged = [], []
    for gamma in dict.fromkeys(setting.get("gamma") for setting in settings):
        if gamma is None:
            kernel, kernel_held = products, products_held
        else:
            kernel = np.exp(-gamma * (length[:, None] + length - 2 * products))
            kernel_held = np.exp(-gamma * (length_held[:, None] + length - 2 * products_held))
        for number, setting in enumerate(settings):
            if setting.get("gamma") == gamma:
                fit = SVC(kernel="precomputed", C=setting["C"], max_iter=SVM_ITERATIONS).fit(kernel, case)
                scores.append((number, fit.decision_function(kernel_held)))
                converged.append((number, fit.fit_status_ == 0))
    ordered = [[value for _, value in sorted(pairs, key=lambda pair: pair[0])] for pairs in (scores, converged)]
    return np.array(ordered[0]), np.array(ordered[1])


def _elastic_net(
    model: Baseline, settings: list[Setting], x: np.ndarray, case: np.ndarray, held: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Follow one path of penalties for each mixture of the two."""
    scores = np.empty((len(settings), len(held)))
    converged = np.empty(len(settings), dtype=bool)
    for ratio in dict.fromkeys(setting["l1_ratio"] for setting in settings):
        own = [number for number, setting in enumerate(settings) if setting["l1_ratio"] == ratio]
        path = follow(x, case, ratio, [settings[number]["share"] for number in own])
        scores[own], converged[own] = path.score(held), path.converged
    return scores, converged


def _forest(
    model: Baseline, settings: list[Setting], x: np.ndarray, case: np.ndarray, held: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Compare smaller forests than the final one."""
    scores = [
        model.build({"n_estimators": SEARCH_TREES} | setting, seed, 1).fit(x, case).predict_proba(held)[:, 1]
        for setting in settings
    ]
    return np.array(scores), np.ones(len(settings), dtype=bool)


def _adaboost(
    model: Baseline, settings: list[Setting], x: np.ndarray, case: np.ndarray, held: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Boost once to the largest number of rounds, and read the smaller ones on the way."""
    scores = np.empty((len(settings), len(held)))
    alike: dict[tuple, list[int]] = {}
    for number, setting in enumerate(settings):
        alike.setdefault(tuple((name, value) for name, value in setting.items() if name != "n_estimators"), []).append(
            number
        )
    for numbers in alike.values():
        most = max((settings[number] for number in numbers), key=lambda setting: setting["n_estimators"])
        stages = list(model.build(most, seed, 1).fit(x, case).staged_decision_function(held))
        for number in numbers:  # boosting ends early when a tree is perfect: later rounds are the last one
            scores[number] = stages[min(settings[number]["n_estimators"], len(stages)) - 1]
    return scores, np.ones(len(settings), dtype=bool)


SEARCHES: dict[str, Callable[..., tuple[np.ndarray, np.ndarray]]] = {
    "logistic": _logistic,
    "svm": _svm,
    "elastic_net": _elastic_net,
    "forest": _forest,
    "adaboost": _adaboost,
}
