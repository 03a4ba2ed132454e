rule export_model:
    """Networks of all folds -> one folder that predicts other people."""
    input:
        selected=configuration.per_fold("results/{cohort}/selected/fold_{fold}.zarr"),
        weights=configuration.per_fold("results/{cohort}/als_net/fold_{fold}/weights.safetensors"),
        models=configuration.per_fold("results/{cohort}/als_net/fold_{fold}/model.json"),
        predictions=configuration.per_fold("results/{cohort}/predictions/als_net/fold_{fold}.tsv"),
        samples="results/{cohort}/samples.tsv",
        folds="results/{cohort}/folds.tsv",
        library=library("export_model"),
    output:
        model=directory("results/{cohort}/model"),
    log:
        "results/{cohort}/logs/export_model.log",
    benchmark:
        "results/{cohort}/benchmarks/export_model.jsonl"
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=30,
    params:
        build=configuration.of_cohort("build"),
        preprocessing=lambda wildcards: json.dumps(configuration.preprocessing(wildcards)),
        bootstrap=setting("evaluation", "bootstrap"),
        seed=configuration.seed,
    message:
        "Gathering the model of {wildcards.cohort}"
    script:
        "../scripts/export_model.py"


rule predict_cohort:
    """Genotypes of other people + a model -> their calibrated probabilities, and how much of the model was there."""
    input:
        genotypes=configuration.per_chromosome("results/{cohort}/genotypes/{chrom}.zarr"),
        model=configuration.model_folder,
        samples="results/{cohort}/samples.tsv",
        library=library("predict_cohort"),
    output:
        predictions="results/{cohort}/predict/predictions.tsv",
        coverage=report(
            "results/{cohort}/predict/coverage.tsv",
            caption="../report/prediction.rst",
            category="Prediction",
            labels={"cohort": "{cohort}", "result": "How much of the model was there"},
        ),
        sites="results/{cohort}/predict/sites.tsv",
        summary="results/{cohort}/predict/summary.txt",
    log:
        "results/{cohort}/logs/predict_cohort.log",
    benchmark:
        "results/{cohort}/benchmarks/predict_cohort.jsonl"
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=60,
    params:
        build=configuration.of_cohort("build"),
        min_coverage=setting("prediction", "min_coverage"),
        ambiguous=setting("prediction", "ambiguous"),
        absent_sites=setting("prediction", "absent_sites"),
    message:
        "Predicting {wildcards.cohort}"
    script:
        "../scripts/predict_cohort.py"


rule evaluate_predictions:
    """Predictions + known phenotypes -> AUC and calibration with intervals."""
    input:
        predictions="results/{cohort}/predict/predictions.tsv",
        samples="results/{cohort}/samples.tsv",
        library=library("evaluate_predictions"),
    output:
        metrics=report(
            "results/{cohort}/predict/metrics.tsv",
            caption="../report/prediction.rst",
            category="Prediction",
            labels={"cohort": "{cohort}", "result": "How good the predictions are"},
        ),
    log:
        "results/{cohort}/logs/evaluate_predictions.log",
    benchmark:
        "results/{cohort}/benchmarks/evaluate_predictions.jsonl"
    conda:
        "../../envs/baselines.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=30,
    params:
        bootstrap=setting("evaluation", "bootstrap"),
        seed=configuration.seed,
    message:
        "Measuring the predictions of {wildcards.cohort}"
    script:
        "../scripts/evaluate_predictions.py"
