"""Train ALS-Net on one outer fold's training people and predict its test people."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from promoternets.als_net.linear_path import site_counts, with_linear_path
from promoternets.als_net.presets import Preset
from promoternets.formats.outer_fold import STOPPING_PART, OuterFold
from promoternets.formats.selected_store import SelectedStore
from promoternets.networks.als_net import ALSNet
from promoternets.networks.encoding import Encoder
from promoternets.networks.saved import SavedNetworks
from promoternets.seeds import derive
from promoternets.training.ensemble import Member, Task, centred_offset, train_ensemble

logger = logging.getLogger(__name__)
MEMBERS_AT_ONCE = {"cpu": 1, "cuda": 16}  # wide convolutions fill a CPU by themselves


def train_als_net(
    selected: SelectedStore,
    people: OuterFold,
    preset: Preset,
    *,
    seeds: int,
    seed: int,
    device: torch.device,
    offset: np.ndarray | None = None,
    checkpoint: Path | None = None,
) -> tuple[SavedNetworks, list[Member]]:
    """Train `seeds` networks; the encoder and every weight are fitted on training people only.

    With a linear path in the preset it is fitted then, and joined with each network. With an offset, float [people], of
    log-odds known beforehand they learn what it does not say.

    Returns the networks as they are saved, and the trained members with their histories.
    """
    training, validation = people.split_training(STOPPING_PART)
    stored = selected.flat(Encoder(preset.encoding).source)
    encoder = Encoder(preset.encoding).fit(stored[training]).to(device)
    promoters, sites = selected.site_ids.shape
    logger.info(
        "fold %d: %d promoters of %d sites; %d people train, %d stop the training, %d are tested; %d seeds",
        selected.fold, promoters, sites, len(training), len(validation), len(people.test), seeds,
    )  # fmt: skip
    inputs = torch.from_numpy(stored).to(device)
    task = Task(
        build=lambda: ALSNet(encoder.channels, promoters, sites, preset.initialisation),
        seeds=[derive(seed, "als_net", selected.fold, number) for number in range(seeds)],
        inputs=lambda members: inputs[None].expand(len(members), *inputs.shape),
        encode=encoder,
        labels=torch.from_numpy(people.labels)[None],
        training=training,
        validation=validation,
        offset=centred_offset(offset, people.labels[training], preset.training),
    )
    members = train_ensemble(
        task, preset.training, device=device, members_at_once=MEMBERS_AT_ONCE[device.type], checkpoint=checkpoint,
        what=f"ALS-Net of fold {selected.fold}",
    )  # fmt: skip
    prior = float(people.labels[training].mean()) if preset.training.class_weights else None
    weights, settings = [member.weights or {} for member in members], preset.training.as_dict()
    if preset.linear_path:
        counts = site_counts(stored, encoder.source)
        weights, settings["linear_path"] = with_linear_path(
            members, counts, people, validation, encoder, preset.training, offset
        )
    networks = SavedNetworks(
        weights=weights,
        encoder=encoder.to("cpu"),
        promoters=promoters,
        sites=sites,
        prior=prior,
        settings=settings,
    )
    return networks, members


def predict_test_people(
    networks: SavedNetworks, selected: SelectedStore, people: OuterFold, device: torch.device
) -> pd.DataFrame:
    """Return a row per seed and test person: sample, phenotype, seed, probability of being a case."""
    stored = selected.flat(networks.encoder.source)[people.test]
    probabilities = networks.probabilities(stored, device)
    seeds, count = probabilities.shape
    return pd.DataFrame(
        {
            "sample": np.tile(people.sample_ids[people.test], seeds),
            "phenotype": np.tile(people.labels[people.test], seeds),
            "seed": np.repeat(np.arange(seeds), count),
            "probability": probabilities.ravel(),
        }
    )


def history_table(members: list[Member]) -> pd.DataFrame:
    """Return seed, epoch, train_loss, validation_loss, validation_auc, kept (1: this epoch's weights were kept)."""
    rows = [(member.index, *row, int(row[0] == member.best_epoch)) for member in members for row in member.history]
    return pd.DataFrame(rows, columns=["seed", "epoch", "train_loss", "validation_loss", "validation_auc", "kept"])
