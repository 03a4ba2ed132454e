"""Figures of the reruns: the permutation test, the learning curve, repeated folds."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from promoternets.report.style import BLUE, MODEL_COLOURS, PALE, QUIET, VERMILLION, new_figure, styled
from promoternets.report.words import full_model_name

NAMES = {"best_promoter": "The best promoter (inner validation)"}


def rerun_name(model: str) -> str:
    """Return what a model, or the best promoter, is called."""
    return NAMES.get(model) or full_model_name(model)


@styled
def draw_permutations(table: pd.DataFrame) -> Figure:
    """Draw each permutation as a dot and the labels as they are as a diamond, a row a model."""
    models = list(dict.fromkeys(table["model"]))
    figure = new_figure(0.9 + 0.55 * len(models))
    axes = figure.subplots()
    random = np.random.default_rng(1)
    for place, model in enumerate(reversed(models)):
        part = table[table["model"] == model]
        null, own = part[part["permutation"] > 0]["auc"], part[part["permutation"] == 0]["auc"]
        height = place + random.uniform(-0.16, 0.16, len(null))
        axes.plot(null, height, ls="none", marker="o", ms=3.6, mfc="none", mec=QUIET, label=f"_null {model}")
        axes.plot(own, [place], ls="none", marker="D", ms=7, color=BLUE, label=f"_own {model}")
    _model_rows(axes, models, "AUC (of the best promoter: its ranking score)")
    marks = [
        Line2D([], [], ls="none", marker="D", color=BLUE, ms=6, label="labels as they are"),
        Line2D([], [], ls="none", marker="o", mfc="none", mec=QUIET, ms=4, label="a permutation of the labels"),
    ]
    figure.legend(handles=marks, loc="outside upper left", ncols=2)
    return figure


def _model_rows(axes: Axes, models: list[str], label: str) -> None:
    """Give each model a row, the first on top, and the axis below its label."""
    axes.set_yticks(range(len(models)), [rerun_name(model) for model in reversed(models)])
    axes.set(xlabel=label, ylim=(-0.6, len(models) - 0.4))
    axes.axvline(0.5, color=QUIET, lw=0.9, zorder=0)
    axes.grid(axis="x", color=PALE, lw=0.8)
    axes.set_axisbelow(True)


@styled
def draw_learning_curve(table: pd.DataFrame) -> Figure:
    """Draw AUC against training people: measured points with intervals, extrapolation dashed on a shaded ground."""
    figure = new_figure(3.2)
    axes = figure.subplots()
    measured, beyond = table[table["extrapolated"] == 0], table[table["extrapolated"] == 1]
    for model in dict.fromkeys(table["model"]):
        _draw_curve(axes, model, measured[measured["model"] == model], beyond[beyond["model"] == model])
    axes.set_xscale("log")
    ticks = sorted({round(people) for people in table["training_people"]})
    chosen = [one for number, one in enumerate(ticks) if number == 0 or one >= 1.28 * ticks[number - 1]]
    axes.set_xticks(chosen, [f"{one:,}" for one in chosen])
    axes.minorticks_off()
    if len(beyond):
        start = measured["training_people"].max()
        axes.axvspan(start, 1.05 * beyond["training_people"].max(), color=PALE, zorder=0)
        axes.text(start * 1.03, 0.02, "extrapolated,\nnot measured", transform=axes.get_xaxis_transform(),
                  color=QUIET, fontsize=7.5, va="bottom")  # fmt: skip
    axes.axhline(0.5, color=QUIET, lw=0.9, zorder=0)
    axes.set(xlabel="people in training (log scale)", ylabel="AUC in people not seen")
    axes.grid(axis="y", color=PALE, lw=0.8)
    axes.set_axisbelow(True)
    figure.legend(loc="outside upper left", ncols=3)
    return figure


def _draw_curve(axes: Axes, model: str, measured: pd.DataFrame, beyond: pd.DataFrame) -> None:
    colour = MODEL_COLOURS.get(model, VERMILLION)
    spread = (measured["auc"] - measured["low"], measured["high"] - measured["auc"])
    axes.errorbar(
        measured["training_people"], measured["auc"], yerr=[part.fillna(0).clip(lower=0) for part in spread],
        color=colour, marker="o", ms=4.5, lw=1.4, elinewidth=1, label=rerun_name(model),
    )  # fmt: skip
    if len(beyond):
        joined = pd.concat([measured.tail(1), beyond])
        axes.plot(joined["training_people"], joined["auc"], color=colour, ls=(0, (4, 3)), lw=1.4)
        axes.fill_between(beyond["training_people"], beyond["low"], beyond["high"], color=colour, alpha=0.13, lw=0)


@styled
def draw_repeats(table: pd.DataFrame) -> Figure:
    """Draw each partition's AUC as a ring and that over all, with its interval, as a diamond, a row a model."""
    models = list(dict.fromkeys(table["model"]))
    figure = new_figure(0.9 + 0.55 * len(models))
    axes = figure.subplots()
    for place, model in enumerate(reversed(models)):
        part = table[table["model"] == model]
        each, everything = part[part["repeat"] != "all"], part[part["repeat"] == "all"].iloc[0]
        axes.plot(each["auc"], [place + 0.2] * len(each), ls="none", marker="o", ms=4.5, mfc="none", mec=BLUE)
        if np.isfinite([everything["low"], everything["high"]]).all():
            axes.plot([everything["low"], everything["high"]], [place] * 2, color=BLUE, lw=2)
        axes.plot([everything["auc"]], [place], ls="none", marker="D", ms=7, color=BLUE, label=f"_all {model}")
    _model_rows(axes, models, "AUC in people not seen, mean over folds")
    marks = [
        Line2D([], [], ls="none", marker="D", color=BLUE, ms=6, label="all partitions, 95% interval"),
        Line2D([], [], ls="none", marker="o", mfc="none", mec=BLUE, ms=4.5, label="one partition into folds"),
    ]
    figure.legend(handles=marks, loc="outside upper left", ncols=2)
    return figure
