"""Columns a classifier can use, made from genotypes or covariates and fitted on training people only."""

from __future__ import annotations

import numpy as np
from scipy import linalg
from sklearn.base import BaseEstimator, TransformerMixin

from promoternets.errors import InputError
from promoternets.formats import covariate_columns
from promoternets.formats.selected_store import ABSENT

LEAST_DEVIATION = 1e-6  # of counts; a smaller one is rounding of a site that is the same in everybody


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
        """Learn means, deviations and constant columns from int8 or float32 [people, sites]; -1 missing, -2 absent.

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
        wide = np.float64 if x.dtype.kind == "f" else np.float32  # holds the square of a dosage, or of a count
        squares = np.square(x, dtype=wide).sum(axis=0, where=known, dtype=np.float64)
        # Over all people, the missing ones at the mean: what standardising after imputation divides by.
        deviation = np.sqrt(np.maximum(squares - called * mean**2, 0) / len(x))
        constant = deviation <= LEAST_DEVIATION
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
        self.deviation_ = deviation[self.kept_]
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
        """Find the absent sites in int8 or float32 [people, sites]."""
        self.kept_ = ~(x == ABSENT).all(axis=0)
        self.dropped_ = {"absent": int((~self.kept_).sum())}
        return self

    def transform(self, x: np.ndarray) -> np.ndarray:
        """Return float64 [people, kept sites] of -1, 0, 1, 2."""
        return np.maximum(x[:, self.kept_], -1).astype(np.float64)


class Coordinates(TransformerMixin, BaseEstimator):
    """Coordinates of people (`promoter_sites.coordinates`), which need nothing fitted."""

    def fit(self, x: np.ndarray, y: object = None) -> Coordinates:
        """Count the columns of float64 [people, columns]."""
        self.kept_ = np.ones(x.shape[1], dtype=bool)
        self.dropped_: dict[str, int] = {}
        return self

    def transform(self, x: np.ndarray) -> np.ndarray:
        """Return `x`."""
        return x


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


class CovariateColumns(TransformerMixin, BaseEstimator, covariate_columns.CovariateColumns):
    """`formats.covariate_columns.CovariateColumns` as a step of a pipeline."""
