rule build_blocks:
    """Genotypes + promoters of one chromosome -> the nearest sites of each promoter."""
    input:
        genotypes="results/{cohort}/genotypes/{chrom}.zarr",
        promoters="results/{cohort}/promoters.tsv",
        library=library("build_blocks"),
    output:
        blocks=directory("results/{cohort}/blocks/{chrom}.zarr"),
        table="results/{cohort}/blocks/{chrom}.tsv",
    log:
        "results/{cohort}/logs/build_blocks.{chrom}.log",
    benchmark:
        "results/{cohort}/benchmarks/build_blocks.{chrom}.jsonl"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=60,
    params:
        upstream=setting("blocks", "upstream"),
        downstream=setting("blocks", "downstream"),
        max_distance=setting("blocks", "max_distance"),
        incomplete=setting("blocks", "incomplete"),
        min_sites=setting("blocks", "min_sites"),
        oriented=setting("blocks", "oriented"),
        legacy=setting("blocks", "legacy"),
    message:
        "Collecting the sites of promoters on {wildcards.chrom} of {wildcards.cohort}"
    script:
        "../scripts/build_blocks.py"


rule summarise_blocks:
    """Block tables of each chromosome -> one table."""
    input:
        tables=configuration.per_chromosome("results/{cohort}/blocks/{chrom}.tsv"),
        library=library("summarise_blocks"),
    output:
        blocks="results/{cohort}/blocks.tsv",
    log:
        "results/{cohort}/logs/summarise_blocks.log",
    benchmark:
        "results/{cohort}/benchmarks/summarise_blocks.jsonl"
    localrule: True
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 500 * attempt,
        runtime=5,
    message:
        "Listing the promoters of {wildcards.cohort} and their sites"
    script:
        "../scripts/summarise_blocks.py"
