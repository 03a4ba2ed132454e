rule list_epigenomes:
    """Names of signal files -> the sheet that says which mark of which epigenome each holds."""
    input:
        signal_files=epigenomes.found_files(),
        library=library("list_epigenomes"),
    output:
        sheet="results/chromatin/epigenomes.tsv",
    log:
        "results/chromatin/logs/list_epigenomes.log",
    benchmark:
        "results/chromatin/benchmarks/list_epigenomes.jsonl"
    localrule: True
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=10,
    params:
        pattern=lambda wildcards: epigenomes.pattern,  # not a text: its places are no wildcards
        marks=epigenomes.marks,
        validation_mark=epigenomes.validation_mark,
    message:
        "Listing the signal files"
    script:
        "../scripts/list_epigenomes.py"


rule match_genes:
    """Sheet, expression and promoters -> the genes that have all, in training, validation and test parts."""
    input:
        epigenomes=epigenomes.of_measured(epigenomes.sheet),
        expression=epigenomes.of_measured(epigenomes.expression),
        promoters="results/chromatin/promoters.tsv",
        library=library("match_genes"),
    output:
        genes="results/chromatin/genes.tsv",
        excluded="results/chromatin/genes_excluded.tsv",
    log:
        "results/chromatin/logs/match_genes.log",
    benchmark:
        "results/chromatin/benchmarks/match_genes.jsonl"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=20,
    params:
        validation_mark=epigenomes.validation_mark,
        split=epigenomes.setting("split", "by"),
        test_chromosomes=epigenomes.setting("split", "test_chromosomes"),
        valid_chromosomes=epigenomes.setting("split", "valid_chromosomes"),
        train_share=epigenomes.setting("split", "train_share"),
        valid_share=epigenomes.setting("split", "valid_share"),
        seed=epigenomes.settings["seed"],
    message:
        "Matching genes, expression and epigenomes"
    script:
        "../scripts/match_genes.py"


rule label_genes:
    """Expression of one epigenome -> which of the genes with signal are expressed."""
    input:
        genes="results/chromatin/genes.tsv",
        without_signal="results/chromatin/{epigenome}/genes_without_signal.tsv",
        expression=epigenomes.of_measured(epigenomes.expression),
        library=library("label_genes"),
    output:
        labels="results/chromatin/{epigenome}/labels.tsv",
        summary="results/chromatin/{epigenome}/labels_summary.tsv",
    log:
        "results/chromatin/logs/label_genes.{epigenome}.log",
    benchmark:
        "results/chromatin/benchmarks/label_genes.{epigenome}.jsonl"
    wildcard_constraints:
        epigenome=epigenomes.measured(),
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=20,
    params:
        rule=epigenomes.setting("labels", "rule"),
        threshold=epigenomes.setting("labels", "threshold"),
    message:
        "Labelling the genes of {wildcards.epigenome}"
    script:
        "../scripts/label_genes.py"
