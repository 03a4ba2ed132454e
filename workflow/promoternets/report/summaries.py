"""What the page counts, ranks and compares, from the cohort's tables. No person's id leaves here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from promoternets.formats.contigs import order
from promoternets.report.inputs import Inputs
from promoternets.report.words import (
    CALLS,
    FILTERS,
    LINEAR_MODELS,
    METRICS,
    MODELS,
    NOT_REMOVED,
    PUBLISHED,
    base_model,
    model_name,
    safe_text,
)

LEVELS_SHOWN = 12  # a covariate with more values than this is summarised, never listed: it could be an id

# Accuracy, precision and recall in percent, as printed for chromosomes 7, 9, 17 and 22 of Project MinE:
# Yin, Balvert, van der Spek et al. 2019 (Bioinformatics 35:i538), conference slides; 595 cases, 595 controls.
PAPER_PEOPLE = 1190
PAPER: dict[str, tuple[float, float, float]] = {
    "logistic_regression": (73.9, 75.9, 69.9),
    "rbf_svm": (72.5, 78.3, 62.4),
    "random_forest": (59.6, 81.3, 24.9),
    "adaboost": (66.1, 70.0, 56.5),
    "als_net": (76.9, 71.1, 90.8),
}


@dataclass(frozen=True)
class People:
    """Who was analysed: counts only."""

    cases: int
    controls: int
    families: int | None
    excluded: list[tuple[str, int]]

    @property
    def total(self) -> int:
        """Return cases and controls together."""
        return self.cases + self.controls


def people(inputs: Inputs) -> People:
    """Count cases, controls, families and the people left out, by reason."""
    phenotype = pd.to_numeric(inputs.samples["phenotype"], errors="coerce")
    reasons = inputs.excluded["reason"].fillna("no reason given").value_counts()
    families = inputs.samples["family"].nunique() if "family" in inputs.samples else None
    return People(
        cases=int((phenotype == 1).sum()),
        controls=int((phenotype == 0).sum()),
        families=families,
        excluded=[(str(reason), int(number)) for reason, number in reasons.items()],
    )


def people_per_fold(inputs: Inputs) -> pd.DataFrame:
    """Return fold, people, cases, controls of the people tested in each fold."""
    joined = inputs.folds[["sample", "fold"]].merge(inputs.samples[["sample", "phenotype"]], on="sample")
    case = pd.to_numeric(joined["phenotype"], errors="coerce") == 1
    grouped = joined.assign(case=case.astype(int)).groupby("fold")["case"].agg(people="size", cases="sum").reset_index()
    grouped["controls"] = grouped["people"] - grouped["cases"]
    return grouped.sort_values("fold", key=lambda fold: fold.map(_fold_key)).reset_index(drop=True)


def _fold_key(fold: Any) -> tuple[int, str]:
    text = str(fold)
    return (int(text), "") if text.isdigit() else (10**9, text)


def covariates(inputs: Inputs) -> pd.DataFrame:
    """Return covariate, level, cases, controls, note: how each covariate is spread over cases and controls.

    A column with few values is counted by value, a numeric one given as mean (standard deviation);
    any other is named only, since its values could identify people. A count of fewer people than the audit's
    `min_cell` is NaN and said in the note.
    """
    table = inputs.samples
    case = pd.to_numeric(table["phenotype"], errors="coerce") == 1
    rows: list[dict[str, Any]] = []
    for name in [column for column in table.columns if column not in ("sample", "phenotype", "family")]:
        values = table[name]
        numbers = pd.to_numeric(values, errors="coerce")
        levels = values.dropna().unique()
        if 0 < len(levels) <= min(LEVELS_SHOWN, len(table) // 4):
            for level in sorted(levels):
                here = values == level
                rows.append(
                    {
                        "covariate": name,
                        "level": level,
                        "cases": int((here & case).sum()),
                        "controls": int((here & ~case).sum()),
                    }
                )
            if missing := int(values.isna().sum()):
                rows.append(
                    {
                        "covariate": name,
                        "level": "missing",
                        "cases": int((values.isna() & case).sum()),
                        "controls": missing - int((values.isna() & case).sum()),
                    }
                )
        elif len(levels) and numbers.notna().sum() == values.notna().sum():
            note = [f"{numbers[group].mean():.3g} (sd {numbers[group].std():.3g})" for group in (case, ~case)]
            rows.append({"covariate": name, "level": "mean (sd)", "note_cases": note[0], "note_controls": note[1]})
        else:
            rows.append({"covariate": name, "level": f"{len(levels):,} different values, not listed"})
    table = pd.DataFrame(rows, columns=["covariate", "level", "cases", "controls", "note_cases", "note_controls"])
    fewest = min_cell(inputs)
    for group in ("cases", "controls"):
        few = table[group].between(1, fewest - 1)
        table[f"note_{group}"] = table[f"note_{group}"].astype(object).mask(few, f"fewer than {fewest}")
        table[group] = table[group].mask(few)
    return table


def min_cell(inputs: Inputs) -> int:
    """Return the fewest people of whom a number is shown, as the record of settings says; 0 without one."""
    return inputs.settings.get("settings", {}).get("audit", {}).get("min_cell", 0)


def most_lopsided(covariates: pd.DataFrame, people: People) -> dict[str, Any] | None:
    """Return the covariate value whose share of cases is furthest from that of all people, if it matters.

    It matters when the share differs by 10 points and more and by over three standard errors.
    The result has covariate, level, cases, people.
    """
    if people.total == 0:
        return None
    whole = people.cases / people.total
    counted = covariates.dropna(subset=["cases", "controls"])
    counted = counted.assign(people=counted["cases"] + counted["controls"])
    counted = counted[counted["people"] > 0]
    gap = (counted["cases"] / counted["people"] - whole).abs()
    error = np.sqrt(whole * (1 - whole) / counted["people"])
    counted = counted.assign(strength=gap / error.where(error > 0))[(gap >= 0.1) & (gap > 3 * error)]
    if counted.empty:
        return None
    return counted.sort_values("strength", ascending=False).iloc[0].to_dict()


@dataclass(frozen=True)
class Sites:
    """How many variants were read, removed and kept over all chromosomes."""

    read: int
    split: int | None
    kept: int
    removed: list[tuple[str, int]]
    calls: list[tuple[str, int]]


def sites(filters: pd.DataFrame) -> Sites:
    """Sum the filter tables of all chromosomes, the filters in the order of the file."""
    total = filters.groupby("filter", sort=False)["records"].sum()
    return Sites(
        read=int(total.get("records_read", 0)),
        split=int(total["alleles_after_split"]) if "alleles_after_split" in total else None,
        kept=int(total.get("kept", 0)),
        removed=[
            (FILTERS.get(str(name), str(name)), int(number))
            for name, number in total.items()
            if name not in NOT_REMOVED
        ],
        calls=[(FILTERS[name], int(total[name])) for name in CALLS if name in total],
    )


def filters_by_chromosome(filters: pd.DataFrame) -> pd.DataFrame:
    """Return one row per filter and one column per chromosome, contigs in the usual order, and the total."""
    wide = filters.pivot_table(index="filter", columns="chrom", values="records", aggfunc="sum", sort=False)
    wide = wide[order(wide.columns)]
    wide["all"] = wide.sum(axis=1)
    wide.index = [FILTERS.get(str(name), str(name)) for name in wide.index]
    return wide


def by_chance(null: pd.DataFrame) -> pd.Series | None:
    """Return what the mean score over folds is by chance (a row of null_summary.tsv); None without null scores."""
    rows = null[null["fold"] == "all"]
    return None if rows.empty or not rows["null_scores"].iloc[0] else rows.iloc[0]


def distinct_sites(saliency: pd.DataFrame | None) -> tuple[int, int] | None:
    """Return (distinct, all) sites of the selected promoters, averaged over folds; None without saliency."""
    if saliency is None:
        return None
    unique = saliency.dropna(subset=["site"]).drop_duplicates(["fold", "promoter", "site"])
    if unique.empty:
        return None
    per_fold = unique.groupby("fold")["site"].agg(["nunique", "size"]).mean()
    return round(per_fold["nunique"]), round(per_fold["size"])


def planted(truth: pd.DataFrame | None, scores: pd.DataFrame, ranking: pd.DataFrame) -> pd.DataFrame | None:
    """Return the planted promoters with their rank in each fold, or None where the truth is not known.

    Columns: gene_id, symbol, effect, strength (share of the genetic variance), score (mean over folds), ranks
    (text, fold by fold), best_rank, worst_rank, folds_selected, folds. Of a gene with several promoters the
    best counts; one that was never ranked has missing values. Strongest first.
    """
    if truth is None:
        return None
    chosen = truth[truth["gene_id"].notna() & truth["effect"].notna() & (truth["effect"] != "none")]
    if chosen.empty:
        return None
    folds = fold_names(ranking)
    rows: list[dict[str, Any]] = []
    for row in chosen.to_dict("records"):
        found = ranking[ranking["gene_id"] == row["gene_id"]]
        ranks = found.groupby("fold")["rank"].min().reindex(folds).dropna()
        score = scores.loc[scores["gene_id"] == row["gene_id"], "score"]
        symbol = row.get("symbol")
        rows.append(
            {
                "gene_id": row["gene_id"],
                "symbol": row["gene_id"] if pd.isna(symbol) else symbol,
                "effect": row["effect"],
                "strength": float(row.get("strength", math.nan)),
                "score": float(score.max()) if len(score) else math.nan,
                "ranks": ", ".join(f"{rank:.0f}" for rank in ranks),
                "best_rank": ranks.min(),
                "worst_rank": ranks.max() if len(ranks) == len(folds) else math.nan,
                "folds_selected": int(found.groupby("fold")["selected"].max().fillna(0).sum()),
                "folds": len(folds),
            }
        )
    return (
        pd.DataFrame(rows)
        .sort_values(["strength", "score"], ascending=False, na_position="last")
        .reset_index(drop=True)
    )


def fold_names(ranking: pd.DataFrame) -> list[str]:
    """Return the folds of the ranking in order."""
    return sorted(ranking["fold"].astype(str).unique(), key=_fold_key)


def top_number(ranking: pd.DataFrame) -> int:
    """Return how many promoters were selected in a fold: the most over the folds."""
    return int(ranking.groupby("fold")["selected"].sum().max())


def model_order(models: list[str]) -> list[str]:
    """Sort models as shown everywhere: ALS-Net, tuned baselines, published settings, covariates.

    A classifier on the sites of a GWAS follows the same classifier on the CNN's.
    """
    known = list(MODELS)

    def key(model: str) -> tuple[int, int, str]:
        base = base_model(model)
        place = known.index(base) if base in known else len(known)
        kind = 0 if base == "als_net" else 3 if base.startswith("covariates") else 2 if model.endswith(PUBLISHED) else 1
        return kind, place, model

    return sorted(models, key=key)


def model_values(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return pooled values: model, metric, value, low, high in the order of the report's tables."""
    rows = metrics[
        (metrics["fold"].astype(str) == "all")
        & (metrics["seed"].astype(str) == "all")
        & metrics["metric"].isin(METRICS)
    ]
    place = {model: number for number, model in enumerate(model_order(list(rows["model"].unique())))}
    column = {metric: number for number, metric in enumerate(METRICS)}
    rows = rows.assign(a=rows["model"].map(place), b=rows["metric"].map(column)).sort_values(["a", "b"])
    return rows[["model", "metric", "value", "low", "high"]].reset_index(drop=True)


def wilson(share: float, people: int) -> tuple[float, float]:
    """Return the 95% interval of a share among so many people (Wilson 1927)."""
    z = NormalDist().inv_cdf(0.975)
    centre = (share + z**2 / (2 * people)) / (1 + z**2 / people)
    half = z / (1 + z**2 / people) * math.sqrt(share * (1 - share) / people + z**2 / (4 * people**2))
    return centre - half, centre + half


def blocks(table: pd.DataFrame) -> pd.DataFrame:
    """Return status, promoters: complete, padded, and left out by reason."""
    counts = table["status"].fillna("unknown").value_counts()
    key = {"complete": 0, "padded": 1}
    counts = counts.sort_index(key=lambda names: [key.get(name, 2) for name in names], kind="stable")
    return pd.DataFrame(
        {
            "status": [status.replace("left_out:", "left out:").replace("_", " ") for status in counts.index],
            "promoters": counts.to_numpy(),
        }
    )


def kept_blocks(table: pd.DataFrame) -> pd.DataFrame:
    """Return the promoters that were not left out."""
    return table[~table["status"].fillna("").str.startswith("left_out")]


def flat(settings: Any, prefix: str = "") -> dict[str, Any]:
    """Return nested settings as ``part.part.name`` -> value; lists stay whole."""
    if not isinstance(settings, dict):
        return {prefix: settings}
    found: dict[str, Any] = {}
    for name, value in settings.items():
        found |= flat(value, f"{prefix}.{name}" if prefix else str(name))
    return found


def changed_settings(settings: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """Return (name, value here, default) of the settings that differ from their default."""
    here, default = flat(settings.get("settings") or {}), flat(settings.get("defaults") or {})
    return [(name, value, default.get(name)) for name, value in here.items() if name and value != default.get(name)]


def stages(benchmarks: pd.DataFrame | None) -> pd.DataFrame | None:
    """Return stage, jobs, seconds (sum), longest (seconds), memory_mib (peak of one job), most time first."""
    if benchmarks is None:
        return None
    table = benchmarks.groupby("stage").agg(
        jobs=("seconds", "size"),
        seconds=("seconds", "sum"),
        longest=("seconds", "max"),
        memory_mib=("memory_mib", "max"),
    )
    return table.sort_values("seconds", ascending=False).reset_index()


def score_metric(inputs: Inputs) -> str:
    """Return what the promoters were ranked by, in words."""
    note = inputs.null.iloc[0]
    names = {"auc": "AUC", "balanced_accuracy": "balanced accuracy", "within_strata_auc": "AUC within"}
    name = names.get(note["metric"], str(note["metric"]))
    return f"{name} {safe_text(note['permuted_within'], 40)}" if name == "AUC within" else name


def top_sites(saliency: pd.DataFrame, method: str, number: int) -> pd.DataFrame:
    """Return the sites with the highest mean saliency: site, symbol, rank, distance, case, control, folds."""
    chosen = saliency[saliency["method"] == method]
    keys = ["site", "promoter", "symbol", "rank", "distance"]
    wide = chosen.pivot_table(index=keys, columns="group", values="value", aggfunc="mean")
    for group in ("case", "control"):
        if group not in wide:
            wide[group] = np.nan
    folds = chosen.groupby(keys)["fold"].nunique()
    table = wide[["case", "control"]].assign(folds=folds).reset_index()
    table["mean"] = table[["case", "control"]].mean(axis=1)
    return table.sort_values(["mean", "site"], ascending=[False, True]).head(number).reset_index(drop=True)


def baselines(models: list[str]) -> list[str]:
    """Return the tuned baselines among some models, linear ones first."""
    apart = ("als_net", "covariates", "covariates_pcs")
    tuned = [model for model in models if base_model(model) in MODELS and model not in apart]
    return sorted(tuned, key=lambda model: (model not in LINEAR_MODELS, model_name(model)))
