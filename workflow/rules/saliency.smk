rule explain_als_net:
    """Trained ALS-Net of one fold -> how much each site counts, with a null band from permuted labels."""
    input:
        selected="results/{cohort}/selected/fold_{fold}.zarr",
        weights="results/{cohort}/als_net/fold_{fold}/weights.safetensors",
        model="results/{cohort}/als_net/fold_{fold}/model.json",
        samples="results/{cohort}/samples.tsv",
        folds="results/{cohort}/folds.tsv",
        library=library("explain_als_net"),
    output:
        saliency="results/{cohort}/saliency/fold_{fold}.tsv",
        profile="results/{cohort}/saliency/fold_{fold}.profile.tsv",
    log:
        "results/{cohort}/logs/explain_als_net.fold_{fold}.log",
    benchmark:
        "results/{cohort}/benchmarks/explain_als_net.fold_{fold}.jsonl"
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=240,
        gpu=configuration.gpu,
    params:
        methods=setting("saliency", "methods"),
        steps=setting("saliency", "steps"),
        permutations=setting("saliency", "permutations"),
        seed=configuration.seed,
    message:
        "Explaining ALS-Net on {wildcards.cohort}, fold {wildcards.fold}"
    script:
        "../scripts/explain_als_net.py"


rule summarise_saliency:
    """Saliency of each fold -> one table of sites, one profile around the TSS."""
    input:
        tables=configuration.per_fold("results/{cohort}/saliency/fold_{fold}.tsv"),
        profiles=configuration.per_fold("results/{cohort}/saliency/fold_{fold}.profile.tsv"),
        blocks="results/{cohort}/blocks.tsv",
        library=library("summarise_saliency"),
    output:
        saliency=report(
            "results/{cohort}/saliency.tsv",
            caption="../report/saliency.rst",
            category="Promoters",
            labels={"cohort": "{cohort}", "result": "Saliency of each site"},
        ),
        profile=report(
            "results/{cohort}/saliency_profile.tsv",
            caption="../report/saliency.rst",
            category="Promoters",
            labels={"cohort": "{cohort}", "result": "Saliency around the TSS"},
        ),
    log:
        "results/{cohort}/logs/summarise_saliency.log",
    benchmark:
        "results/{cohort}/benchmarks/summarise_saliency.jsonl"
    localrule: True
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=15,
    message:
        "Joining the saliency of all folds of {wildcards.cohort}"
    script:
        "../scripts/summarise_saliency.py"
