"""Successive halving over promoters: all are tried for little, and the better ones trained to the end.

As Jamieson and Talwalkar 2016 (AISTATS 51:240) choose among settings: with each rung fewer go on, for more epochs. A
promoter that goes on starts anew from the same seed, so it ends with the score that it has without halving. One that
was dropped keeps the score of its last rung and has no p-value; as one that was looked at it still counts.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from promoternets.errors import InputError
from promoternets.formats.rungs import RUNGS, kept
from promoternets.formats.tables import read_table

logger = logging.getLogger(__name__)


def survivors(tables: Sequence[Path], rung: int, promoters: Sequence[str], *, fold: int, top: int) -> list[int]:
    """Return which promoters go on after a rung, in their order: the best, of equal ones the first.

    Parameters
    ----------
    tables : of screen_promoters.py, all shards of one fold in that rung (from 1).
    promoters : names of all promoters. top : how many are to be selected in the end.

    Raises
    ------
    InputError
        Where the tables are of another rung or fold, or do not hold the promoters that were to be tried.
    """
    numbers = {"fold": "int64", "score": "float64", "rung": "int64"}
    parts = [
        read_table(path, columns=["promoter", *numbers], what="table of scores", dtypes=numbers) for path in tables
    ]
    table = pd.concat(parts, ignore_index=True)
    place = {promoter: index for index, promoter in enumerate(promoters)}
    tried = len(promoters) if rung == 1 else kept(len(promoters), rung - 1, top)
    wrong = None
    if not ((table["rung"] == rung) & (table["fold"] == fold)).all():
        wrong = f"these are not all scores of rung {rung} in fold {fold}"
    elif len(table) != tried or table["promoter"].duplicated().any() or not table["promoter"].isin(place.keys()).all():
        wrong = f"rung {rung} has scores of {table['promoter'].nunique():,} promoters, not of the {tried:,} to be tried"
    elif table["score"].isna().any():
        wrong = f"promoter {table.loc[table['score'].isna(), 'promoter'].iloc[0]} has no score"
    if wrong:
        raise InputError(wrong, where=tables[0], fix="Make them again with screen_promoters")
    index = table["promoter"].map(place).to_numpy()
    best = np.lexsort([index, -table["score"].to_numpy()])[: kept(len(promoters), rung, top)]
    logger.info("%d of %d promoters go on after rung %d", len(best), len(promoters), rung)
    if len(best) == tried:
        logger.warning("rung %d drops no promoter: %d are too few for halving, which keeps four times those selected",
                       rung, tried)  # fmt: skip
    return sorted(index[best].tolist())


def null_sample(promoters: int, top: int) -> list[int]:
    """Return which promoters have networks on permuted labels: as many as are trained to the end, spread evenly.

    They are the same in all folds, so that each has a null score of the mean over folds. Fewer null scores know less of
    their tail: the best of 1,000 promoters then has to lie 6.0 standard deviations above the null's mean to be
    significant, not 5.0; of 20,000 6.4, not 6.3 (a normal null; `tests/scripts/test_halving.py` works it out).
    """
    count = kept(promoters, len(RUNGS), top)
    return [number * promoters // count for number in range(count)]


def with_those_dropped(trained: pd.DataFrame, screened: pd.DataFrame) -> pd.DataFrame:
    """Return scores of all promoters of each fold: those of training to the end, of the others those of the last rung.

    Both tables are of `score_promoters`, `screened` with a column rung; so is what is returned, empty (NaN) where
    promoters were trained to the end.
    """
    last = screened.sort_values("rung", kind="stable").drop_duplicates(["fold", "promoter"], keep="last")
    both = pd.concat([trained.assign(rung=np.nan), last], ignore_index=True)
    return both.drop_duplicates(["fold", "promoter"], ignore_index=True)
