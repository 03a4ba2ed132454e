"""The chromatin page: its figures, tables and sentences, for a page of its own and for a section of a cohort's."""

from __future__ import annotations

from typing import Any

import pandas as pd

from promoternets.report import chromatin_figures as figures
from promoternets.report import chromatin_tables as tables
from promoternets.report import chromatin_verdict as verdict
from promoternets.report import made
from promoternets.report.chromatin_inputs import ChromatinInputs
from promoternets.report.chromatin_words import (
    BASELINES,
    CHANCE,
    PARTS,
    REFERENCE,
    SIGNAL,
    is_net,
    method_name,
    model_name,
    short_name,
)
from promoternets.report.pieces import Page, Plate, plate
from promoternets.report.summaries import flat
from promoternets.report.words import MISSING, count, decimal, listing, percent, plural, safe_text

PREFIX = "chromatin_"  # of figures, so that they fit in one page with a cohort's
GENES_DRAWN = 12
COLOUR_LABEL = "share of the row's attention in a bin (%)"
FEW_TEST_GENES = 200
MOST_WITHOUT_VALUE = 0.2  # share of the windows that may be without a value before it is said


def compose(inputs: ChromatinInputs) -> Page:
    """Return the chromatin page: every sentence, table and figure."""
    found = verdict.judge(inputs)
    plates = {item.name: item for item in _plates(inputs, found)}
    context: dict[str, Any] = {
        "verdict": found,
        "tiles": _tiles(inputs, found),
        "questions": [
            {"question": "Do marks predict?", "answer": [found.predicts]},
            {"question": "Is a network needed?", "answer": found.needed},
            {"question": "Where does it look?", "answer": [found.looks]},
            {"question": "Can that be believed?", "answer": [found.check]},
        ],
        "cautions": _cautions(inputs),
        "plates": plates,
        "genes": [name for name in plates if name.startswith(f"{PREFIX}gene_")],
        "tables": _tables(inputs),
        "notes": _notes(inputs),
        "seed": inputs.settings.get("seed"),
    }
    return Page(context=context, plates=plates)


def axis_of(inputs: ChromatinInputs) -> figures.Axis:
    """Return where bins lie: their number from the maps, their size from the bases of a gene's window."""
    bins = int(inputs.maps["bin"].max())
    first = inputs.coverage.iloc[0]
    size = first["bases"] / first["genes"] / bins
    settings = flat(inputs.settings.get("settings") or {})
    published = (inputs.coverage["source"] == "published_csv").all()
    return figures.Axis(bins, float(size), bool(settings.get("bins.oriented", True)) and not published)


# ---------------------------------------------------------------- the first screen


def _tiles(inputs: ChromatinInputs, found: verdict.ChromatinVerdict) -> list[dict[str, str]]:
    marks = list(dict.fromkeys(inputs.coverage["mark"]))
    axis = axis_of(inputs)
    held = inputs.validation["validation_mark"].iloc[0] if inputs.validation is not None else None
    reasons = [f"{plural(len(inputs.excluded), 'gene')} left out of all"] if inputs.excluded is not None else []
    if inputs.silent is not None:
        most = int(inputs.silent.groupby("epigenome")["genes"].sum().max())
        reasons.append(f"up to {plural(most, 'gene')} left out of an epigenome for lack of signal")
    return [
        {
            "label": "Epigenomes × genes",
            "value": f"{count(len(inputs.epigenomes))} × {tables.genes_used(inputs)}",
            "detail": ", ".join(f"{tables.genes_used(inputs, part)} {name}" for part, name in PARTS.items()),
            "more": ", ".join(reasons) or "no gene was left out",
        },
        {
            "label": "Histone marks",
            "value": count(len(marks)),
            "detail": listing([safe_text(mark, 16) for mark in marks]),
            "more": f"{plural(axis.bins, 'bin')} of {axis.size:g} bp a gene; "
            + (f"{safe_text(held, 16)} held back" if held else "none held back to check against"),
        },
        _best_tile(inputs, found),
        _difference_tile(inputs, found),
    ]


def _best_tile(inputs: ChromatinInputs, found: verdict.ChromatinVerdict) -> dict[str, str]:
    measure = tables.MEASURES[inputs.measure]
    if found.best is None:
        return {"label": f"{measure} of the best network", "value": "NA", "detail": "no network", "more": ""}
    own = verdict.values_of(inputs)
    own = own[own["model"] == found.best]["value"]
    nets = sum(is_net(model) for model in inputs.across["model"])
    if len(own) == 1:
        row = verdict.values_of(inputs).query("model == @found.best").iloc[0]
        detail = f"[{decimal(row['low'])}, {decimal(row['high'])}]"
    else:
        detail = f"mean of {len(own)}; {decimal(own.min())} to {decimal(own.max())}"
    return {
        "label": f"{measure} of the best network",
        "value": decimal(own.mean()),
        "detail": detail,
        "more": f"{short_name(found.best)}, of {plural(nets, 'network')}; guessing reaches {CHANCE[inputs.measure]:g}",
    }


def _difference_tile(inputs: ChromatinInputs, found: verdict.ChromatinVerdict) -> dict[str, str]:
    measure = tables.MEASURES[inputs.measure]
    label = f"What the network adds to {measure}"
    if found.rival is None:
        return {"label": label, "value": "NA", "detail": "no baseline to compare with", "more": ""}
    rival = found.rival
    _, _, bounds = rival.estimate.text(signed=True).partition(" ")
    more = f"minus {short_name(rival.against)}, which reaches {decimal(verdict.mean_of(inputs, rival.against))}"
    if rival.cautious:
        more += "; a cautious interval"
    return {"label": label, "value": decimal(rival.estimate.value, signed=True), "detail": bounds, "more": more}


def _cautions(inputs: ChromatinInputs) -> list[str]:
    """Return what a careful reader would want to be told before believing the page."""
    cautions = []
    tested = tables.fewest_tested(inputs)
    if tested < FEW_TEST_GENES:
        cautions.append(
            f"Only {plural(tested, 'test gene')}: intervals are wide, and a ranking of models by them is noisy."
        )
    rules = tables.label_items(inputs, "rule")
    textual = [name for name, rule in rules.items() if rule == "published_text"]
    wrong = tables.mislabelled(inputs)
    if textual:
        share = f" ({percent(wrong[textual].sum(), tables.label_numbers(inputs, 'genes')[textual].sum())} of the genes)"
        cautions.append(
            f"The labels of {plural(len(textual), 'epigenome')} compare numbers as text, as the published ones do: "
            f"they call highly expressed genes silent{share if wrong[textual].notna().any() else ''}. For parity "
            "only."
        )
    if any(rule == "published_csv" for rule in rules):
        cautions.append(
            "The labels are those of the published files, which appear to compare numbers as text: highly expressed "
            "genes are called silent, 18% of all genes on average over the 56 epigenomes. An AUC on them says how well "
            "a model learns such labels, and cannot be held against one on clean labels."
        )
    gaps = tables.coverage_by_mark(inputs)
    bad = gaps[gaps["uncovered"] + gaps["absent"] > MOST_WITHOUT_VALUE]
    if len(bad):
        cautions.append(
            f"The files of {listing([safe_text(mark, 16) for mark in bad.index])} leave more than a fifth of the "
            "windows without a value, which counts as zero signal."
        )
    if inputs.parameters is not None and (stuck := tables.not_converged(inputs.parameters)):
        cautions.append(f"Not converged, so they may be better than shown: {listing(stuck)}.")
    return cautions


# ---------------------------------------------------------------- figures


def _plates(inputs: ChromatinInputs, found: verdict.ChromatinVerdict) -> list[Plate]:
    plates = [_models_plate(inputs, found)]
    models = verdict.attentive(inputs)
    if models:
        plates.append(_attention_plate(inputs, models[0]))
    if len(models) > 1:
        plates.append(_other_models_plate(inputs, models[1:]))
    if inputs.validation is not None:
        plates.append(_check_plate(inputs))
    plates += _gene_plates(inputs, models)
    plates.append(_deepchrome_plate(inputs))
    if inputs.history is not None:
        plates.append(_training_plate(inputs))
    return [item for item in plates if item is not None]


def _models_plate(inputs: ChromatinInputs, found: verdict.ChromatinVerdict) -> Plate:
    numbers = figures.model_numbers(verdict.values_of(inputs), inputs.comparisons)
    measure = tables.MEASURES[inputs.measure]
    meaning = (
        "the chance that a random expressed gene gets a higher score than a random silent one"
        if inputs.measure == "auc"
        else "the correlation of predicted and measured log2(expression + 1)"
    )
    many = len(inputs.epigenomes) > figures.ONE_BY_ONE
    shown = (
        f"One line an epigenome, the easiest on top; bars (95% intervals) for {short_name(found.best or '')} and the "
        "best baseline only, to keep the page readable. "
        if many
        else "Bars are 95% intervals over test genes. "
    )
    return plate(
        f"{PREFIX}models",
        "Every model on the same genes",
        f"Left: a model's {measure}, {meaning}. {shown}Filled marks are networks, hollow ones baselines. Right: "
        "network minus baseline for the same genes; a bar that crosses 0 means that these genes cannot tell the two "
        f"apart{'' if many else ', and vermillion means that the network loses'}.",
        f"{measure} of {numbers['model'].nunique()} models in {plural(len(inputs.epigenomes), 'epigenome')}.",
        figures.draw_models(numbers, inputs.measure, found.best),
        numbers,
    )


def _drawn_words(inputs: ChromatinInputs) -> str:
    """Say which epigenomes are drawn, where not all are."""
    number = len(inputs.epigenomes)
    return (
        f" The first {figures.DRAWN} of {number} epigenomes are drawn; the numbers hold all."
        if (number > figures.DRAWN)
        else ""
    )


def _percent(numbers: pd.DataFrame) -> pd.DataFrame:
    """Return map numbers with attention as percent of its row, for the colours."""
    share = (numbers["map"] == "alpha") & numbers["bin"].notna()
    return numbers.assign(value=numbers["value"].where(~share, 100 * numbers["value"]))


def _attention_plate(inputs: ChromatinInputs, model: str) -> Plate:
    chosen = inputs.maps[(inputs.maps["model"] == model) & (inputs.maps["map"] == "alpha")]
    numbers = figures.map_numbers(chosen, inputs.mark_weights[inputs.mark_weights["model"] == model])
    drawn = [name for name in inputs.epigenomes if name in set(chosen["epigenome"])][: figures.DRAWN]
    axis = axis_of(inputs)
    strips = figures.strips_of(
        _percent(numbers), [(name, model, "alpha") for name in drawn], names=drawn, shared=True, unit="%"
    )
    planted = " The thin vermillion line is the weight that the simulation planted." if inputs.truth is not None else ""
    bars = (
        " Bars: how much each mark counts (β), mean and quartiles over genes; the dashed line is what even weights "
        "would be."
        if len(inputs.mark_weights[inputs.mark_weights["model"] == model])
        else ""
    )
    called = "" if inputs.measure == "auc" else " (expressed: predicted above the median)"
    return plate(
        f"{PREFIX}attention",
        f"Where {short_name(model)} looks",
        f"Mean attention over test genes, by what the network calls them{called}. Blue: more of a row's attention "
        f"lies in that bin than the {100 / axis.bins:.3g}% of even attention; a row sums to 100%, and a pale one "
        f"has no preference.{bars}{planted}{_drawn_words(inputs)}",
        f"Heat maps of mean attention, mark by bin, in {plural(len(drawn), 'epigenome')}.",
        figures.draw_maps(strips, axis, colour_label=COLOUR_LABEL, truth=_truth_of(inputs, axis)),
        numbers,
    )


def _truth_of(inputs: ChromatinInputs, axis: figures.Axis) -> pd.DataFrame | None:
    """Return the planted weights when they have the bins of the maps."""
    if inputs.truth is None or int(inputs.truth["bin"].max()) != axis.bins:
        return None
    return inputs.truth


def _mean_words(inputs: ChromatinInputs) -> str:
    number = len(inputs.epigenomes)
    return f" Means over {number} epigenomes; genes are counted in each." if number > 1 else ""


def _other_models_plate(inputs: ChromatinInputs, models: list[str]) -> Plate:
    chosen = inputs.maps[inputs.maps["model"].isin(models) & (inputs.maps["map"] == "alpha")]
    weights = inputs.mark_weights[inputs.mark_weights["model"].isin(models)]
    numbers = figures.mean_over_epigenomes(figures.map_numbers(chosen, weights))
    name = numbers["epigenome"].iloc[0]
    axis = axis_of(inputs)
    strips = figures.strips_of(
        _percent(numbers),
        [(name, model, "alpha") for model in models],
        names=[model_name(model) for model in models],
        shared=False,
        unit="%",
    )
    return plate(
        f"{PREFIX}attention_models",
        "Where the other networks with attention look",
        "As above, but each network has colours of its own, the darkest is written beside it: compare places, not "
        "darkness. Networks that read all marks at once have one row of attention for them together."
        + _mean_words(inputs),
        f"Heat maps of mean attention of {plural(len(models), 'network')}.",
        figures.draw_maps(strips, axis, truth=_truth_of(inputs, axis)),
        numbers,
    )


def _deepchrome_plate(inputs: ChromatinInputs) -> Plate | None:
    kinds = [("saliency", REFERENCE), ("class_optimisation", REFERENCE)]
    wanted = [(kind, model) for kind, model in [*kinds, ("signal", SIGNAL)] if _has(inputs, kind, model)]
    if not any(model == REFERENCE for _, model in wanted):
        return None
    chosen = inputs.maps[
        [(kind, model) in wanted for kind, model in zip(inputs.maps["map"], inputs.maps["model"], strict=True)]
    ]
    numbers = figures.mean_over_epigenomes(figures.map_numbers(chosen, inputs.mark_weights.iloc[:0]))
    name = numbers["epigenome"].iloc[0]
    wanted.sort(key=lambda item: item[1] != SIGNAL)
    heads = {"signal": "Input signal", "saliency": "Saliency", "class_optimisation": "Class optimisation"}
    axis = axis_of(inputs)
    strips = figures.strips_of(
        numbers, [(name, model, kind) for kind, model in wanted], names=[heads[kind] for kind, _ in wanted],
        shared=False, unit="",
    )  # fmt: skip
    return plate(
        f"{PREFIX}deepchrome",
        "What DeepChrome responds to, beside the signal itself",
        "Top: mean arcsinh signal of expressed and silent test genes. Saliency: how much "
        "a small change of the signal moves the score (absolute gradient, log-odds a unit of scaled signal). Class "
        "optimisation: the input that DeepChrome calls most clearly expressed, or silent, its largest value set to 1; "
        "it shows what the network likes, not what genes look like. Each map has colours of its own."
        + _mean_words(inputs),
        "Heat maps of signal, saliency and class optimisation, mark by bin.",
        figures.draw_maps(strips, axis),
        numbers,
    )


def _has(inputs: ChromatinInputs, kind: str, model: str) -> bool:
    return bool(((inputs.maps["map"] == kind) & (inputs.maps["model"] == model)).any())


def _check_plate(inputs: ChromatinInputs) -> Plate:
    numbers = figures.check_numbers(inputs.validation)
    held, mark = safe_text(numbers["validation_mark"].iloc[0], 20), _active_mark(numbers)
    return plate(
        f"{PREFIX}check",
        f"Does attention fall where {held} lies?",
        f"{held} was kept from every model. A mark is the correlation, over bins, of {held}'s mean signal with the "
        f"mean map of {mark}, over test genes that the model calls expressed. Shaded: where the same maps would land "
        "if each gene's were moved to a random place. Diamond: the signal of the mark itself, which needs no "
        "network: attention is only worth reading where it does better. Small grey ticks: the published values, of "
        "other data.",
        f"Correlations of {len(numbers.drop_duplicates(['model', 'map']))} methods with {held}.",
        figures.draw_check(numbers),
        numbers,
    )


def _active_mark(numbers: pd.DataFrame) -> str:
    own = numbers.loc[numbers["mark"] != "all marks", "mark"]
    return safe_text(own.iloc[0], 20) if len(own) else "all marks"


def _gene_plates(inputs: ChromatinInputs, models: list[str]) -> list[Plate]:
    if inputs.gene_maps is None:
        return []
    genes = list(dict.fromkeys(inputs.gene_maps["gene_id"]))[:GENES_DRAWN]
    plates = [_gene_plate(inputs, gene, number, models) for number, gene in enumerate(genes, start=1)]
    return [item for item in plates if item is not None]


def _gene_plate(inputs: ChromatinInputs, gene: str, number: int, models: list[str]) -> Plate | None:
    numbers = figures.gene_numbers(inputs.gene_maps, gene)
    model = next((model for model in models if (numbers["model"] == model).any()), None)
    if model is None:
        return None
    own = numbers[numbers["model"] == model]
    symbol = safe_text(own["symbol"].iloc[0], 24)
    parts = [PARTS.get(part, part) for part in dict.fromkeys(own["part"])]
    several = own["epigenome"].nunique()
    score = "the probability of being expressed" if inputs.measure == "auc" else "the log2(expression + 1)"
    reading = f"Attention of {short_name(model)} on this one gene"
    reading += ", and its weights of marks (β). " if (own["map"] == "beta").any() else ". "
    reading += f"The score is {score} that the network gives. A {listing(parts)} gene"
    reading += "; what a network says of a gene it was trained on is no prediction." if "training" in parts else "."
    if several > figures.DRAWN:
        reading += f" The first {figures.DRAWN} of {several} epigenomes are drawn; the numbers hold all."
    return plate(
        f"{PREFIX}gene_{number}",
        f"{symbol}{'' if symbol == gene else f' ({safe_text(gene, 24)})'}",
        reading,
        f"Attention of {short_name(model)} on {symbol} in {plural(several, 'epigenome')}.",
        figures.draw_maps(
            figures.gene_strips(_percent(numbers), model, PARTS), axis_of(inputs), colour_label=COLOUR_LABEL
        ),
        numbers,
    )


def _training_plate(inputs: ChromatinInputs) -> Plate:
    numbers = figures.training_numbers(inputs.history, inputs.epigenomes)
    return plate(
        f"{PREFIX}training",
        "How the networks were trained",
        "Each line is one network, a seed of an epigenome; the ring is the epoch that was kept, by validation genes. A "
        "ring at the right edge means that training stopped before it was done." + _drawn_words(inputs),
        f"Validation by epoch of {plural(numbers['model'].nunique(), 'network')}.",
        figures.draw_training(numbers, inputs.measure),
        numbers,
    )


# ---------------------------------------------------------------- tables and sentences


def _tables(inputs: ChromatinInputs) -> dict[str, Any]:
    return {
        "paper": tables.paper_table(inputs),
        "against": tables.against_table(inputs),
        "metrics": tables.metrics_table(inputs),
        "check": tables.check_table(inputs),
        "truth": tables.truth_table(inputs),
        "parts": tables.parts_table(inputs),
        "excluded": tables.excluded_table(inputs),
        "labels": tables.labels_table(inputs),
        "coverage": tables.coverage_table(inputs),
        "training": tables.training_table(inputs),
        "parameters": tables.parameters_table(inputs),
        "settings": made.settings_table(inputs.settings),
        "source": made.source_table(inputs.settings, "Where the epigenomes come from."),
        "versions": made.versions_table(inputs.settings),
        "stages": made.stages_table(inputs.benchmarks),
    }


def _notes(inputs: ChromatinInputs) -> dict[str, Any]:
    return {
        "epigenomes": len(inputs.epigenomes),
        "target": "expression" if inputs.measure == "pearson" else "label",
        "baselines": [model for model in BASELINES if model in set(inputs.across["model"])],
        "planted": _planted(inputs),
        "labels": _labels_sentence(inputs),
        "genes_left": _genes_left(inputs),
    }


def _planted(inputs: ChromatinInputs) -> str | None:
    """Say how well the mean attention of the first network with attention agrees with what was planted."""
    table = inputs.against_truth
    models = [model for model in verdict.attentive(inputs) if table is not None and (table["model"] == model).any()]
    if not models:
        return None
    own = table[(table["model"] == models[0]) & (table["class"] == "expressed") & (table["level"] == "bins")]
    if own.empty:
        return None
    r = own["r"]
    span = f"{decimal(r.mean(), 2)}" + (
        f" on average over {len(r)} epigenomes ({decimal(r.min(), 2)} to {decimal(r.max(), 2)})" if len(r) > 1 else ""
    )
    return (
        f"The simulation knows which bins matter. {method_name(models[0], 'alpha').partition(',')[0]}'s mean attention "
        f"in genes it calls expressed correlates with the planted bins of the marks that matter with r = {span}."
    )


def _labels_sentence(inputs: ChromatinInputs) -> str:
    wrong, genes = tables.mislabelled(inputs), tables.label_numbers(inputs, "genes")
    known = wrong.dropna()
    if known.empty:
        return "The labels came with the files; without expression values it cannot be counted how many are wrong."
    total, of = int(known.sum()), genes[known.index].sum()
    if total == 0:
        return (
            "Compared as text, as the published labels appear to have been, the values of these epigenomes would give "
            "the same labels."
        )
    return (
        f"Compared as text, as the published labels appear to have been (“10.575” sorts before “3.33”), "
        f"{count(total)} labels of {count(of)} ({percent(total, of)}) would be wrong."
    )


def _genes_left(inputs: ChromatinInputs) -> str:
    if inputs.silent is None:
        return ""
    words = [
        f"{safe_text(reason, 80)} ({count(number)})"
        for reason, number in inputs.silent.groupby("reason", sort=False)["genes"].sum().items()
    ]
    return f"Left out of single epigenomes: {listing(words)}, genes × epigenomes." if words else MISSING
