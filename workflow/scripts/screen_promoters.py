"""One rung of successive halving: the promoters of one shard in one outer fold, tried for a few epochs."""

import sys
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *,
    blocks: list[Path],
    samples: Path,
    folds: Path,
    fold: int,
    rung: int,
    scores: Path,
    before: list[Path] | None = None,
    offset: Path | None = None,
    shard: int = 1,
    shards: int = 1,
    top: int = 32,
    encoding: Literal["one_hot", "scalar", "haplotype"] = "one_hot",
    preset: Literal["default", "published"] = "default",
    score: Literal["auc", "accuracy", "balanced_accuracy", "within_strata_auc"] | None = None,
    rounds: int = 2,
    strata: list[str] | None = None,
    epochs: int | None = None,
    patience: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    memory_mb: int = 2000,
    seed: int = 42,
    gpu: int = 0,
    threads: int = 1,
    checkpoints: Path | None = None,
) -> None:
    """Train one Promoter-CNN per promoter that is still in, for the few epochs of a rung, and score it.

    In the first rung all promoters are in, in the next those of the highest scores.

    Args:
        blocks: block stores (Zarr), one per chromosome
        samples: matched people (TSV: sample, phenotype 0/1)
        folds: folds (TSV: sample, fold, inner)
        fold: the outer fold whose people are left out, from 1
        rung: number of the rung, from 1
        scores: table to write (TSV: promoter, fold, score, se, ..., rung)
        before: tables of the rung before, all shards of the fold; none for the first
        offset: log-odds known beforehand (TSV: sample, log_odds); the networks learn what these do not say
        shard: which share of the promoters to score, from 1
        shards: in how many shares the promoters are divided; results do not depend on it
        top: promoters to be selected in the end; at least four times as many go on
        encoding: genotypes as one-hot with a missing channel, as 0/1/2, or as two haplotypes (phased data)
        preset: training settings: default, or published (plain SGD, last weights)
        score: the measure on validation people (not given, or an accuracy, which tells little after an epoch:
            within_strata_auc, which compares people of the same stratum only, where there are strata, else auc)
        rounds: rounds of the inner cross-validation that scores a promoter in the end; a rung may use fewer
        strata: columns of strata within which is scored (batch, if there is one, when not given)
        epochs: passes over the training people in the end, at most (the preset's if not given); a rung has fewer
        patience: stop after so many epochs without a lower validation loss (the preset's if not given)
        batch_size: people per step (the preset's if not given)
        learning_rate: step size (the preset's if not given)
        memory_mb: memory the stacked networks may take, MB
        seed: base seed
        gpu: 1 to train on a GPU (an error if there is none), 0 for the CPU
        threads: CPU threads; 1 is usually fastest
        checkpoints: folder to save progress in and to resume from; removed at the end
    """
    from promoternets.errors import InputError
    from promoternets.formats.offsets import read_offsets
    from promoternets.formats.outer_fold import read_outer_fold
    from promoternets.formats.outputs import remove
    from promoternets.formats.rungs import RUNGS
    from promoternets.formats.strata import read_stratum
    from promoternets.formats.tables import write_table
    from promoternets.ranking.halving import survivors
    from promoternets.ranking.presets import PRESETS
    from promoternets.ranking.promoters import Promoters
    from promoternets.ranking.score import Scoring, default_metric, score_promoters
    from promoternets.training.device import choose_device

    if not 1 <= rung <= len(RUNGS) or bool(before) != (rung > 1):
        raise InputError(
            f"there is no rung {rung} with {len(before or []):,} tables of the one before",
            fix=f"Rungs go from 1 to {len(RUNGS)}; all but the first need all shards of the one before (--before)",
        )
    device = choose_device(gpu, threads)
    promoters = Promoters(blocks)
    settings = PRESETS[preset].changed(
        epochs=epochs, patience=patience, batch_size=batch_size, learning_rate=learning_rate
    )
    people = read_outer_fold(promoters.sample_ids, samples, folds, fold)
    stratum, permuted_within = read_stratum(samples, promoters.sample_ids, strata)
    metric = default_metric(people.labels, stratum)
    scoring = Scoring(encoding, score or metric, rounds, settings, memory_mb)
    table, _ = score_promoters(
        promoters,
        people,
        scoring.of_rung(RUNGS[rung - 1], metric),
        chosen=survivors(before, rung - 1, promoters.ids, fold=fold, top=top) if before else None,
        fold=fold,
        shard=shard,
        shards=shards,
        seed=seed,
        device=device,
        stratum=stratum,
        permuted_within=permuted_within,
        offset=read_offsets(offset, promoters.sample_ids),
        checkpoints=checkpoints,
    )
    write_table(table.assign(rung=rung), scores)
    if checkpoints is not None:
        remove(checkpoints)


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
