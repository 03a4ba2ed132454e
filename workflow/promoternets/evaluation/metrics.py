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

from promoternets.auc import ranking_sums, ratio

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
    result[0, at["auc"]] = ratio(right, pairs)
    right, pairs = np.zeros_like(right), np.zeros_like(pairs)
    for number in range(1, folds + 1):
        rows = np.flatnonzero(fold == number)
        if rows.size == 0:
            continue
        right_here, pairs_here, result[number, at["auprc"]] = ranking_sums(probability[rows], case[rows], weights[rows])
        result[number, at["auc"]] = ratio(right_here, pairs_here)
        right += right_here
        pairs += pairs_here
    result[0, at["auc_within_fold"]] = ratio(right, pairs)
    for name, values in _threshold_metrics(probability, case, fold, folds, weights).items():
        result[:, at[name]] = values
    return result


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
        "accuracy": ratio(people - cases - called_cases + 2 * hits, people),
        "precision": ratio(hits, called_cases),
        "recall": ratio(hits, cases),
        "f1": ratio(2 * hits, cases + called_cases),
        "brier": ratio(errors, people),
    }
