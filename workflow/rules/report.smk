rule collect_settings:
    """Configuration of one cohort, or of the epigenomes -> the record of source, settings and versions."""
    input:
        library=library("collect_settings"),
    output:
        record="results/{cohort}/settings.json",
    log:
        "results/{cohort}/logs/collect_settings.log",
    benchmark:
        "results/{cohort}/benchmarks/collect_settings.jsonl"
    wildcard_constraints:
        cohort=configuration.branches(),
    localrule: True
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 500 * attempt,
        runtime=5,
    params:
        source=lambda wildcards: json.dumps(configuration.record(wildcards)[0]),
        settings=lambda wildcards: json.dumps(configuration.record(wildcards)[1]),
        defaults=lambda wildcards: json.dumps(configuration.record(wildcards)[2]),
    message:
        "Recording the settings of {wildcards.cohort}"
    script:
        "../scripts/collect_settings.py"


rule build_report:
    """Every table of one cohort -> the report, its figures with the numbers behind them, a short summary."""
    input:
        samples="results/{cohort}/samples.tsv",
        excluded="results/{cohort}/samples_excluded.tsv",
        promoters_summary="results/{cohort}/promoters_summary.tsv",
        filters="results/{cohort}/genotypes/filters.tsv",
        blocks="results/{cohort}/blocks.tsv",
        folds="results/{cohort}/folds.tsv",
        ranking="results/{cohort}/ranking.tsv",
        promoter_ranking="results/{cohort}/promoter_ranking.tsv",
        null_summary="results/{cohort}/ranking/null_summary.tsv",
        metrics="results/{cohort}/metrics.tsv",
        comparisons="results/{cohort}/comparisons.tsv",
        curves="results/{cohort}/curves.tsv",
        saliency="results/{cohort}/saliency.tsv",
        saliency_profile="results/{cohort}/saliency_profile.tsv",
        history=configuration.per_fold("results/{cohort}/als_net/fold_{fold}/history.tsv"),
        truth=configuration.truth,
        audit_verdict="results/{cohort}/verdict.txt",
        permutation_test=configuration.rerun("permutation_test"),
        learning_curve=configuration.rerun("learning_curve"),
        repeated_folds=configuration.rerun("repeated_folds"),
        rerun_sentences=configuration.rerun_sentences,
        interactions="results/{cohort}/interactions.tsv",
        interactions_summary="results/{cohort}/interactions.txt",
        settings="results/{cohort}/settings.json",
        chromatin_section=configuration.chromatin_results("section.html"),
        chromatin_summary=configuration.chromatin_results("summary.txt"),
        library=library("build_report"),
    output:
        report=report(
            "results/{cohort}/report.html",
            caption="../report/report.rst",
            category="Report",
            labels={"cohort": "{cohort}", "result": "The report"},
        ),
        figures=report(
            directory("results/{cohort}/figures"),
            patterns=["{figure}.svg"],
            caption="../report/figures.rst",
            category="Figures",
            labels={"cohort": "{cohort}", "result": "{figure}"},
        ),
        summary="results/{cohort}/summary.txt",
    log:
        "results/{cohort}/logs/build_report.log",
    benchmark:
        "results/{cohort}/benchmarks/build_report.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=30,
    params:
        benchmarks=jobs.benchmarks_behind("results/{cohort}/report.html"),
    message:
        "Writing the report of {wildcards.cohort}"
    script:
        "../scripts/build_report.py"


rule build_chromatin_report:
    """Every table of the epigenomes -> their report, its section for cohorts' reports, figures, a short summary."""
    input:
        metrics="results/chromatin/metrics.tsv",
        across="results/chromatin/summary.tsv",
        comparisons="results/chromatin/comparisons.tsv",
        coverage="results/chromatin/coverage.tsv",
        labels=epigenomes.per_epigenome("results/chromatin/{epigenome}/labels_summary.tsv"),
        maps="results/chromatin/attention_maps.tsv",
        mark_weights="results/chromatin/mark_weights.tsv",
        gene_maps="results/chromatin/gene_attention.tsv",
        validation="results/chromatin/attention_validation.tsv",
        against_truth="results/chromatin/attention_truth.tsv",
        truth=epigenomes.truth(),
        excluded=epigenomes.of_measured("results/chromatin/genes_excluded.tsv"),
        without_signal=epigenomes.of_measured(
            *epigenomes.per_epigenome("results/chromatin/{epigenome}/genes_without_signal.tsv")
        ),
        history=[path for path in epigenomes.of_networks("history.tsv") if "attentivechrome_published" not in path],
        parameters=epigenomes.of_baselines("parameters.tsv"),
        settings="results/chromatin/settings.json",
        library=library("build_chromatin_report"),
    output:
        report=report(
            "results/chromatin/report.html",
            caption="../report/chromatin_report.rst",
            category="Chromatin",
            labels={"cohort": "chromatin", "result": "The report"},
        ),
        section="results/chromatin/section.html",
        figures=report(
            directory("results/chromatin/figures"),
            patterns=["{figure}.svg"],
            caption="../report/chromatin_figures.rst",
            category="Chromatin",
            labels={"cohort": "chromatin", "result": "{figure}"},
        ),
        summary="results/chromatin/summary.txt",
    log:
        "results/chromatin/logs/build_chromatin_report.log",
    benchmark:
        "results/chromatin/benchmarks/build_chromatin_report.jsonl"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 3000 * attempt,
        runtime=30,
    params:
        benchmarks=jobs.benchmarks_behind("results/chromatin/report.html"),
    message:
        "Writing the report of the epigenomes"
    script:
        "../scripts/build_chromatin_report.py"
