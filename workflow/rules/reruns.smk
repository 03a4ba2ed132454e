rule rerun_fold:
    """Blocks + folds -> selection and training of one fold again: permuted labels, fewer people, other folds."""
    input:
        block_stores=configuration.per_chromosome("results/{cohort}/blocks/{chrom}.zarr"),
        blocks="results/{cohort}/blocks.tsv",
        samples="results/{cohort}/samples.tsv",
        folds="results/{cohort}/folds.tsv",
        library=library("rerun_fold"),
    output:
        predictions="results/{cohort}/reruns/{kind}/fold_{fold}.tsv",
        promoters="results/{cohort}/reruns/{kind}/promoters_{fold}.tsv",
    log:
        "results/{cohort}/logs/rerun_fold.{kind}.fold_{fold}.log",
    benchmark:
        "results/{cohort}/benchmarks/rerun_fold.{kind}.fold_{fold}.jsonl"
    wildcard_constraints:
        kind="permuted|subsampled|repeated",
    conda:
        "../../envs/reruns.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: (setting("ranking", "memory_mb")(wildcards) + 4000) * attempt,
        runtime=1440,
        gpu=configuration.gpu,
    params:
        permutations=setting("reruns", "permutations"),
        shares=setting("reruns", "shares"),
        replicates=setting("reruns", "replicates"),
        repeats=setting("reruns", "repeats"),
        models=setting("reruns", "models"),
        strata=setting("audit", "strata"),
        ranking_encoding=setting("ranking", "encoding"),
        ranking_preset=setting("ranking", "preset"),
        ranking_epochs=setting("ranking", "epochs"),
        ranking_patience=setting("ranking", "patience"),
        ranking_batch_size=setting("ranking", "batch_size"),
        ranking_learning_rate=setting("ranking", "learning_rate"),
        score=setting("ranking", "score"),
        rounds=setting("ranking", "rounds"),
        memory_mb=setting("ranking", "memory_mb"),
        top=setting("ranking", "top"),
        per_chromosome=setting("ranking", "per_chromosome"),
        max_shared=setting("ranking", "max_shared"),
        preset=setting("als_net", "preset"),
        encoding=setting("als_net", "encoding"),
        linear_path=setting("als_net", "linear_path"),
        epochs=setting("als_net", "epochs"),
        patience=setting("als_net", "patience"),
        batch_size=setting("als_net", "batch_size"),
        learning_rate=setting("als_net", "learning_rate"),
        weight_decay=setting("als_net", "weight_decay"),
        seed=configuration.seed,
        # no output, so that a job that was stopped finds it again
        checkpoints=placed("results/{cohort}/checkpoints/reruns/{kind}.fold_{fold}"),
    message:
        "Selecting and training again ({wildcards.kind}) in {wildcards.cohort}, fold {wildcards.fold}"
    script:
        "../scripts/rerun_fold.py"


rule summarise_permutations:
    """Reruns with permuted labels of all folds -> the permutation test: table, p-values, figure, words."""
    input:
        predictions=configuration.per_fold("results/{cohort}/reruns/permuted/fold_{fold}.tsv"),
        promoters=configuration.per_fold("results/{cohort}/reruns/permuted/promoters_{fold}.tsv"),
        library=library("summarise_permutations"),
    output:
        permutation_test="results/{cohort}/permutation_test.tsv",
        p_values="results/{cohort}/permutation_p_values.tsv",
        figure=report(
            "results/{cohort}/permutation_test.svg",
            caption="../report/reruns.rst",
            category="Models",
            labels={"cohort": "{cohort}", "result": "Permutation test"},
        ),
        sentences="results/{cohort}/permutation_test.txt",
    log:
        "results/{cohort}/logs/summarise_permutations.log",
    benchmark:
        "results/{cohort}/benchmarks/summarise_permutations.jsonl"
    localrule: True
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=30,
    message:
        "Permutation test of {wildcards.cohort}"
    script:
        "../scripts/summarise_permutations.py"


rule summarise_learning:
    """Reruns with fewer people of all folds -> the learning curve: table, figure, words."""
    input:
        predictions=configuration.per_fold("results/{cohort}/reruns/subsampled/fold_{fold}.tsv"),
        library=library("summarise_learning"),
    output:
        learning_curve="results/{cohort}/learning_curve.tsv",
        figure=report(
            "results/{cohort}/learning_curve.svg",
            caption="../report/reruns.rst",
            category="Models",
            labels={"cohort": "{cohort}", "result": "Learning curve"},
        ),
        sentences="results/{cohort}/learning_curve.txt",
    log:
        "results/{cohort}/logs/summarise_learning.log",
    benchmark:
        "results/{cohort}/benchmarks/summarise_learning.jsonl"
    localrule: True
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=30,
    params:
        seed=configuration.seed,
    message:
        "Learning curve of {wildcards.cohort}"
    script:
        "../scripts/summarise_learning.py"


rule summarise_repeats:
    """Reruns with other partitions into folds -> AUCs over all of them: table, figure, words."""
    input:
        predictions=configuration.per_fold("results/{cohort}/reruns/repeated/fold_{fold}.tsv"),
        library=library("summarise_repeats"),
    output:
        repeated_folds="results/{cohort}/repeated_folds.tsv",
        figure=report(
            "results/{cohort}/repeated_folds.svg",
            caption="../report/reruns.rst",
            category="Models",
            labels={"cohort": "{cohort}", "result": "Repeated folds"},
        ),
        sentences="results/{cohort}/repeated_folds.txt",
    log:
        "results/{cohort}/logs/summarise_repeats.log",
    benchmark:
        "results/{cohort}/benchmarks/summarise_repeats.jsonl"
    localrule: True
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=30,
    message:
        "Repeated folds of {wildcards.cohort}"
    script:
        "../scripts/summarise_repeats.py"
