recorded = Run(jobs, always=ALWAYS, on_request=ON_REQUEST)


rule write_manifest:
    """All results of one cohort, or of the epigenomes -> what they were made from and with; times of the jobs."""
    input:
        finished=recorded.finished,
        settings="results/{cohort}/settings.json",
        library=library("write_manifest"),
    output:
        manifest="results/{cohort}/manifest.json",
        jobs="results/{cohort}/jobs.tsv",
    log:
        "results/{cohort}/logs/write_manifest.log",
    benchmark:
        "results/{cohort}/benchmarks/write_manifest.jsonl"
    wildcard_constraints:
        cohort=configuration.branches(),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=240,
    params:
        sources=recorded.sources,
        results=recorded.results,
        logs=recorded.logs,
        benchmarks=recorded.benchmarks,
        # no output, so that large inputs need not be read again
        memory=placed("results/{cohort}/checkpoints/inputs.json"),
    message:
        "Writing the manifest of {wildcards.cohort}"
    script:
        "../scripts/write_manifest.py"
