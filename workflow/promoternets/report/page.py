"""The page: figures and tables of a cohort put in order, each with its numbers to take away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup

from promoternets.report import figures, made, rerun_figures, summaries, verdict
from promoternets.report.inputs import Inputs
from promoternets.report.pairs import interactions_table
from promoternets.report.pieces import Cell, Page, Plate, Table, number_cell, plate
from promoternets.report.style import BLUE, RULE
from promoternets.report.words import (
    METHODS,
    METRICS,
    MISSING,
    PUBLISHED,
    alike,
    count,
    decimal,
    full_model_name,
    in_sentence,
    interval,
    is_missing,
    listing,
    model_name,
    p_value,
    percent,
    plural,
    safe_text,
)

TOP_PROMOTERS = 25
RED_FLAG, NO_FLAG = "Red flag: ", "No red flag."  # how the audit writes them
TOP_SITES = 20


def compose(inputs: Inputs) -> Page:
    """Return the page of a cohort: every sentence, table and figure."""
    people = summaries.people(inputs)
    covariates = summaries.covariates(inputs)
    scores = inputs.promoter_ranking
    planted = summaries.planted(inputs.truth, scores, inputs.ranking)
    found = verdict.judge(inputs.metrics, inputs.comparisons, has_covariates=not covariates.empty)
    plates = {item.name: item for item in _plates(inputs, people, scores, planted)}
    context: dict[str, Any] = {
        "cohort": inputs.cohort,
        "verdict": found,
        "tiles": _tiles(inputs, people, scores, found),
        "questions": _questions(inputs, scores, planted, found),
        "plates": plates,
        "tables": _tables(inputs, people, covariates, scores, planted),
        "notes": _notes(inputs, people, covariates, planted, found),
        "seed": inputs.settings.get("seed"),
        "chromatin": Markup(inputs.chromatin) if inputs.chromatin else None,
    }
    return Page(context=context, plates=plates)


# ---------------------------------------------------------------- the first screen


def _tiles(
    inputs: Inputs, people: summaries.People, scores: pd.DataFrame, found: verdict.Verdict
) -> list[dict[str, str]]:
    site = summaries.sites(inputs.filters)
    left_out = sum(number for _, number in people.excluded)
    reasons = ", ".join(f"{reason} ({count(number)})" for reason, number in people.excluded)
    most = max(site.removed, key=lambda item: item[1], default=("", 0))
    folds = len(summaries.fold_names(inputs.ranking))
    always = int((scores["folds_selected"] == folds).sum())
    distinct = summaries.distinct_sites(inputs.saliency)
    sites_text = (
        f"{count(distinct[0])} distinct of {count(distinct[1])} sites" if distinct else "distinct sites not counted"
    )
    over = found.over_covariates
    return [
        {
            "label": "People",
            "value": count(people.total),
            "detail": f"{plural(people.cases, 'case')}, {plural(people.controls, 'control')}",
            "more": f"{plural(left_out, 'person', 'people')} left out: {reasons}" if left_out else "nobody left out",
        },
        {
            "label": "Sites kept",
            "value": count(site.kept),
            "detail": f"of {plural(site.read, 'record')} read",
            "more": "most removed: "
            f"{most[0][0].lower() + most[0][1:] if not most[0].startswith('FILTER') else most[0]} "
            f"({count(most[1])})"
            if most[1]
            else "none removed",
        },
        {
            "label": "Promoters ranked",
            "value": count(len(scores)),
            "detail": f"top {summaries.top_number(inputs.ranking)} selected "
            f"in each fold; {count(always)} in all {folds}",
            "more": f"a fold's selection holds {sites_text}" if distinct else sites_text,
        },
        {
            "label": "What the genotype adds to AUC",
            "value": decimal(over.value, signed=True) if over else "NA",
            "detail": over.text(signed=True).partition(" ")[2] if over else "not available",
            "more": f"ALS-Net minus covariates alone, which reach {found.covariates_auc.text()}"
            if found.covariates_auc
            else "no covariates in the sample table to compare with",
        },
    ]


def _questions(
    inputs: Inputs, scores: pd.DataFrame, planted: pd.DataFrame | None, found: verdict.Verdict
) -> list[dict[str, Any]]:
    folds = len(summaries.fold_names(inputs.ranking))
    always = scores[scores["folds_selected"] == folds]
    if len(always):
        names = listing([safe_text(symbol, 20) for symbol in always["symbol"].head(5)])
        which = (
            f"Selected in {'every one of ' + str(folds) + ' folds' if folds > 1 else 'the fold'}: "
            f"{plural(len(always), 'promoter')}; the best are {names}."
        )
    else:
        names = listing([safe_text(symbol, 20) for symbol in scores["symbol"].head(5)])
        which = (
            f"No promoter was selected in all {folds} folds, so no single "
            f"one stands out; the highest mean scores are those of {names}."
        )
    which += " " + _beyond_chance(inputs)
    if planted is not None:
        which += " " + planted_sentence(planted, summaries.top_number(inputs.ranking))
    return [
        {"question": "Does it predict?", "answer": [found.predicts]},
        {
            "question": "Is it real?",
            "answer": [found.covariates, *_audited(inputs, flags=False), found.linear],
        },
        {"question": "Which promoters?", "answer": [which]},
    ]


def _beyond_chance(inputs: Inputs) -> str:
    """Say how many promoters are found beyond chance, by the null of permuted labels."""
    scores = inputs.promoter_ranking
    if summaries.by_chance(inputs.null) is None:
        note = inputs.null.iloc[0]
        if not note["movable"]:
            return (
                f"Every {safe_text(note['permuted_within'], 40)} holds cases only or controls only, so labels could "
                "not be permuted within it, and it is not known what promoters score by chance."
            )
        return "No labels were permuted, so it is not known what promoters score by chance."
    found, best = int((scores["fdr"] <= 0.05).sum()), int((scores["family_wise_p"] <= 0.05).sum())
    return (
        f"{count(found)} of {plural(len(scores), 'promoter')} {'is' if found == 1 else 'are'} found at a false "
        f"discovery rate of 5%, {count(best)} of them beyond what the best of so many reaches by chance "
        f"(labels permuted within {safe_text(inputs.null.iloc[0]['permuted_within'], 40)}"
        f"{_share_moved(inputs.null.iloc[0]['movable'])})."
    )


def _share_moved(share: float) -> str:
    """Return a caution where few labels can change places."""
    return "" if share >= 0.5 else f", where only {share:.0%} of the people can change theirs: little can be found"


def _audited(inputs: Inputs, *, flags: bool) -> list[str]:
    """Return the audit's red flags, or all its other sentences."""
    chosen = [line for line in inputs.audit if line.startswith(RED_FLAG) == flags and line != NO_FLAG]
    return [safe_text(line, 500) for line in chosen]


def planted_sentence(planted: pd.DataFrame, top: int) -> str:
    """Say how many of the planted promoters were found, the strong ones first."""
    parts = []
    weak, interacting = planted["effect"].str.contains("weak"), planted["effect"].str.contains("epistatic")
    miscalled = planted["effect"] == "artefact"
    groups = (
        ("strong", ~weak & ~interacting & ~miscalled),
        ("interacting", interacting),
        ("weak", weak),
        ("miscalled (no effect)", miscalled),
    )
    for name, group in ((name, planted[chosen]) for name, chosen in groups):
        if len(group):
            found = int((group["folds_selected"] == group["folds"]).sum())
            parts.append(f"{found} of {len(group)} {name}")
    return f"Of the planted promoters, {listing(parts)} ones are in the top {top} in every fold."


# ---------------------------------------------------------------- figures


def _plates(
    inputs: Inputs, people: summaries.People, scores: pd.DataFrame, planted: pd.DataFrame | None
) -> list[Plate]:
    plates = [
        _models_plate(inputs),
        _stability_plate(inputs),
        _uncertainty_plate(inputs),
        _curves_plate(inputs, people),
        _promoters_plate(inputs, planted),
    ]
    if inputs.profile is not None:
        plates.append(_saliency_plate(inputs.profile))
    if inputs.saliency is not None:
        plates.append(_strip_plate(inputs.saliency, scores))
    if inputs.history is not None:
        plates.append(_training_plate(inputs.history))
    plates += [_blocks_plate(inputs.blocks), *_rerun_plates(inputs)]
    return [item for item in plates if item is not None]


def _rerun_plates(inputs: Inputs) -> list[Plate]:
    """Return the plates of the reruns that were asked for."""
    plates = []
    if inputs.permutations is not None:
        plates.append(
            plate(
                "permutations",
                "When labels mean nothing",
                "Each ring is the whole analysis, selection too, with labels permuted within strata; the diamond is "
                "the same with the labels as they are. A diamond among the rings is chance.",
                "AUC with permuted labels and with the labels as they are.",
                rerun_figures.draw_permutations(inputs.permutations),
                inputs.permutations,
            )
        )
    if inputs.learning is not None:
        plates.append(
            plate(
                "learning",
                "What more people would bring",
                "AUC in people not seen against the number of people in training, selection done anew at each size. "
                "What is dashed, on shaded ground, is a curve carried on and not measured.",
                "Learning curve of each model.",
                rerun_figures.draw_learning_curve(inputs.learning),
                inputs.learning,
            )
        )
    if inputs.repeats is not None:
        plates.append(
            plate(
                "repeats",
                "Other folds",
                "Each ring is the whole analysis with the people divided into folds in another way; the bar is the 95% "
                "interval over all of them, which allows for the people that folds share.",
                "AUC of other partitions into folds.",
                rerun_figures.draw_repeats(inputs.repeats),
                inputs.repeats,
            )
        )
    return plates


def _models_plate(inputs: Inputs) -> Plate | None:
    numbers = figures.model_numbers(inputs.metrics, inputs.comparisons)
    if numbers.empty:
        return None
    best = numbers.loc[numbers["auc"].idxmax()] if numbers["auc"].notna().any() else None
    alt = f"Forest plot of the AUC of {len(numbers)} models with 95% intervals."
    if best is not None:
        alt += (
            f" The highest is {full_model_name(str(best['model']))}, "
            f"{interval(best['auc'], best['low'], best['high'])}."
        )
    return plate(
        "models",
        "Every model on the same people",
        "Left: a mark is a model's AUC, the chance that a random case "
        "gets a higher score than a random control; the bar is its 95% "
        "interval. Right: ALS-Net minus the model, for the same "
        "people; a bar that crosses 0 means they cannot be told apart. "
        "Hollow, lighter marks ran with the settings of the 2019 "
        "publication; the dashed line is the covariates-only model.",
        alt,
        figures.draw_models(numbers),
        numbers,
    )


def _stability_plate(inputs: Inputs) -> Plate | None:
    numbers = figures.stability_numbers(inputs.metrics)
    if numbers.empty:
        return None
    seeds = numbers.loc[numbers["seed"].astype(str) != "all", "seed"].nunique()
    folds = numbers.loc[numbers["fold"].astype(str) != "all", "fold"].nunique()
    return plate(
        "stability",
        "How much folds and seeds matter",
        "Each ring is one training run from another random start; the "
        "diamond is the mean of their probabilities. Rings far apart mean "
        "that a single run is luck; diamonds far apart mean that "
        "folds differ more than the pooled interval suggests.",
        f"AUC of ALS-Net in {folds} folds and {seeds} seeds.",
        figures.draw_stability(numbers),
        numbers,
    )


def _uncertainty_plate(inputs: Inputs) -> Plate | None:
    numbers = figures.uncertainty_numbers(inputs.metrics)
    if numbers.empty:
        return None
    several = numbers.loc[numbers["source"] == "seeds", "model"].unique()
    seeds = (
        "Rings are single random starts on the same people: two models nearer to each other than the rings of "
        "either are spread could change places with other starts."
        if len(several)
        else "Every model ran with one seed, so what random starts would change is not known."
    )
    return plate(
        "uncertainty",
        "Where the uncertainty comes from",
        "The thick bar is what other test people would change, the thin one what other training people would "
        "change besides; judge by the thin one whether a model predicts. The grey bar judges by the differences "
        f"between folds: with few of them it can be far too wide or too narrow. {seeds}",
        f"AUC of {numbers['model'].nunique()} models with intervals over people, over people and fits, and over "
        f"folds; {plural(len(several), 'model')} with several seeds.",
        figures.draw_uncertainty(numbers),
        numbers,
    )


def _curves_plate(inputs: Inputs, people: summaries.People) -> Plate | None:
    numbers = figures.curve_numbers(inputs.curves, inputs.metrics)
    if numbers.empty:
        return None
    prevalence = people.cases / people.total if people.total else None
    return plate(
        "curves",
        "What the AUC is made of",
        "Left and middle: closer to the upper corner is better; the "
        "thin line is a model that knows nothing. Right: of the people "
        "given a probability of 0.7, seven in ten should be cases; points "
        "on the diagonal are honest, below it too confident in disease. "
        "Models with tuned settings; calibration for ALS-Net, the best linear model and the covariates.",
        f"ROC, precision-recall and calibration curves of {numbers['model'].nunique()} models.",
        figures.draw_curves(numbers, prevalence),
        numbers,
    )


def _promoters_plate(inputs: Inputs, planted: pd.DataFrame | None) -> Plate:
    numbers = figures.promoter_numbers(inputs.promoter_ranking, inputs.null, planted)
    metric, folds = summaries.score_metric(inputs), len(summaries.fold_names(inputs.ranking))
    top = listing([safe_text(symbol, 20) for symbol in numbers["symbol"].head(5)])
    return plate(
        "promoters",
        "Promoters along the genome",
        f"Each dot is a promoter; its height is the mean {metric} of its "
        "own small network on validation people inside each training part. "
        f"{_null_in_words(numbers)}{_halving_in_words(inputs)}",
        f"Scores of {len(numbers):,} promoters along the genome; the highest are {top}.",
        figures.draw_promoters(numbers, metric, folds),
        numbers,
    )


def _halving_in_words(inputs: Inputs) -> str:
    """Say how many promoters were trained to the end, where they were not all."""
    if inputs.ranking["rung"].isna().all():
        return ""
    trained = inputs.ranking["rung"].isna().groupby(inputs.ranking["fold"]).agg(["sum", "size"]).mean()
    over_all = inputs.promoter_ranking
    everywhere = int((over_all["folds_trained"] == over_all["folds"]).sum())
    return (
        f" Successive halving: of {trained['size']:,.0f} promoters {trained['sum']:,.0f} a fold were trained to the "
        f"end, {everywhere:,} of them in every fold, which alone have p-values; the others were dropped after a few "
        "epochs in some fold, so that their mean score (small dots where never selected) is of less training."
    )


def _null_in_words(numbers: pd.DataFrame) -> str:
    """Say what the band and the lines are that are drawn."""
    first = numbers.iloc[0]
    if is_missing(first["null_low"]):
        return "No network learned from permuted labels, so there is no band of chance."
    parts = ["Others learned from permuted labels: 95 of 100 of their scores lie in the band"]
    if not is_missing(first["best_by_chance"]):
        parts.append("the dashed line is what the best of so many reaches by chance in 5 of 100 cohorts")
    if not is_missing(first["fdr_line"]):
        parts.append("from the dotted line up the false discovery rate is at most 5%")
    return "; ".join(parts) + "."


def _saliency_plate(profile: pd.DataFrame) -> Plate:
    numbers = figures.saliency_numbers(profile)
    return plate(
        "saliency",
        "Where in the promoter ALS-Net looks",
        "Height is how strongly a site at this rank moves the case score, "
        "averaged over promoters, folds and people. The shaded band is where the line would lie "
        "if the same people were called cases and controls at random: "
        "only a line outside it tells the two apart.",
        "Mean saliency by site rank relative to the transcription start, for cases and controls, with a null band.",
        figures.draw_saliency(numbers),
        numbers,
    )


def _strip_plate(saliency: pd.DataFrame, scores: pd.DataFrame) -> Plate | None:
    numbers = figures.strip_numbers(saliency, scores)
    if numbers.empty:
        return None
    method = METHODS.get(str(numbers["method"].iloc[0]), str(numbers["method"].iloc[0])).lower()
    return plate(
        "saliency_promoters",
        "The same, promoter by promoter",
        "One row a selected promoter, the best score on top; lighter "
        f"means that the site moves the case score more ({method}, mean "
        "over folds, cases and controls). White: no site there.",
        f"Heat strips of saliency for {numbers['promoter'].nunique()} promoters by site rank.",
        figures.draw_strip(numbers),
        numbers,
    )


def _training_plate(history: pd.DataFrame) -> Plate:
    numbers = figures.training_numbers(history)
    return plate(
        "training",
        "How ALS-Net was trained",
        "Grey: loss on the people it learns from; blue: on validation "
        "people. Blue rising while grey falls is overfitting. Losses are of the deep layers alone; the linear path of "
        "the same sites (als_net.linear_path) joins them afterwards.",
        f"Training and validation loss by epoch in {numbers['fold'].nunique()} folds.",
        figures.draw_training(numbers),
        numbers,
    )


def _blocks_plate(blocks: pd.DataFrame) -> Plate | None:
    numbers = figures.block_numbers(blocks)
    if numbers.empty:
        return None
    width = summaries.kept_blocks(blocks)["width"].median()
    return plate(
        "blocks",
        "The blocks behind the promoters",
        "A block is the nearest sites upstream and downstream of a TSS. "
        "Wide blocks reach into neighbouring genes; a padded block found "
        "fewer sites than asked for, and the gaps are marked as absent for the networks.",
        "Histograms of block widths and of sites per block.",
        figures.draw_blocks(numbers, None if is_missing(width) else float(width)),
        numbers,
    )


# ---------------------------------------------------------------- tables


def _tables(
    inputs: Inputs,
    people: summaries.People,
    covariates: pd.DataFrame,
    scores: pd.DataFrame,
    planted: pd.DataFrame | None,
) -> dict[str, Table | None]:
    return {
        "metrics": _metrics_table(inputs),
        "paper": _paper_table(inputs, people),
        "comparisons": _comparisons_table(inputs),
        "promoters": _promoters_table(inputs, scores),
        "planted": _planted_table(planted),
        "interactions": interactions_table(inputs),
        "sites": _sites_table(inputs),
        "covariates": _covariates_table(covariates),
        "excluded": _excluded_table(people),
        "folds": _folds_table(inputs),
        "filters": _filters_table(inputs),
        "annotation": _annotation_table(inputs),
        "blocks": _blocks_table(inputs),
        "settings": made.settings_table(inputs.settings),
        "cohort": made.source_table(inputs.settings, "Where the cohort comes from."),
        "versions": made.versions_table(inputs.settings),
        "stages": made.stages_table(inputs.benchmarks),
    }


def _metrics_table(inputs: Inputs) -> Table | None:
    values = summaries.model_values(inputs.metrics)
    if values.empty:
        return None
    models = list(dict.fromkeys(values["model"]))
    best = {
        metric: group["value"].min() if metric == "brier" else group["value"].max()
        for metric, group in values.groupby("metric")
    }
    rows = []
    for model in models:
        row = [Cell(full_model_name(safe_text(model)), strong=model == verdict.MAIN_MODEL)]
        for metric in METRICS:
            cell = values[(values["model"] == model) & (values["metric"] == metric)]
            if cell.empty or is_missing(cell["value"].iloc[0]):
                row.append(number_cell("–"))
                continue
            value, low, high = cell[["value", "low", "high"]].iloc[0]
            below = "" if is_missing(low) or is_missing(high) else f"[{decimal(low)}, {decimal(high)}]"
            row.append(number_cell(decimal(value), below, strong=value == best[metric]))
        rows.append(row)
    quiet = frozenset(number for number, model in enumerate(models) if model.endswith(PUBLISHED))
    return Table(
        "All metrics, pooled over the people tested in each fold, with "
        "95% intervals (bootstrap over people, families together). "
        "Bold: best value of a column. Accuracy, precision, recall "
        "and F1 call a person a case at a probability of 0.5 and more; "
        "for Brier less is better.",
        ["Model", *METRICS.values()],
        rows,
        quiet,
    )


def _paper_table(inputs: Inputs, people: summaries.People) -> Table:
    values = summaries.model_values(inputs.metrics)

    def ours(model: str) -> list[Cell]:
        cells = []
        for metric in ("accuracy", "precision", "recall"):
            cell = values[(values["model"] == model) & (values["metric"] == metric)]
            value, low, high = cell[["value", "low", "high"]].iloc[0] if len(cell) else (None, None, None)
            below = (
                "" if is_missing(low) or is_missing(high) else f"[{decimal(100 * low, 1)}, {decimal(100 * high, 1)}]"
            )
            cells.append(number_cell("–" if is_missing(value) else decimal(100 * value, 1), below))
        return cells

    rows = []
    for model, (accuracy, precision, recall) in summaries.PAPER.items():
        low, high = summaries.wilson(accuracy / 100, summaries.PAPER_PEOPLE)
        paper = [
            number_cell(decimal(accuracy, 1), f"[{100 * low:.1f}, {100 * high:.1f}]"),
            number_cell(decimal(precision, 1)),
            number_cell(decimal(recall, 1)),
        ]
        published = ours(model + PUBLISHED) if model != verdict.MAIN_MODEL else [number_cell("–")] * 3
        rows.append([Cell(model_name(model), strong=model == verdict.MAIN_MODEL), *paper, *ours(model), *published])
    return Table(
        "In percent. Left: the publication (Yin et al. 2019, conference "
        f"slides; {summaries.PAPER_PEOPLE:,} people, half of them cases; "
        "the interval of its accuracy is computed here from that number). Middle and right: this cohort, "
        f"{percent(people.cases, people.total)} cases. Other people, other sites, "
        "another share of cases: read it for the pattern, not as a contest.",
        ["Model", *["Accuracy", "Precision", "Recall"] * 3],
        rows,
        over=(
            ("", 1),
            ("Published (Yin et al. 2019)", 3),
            ("This cohort", 3),
            ("This cohort, published settings", 3),
        ),
    )


def _comparisons_table(inputs: Inputs) -> Table | None:
    pairs = inputs.comparisons[
        (inputs.comparisons["model"] == verdict.MAIN_MODEL)
        & inputs.comparisons["metric"].isin(["auc", "auprc", "brier"])
    ]
    if pairs.empty:
        return None
    models = summaries.model_order(list(pairs["against"].unique()))
    rows = []
    for model in models:
        row = [Cell("against " + in_sentence(safe_text(model)))]
        for metric in ("auc", "auprc", "brier"):
            cell = pairs[(pairs["against"] == model) & (pairs["metric"] == metric)]
            if cell.empty:
                row += [number_cell("–"), number_cell("–")]
                continue
            first = cell.iloc[0]
            value, _, bounds = interval(first["difference"], first["low"], first["high"], signed=True).partition(" ")
            row += [number_cell(value, bounds), number_cell(p_value(first.get("p_value")))]
        rows.append(row)
    return Table(
        "ALS-Net minus each model, for the same people (paired bootstrap, "
        "95% interval). Above 0 is better for AUC and AUPRC, below 0 for "
        "Brier. The p-values are not corrected for the number of comparisons.",
        ["ALS-Net", "AUC", "p", "AUPRC", "p", "Brier", "p"],
        rows,
        frozenset(number for number, model in enumerate(models) if model.endswith(PUBLISHED)),
    )


def _promoters_table(inputs: Inputs, scores: pd.DataFrame) -> Table:
    folds = len(summaries.fold_names(inputs.ranking))
    shown = scores.head(TOP_PROMOTERS)
    by_promoter = inputs.ranking[inputs.ranking["promoter"].isin(shown["promoter"])].groupby("promoter")["score"]
    scales = [value for _, part in by_promoter for value in part.dropna()]
    low, high = min([0.5, *scales]), max([0.55, *scales])
    rows = []
    for number, row in enumerate(shown.itertuples(), start=1):
        each = list(by_promoter.get_group(row.promoter).dropna())
        rows.append(
            [
                number_cell(str(number)),
                Cell(
                    safe_text(row.symbol, 24),
                    "" if row.gene_id == row.symbol else safe_text(row.gene_id, 30),
                    strong=True,
                ),
                Cell(
                    f"{safe_text(row.chrom, 16)}:{row.tss:,}",
                    "minus strand" if row.strand == "-" else "plus strand",
                ),
                number_cell(decimal(row.score), "" if is_missing(row.se) else f"se {decimal(row.se)}"),
                Cell("", drawing=_dots(each, row.score, low, high)),
                number_cell(p_value(row.p_value), f"FDR {p_value(row.fdr)}"),
                number_cell(f"{row.folds_selected:.0f} of {folds}"),
                number_cell(MISSING if is_missing(row.sites) else f"{row.sites:.0f}"),
            ]
        )
    halved = (scores["folds_trained"] < scores["folds"]).any()
    first = ", those trained to the end in most folds first" if halved else ""
    return Table(
        f"The {len(shown)} best of {len(scores):,} promoters by mean "
        f"{summaries.score_metric(inputs)} over folds{first}; se is that of one fold, since "
        "folds share most of their people. Dots: the score in "
        f"each fold, from {decimal(low, 2)} to {decimal(high, 2)}.",
        ["Rank", "Gene", "TSS", "Score", "By fold", "p", "Folds selected", "Sites"],
        rows,
    )


def _dots(values: Sequence[float], mean: float, low: float, high: float) -> Markup:
    """Draw the score of each fold as a dot on a short line; numbers only, so nothing to escape."""
    width, height = 220, 16
    span = max(high - low, 1e-9)

    def x(value: float) -> float:
        return round(4 + (width - 8) * (value - low) / span, 1)

    marks = "".join(f'<circle cx="{x(value)}" cy="8" r="2.6" fill="{BLUE}" fill-opacity=".55"/>' for value in values)
    return Markup(
        f'<svg class="dots" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" aria-label="'
        f'scores by fold: {", ".join(decimal(value) for value in values)}">'
        f'<path d="M4 8H{width - 4}" stroke="{RULE}"/>{marks}<path '
        f'd="M{x(mean)} 2v12" stroke="{BLUE}" stroke-width="1.6"/></svg>'
    )


def _planted_table(planted: pd.DataFrame | None) -> Table | None:
    if planted is None:
        return None
    names = {
        "additive": "additive",
        "weak": "additive, weak",
        "epistatic_within": "pair within the promoter",
        "epistatic_across": "pair across two promoters",
        "artefact": "none: miscalled in one batch",
    }
    rows = [
        [
            Cell(safe_text(row.symbol, 24), strong=row.folds_selected == row.folds),
            Cell(names.get(row.effect, safe_text(row.effect))),
            number_cell(MISSING if is_missing(row.strength) else f"{100 * row.strength:.1f}%"),
            number_cell(decimal(row.score)),
            Cell(row.ranks or "never ranked"),
            number_cell(f"{row.folds_selected} of {row.folds}"),
        ]
        for row in planted.itertuples()
    ]
    return Table(
        "Planted promoters, strongest first. A pair is interaction by design: "
        "its sites say little one at a time. Bold: selected in every fold.",
        [
            "Gene",
            "Planted effect",
            "Share of genetic variance",
            "Score",
            "Rank in each fold",
            "Folds selected",
        ],
        rows,
    )


def _sites_table(inputs: Inputs) -> Table | None:
    if inputs.saliency is None:
        return None
    methods = list(inputs.saliency["method"].unique())
    method = "integrated_gradients" if "integrated_gradients" in methods else methods[0]
    table = summaries.top_sites(inputs.saliency, method, TOP_SITES)
    written = alike([*table["case"], *table["control"]])
    rows = [
        [
            Cell(safe_text(row.site, 40)),
            Cell(safe_text(row.symbol, 24)),
            number_cell(decimal(row.rank, 0, signed=True)),
            number_cell(decimal(row.distance, 0, signed=True) if not is_missing(row.distance) else "–"),
            number_cell(case),
            number_cell(control),
            number_cell(str(row.folds)),
        ]
        for row, case, control in zip(table.itertuples(), written[: len(table)], written[len(table) :], strict=True)
    ]
    return Table(
        f"The {len(rows)} sites that move the case score most: mean absolute "
        f"attribution ({METHODS.get(method, safe_text(method)).lower()}), over the "
        "folds whose selection holds the promoter. Sites in linkage disequilibrium "
        "share their signal: a site here is a neighbourhood, not a cause.",
        ["Site", "Promoter of", "Rank from TSS", "Distance (bp)", "Cases", "Controls", "Folds"],
        rows,
    )


def _covariates_table(covariates: pd.DataFrame) -> Table | None:
    if covariates.empty:
        return None
    rows = []
    for row in covariates.itertuples():
        groups = ((row.cases, row.note_cases), (row.controls, row.note_controls))
        cells = [number_cell(_counted(number, note)) for number, note in groups]
        shown = "" if any(is_missing(number) for number, _ in groups) else percent(row.cases, row.cases + row.controls)
        cells.append(number_cell(shown))
        rows.append([Cell(safe_text(row.covariate, 30)), Cell(safe_text(row.level, 40)), *cells])
    return Table(
        "Covariates among cases and controls. A value with hardly any cases, or "
        "hardly any controls, lets a model predict the label without any genetics.",
        ["Covariate", "Value", "Cases", "Controls", "Share of cases"],
        rows,
    )


def _counted(number: float | None, note: str | None) -> str:
    """Return a count, or what stands in its place."""
    return ("–" if is_missing(note) else str(note)) if is_missing(number) else count(number)


def _excluded_table(people: summaries.People) -> Table | None:
    if not people.excluded:
        return None
    return Table(
        "People left out.",
        ["Reason", "People"],
        [[Cell(safe_text(reason)), number_cell(count(number))] for reason, number in people.excluded],
    )


def _folds_table(inputs: Inputs) -> Table | None:
    folds = summaries.people_per_fold(inputs)
    if folds.empty:
        return None
    return Table(
        "People tested in each fold.",
        ["Fold", "People", "Cases", "Controls"],
        [
            [
                Cell(safe_text(row.fold, 12)),
                *(number_cell(count(value)) for value in (row.people, row.cases, row.controls)),
            ]
            for row in folds.itertuples()
        ],
    )


def _filters_table(inputs: Inputs) -> Table | None:
    if inputs.filters.empty:
        return None
    wide = summaries.filters_by_chromosome(inputs.filters)
    notes = inputs.filters.dropna(subset=["note"]).groupby("filter")["note"].first() if "note" in inputs.filters else {}
    names = list(dict.fromkeys(inputs.filters["filter"]))
    whole = wide["all"].get("Records read", 0)
    rows = []
    for name, (label, row) in zip(names, wide.iterrows(), strict=True):
        total = row["all"]
        share = "" if name in ("alleles_after_split", *summaries.CALLS) else percent(total, whole)
        rows.append(
            [
                Cell(
                    safe_text(label),
                    safe_text(notes.get(name, ""), 80),
                    strong=name in ("records_read", "kept"),
                ),
                number_cell(count(total)),
                number_cell(share),
            ]
        )
    chromosomes = wide.shape[1] - 1
    return Table(
        f"What was read and what each filter removed, over {plural(chromosomes, 'chromosome')}. "
        "A site is counted under the first filter it fails; the last rows count calls, not sites.",
        ["Filter", "Sites", "Of records read"],
        rows,
    )


def _annotation_table(inputs: Inputs) -> Table | None:
    if inputs.promoters.empty:
        return None
    has_note = "note" in inputs.promoters
    rows = [
        [
            Cell(
                safe_text(row["item"]),
                safe_text(row["note"], 100) if has_note and not is_missing(row["note"]) else "",
            ),
            number_cell(count(row["count"])),
        ]
        for _, row in inputs.promoters.iterrows()
    ]
    return Table("From the annotation to promoters.", ["Item", "Count"], rows)


def _blocks_table(inputs: Inputs) -> Table:
    table = summaries.blocks(inputs.blocks)
    rows = [
        [
            Cell(safe_text(row.status, 80)),
            number_cell(count(row.promoters)),
            number_cell(percent(row.promoters, len(inputs.blocks))),
        ]
        for row in table.itertuples()
    ]
    return Table("Blocks: complete, padded, and left out by reason.", ["Status", "Promoters", "Share"], rows)


# ---------------------------------------------------------------- sentences beside the figures


def _notes(
    inputs: Inputs,
    people: summaries.People,
    covariates: pd.DataFrame,
    planted: pd.DataFrame | None,
    found: verdict.Verdict,
) -> dict[str, Any]:
    return {
        "cautions": _cautions(inputs, people, covariates, found),
        "planted": planted_sentence(planted, summaries.top_number(inputs.ranking)) if planted is not None else None,
        "folds": len(summaries.fold_names(inputs.ranking)),
        "families": people.families,
        "beyond_null": _beyond_null(inputs.profile),
        "overlap": _overlap(inputs),
        "skipped": _skipped(inputs),
        "paired": _paired(inputs),
        "interactions": [safe_text(line, 500) for line in inputs.interactions_said],
        "reruns": [safe_text(line, 500) for line in inputs.reruns],
    }


def _on_top(inputs: Inputs) -> list[str]:
    """Say that networks learned on top of confounders, where they did: their scores are then no rival's equal."""
    settings = inputs.settings.get("settings") or {}
    offset = (settings.get("als_net") or {}).get("offset", "none")
    if offset == "none":
        return []
    name = in_sentence(offset)
    return [
        f"ALS-Net learned on top of the log-odds of {name}: its score is what the genotype says beside them. It may "
        "lie below a model that sees confounders, or below rivals that were not asked to leave them out, and be "
        "of use. What counts is what it adds to the covariates, and its AUC within batches. Reruns learn without them."
    ]


def _cautions(inputs: Inputs, people: summaries.People, covariates: pd.DataFrame, found: verdict.Verdict) -> list[str]:
    """Return what a careful reader would want to be told before believing the page; the audit's red flags first."""
    cautions = [*_on_top(inputs), *_audited(inputs, flags=True)]
    smaller = min(people.cases, people.controls)
    if smaller < 100:
        cautions.append(
            f"Only {plural(smaller, 'person', 'people')} in the "
            "smaller group: intervals are wide and rankings are noisy."
        )
    left_out = sum(number for _, number in people.excluded)
    if left_out > 0.2 * (left_out + people.total):
        cautions.append(
            f"{percent(left_out, left_out + people.total)} of the people named in the inputs "
            "were left out: check that the names in the VCF and the sample table agree."
        )
    if (lopsided := summaries.most_lopsided(covariates, people)) is not None:
        cautions.append(
            f"Cases are {percent(lopsided['cases'], lopsided['people'])} of the "
            f"{count(lopsided['people'])} people with {safe_text(lopsided['covariate'], 30)} "
            f"{safe_text(lopsided['level'], 30)}, but {percent(people.cases, people.total)} of "
            f"all: whatever goes with {safe_text(lopsided['covariate'], 30)} can pass for disease."
        )
    site = summaries.sites(inputs.filters)
    if site.read and site.kept < 0.05 * site.read:
        cautions.append(f"Only {percent(site.kept, site.read)} of the records were kept: see the filters.")
    distinct = summaries.distinct_sites(inputs.saliency)
    if distinct and distinct[1] and distinct[0] < 0.8 * distinct[1]:
        cautions.append(
            f"Selected promoters share sites: {count(distinct[0])} of {count(distinct[1])} "
            "inputs are distinct, so neighbours are not independent findings."
        )
    return cautions


def _beyond_null(profile: pd.DataFrame | None) -> str:
    """Say, for each method and group, at how many ranks the line lies above its null band."""
    if profile is None:
        return ""
    sentences = []
    ranks = 0
    for method, part in profile.dropna(subset=["low", "high"]).groupby("method", sort=False):
        words = []
        for group in ("case", "control"):
            here = part[part["group"] == group]
            if len(here):
                ranks = max(ranks, len(here))
                above = here[here["value"] > here["high"]]
                words.append(f"{group}s at {len(above)} of {len(here)} ranks")
        if words:
            sentences.append(
                f"{METHODS.get(str(method), safe_text(method))}: above the null band for {listing(words)}."
            )
    if sentences:  # the band holds 95%, so a fortieth of the ranks lies above it by chance
        sentences.append(f"By chance alone about {ranks / 40:.0f} of {ranks} would be.")
    return " ".join(sentences)


def _overlap(inputs: Inputs) -> str:
    distinct = summaries.distinct_sites(inputs.saliency)
    share = inputs.blocks["distinct_share"].median() if "distinct_share" in inputs.blocks else None
    parts = []
    if not is_missing(share):
        parts.append(
            f"Half of the promoters share at least {decimal(100 * (1 - share), 0)}% of their sites with another one"
        )
    if distinct:
        parts.append(
            f"among the selected promoters of a fold, {count(distinct[0])} of "
            f"{count(distinct[1])} sites are distinct ({percent(*distinct)})"
        )
    text = "; ".join(parts)
    return text[:1].upper() + text[1:] + "." if text else "How many sites are shared between promoters is not known."


def _paired(inputs: Inputs) -> str | None:
    """Say which promoters were selected for what they tell only with another."""
    if "selected_by" not in inputs.ranking:
        return None
    pairs = inputs.ranking[inputs.ranking["selected_by"] == "pair"]
    if pairs.empty:
        return None
    folds = pairs.groupby("promoter", sort=False)["fold"].nunique().sort_values(ascending=False, kind="stable")
    named = pairs.drop_duplicates("promoter").set_index("promoter")["symbol"].fillna("")
    words = [f"{safe_text(named[name] or name, 40)} ({count(number)})" for name, number in folds.head(6).items()]
    more = f" and {count(len(folds) - 6)} more" if len(folds) > 6 else ""
    return (
        "Selected because their sites tell something only with those of another promoter, in so many folds: "
        f"{listing(words)}{more}. A network sees one promoter at a time when it scores, so their scores may be low."
    )


def _skipped(inputs: Inputs) -> str | None:
    if "skipped_because" not in inputs.ranking:
        return None
    reasons = inputs.ranking["skipped_because"].dropna()
    if reasons.empty:
        return None
    counts = reasons.str.replace(r"\S*\d\S*", "…", regex=True).value_counts()
    words = [f"{safe_text(reason, 80)} ({count(number)})" for reason, number in counts.head(3).items()]
    return f"Passed over in the selection, counted over folds: {listing(words)}."
