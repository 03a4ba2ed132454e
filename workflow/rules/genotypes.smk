rule match_samples:
    """Names of people in the variant files + sample table -> the people in both, and who is in one only."""
    input:
        vcf=configuration.people("vcf"),
        plink=configuration.people("plink"),
        vcf_zarr=configuration.people("vcf_zarr"),
        others=configuration.people_of_other_chromosomes,
        sample_table=configuration.sample_table,
        library=library("match_samples"),
    output:
        samples="results/{cohort}/samples.tsv",
        excluded="results/{cohort}/samples_excluded.tsv",
    log:
        "results/{cohort}/logs/match_samples.log",
    benchmark:
        "results/{cohort}/benchmarks/match_samples.jsonl"
    conda:
        "../../envs/genotypes.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=10,
    params:
        phenotype=configuration.of_cohort("phenotype"),
        case=configuration.of_cohort("case"),
        control=configuration.of_cohort("control"),
        covariates=configuration.of_cohort("covariates"),
        unlabelled=configuration.is_predicted,
    message:
        "Matching people of {wildcards.cohort} with their phenotypes"
    script:
        "../scripts/match_samples.py"


rule parse_genotypes:
    """Variants of one chromosome -> filtered genotypes, and what each filter removed."""
    input:
        vcf=configuration.variants("vcf"),
        plink=configuration.variants("plink"),
        vcf_zarr=configuration.variants("vcf_zarr"),
        samples="results/{cohort}/samples.tsv",
        model=configuration.model_folder,
        promoters=configuration.promoters_to_read_near,
        library=library("parse_genotypes"),
    output:
        genotypes=directory("results/{cohort}/genotypes/{chrom}.zarr"),
        filters="results/{cohort}/genotypes/{chrom}.filters.tsv",
    log:
        "results/{cohort}/logs/parse_genotypes.{chrom}.log",
    benchmark:
        "results/{cohort}/benchmarks/parse_genotypes.{chrom}.jsonl"
    conda:
        "../../envs/genotypes.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=240,
    params:
        build=configuration.of_cohort("build"),
        min_maf=setting("genotypes", "min_maf"),
        min_call_rate=setting("genotypes", "min_call_rate"),
        min_hwe_p=setting("genotypes", "min_hwe_p"),
        pass_only=setting("genotypes", "pass_only"),
        variants=setting("genotypes", "variants"),
        multiallelic=setting("genotypes", "multiallelic"),
        dosages=setting("genotypes", "dosages"),
        max_dosage_error=setting("genotypes", "max_dosage_error"),
        chunk_variants=setting("genotypes", "chunk_variants"),
        max_distance=setting("blocks", "max_distance"),
    message:
        "Reading genotypes of {wildcards.chrom} of {wildcards.cohort}"
    script:
        "../scripts/parse_genotypes.py"


rule summarise_filters:
    """Filter counts of each chromosome -> one table."""
    input:
        tables=configuration.per_chromosome("results/{cohort}/genotypes/{chrom}.filters.tsv"),
        library=library("summarise_filters"),
    output:
        filters=report(
            "results/{cohort}/genotypes/filters.tsv",
            caption="../report/filters.rst",
            category="Input",
            labels={"cohort": "{cohort}", "result": "Records removed by each filter"},
        ),
    log:
        "results/{cohort}/logs/summarise_filters.log",
    benchmark:
        "results/{cohort}/benchmarks/summarise_filters.jsonl"
    localrule: True
    conda:
        "../../envs/genotypes.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 500 * attempt,
        runtime=5,
    message:
        "Counting what the filters removed in {wildcards.cohort}"
    script:
        "../scripts/summarise_filters.py"
