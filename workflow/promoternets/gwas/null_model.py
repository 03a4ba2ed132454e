"""The model without any site: logistic regression on covariates, which score tests of sites start from."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from promoternets.errors import InputError
from promoternets.formats.covariate_columns import CovariateColumns
from promoternets.logistic import fit_logistic, penalties

logger = logging.getLogger(__name__)
CERTAIN = 1e-3  # a fitted probability nearer to 0 or 1 than this tells a person's phenotype


@dataclass(frozen=True)
class NullModel:
    """A fitted covariate-only model of some people.

    Attributes
    ----------
    people : int [people], indices of those who fit.
    design : float64 [people, columns], the intercept first.
    residual, weight : float64 [people], phenotype minus fitted probability m, and m (1 - m).
    inverse : float64 [columns, columns], of the information.
    """

    people: np.ndarray
    design: np.ndarray
    residual: np.ndarray
    weight: np.ndarray
    inverse: np.ndarray


def design_of(covariates: pd.DataFrame, people: np.ndarray) -> np.ndarray:
    """Return an intercept and the covariates as columns fitted to some people, float64 [people, columns]."""
    own = covariates.iloc[people]
    constant = [name for name in own.columns if own[name].nunique(dropna=False) < 2]
    own = own.drop(columns=constant)
    intercept = np.ones((len(people), 1))
    return np.hstack([intercept, CovariateColumns().fit(own).transform(own)]) if len(own.columns) else intercept


def fit_null_model(covariates: pd.DataFrame, case: np.ndarray, people: np.ndarray) -> NullModel:
    """Fit logistic regression on covariates to some people (`logistic.fit_logistic`).

    Its small penalty settles what the likelihood does not: a one-class
    batch, whose coefficient would be infinite, and category columns that sum to the intercept. People whose phenotype
    covariates tell have next to no weight and say nothing about a site; how many is said in a warning.

    Parameters
    ----------
    covariates : table [everybody]. case : bool [everybody]. people : int indices of those who fit.

    Raises
    ------
    InputError
        When these people are of one class.
    """
    case = np.asarray(case, dtype=bool)[people].astype(np.float64)
    if len(np.unique(case)) < 2:
        raise InputError("people whom sites are to be tested among are of one class", fix="Use fewer folds or rounds")
    design = design_of(covariates, people)
    coefficients = fit_logistic(design, case)
    fitted = expit(design @ coefficients)
    told = int((np.minimum(fitted, 1 - fitted) < CERTAIN).sum())
    if told:
        logger.warning(
            "covariates tell the phenotype of %d of %d people: they say nothing about a site", told, len(case)
        )
    weight = fitted * (1 - fitted)
    information = (design * weight[:, None]).T @ design + np.diag(penalties(design))
    return NullModel(people, design, case - fitted, weight, np.linalg.inv(information))
