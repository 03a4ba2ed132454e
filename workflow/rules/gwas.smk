rule associate_sites:
    """Genotypes, covariates and folds -> every site's association among the training people of one fold."""
    input:
        genotypes=configuration.per_chromosome("results/{cohort}/genotypes/{chrom}.zarr"),
        samples="results/{cohort}/samples.tsv",
        folds="results/{cohort}/folds.tsv",
        components="results/{cohort}/audit/components/fold_{fold}.tsv",
        library=library("associate_sites"),
    output:
        associations="results/{cohort}/gwas/fold_{fold}.tsv.gz",
        statistics=directory("results/{cohort}/gwas/fold_{fold}.zarr"),
    log:
        "results/{cohort}/logs/associate_sites.fold_{fold}.log",
    benchmark:
        "results/{cohort}/benchmarks/associate_sites.fold_{fold}.jsonl"
    conda:
        "../../envs/baselines.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 3000 * attempt,
        runtime=240,
    params:
        rounds=setting("gwas", "rounds"),
    message:
        "Testing sites of {wildcards.cohort} for association, fold {wildcards.fold}"
    script:
        "../scripts/associate_sites.py"


rule gather_gwas_sites:
    """Association study of one fold -> the best promoter sites, as the input of every classifier."""
    input:
        statistics="results/{cohort}/gwas/fold_{fold}.zarr",
        block_stores=configuration.per_chromosome("results/{cohort}/blocks/{chrom}.zarr"),
        samples="results/{cohort}/samples.tsv",
        folds="results/{cohort}/folds.tsv",
        library=library("gather_gwas_sites"),
    output:
        selected=directory("results/{cohort}/gwas/selected/fold_{fold}.zarr"),
    log:
        "results/{cohort}/logs/gather_gwas_sites.fold_{fold}.log",
    benchmark:
        "results/{cohort}/benchmarks/gather_gwas_sites.fold_{fold}.jsonl"
    conda:
        "../../envs/baselines.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 3000 * attempt,
        runtime=60,
    params:
        top=setting("ranking", "top"),
        per_chromosome=setting("ranking", "per_chromosome"),
        max_r2=setting("gwas", "max_r2"),
        clump_distance=setting("gwas", "clump_distance"),
    message:
        "Gathering the sites a GWAS selects of {wildcards.cohort}, fold {wildcards.fold}"
    script:
        "../scripts/gather_gwas_sites.py"
