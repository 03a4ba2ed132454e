"""Strata of a cohort: groups of people, such as batches, within which a model must predict as well."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from promoternets.errors import InputError
from promoternets.formats.tables import read_table

logger = logging.getLogger(__name__)
BATCH = "batch"
EVERYBODY = "the whole cohort"
NOT_COVARIATES = ("sample", "phenotype", "family")
MOST_LEVELS = 20  # of a covariate that is taken for a category by itself
MOST_CODES = 10  # whole numbers with at most so many different values are codes (batch 1, 2, 3), not amounts
UNKNOWN = "NA"  # the level of people whose value is missing


@dataclass(frozen=True)
class Strata:
    """One way to cut a cohort into strata.

    column: the column of the sample table. level: int [people], -1 for nobody. levels: text [levels], sorted.
    """

    column: str
    level: np.ndarray
    levels: tuple[str, ...]

    def name(self, number: int) -> str:
        """Return the name of a stratum: ``batch=A``."""
        return f"{self.column}={self.levels[number]}"


def read_strata(samples: str | Path, people: Sequence[str] | np.ndarray, columns: Sequence[str] | None) -> list[Strata]:
    """Read the strata of some people.

    Parameters
    ----------
    samples : table with sample, and any covariates.
    people : text [people]; strata are in this order.
    columns : the columns whose values are strata. When None: `batch`, where the table has one with two values or
        more; else every column of text with 2 to 20 different values, or of whole numbers with 2 to 10.

    Raises
    ------
    InputError
        When a person or a column is not in the table.
    """
    table = read_table(samples, columns=["sample"], what="sample table").drop_duplicates("sample").set_index("sample")
    absent = [name for name in people if name not in table.index]
    if absent:
        raise InputError(f"it lacks {len(absent)} people, {absent[0]} the first", where=samples,
                         fix="Run the stages again from match_samples")  # fmt: skip
    table = table.loc[list(people)]
    unknown = [name for name in columns or [] if name not in table.columns or name in NOT_COVARIATES]
    if unknown:
        known = [name for name in table.columns if name not in NOT_COVARIATES]
        raise InputError(f"audit.strata: there is no covariate {unknown[0]!r}", where=samples,
                         fix=f"Choose among {', '.join(known) or 'none: the table has no covariates'}")  # fmt: skip
    chosen = _by_default(table) if columns is None else list(columns)
    strata = [_strata(name, table[name]) for name in chosen]
    for one in strata:
        logger.info("strata by %s: %s", one.column, ", ".join(one.levels[:MOST_LEVELS]))
    return [one for one in strata if len(one.levels) > 1]


def read_stratum(
    samples: str | Path, people: Sequence[str] | np.ndarray, columns: Sequence[str] | None
) -> tuple[np.ndarray, str]:
    """Return a number for each person's stratum, int64 [people], and what the strata are of.

    A stratum is a combination of the named columns (``batch and sex``). When columns is None it is the batch, where the
    table has one, and one stratum of everybody (``the whole cohort``) where it has none: combinations of all covariates
    would leave next to nobody in a stratum.

    Raises
    ------
    InputError
        As `read_strata`.
    """
    if columns is None:
        table = read_table(samples, columns=["sample"], what="sample table")
        columns = [BATCH] if BATCH in table else []
    strata = read_strata(samples, people, columns)
    if not strata:
        return np.zeros(len(people), dtype=np.int64), EVERYBODY
    levels = np.stack([one.level for one in strata], axis=1)
    code = np.unique(levels, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
    return code, " and ".join(one.column for one in strata)


def _by_default(table: pd.DataFrame) -> list[str]:
    if BATCH in table and table[BATCH].nunique(dropna=False) > 1:
        return [BATCH]
    return [name for name in table.columns if name not in NOT_COVARIATES and _categorical(table[name])]


def _categorical(column: pd.Series) -> bool:
    known = column.dropna()
    numbers = pd.to_numeric(known, errors="coerce")
    if not 2 <= column.nunique(dropna=False) <= MOST_LEVELS:
        return False
    return bool(numbers.isna().any() or ((numbers % 1 == 0).all() and known.nunique() <= MOST_CODES))


def _strata(name: str, column: pd.Series) -> Strata:
    level, levels = pd.factorize(column.astype(object).where(column.notna(), UNKNOWN), sort=True)
    return Strata(name, level.astype(np.int64), tuple(map(str, levels)))
