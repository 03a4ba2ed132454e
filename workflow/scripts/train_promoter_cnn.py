"""Scores of one shard of promoters in one outer fold: a Promoter-CNN for each."""

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
    scores: Path,
    null: Path,
    screened: list[Path] | None = None,
    offset: Path | None = None,
    shard: int = 1,
    shards: int = 1,
    top: int | None = None,
    encoding: Literal["one_hot", "scalar", "haplotype"] = "one_hot",
    preset: Literal["default", "published"] = "default",
    score: Literal["auc", "accuracy", "balanced_accuracy", "within_strata_auc"] | None = None,
    rounds: int = 2,
    permutations: int | None = None,
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
    """Train one Promoter-CNN per promoter on training people of a fold, and score it on its inner validation part.

    Beside it train others on permuted labels, whose scores are the null that the promoter is compared with.

    Args:
        blocks: block stores (Zarr), one per chromosome
        samples: matched people (TSV: sample, phenotype 0/1)
        folds: folds (TSV: sample, fold, inner)
        fold: the outer fold whose people are left out, from 1
        scores: table to write (TSV: promoter, fold, score, se, ...)
        null: table of scores with permuted labels to write (TSV: promoter, fold, permutation, score)
        screened: tables of the last rung of successive halving, all shards of the fold: only the best promoters are
            trained, and as many, of all, on permuted labels; none to train all
        offset: log-odds known beforehand (TSV: sample, log_odds); the networks learn what these do not say
        shard: which share of the promoters to score, from 1
        shards: in how many shares the promoters are divided; results do not depend on it
        top: promoters to be selected in the end; where there was halving, at least four times as many are trained
        encoding: genotypes as one-hot with a missing channel, as 0/1/2, or as two haplotypes (phased data)
        preset: training settings: default, or published (plain SGD, 50 epochs, last weights)
        score: the measure on validation people (not given: within_strata_auc, which compares people of the same
            stratum only, where there are strata, else auc)
        rounds: rounds of the inner cross-validation that scores a promoter; 1 is a single hold-out
        permutations: networks a promoter that learn from permuted labels; 0 for no null (not given: as many as give 64
            null scores in a fold, 1 from 64 promoters on)
        strata: columns of strata within which labels are permuted and scored (batch, if there is one, when not given)
        epochs: passes over the training people, at most (the preset's if not given)
        patience: stop after so many epochs without a lower validation loss (the preset's if not given)
        batch_size: people per step (the preset's if not given)
        learning_rate: step size (the preset's if not given)
        memory_mb: memory the stacked networks may take, MB
        seed: base seed
        gpu: 1 to train on a GPU (an error if there is none), 0 for the CPU
        threads: CPU threads; 1 is usually fastest
        checkpoints: folder to save progress in and to resume from; removed at the end
    """
    from promoternets.formats.offsets import read_offsets
    from promoternets.formats.outer_fold import read_outer_fold
    from promoternets.formats.outputs import remove
    from promoternets.formats.rungs import RUNGS
    from promoternets.formats.strata import read_stratum
    from promoternets.formats.tables import write_table
    from promoternets.permutations import permutations_for
    from promoternets.ranking.halving import null_sample, survivors
    from promoternets.ranking.presets import PRESETS
    from promoternets.ranking.promoters import Promoters
    from promoternets.ranking.score import Scoring, default_metric, score_promoters
    from promoternets.training.device import choose_device

    device = choose_device(gpu, threads)
    promoters = Promoters(blocks)
    settings = PRESETS[preset].changed(
        epochs=epochs, patience=patience, batch_size=batch_size, learning_rate=learning_rate
    )
    people = read_outer_fold(promoters.sample_ids, samples, folds, fold)
    stratum, permuted_within = read_stratum(samples, promoters.sample_ids, strata)
    chosen = survivors(screened, len(RUNGS), promoters.ids, fold=fold, top=top or 0) if screened else None
    null_of = null_sample(len(promoters), top or 0) if screened else None
    by_chance = permutations_for(len(null_of or promoters)) if permutations is None else permutations
    table, null_table = score_promoters(
        promoters,
        people,
        Scoring(encoding, score or default_metric(people.labels, stratum), rounds, settings, memory_mb),
        chosen=chosen,
        null_of=null_of,
        fold=fold,
        shard=shard,
        shards=shards,
        seed=seed,
        device=device,
        permutations=by_chance,
        stratum=stratum,
        permuted_within=permuted_within,
        offset=read_offsets(offset, promoters.sample_ids),
        checkpoints=checkpoints,
    )
    write_table(table, scores)
    write_table(null_table, null)
    if checkpoints is not None:
        remove(checkpoints)


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
