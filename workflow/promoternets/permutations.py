"""Labels permuted within strata: what a cohort looks like when the genotype has nothing to do with the phenotype."""

from __future__ import annotations

import logging

import numpy as np

from promoternets.seeds import derive

logger = logging.getLogger(__name__)
SMALLEST_CELL = 10  # people; smaller cells of fold and inner part are joined, within their stratum


def permutation_cells(stratum: np.ndarray, fold: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """Return the cell of each person, int64 [people], within which labels may change places.

    A cell is one stratum, outer fold and inner part, so that a permutation leaves each of them its cases. People of
    cells of fewer than 10 are joined over the inner parts, then over the folds; strata are never joined.

    Parameters
    ----------
    stratum, fold, inner : int [people].
    """
    cell = np.full(len(stratum), -1, dtype=np.int64)
    made = 0
    for keys in ((stratum, fold, inner), (stratum, fold), (stratum,)):
        free = np.flatnonzero(cell < 0)
        if not len(free):
            break
        code = np.unique(np.stack([key[free] for key in keys], axis=1), axis=0, return_inverse=True)[1].reshape(-1)
        taken = (np.bincount(code)[code] >= SMALLEST_CELL) | (len(keys) == 1)
        cell[free[taken]] = made + code[taken]
        made += int(code.max()) + 1
    return cell


def permuted(labels: np.ndarray, cells: np.ndarray, seed: int, *names: object) -> np.ndarray:
    """Return labels [people] in a random order within each cell; the same seed and names give the same order."""
    random = np.random.default_rng(derive(seed, "permuted", *names))
    # Two orders of the people by cell: as they are, and at random within.
    order = np.argsort(cells, kind="stable")
    shuffled = np.lexsort((random.random(len(cells)), cells))
    result = labels.copy()
    result[order] = labels[shuffled]
    return result


def movable(labels: np.ndarray, cells: np.ndarray) -> float:
    """Return the share of people whose cell holds both labels; a warning where it is under a half."""
    cases = np.bincount(cells, weights=labels)
    size = np.bincount(cells)
    share = float(((cases > 0) & (cases < size))[cells].mean())
    if share == 0:
        logger.warning("every stratum holds cases only or controls only: labels cannot be permuted within strata")
    elif share < 0.5:
        logger.warning(
            "the labels of only %.0f%% of the people can change places within their strata: the null is near to the "
            "labels as they are, and hardly any promoter can be told from it", 100 * share,
        )  # fmt: skip
    return share
