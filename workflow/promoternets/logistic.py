"""Logistic regression by Newton's method, with next to no penalty: for tests, where shrinkage would be in the way."""

from __future__ import annotations

import logging

import numpy as np
from scipy.special import expit

logger = logging.getLogger(__name__)
RIDGE = 1e-4  # of squared coefficients: settles separated classes and columns that sum to the intercept, little else
MOST_STEPS = 100
SETTLED = 1e-10  # largest gradient a person at the end


def penalties(design: np.ndarray) -> np.ndarray:
    """Return the penalty of each squared coefficient, float64 [columns]; none on the intercept."""
    penalty = np.full(design.shape[1], RIDGE)
    penalty[0] = 0.0
    return penalty


def fit_logistic(design: np.ndarray, case: np.ndarray) -> np.ndarray:
    """Return coefficients, float64 [columns]; a warning where they have not settled after 100 steps.

    Parameters
    ----------
    design : float64 [people, columns], the intercept first, the others of a spread near 1.
    case : bool [people], of both classes.
    """
    case = np.asarray(case, dtype=np.float64)
    penalty, coefficients = penalties(design), np.zeros(design.shape[1])
    coefficients[0] = np.log(case.mean() / (1 - case.mean()))
    for _ in range(MOST_STEPS):
        fitted = expit(design @ coefficients)
        gradient = design.T @ (case - fitted) - penalty * coefficients
        if np.abs(gradient).max() < SETTLED * len(case):
            return coefficients
        coefficients = _step(design, case, penalty, coefficients, gradient)
    logger.warning("a logistic regression has not settled after %d steps", MOST_STEPS)
    return coefficients


def log_likelihood(design: np.ndarray, case: np.ndarray, coefficients: np.ndarray) -> float:
    """Return the log-likelihood of coefficients, without the penalty."""
    logit = design @ coefficients
    return float((case * logit - np.logaddexp(0, logit)).sum())


def _step(
    design: np.ndarray, case: np.ndarray, penalty: np.ndarray, coefficients: np.ndarray, gradient: np.ndarray
) -> np.ndarray:
    """Return coefficients after one Newton step, halved until the penalised likelihood does not fall."""

    def likelihood(at: np.ndarray) -> float:
        return log_likelihood(design, case, at) - 0.5 * float((penalty * at**2).sum())

    fitted = expit(design @ coefficients)
    information = (design * (fitted * (1 - fitted))[:, None]).T @ design + np.diag(penalty)
    step, before = np.linalg.solve(information, gradient), likelihood(coefficients)
    while likelihood(coefficients + step) < before - 1e-9 and np.abs(step).max() > 1e-12:
        step = step / 2
    return coefficients + step
