"""What sums over single sites can say of a phenotype or of a product of two sites: ridge regressions.

Two sites may tag an untyped causal variant jointly. Their product then stands for that variant, and for every site
that is linked with it, without any interaction (Wood et al. 2014, "Another explanation for apparent epistasis").
"""

from __future__ import annotations

import numpy as np

PENALTIES = np.geomspace(1e-3, 1e3, 13)  # of standardised columns, per person


def ridge_predictor(columns: np.ndarray, target: np.ndarray, training: np.ndarray) -> np.ndarray:
    """Return everybody's prediction by a ridge regression fitted on training people, float64 [people].

    The penalty is that of the least generalised cross-validation error (Golub, Heath and Wahba 1979).

    Parameters
    ----------
    columns : float [people, columns]. target : float64 [training people]. training : int, who is fitted on.
    """
    mean, deviation = columns[training].mean(axis=0), columns[training].std(axis=0)
    varies = deviation > 1e-6
    design = ((columns[:, varies] - mean[varies]) / deviation[varies]).astype(np.float64)
    if not varies.any():
        return np.zeros(len(columns))
    own = design[training]
    centred = target - target.mean()
    left, length, right = np.linalg.svd(own, full_matrices=False)
    along = left.T @ centred
    beyond = max(float(centred @ centred - along @ along), 0.0)
    shrunk = length[:, None] ** 2 / (length[:, None] ** 2 + len(own) * PENALTIES)
    error = beyond + ((1 - shrunk) ** 2 * along[:, None] ** 2).sum(axis=0)
    freedom = len(own) - 1 - shrunk.sum(axis=0)
    best = int(np.argmin(np.where(freedom > 1, error / np.maximum(freedom, 1) ** 2, np.inf)))
    coefficients = right.T @ (along * length / (length**2 + len(own) * PENALTIES[best]))
    return design @ coefficients
