"""Log-odds of confounders for everybody, each person's from a fit that has not seen that person."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import logit
from sklearn.linear_model import LogisticRegression

from promoternets.baselines.inputs import People, read_people, with_components
from promoternets.baselines.settings import baseline
from promoternets.errors import InputError
from promoternets.formats.confounders import CONFOUNDERS
from promoternets.formats.covariate_columns import CovariateColumns, informative
from promoternets.formats.offsets import write_offsets
from promoternets.formats.outer_fold import read_outer_fold
from promoternets.progress import progress

logger = logging.getLogger(__name__)
WEAK = 100.0  # next to no penalty: shrunk log-odds would leave part of the confounding to the network
ITERATIONS = 10_000
LEAST_PROBABILITY = 1e-3  # a stratum of one class would otherwise leave nothing to learn from its people


def offset_confounders(
    *,
    samples: Path,
    folds: Path,
    fold: int,
    model: str,
    offsets: Path,
    components: Path | None = None,
) -> None:
    """Write the log-odds of being a case that a model of confounders gives everybody, for one outer fold.

    Training people of an inner part are predicted by a fit to the other training people, so that a network on top of
    the offset is not told the labels by it; test people by a fit to all training people.

    Raises
    ------
    InputError
        As `inputs.read_people`; when `model` is no model of confounders.
    """
    if model not in CONFOUNDERS:
        raise InputError(f"{model!r} is no model of confounders", fix=f"Choose one of {', '.join(CONFOUNDERS)}")
    people = read_people(samples, folds, fold)
    covariates = informative(people.covariates)
    if baseline(model).components:
        covariates = with_components(covariates, components, people)
    inner = read_outer_fold(people.sample, samples, folds, fold).inner
    training = ~people.test
    parts = [training & (inner == part) for part in np.unique(inner[training])]
    log_odds = np.empty(len(people.sample))
    for held in progress([*parts, people.test], total=len(parts) + 1, what="models of confounders", unit="parts"):
        log_odds[held] = _held_out(people, covariates, training & ~held, held)
    write_offsets(offsets, samples=people.sample, log_odds=log_odds)


def _held_out(people: People, covariates: pd.DataFrame, train: np.ndarray, held: np.ndarray) -> np.ndarray:
    """Return the log-odds of people `held` by a fit to people `train`, both bool [people]."""
    if not len(covariates.columns) or not len(informative(covariates[train]).columns):
        logger.warning("no covariate tells anybody apart: the offset is the same for everybody")
        return np.full(held.sum(), logit(people.case[train].mean()))
    columns = CovariateColumns().fit(covariates[train])
    model = LogisticRegression(C=WEAK, max_iter=ITERATIONS)
    fitted = model.fit(columns.transform(covariates[train]), people.case[train])
    probability = fitted.predict_proba(columns.transform(covariates[held]))[:, 1]
    return logit(np.clip(probability, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY))
