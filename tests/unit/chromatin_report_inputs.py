"""Made-up tables of epigenomes in the formats of the workflow, to test the chromatin report and to look at it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from report_inputs import write

MARKS = ("H3K27me3", "H3K36me3", "H3K4me1", "H3K4me3", "H3K9me3")
AUC = {
    "attentivechrome": 0.84,
    "lstm_alpha": 0.86,
    "lstm_attn": 0.85,
    "lstm": 0.78,
    "cnn_attn": 0.83,
    "cnn_alpha_beta": 0.82,
    "deepchrome": 0.83,
    "logistic_regression": 0.82,
    "svc": 0.80,
    "random_forest": 0.81,
    "max_mark": 0.76,
}
BASELINES = ("logistic_regression", "svc", "random_forest", "max_mark")
ATTENTIVE = {"attentivechrome": 5, "cnn_alpha_beta": 5, "cnn_attn": 1, "lstm_alpha": 5, "lstm_attn": 1}
WITH_BETA = ("attentivechrome", "cnn_alpha_beta")
R = {
    ("attentivechrome", "alpha"): 0.70,
    ("cnn_attn", "alpha"): 0.50,
    ("deepchrome", "saliency"): 0.30,
    ("deepchrome", "class_optimisation"): 0.10,
    ("input", "signal"): 0.85,
}


def names(number: int) -> list[str]:
    return [f"E{place:03d}" for place in range(1, number + 1)]


def metrics_table(epigenomes: list[str], auc: dict[str, float], half: float, *, expression: bool) -> pd.DataFrame:
    random = np.random.default_rng(1)
    metrics = ("pearson", "spearman", "r2", "mse") if expression else ("auc", "auprc", "accuracy", "f1")
    rows = []
    for epigenome in epigenomes:
        shift = random.normal(0, 0.03) if len(epigenomes) > 1 else 0.0
        for model, value in auc.items():
            here = min(value + shift + random.normal(0, 0.004) * (len(epigenomes) > 1), 0.995)
            for metric in metrics:
                for seed in ("all", "0"):
                    low, high = (here - half, min(here + half, 1.0)) if seed == "all" else (np.nan, np.nan)
                    rows.append((epigenome, model, seed, metric, here, low, high))
    return pd.DataFrame(rows, columns=["epigenome", "model", "seed", "metric", "value", "low", "high"])


def wide_values(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return the compared metric, seeds averaged: a row an epigenome, a column a model."""
    chosen = metrics[(metrics["seed"] == "all") & metrics["metric"].isin(["auc", "pearson"])]
    return chosen.pivot(index="epigenome", columns="model", values="value")


def comparisons_table(metrics: pd.DataFrame, half: float) -> pd.DataFrame:
    wide = wide_values(metrics)
    rows = []
    for epigenome, values in wide.iterrows():
        for model in wide.columns:
            against = ("deepchrome",) if model in BASELINES else ("logistic_regression", "max_mark", "deepchrome")
            for other in against:
                if other != model and other in wide.columns:
                    difference = values[model] - values[other]
                    rows.append((epigenome, model, other, difference, difference - half, difference + half, 0.1))
    columns = ["epigenome", "model", "against", "difference", "low", "high", "p_value"]
    return pd.DataFrame(rows, columns=columns)


def across_table(metrics: pd.DataFrame, half: float) -> pd.DataFrame:
    wide = wide_values(metrics)
    rows = []
    for model in dict.fromkeys(metrics["model"]):
        own = wide[model]
        row: dict[str, Any] = {
            "model": model, "epigenomes": len(own), "mean": own.mean(), "median": own.median(), "max": own.max(),
            "min": own.min(), "wins_over_deepchrome": np.nan, "compared": 0, "mean_difference": np.nan,
            "difference_low": np.nan, "difference_high": np.nan, "p_value": np.nan,
            "mean_of_single_seeds": own.mean() - 0.01, "sd_between_seeds": np.nan if model in BASELINES else 0.01,
        }  # fmt: skip
        if model != "deepchrome" and "deepchrome" in wide:
            gap = own - wide["deepchrome"]
            row |= {
                "wins_over_deepchrome": int((gap > 0).sum()), "compared": len(gap), "mean_difference": gap.mean(),
                "difference_low": gap.mean() - half, "difference_high": gap.mean() + half,
                "p_value": 0.01 if len(gap) > 5 else np.nan,
            }  # fmt: skip
        rows.append(row)
    return pd.DataFrame(rows)


def maps_table(epigenomes: list[str], marks: list[str], bins: int, models: list[str]) -> pd.DataFrame:
    place = np.arange(1, bins + 1)
    peak = np.exp(-0.5 * ((place - bins / 2) / (bins / 12)) ** 2) + 0.2
    kinds = [(model, "alpha", ATTENTIVE[model]) for model in models if model in ATTENTIVE]
    if "deepchrome" in models:
        kinds += [("deepchrome", "saliency", 5), ("deepchrome", "class_optimisation", 5)]
    kinds.append(("input", "signal", 5))
    frames = []
    for epigenome in epigenomes:
        for model, kind, rows in kinds:
            for class_ in ("expressed", "not_expressed"):
                for row, mark in enumerate(marks if rows > 1 else ["all marks"]):
                    value = np.roll(peak, row * 2 + 3 * (class_ == "not_expressed"))
                    value = value / value.sum() if kind == "alpha" else value
                    frames.append(
                        pd.DataFrame(
                            {
                                "epigenome": epigenome, "model": model, "map": kind, "class": class_,
                                "genes": 0 if kind == "class_optimisation" else 25, "mark": mark, "bin": place,
                                "value": value,
                            }
                        )
                    )  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def weights_table(epigenomes: list[str], marks: list[str], models: list[str]) -> pd.DataFrame:
    rows = [
        (epigenome, model, class_, 25, mark, beta, beta - 0.03, beta + 0.04)
        for epigenome in epigenomes
        for model in models
        if model in WITH_BETA
        for class_ in ("expressed", "not_expressed")
        for mark, beta in zip(marks, (0.1, 0.15, 0.15, 0.45, 0.15), strict=True)
    ]
    return pd.DataFrame(rows, columns=["epigenome", "model", "class", "genes", "mark", "beta", "low", "high"])


def gene_table(epigenomes: list[str], marks: list[str], bins: int, symbol: str) -> pd.DataFrame:
    place = np.arange(1, bins + 1)
    frames = []
    for number, epigenome in enumerate(epigenomes):
        for mark in marks:
            frames.append(
                pd.DataFrame({"map": "alpha", "mark": mark, "bin": place, "value": 1 / bins}).assign(
                    epigenome=epigenome, label=number % 2, score=0.9 if number % 2 else 0.2
                )
            )
        beta = pd.DataFrame({"map": "beta", "mark": marks, "bin": np.nan, "value": 0.2})
        frames.append(beta.assign(epigenome=epigenome, label=number % 2, score=0.9 if number % 2 else 0.2))
    table = pd.concat(frames, ignore_index=True)
    table = table.assign(symbol=symbol, gene_id="ENSG00000196092", model="attentivechrome", part="test")
    columns = ["symbol", "gene_id", "epigenome", "model", "map", "label", "score", "part", "mark", "bin", "value"]
    return table[columns]


def validation_table(epigenomes: list[str], r: dict[tuple[str, str], float], half: float) -> pd.DataFrame:
    rows = [
        (name, model, map_, "all marks" if model == "cnn_attn" else "H3K4me3", "H3K27ac", 25, value, value - half,
         value + half, -0.4, 0.4, 0.01)
        for name in epigenomes
        for (model, map_), value in r.items()
    ]  # fmt: skip
    columns = [
        "epigenome", "model", "map", "mark", "validation_mark", "genes", "r", "low", "high", "null_low", "null_high",
        "p_value",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def labels_summary(rule: str, genes: int) -> pd.DataFrame:
    published = rule == "published_csv"
    rows = [
        ("rule", rule, "expressed = value >= threshold"),
        ("threshold", np.nan if published else 3.33, "median"),
        ("mislabelled_by_text_rule", np.nan if published else 41, ""),
        ("genes", genes, ""),
        ("expressed", genes // 2, ""),
    ]
    for part, share in (("train", 0.6), ("valid", 0.2), ("test", 0.2)):
        number = int(genes * share)
        rows += [(f"genes_{part}", number, ""), (f"expressed_{part}", number // 2, "")]
    return pd.DataFrame(rows, columns=["item", "value", "note"])


def write_inputs(
    folder: Path,
    *,
    epigenomes: int | list[str] = 2,
    bins: int = 20,
    genes: int = 300,
    auc: dict[str, float] | None = None,
    half: float = 0.02,
    r: dict[tuple[str, str], float] | None = None,
    expression: bool = False,
    published: bool = False,
    validation: bool = True,
    truth: bool = True,
    history: bool = True,
    symbol: str = "PAX5",
    mark: str = "H3K9me3",
    rule: str = "median",
) -> dict[str, Any]:
    """Write the tables and return the arguments of `read_chromatin_inputs`."""
    shown = names(epigenomes) if isinstance(epigenomes, int) else epigenomes
    marks = [*MARKS[:4], mark]
    auc = auc or AUC
    models = list(auc)
    metrics = metrics_table(shown, auc, half, expression=expression)
    coverage = pd.DataFrame(
        [
            (name, own, "published_csv" if published else "bigwig", genes, genes * bins * 100, genes * 900, genes * 10,
             0, 3, 0, 0)
            for name in shown
            for own in marks
        ],
        columns=["epigenome", "mark", "source", "genes", "bases", "zero", "uncovered", "absent",
                 "genes_with_uncovered", "genes_with_absent", "genes_without_signal"],
    )  # fmt: skip
    labels = [
        write(labels_summary("published_csv" if published else rule, genes), folder / name / "labels_summary.tsv")
        for name in shown
    ]
    given: dict[str, Any] = {
        "metrics": write(metrics, folder / "metrics.tsv"),
        "across": write(across_table(metrics, half), folder / "summary.tsv"),
        "comparisons": write(comparisons_table(metrics, half), folder / "comparisons.tsv"),
        "coverage": write(coverage, folder / "coverage.tsv"),
        "labels": labels,
        "maps": write(maps_table(shown, marks, bins, models), folder / "attention_maps.tsv"),
        "mark_weights": write(weights_table(shown, marks, models), folder / "mark_weights.tsv"),
        "gene_maps": write(gene_table(shown[:8], marks, bins, symbol), folder / "gene_attention.tsv"),
        "parameters": [
            write(_parameters(shown, model), folder / f"{model}.tsv") for model in models if model in BASELINES
        ],
        "settings": folder / "settings.json",
    }
    record = {"seed": 7, "cohort": {"name": "chromatin", "sheet": "epigenomes.tsv"},
              "settings": {"seed": 7, "bins": {"oriented": True}}, "defaults": {"seed": 42, "bins": {"oriented": True}},
              "versions": {"python": "3.12"}}  # fmt: skip
    given["settings"].write_text(json.dumps(record))
    if validation:
        given["validation"] = write(validation_table(shown, r or R, 0.05), folder / "attention_validation.tsv")
    if truth:
        planted = pd.DataFrame({"mark": np.repeat(marks, bins), "bin": np.tile(np.arange(1, bins + 1), 5)})
        planted["weight"] = np.where(planted["mark"] == "H3K4me3", 1 / bins, 0.0)
        given["truth"] = write(planted, folder / "truth.tsv")
        table = [(name, "attentivechrome", "alpha", "expressed", "bins", 0.9) for name in shown]
        columns = ["epigenome", "model", "map", "class", "level", "r"]
        given["against_truth"] = write(pd.DataFrame(table, columns=columns), folder / "attention_truth.tsv")
    if not published:
        left = pd.DataFrame({"gene_id": ["ENSG99"] * 3, "reason": ["no expression value"] * 2 + ["listed twice"]})
        given["excluded"] = write(left, folder / "genes_excluded.tsv")
    if history:
        given["history"] = [
            write(_history(shown, bins), folder / "training" / model / "group_1" / "history.tsv")
            for model in models
            if model not in BASELINES
        ]
    return given


def _parameters(epigenomes: list[str], model: str) -> pd.DataFrame:
    return pd.DataFrame(
        {"epigenome": epigenomes, "model": model, "setting": "C=0.1", "selected_by": "auc", "valid_value": 0.8,
         "converged": model != "svc"}
    )  # fmt: skip


def _history(epigenomes: list[str], epochs: int) -> pd.DataFrame:
    number = np.arange(1, epochs + 1)
    one = pd.DataFrame({"seed": 0, "epoch": number, "train_loss": 0.7 / number, "validation_loss": 0.6})
    one = one.assign(validation_measure=0.5 + 0.3 * number / epochs, kept=(number == 15).astype(int))
    return pd.concat([one.assign(epigenome=name) for name in epigenomes], ignore_index=True)
