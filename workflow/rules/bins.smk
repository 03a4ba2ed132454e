rule bin_histone:
    """Signal of one epigenome and genes -> bins of every mark around each TSS."""
    input:
        genes="results/chromatin/genes.tsv",
        epigenomes=epigenomes.of_measured(epigenomes.sheet),
        signal_files=epigenomes.signal_files,
        library=library("bin_histone"),
    output:
        bins=directory("results/chromatin/{epigenome}/bins.zarr"),
        excluded="results/chromatin/{epigenome}/genes_without_signal.tsv",
    log:
        "results/chromatin/logs/bin_histone.{epigenome}.log",
    benchmark:
        "results/chromatin/benchmarks/bin_histone.{epigenome}.jsonl"
    wildcard_constraints:
        epigenome=epigenomes.measured(),
    conda:
        "../../envs/signal.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=60,
    params:
        marks=epigenomes.marks,
        validation_mark=epigenomes.validation_mark,
        bin_size=epigenomes.setting("bins", "size"),
        bin_count=epigenomes.setting("bins", "count"),
        statistic=epigenomes.setting("bins", "statistic"),
        oriented=epigenomes.setting("bins", "oriented"),
        fill=epigenomes.setting("bins", "fill"),
        min_covered=epigenomes.setting("bins", "min_covered"),
        allow_negative=epigenomes.setting("bins", "allow_negative"),
        min_mapq=epigenomes.setting("bins", "min_mapq"),
        duplicates=epigenomes.setting("bins", "duplicates"),
        unmapped=epigenomes.setting("bins", "unmapped"),
    message:
        "Binning the marks of {wildcards.epigenome}"
    script:
        "../scripts/bin_histone.py"


rule import_published_bins:
    """Published CSV files of one epigenome -> bins and labels."""
    input:
        train=epigenomes.published_file("train"),
        valid=epigenomes.published_file("valid"),
        test=epigenomes.published_file("test"),
        library=library("import_published_bins"),
    output:
        bins=directory("results/chromatin/{epigenome}/bins.zarr"),
        labels="results/chromatin/{epigenome}/labels.tsv",
        labels_summary="results/chromatin/{epigenome}/labels_summary.tsv",
    log:
        "results/chromatin/logs/import_published_bins.{epigenome}.log",
    benchmark:
        "results/chromatin/benchmarks/import_published_bins.{epigenome}.jsonl"
    wildcard_constraints:
        epigenome=epigenomes.imported(),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=60,
    params:
        marks=epigenomes.marks,
        bin_size=epigenomes.setting("bins", "size"),
    message:
        "Reading the published bins of {wildcards.epigenome}"
    script:
        "../scripts/import_published_bins.py"


rule summarise_bins:
    """Bins of every epigenome -> how much of the windows each mark covers."""
    input:
        bins=epigenomes.per_epigenome("results/chromatin/{epigenome}/bins.zarr"),
        library=library("summarise_bins"),
    output:
        coverage="results/chromatin/coverage.tsv",
    log:
        "results/chromatin/logs/summarise_bins.log",
    benchmark:
        "results/chromatin/benchmarks/summarise_bins.jsonl"
    localrule: True
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=10,
    message:
        "Counting what the signal covers"
    script:
        "../scripts/summarise_bins.py"
