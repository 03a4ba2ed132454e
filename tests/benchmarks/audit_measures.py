"""What one replicate of a simulated cohort shows: its result tables read, and turned into quantities.

A quantity is a row: quantity, value, low, high, passed. `passed` is True or False where the issue asks something of
every replicate of that scenario, and missing elsewhere, or where the table that could tell is not there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import log_ndtr

from promoternets.auc import ranking_sums
from promoternets.errors import InputError
from promoternets.formats.tables import read_table

NET = "als_net"
OUTER_AUC = ("auc_over_fits", "auc_within_fold")  # the first that is there: in metrics.tsv, in comparisons.tsv
LINEAR = (
    "logistic_regression", "linear_svm", "elastic_net", "elastic_net_all", "ridge_all", "polygenic_score",
    "logistic_regression_gwas",
)  # fmt: skip
RED_FLAGS = ("confounders_as_good", "one_class", "score_tells_stratum", "gone_within_strata")
SIGNIFICANT = 0.05
WORST_DIFFERENCE = -0.01  # of the net's AUC to the best linear rival's, in the additive cohort
PLANTED = {"additive": ("additive", "weak"), "inside": ("epistatic_within",), "across": ("epistatic_across",)}
FEWEST_FOUND = 0.75  # share of planted promoters selected, mean over folds, in the epistatic cohort
NEEDED = ("metrics.tsv", "comparisons.tsv", "audit.tsv", "ranking.tsv", "promoter_ranking.tsv", "simulated/truth.tsv",
          "simulated/liability.tsv", "simulated/samples.tsv")  # fmt: skip


class Quantity(NamedTuple):
    """A number that a replicate shows, with its 95% interval where there is one, and whether it is as asked."""

    quantity: str
    value: float
    low: float = math.nan
    high: float = math.nan
    passed: bool | None = None


@dataclass(frozen=True)
class Replicate:
    """The result tables of one replicate; `promoters` is None where there is no promoter_ranking.tsv."""

    metrics: pd.DataFrame
    comparisons: pd.DataFrame
    audit: pd.DataFrame
    ranking: pd.DataFrame
    promoters: pd.DataFrame | None
    truth: pd.DataFrame
    people: pd.DataFrame


def read_replicate(results: Path) -> Replicate:
    """Read the tables of results/{cohort}; InputError where one is missing (but promoter_ranking.tsv)."""
    interval = dict.fromkeys(("value", "low", "high"), "float64")
    metrics = read_table(results / "metrics.tsv", columns=["model", "fold", "seed", "metric"], dtypes=interval)
    promoters = results / "promoter_ranking.tsv"
    samples = read_table(results / "simulated/samples.tsv", columns=["sample", "phenotype", "batch"])
    values = read_table(
        results / "simulated/liability.tsv", columns=["sample"], dtypes={"genetic": "float64", "liability": "float64"}
    )
    return Replicate(
        metrics=metrics,
        comparisons=read_table(
            results / "comparisons.tsv",
            columns=["model", "against", "metric"],
            dtypes=dict.fromkeys(("difference", "low", "high", "p_value"), "float64"),
        ),
        audit=read_table(
            results / "audit.tsv", columns=["check", "stratum", "model", "metric", "flag"], dtypes=interval
        ),
        ranking=read_table(
            results / "ranking.tsv",
            columns=["gene_id", "fold"],
            dtypes={"rank": "float64", "selected": "float64"},
        ),
        promoters=read_table(promoters, columns=["promoter"], dtypes={"family_wise_p": "float64"})
        if promoters.exists()
        else None,
        truth=read_table(results / "simulated/truth.tsv", columns=["gene_id", "effect"]),
        people=samples.merge(values, on="sample", validate="one_to_one"),
    )


def quantities(scenario: str, found: Replicate, simulate: dict[str, Any]) -> list[Quantity]:
    """Return all that a replicate of a scenario shows; `simulate` are the settings of its simulation."""
    parts = [*aucs(scenario, found), *difference_to_linear(scenario, found), *audited(scenario, found)]
    parts += false_promoters(scenario, found)
    parts += planted_promoters(scenario, found)
    if scenario == "mixed":
        parts += separated(found, simulate)
    return parts


def covers(value: float, low: float, high: float) -> bool:
    """Say whether an interval holds a value; one without limits holds none."""
    return bool(low <= value <= high)


def over_people(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return one row a model, indexed by it: its outer AUC, by the first of `OUTER_AUC` that is there."""
    overall = metrics[(metrics["fold"] == "all") & (metrics["seed"] == "all")]
    return overall[overall["metric"] == _outer_metric(overall, "metrics.tsv")].set_index("model")


def _outer_metric(table: pd.DataFrame, what: str) -> str:
    for metric in OUTER_AUC:
        if (table["metric"] == metric).any():
            return metric
    raise InputError(f"{what} has none of the metrics {', '.join(OUTER_AUC)}", fix="Run the evaluation again")


def best_linear(table: pd.DataFrame) -> str:
    """Return the linear model of highest AUC in the table of :func:`over_people`."""
    there = [model for model in LINEAR if model in table.index]
    if not there:
        raise InputError("no linear model is in metrics.tsv", fix=f"Run one of {', '.join(LINEAR)}")
    return str(table.loc[there, "value"].idxmax())


def aucs(scenario: str, found: Replicate) -> Iterator[Quantity]:
    """Yield each model's outer AUC, and that of the best linear model; without effects they have to cover 0.5."""
    table = over_people(found.metrics)
    best = best_linear(table)
    for name, model in [(f"auc:{model}", model) for model in table.index] + [("auc_best_linear", best)]:
        value, low, high = (float(table.loc[model, column]) for column in ("value", "low", "high"))
        judged = scenario == "null" and name in (f"auc:{NET}", "auc_best_linear")
        yield Quantity(name, value, low, high, covers(0.5, low, high) if judged else None)


def difference_to_linear(scenario: str, found: Replicate) -> Iterator[Quantity]:
    """Yield ALS-Net's AUC minus that of the best linear model, paired, and its p-value."""
    best = best_linear(over_people(found.metrics))
    rows = found.comparisons[(found.comparisons["model"] == NET) & (found.comparisons["against"] == best)]
    row = rows[rows["metric"] == _outer_metric(rows, "comparisons.tsv")].iloc[0]
    passed = None
    if scenario == "additive":
        passed = bool(row["difference"] >= WORST_DIFFERENCE)
    if scenario == "epistatic":
        passed = bool(row["difference"] > 0 and row["p_value"] <= SIGNIFICANT)
    yield Quantity("als_net_minus_best_linear", row["difference"], row["low"], row["high"], passed)
    yield Quantity("als_net_minus_best_linear_p", row["p_value"])


def audited(scenario: str, found: Replicate) -> Iterator[Quantity]:
    """Yield the red flags of ALS-Net (1 raised, 0 not; strata of one class concern every model) and its AUC in batches.

    In the batch cohort one flag at least has to be raised, and the AUC within batches has to cover 0.5.
    """
    ours = found.audit[(found.audit["model"] == NET) | (found.audit["check"] == "classes")]
    raised = [flag for flag in RED_FLAGS if (ours["flag"] == flag).any()]
    for flag in RED_FLAGS:
        yield Quantity(f"flag:{flag}", float(flag in raised))
    yield Quantity("red_flags", float(len(raised)), passed=bool(raised) if scenario == "batch" else None)
    if not (found.audit["stratum"] == "batch").any():
        return  # one batch
    row = audit_row(found.audit, "within_strata", "batch", NET, "auc")
    passed = covers(0.5, row["low"], row["high"]) if scenario == "batch" else None
    yield Quantity("auc_within_batch", row["value"], row["low"], row["high"], passed)


def audit_row(audit: pd.DataFrame, check: str, stratum: str, model: str, metric: str) -> pd.Series:
    """Return the one row of the audit; InputError where there is none."""
    key = {"check": check, "stratum": stratum, "model": model, "metric": metric}
    rows = audit[np.logical_and.reduce([audit[column] == value for column, value in key.items()])]
    if len(rows) != 1:
        raise InputError(f"audit.tsv has {len(rows)} rows of {', '.join(key.values())}", fix="Run the audit again")
    return rows.iloc[0]


def false_promoters(scenario: str, found: Replicate) -> Iterator[Quantity]:
    """Yield how many promoters without an effect are family-wise significant; missing without promoter_ranking.tsv."""
    value, passed = math.nan, None
    if found.promoters is not None:
        without = found.truth.loc[found.truth["effect"].isin(["none", "artefact"]), "gene_id"]
        significant = found.promoters["family_wise_p"] <= SIGNIFICANT
        value = float((significant & found.promoters["promoter"].isin(without)).sum())
        passed = value == 0 if scenario in ("null", "batch") else None
    yield Quantity("false_promoters", value, passed=passed)


def planted_promoters(scenario: str, found: Replicate) -> Iterator[Quantity]:
    """Yield the share of planted promoters selected and their rank, means over folds; nothing without planted ones."""
    for name, effects in PLANTED.items():
        planted = found.truth.loc[found.truth["effect"].isin(effects), "gene_id"]
        rows = found.ranking[found.ranking["gene_id"].isin(planted)]
        if planted.empty:
            continue
        # A promoter that was not ranked in a fold has no row there, and was not found.
        share = float(rows["selected"].sum() / (len(planted) * found.ranking["fold"].nunique()))
        judged = share >= FEWEST_FOUND if scenario == "epistatic" else None
        yield Quantity(f"planted_{name}_selected", share, passed=judged)
        yield Quantity(f"planted_{name}_rank", float(rows["rank"].mean()))


def separated(found: Replicate, simulate: dict[str, Any]) -> Iterator[Quantity]:
    """Yield the AUC of covariates, of ALS-Net within batches, and of both together, planted and found.

    Planted, from the truth of the people drawn: the batch's log likelihood ratio (its share of the cases over that of
    the controls); the genetic value; and their best combination, the log odds of being affected given the genetic
    value (liability with noise of variance 1 - heritability above the threshold of the prevalence) plus the former,
    since who is drawn into which batch depends on the phenotype alone. Found passes when it has the planted order.
    """
    case = (found.people["phenotype"] == "1").to_numpy()
    tagged, genetic = batch_log_ratio(found.people["batch"], case), found.people["genetic"].to_numpy()
    odds = log_odds(genetic, heritability=simulate["heritability"], prevalence=simulate["prevalence"])
    planted = [auc(tagged, case), auc(genetic, case), auc(odds + tagged, case)]
    names = ("covariates", "genotype", "joint")
    for name, value in zip(names, planted, strict=True):
        yield Quantity(f"planted_{name}", value)
    rows = [
        audit_row(found.audit, "overall", "all", "covariates", "auc"),
        audit_row(found.audit, "within_strata", "batch", NET, "auc"),
        audit_row(found.audit, "increment", "all", NET, "joint_auc_with_covariates"),
    ]
    for name, row in zip(names, rows, strict=True):
        yield Quantity(f"found_{name}", row["value"], row["low"], row["high"])
    same = np.argsort(planted).tolist() == np.argsort([row["value"] for row in rows]).tolist()
    yield Quantity("ordered_as_planted", float(same), passed=same)


def auc(score: np.ndarray, case: np.ndarray) -> float:
    """Return the AUC of a score over all pairs of a case and a control."""
    right, pairs, _ = ranking_sums(np.asarray(score, dtype=float), case, np.ones((len(case), 1)))
    return float(right[0] / pairs[0])


def batch_log_ratio(batch: pd.Series, case: np.ndarray) -> np.ndarray:
    """Return float64 [people], log of the batch's share of the cases over its share of the controls.

    Half a person is added to every count, so that a batch of one class has a large value instead of an infinite one.
    """
    counts = pd.crosstab(batch, case).reindex(columns=[False, True], fill_value=0) + 0.5
    shares = counts / counts.sum()
    return batch.map(np.log(shares[True] / shares[False])).to_numpy(dtype=float)


def log_odds(genetic: np.ndarray, *, heritability: float, prevalence: float) -> np.ndarray:
    """Return the log odds of being affected given the genetic value, with normal noise (Falconer 1965)."""
    normal, noise = NormalDist(), math.sqrt(1 - heritability)
    above = (genetic - normal.inv_cdf(1 - prevalence)) / noise
    return log_ndtr(above) - log_ndtr(-above)
