rule train_chromatin:
    """Bins and labels of a few epigenomes -> trained networks of one kind, and predictions."""
    input:
        bins=epigenomes.of_group("results/chromatin/{epigenome}/bins.zarr"),
        labels=epigenomes.of_group("results/chromatin/{epigenome}/labels.tsv"),
        library=library("train_chromatin"),
    output:
        weights="results/chromatin/training/{model}/group_{group}/weights.safetensors",
        network="results/chromatin/training/{model}/group_{group}/network.json",
        history="results/chromatin/training/{model}/group_{group}/history.tsv",
        predictions="results/chromatin/training/{model}/group_{group}/predictions.tsv",
    log:
        "results/chromatin/logs/train_chromatin.{model}.group_{group}.log",
    benchmark:
        "results/chromatin/benchmarks/train_chromatin.{model}.group_{group}.jsonl"
    wildcard_constraints:
        model="|".join(epigenomes.trained()) or "(?!)",
    priority: 10
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=1440,
        gpu=configuration.gpu,
    params:
        target=epigenomes.setting("labels", "target"),
        preset=epigenomes.setting("training", "preset"),
        seeds=epigenomes.setting("training", "seeds"),
        epochs=epigenomes.setting("training", "epochs"),
        patience=epigenomes.setting("training", "patience"),
        batch_size=epigenomes.setting("training", "batch_size"),
        learning_rate=epigenomes.setting("training", "learning_rate"),
        weight_decay=epigenomes.setting("training", "weight_decay"),
        dropout=epigenomes.setting("training", "dropout"),
        seed=epigenomes.settings["seed"],
        checkpoints=placed("results/chromatin/checkpoints/{model}.group_{group}"),
    message:
        "Training {wildcards.model} on epigenomes, job {wildcards.group}"
    script:
        "../scripts/train_chromatin.py"


rule import_attentivechrome:
    """Published AttentiveChrome weights and bins -> predictions of networks that others trained."""
    input:
        states=epigenomes.published_states(),
        bins=epigenomes.of_group("results/chromatin/{epigenome}/bins.zarr"),
        labels=epigenomes.of_group("results/chromatin/{epigenome}/labels.tsv"),
        library=library("import_attentivechrome"),
    output:
        weights="results/chromatin/training/{model}/group_{group}/weights.safetensors",
        network="results/chromatin/training/{model}/group_{group}/network.json",
        predictions="results/chromatin/training/{model}/group_{group}/predictions.tsv",
    log:
        "results/chromatin/logs/import_attentivechrome.{model}.group_{group}.log",
    benchmark:
        "results/chromatin/benchmarks/import_attentivechrome.{model}.group_{group}.jsonl"
    wildcard_constraints:
        model="attentivechrome_published",
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=60,
    message:
        "Scoring published networks"
    script:
        "../scripts/import_attentivechrome.py"


rule train_chromatin_baseline:
    """Bins and labels of every epigenome -> predictions of a standard classifier."""
    input:
        bins=epigenomes.per_epigenome("results/chromatin/{epigenome}/bins.zarr"),
        labels=epigenomes.per_epigenome("results/chromatin/{epigenome}/labels.tsv"),
        library=library("train_chromatin_baseline"),
    output:
        predictions="results/chromatin/baselines/{model}/predictions.tsv",
        parameters="results/chromatin/baselines/{model}/parameters.tsv",
    log:
        "results/chromatin/logs/train_chromatin_baseline.{model}.log",
    benchmark:
        "results/chromatin/benchmarks/train_chromatin_baseline.{model}.jsonl"
    conda:
        "../../envs/baselines.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=720,
    params:
        epigenomes=epigenomes.epigenomes,
        target=epigenomes.setting("labels", "target"),
        seed=epigenomes.settings["seed"],
    message:
        "Training {wildcards.model} on epigenomes"
    script:
        "../scripts/train_chromatin_baseline.py"


rule evaluate_chromatin:
    """Predictions of every model -> metrics with intervals, the papers' table, comparisons."""
    input:
        predictions=[*epigenomes.of_networks("predictions.tsv"), *epigenomes.of_baselines("predictions.tsv")],
        library=library("evaluate_chromatin"),
    output:
        metrics=report(
            "results/chromatin/metrics.tsv",
            caption="../report/chromatin_metrics.rst",
            category="Chromatin",
            labels={"cohort": "chromatin", "result": "Metrics of each epigenome"},
        ),
        summary=report(
            "results/chromatin/summary.tsv",
            caption="../report/chromatin_metrics.rst",
            category="Chromatin",
            labels={"cohort": "chromatin", "result": "Models over all epigenomes"},
        ),
        comparisons=report(
            "results/chromatin/comparisons.tsv",
            caption="../report/chromatin_metrics.rst",
            category="Chromatin",
            labels={"cohort": "chromatin", "result": "Paired comparisons"},
        ),
        curves="results/chromatin/curves.tsv",
    log:
        "results/chromatin/logs/evaluate_chromatin.log",
    benchmark:
        "results/chromatin/benchmarks/evaluate_chromatin.jsonl"
    conda:
        "../../envs/baselines.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=120,
    params:
        bootstrap=epigenomes.setting("evaluation", "bootstrap"),
        target=epigenomes.setting("labels", "target"),
        seed=epigenomes.settings["seed"],
    message:
        "Measuring the models of the epigenomes"
    script:
        "../scripts/evaluate_chromatin.py"


rule explain_chromatin:
    """Trained networks of one epigenome -> attention, saliency and class optimisation."""
    input:
        bins="results/chromatin/{epigenome}/bins.zarr",
        labels="results/chromatin/{epigenome}/labels.tsv",
        weights=epigenomes.with_epigenome("weights.safetensors"),
        networks=epigenomes.with_epigenome("network.json"),
        library=library("explain_chromatin"),
    output:
        attention=directory("results/chromatin/{epigenome}/attention.zarr"),
    log:
        "results/chromatin/logs/explain_chromatin.{epigenome}.log",
    benchmark:
        "results/chromatin/benchmarks/explain_chromatin.{epigenome}.jsonl"
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=120,
        gpu=configuration.gpu,
    params:
        seed=epigenomes.settings["seed"],
    message:
        "Explaining the networks of {wildcards.epigenome}"
    script:
        "../scripts/explain_chromatin.py"


rule map_attention:
    """Attention of every epigenome -> mean maps, chosen genes, checks against a held-back mark and planted truth."""
    input:
        attention=epigenomes.per_epigenome("results/chromatin/{epigenome}/attention.zarr"),
        bins=epigenomes.per_epigenome("results/chromatin/{epigenome}/bins.zarr"),
        labels=epigenomes.per_epigenome("results/chromatin/{epigenome}/labels.tsv"),
        promoters=epigenomes.of_measured("results/chromatin/promoters.tsv"),
        truth=epigenomes.truth(),
        library=library("map_attention"),
    output:
        maps="results/chromatin/attention_maps.tsv",
        mark_weights="results/chromatin/mark_weights.tsv",
        gene_maps="results/chromatin/gene_attention.tsv",
        validation="results/chromatin/attention_validation.tsv",
        against_truth="results/chromatin/attention_truth.tsv",
    log:
        "results/chromatin/logs/map_attention.log",
    benchmark:
        "results/chromatin/benchmarks/map_attention.jsonl"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=60,
    params:
        genes=epigenomes.setting("attention", "genes"),
        active_mark=epigenomes.setting("attention", "active_mark"),
        part=epigenomes.setting("attention", "part"),
        samples=epigenomes.setting("attention", "samples"),
        seed=epigenomes.settings["seed"],
    message:
        "Averaging attention over epigenomes"
    script:
        "../scripts/map_attention.py"
