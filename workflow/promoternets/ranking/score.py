"""Score the promoters of one shard in one outer fold."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from promoternets.errors import InputError
from promoternets.formats.outer_fold import OuterFold
from promoternets.networks.encoding import Encoder
from promoternets.networks.promoter_cnn import PromoterCNN
from promoternets.ranking.promoters import Promoters
from promoternets.seeds import derive
from promoternets.training.ensemble import Task, train_ensemble
from promoternets.training.measures import SCORES, standard_error
from promoternets.training.settings import TrainingSettings

logger = logging.getLogger(__name__)
STACK = {"cpu": 16, "cuda": 2048}  # promoters side by side, if memory allows; more gain nothing on a CPU
COLUMNS = [
    "promoter",
    "fold",
    "score",
    "se",
    "metric",
    "epochs",
    "best_epoch",
    "train_people",
    "validation_people",
    "sites",
]
BYTES_PER_PARAMETER = 4 * 6  # weight, gradient, best weights, two optimiser moments, one temporary


def stack_size(people: int, sites: int, channels: int, memory_mb: int, device: str) -> int:
    """Return how many promoters are trained side by side: a run of promoters that does not depend on shards.

    The estimate counts the genotypes, six copies of the parameters and the activations of a validation batch.
    """
    parameters = sum(value.numel() for value in PromoterCNN(channels, sites).parameters())
    activations = 512 * sites * (channels + 4 + 32 * 3) * 4
    each = people * sites * 2 + parameters * BYTES_PER_PARAMETER + activations
    fits = int(memory_mb * 2**20 * 0.8 // each)
    if fits < 1:
        raise InputError(
            f"{memory_mb} MB hold not even one promoter's network of {people:,} people ({each / 2**20:.0f} MB)",
            fix="Raise ranking.memory_mb",
        )
    return min(fits, STACK[device])


def shard_members(promoters: int, stack: int, shard: int, shards: int) -> list[list[int]]:
    """Return the stacks of one shard: whole runs of `stack` neighbouring promoters, dealt out in turn.

    The stacks are the same for any number of shards, so the scores are too, to the last bit.
    """
    runs = [list(range(start, min(start + stack, promoters))) for start in range(0, promoters, stack)]
    return runs[shard - 1 :: shards]


def score_promoters(
    promoters: Promoters,
    people: OuterFold,
    *,
    fold: int,
    shard: int,
    shards: int,
    encoding: str,
    metric: str,
    rounds: int,
    settings: TrainingSettings,
    memory_mb: int,
    seed: int,
    device: torch.device,
    checkpoint: Path | None = None,
) -> pd.DataFrame:
    """Score each promoter of a shard by Promoter-CNNs, on people of the training part that they did not see.

    In each round of an inner cross-validation a network learns from the other training people; the score is the
    mean over rounds, and its standard error that of the mean (rounds taken as independent).

    Returns
    -------
    DataFrame: promoter, fold, score, se, metric, epochs (mean over rounds), best_epoch, train_people (of one round),
    validation_people (of all rounds), sites.
    """
    encoder = Encoder(encoding)
    if encoder.encoding == "standardised":
        raise InputError("the ranking has no standardised encoding", fix="Use one_hot, scalar or haplotype")
    size = stack_size(len(promoters.sample_ids), promoters.sites, encoder.channels, memory_mb, device.type)
    members = [index for stack in shard_members(len(promoters), size, shard, shards) for index in stack]
    parts = people.validation_rounds(rounds)
    logger.info(
        "fold %d, shard %d of %d: %d promoters, %d at once, %d rounds; %d people train, %d validate in the first",
        fold, shard, shards, len(members), size, rounds, *map(len, parts[0]),
    )  # fmt: skip
    if not members:
        return pd.DataFrame(columns=COLUMNS)
    scores, errors, epochs, best = (np.zeros((rounds, len(members))) for _ in range(4))
    for number, (training, validation) in enumerate(parts):
        task = Task(
            build=lambda: PromoterCNN(encoder.channels, promoters.sites),
            seeds=[derive(seed, "promoter_cnn", promoters.ids[index], fold, number) for index in members],
            inputs=lambda rows: torch.from_numpy(promoters.read([members[row] for row in rows], encoder.source)),
            encode=encoder,
            labels=torch.from_numpy(people.labels)[None],
            training=training,
            validation=validation,
        )
        trained = train_ensemble(
            task, settings, device=device, members_at_once=size, keep_weights=False,
            checkpoint=checkpoint and checkpoint.with_name(f"{checkpoint.name}.round_{number + 1}"),
            what=f"Promoter-CNNs of fold {fold}, shard {shard}, round {number + 1} of {rounds}",
        )  # fmt: skip
        labels = people.labels[validation]
        log_odds = torch.from_numpy(np.stack([member.validation_scores for member in trained]))
        scores[number] = SCORES[metric](log_odds, torch.from_numpy(labels).expand(len(trained), -1)).numpy()
        cases = int(labels.sum())
        errors[number] = [standard_error(metric, score, cases, len(labels) - cases) for score in scores[number]]
        epochs[number] = [len(member.history) for member in trained]
        best[number] = [member.best_epoch for member in trained]
    return pd.DataFrame(
        {
            "promoter": [promoters.ids[index] for index in members],
            "fold": fold,
            "score": scores.mean(0),
            "se": np.sqrt((errors**2).sum(0)) / rounds,
            "metric": metric,
            "epochs": epochs.mean(0),
            "best_epoch": best.mean(0),
            "train_people": len(parts[0][0]),
            "validation_people": sum(len(validation) for _, validation in parts),
            "sites": [int((promoters.site_rows(index) >= 0).sum()) for index in members],
        }
    )[COLUMNS]
