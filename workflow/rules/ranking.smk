rule screen_promoters:
    """Blocks + folds -> the score of each promoter of one shard in one fold after a rung of successive halving."""
    input:
        blocks=configuration.per_chromosome("results/{cohort}/blocks/{chrom}.zarr"),
        samples="results/{cohort}/samples.tsv",
        folds="results/{cohort}/folds.tsv",
        before=configuration.rung_before("results/{cohort}/ranking/fold_{fold}/rung_{rung}/shard_{shard}.tsv"),
        offset=configuration.offset("ranking"),
        library=library("screen_promoters"),
    output:
        scores="results/{cohort}/ranking/fold_{fold}/rung_{rung}/shard_{shard}.tsv",
    log:
        "results/{cohort}/logs/screen_promoters.fold_{fold}.rung_{rung}.shard_{shard}.log",
    benchmark:
        "results/{cohort}/benchmarks/screen_promoters.fold_{fold}.rung_{rung}.shard_{shard}.jsonl"
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: (setting("ranking", "memory_mb")(wildcards) + 2000) * attempt,
        runtime=240,
        gpu=configuration.gpu,
    params:
        shards=setting("ranking", "shards"),
        top=setting("ranking", "top"),
        encoding=setting("ranking", "encoding"),
        preset=setting("ranking", "preset"),
        score=setting("ranking", "score"),
        rounds=setting("ranking", "rounds"),
        strata=setting("audit", "strata"),
        epochs=setting("ranking", "epochs"),
        patience=setting("ranking", "patience"),
        batch_size=setting("ranking", "batch_size"),
        learning_rate=setting("ranking", "learning_rate"),
        memory_mb=setting("ranking", "memory_mb"),
        seed=configuration.seed,
        checkpoints=placed("results/{cohort}/checkpoints/ranking/fold_{fold}.rung_{rung}.shard_{shard}"),
    message:
        "Trying promoters of {wildcards.cohort}, fold {wildcards.fold}, rung {wildcards.rung}, shard {wildcards.shard} of {params.shards}"
    script:
        "../scripts/screen_promoters.py"


rule train_promoter_cnn:
    """Blocks + folds -> the score of each promoter of one shard in one fold, and its scores on permuted labels."""
    input:
        blocks=configuration.per_chromosome("results/{cohort}/blocks/{chrom}.zarr"),
        samples="results/{cohort}/samples.tsv",
        folds="results/{cohort}/folds.tsv",
        screened=configuration.last_rung("results/{cohort}/ranking/fold_{fold}/rung_{rung}/shard_{shard}.tsv"),
        offset=configuration.offset("ranking"),
        library=library("train_promoter_cnn"),
    output:
        scores="results/{cohort}/ranking/fold_{fold}/shard_{shard}.tsv",
        null="results/{cohort}/ranking/fold_{fold}/null_{shard}.tsv",
    log:
        "results/{cohort}/logs/train_promoter_cnn.fold_{fold}.shard_{shard}.log",
    benchmark:
        "results/{cohort}/benchmarks/train_promoter_cnn.fold_{fold}.shard_{shard}.jsonl"
    conda:
        "../../envs/torch.yaml"
    threads: 1  # torch on two busy cores was far slower than on one; shards use the cores instead
    resources:
        # the networks, and beside them torch and the genotypes
        mem_mb=lambda wildcards, attempt: (setting("ranking", "memory_mb")(wildcards) + 2000) * attempt,
        runtime=720,
        gpu=configuration.gpu,
    params:
        shards=setting("ranking", "shards"),
        top=configuration.top_of_halving,
        encoding=setting("ranking", "encoding"),
        preset=setting("ranking", "preset"),
        score=setting("ranking", "score"),
        rounds=setting("ranking", "rounds"),
        permutations=setting("ranking", "permutations"),
        strata=setting("audit", "strata"),
        epochs=setting("ranking", "epochs"),
        patience=setting("ranking", "patience"),
        batch_size=setting("ranking", "batch_size"),
        learning_rate=setting("ranking", "learning_rate"),
        memory_mb=setting("ranking", "memory_mb"),
        seed=configuration.seed,
        # no output, so that a job that was stopped finds it again
        checkpoints=placed("results/{cohort}/checkpoints/ranking/fold_{fold}.shard_{shard}"),
    message:
        "Ranking promoters of {wildcards.cohort}, fold {wildcards.fold}, shard {wildcards.shard} of {params.shards}"
    script:
        "../scripts/train_promoter_cnn.py"


rule scan_promoter_pairs:
    """Blocks + folds -> pairs of promoters of one fold whose sites tell something only together."""
    input:
        blocks=configuration.per_chromosome("results/{cohort}/blocks/{chrom}.zarr"),
        samples="results/{cohort}/samples.tsv",
        folds="results/{cohort}/folds.tsv",
        components="results/{cohort}/audit/components/fold_{fold}.tsv",
        library=library("scan_promoter_pairs"),
    output:
        pairs="results/{cohort}/ranking/fold_{fold}/pairs.tsv",
    log:
        "results/{cohort}/logs/scan_promoter_pairs.fold_{fold}.log",
    benchmark:
        "results/{cohort}/benchmarks/scan_promoter_pairs.fold_{fold}.jsonl"
    conda:
        "../../envs/baselines.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=240,
    params:
        min_maf=setting("interactions", "min_maf"),
        min_carriers=setting("interactions", "min_carriers"),
        max_r2=setting("interactions", "max_r2"),
        most_sites=setting("ranking", "pair_sites"),
    message:
        "Looking for pairs of promoters in {wildcards.cohort}, fold {wildcards.fold}"
    script:
        "../scripts/scan_promoter_pairs.py"


rule rank_promoters:
    """Scores of all shards and folds -> promoters by rank, what their scores are worth, and which are selected."""
    input:
        scores=configuration.per_fold_and_shard("results/{cohort}/ranking/fold_{fold}/shard_{shard}.tsv"),
        null=configuration.per_fold_and_shard("results/{cohort}/ranking/fold_{fold}/null_{shard}.tsv"),
        screened=configuration.all_rungs("results/{cohort}/ranking/fold_{fold}/rung_{rung}/shard_{shard}.tsv"),
        blocks="results/{cohort}/blocks.tsv",
        block_stores=configuration.per_chromosome("results/{cohort}/blocks/{chrom}.zarr"),
        pairs=configuration.promoter_pairs,
        library=library("rank_promoters"),
    output:
        ranking=report(
            "results/{cohort}/ranking.tsv",
            caption="../report/ranking.rst",
            category="Promoters",
            labels={"cohort": "{cohort}", "result": "Ranked promoters in each fold"},
        ),
        promoter_ranking=report(
            "results/{cohort}/promoter_ranking.tsv",
            caption="../report/ranking.rst",
            category="Promoters",
            labels={"cohort": "{cohort}", "result": "Ranked promoters over all folds"},
        ),
        null_summary="results/{cohort}/ranking/null_summary.tsv",
    log:
        "results/{cohort}/logs/rank_promoters.log",
    benchmark:
        "results/{cohort}/benchmarks/rank_promoters.jsonl"
    conda:
        "../../envs/baselines.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=30,
    params:
        top=setting("ranking", "top"),
        per_chromosome=setting("ranking", "per_chromosome"),
        max_shared=setting("ranking", "max_shared"),
        pair_places=setting("ranking", "pair_places"),
    message:
        "Selecting promoters of {wildcards.cohort}"
    script:
        "../scripts/rank_promoters.py"


rule gather_selected:
    """Selected promoters of one fold -> the input of every classifier."""
    input:
        ranking="results/{cohort}/ranking.tsv",
        block_stores=configuration.per_chromosome("results/{cohort}/blocks/{chrom}.zarr"),
        library=library("gather_selected"),
    output:
        selected=directory("results/{cohort}/selected/fold_{fold}.zarr"),
    log:
        "results/{cohort}/logs/gather_selected.fold_{fold}.log",
    benchmark:
        "results/{cohort}/benchmarks/gather_selected.fold_{fold}.jsonl"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=30,
    message:
        "Gathering the selected promoters of {wildcards.cohort}, fold {wildcards.fold}"
    script:
        "../scripts/gather_selected.py"
