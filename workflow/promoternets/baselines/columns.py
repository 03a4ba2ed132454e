"""Columns a classifier can use, made from genotypes or covariates and fitted on training people only."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd
from scipy import linalg
from sklearn.base import BaseEstimator, TransformerMixin

from promoternets.errors import InputError
from promoternets.formats.selected_store import ABSENT
from promoternets.formats.strata import MOST_CODES

logger = logging.getLogger(__name__)


class GenotypeColumns(TransformerMixin, BaseEstimator):
    """Alternate allele counts as columns: imputed, constant ones dropped, standardised on request.

    Parameters
    ----------
    scale : whether columns get mean 0 and standard deviation 1 over the training people.

    Attributes after `fit`
    ----------------------
    kept_ : bool [sites], False where the site is absent, or the same in all training people.
    mean_, deviation_ : float64 [kept sites], over the training people whose genotype is known; the mean
        replaces a missing genotype.
    dropped_ : number of columns left out, by reason.
    """

    def __init__(self, scale: bool = True) -> None:
        self.scale = scale

    def fit(self, x: np.ndarray, y: object = None) -> GenotypeColumns:
        """Learn means, deviations and constant columns from int8 [people, sites]; -1 missing, -2 absent.

        Raises
        ------
        InputError
            When no site differs between the training people.
        """
        known = x >= 0
        called = known.sum(axis=0)
        mean = np.divide(
            x.sum(axis=0, where=known, dtype=np.float64), called, out=np.zeros(x.shape[1]), where=called > 0
        )
        squares = np.square(x, dtype=np.float32).sum(axis=0, where=known, dtype=np.float64)
        constant = np.where(known, x, -1).max(axis=0) == np.where(known, x, 127).min(axis=0)
        absent = (x == ABSENT).all(axis=0)
        self.kept_ = (called > 0) & ~constant
        self.dropped_ = {
            "absent": int(absent.sum()),
            "never_called": int(((called == 0) & ~absent).sum()),
            "constant": int((constant & (called > 0)).sum()),
        }
        if not self.kept_.any():
            raise InputError(
                "none of the selected sites differs between the training people", fix="Select more promoters"
            )
        self.mean_ = mean[self.kept_]
        # Over all people, the missing ones at the mean: what standardising after imputation divides by.
        self.deviation_ = np.sqrt((squares - called * mean**2)[self.kept_] / len(x))
        return self

    def transform(self, x: np.ndarray) -> np.ndarray:
        """Return float32 [people, kept sites]; float64 where standardised."""
        x = x[:, self.kept_]
        if not self.scale:
            return np.where(x >= 0, x, self.mean_).astype(np.float32)
        return np.where(x >= 0, (x - self.mean_) / self.deviation_, 0.0)


class RawGenotypes(TransformerMixin, BaseEstimator):
    """Alternate allele counts as the published scripts fed them: -1 for missing as a number, nothing scaled.

    Only absent sites, which those scripts did not have, are dropped.
    """

    def fit(self, x: np.ndarray, y: object = None) -> RawGenotypes:
        """Find the absent sites in int8 [people, sites]."""
        self.kept_ = ~(x == ABSENT).all(axis=0)
        self.dropped_ = {"absent": int((~self.kept_).sum())}
        return self

    def transform(self, x: np.ndarray) -> np.ndarray:
        """Return float64 [people, kept sites] of -1, 0, 1, 2."""
        return np.maximum(x[:, self.kept_], -1).astype(np.float64)


class TrainingSpan(TransformerMixin, BaseEstimator):
    """Rotate centred columns onto the training people's span: fewer columns, the same linear models.

    A model with an L2 penalty has its coefficients in the span of the training people, so with fewer people
    than columns nothing is lost (Hastie and Tibshirani 2004, "Efficient quadratic regularization for
    expression arrays"). With more people it does nothing.
    """

    def fit(self, x: np.ndarray, y: object = None) -> TrainingSpan:
        """Learn the span of float [people, columns]."""
        self.axes_ = None
        if x.shape[0] < x.shape[1]:
            length, vectors = linalg.eigh(x @ x.T)
            kept = length > 1e-10 * length[-1]
            self.axes_ = x.T @ (vectors[:, kept] / np.sqrt(length[kept]))
        return self

    def transform(self, x: np.ndarray) -> np.ndarray:
        """Return float64 [people, rank of the training people]."""
        return x if self.axes_ is None else x @ self.axes_


class CovariateColumns(TransformerMixin, BaseEstimator):
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
