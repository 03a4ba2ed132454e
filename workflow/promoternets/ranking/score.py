"""Score the promoters of one shard in one outer fold, with their labels and with permuted ones."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from promoternets.errors import InputError
from promoternets.formats.outer_fold import OuterFold
from promoternets.formats.rungs import Rung
from promoternets.formats.strata import EVERYBODY
from promoternets.networks.encoding import Encoder
from promoternets.networks.initialisation import drawn_glorot_uniform
from promoternets.networks.promoter_cnn import KERNEL, PromoterCNN
from promoternets.networks.stretches import Stretches
from promoternets.permutations import movable, permutation_cells, permuted, validating_parts
from promoternets.ranking.promoters import Promoters
from promoternets.seeds import derive
from promoternets.training.ensemble import Task, centred_offset, train_ensemble
from promoternets.training.measures import (
    SCORES,
    WITHIN,
    standard_error,
    within_strata,
    within_strata_standard_error,
)
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
    "permuted_within",
    "movable",
]
NULL_COLUMNS = ["promoter", "fold", "permutation", "score"]
BYTES_PER_PARAMETER = 4 * 6  # weight, gradient, best weights, two optimiser moments, one temporary


def stack_size(people: int, sites: int, channels: int, memory_mb: int, device: str) -> int:
    """Return how many promoters are trained side by side: a run of promoters that does not depend on shards.

    The estimate counts the genotypes and what people share of them, six copies of the parameters and the activations
    of a validation batch.
    """
    parameters = sum(value.numel() for value in PromoterCNN(channels, sites).parameters())
    activations = 512 * sites * (channels + 4 + 32 * 3) * 4
    each = people * sites * 5 + parameters * BYTES_PER_PARAMETER + activations
    fits = int(memory_mb * 2**20 * 0.8 // each)
    if fits < 1:
        raise InputError(
            f"{memory_mb} MB hold not even one promoter's network of {people:,} people ({each / 2**20:.0f} MB)",
            fix="Raise ranking.memory_mb",
        )
    return min(fits, STACK[device])


def shard_members(promoters: Sequence[int], stack: int, shard: int, shards: int) -> list[list[int]]:
    """Return the stacks of one shard: whole runs of `stack` promoters that follow each other, dealt out in turn.

    The stacks are the same for any number of shards, so the scores are too, to the last bit.
    """
    runs = [list(promoters[start : start + stack]) for start in range(0, len(promoters), stack)]
    return runs[shard - 1 :: shards]


@dataclass(frozen=True)
class Scoring:
    """How promoters are scored.

    Attributes
    ----------
    encoding : of the genotypes, see `networks.encoding`.
    metric : a key of `training.measures.SCORES`, or ``within_strata_auc``.
    rounds : of the inner cross-validation.
    settings : how each network is trained.
    memory_mb : memory that the networks side by side may take.
    first_rounds : how many of the rounds are trained; None for all.
    """

    encoding: str
    metric: str
    rounds: int
    settings: TrainingSettings
    memory_mb: int
    first_rounds: int | None = None

    def parts(self, people: OuterFold) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return who fits and who validates in each round that is trained, int indices."""
        return people.validation_rounds(self.rounds)[: self.first_rounds]

    def of_rung(self, rung: Rung, metric: str) -> Scoring:
        """Return how promoters are scored in a rung of successive halving.

        metric : in place of an accuracy, which after an epoch is that of calling all people cases, or none.
        """
        settings = self.settings.changed(epochs=min(rung.epochs, self.settings.epochs))
        metric = self.metric if self.metric in ("auc", WITHIN) else metric
        return replace(self, metric=metric, settings=settings, first_rounds=rung.rounds)


def default_metric(labels: np.ndarray, stratum: np.ndarray) -> str:
    """Return what promoters are scored by where nothing is asked for: the AUC within strata, where there are strata.

    The plain AUC where there is one stratum, or each is of one class, so that no pair of a case and a control is of
    the same stratum.
    """
    several = len(np.unique(stratum)) > 1 and movable(labels, np.unique(stratum, return_inverse=True)[1]) > 0
    return WITHIN if several else "auc"


@dataclass(frozen=True)
class Scores:
    """Scores and how they came about, float64 [rounds, members] each."""

    score: np.ndarray
    error: np.ndarray
    epochs: np.ndarray
    best_epoch: np.ndarray


def score_promoters(
    promoters: Promoters,
    people: OuterFold,
    scoring: Scoring,
    *,
    fold: int,
    shard: int,
    shards: int,
    seed: int,
    device: torch.device,
    chosen: Sequence[int] | None = None,
    null_of: Sequence[int] | None = None,
    permutations: int = 0,
    stratum: np.ndarray | None = None,
    permuted_within: str = EVERYBODY,
    offset: np.ndarray | None = None,
    checkpoints: Path | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Score each promoter of a shard by Promoter-CNNs, on people of the training part that they did not see.

    In each round of an inner cross-validation a network learns from the other training people; the score is the
    mean over rounds, and its standard error that of the mean (rounds taken as independent). In the same ensemble
    `permutations` more networks a promoter learn and are scored on labels permuted within strata, each promoter with
    permutations of its own, the same in all folds.

    Parameters
    ----------
    chosen : which promoters are scored; None for all.
    null_of : which promoters are scored on permuted labels, where these are others; None for those scored.
    stratum : int [people], the strata of a within-strata score and of permutations; None for one stratum.
    permuted_within : what the strata are of, for the record.
    offset : float32 [people], log-odds known beforehand (`training.ensemble.Task.offset`).
    checkpoints : folder to save progress in and to resume from (`training.ensemble.train_ensemble`).

    Returns
    -------
    scores : DataFrame: promoter, fold, score, se, metric, epochs (mean over rounds), best_epoch, train_people (of one
        round), validation_people (of all rounds), sites, permuted_within, movable (share of people whose label can
        change places within their stratum).
    null : DataFrame: promoter, fold, permutation (from 1), score.
    """
    size = stack_size(
        len(promoters.sample_ids), promoters.sites, Encoder(scoring.encoding).channels, scoring.memory_mb, device.type
    )
    nobody = np.zeros(len(people.labels), dtype=np.int64)
    stratum = nobody if stratum is None else stratum
    folds = nobody if people.fold_of is None else people.fold_of
    cells, parts = permutation_cells(stratum, folds, people.inner), validating_parts(folds, people.inner)
    share = movable(people.labels, cells)
    permutations = permutations if share else 0
    chosen = range(len(promoters)) if chosen is None else chosen
    groups = [(chosen, range(permutations + 1))]
    if null_of is not None:  # apart, so that the stacks are the same for any number of shards
        groups = [(chosen, range(1)), (null_of, range(1, permutations + 1))]
    scores, null = [pd.DataFrame(columns=COLUMNS)], [pd.DataFrame(columns=NULL_COLUMNS)]
    for place, (which, numbers) in enumerate(groups):
        members = [
            (index, number)
            for stack in shard_members(which, size, shard, shards)
            for number in numbers
            for index in stack
        ]
        if not members:
            continue
        labels = np.stack([
            permuted(people.labels, cells, parts, seed, promoters.ids[index], number) if number else people.labels
            for index, number in members
        ]).astype(np.int8)  # fmt: skip
        seeds = [(promoters.ids[index], fold, *([number] if number else [])) for index, number in members]
        found = score_members(
            promoters, people, scoring, members=[index for index, _ in members], labels=labels, names=seeds, size=size,
            seed=seed, device=device, stratum=stratum, offset=offset,
            checkpoints=checkpoints and checkpoints / f"group_{place + 1}",
            what=f"Promoter-CNNs of fold {fold}, shard {shard}",
        )  # fmt: skip
        own, by_chance = _tables(promoters, people, scoring, members, found, fold)
        scores.append(own.assign(permuted_within=permuted_within, movable=share)[COLUMNS])
        null.append(by_chance)
    return _together(scores), _together(null)


def _together(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Join tables; the first, which is empty, where no other has rows."""
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def score_members(
    promoters: Promoters,
    people: OuterFold,
    scoring: Scoring,
    *,
    members: Sequence[int],
    labels: np.ndarray,
    names: Sequence[tuple],
    size: int,
    seed: int,
    device: torch.device,
    what: str,
    stratum: np.ndarray | None = None,
    offset: np.ndarray | None = None,
    checkpoints: Path | None = None,
) -> Scores:
    """Train and score networks, each of some promoter (`members`) with labels of its own (int8 [members, people])."""
    encoder = Encoder(scoring.encoding)
    if encoder.encoding == "standardised":
        raise InputError("the ranking has no standardised encoding", fix="Use one_hot, scalar or haplotype")
    parts = scoring.parts(people)
    logger.info(
        "%s: %d networks, %d at once, %d rounds; %d people train, %d validate in the first",
        what, len(members), size, len(parts), *map(len, parts[0]),
    )  # fmt: skip
    score, error, epochs, best = (np.zeros((len(parts), len(members))) for _ in range(4))
    for number, (training, validation) in enumerate(parts):
        task = Task(
            build=lambda: PromoterCNN(encoder.channels, promoters.sites),
            seeds=[derive(seed, "promoter_cnn", *own, number) for own in names],
            inputs=lambda rows: torch.from_numpy(promoters.read([members[row] for row in rows], encoder.source)),
            encode=encoder,
            initialise=drawn_glorot_uniform,
            share=None if promoters.has_dosages else lambda stored, chosen: Stretches(stored, chosen, encoder, KERNEL),
            labels=torch.from_numpy(labels),
            training=training,
            validation=validation,
            offset=centred_offset(offset, people.labels[training], scoring.settings),
        )
        trained = train_ensemble(
            task, scoring.settings, device=device, members_at_once=size, keep_weights=False,
            checkpoint=checkpoints and checkpoints / f"round_{number + 1}",
            what=f"{what}, round {number + 1} of {len(parts)}",
        )  # fmt: skip
        log_odds = np.stack([member.validation_scores for member in trained])
        score[number], error[number] = _measure(
            scoring.metric, log_odds, labels[:, validation], None if stratum is None else stratum[validation]
        )
        epochs[number] = [len(member.history) for member in trained]
        best[number] = [member.best_epoch for member in trained]
    return Scores(score, error, epochs, best)


def _measure(
    metric: str, log_odds: np.ndarray, labels: np.ndarray, stratum: np.ndarray | None
) -> tuple[np.ndarray, list[float]]:
    """Return each member's score and its standard error, from [members, validation people]."""
    scores, truth = torch.from_numpy(log_odds), torch.from_numpy(labels.astype(np.int64))
    if metric == WITHIN:
        stratum = np.zeros(labels.shape[1], dtype=np.int64) if stratum is None else stratum
        found = within_strata(scores, truth, torch.from_numpy(stratum)).numpy()
        if np.isnan(found).any():
            raise InputError(
                "no stratum has both cases and controls among the validation people, so there is no AUC within strata",
                fix="Rank by auc, or name other columns in audit.strata",
            )
        errors = [within_strata_standard_error(value, own, stratum) for value, own in zip(found, labels, strict=True)]
        return found, errors
    found = SCORES[metric](scores, truth).numpy()
    cases = labels.sum(axis=1, dtype=np.int64)
    return found, [
        standard_error(metric, value, int(own), labels.shape[1] - int(own))
        for value, own in zip(found, cases, strict=True)
    ]


def _tables(
    promoters: Promoters,
    people: OuterFold,
    scoring: Scoring,
    members: Sequence[tuple[int, int]],
    found: Scores,
    fold: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the scores with the true labels, and those with permuted ones."""
    parts = scoring.parts(people)
    table = pd.DataFrame(
        {
            "promoter": [promoters.ids[index] for index, _ in members],
            "fold": fold,
            "permutation": [number for _, number in members],
            "score": found.score.mean(0),
            "se": np.sqrt((found.error**2).sum(0)) / len(parts),
            "metric": scoring.metric,
            "epochs": found.epochs.mean(0),
            "best_epoch": found.best_epoch.mean(0),
            "train_people": len(parts[0][0]),
            "validation_people": sum(len(validation) for _, validation in parts),
            "sites": [int((promoters.site_rows(index) >= 0).sum()) for index, _ in members],
        }
    )
    own = table["permutation"] == 0
    return table[own].reset_index(drop=True), table.loc[~own, NULL_COLUMNS].reset_index(drop=True)
