"""One outer fold from its promoters to predictions, for several reruns at once."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from promoternets.als_net.linear_path import site_counts, with_linear_path
from promoternets.als_net.presets import Preset
from promoternets.als_net.train import MEMBERS_AT_ONCE
from promoternets.baselines.fit import fit
from promoternets.errors import InputError
from promoternets.formats.outer_fold import STOPPING_PART
from promoternets.networks.als_net import ALSNet
from promoternets.networks.encoding import Encoder
from promoternets.networks.saved import SavedNetworks
from promoternets.ranking.promoters import Promoters
from promoternets.ranking.score import Scoring, score_members, stack_size
from promoternets.ranking.select import rank_promoters
from promoternets.reruns.plans import Rerun, together
from promoternets.seeds import derive
from promoternets.training.ensemble import Task, train_ensemble

logger = logging.getLogger(__name__)
LABELS_AT_ONCE = 200_000_000  # bytes of labels of the networks that are scored in one go
NETWORK, LINEAR = "als_net", "logistic_regression"
PREDICTIONS = ["rerun", "share", "training_people", "model", "fold", "sample", "phenotype", "probability"]
PROMOTERS = ["rerun", "fold", "promoter", "score", "rank", "selected"]


@dataclass(frozen=True)
class Selection:
    """How promoters are chosen from their scores; see `ranking.select.rank_promoters`.

    Attributes
    ----------
    blocks : promoter, gene_id, symbol, chrom, tss, strand.
    sites : the sites of each promoter.
    """

    blocks: pd.DataFrame
    sites: Mapping[str, frozenset[str]]
    top: int
    per_chromosome: int | None
    max_shared: float


def run(
    promoters: Promoters,
    reruns: Sequence[Rerun],
    *,
    fold: int,
    scoring: Scoring,
    selection: Selection,
    preset: Preset,
    models: Sequence[str],
    stratum: np.ndarray,
    family: np.ndarray,
    seed: int,
    device: torch.device,
    checkpoints: Path | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rank, select, train and predict in each rerun; nothing of a rerun sees its test people.

    Parameters
    ----------
    models : of als_net (one network a rerun) and logistic_regression (tuned as the baseline of that name is).
    stratum, family : int [people].
    checkpoints : folder to save progress in and to resume from.

    Returns
    -------
    predictions : DataFrame: rerun, share, training_people, model, fold, sample, phenotype, probability; a row a test
        person, with the phenotype that the rerun gave that person.
    promoters : DataFrame: rerun, fold, promoter, score, rank, selected.
    """
    if preset.encoding == "standardised":
        raise InputError("reruns share an ensemble, which a standardised encoding, fitted in each, cannot",
                         fix="Choose another als_net.encoding")  # fmt: skip
    predictions, ranked = [], []
    for number, group in enumerate(groups := together(reruns), start=1):
        logger.info("fold %d: %d reruns, group %d of %d", fold, len(group), number, len(groups))
        saved = checkpoints and checkpoints / f"group_{number}"
        tables = _ranked(promoters, group, fold, scoring, selection, stratum, seed, device, saved)
        ranked += [table.assign(rerun=rerun.number)[PROMOTERS] for rerun, table in zip(group, tables, strict=True)]
        chosen = [list(table.loc[table["selected"] == 1, "promoter"]) for table in tables]
        if NETWORK in models:
            predictions += _networks(promoters, group, chosen, fold, preset, seed, device, saved)
        if LINEAR in models:
            predictions += [
                _linear(promoters, rerun, own, fold, family, seed) for rerun, own in zip(group, chosen, strict=True)
            ]
    return pd.concat(predictions, ignore_index=True), pd.concat(ranked, ignore_index=True)


def _ranked(
    promoters: Promoters,
    group: Sequence[Rerun],
    fold: int,
    scoring: Scoring,
    selection: Selection,
    stratum: np.ndarray,
    seed: int,
    device: torch.device,
    checkpoints: Path | None,
) -> list[pd.DataFrame]:
    """Return the ranking of each rerun of a group."""
    people = group[0].people
    size = stack_size(
        len(people.labels), promoters.sites, Encoder(scoring.encoding).channels, scoring.memory_mb, device.type
    )
    at_once = max(1, LABELS_AT_ONCE // (len(promoters) * len(people.labels)))
    tables = []
    for start in range(0, len(group), at_once):
        part = group[start : start + at_once]
        labels = np.repeat(np.stack([rerun.people.labels for rerun in part]).astype(np.int8), len(promoters), axis=0)
        names = [(promoter, fold, "rerun", rerun.number) for rerun in part for promoter in promoters.ids]
        found = score_members(
            promoters, people, scoring, members=list(range(len(promoters))) * len(part), labels=labels, names=names,
            size=size, seed=seed, device=device, stratum=stratum, what=f"Promoter-CNNs of {len(part)} reruns",
            checkpoints=checkpoints and checkpoints / f"from_{start + 1}",
        )  # fmt: skip
        for own in found.score.mean(0).reshape(len(part), -1):
            scores = pd.DataFrame({"promoter": promoters.ids, "fold": fold, "score": own, "se": np.nan})
            scores["sites"] = [len(selection.sites[promoter]) for promoter in promoters.ids]
            tables.append(
                rank_promoters(
                    scores, selection.blocks, selection.sites, top=selection.top,
                    per_chromosome=selection.per_chromosome, max_shared=selection.max_shared,
                )
            )  # fmt: skip
    return tables


def _networks(
    promoters: Promoters,
    group: Sequence[Rerun],
    chosen: Sequence[list[str]],
    fold: int,
    preset: Preset,
    seed: int,
    device: torch.device,
    checkpoints: Path | None,
) -> list[pd.DataFrame]:
    """Train one ALS-Net a rerun, those with as many promoters as one ensemble, and predict."""
    encoder = Encoder(preset.encoding).to(device)
    place = {promoter: index for index, promoter in enumerate(promoters.ids)}

    def stored(row: int) -> np.ndarray:
        blocks = promoters.read([place[promoter] for promoter in chosen[row]], encoder.source).swapaxes(0, 1)
        return blocks.reshape(len(blocks), -1, *blocks.shape[3:])

    predictions = []
    for count in sorted({len(own) for own in chosen}):
        rows = [row for row, own in enumerate(chosen) if len(own) == count]
        people = group[rows[0]].people
        training, validation = people.split_training(STOPPING_PART)
        task = Task(
            build=lambda count=count: ALSNet(encoder.channels, count, promoters.sites, preset.initialisation),
            seeds=[derive(seed, "als_net", fold, "rerun", group[row].number) for row in rows],
            inputs=lambda members, rows=rows: torch.from_numpy(np.stack([stored(rows[member]) for member in members])),
            encode=encoder,
            labels=torch.from_numpy(np.stack([group[row].people.labels for row in rows])),
            training=training,
            validation=validation,
        )
        trained = train_ensemble(
            task, preset.training, device=device, members_at_once=MEMBERS_AT_ONCE[device.type],
            what=f"ALS-Nets of {len(rows)} reruns", checkpoint=checkpoints and checkpoints / f"als_net_{count}",
        )  # fmt: skip
        for row, member in zip(rows, trained, strict=True):
            own = group[row].people
            prior = float(own.labels[training].mean()) if preset.training.class_weights else None
            genotypes = stored(row)
            weights = [member.weights or {}]
            if preset.linear_path:
                counts = site_counts(genotypes, encoder.source)
                weights, _ = with_linear_path([member], counts, own, validation, encoder, preset.training)
            networks = SavedNetworks(weights, encoder, count, promoters.sites, prior, {})
            probability = networks.probabilities(genotypes[own.test], device)[0]
            predictions.append(_predicted(group[row], NETWORK, fold, probability))
    return predictions


def _linear(
    promoters: Promoters, rerun: Rerun, chosen: list[str], fold: int, family: np.ndarray, seed: int
) -> pd.DataFrame:
    """Tune logistic regression on the selected sites of a rerun and predict."""
    people = rerun.people
    place = {promoter: index for index, promoter in enumerate(promoters.ids)}
    counts = promoters.read([place[promoter] for promoter in chosen], "genotype").swapaxes(0, 1)
    counts = counts.reshape(len(counts), -1)
    train = people.training
    own = derive(seed, "baseline", LINEAR, fold, "rerun", rerun.number)
    fitted = fit(LINEAR, counts[train], people.labels[train] == 1, family[train], seed=own)
    return _predicted(rerun, LINEAR, fold, fitted.probability(counts[people.test]))


def _predicted(rerun: Rerun, model: str, fold: int, probability: np.ndarray) -> pd.DataFrame:
    people = rerun.people
    return pd.DataFrame(
        {
            "rerun": rerun.number,
            "share": rerun.share,
            "training_people": len(people.training),
            "model": model,
            "fold": fold,
            "sample": people.sample_ids[people.test],
            "phenotype": people.labels[people.test],
            "probability": probability,
        }
    )[PREDICTIONS]
