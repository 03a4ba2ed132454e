def of_branch(branch, paths):
    """Return those of some results that are of a cohort, or of the epigenomes."""
    return [path for path in paths if path.startswith(f"results/{branch}/")]


def jobs_of_run(branch):
    """Return the jobs that make what a run without a target makes, and what was made on request."""
    asked = [path for path in of_branch(branch, ON_REQUEST) if Path(placed(path)).exists()]
    return jobs_behind(branch, f"results/{branch}/settings.json", *of_branch(branch, ALWAYS), *asked)


def results_of_run(wildcards):
    """Return everything that the jobs of a run make."""
    return [path for job in jobs_of_run(wildcards.cohort) for path in job.outputs]


def sources_of_run(wildcards):
    """Return everything that the jobs of a run read and do not make."""
    read = {path for job in jobs_of_run(wildcards.cohort) for path in job.inputs}
    return sorted(read - set(results_of_run(wildcards)))


rule write_manifest:
    """All results of one cohort, or of the epigenomes -> what they were made from and with; times of the jobs."""
    input:
        finished=lambda wildcards: of_branch(wildcards.cohort, ALWAYS),
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
        sources=sources_of_run,
        results=results_of_run,
        logs=lambda wildcards: [job.log for job in jobs_of_run(wildcards.cohort)],
        benchmarks=lambda wildcards: [job.benchmark for job in jobs_of_run(wildcards.cohort)],
        # no output, so that large inputs need not be read again
        memory=placed("results/{cohort}/checkpoints/inputs.json"),
    message:
        "Writing the manifest of {wildcards.cohort}"
    script:
        "../scripts/write_manifest.py"
