rule select_labelled:
    """People to predict -> those of known phenotype."""
    input:
        samples="results/{cohort}/samples.tsv",
        library=library("select_labelled"),
    output:
        labelled="results/{cohort}/fine_tuning/samples.tsv",
    log:
        "results/{cohort}/logs/select_labelled.log",
    benchmark:
        "results/{cohort}/benchmarks/select_labelled.jsonl"
    localrule: True
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=10,
    message:
        "Selecting the people of {wildcards.cohort} to fine-tune on"
    script:
        "../scripts/select_labelled.py"


rule fine_tune_als_net:
    """A model + people of one fold -> the model trained further, and its predictions for the people tested."""
    input:
        model=configuration.model_folder,
        genotypes=configuration.per_chromosome("results/{cohort}/genotypes/{chrom}.zarr"),
        samples="results/{cohort}/fine_tuning/samples.tsv",
        folds="results/{cohort}/folds.tsv",
        library=library("fine_tune_als_net"),
    output:
        weights="results/{cohort}/fine_tuning/fold_{fold}/weights.safetensors",
        description="results/{cohort}/fine_tuning/fold_{fold}/fold.json",
        history="results/{cohort}/fine_tuning/fold_{fold}/history.tsv",
        predictions="results/{cohort}/fine_tuning/fold_{fold}/predictions.tsv",
    log:
        "results/{cohort}/logs/fine_tune_als_net.fold_{fold}.log",
    benchmark:
        "results/{cohort}/benchmarks/fine_tune_als_net.fold_{fold}.jsonl"
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=720,
        gpu=configuration.gpu,
    params:
        build=configuration.of_cohort("build"),
        layers=setting("fine_tuning", "layers"),
        epochs=setting("fine_tuning", "epochs"),
        patience=setting("fine_tuning", "patience"),
        learning_rate=setting("fine_tuning", "learning_rate"),
        scratch=lambda wildcards: json.dumps(configuration.cohorts[wildcards.cohort].settings["als_net"]),
        min_coverage=setting("prediction", "min_coverage"),
        ambiguous=setting("prediction", "ambiguous"),
        absent_sites=setting("prediction", "absent_sites"),
        seed=configuration.seed,
        checkpoints=placed("results/{cohort}/checkpoints/fine_tuning/fold_{fold}"),
    message:
        "Fine-tuning on {wildcards.cohort}, fold {wildcards.fold}"
    script:
        "../scripts/fine_tune_als_net.py"


rule export_fine_tuned:
    """Fine-tuned networks of all folds -> one folder that predicts other people."""
    input:
        source=configuration.model_folder,
        weights=configuration.per_fold("results/{cohort}/fine_tuning/fold_{fold}/weights.safetensors"),
        descriptions=configuration.per_fold("results/{cohort}/fine_tuning/fold_{fold}/fold.json"),
        predictions=configuration.per_fold("results/{cohort}/fine_tuning/fold_{fold}/predictions.tsv"),
        samples="results/{cohort}/fine_tuning/samples.tsv",
        library=library("export_fine_tuned"),
    output:
        model=directory("results/{cohort}/fine_tuning/model"),
    log:
        "results/{cohort}/logs/export_fine_tuned.log",
    benchmark:
        "results/{cohort}/benchmarks/export_fine_tuned.jsonl"
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=30,
    params:
        bootstrap=setting("evaluation", "bootstrap"),
        seed=configuration.seed,
    message:
        "Gathering the model fine-tuned on {wildcards.cohort}"
    script:
        "../scripts/export_fine_tuned.py"


rule compare_fine_tuning:
    """Predictions of people left out -> whether the fine-tuned model is better than the model as it was."""
    input:
        predictions=configuration.per_fold("results/{cohort}/fine_tuning/fold_{fold}/predictions.tsv"),
        samples="results/{cohort}/fine_tuning/samples.tsv",
        library=library("compare_fine_tuning"),
    output:
        comparison=report(
            "results/{cohort}/fine_tuning/comparison.tsv",
            caption="../report/fine_tuning.rst",
            category="Prediction",
            labels={"cohort": "{cohort}", "result": "Whether fine-tuning helped"},
        ),
        summary="results/{cohort}/fine_tuning/summary.txt",
    log:
        "results/{cohort}/logs/compare_fine_tuning.log",
    benchmark:
        "results/{cohort}/benchmarks/compare_fine_tuning.jsonl"
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=30,
    params:
        bootstrap=setting("evaluation", "bootstrap"),
        seed=configuration.seed,
    message:
        "Comparing the fine-tuned model of {wildcards.cohort} with the model as it was"
    script:
        "../scripts/compare_fine_tuning.py"
