"""Predictions for people whose stratum was left out of training: TSV with sample, phenotype, fold, column, level,
probability. A person has a row for each column of strata; strata that could not be left out have none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from promoternets.errors import InputError
from promoternets.formats.tables import read_table, write_table

COLUMNS = ("sample", "phenotype", "fold", "column", "level", "probability")


def write_left_out(path: str | Path, tables: Sequence[pd.DataFrame], *, fold: int) -> None:
    """Write the predictions of one fold; `tables` have every column but `fold`, and may be none."""
    whole = pd.concat([pd.DataFrame(columns=list(COLUMNS)), *(table.assign(fold=fold) for table in tables)])
    write_table(whole[list(COLUMNS)], path)


def read_left_out(paths: Sequence[str | Path]) -> pd.DataFrame:
    """Read the predictions of all folds.

    Returns
    -------
    DataFrame with sample, column and level as text, phenotype and fold as int64, probability as float64.

    Raises
    ------
    InputError
        When a table lacks a column, a probability is not between 0 and 1, or a person is predicted twice.
    """
    numbers = {"phenotype": "int64", "fold": "int64", "probability": "float64"}
    redo = "Run leave_strata_out again in every fold"
    tables = [pd.DataFrame(columns=list(COLUMNS))]
    for path in paths:
        table = read_table(path, columns=COLUMNS, what="table of strata left out", dtypes=numbers)[list(COLUMNS)]
        if not table["probability"].between(0, 1).all():
            raise InputError("a probability is not between 0 and 1", where=path, fix=redo)
        tables.append(table)
    whole = pd.concat(tables, ignore_index=True)
    if whole.duplicated(["sample", "column"]).any():
        raise InputError("a person is predicted twice", where=paths[0], fix=redo)
    whole["level"] = whole["level"].fillna("NA")  # the level of people without a value is read as a missing one
    return whole.astype({"phenotype": "int64", "fold": "int64", "probability": "float64"})
