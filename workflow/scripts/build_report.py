"""One HTML report of a cohort, its figures with their numbers, and a short summary."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge  # noqa: E402


def main(
    *,
    cohort: str,
    samples: Path,
    excluded: Path,
    promoters_summary: Path,
    filters: Path,
    blocks: Path,
    folds: Path,
    ranking: Path,
    promoter_ranking: Path,
    null_summary: Path,
    metrics: Path,
    comparisons: Path,
    curves: Path,
    report: Path,
    figures: Path,
    summary: Path | None = None,
    saliency: Path | None = None,
    saliency_profile: Path | None = None,
    history: list[Path] | None = None,
    truth: Path | None = None,
    settings: Path | None = None,
    audit_verdict: Path | None = None,
    permutation_test: Path | None = None,
    learning_curve: Path | None = None,
    repeated_folds: Path | None = None,
    rerun_sentences: list[Path] | None = None,
    interactions: Path | None = None,
    interactions_summary: Path | None = None,
    benchmarks: list[Path] | None = None,
    chromatin_section: Path | None = None,
    chromatin_summary: Path | None = None,
) -> None:
    """Write the report of a cohort: does it predict, is it real, which promoters. The summary is printed too.

    Args:
        cohort: name of the cohort, as shown in the report
        samples: table of the people analysed (sample, phenotype 0/1, covariates)
        excluded: table of the people left out, with the reason
        promoters_summary: what was read from the annotation and kept
        filters: what each filter of the genotypes removed, by chromosome
        blocks: one row per promoter with its sites, width (bp) and status
        folds: the fold in which each person is tested
        ranking: score and rank of each promoter in each fold
        promoter_ranking: score, p-value and false discovery rate of each promoter over all folds
        null_summary: what scores come by chance
        metrics: metrics of all models with 95% intervals
        comparisons: paired differences, ALS-Net minus each other model
        curves: points of the ROC, precision-recall and calibration curves
        report: HTML file to write
        figures: folder to write the figures (SVG) and their numbers (TSV) to
        summary: text file to write the ten-line summary to
        saliency: saliency of each site, when it was computed
        saliency_profile: saliency by rank to the TSS with its null band, when it was computed
        history: training histories of ALS-Net, one a fold
        truth: planted effects of a simulated cohort
        audit_verdict: what the audit says of confounders, a sentence a line
        permutation_test: what permutations of the labels reached, when they were asked for
        learning_curve: AUC against training people, when it was asked for
        repeated_folds: AUC of other partitions into folds, when they were asked for
        rerun_sentences: what these say, a sentence a line
        interactions: pairs of sites claimed to interact, with verdicts
        interactions_summary: what is said of these pairs, a sentence a line
        settings: JSON with the cohort's settings, defaults, versions and seed
        benchmarks: Snakemake's benchmark files (TSV or JSON lines), for time and memory by stage
        chromatin_section: section about epigenomes, when there are any (HTML that build_chromatin_report wrote)
        chromatin_summary: summary of the epigenomes, whose first line goes into this one
    """
    from promoternets.report.build import build_report
    from promoternets.report.inputs import read_inputs

    inputs = read_inputs(
        cohort=cohort,
        samples=samples,
        excluded=excluded,
        promoters_summary=promoters_summary,
        filters=filters,
        blocks=blocks,
        folds=folds,
        ranking=ranking,
        promoter_ranking=promoter_ranking,
        null_summary=null_summary,
        metrics=metrics,
        comparisons=comparisons,
        curves=curves,
        saliency=saliency,
        saliency_profile=saliency_profile,
        history=history,
        truth=truth,
        settings=settings,
        audit_verdict=audit_verdict,
        permutation_test=permutation_test,
        learning_curve=learning_curve,
        repeated_folds=repeated_folds,
        rerun_sentences=rerun_sentences,
        interactions=interactions,
        interactions_summary=interactions_summary,
        benchmarks=benchmarks,
        chromatin_section=chromatin_section,
        chromatin_summary=chromatin_summary,
    )
    print(build_report(inputs, report=report, figures=figures, summary=summary), end="")


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
