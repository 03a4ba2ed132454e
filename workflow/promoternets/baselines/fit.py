"""One baseline, fitted to the training people of an outer fold."""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from promoternets.baselines.columns import (
    Coordinates,
    CovariateColumns,
    GenotypeColumns,
    RawGenotypes,
    TrainingSpan,
)
from promoternets.baselines.elastic_net import ScreenedGenotypes
from promoternets.baselines.search import Search, inner_splits, search
from promoternets.baselines.settings import Baseline, Setting, baseline
from promoternets.calibration import platt
from promoternets.seeds import derive

logger = logging.getLogger(__name__)
EQUAL = 1e-9  # of two AUCs
SCREENED_SITES = 20_000  # of an elastic net


@dataclass(frozen=True)
class Fitted:
    """A fitted baseline: its pipeline, the calibration (slope, intercept) of its scores, its details."""

    pipeline: Pipeline
    calibration: tuple[float, float] | None
    details: dict[str, Any]

    def probability(self, x: Any) -> np.ndarray:
        """Return the probability of being a case, float64 [people], from that person's columns only."""
        if self.calibration is None:
            return self.pipeline.predict_proba(x)[:, 1].astype(np.float64)
        slope, intercept = self.calibration
        return expit(slope * self.pipeline.decision_function(x) + intercept)


def fit(
    name: str,
    x: Any,
    case: np.ndarray,
    family: np.ndarray,
    *,
    seed: int,
    threads: int = 1,
    screened_sites: int = SCREENED_SITES,
) -> Fitted:
    """Choose a baseline's settings by inner cross-validation and fit it to all given people.

    The setting with the highest mean AUC over the inner parts is taken, the simplest of equals. The same
    held-out scores calibrate the classifiers that have no probabilities. Linear algebra runs in one thread,
    so that results do not depend on `threads`.

    Parameters
    ----------
    name : a key of `settings.BASELINES`.
    x : int8 or float32 [people, sites] alternate allele counts, -1 missing, -2 absent; for `covariates` a table of text
        columns.
    case : bool [people], both classes.
    family : int [people]; people of one family stay in one inner part.
    seed, threads : of everything random; of the parts that run at once.
    screened_sites : how many sites an elastic net keeps.

    Raises
    ------
    InputError
        When no column differs between people, or there are too few people to choose settings with.
    """
    model = baseline(name)
    case = np.asarray(case, dtype=bool)
    with threadpool_limits(1), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        columns = _columns(model, screened_sites)
        values = columns.fit(x, case).transform(x)
        settings = model.grid(values.shape[1])
        chosen, inner = _choose(model, settings, columns, x, case, family, seed=seed, threads=threads)
        steps: list[tuple[str, BaseEstimator]] = [("columns", columns)]
        before_last = len(caught)
        if model.kind == "logistic" and model.columns == "standardised":
            steps.append(("span", TrainingSpan().fit(values)))
            values = steps[-1][1].transform(values)
        classifier = model.build(chosen, derive(seed, "final") % 2**32, threads).fit(values, case)
        steps.append(("classifier", classifier))
    calibration = platt(*inner.pop("held_out")) if model.calibrated else None
    inner.pop("held_out", None)
    details = {
        "model": name,
        "chosen": chosen,
        "classifier": _plain(classifier.get_params(deep=False)),
        **inner,
        "converged": _converged(classifier, caught[before_last:]),
        "iterations": int(np.max(classifier.n_iter_)) if hasattr(classifier, "n_iter_") else None,
        "warnings": _texts(caught[before_last:]),
        "search_warnings": _texts(caught[:before_last]),
        "calibration": calibration and {"method": "platt", "slope": calibration[0], "intercept": calibration[1]},
        **_about_columns(model, columns, x),
        "training_people": len(case),
        "training_cases": int(case.sum()),
        "notes": list(model.notes),
    }
    for text in details["search_warnings"]:
        logger.warning("%s, while settings were compared: %s", name, text)
    if not details["converged"]:
        logger.warning("%s has not converged: %s", name, "; ".join(details["warnings"]))
    return Fitted(Pipeline(steps), calibration, details)


def _columns(model: Baseline, screened_sites: int) -> BaseEstimator:
    if model.columns == "screened":
        return ScreenedGenotypes(screened_sites)
    if model.columns == "coordinates":
        return Coordinates()
    if model.columns == "covariates":
        return CovariateColumns()
    if model.columns == "raw":
        return RawGenotypes()
    return GenotypeColumns(scale=model.columns == "standardised")


def fit_splits(model: Baseline, case: np.ndarray, family: np.ndarray, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the inner parts that `fit` compares settings in, given the same people and seed."""
    return inner_splits(case, family, model.inner, derive(seed, "splits"))


def _choose(
    model: Baseline,
    settings: list[Setting],
    columns: BaseEstimator,
    x: Any,
    case: np.ndarray,
    family: np.ndarray,
    *,
    seed: int,
    threads: int,
) -> tuple[Setting, dict[str, Any]]:
    """Return the best setting and the search's details, with the held-out scores under that setting."""
    if len(settings) == 1 and not model.calibrated:
        return settings[0], {"inner_auc": None, "tried": []}
    splits = fit_splits(model, case, family, seed)
    found = search(model, settings, columns, x, case, splits, seed=seed, threads=threads)
    best = _best(model, found, case)
    held = np.isfinite(found.score[best])
    tried = [
        {"setting": setting, "auc": round(float(auc), 5), "converged": bool(converged)}
        for setting, auc, converged in zip(settings, found.auc, found.converged, strict=True)
    ]
    logger.info("inner AUC %.3f in %d parts with %s", found.auc[best], len(splits), settings[best])
    if not found.converged.all():
        logger.warning("%d of %d settings did not converge in the inner parts", (~found.converged).sum(), len(settings))
    about = {"inner_auc": float(found.auc[best]), "inner_parts": len(splits), "tried": tried}
    return settings[best], about | {"held_out": (found.score[best][held], case[held])}


def _best(model: Baseline, found: Search, case: np.ndarray) -> int:
    """Return the setting of the highest AUC, the first of equals; of a logistic model's equals that of least log-loss.

    With a batch as the only covariate every penalty ranks people alike, and only one of them gives fitting log-odds.
    """
    equals = np.flatnonzero(found.auc >= found.auc.max() - EQUAL)
    if model.kind != "logistic" or len(equals) == 1:
        return int(np.argmax(found.auc))
    sign = np.where(case, -1.0, 1.0)
    losses = [np.nanmean(np.logaddexp(0, sign * found.score[number])) for number in equals]
    return int(equals[np.argmin(losses)])


def _converged(classifier: BaseEstimator, caught: list[warnings.WarningMessage]) -> bool:
    stopped = any(issubclass(warning.category, ConvergenceWarning) for warning in caught)
    return not stopped and getattr(classifier, "fit_status_", 0) == 0


def _texts(caught: list[warnings.WarningMessage]) -> list[str]:
    """Return the first line of each warning, once."""
    return sorted({str(warning.message).strip().splitlines()[0] for warning in caught})


def _about_columns(model: Baseline, columns: BaseEstimator, x: Any) -> dict[str, Any]:
    if model.columns == "covariates":
        return {
            "columns_given": x.shape[1],
            "columns_used": len(columns.names_),
            "columns": columns.names_,
            "covariates": columns.kinds_,
        }
    return {
        "columns_given": x.shape[1],
        "columns_used": int(columns.kept_.sum()),
        "columns_dropped": columns.dropped_,
    }


def _plain(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return parameters as JSON can hold them."""
    simple = (bool, int, float, str, type(None))
    return {name: value if isinstance(value, simple) else str(value) for name, value in parameters.items()}
