"""Points of ROC, precision-recall and calibration curves."""

from __future__ import annotations

import numpy as np
import pandas as pd

POINTS = 200
BINS = 10


def curves(probability: np.ndarray, case: np.ndarray) -> pd.DataFrame:
    """Return the three curves of one model's pooled out-of-fold probabilities.

    Parameters
    ----------
    probability : float [people]. case : bool [people], both classes present for `roc`, a case for `pr`.

    Returns
    -------
    DataFrame with the columns curve, x, y, people; at most 200 rows a curve:

    * `roc`: x false positive rate, y true positive rate, people called cases at that threshold;
    * `pr`: x recall, y precision, people called cases at that threshold;
    * `calibration`: x mean probability, y share of cases, people in the bin; ten bins of equally many people,
      fewer where probabilities are tied.
    """
    return pd.concat([_roc(probability, case), _precision_recall(probability, case), _calibration(probability, case)])


def _counts(probability: np.ndarray, case: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return cases and controls called at each distinct threshold, the highest first."""
    order = np.argsort(-probability, kind="stable")
    last = np.flatnonzero(np.diff(probability[order], append=-np.inf) != 0)
    return np.cumsum(case[order])[last], np.cumsum(~case[order])[last]


def _roc(probability: np.ndarray, case: np.ndarray) -> pd.DataFrame:
    if case.all() or not case.any():
        return _table("roc", [], [], [])
    cases, controls = (np.concatenate([[0], counts]) for counts in _counts(probability, case))
    return _thinned("roc", controls / controls[-1], cases / cases[-1], cases + controls)


def _precision_recall(probability: np.ndarray, case: np.ndarray) -> pd.DataFrame:
    if not case.any():
        return _table("pr", [], [], [])
    cases, controls = _counts(probability, case)
    return _thinned("pr", cases / cases[-1], cases / (cases + controls), cases + controls)


def _calibration(probability: np.ndarray, case: np.ndarray) -> pd.DataFrame:
    edges = np.unique(np.quantile(probability, np.linspace(0, 1, BINS + 1)[1:-1]))
    number = np.searchsorted(edges, probability, side="left")
    people = np.bincount(number)
    kept = people > 0
    mean = [np.bincount(number, weights=values)[kept] / people[kept] for values in (probability, case)]
    return _table("calibration", mean[0], mean[1], people[kept])


def _thinned(curve: str, x: np.ndarray, y: np.ndarray, people: np.ndarray) -> pd.DataFrame:
    """Keep the first and last point and others that lie about equally far apart along the curve."""
    if len(x) > POINTS:
        along = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))])
        kept = np.unique(np.searchsorted(along, np.linspace(0, along[-1], POINTS)).clip(0, len(x) - 1))
        kept[[0, -1]] = 0, len(x) - 1
        x, y, people = x[kept], y[kept], people[kept]
    return _table(curve, x, y, people)


def _table(curve: str, x: object, y: object, people: object) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "curve": curve,
            "x": np.asarray(x, float),
            "y": np.asarray(y, float),
            "people": np.asarray(people, int),
        }
    )
