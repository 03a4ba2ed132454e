"""The figures: for each, the numbers as a table, and the drawing of exactly that table."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from promoternets.formats.contigs import canonical, order
from promoternets.formats.models import GWAS
from promoternets.report import summaries
from promoternets.report.style import (
    BLUE,
    GROUP_COLOURS,
    INK,
    ORANGE,
    PALE,
    QUIET,
    VERMILLION,
    colour,
    new_figure,
    styled,
)
from promoternets.report.verdict import best_of
from promoternets.report.words import (
    GROUPS,
    LINEAR_MODELS,
    METHODS,
    PUBLISHED,
    decimal,
    full_model_name,
    interval,
    is_missing,
    safe_text,
)

CURVE_POINTS = 400  # a curve is thinned to this many points: finer than a pixel, small in the page
VECTOR_POINTS = 4000  # more points than this are drawn as a picture inside the SVG
LABELS = 14


# ---------------------------------------------------------------- models


def model_numbers(metrics: pd.DataFrame, comparisons: pd.DataFrame) -> pd.DataFrame:
    """Return model, auc, low, high, difference, difference_low, difference_high, p_value in drawing order."""
    values = summaries.model_values(metrics)
    table = values[values["metric"] == "auc"].rename(columns={"value": "auc"}).drop(columns="metric")
    pairs = comparisons[(comparisons["model"] == "als_net") & (comparisons["metric"] == "auc")]
    pairs = pairs.rename(columns={"low": "difference_low", "high": "difference_high"}).drop_duplicates("against")
    columns = ["difference", "difference_low", "difference_high", "p_value"]
    pairs = pairs.assign(p_value=pairs["p_value"] if "p_value" in pairs else np.nan)
    return table.merge(pairs[["against", *columns]], left_on="model", right_on="against", how="left").drop(
        columns="against"
    )


@styled
def draw_models(numbers: pd.DataFrame) -> Figure:
    """Draw a forest plot: AUC with interval on the left, ALS-Net minus each model on the right."""
    figure = new_figure(0.9 + 0.3 * len(numbers))
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[1.25, 1])
    places = np.arange(len(numbers))[::-1]
    for place, row in zip(places, numbers.itertuples(), strict=True):
        _interval_row(left, place, row.auc, row.low, row.high, row.model)
        _interval_row(right, place, row.difference, row.difference_low, row.difference_high, row.model)
    left.set_yticks(places, [full_model_name(safe_text(model, 40)) for model in numbers["model"]])
    for label, model in zip(left.get_yticklabels(), numbers["model"], strict=True):
        label.set_fontweight("bold" if model == "als_net" else "normal")
        label.set_color(QUIET if model.endswith(PUBLISHED) else INK)
    left.set_ylim(-0.7, len(numbers) + 0.1)
    low, high = (
        np.nanmin([*numbers["low"], *numbers["auc"], 0.5]),
        np.nanmax([*numbers["high"], *numbers["auc"], 0.5]),
    )
    low = min(low - 0.02, 0.5 - 0.16 * (high - 0.5))
    left.set_xlim(max(low, 0), min(high + 0.02, 1.005))
    covariates = numbers.loc[numbers["model"] == "covariates", "auc"].dropna()
    before = len(covariates) > 0 and covariates.iloc[0] < 0.5
    left.axvline(0.5, color=QUIET, lw=0.9, zorder=0)
    _line_name(left, 0.5, "chance", left=not before)
    if len(covariates):
        left.axvline(covariates.iloc[0], color=INK, lw=0.9, ls=(0, (4, 3)), zorder=0)
        _line_name(left, covariates.iloc[0], "covariates", left=before)
    right.axvline(0, color=QUIET, lw=0.9, zorder=0)
    left.set(xlabel="AUC, people not used for training (95% interval)", title="How well each model predicts")
    right.set(
        xlabel="AUC of ALS-Net minus AUC of the model (95% interval)",
        title="ALS-Net against each, same people",
    )
    if numbers["difference"].notna().any():
        span = numbers[["difference", "difference_low", "difference_high"]].to_numpy(float)
        worst, best = max(0.0, -np.nanmin(span)), max(0.0, np.nanmax(span))
        room = 0.35 * max(worst, best, 0.02)
        right.set_xlim(-max(worst * 1.08, room), max(best * 1.08, room))
    else:
        right.text(0.5, 0.5, "no paired comparison was made", transform=right.transAxes, ha="center", color=QUIET)
    _line_name(right, 0, "ALS-Net worse", left=True)
    _line_name(right, 0, "ALS-Net better", left=False)
    for axes in (left, right):
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x", color=PALE, lw=0.8)
        axes.set_axisbelow(True)
    for axes, column in (
        (left, ["auc", "low", "high"]),
        (right, ["difference", "difference_low", "difference_high"]),
    ):
        for place, values in zip(places, numbers[column].itertuples(index=False), strict=True):
            if not is_missing(values[0]):
                axes.annotate(
                    interval(*values, signed=axes is right),
                    (1, place),
                    xycoords=("axes fraction", "data"),
                    xytext=(6, 0),
                    textcoords="offset points",
                    va="center",
                    fontsize=7.8,
                )
    return figure


def _line_name(axes: Axes, x: float, name: str, *, left: bool) -> None:
    """Write a name beside the top of an upright line, to its left or right."""
    axes.annotate(
        name,
        (x, 1),
        xycoords=("data", "axes fraction"),
        xytext=(-4 if left else 4, 0),
        textcoords="offset points",
        va="top",
        ha="right" if left else "left",
        color=QUIET,
        fontsize=7.5,
    )


def _interval_row(axes: Axes, place: float, value: float, low: float, high: float, model: str) -> None:
    """Draw one model: published settings lighter and hollow, ALS-Net a larger diamond."""
    if is_missing(value):
        return
    published, main = model.endswith(PUBLISHED), model == "als_net"
    tone = colour(model)
    strength = 0.45 if published else 1
    if not (is_missing(low) or is_missing(high)):
        axes.plot(
            [low, high],
            [place, place],
            color=tone,
            lw=2.6 if main else 1.6,
            alpha=strength,
            label="_interval",
        )
    axes.plot(
        [value],
        [place],
        marker="D" if main else "o",
        ms=7 if main else 5.5,
        mec=tone,
        mew=1.3,
        mfc="white" if published else tone,
        alpha=1 if not published else 0.7,
        ls="none",
        label="_point",
    )


# ---------------------------------------------------------------- folds and seeds


def stability_numbers(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return fold, seed, value, low, high: the AUC of ALS-Net in each fold, for each seed and their mean."""
    rows = metrics[(metrics["model"] == "als_net") & (metrics["metric"] == "auc")].dropna(subset=["value"])
    folds = sorted(rows["fold"].astype(str).unique(), key=lambda fold: (fold == "all", summaries._fold_key(fold)))
    rows = rows.assign(place=rows["fold"].astype(str).map(folds.index), one=rows["seed"].astype(str) != "all")
    return rows.sort_values(["place", "one", "seed"])[["fold", "seed", "value", "low", "high"]].reset_index(drop=True)


@styled
def draw_stability(numbers: pd.DataFrame) -> Figure:
    """Draw the AUC of ALS-Net by fold: a ring a seed, a diamond with its interval the mean over seeds."""
    folds = list(dict.fromkeys(numbers["fold"].astype(str)))
    figure = new_figure(2.3)
    axes = figure.subplots()
    for place, fold in enumerate(folds):
        here = numbers[numbers["fold"].astype(str) == fold]
        seeds = here[here["seed"].astype(str) != "all"]
        spread = np.linspace(-0.04, 0.16, len(seeds)) if len(seeds) > 1 else np.zeros(len(seeds))
        axes.plot(
            place + spread,
            seeds["value"],
            ls="none",
            marker="o",
            ms=4.5,
            mfc="white",
            mec=BLUE,
            mew=1,
            label=f"_seeds {fold}",
        )
        for row in here[here["seed"].astype(str) == "all"].itertuples():
            if not (is_missing(row.low) or is_missing(row.high)):
                axes.plot([place - 0.16] * 2, [row.low, row.high], color=BLUE, lw=2)
            axes.plot([place - 0.16], [row.value], ls="none", marker="D", ms=6, color=BLUE, label=f"_mean {fold}")
    axes.axhline(0.5, color=QUIET, lw=0.9, zorder=0)
    axes.text(1.004, 0.5, "chance", transform=axes.get_yaxis_transform(), va="center", color=QUIET, fontsize=7.5)
    axes.set_xticks(range(len(folds)), ["all folds pooled" if fold == "all" else f"fold {fold}" for fold in folds])
    axes.set(ylabel="AUC", xlim=(-0.6, len(folds) - 0.4))
    axes.grid(axis="y", color=PALE, lw=0.8)
    axes.set_axisbelow(True)
    marks = [
        Line2D(
            [],
            [],
            ls="none",
            marker="D",
            color=BLUE,
            ms=6,
            label="mean of the seeds' probabilities, 95% interval",
        ),
        Line2D([], [], ls="none", marker="o", mfc="white", mec=BLUE, ms=4.5, label="one seed"),
    ]
    figure.legend(handles=marks, loc="outside upper left", ncols=2)
    return figure


# ---------------------------------------------------------------- sources of uncertainty


def uncertainty_numbers(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return model, source, seed, value, low, high: the AUC within folds by what its interval allows for.

    `source` is `seeds` (a row for each single seed, where there are several), `people` (fits held fixed), `fits`
    (people and fits) or `folds` (the mean over folds, corrected resampled t). Empty without a row of `fits`.
    """
    sources = {"people": "auc_within_fold", "fits": "auc_over_fits", "folds": "auc_over_folds"}
    rows = metrics[metrics["fold"].astype(str) == "all"].dropna(subset=["value"])
    one = rows["seed"].astype(str) != "all"
    parts = [rows[one & (rows["metric"] == "auc_within_fold")].assign(source="seeds", group=0)]
    for group, (source, metric) in enumerate(sources.items(), 1):
        parts.append(rows[~one & (rows["metric"] == metric)].assign(source=source, group=group))
    table = pd.concat(parts)
    table = table[table["model"].isin(parts[2]["model"])]
    place = {model: number for number, model in enumerate(summaries.model_order(list(table["model"].unique())))}
    table = table.assign(place=table["model"].map(place)).sort_values(["place", "group", "seed"])
    return table[["model", "source", "seed", "value", "low", "high"]].reset_index(drop=True)


@styled
def draw_uncertainty(numbers: pd.DataFrame) -> Figure:
    """Draw a row a model: rings the seeds, a thick bar people, a thin one people and fits, a grey one the folds."""
    models = list(dict.fromkeys(numbers["model"]))
    figure = new_figure(1.0 + 0.42 * len(models))
    axes = figure.subplots()
    places = np.arange(len(models))[::-1]
    for place, model in zip(places, models, strict=True):
        rows = numbers[numbers["model"] == model]
        tone = colour(model)
        seeds = rows.loc[rows["source"] == "seeds", "value"]
        ring = {"ls": "none", "marker": "o", "ms": 4.5, "mfc": "white", "mew": 1, "mec": tone}
        if len(seeds):
            axes.plot(seeds, np.full(len(seeds), place + 0.27), **ring, label="_seeds")
        for source, below, width, line in (("folds", 0.24, 1.1, QUIET), ("fits", 0, 1, tone), ("people", 0, 3.6, tone)):
            for row in rows[rows["source"] == source].itertuples():
                if not (is_missing(row.low) or is_missing(row.high)):
                    axes.plot([row.low, row.high], [place - below] * 2, color=line, lw=width, label=f"_{source}")
                hollow = {"mfc": "white" if model.endswith(PUBLISHED) else tone}
                mark = {"marker": "|", "ms": 6} if source == "folds" else {"marker": "D", "ms": 5.5, **hollow}
                if source != "fits":
                    axes.plot([row.value], [place - below], ls="none", color=line, **mark, label=f"_{source} value")
        for row in rows[rows["source"] == "fits"].itertuples():
            axes.annotate(
                interval(row.value, row.low, row.high), (1, place), xycoords=("axes fraction", "data"),
                xytext=(6, 0), textcoords="offset points", va="center", fontsize=7.8,
            )  # fmt: skip
    axes.axvline(0.5, color=QUIET, lw=0.9, zorder=0)
    _line_name(axes, 0.5, "chance", left=False)
    axes.set_yticks(places, [full_model_name(safe_text(model, 40)) for model in models])
    axes.tick_params(axis="y", length=0)
    axes.set(ylim=(-0.6, len(models) - 0.2), xlabel="AUC within folds, people not used for training (95% intervals)")
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", color=PALE, lw=0.8)
    axes.set_axisbelow(True)
    marks = [
        Line2D([], [], color=INK, lw=3.6, marker="D", ms=5.5, label="people, fits as they are"),
        Line2D([], [], color=INK, lw=1, label="people and fits (number at the right)"),
        Line2D([], [], color=QUIET, lw=1.1, marker="|", ms=6, label="folds, corrected t"),
    ]
    if (numbers["source"] == "seeds").any():
        marks.append(Line2D([], [], ls="none", marker="o", mfc="white", mec=INK, ms=4.5, label="one seed"))
    figure.legend(handles=marks, loc="outside upper left", ncols=len(marks))
    return figure


# ---------------------------------------------------------------- curves

_CURVES = {"roc": "ROC", "pr": "Precision and recall", "calibration": "Calibration"}


def curve_numbers(curves: pd.DataFrame, metrics: pd.DataFrame) -> pd.DataFrame:
    """Return curve, model, x, y, people as drawn.

    ROC and precision-recall of every tuned model; calibration of ALS-Net, best linear and covariates.
    """
    best = best_of(metrics, LINEAR_MODELS)
    parts = []
    tuned = [model for model in summaries.model_order(list(curves["model"].unique())) if not model.endswith(PUBLISHED)]
    for name in _CURVES:
        for model in tuned:
            if name == "calibration" and model not in ("als_net", "covariates", best):
                continue
            part = curves[(curves["curve"] == name) & (curves["model"] == model)]
            if len(part) > CURVE_POINTS:
                part = part.iloc[np.unique(np.linspace(0, len(part) - 1, CURVE_POINTS).round().astype(int))]
            parts.append(part)
    table = pd.concat(parts, ignore_index=True) if parts else curves.iloc[:0]
    people = table["people"] if "people" in table else np.nan
    return table.assign(people=people)[["curve", "model", "x", "y", "people"]]


@styled
def draw_curves(numbers: pd.DataFrame, prevalence: float | None) -> Figure:
    """Draw ROC, precision-recall and calibration side by side; `prevalence` is the share of cases."""
    models = summaries.model_order(list(numbers["model"].unique()))
    figure = new_figure(3.9 + 0.18 * max(0, len(models) // 4 - 1))  # the legend grows with the models
    panels = figure.subplots(1, 3)
    for axes, (name, title) in zip(panels, _CURVES.items(), strict=True):
        for model in reversed(models):
            part = numbers[(numbers["curve"] == name) & (numbers["model"] == model)]
            if part.empty:
                continue
            main = model == "als_net"
            options = {
                "color": colour(model),
                "lw": 2.4 if main else 1.2,
                "ls": _dashes(model),
                "zorder": 3 if main else 2,
                "label": f"_{name} {model}",
            }
            if name == "calibration":
                options |= {"marker": "o", "ms": 4.5 if main else 3.5}
            axes.plot(part["x"], part["y"], **options)
        axes.set(xlim=(-0.015, 1.015), ylim=(-0.015, 1.015), aspect="equal", title=title)
        axes.grid(color=PALE, lw=0.8)
        axes.set_axisbelow(True)
    roc, pr, calibration = panels
    for axes in (roc, calibration):
        axes.plot([0, 1], [0, 1], color=QUIET, lw=0.8, zorder=1)
    if prevalence is not None:
        pr.axhline(prevalence, color=QUIET, lw=0.8, zorder=1)
    roc.set(xlabel="false positive rate (controls called cases)", ylabel="true positive rate (cases found)")
    pr.set(xlabel="recall (cases found)", ylabel="precision (called cases that are)")
    calibration.set(xlabel="predicted probability of being a case", ylabel="observed share of cases")
    handles = [
        Line2D(
            [],
            [],
            color=colour(model),
            lw=2.4 if model == "als_net" else 1.4,
            ls=_dashes(model),
            label=full_model_name(safe_text(model, 30)),
        )
        for model in models
    ]
    handles.append(Line2D([], [], color=QUIET, lw=0.8, label="no information / perfect calibration"))
    figure.legend(handles=handles, loc="outside lower center", ncols=4)
    return figure


def _dashes(model: str) -> str | tuple[int, tuple[int, ...]]:
    """Return the style of a model's line: dashed for covariates, dotted for a classifier on the sites of a GWAS."""
    if model == "covariates":
        return 0, (4, 2)
    return (0, (1, 1)) if model.endswith(GWAS) else "-"


# ---------------------------------------------------------------- promoters along the genome


def promoter_numbers(table: pd.DataFrame, null: pd.DataFrame, planted: pd.DataFrame | None) -> pd.DataFrame:
    """Return the ranking over folds with each promoter's place on the axis and what comes by chance."""
    table = table.dropna(subset=["score"]).reset_index(drop=True)
    chance = summaries.by_chance(null)
    place = pd.Series(0.0, index=table.index)
    start = 0.0
    contigs = order(table["chrom"].unique())
    spans = {contig: table.loc[table["chrom"] == contig, "tss"] for contig in contigs}
    whole = sum(float(tss.max() - tss.min()) for tss in spans.values()) or 1.0
    for contig in contigs:
        tss = spans[contig]
        width = max(float(tss.max() - tss.min()), 0.015 * whole)
        offset = (width - float(tss.max() - tss.min())) / 2
        place[tss.index] = start + offset + tss - tss.min()
        start += width + 0.012 * whole
    known = [] if planted is None else list(planted["gene_id"])
    return table.assign(
        place=place,
        planted=table["gene_id"].isin(known).astype(int),
        **{
            name: math.nan if chance is None else chance[column]
            for name, column in (
                ("null_low", "low"),
                ("null_high", "high"),
                ("best_by_chance", "best_by_chance"),
                ("fdr_line", "fdr_line"),
            )
        },
    )


@styled
def draw_promoters(numbers: pd.DataFrame, metric: str, folds: int) -> Figure:
    """Draw every promoter at its place in the genome: height its mean score, names for the best."""
    figure = new_figure(4.1)
    axes = figure.subplots()
    contigs = order(numbers["chrom"].unique())
    always = (numbers["folds_selected"] == folds) & (folds > 0)
    sometimes = (numbers["folds_selected"] > 0) & ~always
    dropped = numbers["folds_trained"] < numbers["folds"]
    rest = ~always & ~sometimes
    for number, contig in enumerate(contigs):
        for name, group, size in (("rest", rest & ~dropped, 2.6), ("dropped", rest & dropped, 1.5)):
            part = numbers[group & (numbers["chrom"] == contig)]
            axes.plot(
                part["place"],
                part["score"],
                ls="none",
                marker="o",
                ms=size,
                mew=0,
                color="#8d97a3" if number % 2 == 0 else "#b9c1ca",
                rasterized=len(numbers) > VECTOR_POINTS,
                label=f"_{name} {number}",
            )
    part = numbers[sometimes]
    axes.plot(
        part["place"],
        part["score"],
        ls="none",
        marker="o",
        ms=4.4,
        mfc="white",
        mec=BLUE,
        mew=1,
        label="_sometimes",
    )
    part = numbers[always]
    axes.plot(
        part["place"],
        part["score"],
        ls="none",
        marker="o",
        ms=5.4,
        mfc=BLUE,
        mec="white",
        mew=0.5,
        label="_always",
    )
    part = numbers[numbers["planted"] == 1]
    axes.plot(
        part["place"],
        part["score"],
        ls="none",
        marker="D",
        ms=9,
        mfc="none",
        mec=VERMILLION,
        mew=1.1,
        label="_planted",
    )
    top, bottom = numbers["score"].max(), numbers["score"].min()
    axes.set_ylim(min(bottom, 0.5) - 0.02, top + 0.22 * max(top - min(bottom, 0.5), 0.05))
    margin = 0.01 * max(numbers["place"].max(), 1)
    axes.set_xlim(-margin, numbers["place"].max() + margin)
    _genome_axis(axes, numbers, contigs)
    axes.axhline(0.5, color=QUIET, lw=0.9, zorder=0)
    axes.text(1.004, 0.5, "no skill", transform=axes.get_yaxis_transform(), va="center", color=QUIET, fontsize=7.5)
    _by_chance(axes, numbers)
    axes.set(xlabel="promoters in the order of the genome, by chromosome", ylabel=f"{metric}, mean over folds")
    marks = [
        Line2D(
            [],
            [],
            ls="none",
            marker="o",
            mfc=BLUE,
            mec="white",
            ms=6,
            label=f"selected in {'every fold' if folds > 1 else 'the fold'}",
        )
    ]
    if sometimes.any():
        marks.append(Line2D([], [], ls="none", marker="o", mfc="white", mec=BLUE, ms=5, label="selected in some folds"))
    marks.append(Line2D([], [], ls="none", marker="o", color="#8d97a3", mec="none", ms=4, label="not selected"))
    if (rest & dropped).any():
        marks.append(
            Line2D(
                [], [], ls="none", marker="o", color="#8d97a3", mec="none", ms=2.4, label="dropped early in some fold"
            )
        )
    if (numbers["planted"] == 1).any():
        marks.append(
            Line2D(
                [],
                [],
                ls="none",
                marker="D",
                mfc="none",
                mec=VERMILLION,
                ms=8,
                label="planted by the simulation",
            )
        )
    figure.legend(handles=marks, loc="outside upper left", ncols=5)
    _label_points(figure, axes, numbers, always if always.any() else numbers.index < 5)
    return figure


def _by_chance(axes: Axes, numbers: pd.DataFrame) -> None:
    """Draw the band of null scores, the best of so many by chance, and the line of 5% false discoveries."""
    first = numbers.iloc[0]
    if is_missing(first["null_low"]):
        return
    axes.axhspan(first["null_low"], first["null_high"], color=QUIET, alpha=0.12, lw=0, zorder=0)
    lines = [
        (first["best_by_chance"], (0, (4, 3)), f"best of {len(numbers):,}\nby chance"),
        (first["fdr_line"], (0, (1, 2)), "FDR 5%"),
    ]
    low, high = axes.get_ylim()
    # Two names take turns above and below where their lines are close to each other.
    close = abs(first["best_by_chance"] - first["fdr_line"]) < 0.09 * (high - low)
    for score, dashes, name in lines:
        if is_missing(score) or not low < score < high:
            continue
        axes.axhline(score, color=ORANGE, lw=1, ls=dashes, zorder=0)
        upper = score >= max(value for value, _, _ in lines if not is_missing(value))
        axes.text(
            1.004, score, name, transform=axes.get_yaxis_transform(), color="#8a5f00", fontsize=7.5,
            va=("bottom" if upper else "top") if close else "center",
        )  # fmt: skip


def _genome_axis(axes: Axes, numbers: pd.DataFrame, contigs: list[str]) -> None:
    """Mark the chromosomes: a band behind every second one, a name under each that has room."""
    ticks, names = [], []
    whole = numbers["place"].max() - numbers["place"].min() or 1
    last = -math.inf
    for number, contig in enumerate(contigs):
        place = numbers.loc[numbers["chrom"] == contig, "place"]
        low, high = place.min() - 0.006 * whole, place.max() + 0.006 * whole
        if number % 2 == 1:
            axes.axvspan(low, high, color=PALE, alpha=0.7, lw=0, zorder=-1)
        centre = (low + high) / 2
        name = safe_text(canonical(contig), 8)
        if centre - last > (0.012 + 0.008 * len(name)) * whole:
            ticks.append(centre)
            names.append(name)
            last = centre
    axes.set_xticks(ticks, names)
    axes.tick_params(axis="x", length=0)


def _label_points(figure: Figure, axes: Axes, numbers: pd.DataFrame, chosen: Iterable[bool]) -> None:
    """Write gene symbols beside the best points, each where it covers no other name and no chosen point."""
    best = numbers[np.asarray(chosen)].head(LABELS)
    if best.empty:
        return
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()
    frame = axes.get_window_extent(renderer)
    scale = figure.dpi / 72
    points = axes.transData.transform(numbers.loc[numbers["folds_selected"] > 0, ["place", "score"]].to_numpy(float))
    taken: list[tuple[float, float, float, float]] = []
    moves = [
        (0, 7, "center"),
        (7, -3, "left"),
        (-7, -3, "right"),
        (0, 18, "center"),
        (12, 11, "left"),
        (-12, 11, "right"),
        (0, 29, "center"),
        (16, 24, "left"),
        (-16, 24, "right"),
        (0, 40, "center"),
        (24, 36, "left"),
        (-24, 36, "right"),
    ]
    for row in best.itertuples():
        text = safe_text(row.symbol, 16)
        width, height, _ = renderer.get_text_width_height_descent(text, axes.yaxis.label.get_fontproperties(), False)
        x, y = axes.transData.transform((row.place, row.score))
        for dx, dy, side in moves:
            left = x + dx * scale - {"center": width / 2, "left": 0, "right": width}[side]
            box = (left - 2, y + dy * scale - 1, left + width + 2, y + dy * scale + height + 1)
            inside = box[0] > frame.x0 and box[2] < frame.x1 and box[3] < frame.y1
            if (
                inside
                and not any(_overlap(box, other) for other in taken)
                and not _covers(box, points, (x, y), 4 * scale)
            ):
                break
        else:
            continue
        taken.append(box)
        far = abs(dx) + abs(dy) > 12
        axes.annotate(
            text,
            (row.place, row.score),
            xytext=(dx, dy),
            textcoords="offset points",
            ha=side,
            va="bottom",
            fontsize=8,
            fontstyle="italic",
            zorder=5,
            arrowprops={"arrowstyle": "-", "color": QUIET, "lw": 0.5, "shrinkA": 0, "shrinkB": 3} if far else None,
        ).set_in_layout(False)


def _overlap(one: tuple[float, ...], two: tuple[float, ...]) -> bool:
    return one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]


def _covers(box: tuple[float, ...], points: np.ndarray, own: tuple[float, float], room: float) -> bool:
    inside = (
        (points[:, 0] > box[0] - room)
        & (points[:, 0] < box[2] + room)
        & (points[:, 1] > box[1] - room)
        & (points[:, 1] < box[3] + room)
    )
    return bool((inside & (np.abs(points - np.asarray(own)).max(axis=1) > 0.01)).any())


# ---------------------------------------------------------------- saliency


def saliency_numbers(profile: pd.DataFrame) -> pd.DataFrame:
    """Return method, group, rank, value, low, high, sites, in the order of the figure."""
    table = profile.assign(sites=profile["sites"] if "sites" in profile else np.nan)
    table = table.assign(a=table["method"].map(lambda name: list(METHODS).index(name) if name in METHODS else 9))
    return table.sort_values(["a", "method", "group", "rank"])[
        ["method", "group", "rank", "value", "low", "high", "sites"]
    ].reset_index(drop=True)


def site_place(rank: pd.Series | np.ndarray) -> Any:
    """Return a site's place on an axis without a gap at 0: ranks -1 and 1 are neighbours around the TSS."""
    rank = np.asarray(rank)
    return np.where(rank > 0, rank - 1, rank)


@styled
def draw_saliency(numbers: pd.DataFrame) -> Figure:
    """Draw mean saliency by rank to the TSS, cases and controls, each over its null band."""
    methods = list(dict.fromkeys(numbers["method"]))
    figure = new_figure(0.5 + 2.35 * len(methods))
    panels = np.atleast_1d(figure.subplots(len(methods), 1, sharex=True))
    for axes, method in zip(panels, methods, strict=True):
        for group, tone in GROUP_COLOURS.items():
            part = numbers[(numbers["method"] == method) & (numbers["group"] == group)]
            place = site_place(part["rank"])
            axes.fill_between(
                place,
                part["low"],
                part["high"],
                color=tone,
                alpha=0.14,
                lw=0,
                label=f"_band {method} {group}",
            )
            axes.plot(
                place,
                part["value"],
                color=tone,
                lw=1.8,
                ls="-" if group == "case" else (0, (5, 1.5)),
                marker="o",
                ms=2.4,
                label=f"_{method} {group}",
            )
        axes.set(ylabel="mean |attribution|\n(case logit)", title=METHODS.get(method, safe_text(method)))
        axes.set_ylim(0, 1.14 * axes.get_ylim()[1])
        axes.yaxis.set_major_locator(MaxNLocator(4))
        axes.grid(axis="y", color=PALE, lw=0.8)
        axes.set_axisbelow(True)
        _mark_tss(axes)
    _rank_axis(panels[-1], numbers["rank"])
    handles = [
        Line2D(
            [],
            [],
            color=GROUP_COLOURS[group],
            lw=1.8,
            ls="-" if group == "case" else (0, (5, 1.5)),
            label=name,
        )
        for group, name in GROUPS.items()
    ]
    handles.append(Line2D([], [], color=QUIET, lw=7, alpha=0.25, label="null band: labels dealt out at random"))
    figure.legend(handles=handles, loc="outside upper left", ncols=3)
    return figure


def _mark_tss(axes: Axes) -> None:
    """Mark the transcription start: a line between ranks -1 and 1, and the direction of transcription."""
    axes.axvline(-0.5, color=INK, lw=0.9, zorder=1)
    axes.annotate(
        "TSS →",
        (-0.5, 1),
        xycoords=("data", "axes fraction"),
        xytext=(3, -2),
        textcoords="offset points",
        va="top",
        fontsize=8,
        fontweight="bold",
    )


def _rank_axis(axes: Axes, ranks: pd.Series) -> None:
    low, high = int(ranks.min()), int(ranks.max())
    wanted = [rank for rank in [*range(-(-low // 8) * 8, 0, 8), *range(4, high + 1, 4)] if low <= rank <= high]
    axes.set_xticks(site_place(np.array(wanted)), [decimal(rank, 0, signed=True) for rank in wanted])
    axes.set_xlim(site_place(np.array([low]))[0] - 0.8, site_place(np.array([high]))[0] + 0.8)
    axes.set_xlabel("site, counted from the TSS (− upstream, + downstream)")


def strip_numbers(saliency: pd.DataFrame, scores: pd.DataFrame, rows: int = 32) -> pd.DataFrame:
    """Return method, promoter, symbol, rank, value (mean over folds and groups), best promoters first."""
    method = (
        "integrated_gradients" if (saliency["method"] == "integrated_gradients").any() else saliency["method"].iloc[0]
    )
    chosen = saliency[saliency["method"] == method]
    known = list(scores.loc[scores["promoter"].isin(chosen["promoter"]), "promoter"].head(rows))
    chosen = chosen[chosen["promoter"].isin(known)]
    table = chosen.groupby(["promoter", "rank"], as_index=False)["value"].mean()
    names = scores.drop_duplicates("promoter").set_index("promoter")["symbol"]
    table.insert(1, "symbol", table["promoter"].map(names))
    table.insert(0, "method", method)
    place = {name: number for number, name in enumerate(known)}
    return (
        table.assign(a=table["promoter"].map(place)).sort_values(["a", "rank"]).drop(columns="a").reset_index(drop=True)
    )


@styled
def draw_strip(numbers: pd.DataFrame) -> Figure:
    """Draw saliency per promoter as a strip of shaded sites, the TSS marked."""
    promoters = list(dict.fromkeys(numbers["promoter"]))
    ranks = np.array(sorted(numbers["rank"].unique()))
    grid = numbers.pivot_table(index="promoter", columns="rank", values="value").reindex(index=promoters, columns=ranks)
    figure = new_figure(1.0 + 0.165 * len(promoters))
    axes = figure.subplots()
    shown = axes.imshow(
        np.ma.masked_invalid(grid.to_numpy(float)),
        aspect="auto",
        cmap="cividis",
        interpolation="nearest",
        extent=(-0.5, len(ranks) - 0.5, len(promoters) - 0.5, -0.5),
        label="_strip",
    )
    boundary = float((ranks < 0).sum()) - 0.5
    axes.axvline(boundary, color="white", lw=2.4)
    axes.axvline(boundary, color=INK, lw=1)
    axes.annotate(
        "TSS →",
        (boundary, 1),
        xycoords=("data", "axes fraction"),
        xytext=(-1, 3),
        textcoords="offset points",
        fontsize=8,
        fontweight="bold",
    )
    symbols = numbers.drop_duplicates("promoter")["symbol"]
    axes.set_yticks(
        range(len(promoters)), [safe_text(symbol, 16) for symbol in symbols], fontstyle="italic", fontsize=7.5
    )
    wanted = [rank for rank in ranks if rank % (8 if rank < 0 else 4) == 0]
    axes.set_xticks(
        [int(np.where(ranks == rank)[0][0]) for rank in wanted],
        [decimal(rank, 0, signed=True) for rank in wanted],
    )
    axes.set_xlabel("site, counted from the TSS (− upstream, + downstream)")
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    figure.colorbar(shown, ax=axes, label="mean |attribution| (case logit)", pad=0.015, fraction=0.03)
    return figure


# ---------------------------------------------------------------- training


def training_numbers(history: pd.DataFrame) -> pd.DataFrame:
    """Return fold, seed, epoch, train_loss, validation_loss."""
    return history.sort_values(
        ["fold", "seed", "epoch"],
        key=lambda column: column.map(summaries._fold_key) if column.name in ("fold", "seed") else column,
    )[["fold", "seed", "epoch", "train_loss", "validation_loss"]].reset_index(drop=True)


@styled
def draw_training(numbers: pd.DataFrame) -> Figure:
    """Draw loss by epoch, one panel a fold, one pair of lines a seed, the kept epoch marked."""
    folds = list(dict.fromkeys(numbers["fold"]))
    columns = min(len(folds), 5)
    rows = -(-len(folds) // columns)
    figure = new_figure(0.5 + 1.9 * rows)
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for axes, fold in zip(panels, folds, strict=False):
        for _, part in numbers[numbers["fold"] == fold].groupby("seed", sort=False):
            axes.plot(part["epoch"], part["train_loss"], color=QUIET, lw=1, alpha=0.8)
            axes.plot(part["epoch"], part["validation_loss"], color=BLUE, lw=1.4, alpha=0.9)
            if part["validation_loss"].notna().any():
                best = part.loc[part["validation_loss"].idxmin()]
                axes.plot(
                    [best["epoch"]],
                    [best["validation_loss"]],
                    marker="o",
                    ms=4.5,
                    mfc="white",
                    mec=BLUE,
                    mew=1.2,
                    ls="none",
                )
        axes.set_title(f"Fold {safe_text(fold, 12)}", fontsize=8.5)
        axes.grid(axis="y", color=PALE, lw=0.8)
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    for axes in panels[len(folds) :]:
        axes.set_visible(False)
    figure.supxlabel("epoch", fontsize=8.5)
    figure.supylabel("loss (cross-entropy, nats)", fontsize=8.5)
    handles = [
        Line2D([], [], color=QUIET, lw=1, label="training people"),
        Line2D([], [], color=BLUE, lw=1.4, label="validation people"),
        Line2D([], [], ls="none", marker="o", mfc="white", mec=BLUE, label="lowest validation loss"),
    ]
    figure.legend(handles=handles, loc="outside upper left", ncols=3)
    return figure


# ---------------------------------------------------------------- blocks


def block_numbers(blocks: pd.DataFrame) -> pd.DataFrame:
    """Return panel (width|sites), status, low, high, promoters: two histograms, lower edges included.

    Widths are in bp on edges that grow by a constant factor; sites of a block are counted on both sides.
    """
    kept = summaries.kept_blocks(blocks)
    found = kept["sites_upstream"].fillna(0) + kept["sites_downstream"].fillna(0)
    width = kept["width"].dropna()
    width = width[width > 0]
    parts = []
    for panel, values in (("width", width), ("sites", found)):
        if values.empty:
            continue
        if panel == "width":
            edges = np.geomspace(values.min(), max(values.max(), values.min() * 1.01) * 1.000001, 31)
        else:
            edges = np.arange(0, values.max() + 2) - 0.5
        for status in ("complete", "padded"):
            counts, _ = np.histogram(values[kept.loc[values.index, "status"] == status], bins=edges)
            parts.append(
                pd.DataFrame(
                    {
                        "panel": panel,
                        "status": status,
                        "low": edges[:-1],
                        "high": edges[1:],
                        "promoters": counts,
                    }
                )
            )
    columns = ["panel", "status", "low", "high", "promoters"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


@styled
def draw_blocks(numbers: pd.DataFrame, median_width: float | None) -> Figure:
    """Draw how wide blocks are (bp, logarithmic) and how many sites they hold, by status."""
    figure = new_figure(2.5)
    panels = figure.subplots(1, 2, width_ratios=[1.4, 1])
    tones = {"complete": BLUE, "padded": ORANGE}
    for axes, panel in zip(panels, ("width", "sites"), strict=True):
        base: np.ndarray | float = 0.0
        for status, tone in tones.items():
            part = numbers[(numbers["panel"] == panel) & (numbers["status"] == status)]
            axes.bar(
                part["low"],
                part["promoters"],
                width=part["high"] - part["low"],
                align="edge",
                bottom=base,
                color=tone,
                ec="white",
                lw=0.3,
                label=f"_{panel} {status}",
            )
            base = part["promoters"].to_numpy() + base if len(part) else base
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.grid(axis="y", color=PALE, lw=0.8)
        axes.set_axisbelow(True)
        axes.set_ylabel("promoters")
        axes.margins(y=0.16)
    width, found = panels
    width.set_xscale("log")
    width.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _bases(value)))
    width.xaxis.set_minor_formatter(FuncFormatter(lambda value, _: ""))
    width.set(xlabel="width of the block, first to last site (logarithmic)", title="How far the sites reach")
    if median_width:
        width.axvline(median_width, color=INK, lw=0.9)
        width.annotate(
            f"median {_bases(median_width)}",
            (median_width, 1),
            xycoords=("data", "axes fraction"),
            xytext=(4, 0),
            textcoords="offset points",
            va="top",
            fontsize=8,
        )
    found.set(xlabel="sites in the block", title="How many sites were found")
    found.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    handles = [Line2D([], [], ls="none", marker="s", ms=7, color=tone, label=status) for status, tone in tones.items()]
    figure.legend(handles=handles, loc="outside upper left", ncols=2)
    return figure


def _bases(value: float) -> str:
    """Write a length: ``850 bp``, ``12 kb``, ``1.5 Mb``."""
    for unit, size in (("Mb", 1e6), ("kb", 1e3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.0f} bp"
