"""Holm's correction of p-values for their number."""

from __future__ import annotations

import numpy as np


def holm(p_values: np.ndarray) -> np.ndarray:
    """Return p-values corrected for their number (Holm 1979), float64 [tests]; NaN counts as 1."""
    p_values = np.nan_to_num(np.asarray(p_values, dtype=np.float64), nan=1.0)
    order = np.argsort(p_values, kind="stable")
    corrected = np.maximum.accumulate(p_values[order] * np.arange(len(p_values), 0, -1))
    result = np.empty(len(p_values))
    result[order] = np.minimum(1.0, corrected)
    return result
