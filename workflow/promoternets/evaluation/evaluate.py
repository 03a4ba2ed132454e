"""The evaluation of all models of a cohort: metrics with intervals, their variance, paired comparisons, curves."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from promoternets.bootstrap import chunk_size, interval, p_value, resample_weights
from promoternets.errors import InputError
from promoternets.evaluation.curves import curves as curves_of
from promoternets.evaluation.metrics import METRICS, all_metrics
from promoternets.evaluation.variance import fold_sizes, resampled_rows, variance_table
from promoternets.formats.out_of_fold import ALL, FIRST_MODEL, Collected, collect
from promoternets.formats.tables import write_table
from promoternets.progress import progress

logger = logging.getLogger(__name__)
FEWEST_RESAMPLES = 100


def evaluate(
    *,
    predictions: Sequence[Path],
    samples: Path,
    cohort: str,
    metrics: Path,
    comparisons: Path,
    curves: Path,
    variance: Path,
    bootstrap: int = 2000,
    seed: int = 42,
) -> None:
    """Evaluate all models of a cohort and write the four tables.

    `metrics`: cohort, model, fold, seed, metric, value, low, high. Fold `all` pools the out-of-fold
    predictions of everybody, seed `all` averages a model's probabilities over its seeds; models with several
    seeds have rows for each seed besides. `comparisons`: the first model (`als_net`) minus each other, seeds
    averaged, folds pooled; for `brier` a negative difference is the better one. `curves`: see
    `curves.curves`; `variance`: see `variance.variance_table`. Intervals are 95% percentile bootstrap intervals
    over people, or over families where the sample table has a column `family`.

    Those intervals, and the paired ones, hold the fitted models fixed, so the variation between training sets
    is not in them. It shows most where there is nothing to learn: with permuted labels (logistic regression,
    400 people, five folds, 100 permutations) the AUC had a standard deviation of 0.042 and the interval a
    standard error of 0.030, so that it covered 0.5 in 83 of 100. Two metrics of fold `all` allow for the fits:
    `auc_over_fits` is `auc_within_fold` with the widened interval of `resampled.widened`, which is the one to
    judge by; `auc_over_folds` is the mean of the folds' AUCs with the corrected resampled t interval of
    `resampled.over_folds`, which needs no bootstrap but is wide with few folds.

    Raises
    ------
    InputError
        As `out_of_fold.collect`, and when fewer than 100 resamples are asked for.
    """
    if bootstrap < FEWEST_RESAMPLES:
        raise InputError(
            f"{bootstrap} bootstrap resamples are too few for an interval",
            fix=f"Use at least {FEWEST_RESAMPLES}",
        )
    collected = collect(predictions, samples)
    values, resampled = measure(collected, bootstrap=bootstrap, seed=seed)
    tables = {
        metrics: metrics_table(collected, values, resampled),
        comparisons: comparisons_table(collected, values, resampled),
        curves: curves_table(collected),
        variance: variance_table(collected, values, resampled),
    }
    for path, table in tables.items():
        table.insert(0, "cohort", cohort)
        write_table(table, path)


def measure(collected: Collected, *, bootstrap: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return every metric of every run, as it is and in each resample of the people.

    All runs and metrics are measured in the same resamples, so that differences between models are paired.

    Returns
    -------
    values : float64 [runs, 1 + folds, metrics]; index 0 of the second axis is all folds pooled.
    resampled : float64 [runs, 1 + folds, metrics, bootstrap].
    """
    people = len(collected.case)
    shape = (len(collected.runs), int(collected.fold.max()) + 1, len(METRICS))
    values = np.empty(shape)
    resampled = np.empty((*shape, bootstrap))

    def fill(weights: np.ndarray, into: np.ndarray) -> None:
        for number, run in enumerate(collected.runs):
            into[number] = all_metrics(run.probability, collected.case, collected.fold, weights)

    fill(np.ones((people, 1)), values[..., None])
    done = 0
    chunks = resample_weights(collected.cluster, bootstrap, seed)
    total = -(-bootstrap // chunk_size(people))
    for weights in progress(chunks, total=total, what="bootstrap", unit="chunks of resamples"):
        fill(weights, resampled[..., done : done + weights.shape[1]])
        done += weights.shape[1]
    return values, resampled


def metrics_table(collected: Collected, values: np.ndarray, resampled: np.ndarray) -> pd.DataFrame:
    """Return the tidy table of metrics: model, fold, seed, metric, value, low, high."""
    low, high = interval(resampled)
    train, test = fold_sizes(collected.fold)
    rows = []
    for number, run in enumerate(collected.runs):
        for fold in range(values.shape[1]):
            for at, metric in enumerate(METRICS):
                if metric == "auc_within_fold" and fold > 0:
                    continue
                place = (number, fold, at)
                rows.append((run.model, fold or ALL, run.seed, metric, values[place], low[place], high[place]))
        for metric, *estimate in resampled_rows(values[number], low[number], high[number], train, test):
            rows.append((run.model, ALL, run.seed, metric, *estimate))
    return pd.DataFrame(rows, columns=["model", "fold", "seed", "metric", "value", "low", "high"])


def comparisons_table(collected: Collected, values: np.ndarray, resampled: np.ndarray) -> pd.DataFrame:
    """Return the paired differences: model, against, metric, difference, low, high, p_value."""
    columns = ["model", "against", "metric", "difference", "low", "high", "p_value"]
    pooled = {run.model: number for number, run in enumerate(collected.runs) if run.seed == ALL}
    if FIRST_MODEL not in pooled:
        logger.warning("%s has no predictions: nothing to compare the other models with", FIRST_MODEL)
        return pd.DataFrame(columns=columns)
    first = pooled.pop(FIRST_MODEL)
    rows = []
    for model, number in pooled.items():
        differences = resampled[first, 0] - resampled[number, 0]
        low, high = interval(differences)
        p = p_value(differences)
        for at, metric in enumerate(METRICS):
            difference = values[first, 0, at] - values[number, 0, at]
            rows.append((FIRST_MODEL, model, metric, difference, low[at], high[at], p[at]))
    return pd.DataFrame(rows, columns=columns)


def curves_table(collected: Collected) -> pd.DataFrame:
    """Return the curves of each model, seeds averaged and folds pooled: model, curve, x, y, people."""
    tables = []
    for run in collected.ensembles:
        table = curves_of(run.probability, collected.case)
        table.insert(0, "model", run.model)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)
