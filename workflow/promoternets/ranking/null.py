"""What promoters score by chance: an empirical null of networks trained on permuted labels, and what it says.

The null scores of all promoters are pooled. Up to their 90th percentile the p-value is the share of null scores that
are as high; above it the null is continued by a tail (as Knijnenburg et al. 2009, Bioinformatics 25:i161, do by a
generalised Pareto distribution). The tail is what n exponential excesses predict of the next one (a Lomax distribution
of shape n; Aitchison and Dunsmore 1975, Statistical Prediction Analysis), so that it allows for a scale that was
estimated from n scores: with the scale taken as known, the best of 50 promoters was called significant in 10 of 100
cohorts without effects, not in 5.

Pooled null scores stand for every promoter only where all have the same null. Labels permuted within batches keep what
batches have to do with them, so the null of a promoter that tells the batch lies higher; scored within batches
(`within_strata_auc`, the default where there are batches) all have their null about 0.5.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control

TAIL = 0.1  # the part of the null that the tail is fitted to
LEAST_TAIL = 5  # null scores in the tail; with fewer the p-value stays the empirical one
LEVEL = 0.05
SUMMARY = ["fold", "promoters", "null_scores", "mean", "sd", "low", "high", "best_by_chance", "fdr_line"]
NOTES = ["metric", "permuted_within", "movable"]


def tail_p_values(scores: np.ndarray, null: np.ndarray) -> np.ndarray:
    """Return the p-value of each score, float64 [scores], from pooled null scores, float [null scores].

    Where a score lies in the body of the null: (1 + null scores as high) / (1 + null scores) (Phipson and Smyth 2010).
    NaN without a null score.
    """
    null = np.sort(null[np.isfinite(null)])
    scores = np.asarray(scores, dtype=np.float64)
    if not len(null):
        return np.full(len(scores), np.nan)
    as_high = len(null) - np.searchsorted(null, scores, side="left")
    empirical = (1 + as_high) / (1 + len(null))
    start, excess, count = _tail(null)
    p_values = empirical
    if excess is not None:
        beyond = np.maximum(scores - start, 0) / (count * excess)
        p_values = np.where(scores > start, count / len(null) * (1 + beyond) ** -count, empirical)
    return np.where(np.isnan(scores), np.nan, p_values)


def score_at(p_value: float, null: np.ndarray) -> float:
    """Return the score that has this p-value in the tail of the null; NaN where the null is too small for one."""
    null = np.sort(null[np.isfinite(null)])
    if not len(null):
        return math.nan
    start, excess, count = _tail(null)
    if excess is None:
        return math.nan
    share = count / len(null)
    if p_value >= share:
        return float(np.quantile(null, 1 - p_value))
    return start + count * excess * ((share / p_value) ** (1 / count) - 1)


def family_wise(p_values: np.ndarray) -> np.ndarray:
    """Return p-values for the best of so many independent promoters (Sidak 1967): 1 - (1 - p)^N.

    Neighbouring promoters share sites, so fewer are independent and these are too large rather than too small.
    """
    known = np.isfinite(p_values)
    return -np.expm1(np.log1p(-np.minimum(p_values, 1 - 1e-16)) * known.sum())


def false_discovery_rates(p_values: np.ndarray) -> np.ndarray:
    """Return the false discovery rate at which each promoter is found (Benjamini and Hochberg 1995); NaN stays."""
    rates = np.full(len(p_values), np.nan)
    known = np.isfinite(p_values)
    if known.any():
        rates[known] = false_discovery_control(p_values[known])
    return rates


def with_p_values(ranking: pd.DataFrame, null: pd.DataFrame) -> pd.DataFrame:
    """Return a ranking with p_value and fdr in each fold, from the null scores of all folds.

    Parameters
    ----------
    ranking : promoter, fold, score, rung, ...; those dropped after a rung have no p-value, but count as looked at.
    null : promoter, fold, permutation, score; may be empty, and p_value and fdr are then NaN.
    """
    dropped = ranking["rung"].notna().to_numpy()
    p_value = tail_p_values(ranking["score"].to_numpy(), null["score"].to_numpy(np.float64))
    rates = np.empty(len(ranking))
    for rows in ranking.groupby("fold").indices.values():
        rates[rows] = false_discovery_rates(np.where(dropped[rows], 1.0, p_value[rows]))
    p_value[dropped] = rates[dropped] = np.nan
    at = ranking.columns.get_loc("se") + 1
    table = ranking.copy()
    table.insert(at, "p_value", p_value)
    table.insert(at + 1, "fdr", rates)
    return table


def promoters_over_folds(ranking: pd.DataFrame, null: pd.DataFrame) -> pd.DataFrame:
    """Return one row a promoter, best mean score first: what all folds say of it together.

    The null of a mean over folds is the mean over folds of a promoter's null scores: a permutation moves the labels of
    the whole cohort, so its folds share people as the true ones do. A promoter that halving dropped in some folds
    stands behind those that it dropped in fewer, without p-values; as one that was looked at it still counts.

    Returns
    -------
    DataFrame: promoter, gene_id, symbol, chrom, tss, strand, score (mean over folds), se (root mean square of the
    folds': folds share most of their people, so their mean is hardly surer), p_value, fdr, family_wise_p, folds,
    folds_trained (to the end), folds_selected, best_rank, sites (mean).
    """
    first = ["gene_id", "symbol", "chrom", "tss", "strand"]
    grouped = ranking.assign(variance=ranking["se"] ** 2).groupby("promoter", sort=False)
    table = grouped[first].first()
    means = grouped[["score", "variance", "sites"]].mean()
    dropped = grouped["rung"].count().to_numpy() > 0
    p_value = np.where(dropped, 1.0, tail_p_values(means["score"].to_numpy(), null_over_folds(null)))
    known = {
        "p_value": p_value,
        "fdr": false_discovery_rates(p_value),
        "family_wise_p": family_wise(p_value),
    }
    table = table.assign(
        score=means["score"],
        se=np.sqrt(means["variance"]),
        **{name: np.where(dropped, np.nan, values) for name, values in known.items()},
        folds=grouped["score"].count(),
        folds_trained=grouped["score"].count() - grouped["rung"].count(),
        folds_selected=grouped["selected"].sum().astype(int),
        best_rank=grouped["rank"].min(),
        sites=means["sites"],
    ).reset_index()
    dropped_in = table["folds"] - table["folds_trained"]
    order = ["dropped_in", "score", "promoter"]
    table = table.assign(dropped_in=dropped_in).sort_values(order, ascending=[True, False, True], ignore_index=True)
    return table.drop(columns="dropped_in")


def null_over_folds(null: pd.DataFrame) -> np.ndarray:
    """Return the mean over folds of each promoter's null scores, float64 [promoters * permutations].

    Of promoters that have null scores in every fold, so that all are means of as many.
    """
    over_folds = null.groupby(["promoter", "permutation"])["score"].agg(["mean", "count"])
    return over_folds.loc[over_folds["count"] == null["fold"].nunique(), "mean"].to_numpy(np.float64)


def summarise_null(
    promoters: pd.DataFrame, ranking: pd.DataFrame, null: pd.DataFrame, notes: dict[str, object]
) -> pd.DataFrame:
    """Return what the null looks like, for each fold and for the mean over folds (fold ``all``).

    Returns
    -------
    DataFrame: fold, promoters, null_scores, mean, sd, low and high (95% of null scores lie between), best_by_chance
    (the score that the best of so many promoters exceeds by chance in 5 of 100 cohorts), fdr_line (the lowest score
    with a false discovery rate of at most 5%; NaN where none has), metric, permuted_within (columns of the sample
    table, or ``the whole cohort``), movable (share of people whose label can change places). Without null scores all
    but the numbers and notes are NaN.
    """
    rows = [_summary("all", promoters, null_over_folds(null))]
    pooled = null["score"].to_numpy(np.float64)
    rows += [_summary(str(fold), part, pooled) for fold, part in ranking.groupby("fold")]
    table = pd.DataFrame(rows, columns=SUMMARY)
    for name in NOTES:
        table[name] = notes[name]
    return table


def _summary(fold: str, promoters: pd.DataFrame, null: np.ndarray) -> tuple:
    known = null[np.isfinite(null)]
    found = promoters.loc[promoters["fdr"] <= LEVEL, "score"]
    line = float(found.min()) if len(found) else math.nan
    if not len(known):
        return (fold, len(promoters), 0, *[math.nan] * 6)
    low, high = np.quantile(known, [0.025, 0.975])
    best = score_at(-math.expm1(math.log1p(-LEVEL) / len(promoters)), known)
    return (fold, len(promoters), len(known), known.mean(), known.std(), low, high, best, line)


def _tail(null: np.ndarray) -> tuple[float, float | None, int]:
    """Return where the tail of sorted null scores starts, its mean excess (None if it cannot be told), its number."""
    start = float(np.quantile(null, 1 - TAIL))
    beyond = null[null > start]
    if len(beyond) < LEAST_TAIL:
        return start, None, len(beyond)
    return start, float((beyond - start).mean()), len(beyond)
