"""Covariates and genotype components of a fold's people as one score: what they say of being a case."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from promoternets.errors import InputError
from promoternets.formats.components import read_components
from promoternets.formats.strata import MOST_CODES, NOT_COVARIATES
from promoternets.formats.tables import read_table
from promoternets.interactions.logistic import fit


def read_covariates(samples: str | Path, components: str | Path, people: np.ndarray) -> pd.DataFrame:
    """Return the covariates as text, the components as float64, rows in the order of `people`.

    Raises
    ------
    InputError
        When a person is in one of the tables not once.
    """
    table = read_table(samples, columns=["sample"], what="sample table")
    doubled = table["sample"][table["sample"].duplicated()]
    if len(doubled):
        raise InputError(f"{doubled.iloc[0]} is there twice", where=samples, fix="Keep one row a person")
    table = table.set_index("sample").loc[list(people)].reset_index()
    kept = table.drop(columns=[name for name in NOT_COVARIATES if name in table.columns])
    return pd.concat([kept, read_components(components, people)], axis=1)


def covariate_score(covariates: pd.DataFrame, case: np.ndarray, training: np.ndarray) -> np.ndarray:
    """Return everybody's log-odds by the covariates, fitted on training people, float64 [people].

    One column instead of many leaves the few test people their degrees of freedom.

    Parameters
    ----------
    covariates : as `read_covariates` returns them. case : bool [people]. training : int, who is fitted on.
    """
    columns = [column for name in covariates for column in _columns(covariates[name], training)]
    if not columns:
        return np.zeros(len(case))
    design = np.stack(columns, axis=1)
    design = design[:, design[training].std(axis=0) > 1e-9]
    coefficients = fit(design[training], case[training])
    return coefficients[0] + design @ coefficients[1:]


def _columns(column: pd.Series, training: np.ndarray) -> list[np.ndarray]:
    """Return a number scaled, its gaps marked, or one column a category that training people have."""
    numbers = pd.to_numeric(column, errors="coerce")
    text = numbers.isna() & column.notna()
    own = numbers.iloc[training].dropna()
    codes = column.dtype != np.float64 and bool((own % 1 == 0).all()) and own.nunique() <= MOST_CODES
    if text.iloc[training].any() or codes:
        levels = column.astype(object).where(column.notna(), "NA").to_numpy()
        known = sorted(set(levels[training]))
        if len(known) > len(training) / 10:
            return []  # an identifier: it says nothing of anybody else
        return [(levels == level).astype(np.float64) for level in known[1:]]
    median, spread = own.median(), own.std(ddof=0)
    gaps = numbers.isna().to_numpy(dtype=np.float64)
    if not len(own) or not spread > 0:
        return [gaps]
    return [((numbers.fillna(median) - median) / spread).to_numpy(np.float64), gaps]
