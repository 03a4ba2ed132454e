rule train_als_net:
    """Selected sites of one fold -> an ensemble of ALS-Nets and its predictions for the people tested."""
    input:
        selected=configuration.of_sites(
            cnn="results/{cohort}/selected/fold_{fold}.zarr", gwas="results/{cohort}/gwas/selected/fold_{fold}.zarr"
        ),
        samples="results/{cohort}/samples.tsv",
        folds="results/{cohort}/folds.tsv",
        offset=configuration.offset("als_net"),
        library=library("train_als_net"),
    output:
        weights="results/{cohort}/{network}/fold_{fold}/weights.safetensors",
        model="results/{cohort}/{network}/fold_{fold}/model.json",
        history="results/{cohort}/{network}/fold_{fold}/history.tsv",
        predictions="results/{cohort}/predictions/{network}/fold_{fold}.tsv",
    log:
        "results/{cohort}/logs/train_als_net.{network}.fold_{fold}.log",
    benchmark:
        "results/{cohort}/benchmarks/train_als_net.{network}.fold_{fold}.jsonl"
    wildcard_constraints:
        network="als_net|als_net_gwas",
    priority: 20  # the longest jobs; the baselines fill in behind them
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=720,
        gpu=configuration.gpu,
    params:
        preset=setting("als_net", "preset"),
        encoding=setting("als_net", "encoding"),
        linear_path=setting("als_net", "linear_path"),
        seeds=setting("als_net", "seeds"),
        epochs=setting("als_net", "epochs"),
        patience=setting("als_net", "patience"),
        batch_size=setting("als_net", "batch_size"),
        learning_rate=setting("als_net", "learning_rate"),
        weight_decay=setting("als_net", "weight_decay"),
        seed=configuration.seed,
        # no output, so that a job that was stopped finds it again
        checkpoints=placed("results/{cohort}/checkpoints/{network}/fold_{fold}"),
    message:
        "Training {wildcards.network} on {wildcards.cohort}, fold {wildcards.fold}"
    script:
        "../scripts/train_als_net.py"
