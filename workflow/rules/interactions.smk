rule find_interactions:
    """Selected promoters of one fold -> pairs of sites claimed in training people, checked in test people."""
    input:
        selected="results/{cohort}/selected/fold_{fold}.zarr",
        samples="results/{cohort}/samples.tsv",
        folds="results/{cohort}/folds.tsv",
        components="results/{cohort}/audit/components/fold_{fold}.tsv",
        library=library("find_interactions"),
    output:
        interactions="results/{cohort}/interactions/fold_{fold}.tsv",
    log:
        "results/{cohort}/logs/find_interactions.fold_{fold}.log",
    benchmark:
        "results/{cohort}/benchmarks/find_interactions.fold_{fold}.jsonl"
    conda:
        "../../envs/baselines.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 3000 * attempt,
        runtime=60,
    params:
        pairs=setting("interactions", "pairs"),
        min_maf=setting("interactions", "min_maf"),
        min_carriers=setting("interactions", "min_carriers"),
        max_r2=setting("interactions", "max_r2"),
    message:
        "Looking for interactions in {wildcards.cohort}, fold {wildcards.fold}"
    script:
        "../scripts/find_interactions.py"


rule summarise_interactions:
    """Interactions of each fold -> one table with verdicts, what to say of them in sentences."""
    input:
        tables=configuration.per_fold("results/{cohort}/interactions/fold_{fold}.tsv"),
        blocks="results/{cohort}/blocks.tsv",
        library=library("summarise_interactions"),
    output:
        interactions=report(
            "results/{cohort}/interactions.tsv",
            caption="../report/interactions.rst",
            category="Models",
            labels={"cohort": "{cohort}", "result": "Interactions and joint tagging"},
        ),
        summary="results/{cohort}/interactions.txt",
    log:
        "results/{cohort}/logs/summarise_interactions.log",
    benchmark:
        "results/{cohort}/benchmarks/summarise_interactions.jsonl"
    localrule: True
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=15,
    message:
        "Joining the interactions of all folds of {wildcards.cohort}"
    script:
        "../scripts/summarise_interactions.py"
