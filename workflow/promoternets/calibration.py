"""Platt's method: probabilities from the scores of a classifier that has none."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

LEAST_SLOPE = 1e-3  # per standard deviation of the scores


def platt(score: np.ndarray, case: np.ndarray) -> tuple[float, float]:
    """Fit P(case) = 1 / (1 + exp(-(slope * score + intercept))) to scores that were made out of fold.

    Targets are smoothed as in Platt 1999, so that well separated classes do not lead to an endless slope. The
    slope stays positive: where scores carry no signal, cross-validation tends to make them point the wrong
    way, and a calibration must not turn the classifier's ranking around.

    Parameters
    ----------
    score : float [people], higher for cases. case : bool [people].

    Returns
    -------
    slope, intercept.
    """
    cases, controls = case.sum(), (~case).sum()
    target = np.where(case, (cases + 1) / (cases + 2), 1 / (controls + 2))
    spread = score.std() or 1.0
    centre = score.mean()
    scaled = (score - centre) / spread  # far from 0 the two parameters can hardly be told apart

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        logit = parameters[0] * scaled + parameters[1]
        error = expit(logit) - target
        return float((np.logaddexp(0, logit) - target * logit).sum()), np.array([(error * scaled).sum(), error.sum()])

    start = np.array([1.0, np.log((cases + 1) / (controls + 1))])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(LEAST_SLOPE, None), (None, None)])
    slope = float(found.x[0] / spread)
    return slope, float(found.x[1] - slope * centre)
