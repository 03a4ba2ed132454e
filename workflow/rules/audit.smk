rule project_components:
    """Genotypes and folds -> principal components fitted on the training people of one fold, of everybody."""
    input:
        genotypes=configuration.per_chromosome("results/{cohort}/genotypes/{chrom}.zarr"),
        samples="results/{cohort}/samples.tsv",
        folds="results/{cohort}/folds.tsv",
        library=library("project_components"),
    output:
        projected="results/{cohort}/audit/components/fold_{fold}.tsv",
    log:
        "results/{cohort}/logs/project_components.fold_{fold}.log",
    benchmark:
        "results/{cohort}/benchmarks/project_components.fold_{fold}.jsonl"
    conda:
        "../../envs/baselines.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=120,
    params:
        components=setting("audit", "components"),
        sites=setting("audit", "sites"),
        seed=configuration.seed,
    message:
        "Projecting genotypes of {wildcards.cohort} on their principal components, fold {wildcards.fold}"
    script:
        "../scripts/project_components.py"


rule leave_strata_out:
    """Selected promoters of one fold -> predictions by fits that have not seen the person's batch."""
    input:
        selected="results/{cohort}/selected/fold_{fold}.zarr",
        samples="results/{cohort}/samples.tsv",
        folds="results/{cohort}/folds.tsv",
        library=library("leave_strata_out"),
    output:
        predictions="results/{cohort}/audit/left_out/fold_{fold}.tsv",
    log:
        "results/{cohort}/logs/leave_strata_out.fold_{fold}.log",
    benchmark:
        "results/{cohort}/benchmarks/leave_strata_out.fold_{fold}.jsonl"
    conda:
        "../../envs/baselines.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 3000 * attempt,
        runtime=240,
    params:
        strata=setting("audit", "strata"),
        seed=configuration.seed,
    message:
        "Leaving out each batch of {wildcards.cohort}, fold {wildcards.fold}"
    script:
        "../scripts/leave_strata_out.py"


rule audit_confounders:
    """Predictions of all models and folds -> what confounders explain of them, and the verdict in words."""
    input:
        predictions=configuration.per_model_and_fold(
            "results/{cohort}/predictions/{model}/fold_{fold}.tsv", also=["als_net"]
        ),
        left_out=configuration.per_fold("results/{cohort}/audit/left_out/fold_{fold}.tsv"),
        samples="results/{cohort}/samples.tsv",
        library=library("audit_confounders"),
    output:
        audit=report(
            "results/{cohort}/audit.tsv",
            caption="../report/audit.rst",
            category="Models",
            labels={"cohort": "{cohort}", "result": "Audit for confounding"},
        ),
        verdict="results/{cohort}/verdict.txt",
    log:
        "results/{cohort}/logs/audit_confounders.log",
    benchmark:
        "results/{cohort}/benchmarks/audit_confounders.jsonl"
    conda:
        "../../envs/baselines.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=60,
    params:
        strata=setting("audit", "strata"),
        min_cell=setting("audit", "min_cell"),
        bootstrap=setting("evaluation", "bootstrap"),
        seed=configuration.seed,
    message:
        "Auditing {wildcards.cohort} for confounding"
    script:
        "../scripts/audit_confounders.py"
