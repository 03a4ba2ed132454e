"""The figures of the chromatin branch: for each, the numbers as a table, and the drawing of exactly that table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, Normalize, TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from promoternets.report.chromatin_words import (
    BASELINES,
    CHANCE,
    CLASSES,
    COMPARED,
    PAPER_CHECK,
    is_net,
    method_name,
    model_name,
    model_order,
    short_name,
)
from promoternets.report.style import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PALE,
    PURPLE,
    QUIET,
    SKY,
    VERMILLION,
    new_figure,
    styled,
)
from promoternets.report.words import decimal, interval, is_missing, safe_text

DRAWN = 6  # epigenomes drawn one by one; the numbers hold them all
ONE_BY_ONE = 4  # up to so many epigenomes every model has a line of its own
TALLEST = 12.0  # inches that the rows of a figure may take
MAP_COLOURS = LinearSegmentedColormap.from_list("attention", ["#f4f6f8", "#a9cfe8", BLUE, "#06304d"])
# Half of these colours lie below the even share and are pale, so that only what is above it is seen.
SHARE_COLOURS = LinearSegmentedColormap.from_list(
    "share", [(0, "#ffffff"), (0.5, "#e4ebf0"), (0.64, "#a9cfe8"), (0.82, BLUE), (1, "#06304d")]
)
CLASS_COLOURS = {"expressed": VERMILLION, "not_expressed": BLUE, "": BLUE}
# Networks are filled, baselines hollow; no two have the same shape and tone.
MARKERS: dict[str, tuple[str, str]] = {
    "attentivechrome": ("D", BLUE),
    "attentivechrome_joint": ("P", BLUE),
    "attentivechrome_published": ("X", BLUE),
    "lstm_alpha": ("o", SKY),
    "lstm_attn": ("^", GREEN),
    "lstm": ("v", PURPLE),
    "cnn_alpha_beta": ("<", ORANGE),
    "cnn_attn": (">", ORANGE),
    "deepchrome": ("s", INK),
    "logistic_regression": ("o", INK),
    "svc": ("p", INK),
    "random_forest": ("^", INK),
    "max_mark": ("D", INK),
}


def _look(model: str) -> dict[str, object]:
    """Return how a model's mark is drawn."""
    marker, tone = MARKERS.get(model, ("h", QUIET))
    return {"marker": marker, "mec": tone, "mfc": "white" if model in BASELINES else tone, "mew": 1.1, "ls": "none"}


# ---------------------------------------------------------------- models


def model_numbers(values: pd.DataFrame, comparisons: pd.DataFrame) -> pd.DataFrame:
    """Return epigenome, model, against, value, low, high, p_value: first what models reach, then paired differences.

    Epigenomes are ordered by the mean over models, best first; `against` is empty for a model's own value.
    """
    order = values.groupby("epigenome", sort=False)["value"].mean().sort_values(ascending=False, kind="stable").index
    pairs = comparisons[comparisons["against"].isin(COMPARED)].rename(columns={"difference": "value"})
    table = pd.concat([values.assign(against="", p_value=np.nan), pairs], ignore_index=True)
    models = model_order(list(table["model"].unique()))
    table = table.assign(
        a=table["against"].map(["", *COMPARED].index),
        b=table["epigenome"].map(list(order).index),
        c=table["model"].map(models.index),
    ).sort_values(["a", "b", "c"], kind="stable")
    return table[["epigenome", "model", "against", "value", "low", "high", "p_value"]].reset_index(drop=True)


@styled
def draw_models(numbers: pd.DataFrame, measure: str, best: str | None) -> Figure:
    """Draw what each model reaches in each epigenome: a line a model where there are few, else a line an epigenome."""
    few = numbers["epigenome"].nunique() <= ONE_BY_ONE
    return _draw_every_model(numbers, measure, best) if few else _draw_every_epigenome(numbers, measure, best)


def _draw_every_model(numbers: pd.DataFrame, measure: str, best: str | None) -> Figure:
    reached, pairs = numbers[numbers["against"] == ""], numbers[numbers["against"] != ""]
    epigenomes = list(dict.fromkeys(reached["epigenome"]))
    places: dict[tuple[str, str], float] = {}
    heads: dict[str, float] = {}
    place = 0.0
    for epigenome in epigenomes:
        heads[epigenome] = place
        for model in reached.loc[reached["epigenome"] == epigenome, "model"]:
            place -= 1
            places[epigenome, model] = place
        place -= 1.6
    figure = new_figure(1.3 + 0.205 * -place)
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[1.3, 1])
    for row in reached.itertuples():
        at = places[row.epigenome, row.model]
        _interval_row(left, at, row, row.model, main=row.model == best)
        left.annotate(
            interval(row.value, row.low, row.high), (1, at), xycoords=("axes fraction", "data"), xytext=(6, 0),
            textcoords="offset points", va="center", fontsize=7.3,
        )  # fmt: skip
    for row in pairs.itertuples():
        if (row.epigenome, row.model) in places and is_net(row.model):
            shift = 0.17 if row.against == COMPARED[0] else -0.17
            _interval_row(right, places[row.epigenome, row.model] + shift, row, row.against, main=False)
    left.set_yticks(list(places.values()), [safe_text(model_name(model), 40) for _, model in places], fontsize=8)
    for label, (_, model) in zip(left.get_yticklabels(), places, strict=True):
        label.set_fontweight("bold" if model == best else "normal")
    for name, at in heads.items():
        left.text(
            -0.01, at, safe_text(name, 30), transform=left.get_yaxis_transform(), fontweight="bold", va="center",
            ha="right", fontsize=9,
        )  # fmt: skip
    left.set_ylim(place + 0.9, 0.9)
    _finish_models(left, right, reached, pairs, measure)
    figure.legend(handles=_difference_handles(), loc="outside upper right", ncols=2)
    return figure


def _draw_every_epigenome(numbers: pd.DataFrame, measure: str, best: str | None) -> Figure:
    reached, pairs = numbers[numbers["against"] == ""], numbers[numbers["against"] != ""]
    epigenomes = list(dict.fromkeys(reached["epigenome"]))
    height = min(0.28, TALLEST / len(epigenomes))
    size = min(8.0, max(5.0, 34 * height))
    figure = new_figure(1.9 + height * len(epigenomes))
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[1.3, 1])
    for number in range(0, len(epigenomes), 2):
        for axes in (left, right):
            axes.axhspan(-number - 0.5, -number + 0.5, color=PALE, lw=0, alpha=0.6, zorder=0)
    models = model_order(list(reached["model"].unique()))
    baselines = reached[reached["model"].isin(BASELINES)].groupby("model")["value"].mean()
    with_interval = {best, baselines.idxmax() if len(baselines) else None}
    place = {epigenome: -number for number, epigenome in enumerate(epigenomes)}
    for model in [*[model for model in models if model != best], *([best] if best in models else [])]:
        part = reached[reached["model"] == model]
        y = np.array([place[epigenome] for epigenome in part["epigenome"]], dtype=float)
        y += 0.12 if model == best else -0.12 if model in with_interval else 0.0
        look = _look(model) | {"ms": 5.2 if model in with_interval else 4.0}
        if model in with_interval:
            left.hlines(y, part["low"], part["high"], color=str(look["mec"]), lw=1.0, alpha=0.75)
        left.plot(part["value"], y, **look, alpha=1 if model in with_interval else 0.8, label=f"_{model}")
    own = pairs[pairs["model"] == best]
    for against in COMPARED:
        part = own[own["against"] == against]
        y = np.array([place[epigenome] for epigenome in part["epigenome"]], dtype=float)
        y += 0.17 if against == COMPARED[0] else -0.17
        look = _look(against) | {"ms": 4.0}
        right.hlines(y, part["low"], part["high"], color=QUIET, lw=1.0)
        right.plot(part["value"], y, **look, label=f"_{against}")
    left.set_yticks([-number for number in range(len(epigenomes))], [safe_text(name, 24) for name in epigenomes])
    left.tick_params(axis="y", labelsize=size)
    left.set_ylim(-len(epigenomes) + 0.4, 0.9)
    _finish_models(left, right, reached, own, measure, net=best)
    handles = [Line2D([], [], **_look(model), ms=5, label=safe_text(model_name(model), 36)) for model in models]
    figure.legend(handles=handles, loc="outside upper left", ncols=4, columnspacing=1.4, handletextpad=0.2)
    return figure


def _finish_models(
    left: Axes, right: Axes, reached: pd.DataFrame, pairs: pd.DataFrame, measure: str, *, net: str | None = None
) -> None:
    """Set limits, names and the lines of no effect of both panels."""
    chance, name = CHANCE[measure], {"auc": "AUC", "pearson": "Pearson's r"}[measure]
    numbers = reached[["value", "low", "high"]].to_numpy(float)
    low, high = np.nanmin([np.nanmin(numbers), chance]), np.nanmax(numbers)
    left.set_xlim(low - 0.05 * (high - low), high + 0.03 * (high - low))
    left.axvline(chance, color=QUIET, lw=0.9, zorder=0)
    left.annotate(
        "guessing", (chance, 1), xycoords=("data", "axes fraction"), xytext=(4, -1), textcoords="offset points",
        va="top", color=QUIET, fontsize=7.5,
    )  # fmt: skip
    left.set_xlabel(f"{name} on test genes (95% interval)")
    left.set_title("What each model reaches")
    right.axvline(0, color=QUIET, lw=0.9, zorder=0)
    who = short_name(net) if net else "network"
    right.set_xlabel(f"difference in {name} (95% interval)")
    right.set_title(f"{who[0].upper()}{who[1:]} minus baseline, same genes")
    if len(pairs):
        span = pairs[["value", "low", "high"]].to_numpy(float)
        room = 0.3 * max(np.nanmax(np.abs(span)), 0.02)
        right.set_xlim(min(np.nanmin(span) * 1.06, -room), max(np.nanmax(span) * 1.06, room))
    else:
        right.text(0.5, 0.5, "no paired comparison was made", transform=right.transAxes, ha="center", color=QUIET)
    for x, text, side in ((-4, "network loses", "right"), (4, "network wins", "left")):
        right.annotate(
            text, (0, 1), xycoords=("data", "axes fraction"), xytext=(x, -1), textcoords="offset points", va="top",
            ha=side, color=QUIET, fontsize=7.5,
        )  # fmt: skip
    for axes in (left, right):
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x", color=PALE, lw=0.8)
        axes.set_axisbelow(True)


def _difference_handles() -> list[Line2D]:
    return [Line2D([], [], **_look(name), ms=5, label=f"minus {short_name(name)}") for name in COMPARED]


def _interval_row(axes: Axes, place: float, row: object, model: str, *, main: bool) -> None:
    """Draw a value with its interval; a difference that lies below 0 in vermillion."""
    if is_missing(row.value):
        return
    look = _look(model)
    tone = str(look["mec"])
    if row.against and not is_missing(row.high) and row.high < 0:
        tone = VERMILLION
        look |= {"mec": tone}
    if not (is_missing(row.low) or is_missing(row.high)):
        axes.plot([row.low, row.high], [place, place], color=tone, lw=2.4 if main else 1.3, label="_interval")
    axes.plot([row.value], [place], **look, ms=6.5 if main else 4.6, label="_point")


# ---------------------------------------------------------------- maps


def map_numbers(maps: pd.DataFrame, weights: pd.DataFrame) -> pd.DataFrame:
    """Return epigenome, model, map, class, genes, mark, bin, value, low, high.

    First maps, a row a bin; then beta, a row a mark without a bin, with its quartiles over genes.
    """
    beta = weights.rename(columns={"beta": "value"}).assign(map="beta", bin=np.nan)
    table = pd.concat([maps.assign(low=np.nan, high=np.nan), beta], ignore_index=True)
    table["bin"] = table["bin"].astype("Int64")
    return table[["epigenome", "model", "map", "class", "genes", "mark", "bin", "value", "low", "high"]]


def mean_over_epigenomes(numbers: pd.DataFrame) -> pd.DataFrame:
    """Return map numbers averaged over epigenomes, each counting alike; genes are summed, quartiles averaged."""
    keys = ["model", "map", "class", "mark", "bin"]
    epigenomes = numbers["epigenome"].unique()
    own = numbers.groupby(keys, sort=False, dropna=False).agg(
        genes=("genes", "sum"), value=("value", "mean"), low=("low", "mean"),
        high=("high", "mean"),
    )  # fmt: skip
    name = f"mean of {len(epigenomes)}" if len(epigenomes) > 1 else epigenomes[0]
    own = own.reset_index().assign(epigenome=name)
    return own[list(numbers.columns)]


@dataclass(frozen=True)
class Strip:
    """One line of maps: a heading and values [mark, bin] for each column, and beta beside them.

    `columns` holds (class, heading, values or None); `beta` has class, mark, value, low, high. `scale` is the largest
    value of the colours, shared between strips that are to be compared; `even` is what an even map would be.
    """

    columns: list[tuple[str, str, np.ndarray | None]]
    marks: list[str]
    beta: pd.DataFrame
    scale: float
    unit: str = ""
    even: float | None = None

    @property
    def norm(self) -> Normalize:
        """Return how values become colours; a map that hardly differs from an even one stays pale."""
        if self.even is None:
            return Normalize(0, self.scale or 1.0)
        return TwoSlopeNorm(self.even, 0, max(self.scale, 2 * self.even))

    @property
    def colours(self) -> LinearSegmentedColormap:
        """Return the colours that go with `norm`."""
        return MAP_COLOURS if self.even is None else SHARE_COLOURS


@dataclass(frozen=True)
class Axis:
    """Where bins lie: how many, their size (bp), and whether they run along the transcript."""

    bins: int
    size: float
    oriented: bool

    @property
    def half(self) -> float:
        """Half of the window, in kb."""
        return self.bins * self.size / 2000

    @property
    def label(self) -> str:
        """What the axis shows."""
        if self.oriented:
            return "distance from the TSS (kb; − upstream)"
        return "distance from the TSS (kb, in genome order: minus-strand genes are not turned)"


def grid_of(part: pd.DataFrame, marks: Sequence[str]) -> np.ndarray | None:
    """Return the values of one map [mark, bin]; None without any."""
    part = part[part["bin"].notna()]
    if part.empty:
        return None
    return part.pivot_table(index="mark", columns="bin", values="value").reindex(list(marks)).to_numpy(float)


def strips_of(
    numbers: pd.DataFrame, lines: Sequence[tuple[str, str, str]], *, names: Sequence[str], shared: bool, unit: str
) -> list[Strip]:
    """Return a strip for each (epigenome, model, map), named by `names`, of the classes side by side."""
    parts = [
        numbers[(numbers["epigenome"] == epigenome) & (numbers["model"] == model) & numbers["map"].isin([map_, "beta"])]
        for epigenome, model, map_ in lines
    ]
    top = max((_top(part) for part in parts), default=1.0)
    strips = []
    for part, name, (_, _, map_) in zip(parts, names, lines, strict=True):
        maps = part[part["map"] == map_]
        marks = list(dict.fromkeys(maps["mark"]))
        columns = []
        for class_, words in CLASSES.items():
            own = maps[maps["class"] == class_]
            genes = int(own["genes"].iloc[0]) if len(own) else 0
            words = {"signal": words.replace("Called ", "")}.get(map_, words.lower())
            counted = f" ({genes:,} genes)" if genes else ""
            heading = f"{name}: {words}{counted}" if not columns else f"{words}{counted}"
            columns.append((class_, heading, grid_of(own, marks)))
        beta = part[part["map"] == "beta"] if map_ == "alpha" else part.iloc[:0]
        strips.append(Strip(columns, marks, beta, top if shared else _top(part), unit, _even(maps, map_)))
    return strips


def _even(maps: pd.DataFrame, map_: str) -> float | None:
    """Return the share of a bin in percent when attention is even; None for maps that are no shares."""
    return 100 / float(maps["bin"].max()) if map_ == "alpha" and len(maps) else None


def _top(part: pd.DataFrame) -> float:
    """Return the value that takes the darkest colour: nearly the largest, so that one bin cannot hide the rest."""
    values = part.loc[part["bin"].notna(), "value"]
    return float(values.quantile(0.998)) or 1.0 if len(values) else 0.0


@styled
def draw_maps(
    strips: Sequence[Strip], axis: Axis, *, colour_label: str = "", truth: pd.DataFrame | None = None
) -> Figure:
    """Draw maps line by line, mark by bin, with the TSS marked and beta as bars where a network has it.

    With `colour_label` all strips share one scale of colours, drawn at the side; without, each says its own.
    """
    columns = max(len(strip.columns) for strip in strips)
    with_beta = [number for number, strip in enumerate(strips) if len(strip.beta)]
    heights = [max(0.19 * len(strip.marks), 0.26) + 0.3 for strip in strips]
    figure = new_figure(0.75 + 1.06 * sum(heights) + (0.25 if with_beta or truth is not None else 0))
    ratios = [1.0 if columns > 1 else 1.6] * columns + ([0.62] if with_beta else [])
    panels = figure.subplots(len(strips), len(ratios), squeeze=False, height_ratios=heights, width_ratios=ratios)
    shown = None
    for number, (strip, row) in enumerate(zip(strips, panels, strict=True)):
        for column, (_, heading, values) in enumerate(strip.columns):
            last = number == len(strips) - 1
            found = _draw_map(row[column], strip, heading, values, axis, first=column == 0, last=last, truth=truth)
            shown = shown or found
        if with_beta:
            _draw_beta(row[-1], strip, first=number == with_beta[0], last=number == with_beta[-1])
        if not colour_label and strip.scale:
            text = f"darkest: {strip.norm.vmax:.3g}{strip.unit}"
            row[columns - 1].annotate(
                text, (1, 1), xycoords="axes fraction", xytext=(0, 3), textcoords="offset points", ha="right",
                fontsize=7, color=QUIET,
            )  # fmt: skip
    if colour_label and shown is not None:
        bar = figure.colorbar(shown, ax=panels, label=colour_label, pad=0.012, fraction=0.018, aspect=30)
        bar.outline.set_visible(False)
        if strips[0].even is not None:
            low, high = strips[0].even, strips[0].norm.vmax
            ticks = [0, low, *(low + (high - low) * np.array([0.25, 0.5, 0.75, 1]))]
            names = [f"{tick:.2g}" if number != 1 else f"{low:.2g} even" for number, tick in enumerate(ticks)]
            bar.set_ticks(ticks, labels=names)
    handles = _map_handles(strips, truth)
    if handles:
        figure.legend(handles=handles, loc="outside upper right", ncols=len(handles))
    return figure


def _map_handles(strips: Sequence[Strip], truth: pd.DataFrame | None) -> list[Line2D]:
    handles = []
    if truth is not None:
        handles.append(Line2D([], [], color=VERMILLION, lw=1.2, label="planted weight"))
    classes = {class_ for strip in strips for class_ in strip.beta["class"]} if strips else set()
    if classes >= {"expressed", "not_expressed"}:
        handles += [
            Line2D([], [], ls="none", marker="s", ms=6, color=CLASS_COLOURS[class_], label=f"β, {words.lower()}")
            for class_, words in CLASSES.items()
        ]
    return handles


def _draw_map(
    axes: Axes,
    strip: Strip,
    heading: str,
    values: np.ndarray | None,
    axis: Axis,
    *,
    first: bool,
    last: bool,
    truth: pd.DataFrame | None,
) -> object:
    axes.set_title(safe_text(heading, 70), fontsize=8.3, pad=3, fontweight="normal")
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0)
    axes.set_xlim(-axis.half, axis.half)
    axes.set_ylim(len(strip.marks) - 0.5, -0.5)
    axes.set_yticks(range(len(strip.marks)), [safe_text(mark, 14) for mark in strip.marks] if first else [])
    axes.tick_params(axis="x", labelbottom=last, length=2.5 if last else 0)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(lambda value, _: decimal(value, 0 if axis.half >= 4 else 1, signed=True))
    if last:
        axes.set_xlabel(axis.label if first else "kb from the TSS", fontsize=8)
    if values is None:
        axes.text(0.5, 0.5, "no such gene", transform=axes.transAxes, ha="center", va="center", color=QUIET)
        return None
    shown = axes.imshow(
        np.ma.masked_invalid(values), aspect="auto", cmap=strip.colours, norm=strip.norm,
        interpolation="nearest", extent=(-axis.half, axis.half, len(strip.marks) - 0.5, -0.5),
    )  # fmt: skip
    for edge in np.arange(0.5, len(strip.marks) - 1):
        axes.axhline(edge, color="white", lw=1)
    axes.axvline(0, color=INK, lw=0.9, ls=(0, (3, 2)))
    if first:
        axes.annotate(
            "TSS", (0, 1), xycoords=("data", "axes fraction"), xytext=(0, -1), textcoords="offset points", fontsize=6.5,
            va="top", ha="center", color=INK, bbox={"fc": "white", "ec": "none", "pad": 0.6, "alpha": 0.8},
        )  # fmt: skip
    if truth is not None:
        _draw_truth(axes, strip.marks, truth, axis)
    return shown


def _draw_truth(axes: Axes, marks: Sequence[str], truth: pd.DataFrame, axis: Axis) -> None:
    """Draw the planted weight of each mark as a line over its row; a mark that does not matter has none."""
    largest = truth["weight"].max()
    if not largest > 0:
        return
    for row, mark in enumerate(marks):
        own = truth[truth["mark"] == mark].sort_values("bin")
        if own["weight"].max() > 0 and len(own) == axis.bins:
            x = (own["bin"].to_numpy() - 0.5) * axis.size / 1000 - axis.half
            axes.plot(x, row + 0.46 - 0.9 * own["weight"].to_numpy() / largest, color=VERMILLION, lw=1.1)


def _draw_beta(axes: Axes, strip: Strip, *, first: bool, last: bool) -> None:
    """Draw beta as bars beside the marks' rows, with quartiles over genes, and the even share."""
    axes.set_ylim(len(strip.marks) - 0.5, -0.5)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    if strip.beta.empty:
        axes.spines["bottom"].set_visible(False)
        axes.set_xticks([])
        axes.text(0.02, 0.5, "no weights of marks", transform=axes.transAxes, va="center", color=QUIET, fontsize=7.5)
        return
    classes = list(dict.fromkeys(strip.beta["class"]))
    thick = 0.74 / len(classes)
    for number, class_ in enumerate(classes):
        own = strip.beta[strip.beta["class"] == class_].set_index("mark").reindex(strip.marks)
        y = np.arange(len(strip.marks)) + (number - (len(classes) - 1) / 2) * thick
        axes.barh(y, own["value"], height=thick * 0.9, color=CLASS_COLOURS.get(class_, BLUE), label=f"_{class_}")
        known = own["low"].notna().to_numpy()
        axes.hlines(y[known], own["low"][known], own["high"][known], color=INK, lw=0.9)
    axes.axvline(1 / len(strip.marks), color=INK, lw=0.8, ls=(0, (3, 2)))
    axes.set_xlim(0, max(1.9 / len(strip.marks), 1.05 * np.nanmax(strip.beta[["value", "high"]].to_numpy(float))))
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.tick_params(axis="x", labelbottom=last)
    if first:
        axes.set_title("weight of the mark (β)", fontsize=8.3, pad=3, fontweight="normal")
    if last:
        axes.set_xlabel("β (sums to 1)", fontsize=8)


# ---------------------------------------------------------------- chosen genes


def gene_numbers(gene_maps: pd.DataFrame, gene: str) -> pd.DataFrame:
    """Return the rows of one gene: symbol, gene_id, epigenome, model, map, label, score, part, mark, bin, value."""
    own = gene_maps[gene_maps["gene_id"] == gene].copy()
    own["bin"] = own["bin"].astype("Int64")
    columns = ["symbol", "gene_id", "epigenome", "model", "map", "label", "score", "part", "mark", "bin", "value"]
    return own[columns].reset_index(drop=True)


def gene_strips(numbers: pd.DataFrame, model: str, parts: dict[str, str]) -> list[Strip]:
    """Return a strip for each epigenome drawn of one gene and network; the heading says label, score and part."""
    own = numbers[numbers["model"] == model]
    strips = []
    top = float(own.loc[own["map"] == "alpha", "value"].quantile(0.998)) or 1.0
    for epigenome in list(dict.fromkeys(own["epigenome"]))[:DRAWN]:
        here = own[own["epigenome"] == epigenome]
        first = here.iloc[0]
        marks = list(dict.fromkeys(here.loc[here["map"] == "alpha", "mark"]))
        heading = (
            f"{safe_text(epigenome, 24)}: {'expressed' if first['label'] else 'not expressed'}, "
            f"score {decimal(first['score'], 2)} ({parts.get(first['part'], first['part'])} gene)"
        )
        beta = here[here["map"] == "beta"].assign(**{"class": "", "low": np.nan, "high": np.nan})
        strips.append(
            Strip(
                [("", heading, grid_of(here[here["map"] == "alpha"], marks))],
                marks,
                beta,
                top,
                "%",
                _even(here, "alpha"),
            )
        )
    return strips


# ---------------------------------------------------------------- the attention check


def check_numbers(validation: pd.DataFrame) -> pd.DataFrame:
    """Return the attention check in drawing order, with the published values (mean of three cell types) beside."""
    models = model_order(list(validation["model"].unique()))
    kinds = ["alpha", "class_optimisation", "saliency", "signal"]
    table = validation.assign(
        a=validation["model"].map(models.index) + 100 * (validation["map"] != "alpha"),
        b=validation["map"].map(lambda name: kinds.index(name) if name in kinds else 9),
        published=[
            float(np.mean(PAPER_CHECK[key])) if (key := (row.model, row.map)) in PAPER_CHECK else np.nan
            for row in validation.itertuples()
        ],
    )
    place = {name: number for number, name in enumerate(dict.fromkeys(validation["epigenome"]))}
    table = table.assign(c=table["epigenome"].map(place)).sort_values(["a", "b", "c"], kind="stable")
    return table.drop(columns=["a", "b", "c"]).reset_index(drop=True)


@styled
def draw_check(numbers: pd.DataFrame) -> Figure:
    """Draw r with the held-back mark by method: a panel an epigenome where there are few, else all in one."""
    epigenomes = list(dict.fromkeys(numbers["epigenome"]))
    methods = list(dict.fromkeys(zip(numbers["model"], numbers["map"], strict=True)))
    few = len(epigenomes) <= DRAWN
    columns = min(len(epigenomes), 3) if few else 1
    rows = -(-len(epigenomes) // columns) if few else 1
    figure = new_figure(0.95 + rows * (0.45 + 0.27 * len(methods)))
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    if few:
        for axes, epigenome in zip(panels.ravel(), epigenomes, strict=False):
            _draw_check_of(axes, numbers[numbers["epigenome"] == epigenome], methods)
            axes.set_title(safe_text(epigenome, 30))
        for axes in panels.ravel()[len(epigenomes) :]:
            axes.set_visible(False)
    else:
        _draw_check_of_all(panels[0, 0], numbers, methods)
    first = panels[0, 0]
    first.set_yticks([-number for number in range(len(methods))], [safe_text(method_name(*m), 44) for m in methods])
    first.set_ylim(-len(methods) + 0.4, 0.6)
    for axes in panels.ravel():
        axes.axvline(0, color=QUIET, lw=0.9, zorder=0)
        axes.set_xlim(-1.02, 1.02)
        axes.set_xticks([-1, -0.5, 0, 0.5, 1])
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x", color=PALE, lw=0.8)
        axes.set_axisbelow(True)
    held = safe_text(numbers["validation_mark"].iloc[0], 20)
    figure.supxlabel(f"Pearson's r between the mean map and {held}, over bins", fontsize=8.5)
    figure.legend(handles=_check_handles(few), loc="outside upper left", ncols=3)
    return figure


def _check_tone(model: str, map_: str) -> str:
    return INK if map_ == "signal" else BLUE if map_ == "alpha" else ORANGE


def _published_ticks(axes: Axes, place: float, method: tuple[str, str]) -> None:
    for value in PAPER_CHECK.get(method, ()):
        axes.plot([value, value], [place - 0.3, place - 0.12], color=QUIET, lw=1.3, alpha=0.75, label="_published")


def _draw_check_of(axes: Axes, part: pd.DataFrame, methods: Sequence[tuple[str, str]]) -> None:
    for row in part.itertuples():
        place = -methods.index((row.model, row.map))
        tone = _check_tone(row.model, row.map)
        axes.barh(place, row.null_high - row.null_low, left=row.null_low, height=0.62, color=PALE, zorder=0.5)
        if not (is_missing(row.low) or is_missing(row.high)):
            axes.plot([row.low, row.high], [place, place], color=tone, lw=1.9, label="_interval")
        if not is_missing(row.r):
            axes.plot(
                [row.r], [place], marker="D" if row.map == "signal" else "o", ms=5.5, mec=tone, mew=1.2,
                mfc="white" if row.map == "signal" else tone, ls="none", label="_r",
            )  # fmt: skip
        _published_ticks(axes, place, (row.model, row.map))


def _draw_check_of_all(axes: Axes, numbers: pd.DataFrame, methods: Sequence[tuple[str, str]]) -> None:
    for method in methods:
        part = numbers[(numbers["model"] == method[0]) & (numbers["map"] == method[1])]
        place, tone = -methods.index(method), _check_tone(*method)
        low, high = part["null_low"].median(), part["null_high"].median()
        axes.barh(place, high - low, left=low, height=0.62, color=PALE, zorder=0.5)
        spread = 0.26 * np.linspace(-1, 1, len(part)) if len(part) > 1 else np.zeros(len(part))
        axes.plot(part["r"], place + spread, ls="none", marker="o", ms=3, color=tone, alpha=0.45, mew=0, label="_each")
        axes.plot([part["r"].quantile(0.25), part["r"].quantile(0.75)], [place] * 2, color=tone, lw=2.2)
        signal = method[1] == "signal"
        look = {"marker": "D" if signal else "o", "mfc": "white" if signal else tone}
        axes.plot([part["r"].median()], [place], **look, ms=6, mec=tone, mew=1.3, ls="none")
        _published_ticks(axes, place, method)


def _check_handles(few: bool) -> list[Line2D]:
    what = "95% interval" if few else "median and quartiles; a dot an epigenome"
    return [
        Line2D([], [], color=BLUE, marker="o", ms=5, label=f"attention, {what}"),
        Line2D([], [], color=ORANGE, marker="o", ms=5, label="saliency, class optimisation"),
        Line2D([], [], color=INK, marker="D", mfc="white", ms=5, label="no network: the mark itself"),
        Line2D([], [], color=PALE, lw=7, label="maps put at random places (95%)"),
        Line2D([], [], color=QUIET, marker="|", ms=7, mew=1.4, ls="none", label="published, three cell types"),
    ]


# ---------------------------------------------------------------- training


def training_numbers(history: pd.DataFrame, epigenomes: Sequence[str]) -> pd.DataFrame:
    """Return model, epigenome, seed, epoch, train_loss, validation_loss, validation_measure, kept of those drawn."""
    chosen = history[history["epigenome"].isin(list(epigenomes)[:DRAWN])]
    models = model_order(list(chosen["model"].unique()))
    return (
        chosen.assign(place=chosen["model"].map(models.index))
        .sort_values(["place", "epigenome", "seed", "epoch"], kind="stable")
        .drop(columns="place")
        .reset_index(drop=True)
    )


@styled
def draw_training(numbers: pd.DataFrame, measure: str) -> Figure:
    """Draw what validation genes say by epoch, a panel a network, a line a seed and epigenome; kept epochs ringed."""
    models = list(dict.fromkeys(numbers["model"]))
    columns = min(len(models), 4)
    rows = -(-len(models) // columns)
    figure = new_figure(0.6 + 1.75 * rows)
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
    for axes, model in zip(panels, models, strict=False):
        for _, part in numbers[numbers["model"] == model].groupby(["epigenome", "seed"], sort=False):
            axes.plot(part["epoch"], part["validation_measure"], color=BLUE, lw=1.1, alpha=0.75)
            kept = part[part["kept"] == 1]
            axes.plot(
                kept["epoch"], kept["validation_measure"], marker="o", ms=4.5, mfc="white", mec=BLUE, mew=1.2, ls="none"
            )
        axes.set_title(safe_text(model_name(model), 34), fontsize=8.5)
        axes.grid(axis="y", color=PALE, lw=0.8)
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    for axes in panels[len(models) :]:
        axes.set_visible(False)
    figure.supxlabel("epoch", fontsize=8.5)
    figure.supylabel(f"{'AUC' if measure == 'auc' else 'Pearson r'} on validation genes", fontsize=8.5)
    return figure
