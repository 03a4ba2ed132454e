"""Made-up tables of a cohort in the formats of the workflow, to test the report and to look at it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from promoternets.ranking.null import promoters_over_folds, summarise_null, with_p_values

AUC = {
    "als_net": (0.742, 0.705, 0.779),
    "logistic_regression": (0.731, 0.693, 0.768),
    "linear_svm": (0.722, 0.684, 0.760),
    "rbf_svm": (0.718, 0.680, 0.757),
    "random_forest": (0.694, 0.655, 0.734),
    "adaboost": (0.676, 0.636, 0.716),
    "logistic_regression_published": (0.688, 0.648, 0.728),
    "linear_svm_published": (0.671, 0.630, 0.711),
    "rbf_svm_published": (0.662, 0.621, 0.703),
    "random_forest_published": (0.659, 0.618, 0.699),
    "adaboost_published": (0.648, 0.607, 0.690),
    "covariates": (0.548, 0.505, 0.591),
}
METRICS = ("accuracy", "precision", "recall", "f1", "auc", "auprc", "brier")
EFFECTS = (
    "additive",
    "additive",
    "additive",
    "additive",
    "epistatic_within",
    "epistatic_within",
    "epistatic_across",
    "epistatic_across",
    "weak",
    "weak",
)


def write(frame: pd.DataFrame, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_csv(path, sep="\t", index=False, na_rep="NA", float_format="%.10g")
    return path


def metrics_table(auc: dict[str, tuple[float, float, float]], folds: int, seeds: int) -> pd.DataFrame:
    random = np.random.default_rng(1)
    rows = []
    for model, (value, low, high) in auc.items():
        shift = {
            "accuracy": -0.06,
            "precision": -0.05,
            "recall": -0.09,
            "f1": -0.07,
            "auc": 0.0,
            "auprc": -0.02,
        }
        for metric in METRICS:
            if metric == "brier":
                point = 0.35 - value / 5
                rows.append((model, "all", "all", metric, point, point - 0.012, point + 0.012))
            else:
                rows.append(
                    (
                        model,
                        "all",
                        "all",
                        metric,
                        value + shift[metric],
                        low + shift[metric],
                        high + shift[metric],
                    )
                )
        wide = 1.5 * (value - low), 1.5 * (high - value)
        rows.append((model, "all", "all", "auc_within_fold", value + 0.002, low + 0.002, high + 0.002))
        for metric in ("auc_over_fits", "auc_over_folds"):
            rows.append((model, "all", "all", metric, value + 0.002, value + 0.002 - wide[0], value + 0.002 + wide[1]))
        for fold in range(1, folds + 1):
            point = value + random.normal(0, 0.025)
            rows.append((model, str(fold), "all", "auc", point, point - 0.08, min(point + 0.08, 1)))
        if model == "als_net" and seeds > 1:
            for seed in range(seeds):
                rows.append(
                    (
                        model,
                        "all",
                        str(seed),
                        "auc",
                        value - 0.01 + random.normal(0, 0.008),
                        low - 0.01,
                        high - 0.01,
                    )
                )
                for fold in range(1, folds + 1):
                    rows.append(
                        (
                            model,
                            str(fold),
                            str(seed),
                            "auc",
                            value - 0.01 + random.normal(0, 0.03),
                            low - 0.05,
                            high,
                        )
                    )
    table = pd.DataFrame(rows, columns=["model", "fold", "seed", "metric", "value", "low", "high"])
    table.insert(0, "cohort", "demo")
    return table


def comparisons_table(auc: dict[str, tuple[float, float, float]], *, width: float = 0.02) -> pd.DataFrame:
    rows = []
    for model, (value, _, _) in auc.items():
        if model == "als_net":
            continue
        for metric, factor in (("auc", 1.0), ("auprc", 0.9), ("brier", -0.2)):
            difference = (auc["als_net"][0] - value) * factor
            half = width * (1 + (auc["als_net"][0] - value)) * abs(factor)
            rows.append(
                (
                    "demo",
                    "als_net",
                    model,
                    metric,
                    difference,
                    difference - half,
                    difference + half,
                    max(0.0, 0.3 - 4 * abs(difference)),
                )
            )
    return pd.DataFrame(rows, columns=["cohort", "model", "against", "metric", "difference", "low", "high", "p_value"])


def curves_table(auc: dict[str, tuple[float, float, float]], people: int) -> pd.DataFrame:
    from statistics import NormalDist

    random = np.random.default_rng(2)
    parts = []
    for model, (value, _, _) in auc.items():
        case = random.random(people) < 0.45
        score = random.normal(0, 1, people) + case * np.sqrt(2) * NormalDist().inv_cdf(min(value, 0.995))
        order = np.argsort(-score)
        hits, misses = np.cumsum(case[order]), np.cumsum(~case[order])
        keep = np.unique(np.linspace(0, people - 1, 200).astype(int))
        probability = 1 / (1 + np.exp(-(score - score.mean())))
        bins = pd.qcut(probability, 10)
        means = (
            pd.DataFrame({"bin": bins, "p": probability, "case": case})
            .groupby("bin", observed=True)
            .agg(x=("p", "mean"), y=("case", "mean"), people=("p", "size"))
        )
        roc = pd.DataFrame({"x": np.r_[0, misses[keep] / misses[-1]], "y": np.r_[0, hits[keep] / hits[-1]]}).assign(
            curve="roc", people=people
        )
        pr = pd.DataFrame({"x": hits[keep] / hits[-1], "y": hits[keep] / (keep + 1)}).assign(curve="pr", people=people)
        parts += [frame.assign(model=model) for frame in (roc, pr, means.assign(curve="calibration"))]
    table = pd.concat(parts, ignore_index=True).assign(cohort="demo")
    return table[["cohort", "model", "curve", "x", "y", "people"]]


def genes_table(promoters: int, chromosomes: int) -> pd.DataFrame:
    random = np.random.default_rng(3)
    number = np.arange(promoters)
    chromosome = number * chromosomes // promoters
    return pd.DataFrame(
        {
            "promoter": [f"ENSG{n:06d}" for n in number],
            "gene_id": [f"ENSG{n:06d}" for n in number],
            "symbol": [f"GENE{n}" for n in number],
            "chrom": [f"chr{c + 1}" for c in chromosome],
            "tss": 40_000
            + (number - chromosome * (promoters // chromosomes)) * 30_000
            + random.integers(0, 9000, promoters),
            "strand": random.choice(["+", "-"], promoters),
        }
    )


def ranking_table(genes: pd.DataFrame, planted: np.ndarray, folds: int, top: int) -> pd.DataFrame:
    random = np.random.default_rng(4)
    base = 0.5 + random.normal(0, 0.022, len(genes))
    for place, effect in zip(planted, EFFECTS, strict=False):
        base[place] = {"additive": 0.66, "weak": 0.54}.get(effect, 0.60) + random.normal(0, 0.01)
    parts = []
    for fold in range(1, folds + 1):
        table = genes.assign(
            fold=fold,
            score=base + random.normal(0, 0.012, len(genes)),
            se=random.uniform(0.03, 0.036, len(genes)),
            sites=64,
        )
        table = table.sort_values("score", ascending=False).reset_index(drop=True)
        table["rank"] = table.index + 1
        table["selected"] = (table.index < top).astype(int)
        table["selected_by"] = table["selected"].map({1: "score", 0: None})
        table.loc[table["rank"] == top, "selected_by"] = "pair"
        table["skipped_because"], table["rung"] = None, np.nan
        parts.append(table)
    table = pd.concat(parts, ignore_index=True)
    return table[
        [
            "promoter",
            "fold",
            "score",
            "rank",
            "se",
            "gene_id",
            "symbol",
            "chrom",
            "tss",
            "strand",
            "sites",
            "rung",
            "selected",
            "selected_by",
            "skipped_because",
        ]
    ]


NOTES = {"metric": "auc", "permuted_within": "batch", "movable": 1.0}


def null_table(genes: pd.DataFrame, folds: int, permutations: int = 3) -> pd.DataFrame:
    random = np.random.default_rng(9)
    index = pd.MultiIndex.from_product(
        [genes["promoter"], range(1, folds + 1), range(1, permutations + 1)], names=["promoter", "fold", "permutation"]
    )
    return pd.DataFrame({"score": 0.5 + random.normal(0, 0.03, len(index))}, index=index).reset_index()


def over_all_folds(ranking: pd.DataFrame, null: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return promoter_ranking.tsv and null_summary.tsv of a ranking."""
    together = promoters_over_folds(ranking, null)
    return together, summarise_null(together, with_p_values(ranking, null), null, NOTES)


def saliency_tables(ranking: pd.DataFrame, methods: tuple[str, ...]) -> tuple[pd.DataFrame, pd.DataFrame]:
    random = np.random.default_rng(5)
    ranks = np.r_[np.arange(-56, 0), np.arange(1, 9)]
    chosen = ranking[ranking["selected"] == 1]
    parts = []
    for row in chosen.itertuples():
        near = 0.02 + 0.05 * np.exp(-np.abs(ranks) / 9) * (row.score > 0.58)
        for method in methods:
            for group, factor in (("case", 1.0), ("control", 0.7)):
                value = np.abs(near * factor * random.uniform(0.6, 1.4, len(ranks)))
                parts.append(
                    pd.DataFrame(
                        {
                            "promoter": row.promoter,
                            "symbol": row.symbol,
                            "fold": row.fold,
                            "site": [f"{row.chrom}:{row.tss + rank * 150}:A:G" for rank in ranks],
                            "rank": ranks,
                            "distance": ranks * 150,
                            "method": method,
                            "group": group,
                            "value": value * (0.8 if method == "gradient" else 1),
                            "signed": value * random.choice([-1, 1], len(ranks)),
                        }
                    )
                )
    table = pd.concat(parts, ignore_index=True)
    profile = table.groupby(["method", "group", "rank"], as_index=False).agg(
        value=("value", "mean"), sites=("value", "size")
    )
    profile["low"] = 0.017 + random.normal(0, 0.0006, len(profile))
    profile["high"] = 0.022 + random.normal(0, 0.0006, len(profile))
    return table, profile[["method", "group", "rank", "value", "low", "high", "sites"]]


def write_inputs(
    folder: Path,
    *,
    auc: dict[str, tuple[float, float, float]] | None = None,
    promoters: int = 40,
    chromosomes: int = 4,
    people: int = 120,
    folds: int = 3,
    seeds: int = 2,
    top: int = 8,
    truth: bool = True,
    covariates: bool = True,
    saliency: bool = True,
    benchmarks: bool = True,
    history: bool = True,
    hostile: str | None = None,
    methods: tuple[str, ...] = ("gradient", "integrated_gradients"),
) -> dict[str, Any]:
    """Write the tables and return the arguments of build_report.main, without the outputs.

    `hostile`: text put where a person's input can put text: cohort, symbols, chromosomes, covariates, settings.
    """
    auc = dict(auc or AUC)
    random = np.random.default_rng(6)
    name = hostile or "demo"
    samples = pd.DataFrame(
        {
            "sample": [f"PERSON{n:05d}" for n in range(people)],
            "phenotype": (np.arange(people) % 20 < 9).astype(int),
        }
    )
    if covariates:
        samples["sex"] = random.choice(["female", "male"], people)
        samples["batch"] = np.where(
            random.random(people) < 0.35 + 0.2 * samples["phenotype"], hostile or "plate 1", "plate 2"
        )
        samples["age"] = random.normal(62, 9, people).round(1)
    else:
        auc = {model: value for model, value in auc.items() if model != "covariates"}
    excluded = pd.DataFrame(
        {
            "sample": ["GONE00001", "GONE00002", "GONE00003"],
            "reason": ["not in the VCF", "not in the VCF", "phenotype missing"],
        }
    )
    genes = genes_table(promoters, chromosomes)
    planted = np.unique(np.linspace(2, promoters - 3, len(EFFECTS)).astype(int))
    if hostile:
        genes.loc[planted, "symbol"] = hostile
        genes["chrom"] = genes["chrom"].replace("chr4", f"chr4 {hostile}")
    ranking = ranking_table(genes, planted, folds, top)
    together, by_chance = over_all_folds(ranking, null_table(genes, folds))
    blocks = genes.assign(
        sites_upstream=56,
        sites_downstream=8,
        width=(10 ** random.normal(4.1, 0.3, promoters)).round(),
        status="complete",
        distinct_share=random.uniform(0.3, 1, promoters).round(3),
    )
    blocks.loc[::7, ["sites_upstream", "status"]] = [41, "padded"]
    blocks.loc[3, ["sites_upstream", "sites_downstream", "status"]] = [4, 2, "left_out: fewer than 16 sites"]
    filters = pd.DataFrame(
        [
            (f"chr{chromosome + 1}", filter_, records, note)
            for chromosome in range(chromosomes)
            for filter_, records, note in (
                ("records_read", 10_480, None),
                ("alleles_after_split", 10_600, None),
                ("no_gt", 0, None),
                ("filter_not_pass", 120, None),
                ("symbolic_or_star", 9, None),
                ("not_snv", 1_204, None),
                ("multiallelic", 0, None),
                ("not_in_all_files", 0, None),
                ("duplicate", 3, None),
                ("call_rate", 210, "below 0.95"),
                ("monomorphic", 540, None),
                ("maf", 4_300, "below 0.01"),
                ("hwe_controls", 14, "p below 1e-06"),
                ("kept", 4_200, None),
                ("half_calls", 2, None),
                ("haploid_calls", 0, None),
                ("missing_calls", 8_420, None),
            )
        ],
        columns=["chrom", "filter", "records", "note"],
    )
    annotation = pd.DataFrame(
        [
            ("rows read", 5_210, hostile),
            ("genes", promoters + 6, None),
            ("on contigs not in the VCF", 6, None),
            ("promoters kept", promoters, "one TSS a gene"),
        ],
        columns=["item", "count", "note"],
    )
    settings = {
        "cohort": {
            "vcf": [f"data/{name}/{{chrom}}.vcf.gz"],
            "samples": "data/samples.tsv",
            "annotation": "data/genes.gtf.gz",
            "build": "GRCh38",
            "case": None,
        },
        "settings": {
            "seed": 7,
            "ranking": {"top": top, "score": "auc", "note": name},
            "folds": {"count": folds},
        },
        "defaults": {"seed": 42, "ranking": {"top": 32, "score": "auc", "note": None}, "folds": {"count": 5}},
        "versions": {
            "promoternets": "0.1.0",
            "python": "3.12.3",
            "torch": "2.13.0",
            "numpy": "2.4.2",
            "snakemake": "9.27.1",
        },
        "seed": 7,
    }
    given: dict[str, Any] = {
        "cohort": name,
        "samples": write(samples, folder / "samples.tsv"),
        "excluded": write(excluded, folder / "samples_excluded.tsv"),
        "promoters_summary": write(annotation, folder / "promoters_summary.tsv"),
        "filters": write(filters, folder / "genotypes/filters.tsv"),
        "blocks": write(blocks, folder / "blocks.tsv"),
        "folds": write(
            pd.DataFrame({"sample": samples["sample"], "fold": np.arange(people) % folds + 1, "inner": 1}),
            folder / "folds.tsv",
        ),
        "ranking": write(ranking, folder / "ranking.tsv"),
        "promoter_ranking": write(together, folder / "promoter_ranking.tsv"),
        "null_summary": write(by_chance, folder / "ranking/null_summary.tsv"),
        "metrics": write(metrics_table(auc, folds, seeds), folder / "metrics.tsv"),
        "comparisons": write(comparisons_table(auc), folder / "comparisons.tsv"),
        "curves": write(curves_table(auc, people), folder / "curves.tsv"),
        "settings": folder / "settings.json",
    }
    given["settings"].write_text(json.dumps(settings))
    if saliency:
        table, profile = saliency_tables(ranking, methods)
        given["saliency"] = write(table, folder / "saliency.tsv")
        given["saliency_profile"] = write(profile, folder / "saliency_profile.tsv")
    if history:
        given["history"] = [
            write(_history(fold, seeds), folder / f"als_net/fold_{fold}/history.tsv") for fold in range(1, folds + 1)
        ]
    if truth:
        table = genes.assign(effect="none", strength=0.0, sites=None, partner=None)
        for place, effect in zip(planted, EFFECTS, strict=False):
            table.loc[place, ["effect", "strength"]] = [effect, 0.02 if effect == "weak" else 0.12]
        given["truth"] = write(table.drop(columns="promoter"), folder / "simulated/truth.tsv")
    if benchmarks:
        given["benchmarks"] = [
            write(
                pd.DataFrame({"s": [37.2 * n], "h:m:s": "0:01:00", "max_rss": [210.0 * n]}),
                folder / f"benchmarks/{rule}/{n}.tsv",
            )
            for rule in ("parse_genotypes", "train_promoter_cnn", "train_als_net")
            for n in (1, 2)
        ]
    return given


def _history(fold: int, seeds: int) -> pd.DataFrame:
    random = np.random.default_rng(fold)
    epochs = np.arange(1, 41)
    parts = []
    for seed in range(seeds):
        train = 0.3 + 0.4 * np.exp(-epochs / 18) + random.normal(0, 0.006, len(epochs))
        validation = (
            0.6
            + 0.1 * np.exp(-epochs / 6)
            + 0.00012 * np.maximum(epochs - 14, 0) ** 2
            + random.normal(0, 0.006, len(epochs))
        )
        parts.append(
            pd.DataFrame(
                {
                    "seed": seed,
                    "epoch": epochs,
                    "train_loss": train,
                    "validation_loss": validation,
                    "validation_auc": 1.3 - validation,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
