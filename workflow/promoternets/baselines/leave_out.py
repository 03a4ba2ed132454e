"""Logistic regression that has not seen a stratum: does what it learned elsewhere hold in another batch?"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from promoternets.baselines.fit import fit
from promoternets.baselines.inputs import People, read_genotypes, read_people
from promoternets.errors import InputError
from promoternets.formats.left_out import write_left_out
from promoternets.formats.strata import Strata, read_strata
from promoternets.progress import progress
from promoternets.seeds import derive

logger = logging.getLogger(__name__)
MODEL = "logistic_regression"
MOST_LEFT_OUT = 20  # strata of a column that are left out in turn, the largest ones


def leave_strata_out(
    *,
    selected: Path,
    samples: Path,
    folds: Path,
    fold: int,
    predictions: Path,
    strata: Sequence[str] | None = None,
    seed: int = 42,
    threads: int = 1,
) -> None:
    """Predict the test people of one fold by fits that have seen nobody of their stratum.

    For each stratum the tuned logistic regression on the fold's selected sites is fitted anew, settings too, to
    the training people of other strata, and predicts the fold's test people of that stratum. It sees no covariate.
    The promoters were selected once for the fold, among training people of all strata, so a stratum has had a part
    in the choice of sites; the people who are predicted have had none.

    A stratum of one class has no AUC and is skipped, as is one without which one class, or too few people, are
    left to train on. Of a column with more than 20 strata the largest 20 are left out in turn.

    Raises
    ------
    InputError
        As `inputs.read_people`, `inputs.read_genotypes` and `strata.read_strata`.
    """
    people = read_people(samples, folds, fold)
    x = read_genotypes(selected, people)
    jobs = [
        (one, number)
        for one in read_strata(samples, people.sample, strata)
        for number in strata_to_leave_out(one, people.case)
    ]
    tables = []
    for one, number in progress(jobs, total=len(jobs), what="strata left out", unit="strata"):
        table = _without(one, number, people, x, seed=derive(seed, "left_out", one.column, fold), threads=threads)
        if table is not None:
            tables.append(table)
    write_left_out(predictions, tables, fold=fold)


def strata_to_leave_out(strata: Strata, case: np.ndarray) -> list[int]:
    """Return the strata that have both classes, at most 20, the largest first."""
    counts = [np.bincount(strata.level[case == kind], minlength=len(strata.levels)) for kind in (True, False)]
    both = np.flatnonzero(np.minimum(*counts) > 0)
    return [int(number) for number in both[np.argsort(-(counts[0] + counts[1])[both], kind="stable")][:MOST_LEFT_OUT]]


def _without(strata: Strata, number: int, people: People, x: np.ndarray, *, seed: int, threads: int):
    """Return the predictions for the test people of a stratum, or None where there is no fit."""
    inside = strata.level == number
    train, test = np.flatnonzero(~people.test & ~inside), np.flatnonzero(people.test & inside)
    name = strata.name(number)
    if not len(test):
        return None
    if len(np.unique(people.case[train])) < 2:
        logger.warning("without %s all training people are of one class: it cannot be left out", name)
        return None
    try:
        fitted = fit(MODEL, x[train], people.case[train], people.family[train], seed=seed, threads=threads)
    except InputError as error:
        logger.warning("%s cannot be left out: %s", name, error)
        return None
    logger.info("without %s: %d people to train on, %d to predict", name, len(train), len(test))
    return pd.DataFrame(
        {
            "sample": people.sample[test],
            "phenotype": people.case[test].astype(int),
            "column": strata.column,
            "level": strata.levels[number],
            "probability": fitted.probability(x[test]),
        }
    )
