rule extract_promoters:
    """Gene annotation of a cohort or of the epigenomes -> one row per transcription start site."""
    input:
        annotation=configuration.annotation,
        library=library("extract_promoters"),
    output:
        promoters="results/{cohort}/promoters.tsv",
        summary="results/{cohort}/promoters_summary.tsv",
    log:
        "results/{cohort}/logs/extract_promoters.log",
    benchmark:
        "results/{cohort}/benchmarks/extract_promoters.jsonl"
    wildcard_constraints:
        cohort=configuration.branches(),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=20,
    params:
        contigs=configuration.contigs,
        policy=configuration.promoter_setting("policy"),
        biotypes=configuration.promoter_setting("biotypes"),
        genes=configuration.promoter_setting("genes"),
    message:
        "Reading promoters of {wildcards.cohort}"
    script:
        "../scripts/extract_promoters.py"
