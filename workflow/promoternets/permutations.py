"""Labels permuted within strata: what a cohort looks like when the genotype has nothing to do with the phenotype."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence

import numpy as np

from promoternets.errors import InputError
from promoternets.seeds import derive

logger = logging.getLogger(__name__)
ATTEMPTS = 100
ENOUGH = 64  # null scores of a fold: as many are made where nothing else is asked for
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


def permutations_for(promoters: int) -> int:
    """Return how many permutations of each promoter give a pool of 64 null scores in a fold: 1 from 64 promoters on."""
    return max(1, math.ceil(ENOUGH / max(promoters, 1)))


def validating_parts(fold: np.ndarray, inner: np.ndarray) -> list[np.ndarray]:
    """Return the people, int indices, of each inner part of each outer training part: those who may validate."""
    outside = [fold != number for number in np.unique(fold)] if len(np.unique(fold)) > 1 else [fold == fold]
    parts = [np.flatnonzero(training & (inner == part)) for training in outside for part in np.unique(inner)]
    return [part for part in parts if len(part)]


def permuted(
    labels: np.ndarray, cells: np.ndarray, parts: Sequence[np.ndarray], seed: int, *names: object
) -> np.ndarray:
    """Return labels [people] in a random order within each cell; the same seed and names give the same order.

    Orders that leave one of `parts` (`validating_parts`) without cases or without controls are drawn again.

    Raises
    ------
    InputError
        When a hundred orders in a row do.
    """
    random = np.random.default_rng(derive(seed, "permuted", *names))
    # Two orders of the people by cell: as they are, and at random within.
    order = np.argsort(cells, kind="stable")
    for _ in range(ATTEMPTS):
        result = labels.copy()
        result[order] = labels[np.lexsort((random.random(len(cells)), cells))]
        if all(0 < result[part].sum() < len(part) for part in parts):
            return result
    raise InputError(
        f"with {labels.sum()} cases and {len(labels) - labels.sum()} controls permuted labels leave an inner part "
        "without either",
        fix="Use fewer folds or inner parts (folds.inner), or set ranking.permutations to 0",
    )


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
