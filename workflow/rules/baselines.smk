rule train_baseline:
    """Selected promoters of one fold, or confounders -> one baseline's predictions for the people tested."""
    input:
        # the models of confounders see no selected site
        selected=lambda wildcards: (
            [] if wildcards.model in CONFOUNDERS else f"results/{wildcards.cohort}/selected/fold_{wildcards.fold}.zarr"
        ),
        components=lambda wildcards: (
            f"results/{wildcards.cohort}/audit/components/fold_{wildcards.fold}.tsv"
            if wildcards.model == "covariates_pcs"
            else []
        ),
        samples="results/{cohort}/samples.tsv",
        folds="results/{cohort}/folds.tsv",
        library=library("train_baseline"),
    output:
        predictions="results/{cohort}/predictions/{model}/fold_{fold}.tsv",
        details="results/{cohort}/baselines/{model}/fold_{fold}.json",
    log:
        "results/{cohort}/logs/train_baseline.{model}.fold_{fold}.log",
    benchmark:
        "results/{cohort}/benchmarks/train_baseline.{model}.fold_{fold}.jsonl"
    wildcard_constraints:
        model="(?!als_net)[a-z_]+",
    conda:
        "../../envs/baselines.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 3000 * attempt,
        runtime=240,
    params:
        seed=configuration.seed,
    message:
        "Training {wildcards.model} on {wildcards.cohort}, fold {wildcards.fold}"
    script:
        "../scripts/train_baseline.py"


rule offset_confounders:
    """Confounders and folds -> log-odds of everybody, on top of which networks can learn."""
    input:
        components=lambda wildcards: (
            f"results/{wildcards.cohort}/audit/components/fold_{wildcards.fold}.tsv"
            if wildcards.model == "covariates_pcs"
            else []
        ),
        samples="results/{cohort}/samples.tsv",
        folds="results/{cohort}/folds.tsv",
        library=library("offset_confounders"),
    output:
        offsets="results/{cohort}/offsets/{model}/fold_{fold}.tsv",
    log:
        "results/{cohort}/logs/offset_confounders.{model}.fold_{fold}.log",
    benchmark:
        "results/{cohort}/benchmarks/offset_confounders.{model}.fold_{fold}.jsonl"
    conda:
        "../../envs/baselines.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=60,
    params:
        seed=configuration.seed,
    message:
        "Log-odds of {wildcards.model} in {wildcards.cohort}, fold {wildcards.fold}"
    script:
        "../scripts/offset_confounders.py"
