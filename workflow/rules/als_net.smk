rule train_als_net:
    """Selected promoters of one fold -> an ensemble of ALS-Nets and its predictions for the people tested."""
    input:
        selected="results/{cohort}/selected/fold_{fold}.zarr",
        samples="results/{cohort}/samples.tsv",
        folds="results/{cohort}/folds.tsv",
        offset=configuration.offset("als_net"),
        library=library("train_als_net"),
    output:
        weights="results/{cohort}/als_net/fold_{fold}/weights.safetensors",
        model="results/{cohort}/als_net/fold_{fold}/model.json",
        history="results/{cohort}/als_net/fold_{fold}/history.tsv",
        predictions="results/{cohort}/predictions/als_net/fold_{fold}.tsv",
    log:
        "results/{cohort}/logs/train_als_net.fold_{fold}.log",
    benchmark:
        "results/{cohort}/benchmarks/train_als_net.fold_{fold}.jsonl"
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
        seeds=setting("als_net", "seeds"),
        epochs=setting("als_net", "epochs"),
        patience=setting("als_net", "patience"),
        batch_size=setting("als_net", "batch_size"),
        learning_rate=setting("als_net", "learning_rate"),
        weight_decay=setting("als_net", "weight_decay"),
        seed=configuration.seed,
        # no output, so that a job that was stopped finds it again
        checkpoint="results/{cohort}/checkpoints/als_net/fold_{fold}",
    message:
        "Training ALS-Net on {wildcards.cohort}, fold {wildcards.fold}"
    script:
        "../scripts/train_als_net.py"
