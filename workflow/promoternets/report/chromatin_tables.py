"""The tables of the chromatin page: models beside the published ones, data, settings of models."""

from __future__ import annotations

import pandas as pd

from promoternets.report import chromatin_verdict as verdict
from promoternets.report.chromatin_inputs import ChromatinInputs
from promoternets.report.chromatin_words import (
    BASELINES,
    CLASSES,
    COMPARED,
    LESS_IS_BETTER,
    METRICS,
    PAPER,
    PAPER_CHECK,
    PAPER_EPIGENOMES,
    PAPER_UNCHECKED,
    PARTS,
    is_net,
    method_name,
    model_name,
    model_order,
    short_name,
)
from promoternets.report.pieces import Cell, Table, number_cell
from promoternets.report.words import (
    count,
    decimal,
    interval,
    is_missing,
    listing,
    p_value,
    percent,
    safe_text,
)

MEASURES = {"auc": "AUC", "pearson": "Pearson r"}
_COVERED = ("zero", "uncovered", "absent")
FEW = 3  # epigenomes whose coverage is shown one by one


# ---------------------------------------------------------------- models


def paper_table(inputs: ChromatinInputs) -> Table:
    """Return the papers' table of our models, with the published numbers beside it where AUC is what both have."""
    published = inputs.measure == "auc"
    table = inputs.across.set_index("model")
    models = model_order(list(table.index))
    best = {name: table[name].max() for name in ("mean", "median", "max", "min")}
    rows = []
    for model in models:
        row = table.loc[model]
        cells = [Cell(safe_text(model_name(model), 44), strong=row["mean"] == best["mean"])]
        cells += [number_cell(decimal(row[name]), strong=row[name] == best[name]) for name in best]
        cells += [*_over_reference(row), *_between_seeds(row)]
        rows.append(cells + (_published_cells(model) if published else []))
    measure = MEASURES[inputs.measure]
    caption = (
        f"{measure} over {count(len(inputs.epigenomes))} epigenomes, seeds averaged. Over DeepChrome: epigenomes in "
        "which the model is higher; the mean difference with a 95% interval (bootstrap over genes, the same in "
        "every epigenome); p by Wilcoxon's signed-rank test over epigenomes, which needs six. One seed: what a "
        "table from single runs would show, and the standard deviation of it from seed to seed."
    )
    columns = ["Model", "Mean", "Median", "Max", "Min", "Wins", "Difference", "p", "One seed"]
    over: tuple[tuple[str, int], ...] = ()
    if published:
        caption += (
            f" Published: Singh et al. 2017, {PAPER_EPIGENOMES} epigenomes, other genes, and labels that appear to "
            "compare numbers as text, so that about 18% of genes are mislabelled: a higher number here is no win "
            "over them. † this row could not be checked against the print."
        )
        columns += ["Mean", "Median", "Max", "Min", "Wins"]
        over = (("", 1), ("These epigenomes", 4), ("Over DeepChrome", 3), ("", 1), ("Published, for orientation", 5))
    return Table(caption, columns, rows, over=over)


def _over_reference(row: pd.Series) -> list[Cell]:
    if is_missing(row["mean_difference"]):
        return [number_cell("–")] * 3
    lost = row["difference_high"] < 0
    value, _, bounds = interval(
        row["mean_difference"], row["difference_low"], row["difference_high"], signed=True
    ).partition(" ")
    return [
        number_cell(f"{count(row['wins_over_deepchrome'])} of {count(row['compared'])}"),
        number_cell(value, bounds, warn=bool(lost)),
        number_cell("–" if is_missing(row["p_value"]) else p_value(row["p_value"])),
    ]


def _between_seeds(row: pd.Series) -> list[Cell]:
    spread = row["sd_between_seeds"]
    return [number_cell(decimal(row["mean_of_single_seeds"]), "" if is_missing(spread) else f"sd {decimal(spread)}")]


def _published_cells(model: str) -> list[Cell]:
    if model not in PAPER:
        return [number_cell("–")] * 5
    *values, wins = PAPER[model]
    mark = "†" if model in PAPER_UNCHECKED else ""
    return [
        *(number_cell(decimal(value, 4) + (mark if number == 0 else "")) for number, value in enumerate(values)),
        number_cell("–" if wins is None else f"{wins} of {PAPER_EPIGENOMES}"),
    ]


def against_table(inputs: ChromatinInputs) -> Table | None:
    """Return each network minus the simple baselines: mean difference, and epigenomes won and lost beyond doubt."""
    models = [model for model in model_order(list(inputs.across["model"])) if is_net(model)]
    against = [name for name in COMPARED if name in set(inputs.across["model"])]
    if not models or not against:
        return None
    rows = []
    cautious = False
    for model in models:
        row = [Cell(safe_text(model_name(model), 44))]
        for name in against:
            found = verdict.difference(inputs, model, name)
            if found is None or found.worse is None:
                row += [number_cell("–")] * 2
                continue
            cautious |= found.cautious
            value, _, bounds = found.estimate.text(signed=True).partition(" ")
            row += [number_cell(value, bounds, warn=found.estimate.against(0) == "below"), _tally(found)]
        rows.append(row)
    measure = MEASURES[inputs.measure]
    how = (
        " Where several epigenomes are averaged, the interval is the mean of their bounds: it holds even if the "
        "errors of all epigenomes go together."
        if cautious
        else ""
    )
    return Table(
        f"{measure} of each network minus that of the two simplest baselines, on the same test genes (95% interval). "
        f"Open: the interval includes 0. A network is not worth its complexity where it does not win.{how} Not "
        f"corrected for the number of comparisons.",
        ["Network", *[name for _ in against for name in ("Difference", "Epigenomes")]],
        rows,
        over=(("", 1), *[(f"Minus {short_name(name)}", 2) for name in against]),
    )


def _tally(found: verdict.Difference) -> Cell:
    """Return in how many epigenomes a network wins, loses or cannot be told apart, in words."""
    open_ = found.epigenomes - (found.better or 0) - (found.worse or 0)
    parts = [
        f"{word} {number}"
        for word, number in (("wins in", found.better), ("loses in", found.worse), ("open in", open_))
        if number
    ]
    return Cell(", ".join(parts) if found.epigenomes > 1 else parts[0].split()[0], warn=bool(found.worse))


def metrics_table(inputs: ChromatinInputs) -> Table:
    """Return every metric of every model: the interval with one epigenome, else mean and range over them."""
    names = METRICS[inputs.measure]
    values = {metric: verdict.values_of(inputs, metric) for metric in names}
    mean = {metric: table.groupby("model")["value"].mean() for metric, table in values.items()}
    best = {metric: (column.min() if metric in LESS_IS_BETTER else column.max()) for metric, column in mean.items()}
    rows = []
    for model in model_order(list(inputs.across["model"])):
        row = [Cell(safe_text(model_name(model), 44))]
        for metric, table in values.items():
            own = table[table["model"] == model]
            if own.empty:
                row.append(number_cell("–"))
                continue
            one = own.iloc[0]
            span = (one["low"], one["high"]) if len(own) == 1 else (own["value"].min(), own["value"].max())
            below = "" if is_missing(span[0]) else f"{decimal(span[0])} to {decimal(span[1])}"
            below = f"[{below.replace(' to ', ', ')}]" if len(own) == 1 and below else below
            row.append(number_cell(decimal(mean[metric][model]), below, strong=mean[metric][model] == best[metric]))
        rows.append(row)
    several = len(inputs.epigenomes) > 1
    what = "mean and range over epigenomes; intervals of each are in metrics.tsv" if several else "95% intervals"
    less = " For MSE, of log2(expression + 1), less is better." if inputs.measure == "pearson" else ""
    calls = " Accuracy and F1 call a gene expressed at a score of 0.5." if inputs.measure == "auc" else ""
    return Table(f"All metrics on test genes, seeds averaged: {what}. Bold: best of a column.{calls}{less}",
                 ["Model", *names.values()], rows)  # fmt: skip


# ---------------------------------------------------------------- attention


def check_table(inputs: ChromatinInputs) -> Table | None:
    """Return r with the held-back mark by method and epigenome, the published values beside."""
    if inputs.validation is None:
        return None
    table = inputs.validation
    methods = list(dict.fromkeys(zip(table["model"], table["map"], strict=True)))
    order = model_order([model for model, _ in methods])
    methods.sort(key=lambda method: (method[1] != "alpha", order.index(method[0])))
    few = len(inputs.epigenomes) <= FEW
    shown = [name for name in inputs.epigenomes if name in set(table["epigenome"])] if few else []
    rows = []
    for model, map_ in methods:
        own = table[(table["model"] == model) & (table["map"] == map_)].set_index("epigenome")
        row = [Cell(safe_text(method_name(model, map_), 44), strong=model == "input")]
        if few:
            row += [_r_cell(own.loc[name]) if name in own.index else number_cell("–") for name in shown]
        else:
            r = own["r"]
            row += [number_cell(decimal(r.median(), 2), f"{decimal(r.min(), 2)} to {decimal(r.max(), 2)}")]
        above = int((own["r"] > own["null_high"]).sum())
        row.append(number_cell(f"{above} of {len(own)}"))
        published = PAPER_CHECK.get((model, map_))
        row.append(number_cell(", ".join(decimal(value, 2) for value in published) if published else "–"))
        rows.append(row)
    heads = [safe_text(name, 24) for name in shown] if few else [f"Median of {len(inputs.epigenomes)}"]
    within = (
        "Below r, its 95% interval (bootstrap over genes)."
        if few
        else "Median over epigenomes and their range; intervals are in the numbers of the figure."
    )
    return Table(
        f"Correlation with the held-back {safe_text(table['validation_mark'].iloc[0], 20)}. {within} Above chance: "
        "epigenomes in which r exceeds 97.5% of maps put at random places. Published: H1-hESC, GM12878 and K562 of "
        "Singh et al. 2017, table 3; other genes and labels, so for orientation only.",
        ["Method", *heads, "Above chance", "Published"],
        rows,
    )


def _r_cell(row: pd.Series) -> Cell:
    value, _, bounds = interval(row["r"], row["low"], row["high"]).partition(" ")
    return number_cell(value, bounds)


def truth_table(inputs: ChromatinInputs) -> Table | None:
    """Return how maps correlate with the planted weights, by class and level: mean and range over epigenomes."""
    table = inputs.against_truth
    if table is None:
        return None
    levels = {"bins": "bins of marks that matter", "bins_and_marks": "bins and marks at once"}
    columns = [(class_, level) for level in levels for class_ in CLASSES]
    rows = []
    methods = list(dict.fromkeys(zip(table["model"], table["map"], strict=True)))
    order = model_order([model for model, _ in methods])
    for model, map_ in sorted(methods, key=lambda method: (method[1] != "alpha", order.index(method[0]))):
        own = table[(table["model"] == model) & (table["map"] == map_)]
        row = [Cell(safe_text(method_name(model, map_), 44))]
        for class_, level in columns:
            r = own.loc[(own["class"] == class_) & (own["level"] == level), "r"].dropna()
            if r.empty:
                row.append(number_cell("–"))
            else:
                span = f"{decimal(r.min(), 2)} to {decimal(r.max(), 2)}" if len(r) > 1 else ""
                row.append(number_cell(decimal(r.mean(), 2), span, strong=r.mean() > 0.8))
        rows.append(row)
    return Table(
        "Pearson's r of mean maps with the planted weights, mean and range over epigenomes. Bins: the mean over marks "
        "that matter; bins and marks: all of them at once, attention times the weight of its mark. Bold: over 0.8.",
        ["Map", *[words.replace("Called ", "") for _ in levels for words in CLASSES.values()]],
        rows,
        over=(("", 1), *[(words[0].upper() + words[1:], 2) for words in levels.values()]),
    )


# ---------------------------------------------------------------- genes, labels, signal


def label_items(inputs: ChromatinInputs, item: str) -> pd.Series:
    """Return one item of the labels' summary by epigenome, as text."""
    own = inputs.labels[inputs.labels["item"] == item]
    return own.set_index("epigenome")["value"]


def label_numbers(inputs: ChromatinInputs, item: str) -> pd.Series:
    """Return one item of the labels' summary by epigenome, as numbers."""
    return pd.to_numeric(label_items(inputs, item), errors="coerce")


def mislabelled(inputs: ChromatinInputs) -> pd.Series:
    """Return how many genes the published comparison of texts would mislabel, by epigenome; NaN where unknown."""
    return label_numbers(inputs, "mislabelled_by_text_rule")


def genes_used(inputs: ChromatinInputs, part: str | None = None) -> str:
    """Return how many genes have signal and a label, of all or of a part: ``371``, or ``348 to 371`` by epigenome."""
    numbers = label_numbers(inputs, f"genes_{part}" if part else "genes")
    low, high = int(numbers.min()), int(numbers.max())
    return count(high) if low == high else f"{count(low)} to {count(high)}"


def fewest_tested(inputs: ChromatinInputs) -> int:
    """Return the smallest number of test genes that an epigenome has."""
    return int(label_numbers(inputs, "genes_test").min())


def parts_table(inputs: ChromatinInputs) -> Table:
    """Return genes by part, and the share of them expressed, over epigenomes."""
    rows = []
    for part, name in PARTS.items():
        share = 100 * label_numbers(inputs, f"expressed_{part}") / label_numbers(inputs, f"genes_{part}")
        text = f"{share.mean():.1f}%"
        span = f"{share.min():.1f} to {share.max():.1f}%" if len(share) > 1 else ""
        rows.append([Cell(name), number_cell(genes_used(inputs, part)), number_cell(text, span)])
    return Table(
        "Genes by part. Training genes fit a model, validation genes choose its settings and epoch, test genes are "
        "seen once, to measure it.",
        ["Part", "Genes", "Expressed"],
        rows,
    )


def excluded_table(inputs: ChromatinInputs) -> Table | None:
    """Return how many genes were left out for each reason, or None where none was."""
    counts: dict[str, int] = {}
    if inputs.excluded is not None:
        reasons = inputs.excluded["reason"].fillna("no reason given").str.split(":").str[0]  # without the places
        counts |= reasons.value_counts().to_dict()
    if not counts:
        return None
    return Table(
        "Genes left out of all epigenomes.",
        ["Reason", "Genes"],
        [[Cell(safe_text(reason, 90)), number_cell(count(number))] for reason, number in counts.items()],
    )


def labels_table(inputs: ChromatinInputs) -> Table:
    """Return what counts as expressed in each epigenome."""
    rules = {"median": "median, as numbers", "published_text": "median, as text", "published_csv": "as published"}
    wrong, threshold = mislabelled(inputs), label_numbers(inputs, "threshold")
    rule, genes = label_items(inputs, "rule"), label_numbers(inputs, "genes")
    expressed = label_numbers(inputs, "expressed")
    rows = []
    for name in dict.fromkeys(inputs.labels["epigenome"]):
        bad = wrong.get(name)
        rows.append(
            [
                Cell(safe_text(name, 30)),
                Cell(rules.get(rule.get(name), safe_text(rule.get(name)))),
                number_cell("–" if is_missing(threshold.get(name)) else f"{threshold[name]:.4g}"),
                number_cell(count(genes.get(name))),
                number_cell(count(expressed.get(name)), percent(expressed.get(name), genes.get(name))),
                number_cell(
                    "unknown" if is_missing(bad) else count(bad),
                    "" if is_missing(bad) else percent(bad, genes[name]),
                    warn=rule.get(name) == "published_text" and not is_missing(bad) and bad > 0,
                ),
            ]
        )
    return Table(
        "What counts as expressed: a value at or above the threshold, in the unit of the expression table. The last "
        "column counts genes that the published comparison of numbers as text calls differently.",
        ["Epigenome", "Rule", "Threshold", "Genes", "Expressed", "Text rule differs"],
        rows,
    )


def coverage_by_mark(inputs: ChromatinInputs) -> pd.DataFrame:
    """Return the shares of the windows' bases by mark, means over epigenomes: zero, uncovered, absent."""
    shares = inputs.coverage[["zero", "uncovered", "absent"]].div(inputs.coverage["bases"], axis=0)
    return shares.groupby(inputs.coverage["mark"], sort=False).mean()


def coverage_table(inputs: ChromatinInputs) -> Table:
    """Return how much of the windows each file covers: file by file where they are few, else over epigenomes."""
    shares = {name: 100 * inputs.coverage[name] / inputs.coverage["bases"] for name in _COVERED}
    table = inputs.coverage.assign(**shares)
    number = table["epigenome"].nunique()
    over = f" Means over {number} epigenomes, below them the range; each file is in coverage.tsv."
    return Table(
        "How much of the genes' windows the signal files cover, three things kept apart: a base whose value is 0, a "
        "base without a value, and a base on a chromosome the file does not have or beyond its end."
        + (over if number > FEW else ""),
        ["Mark", "From", "Zero", "Without a value", "Absent", "Genes with a gap", "Genes without signal"],
        _coverage_by_mark_rows(table) if number > FEW else _coverage_rows(table),
    )


def _coverage_rows(table: pd.DataFrame) -> list[list[Cell]]:
    return [
        [
            Cell(safe_text(row.mark, 20), safe_text(row.epigenome, 30)),
            Cell(safe_text(row.source, 20)),
            *(number_cell(_share(getattr(row, name))) for name in _COVERED),
            number_cell(count(row.genes_with_uncovered)),
            number_cell(count(row.genes_without_signal)),
        ]
        for row in table.itertuples()
    ]


def _coverage_by_mark_rows(table: pd.DataFrame) -> list[list[Cell]]:
    rows = []
    for mark, part in table.groupby("mark", sort=False):
        row = [Cell(safe_text(mark, 20)), Cell(listing([safe_text(kind, 20) for kind in part["source"].unique()]))]
        for name in _COVERED:
            own = part[name]
            row.append(number_cell(_share(own.mean()), f"{_share(own.min())} to {_share(own.max())}"))
        for name in ("genes_with_uncovered", "genes_without_signal"):
            own = part[name]
            row.append(number_cell(f"{own.mean():,.0f}", f"{own.min():,.0f} to {own.max():,.0f}"))
        rows.append(row)
    return rows


def _share(value: float) -> str:
    return "0%" if value == 0 else "< 0.1%" if value < 0.05 else f"{value:.1f}%"


# ---------------------------------------------------------------- how models were made


def training_table(inputs: ChromatinInputs) -> Table | None:
    """Return how long networks trained: members, epochs run, epoch kept, what validation genes said of it."""
    if inputs.history is None:
        return None
    history = inputs.history
    rows = []
    for model in model_order(list(history["model"].unique())):
        own = history[history["model"] == model]
        kept = own[own["kept"] == 1]
        epochs = own.groupby(["epigenome", "seed"], sort=False)["epoch"].max()
        rows.append(
            [
                Cell(safe_text(model_name(model), 44)),
                number_cell(count(len(epochs))),
                _median_cell(epochs, 0),
                _median_cell(kept["epoch"], 0),
                _median_cell(kept["validation_measure"], 3),
            ]
        )
    return Table(
        "The networks: medians over seeds and epigenomes, below them the range.",
        ["Network", "Trained", "Epochs", "Epoch kept", f"Validation {MEASURES[inputs.measure]}"],
        rows,
    )


def _median_cell(values: pd.Series, digits: int) -> Cell:
    """Return the median and the range below it."""
    if values.notna().sum() == 0:
        return number_cell("–")
    low, high = decimal(values.min(), digits), decimal(values.max(), digits)
    return number_cell(decimal(values.median(), digits), f"{low} to {high}" if len(values) > 1 else "")


def parameters_table(inputs: ChromatinInputs) -> Table | None:
    """Return the settings that baselines chose on validation genes."""
    if inputs.parameters is None:
        return None
    rows = []
    for model in (name for name in BASELINES if (inputs.parameters["model"] == name).any()):
        own = inputs.parameters[inputs.parameters["model"] == model]
        chosen = own["setting"].fillna("none").value_counts()
        words = [
            safe_text(setting, 60) + (f" ({count(number)})" if len(own) > 1 else "")
            for setting, number in chosen.items()
        ]
        more = f" and {len(words) - 4} others" if len(words) > 4 else ""
        rows.append(
            [
                Cell(model_name(model)),
                Cell("; ".join(words[:4]) + more),
                _median_cell(own["valid_value"], 3),
            ]
        )
    return Table(
        "The baselines: what was chosen on validation genes, in how many epigenomes.",
        ["Baseline", "Settings", f"Validation {MEASURES[inputs.measure]}"],
        rows,
    )


def not_converged(parameters: pd.DataFrame) -> list[str]:
    """Return the baselines that did not converge, with the number of epigenomes."""
    stuck = parameters[parameters["converged"].str.lower() == "false"]
    return [f"{short_name(model)} ({count(number)})" for model, number in stuck["model"].value_counts().items()]
