"""The likelihood-ratio test of one more term of a logistic model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from promoternets.logistic import fit_logistic, log_likelihood

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
    small = np.column_stack([np.ones(len(case)), others])
    large = np.column_stack([small, term])
    coefficients = fit_logistic(large, case)
    gain = log_likelihood(large, case, coefficients) - log_likelihood(small, case, fit_logistic(small, case))
    return TermTest(float(stats.chi2.sf(max(0.0, 2 * gain), df=1)), float(coefficients[-1]), left)


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
