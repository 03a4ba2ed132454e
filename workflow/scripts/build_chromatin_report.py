"""One HTML report of the epigenomes, its section for cohorts' reports, its figures with their numbers, a summary."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge  # noqa: E402


def main(
    *,
    metrics: Path,
    across: Path,
    comparisons: Path,
    coverage: Path,
    labels: list[Path],
    maps: Path,
    mark_weights: Path,
    report: Path,
    figures: Path,
    section: Path | None = None,
    summary: Path | None = None,
    gene_maps: Path | None = None,
    validation: Path | None = None,
    against_truth: Path | None = None,
    truth: Path | None = None,
    excluded: Path | None = None,
    without_signal: list[Path] | None = None,
    history: list[Path] | None = None,
    parameters: list[Path] | None = None,
    settings: Path | None = None,
    benchmarks: list[Path] | None = None,
) -> None:
    """Write the report of the epigenomes: do marks predict, is a network needed, where does it look.

    The summary is printed too.

    Args:
        metrics: metrics of all models in each epigenome, with 95% intervals
        across: each model over all epigenomes and against DeepChrome (the papers' table)
        comparisons: paired differences between models in each epigenome
        coverage: how much of the windows each signal file covers
        labels: summary of the labels of each epigenome, in a folder of its name
        maps: mean attention, saliency and class optimisation maps
        mark_weights: mean weights of marks (beta) with quartiles
        report: HTML file to write
        figures: folder to write the figures (SVG) and their numbers (TSV) to
        section: HTML of the same content for reports in folders beside that of the report
        summary: text file to write the summary of about eight lines to
        gene_maps: attention and weights of marks of the chosen genes
        validation: correlation of maps with the mark held back
        against_truth: correlation of maps with the planted weights of a simulation
        truth: planted weights of a simulation
        excluded: genes left out, with the reason
        without_signal: genes left out of each epigenome for want of signal, in a folder of its name
        history: training histories of the networks, in folders named by network and group
        parameters: settings that each baseline chose
        settings: JSON with the settings, defaults, versions and seed
        benchmarks: Snakemake's benchmark files (TSV or JSON lines); those of jobs that did not run need not exist
    """
    from promoternets.report.chromatin_build import build_chromatin_report
    from promoternets.report.chromatin_inputs import read_chromatin_inputs

    inputs = read_chromatin_inputs(
        metrics=metrics,
        across=across,
        comparisons=comparisons,
        coverage=coverage,
        labels=labels,
        maps=maps,
        mark_weights=mark_weights,
        gene_maps=gene_maps,
        validation=validation,
        against_truth=against_truth,
        truth=truth,
        excluded=excluded,
        without_signal=without_signal,
        history=history,
        parameters=parameters,
        settings=settings,
        benchmarks=benchmarks,
    )
    print(build_chromatin_report(inputs, report=report, figures=figures, section=section, summary=summary), end="")


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
