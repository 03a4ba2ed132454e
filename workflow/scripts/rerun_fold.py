"""Selection and training of one outer fold once more: with permuted labels, fewer people, or other folds."""

import sys
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *,
    block_stores: list[Path],
    blocks: Path,
    samples: Path,
    folds: Path,
    fold: int,
    kind: Literal["permuted", "subsampled", "repeated"],
    predictions: Path,
    promoters: Path,
    permutations: int = 20,
    shares: list[float] | None = None,
    replicates: int = 2,
    repeats: int = 3,
    models: list[str] | None = None,
    strata: list[str] | None = None,
    ranking_encoding: Literal["one_hot", "scalar", "haplotype"] = "one_hot",
    ranking_preset: Literal["default", "published"] = "default",
    ranking_epochs: int | None = None,
    ranking_patience: int | None = None,
    ranking_batch_size: int | None = None,
    ranking_learning_rate: float | None = None,
    score: Literal["auc", "accuracy", "balanced_accuracy", "within_strata_auc"] | None = None,
    rounds: int = 2,
    memory_mb: int = 2000,
    top: int = 32,
    per_chromosome: int | None = None,
    max_shared: float = 1.0,
    preset: Literal["default", "published"] = "default",
    encoding: Literal["one_hot", "scalar", "haplotype", "standardised"] | None = None,
    linear_path: bool | None = None,
    epochs: int | None = None,
    patience: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    weight_decay: float | None = None,
    seed: int = 42,
    gpu: int = 0,
    threads: int = 1,
    checkpoints: Path | None = None,
) -> None:
    """Rank promoters, select, train and predict in reruns of one outer fold.

    The reruns train the networks as the workflow does, one network a rerun, without offsets.

    Args:
        block_stores: block stores (Zarr), one per chromosome
        blocks: table of all blocks (TSV)
        samples: matched people (TSV: sample, phenotype 0/1, covariates)
        folds: folds (TSV: sample, fold, inner)
        fold: the outer fold whose people are tested, from 1
        kind: labels permuted within strata, training people subsampled, or other partitions into folds
        predictions: table to write (TSV: rerun, share, training_people, model, fold, sample, phenotype, probability)
        promoters: table to write (TSV: rerun, fold, promoter, score, rank, selected)
        permutations: reruns with permuted labels, beside one with the labels as they are
        shares: shares of the training people, 1 for all of them (0.25, 0.5, 0.75 and 1 if not given)
        replicates: subsamples of each share below 1
        repeats: other partitions into folds
        models: als_net, logistic_regression (both if not given)
        strata: columns of strata within which labels are permuted (batch, if there is one, when not given)
        ranking_encoding: genotypes of the Promoter-CNNs
        ranking_preset: training settings of the Promoter-CNNs
        ranking_epochs: passes of the Promoter-CNNs over the training people, at most
        ranking_patience: stop a Promoter-CNN after so many epochs without a lower validation loss
        ranking_batch_size: people per step of the Promoter-CNNs
        ranking_learning_rate: step size of the Promoter-CNNs
        score: what promoters are ranked by (not given: within_strata_auc where there are strata, else auc)
        rounds: rounds of the inner cross-validation that scores a promoter
        memory_mb: memory the stacked networks may take, MB
        top: promoters to select
        per_chromosome: select so many on each chromosome instead
        max_shared: skip a promoter that shares more than this share of its sites with better ones
        preset: training settings of ALS-Net
        encoding: genotypes of ALS-Net (the preset's if not given)
        linear_path: whether an elastic net of the sites runs beside ALS-Net's deep layers (the preset's if not given)
        epochs: passes of ALS-Net over the training people, at most
        patience: stop ALS-Net after so many epochs without a lower validation loss
        batch_size: people per step of ALS-Net
        learning_rate: step size of ALS-Net
        weight_decay: decoupled weight decay of ALS-Net
        seed: base seed
        gpu: 1 to train on a GPU (an error if there is none), 0 for the CPU
        threads: CPU threads; 1 is usually fastest
        checkpoints: folder to save progress in and to resume from; removed at the end
    """
    from promoternets.als_net import presets as als_net_presets
    from promoternets.folds.assign import family_codes
    from promoternets.formats.outer_fold import read_outer_fold
    from promoternets.formats.outputs import remove
    from promoternets.formats.strata import read_stratum
    from promoternets.formats.tables import read_table, write_table
    from promoternets.ranking import presets as ranking_presets
    from promoternets.ranking.promoters import Promoters
    from promoternets.ranking.score import Scoring, default_metric
    from promoternets.reruns import pipeline, plans
    from promoternets.training.device import choose_device

    device = choose_device(gpu, threads)
    cohort = Promoters(block_stores)
    people = read_outer_fold(cohort.sample_ids, samples, folds, fold)
    stratum, _ = read_stratum(samples, cohort.sample_ids, strata)
    table = read_table(samples, columns=["sample", "phenotype"], what="sample table").set_index("sample")
    table = table.loc[list(cohort.sample_ids)].reset_index()
    if kind == "permuted":
        reruns = plans.permuted_reruns(people, stratum, permutations=permutations, seed=seed)
    elif kind == "subsampled":
        chosen = shares or [0.25, 0.5, 0.75, 1.0]
        reruns = plans.subsampled_reruns(people, shares=chosen, replicates=replicates, seed=seed)
    else:
        parts = read_table(folds, columns=["sample", "fold", "inner"], what="table of folds")
        with_folds = table.merge(parts[["sample", "fold", "inner"]], on="sample")
        reruns = plans.repeated_reruns(with_folds, cohort.sample_ids, fold, repeats=repeats, seed=seed)
    predicted, ranked = pipeline.run(
        cohort,
        reruns,
        fold=fold,
        scoring=Scoring(
            ranking_encoding,
            score or default_metric(people.labels, stratum),
            rounds,
            ranking_presets.PRESETS[ranking_preset].changed(
                epochs=ranking_epochs,
                patience=ranking_patience,
                batch_size=ranking_batch_size,
                learning_rate=ranking_learning_rate,
            ),
            memory_mb,
        ),
        selection=pipeline.Selection(
            read_table(blocks, columns=["promoter", "chrom"], what="table of blocks", dtypes={"tss": "int64"}),
            cohort.site_names(),
            top,
            per_chromosome,
            max_shared,
        ),
        preset=als_net_presets.PRESETS[preset].changed(
            encoding=encoding,
            linear_path=linear_path,
            epochs=epochs,
            patience=patience,
            batch_size=batch_size,
            learning_rate=learning_rate,
            weight_decay=weight_decay,
        ),
        models=models or [pipeline.NETWORK, pipeline.LINEAR],
        stratum=stratum,
        family=family_codes(table),
        seed=seed,
        device=device,
        checkpoints=checkpoints,
    )
    write_table(predicted, predictions)
    write_table(ranked, promoters)
    if checkpoints is not None:
        remove(checkpoints)


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
