"""Covariates as numbers a model can use, fitted on training people only."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from promoternets.errors import InputError
from promoternets.formats.components import read_components
from promoternets.formats.strata import MOST_CODES, NOT_COVARIATES
from promoternets.formats.tables import read_table

logger = logging.getLogger(__name__)


class CovariateColumns:
    """Covariates as columns: numbers standardised, everything else one column a category.

    A column is numeric when every value known among the training people is a number and it is not a code,
    that is whole numbers with at most ten different values; a batch numbered 1, 2, 3 is a category. Missing
    numbers are set to the training median, with a column that says so; a missing category is a category of
    its own. A category that training people do not have is ignored.

    Attributes after `fit`
    ----------------------
    names_ : names of the columns made.
    kinds_ : `numeric`, `categories` or `constant (left out)`, by covariate.
    """

    def fit(self, x: pd.DataFrame, y: object = None) -> CovariateColumns:
        """Learn medians, scales and categories from text columns.

        Raises
        ------
        InputError
            When no covariate differs between the training people.
        """
        self.kinds_: dict[str, str] = {}
        self.numeric_: dict[str, tuple[float, float, float, bool]] = {}
        self.categories_: dict[str, list[str]] = {}
        for name in x.columns:
            numbers = pd.to_numeric(x[name], errors="coerce")
            if x[name].nunique(dropna=False) < 2:
                self.kinds_[name] = "constant (left out)"
            elif x[name].notna().any() and numbers[x[name].notna()].notna().all() and not _codes(numbers):
                self.kinds_[name] = "numeric"
                filled = numbers.fillna(numbers.median())
                gaps = bool(numbers.isna().any())
                self.numeric_[name] = (numbers.median(), filled.mean(), filled.std(ddof=0) or 1.0, gaps)
            else:
                self.kinds_[name] = "categories"
                self.categories_[name] = sorted(_categories(x[name]).unique())
        if not self.numeric_ and not self.categories_:
            raise InputError(f"no covariate ({', '.join(x.columns)}) differs between the training people")
        self.names_ = [column for name in x.columns for column in self._names(name)]
        return self

    def transform(self, x: pd.DataFrame) -> np.ndarray:
        """Return float64 [people, columns made]."""
        made: list[np.ndarray] = []
        for name in x.columns:
            if name in self.numeric_:
                median, mean, deviation, gaps = self.numeric_[name]
                numbers = pd.to_numeric(x[name], errors="coerce")
                made.append(((numbers.fillna(median) - mean) / deviation).to_numpy())
                if gaps:
                    made.append(numbers.isna().to_numpy(dtype=np.float64))
            elif name in self.categories_:
                values = _categories(x[name]).to_numpy()
                made += [(values == category).astype(np.float64) for category in self.categories_[name]]
        return np.stack(made, axis=1)

    def unknown(self, x: pd.DataFrame) -> dict[str, int]:
        """Count, by covariate, people with a category or text that `transform` has to ignore."""
        counts = {name: ~_categories(x[name]).isin(known) for name, known in self.categories_.items()}
        counts |= {name: x[name].notna() & pd.to_numeric(x[name], errors="coerce").isna() for name in self.numeric_}
        return {name: int(people.sum()) for name, people in counts.items() if people.any()}

    def _names(self, name: str) -> list[str]:
        if name in self.numeric_:
            return [name, f"{name} missing"] if self.numeric_[name][3] else [name]
        return [f"{name}={category}" for category in self.categories_.get(name, [])]


def informative(covariates: pd.DataFrame) -> pd.DataFrame:
    """Return the covariate columns that can teach anything; the others are left out with a warning.

    Left out are columns with one value only, and text columns with another value in every row (identifiers).
    """
    kept = []
    for name in covariates.columns:
        known = covariates[name].dropna()
        text = pd.to_numeric(known, errors="coerce").isna().any()
        if covariates[name].nunique(dropna=False) < 2:
            logger.warning("covariate %s is the same for everybody and is left out", name)
        elif text and known.is_unique:
            logger.warning("column %s has another text in every row: an identifier, left out of the covariates", name)
        else:
            kept.append(name)
    return covariates[kept]


def _codes(numbers: pd.Series) -> bool:
    known = numbers.dropna()
    return bool((known % 1 == 0).all() and known.nunique() <= MOST_CODES)


def _categories(column: pd.Series) -> pd.Series:
    return column.astype(object).where(column.notna(), "NA")


def read_covariates(
    samples: str | Path, people: Sequence[str] | np.ndarray, components: str | Path | None = None
) -> pd.DataFrame:
    """Read the covariates of some people that can teach anything, and their genotype principal components.

    Parameters
    ----------
    samples : table with sample and covariates. people : text [people]; rows are in this order.
    components : table of components; they become further columns, ``genotype pc1``, ...

    Raises
    ------
    InputError
        When a person is in one of the tables no time, or twice.
    """
    table = read_table(samples, columns=["sample"], what="sample table").set_index("sample")
    if not table.index.is_unique or not set(people) <= set(table.index):
        raise InputError("a person of the genotypes has no row, or two", where=samples,
                         fix="Run the stages again from match_samples")  # fmt: skip
    table = table.loc[list(people)].reset_index()
    covariates = informative(table.drop(columns=[name for name in NOT_COVARIATES if name in table.columns]))
    if components is None:
        return covariates
    return covariates.join(read_components(components, people).add_prefix("genotype "))
