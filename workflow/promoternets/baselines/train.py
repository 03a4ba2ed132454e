"""A baseline of one outer fold, from the files of the workflow to predictions of its test people."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import sklearn

from promoternets.baselines.columns import CovariateColumns, informative
from promoternets.baselines.fit import Fitted, fit
from promoternets.baselines.inputs import read_genotypes, read_people, with_components
from promoternets.baselines.search import rows
from promoternets.baselines.settings import baseline
from promoternets.errors import InputError
from promoternets.formats.outputs import written
from promoternets.formats.predictions import write_predictions
from promoternets.seeds import derive

logger = logging.getLogger(__name__)


def train_baseline(
    *,
    selected: Path | None,
    samples: Path,
    folds: Path,
    fold: int,
    model: str,
    predictions: Path,
    details: Path,
    components: Path | None = None,
    seed: int = 42,
    threads: int = 1,
) -> None:
    """Fit one baseline on the training people of a fold; write its test people's probabilities and its
    details (JSON).

    `selected` is not read for the models `covariates` and `covariates_pcs`; the latter needs `components`.

    Raises
    ------
    InputError
        As `inputs.read_people`, `inputs.read_genotypes`, `inputs.with_components`, `settings.baseline` and `fit.fit`.
    """
    known = baseline(model)
    people = read_people(samples, folds, fold)
    if known.columns == "covariates":
        x: Any = informative(people.covariates)
        if known.components:
            x = with_components(x, components, people)
    elif selected is None:
        raise InputError(f"{model} needs the selected sites of fold {fold}", fix="Give them with --selected")
    else:
        x = read_genotypes(selected, people)
    train, test = np.flatnonzero(~people.test), np.flatnonzero(people.test)
    logger.info("%s, fold %d: %d people to train on, %d to predict", model, fold, len(train), len(test))
    if known.columns == "covariates" and not len(informative(rows(x, train)).columns):
        logger.warning("no covariate tells anybody apart: everybody gets the probability 0.5")
        probability, fitted_details = np.full(len(test), 0.5), {"covariates": "none", "seconds": 0.0}
    else:
        own = derive(seed, "baseline", model, fold)
        fitted = fit(model, rows(x, train), people.case[train], people.family[train], seed=own, threads=threads)
        if known.columns == "covariates":
            _log_unknown(fitted, rows(x, test))
        probability, fitted_details = fitted.probability(rows(x, test)), fitted.details
    about = {
        "fold": fold,
        "seed": seed,
        "test_people": len(test),
        "scikit_learn": sklearn.__version__,
        **fitted_details,
    }
    with written(details) as partial:
        partial.write_text(json.dumps(about, indent=2) + "\n")
    write_predictions(
        predictions,
        samples=people.sample[test],
        phenotype=people.case[test].astype(int),
        probability=probability,
        fold=fold,
        model=model,
    )
    logger.info("%s, fold %d: done in %.1f s", model, fold, fitted_details["seconds"])


def _log_unknown(fitted: Fitted, covariates: Any) -> None:
    """Say how many test people have a category unknown in training, or text in place of a number."""
    columns: CovariateColumns = fitted.pipeline["columns"]
    for name, count in columns.unknown(covariates).items():
        logger.warning("covariate %s: the values of %d test people are unknown in training", name, count)
