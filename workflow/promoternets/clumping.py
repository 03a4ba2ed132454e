"""Clumping: the strongest sites of an association study, none of them in strong linkage with a stronger one."""

from __future__ import annotations

import numpy as np


def filled(counts: np.ndarray, people: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return counts of some people as numbers, missing ones at the mean of the people, and that mean.

    Parameters
    ----------
    counts : int8 or float32 [sites, everybody], 0, 1, 2, negative where missing.
    people : int indices of those who train.

    Returns
    -------
    float32 [sites, people], mean float32 [sites]; 0 where nobody has a call.
    """
    own = counts[:, people]
    known = own >= 0
    called = known.sum(axis=1)
    total = own.sum(axis=1, where=known, dtype=np.float64)
    mean = np.divide(total, called, out=np.zeros(len(own)), where=called > 0).astype(np.float32)
    return np.where(known, own, mean[:, None]).astype(np.float32), mean


def clump(strength: np.ndarray, position: np.ndarray, values: np.ndarray, *, r2: float, distance: int) -> np.ndarray:
    """Choose sites of one chromosome greedily: the strongest, then the strongest of those not linked to it, and so on.

    A site is linked to a chosen one when it lies within `distance` of it and their squared correlation is `r2` or
    more. As stronger sites never depend on weaker ones, the sites chosen above any strength are those that would be
    chosen from the sites above that strength alone. Memory: 4 bytes a value beside `values`.

    Parameters
    ----------
    strength : float [sites], such as |z|; sites that are not finite are never chosen. Equal ones: the first first.
    position : int [sites], bp, ascending.
    values : float32 [sites, people], without missing values.
    r2, distance : squared correlation, and bp.

    Returns
    -------
    int64 [chosen], row numbers, the strongest first.
    """
    values = values - values.mean(axis=1, keepdims=True)
    length = np.sqrt(np.einsum("sp,sp->s", values, values))
    values /= np.maximum(length, np.finfo(np.float32).tiny)[:, None]
    left = np.isfinite(strength) & (length > 0)
    first = np.searchsorted(position, position - distance, side="left")
    end = np.searchsorted(position, position + distance, side="right")
    chosen = []
    for row in np.argsort(np.where(left, -strength, np.inf), kind="stable"):
        if not left[row]:
            continue
        chosen.append(row)
        near = first[row] + np.flatnonzero(left[first[row] : end[row]])
        left[near[np.square(values[near] @ values[row]) >= r2]] = False
        left[row] = False
    return np.array(chosen, dtype=np.int64)
