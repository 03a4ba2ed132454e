rule extract_promoters:
    """Gene annotation -> one row per transcription start site."""
    input:
        annotation=lambda wildcards: configuration.cohorts[wildcards.cohort].annotation,
        library=library("extract_promoters"),
    output:
        promoters="results/{cohort}/promoters.tsv",
        summary="results/{cohort}/promoters_summary.tsv",
    log:
        "results/{cohort}/logs/extract_promoters.log",
    benchmark:
        "results/{cohort}/benchmarks/extract_promoters.jsonl"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=20,
    params:
        contigs=configuration.of_cohort("chromosomes"),
        policy=setting("promoters", "policy"),
        biotypes=setting("promoters", "biotypes"),
        genes=setting("promoters", "genes"),
    message:
        "Reading promoters of {wildcards.cohort}"
    script:
        "../scripts/extract_promoters.py"
