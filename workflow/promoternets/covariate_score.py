"""Covariates and genotype components of a fold's people as one score: what they say of being a case."""

from __future__ import annotations

import numpy as np
import pandas as pd

from promoternets.formats.covariate_columns import CovariateColumns
from promoternets.logistic import fit_logistic


def covariate_score(covariates: pd.DataFrame, case: np.ndarray, training: np.ndarray) -> np.ndarray:
    """Return everybody's log-odds by the covariates, fitted on training people, float64 [people].

    One column instead of many leaves the few test people their degrees of freedom.

    Parameters
    ----------
    covariates : as `formats.covariate_columns.read_covariates` returns them. case : bool [people].
    training : int, who is fitted on.
    """
    own = covariates.iloc[training]
    used = [name for name in own.columns if own[name].nunique(dropna=False) > 1]
    if not used:
        return np.zeros(len(case))
    columns = CovariateColumns().fit(own[used]).transform(covariates[used])
    design = np.column_stack([np.ones(len(case)), columns])
    return design @ fit_logistic(design[training], case[training])
