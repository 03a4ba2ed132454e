"""The area under the ROC curve as a ratio of sums over pairs, for many weightings of the people at once."""

from __future__ import annotations

import numpy as np


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
    average = ratio(np.einsum("gr,gr->r", cases, precision_so_far), all_cases)
    return right, all_cases * all_controls, average


def ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Divide, with NaN where there is nothing to divide by."""
    return np.divide(above, below, out=np.full(np.shape(above), np.nan), where=below > 0)
