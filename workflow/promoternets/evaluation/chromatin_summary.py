"""The papers' table: each model over all epigenomes, and against DeepChrome."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import wilcoxon

from promoternets.bootstrap import interval
from promoternets.evaluation.chromatin_scores import ChromatinScores
from promoternets.formats.out_of_fold import ALL

REFERENCE = "deepchrome"
FEWEST_EPIGENOMES = 6  # with five the smallest two-sided p-value there is would be 0.0625
COLUMNS = (
    "model", "epigenomes", "mean", "median", "max", "min", "wins_over_deepchrome", "compared", "mean_difference",
    "difference_low", "difference_high", "p_value", "mean_of_single_seeds", "sd_between_seeds",
)  # fmt: skip


def summary_table(scores: ChromatinScores, values: np.ndarray, resampled: np.ndarray) -> pd.DataFrame:
    """Return one row a model (Singh et al. 2017, table 2), of one metric.

    `mean_difference` is over epigenomes, the model minus DeepChrome, and its interval is by the same resamples
    of genes in every epigenome: genes are shared, so that epigenomes are not independent samples of them, and
    the interval holds for these epigenomes. `p_value` asks about epigenomes instead: Wilcoxon's signed-rank
    test over them. `mean_of_single_seeds` is what a table from one run a model shows on average;
    `sd_between_seeds` is the standard deviation of that table's mean from one seed to another.

    Parameters
    ----------
    values : float64 [epigenome, run]. resampled : float [epigenome, run, resample].
    """
    number = scores.ensembles
    reference = number.get(REFERENCE)
    rows = []
    for model, own in number.items():
        column = values[:, own]
        row: dict[str, object] = {
            "model": model,
            "epigenomes": len(column),
            "mean": column.mean(),
            "median": np.median(column),
            "max": column.max(),
            "min": column.min(),
            "compared": 0,
        }
        if reference is not None and model != REFERENCE:
            difference = column - values[:, reference]
            low, high = interval((resampled[:, own] - resampled[:, reference]).mean(axis=0))
            row |= {
                "wins_over_deepchrome": int((difference > 0).sum()),
                "compared": len(difference),
                "mean_difference": difference.mean(),
                "difference_low": float(low),
                "difference_high": float(high),
                "p_value": signed_rank_p_value(difference),
            }
        rows.append(row | _between_seeds(scores, values, model))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.astype({"wins_over_deepchrome": "Int64"})


def signed_rank_p_value(difference: np.ndarray) -> float:
    """Return the two-sided p-value of Wilcoxon's signed-rank test, NaN with fewer than six epigenomes.

    Differences of exactly 0 are left out, as Wilcoxon did; where none remains the value is 1. The distribution
    is exact unless two differences are of the same size, and then the normal one corrected for ties.
    """
    if len(difference) < FEWEST_EPIGENOMES:
        return float("nan")
    changed = difference[difference != 0]
    if not len(changed):
        return 1.0
    tied = len(np.unique(np.abs(changed))) < len(changed)
    return float(wilcoxon(changed, method="asymptotic" if tied else "exact").pvalue)


def _between_seeds(scores: ChromatinScores, values: np.ndarray, model: str) -> dict[str, float]:
    own = [number for number, (name, seed) in enumerate(scores.runs) if name == model and seed != ALL]
    means = values[:, own].mean(axis=0)
    spread = means.std(ddof=1) if len(means) > 1 else np.nan
    return {"mean_of_single_seeds": float(means.mean()), "sd_between_seeds": float(spread)}
