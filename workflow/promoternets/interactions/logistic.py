"""Nested logistic models: fits, and the likelihood-ratio test of one more term."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import expit

RIDGE = 1e-4  # of coefficients per standard deviation: only where classes are separated does it change anything
STEPS = 50
CONVERGED = 1e-8
LEAST_LEFT = 0.1  # share of a term's variance that other terms must leave: below, its own effect cannot be told


@dataclass(frozen=True)
class TermTest:
    """The test of a term beside others.

    p_value : chi-squared with one degree of freedom; NaN where `left` is below `LEAST_LEFT`.
    effect : log-odds per standard deviation of the term; NaN as above.
    left : share of the term's variance that the other terms do not explain.
    """

    p_value: float
    effect: float
    left: float


def fit(columns: np.ndarray, case: np.ndarray) -> np.ndarray:
    """Return intercept and coefficients, float64 [1 + columns], by Newton's method.

    Parameters
    ----------
    columns : float64 [people, columns], each of a spread near 1.
    case : bool [people].
    """
    design = np.column_stack([np.ones(len(case)), columns])
    penalty = np.full(design.shape[1], RIDGE)
    penalty[0] = 0.0
    coefficients = np.zeros(design.shape[1])
    value = _penalised(design, case, coefficients, penalty)
    for _ in range(STEPS):
        probability = expit(design @ coefficients)
        gradient = design.T @ (case - probability) - penalty * coefficients
        weight = probability * (1 - probability)
        step = np.linalg.solve((design.T * weight) @ design + np.diag(penalty + 1e-10), gradient)
        size = 1.0
        while (new := _penalised(design, case, coefficients + size * step, penalty)) < value and size > 1e-6:
            size /= 2  # Newton's step may overshoot where probabilities are near 0 or 1
        if new - value < CONVERGED:
            break
        coefficients, value = coefficients + size * step, new
    return coefficients


def term_test(others: np.ndarray, term: np.ndarray, case: np.ndarray) -> TermTest:
    """Test one term beside others by twice the gain in log-likelihood (Wilks 1938).

    Parameters
    ----------
    others : float64 [people, columns]; constant columns and those that others explain are left out.
    term : float64 [people]. case : bool [people].
    """
    others = independent(others)
    term = term - term.mean()
    spread = term.std()
    if spread < 1e-9:
        return TermTest(np.nan, np.nan, 0.0)
    term = term / spread
    rest = term - others @ np.linalg.lstsq(others, term, rcond=None)[0]
    left = float(np.mean(rest**2))
    if left < LEAST_LEFT:
        return TermTest(np.nan, np.nan, left)
    small, large = fit(others, case), fit(np.column_stack([others, term]), case)
    gain = log_likelihood(np.column_stack([others, term]), case, large) - log_likelihood(others, case, small)
    return TermTest(float(stats.chi2.sf(max(0.0, 2 * gain), df=1)), float(large[-1]), left)


def independent(columns: np.ndarray) -> np.ndarray:
    """Return the columns centred and scaled, without those that are constant or a sum of earlier ones."""
    kept = np.empty((len(columns), 0))
    for column in np.asarray(columns, dtype=np.float64).T:
        centred = column - column.mean()
        spread = centred.std()
        if spread < 1e-9:
            continue
        scaled = centred / spread
        rest = scaled - kept @ np.linalg.lstsq(kept, scaled, rcond=None)[0] if kept.shape[1] else scaled
        if rest.std() > 1e-5:
            kept = np.column_stack([kept, scaled])
    return kept


def log_likelihood(columns: np.ndarray, case: np.ndarray, coefficients: np.ndarray) -> float:
    """Return the log-likelihood of intercept and coefficients."""
    value = coefficients[0] + columns @ coefficients[1:]
    return float((case * value - np.logaddexp(0, value)).sum())


def _penalised(design: np.ndarray, case: np.ndarray, coefficients: np.ndarray, penalty: np.ndarray) -> float:
    return log_likelihood(design[:, 1:], case, coefficients) - 0.5 * float(penalty @ coefficients**2)
