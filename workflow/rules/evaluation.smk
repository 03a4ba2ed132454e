rule evaluate_models:
    """Predictions of all models and folds -> metrics with intervals, their variance, comparisons, curves."""
    input:
        predictions=configuration.per_model_and_fold(
            "results/{cohort}/predictions/{model}/fold_{fold}.tsv", also=["als_net"]
        ),
        samples="results/{cohort}/samples.tsv",
        library=library("evaluate_models"),
    output:
        metrics=report(
            "results/{cohort}/metrics.tsv",
            caption="../report/metrics.rst",
            category="Models",
            labels={"cohort": "{cohort}", "result": "Metrics of every model"},
        ),
        comparisons=report(
            "results/{cohort}/comparisons.tsv",
            caption="../report/metrics.rst",
            category="Models",
            labels={"cohort": "{cohort}", "result": "ALS-Net against each model"},
        ),
        curves="results/{cohort}/curves.tsv",
        variance=report(
            "results/{cohort}/variance.tsv",
            caption="../report/variance.rst",
            category="Models",
            labels={"cohort": "{cohort}", "result": "Where the uncertainty comes from"},
        ),
    log:
        "results/{cohort}/logs/evaluate_models.log",
    benchmark:
        "results/{cohort}/benchmarks/evaluate_models.jsonl"
    conda:
        "../../envs/baselines.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=60,
    params:
        bootstrap=setting("evaluation", "bootstrap"),
        seed=configuration.seed,
    message:
        "Measuring the models of {wildcards.cohort}"
    script:
        "../scripts/evaluate_models.py"
