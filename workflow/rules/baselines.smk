rule train_baseline:
    """Selected sites of one fold, all sites, or confounders -> one baseline's predictions for the people tested."""
    input:
        # a model is given its own kind of genotypes; models of confounders see none
        selected=configuration.of_sites(
            cnn="results/{cohort}/selected/fold_{fold}.zarr", gwas="results/{cohort}/gwas/selected/fold_{fold}.zarr"
        ),
        block_stores=configuration.of_sites(promoters="results/{cohort}/blocks/{chrom}.zarr"),
        genotypes=configuration.of_sites(genome="results/{cohort}/genotypes/{chrom}.zarr"),
        statistics=configuration.of_sites(genome="results/{cohort}/gwas/fold_{fold}.zarr"),
        components=configuration.of_sites(components="results/{cohort}/audit/components/fold_{fold}.tsv"),
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
        screened_sites=setting("baselines", "screened_sites"),
        clump_r2=setting("gwas", "clump_r2"),
        clump_distance=setting("gwas", "clump_distance"),
        candidates=setting("gwas", "candidates"),
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
    message:
        "Log-odds of {wildcards.model} in {wildcards.cohort}, fold {wildcards.fold}"
    script:
        "../scripts/offset_confounders.py"
