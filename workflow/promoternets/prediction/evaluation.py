"""How good predictions of a cohort are, where phenotypes are known: discrimination and calibration."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import logit

from promoternets.auc import ranking_sums, ratio
from promoternets.bootstrap import interval, resample_weights
from promoternets.formats.tables import read_table
from promoternets.logistic import fit_logistic

logger = logging.getLogger(__name__)
COLUMNS = ("cohort", "metric", "value", "low", "high")
CLIP = 1e-6  # of probabilities, for their log-odds


def evaluation_table(predictions: Path, samples: Path, cohort: str, *, bootstrap: int, seed: int) -> pd.DataFrame:
    """Return cohort, metric, value, low, high; intervals are 95% percentile bootstrap over people, or families.

    The model was fitted elsewhere, so nothing but the choice of people is uncertain.

    ====================  ==========================================================================================
    people, cases         numbers, among those whose phenotype is known
    auc                   NA with one class
    brier                 mean squared difference of probability and phenotype
    mean_probability      to compare with share_of_cases: calibration in the large
    calibration_slope     of the phenotype on the log-odds by logistic regression (Cox 1958): 1 is right, below 1 the
                          probabilities are too far apart; NA with one class
    calibration_intercept of the same regression
    ====================  ==========================================================================================
    """
    table = read_table(
        predictions,
        columns=["sample", "phenotype", "probability"],
        what="predictions table",
        dtypes={"phenotype": "float64", "probability": "float64"},
    )
    people = read_table(samples, columns=["sample"], what="sample table")
    if "family" in people.columns:
        table = table.merge(people[["sample", "family"]], on="sample", how="left")
    known = table[table["phenotype"].notna()].reset_index(drop=True)
    case, probability = known["phenotype"].to_numpy() == 1, known["probability"].to_numpy()
    rows = [("people", len(known), np.nan, np.nan), ("cases", int(case.sum()), np.nan, np.nan)]
    if known.empty:
        logger.warning("no phenotype is known: the predictions are not evaluated")
    else:
        if case.all() or not case.any():
            logger.warning("all %d people are %s: there is no AUC", len(case), "cases" if case.all() else "controls")
        rows += measured(probability, case, clusters(known), bootstrap, seed)
    found = pd.DataFrame(rows, columns=list(COLUMNS[1:]))
    found.insert(0, "cohort", cohort)
    return found


def clusters(people: pd.DataFrame) -> np.ndarray:
    """Return the family of each person, int64 [people] from 0; without one a person is alone."""
    own = "person " + people["sample"].astype(str)
    if "family" not in people.columns:
        return np.arange(len(people))
    return pd.factorize(people["family"].map(lambda name: f"family {name}", na_action="ignore").fillna(own))[0]


def measured(
    probability: np.ndarray, case: np.ndarray, cluster: np.ndarray, bootstrap: int, seed: int
) -> list[tuple[str, float, float, float]]:
    """Return name, value, low and high of each metric."""
    values = metrics_of(probability, case, np.ones((len(case), 1)))
    draws = [metrics_of(probability, case, weights) for weights in resample_weights(cluster, bootstrap, seed)]
    rows = []
    for name, value in values.items():
        low, high = interval(np.concatenate([draw[name] for draw in draws]))
        rows.append((name, float(value[0]), float(low), float(high)))
    return rows


def metrics_of(probability: np.ndarray, case: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return each metric, float64 [resamples], with people weighted by float64 [people, resamples] whole numbers."""
    right, pairs, _ = ranking_sums(probability, case, weights)
    people = weights.sum(0)
    line = np.array([_line(probability, case, times) for times in weights.T])
    return {
        "auc": ratio(right, pairs),
        "brier": ((probability - case) ** 2) @ weights / people,
        "mean_probability": probability @ weights / people,
        "share_of_cases": case.astype(float) @ weights / people,
        "calibration_slope": line[:, 1],
        "calibration_intercept": line[:, 0],
    }


def _line(probability: np.ndarray, case: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return intercept and slope of the phenotype on the log-odds, people taken so many times; NaN with one class."""
    rows = np.repeat(np.arange(len(case)), times.astype(np.int64))
    score = logit(probability[rows].clip(CLIP, 1 - CLIP))
    if len(np.unique(case[rows])) < 2 or score.std() == 0:
        return np.full(2, np.nan)
    centre, spread = score.mean(), score.std()
    intercept, slope = fit_logistic(np.column_stack([np.ones(len(rows)), (score - centre) / spread]), case[rows])
    return np.array([intercept - slope * centre / spread, slope / spread])
