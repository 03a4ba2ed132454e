"""Building the report: one HTML file, its figures with their numbers, and a summary of ten lines."""

from __future__ import annotations

import logging
from pathlib import Path

from promoternets.formats.outputs import written
from promoternets.report import summaries, verdict
from promoternets.report.inputs import Inputs
from promoternets.report.page import compose, planted_sentence
from promoternets.report.pieces import Page, relative_link, render, write_plates
from promoternets.report.words import count, full_model_name, plural, safe_text

TEMPLATE = "template.html.j2"
logger = logging.getLogger(__name__)


def build_report(inputs: Inputs, *, report: Path, figures: Path, summary: Path | None = None) -> str:
    """Write the report, its figures (``<name>.svg`` and ``<name>.tsv``) and the summary; return the summary.

    Parameters
    ----------
    inputs : tables of the cohort.
    report : HTML file to write; it needs no other file.
    figures : folder to write.
    summary : text file to write, about ten lines.
    """
    page = compose(inputs)
    write_plates(page.plates.values(), figures)
    with written(report) as partial:
        partial.write_text(render(page, TEMPLATE, figures_link=relative_link(figures, report.parent)), encoding="utf-8")
    text = summarise(inputs, page, report)
    if summary is not None:
        with written(summary) as partial:
            partial.write_text(text, encoding="utf-8")
    logger.info("%s of %d bytes with %s", report, report.stat().st_size, plural(len(page.plates), "figure"))
    return text


def summarise(inputs: Inputs, page: Page, report: Path) -> str:
    """Return the cohort in about ten lines: the verdict, the models, the promoters, where the report is."""
    found: verdict.Verdict = page.context["verdict"]
    people = summaries.people(inputs)
    scores = inputs.promoter_ranking
    planted = summaries.planted(inputs.truth, scores, inputs.ranking)
    top = summaries.top_number(inputs.ranking)
    lines = [
        f"{safe_text(inputs.cohort)}: {found.headline}",
        f"  people     {plural(people.cases, 'case')}, {plural(people.controls, 'control')}; "
        f"{count(summaries.sites(inputs.filters).kept)} sites, "
        f"{plural(len(scores), 'promoter')} ranked, top {top} selected in each fold",
    ]
    if planted is not None:
        lines.append(f"  planted    {planted_sentence(planted, top)}")
        lines.append(f"             by fold: {_planted_by_fold(inputs, planted)}")
    else:
        lines.append(f"  promoters  best: {', '.join(safe_text(symbol, 20) for symbol in scores['symbol'].head(5))}")
    tuned = [model for model in inputs.metrics["model"].unique() if not model.endswith("_published")]
    rivals = summaries.baselines(tuned)
    width = max(len(full_model_name(model)) for model in (verdict.MAIN_MODEL, "covariates", *rivals))
    if found.auc:
        lines.append(f"  {full_model_name(verdict.MAIN_MODEL):<{width}}  AUC {found.auc.text()}")
    lines += [_against(inputs, model, width) for model in rivals]
    lines.append(
        _against(inputs, "covariates", width)
        if found.covariates_auc
        else f"  {full_model_name('covariates'):<{width}}  none in the sample table"
    )
    if inputs.chromatin_line:
        lines.append(f"  {inputs.chromatin_line}")
    lines.append(f"  report     {report}")
    return "\n".join(lines) + "\n"


def _against(inputs: Inputs, model: str, width: int) -> str:
    value = verdict.pooled(inputs.metrics, model)
    over = verdict.difference(inputs.comparisons, model)
    text = f"  {full_model_name(model):<{width}}  AUC {value.text() if value else 'not available'}"
    return text + (f"   ALS-Net minus it {over.text(signed=True)}" if over else "")


def _planted_by_fold(inputs: Inputs, planted: object) -> str:
    genes = set(planted["gene_id"])
    chosen = inputs.ranking[(inputs.ranking["selected"] == 1) & inputs.ranking["gene_id"].isin(genes)]
    found = chosen.groupby(chosen["fold"].astype(str))["gene_id"].nunique()
    parts = [f"{int(found.get(fold, 0))}" for fold in summaries.fold_names(inputs.ranking)]
    return f"{', '.join(parts)} of {len(genes)} planted promoters selected"
