"""Metrics of a classifier for many weightings of the people at once.

Each function takes weights [people, resamples] and returns one value a resample. A column of ones gives the
plain metric; a column that counts how often each person was drawn gives the metric of that bootstrap
resample. Values equal scikit-learn's with `sample_weight`, ties included. Who has a probability of at least
0.5 is predicted a case.

Two rules for values that are not defined, both as NaN: `auc`, `auprc` and `recall` need cases (`auc` controls
too); `precision` needs somebody to be predicted a case. It is not set to 0, since a model that calls nobody a
case makes no wrong call either. `f1` is then 0, as everywhere, because all cases were missed.
"""

from __future__ import annotations

import numpy as np

METRICS = ("auc", "auc_within_fold", "auprc", "accuracy", "precision", "recall", "f1", "brier")
THRESHOLD = 0.5


def all_metrics(probability: np.ndarray, case: np.ndarray, fold: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return every metric, pooled over the folds and in each fold.

    The pooled AUC compares people across folds, who were scored by different fits. When the fits differ in
    calibration (a training part with one case more predicts a little higher everywhere) the pooled value is
    lower than the ranking within the folds deserves; with no signal at all it can fall well under 0.5.
    `auc_within_fold` is free of that: of all case-control pairs of the same fold, the share ranked the right
    way, which is the mean of the folds' AUCs weighted by their numbers of pairs. A large gap between the two
    means that the fits are calibrated differently.

    Parameters
    ----------
    probability : float [people], of being a case.
    case : bool [people].
    fold : int [people], 1..K.
    weights : float [people, resamples], at least 0.

    Returns
    -------
    float64 [1 + K, metrics, resamples]: index 0 is all folds pooled, index k is fold k; metrics in the order
    of `METRICS`. NaN where a metric is not defined; `auc_within_fold` only in index 0.
    """
    folds = int(fold.max())
    result = np.full((1 + folds, len(METRICS), weights.shape[1]), np.nan)
    at = {name: index for index, name in enumerate(METRICS)}
    right, pairs, result[0, at["auprc"]] = ranking_sums(probability, case, weights)
    result[0, at["auc"]] = _ratio(right, pairs)
    right, pairs = np.zeros_like(right), np.zeros_like(pairs)
    for number in range(1, folds + 1):
        rows = np.flatnonzero(fold == number)
        if rows.size == 0:
            continue
        right_here, pairs_here, result[number, at["auprc"]] = ranking_sums(probability[rows], case[rows], weights[rows])
        result[number, at["auc"]] = _ratio(right_here, pairs_here)
        right += right_here
        pairs += pairs_here
    result[0, at["auc_within_fold"]] = _ratio(right, pairs)
    for name, values in _threshold_metrics(probability, case, fold, folds, weights).items():
        result[:, at[name]] = values
    return result


def ranking_sums(score: np.ndarray, case: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what AUC and average precision are made of.

    Parameters
    ----------
    score : float [people], higher for cases.
    case : bool [people].
    weights : float [people, resamples].

    Returns
    -------
    Three float64 [resamples]: the weight of case-control pairs in which the case has the higher score (a tie
    counts one half), the weight of all such pairs (their ratio is the AUC, Mann and Whitney 1947), and the
    average precision (NaN without cases).
    """
    order = np.argsort(-score, kind="stable")
    # The first person of each group of equal scores.
    starts = np.flatnonzero(np.diff(score[order], prepend=np.inf) != 0)
    everyone = weights[order]
    cases = everyone * case[order][:, None]
    if starts.size < score.size:
        everyone = np.add.reduceat(everyone, starts, axis=0)
        cases = np.add.reduceat(cases, starts, axis=0)
    cases_so_far = np.cumsum(cases, axis=0)
    people_so_far = np.cumsum(everyone, axis=0)
    all_cases = cases_so_far[-1].copy()
    all_controls = people_so_far[-1] - all_cases
    ties = np.einsum("gr,gr->r", everyone - cases, cases)
    right = np.einsum("gr,gr->r", everyone - cases, cases_so_far) - 0.5 * ties
    precision_so_far = cases_so_far  # in place: these arrays are large
    np.divide(cases_so_far, people_so_far, out=precision_so_far, where=people_so_far > 0)
    average = _ratio(np.einsum("gr,gr->r", cases, precision_so_far), all_cases)
    return right, all_cases * all_controls, average


def _threshold_metrics(
    probability: np.ndarray, case: np.ndarray, fold: np.ndarray, folds: int, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Return accuracy, precision, recall, F1 and Brier score, each [1 + folds, resamples].

    All are ratios of weighted sums over people, so that one matrix product gives those of all folds.
    """
    called = probability >= THRESHOLD
    terms = np.stack([np.ones_like(case), case, called, case & called, (probability - case) ** 2], axis=1).astype(float)
    within = (fold[:, None] == np.arange(folds + 1)) | (np.arange(folds + 1) == 0)
    sums = np.einsum("pf,pt->ftp", within.astype(float), terms).reshape(-1, len(fold)) @ weights
    people, cases, called_cases, hits, errors = sums.reshape(folds + 1, terms.shape[1], -1).transpose(1, 0, 2)
    return {
        "accuracy": _ratio(people - cases - called_cases + 2 * hits, people),
        "precision": _ratio(hits, called_cases),
        "recall": _ratio(hits, cases),
        "f1": _ratio(2 * hits, cases + called_cases),
        "brier": _ratio(errors, people),
    }


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Divide, with NaN where there is nothing to divide by."""
    return np.divide(above, below, out=np.full(np.shape(above), np.nan), where=below > 0)
