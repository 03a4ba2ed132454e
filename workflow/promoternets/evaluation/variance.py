"""Where the uncertainty of an AUC comes from: random starts, people, folds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from promoternets.evaluation.metrics import METRICS
from promoternets.formats.out_of_fold import ALL, Collected
from promoternets.resampled import over_folds, widened

AUC, WITHIN = METRICS.index("auc"), METRICS.index("auc_within_fold")
VARIANCE = ["model", "seeds", "auc", "ensemble_auc", "sd_seeds", "sd_people", "sd_folds", "people"]


def fold_sizes(fold: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the people trained on and tested, int [K] each, in each fold with somebody to test; fold is 1..K."""
    test = np.bincount(fold)[1:]
    return len(fold) - test, test


def resampled_rows(
    values: np.ndarray, low: np.ndarray, high: np.ndarray, train: np.ndarray, test: np.ndarray
) -> Iterator[tuple[str, float, float, float]]:
    """Yield the metrics of one run whose intervals allow for the fits: metric, value, low, high.

    Parameters
    ----------
    values, low, high : float64 [1 + folds, metrics]; index 0 is all folds pooled, bounds over people.
    train, test : int [folds].
    """
    used = _used(train, test)
    value, bounds = values[0, WITHIN], (np.nan, np.nan)
    if used.any():
        bounds = widened(value, low[0, WITHIN], high[0, WITHIN], train[used], test[used])
    yield ("auc_over_fits", value, *bounds)
    folds = over_folds(values[1:, AUC][used], train[used], test[used])
    yield "auc_over_folds", folds.mean, folds.low, folds.high


def variance_table(collected: Collected, values: np.ndarray, resampled: np.ndarray) -> pd.DataFrame:
    """Return the spread of each model's AUC within folds, one row a model, all in units of the AUC.

    Columns: model; seeds, how many; auc, the mean over single seeds; ensemble_auc, of the mean of the seeds'
    probabilities; sd_seeds, the standard deviation over single seeds (missing with one), the same people and
    folds: two models whose AUCs are nearer than this could change places with other random starts; sd_people,
    the bootstrap standard error of ensemble_auc over people, fits held fixed; sd_folds, the corrected
    resampled standard error over folds (`resampled.over_folds`); people, how many.

    Parameters
    ----------
    values, resampled : as `evaluate.measure` returns them.
    """
    train, test = fold_sizes(collected.fold)
    used = _used(train, test)
    rows = []
    for number, run in enumerate(collected.runs):
        if run.seed != ALL:
            continue
        own = [at for at, other in enumerate(collected.runs) if other.model == run.model and other.seed != ALL]
        single = values[own or [number], 0, WITHIN]
        sd_seeds = single.std(ddof=1) if own else np.nan
        drawn = resampled[number, 0, WITHIN]
        sd_people = np.nanstd(drawn, ddof=1) if np.isfinite(drawn).sum() > 1 else np.nan
        sd_folds = over_folds(values[number, 1:, AUC][used], train[used], test[used]).se
        rows.append(
            (run.model, len(single), single.mean(), values[number, 0, WITHIN], sd_seeds, sd_people, sd_folds,
             len(collected.case))
        )  # fmt: skip
    return pd.DataFrame(rows, columns=VARIANCE)


def _used(train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Return which folds test somebody and have somebody to train on; a lone fold has no people to train on."""
    return (train > 0) & (test > 0)
