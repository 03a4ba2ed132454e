rule simulate_haplotypes:
    """Settings -> the genealogy and mutations of one chromosome of a population."""
    input:
        library=library("simulate_haplotypes"),
    output:
        trees="results/{cohort}/simulated/{chrom}.trees",
    log:
        "results/{cohort}/logs/simulate_haplotypes.{chrom}.log",
    benchmark:
        "results/{cohort}/benchmarks/simulate_haplotypes.{chrom}.jsonl"
    conda:
        "../../envs/simulation.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=30,
    params:
        chromosome="{chrom}",
        people=configuration.simulation("population"),
        genes=configuration.simulation("genes"),
        gene_spacing=configuration.simulation("gene_spacing"),
        effective_size=configuration.simulation("effective_size"),
        mutation_rate=configuration.simulation("mutation_rate"),
        recombination_rate=configuration.simulation("recombination_rate"),
        seed=configuration.simulation("seed"),
    message:
        "Simulating {wildcards.chrom} of {wildcards.cohort}"
    script:
        "../scripts/simulate_haplotypes.py"


rule simulate_phenotypes:
    """Genealogies -> planted truth, cases and controls, genes."""
    input:
        trees=configuration.per_chromosome("results/{cohort}/simulated/{chrom}.trees"),
        library=library("simulate_phenotypes"),
    output:
        samples="results/{cohort}/simulated/samples.tsv",
        annotation="results/{cohort}/simulated/genes.gtf.gz",
        truth="results/{cohort}/simulated/truth.tsv",
        liability="results/{cohort}/simulated/liability.tsv",
    log:
        "results/{cohort}/logs/simulate_phenotypes.log",
    benchmark:
        "results/{cohort}/benchmarks/simulate_phenotypes.jsonl"
    conda:
        "../../envs/simulation.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=30,
    params:
        chromosomes=configuration.of_cohort("chromosomes"),
        genes=configuration.simulation("genes"),
        gene_spacing=configuration.simulation("gene_spacing"),
        cases=configuration.simulation("cases"),
        controls=configuration.simulation("controls"),
        prevalence=configuration.simulation("prevalence"),
        heritability=configuration.simulation("heritability"),
        additive_promoters=configuration.simulation("additive_promoters"),
        weak_promoters=configuration.simulation("weak_promoters"),
        epistatic_within=configuration.simulation("epistatic_within"),
        epistatic_across=configuration.simulation("epistatic_across"),
        min_maf=configuration.simulation("min_maf"),
        batch_effect=configuration.simulation("batch_effect"),
        batches=configuration.simulation("batches"),
        artefact_promoters=configuration.simulation("artefact_promoters"),
        seed=configuration.simulation("seed"),
    message:
        "Planting effects and drawing cases and controls of {wildcards.cohort}"
    script:
        "../scripts/simulate_phenotypes.py"


rule write_simulated_vcf:
    """Genealogy + people drawn -> bgzipped, indexed VCF of one chromosome."""
    input:
        trees="results/{cohort}/simulated/{chrom}.trees",
        samples="results/{cohort}/simulated/samples.tsv",
        truth="results/{cohort}/simulated/truth.tsv",
        library=library("write_simulated_vcf"),
    output:
        vcf="results/{cohort}/simulated/{chrom}.vcf.gz",
        index="results/{cohort}/simulated/{chrom}.vcf.gz.tbi",
    log:
        "results/{cohort}/logs/write_simulated_vcf.{chrom}.log",
    benchmark:
        "results/{cohort}/benchmarks/write_simulated_vcf.{chrom}.jsonl"
    conda:
        "../../envs/simulation.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=30,
    params:
        chromosome="{chrom}",
        missing_rate=configuration.simulation("missing_rate"),
        artefact_rate=configuration.simulation("artefact_rate"),
        seed=configuration.simulation("seed"),
    message:
        "Writing variants of {wildcards.chrom} of {wildcards.cohort}"
    script:
        "../scripts/write_simulated_vcf.py"


rule simulate_epigenomes:
    """Settings -> signal of histone marks, expression, genes and what was planted."""
    input:
        library=library("simulate_epigenomes"),
    output:
        folder=directory("results/chromatin/simulated/signal"),
        sheet="results/chromatin/simulated/epigenomes.tsv",
        expression="results/chromatin/simulated/expression.tsv",
        annotation="results/chromatin/simulated/genes.gtf.gz",
        truth="results/chromatin/simulated/truth.tsv",
    log:
        "results/chromatin/logs/simulate_epigenomes.log",
    benchmark:
        "results/chromatin/benchmarks/simulate_epigenomes.jsonl"
    conda:
        "../../envs/simulation.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=30,
    params:
        epigenomes=(epigenomes.simulate or {}).get("epigenomes"),
        genes=(epigenomes.simulate or {}).get("genes"),
        chromosomes=(epigenomes.simulate or {}).get("chromosomes"),
        gene_spacing=(epigenomes.simulate or {}).get("gene_spacing"),
        noise=(epigenomes.simulate or {}).get("noise"),
        seed=epigenomes.settings["seed"],
    message:
        "Simulating epigenomes"
    script:
        "../scripts/simulate_epigenomes.py"
