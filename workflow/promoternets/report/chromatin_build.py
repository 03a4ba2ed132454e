"""Building the chromatin report: its page, its section for cohorts' pages, its figures, a summary of a few lines."""

from __future__ import annotations

import logging
from pathlib import Path

from promoternets.formats.outputs import written
from promoternets.report import chromatin_tables as tables
from promoternets.report import chromatin_verdict as verdict
from promoternets.report.chromatin_inputs import ChromatinInputs
from promoternets.report.chromatin_page import compose
from promoternets.report.chromatin_words import is_net, model_name, model_order
from promoternets.report.pieces import Page, relative_link, render, write_plates
from promoternets.report.words import decimal, plural, safe_text

PAGE, SECTION = "chromatin.html.j2", "chromatin_section.html.j2"
logger = logging.getLogger(__name__)


def build_chromatin_report(
    inputs: ChromatinInputs, *, report: Path, figures: Path, section: Path | None = None, summary: Path | None = None
) -> str:
    """Write the report, its figures, its section and the summary; return the summary.

    Parameters
    ----------
    inputs : tables of all epigenomes.
    report : HTML file to write; it needs no other file.
    figures : folder to write, ``<name>.svg`` and ``<name>.tsv``.
    section : HTML of the section for reports in folders beside that of `report`.
    summary : text file to write, about eight lines; the first says it all.
    """
    page = compose(inputs)
    write_plates(page.plates.values(), figures)
    with written(report) as partial:
        partial.write_text(render(page, PAGE, figures_link=relative_link(figures, report.parent)), encoding="utf-8")
    if section is not None:
        beside = report.parent.parent / "cohort"
        text = render(page, SECTION, figures_link=relative_link(figures, beside)).lstrip()
        with written(section) as partial:
            partial.write_text(text, encoding="utf-8")
    text = summarise(inputs, page, report)
    if summary is not None:
        with written(summary) as partial:
            partial.write_text(text, encoding="utf-8")
    logger.info("%s of %d bytes with %s", report, report.stat().st_size, plural(len(page.plates), "figure"))
    return text


def summarise(inputs: ChromatinInputs, page: Page, report: Path) -> str:
    """Return the chromatin branch in about eight lines: the verdict, the models, attention, where the report is."""
    found: verdict.ChromatinVerdict = page.context["verdict"]
    measure = tables.MEASURES[inputs.measure]
    marks = list(dict.fromkeys(inputs.coverage["mark"]))
    lines = [
        f"chromatin: {found.headline}",
        f"  data       {plural(len(inputs.epigenomes), 'epigenome')}, {plural(len(marks), 'mark')}, "
        f"{tables.genes_used(inputs)} genes, {tables.genes_used(inputs, 'test')} of them to test",
        f"  networks   {_ranked(inputs, nets=True)} (mean {measure})",
        f"  baselines  {_ranked(inputs, nets=False) or 'none'}",
    ]
    if found.rival is not None:
        lines.append(
            f"  best       {safe_text(model_name(found.rival.net))} minus {model_name(found.rival.against)}: "
            f"{found.rival.estimate.text(signed=True)}"
        )
    lines.append(f"  attention  {found.check}")
    if page.context["notes"]["planted"]:
        lines.append(f"  planted    {page.context['notes']['planted']}")
    lines.append(f"  report     {report}")
    return "\n".join(lines) + "\n"


def _ranked(inputs: ChromatinInputs, *, nets: bool) -> str:
    """Write the models of one kind with their means, best first."""
    models = [model for model in model_order(list(inputs.across["model"])) if is_net(model) == nets]
    models.sort(key=lambda model: -verdict.mean_of(inputs, model))
    return ", ".join(
        f"{safe_text(model_name(model).partition(' (')[0])} {decimal(verdict.mean_of(inputs, model))}"
        for model in models
    )
