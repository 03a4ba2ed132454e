"""Confounders and a model together: what the model's out-of-fold score adds to that of the confounders.

Both scores are out of fold, so a model that has learned nothing adds nothing however many columns it has seen; a
likelihood ratio of two models fitted and tested on the same people would not have that property.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import stats
from scipy.optimize import minimize
from scipy.special import expit, logit

LEAST_PROBABILITY = 1e-6  # probabilities nearer to 0 or 1 are no better founded
RIDGE = 1e-4  # of coefficients per standard deviation: only where classes are separated does it change anything


class LikelihoodRatio(NamedTuple):
    """A nested test of one more score.

    coefficient : log-odds per standard deviation of the model's score, beside the confounders'.
    statistic : twice the gain in log-likelihood. p_value : chi-squared with one degree of freedom, two-sided.
    """

    coefficient: float
    statistic: float
    p_value: float


def likelihood_ratio(confounders: np.ndarray, model: np.ndarray, case: np.ndarray, fold: np.ndarray) -> LikelihoodRatio:
    """Test whether a model's out-of-fold log-odds add to the confounders' (Wilks 1938).

    Scores are centred in each fold. The test takes people as independent and the fits as given, which related
    people and overlapping training sets are not: the bootstrap interval of the gain is the one to believe.

    Parameters
    ----------
    confounders, model : probability of being a case, float [people]. case : bool [people].
    fold : int [people], 1..K.
    """
    columns = np.stack([log_odds(confounders, fold), log_odds(model, fold)], axis=1)
    small, large = (_fit(columns[:, :count], case) for count in (1, 2))
    statistic = max(0.0, 2 * (_log_likelihood(columns, case, large) - _log_likelihood(columns[:, :1], case, small)))
    return LikelihoodRatio(float(large[2]), statistic, float(stats.chi2.sf(statistic, df=1)))


def joint_score(confounders: np.ndarray, model: np.ndarray, case: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Return the log-odds of confounders and model together, each fold weighed as the other folds say.

    The two weights are not negative (stacked regressions, Breiman 1996): a model that points the wrong way by
    chance is left out instead of being turned around, which would let noise look like a gain.

    Returns
    -------
    float64 [people], comparable within a fold only.
    """
    columns = np.stack([log_odds(confounders, fold), log_odds(model, fold)], axis=1)
    joint = np.empty(len(case))
    for number in np.unique(fold):
        held = fold == number
        joint[held] = columns[held] @ _fit(columns[~held], case[~held], least=0.0)[1:]
    return joint


def log_odds(probability: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Return log-odds, centred in each fold and scaled to a standard deviation of 1; 0 where all are the same."""
    value = logit(np.clip(probability, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY))
    mean = np.bincount(fold, weights=value) / np.maximum(np.bincount(fold), 1)
    value = value - mean[fold]
    spread = value.std()
    return value / spread if spread > 1e-9 else np.zeros_like(value)


def _log_likelihood(columns: np.ndarray, case: np.ndarray, fitted: np.ndarray) -> float:
    value = fitted[0] + columns @ fitted[1:]
    return float((case * value - np.logaddexp(0, value)).sum())


def _fit(columns: np.ndarray, case: np.ndarray, least: float | None = None) -> np.ndarray:
    """Return intercept and coefficients of a logistic regression; coefficients of at least `least`."""

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        error = expit(parameters[0] + columns @ parameters[1:]) - case
        penalty = RIDGE * np.r_[0, parameters[1:]]
        value = -_log_likelihood(columns, case, parameters) + 0.5 * parameters @ penalty
        return value, np.r_[error.sum(), columns.T @ error] + penalty

    start = np.zeros(1 + columns.shape[1])
    bounds = [(None, None), *[(least, None)] * columns.shape[1]]
    return minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-12}).x
