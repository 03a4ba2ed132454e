rule assign_folds:
    """People -> the fold that tests each, stratified, families together."""
    input:
        samples=configuration.people_to_train_on,
        library=library("assign_folds"),
    output:
        folds="results/{cohort}/folds.tsv",
    log:
        "results/{cohort}/logs/assign_folds.log",
    benchmark:
        "results/{cohort}/benchmarks/assign_folds.jsonl"
    conda:
        "../../envs/baselines.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=10,
    params:
        outer=setting("folds", "count"),  # Snakemake keeps the name count for itself
        inner=setting("folds", "inner"),
        seed=configuration.seed,
    message:
        "Dividing the people of {wildcards.cohort} into folds"
    script:
        "../scripts/assign_folds.py"
