"""Train ALS-Net on one outer fold's training people, or fine-tune a trained one, and predict its test people."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import torch

from promoternets.als_net.linear_path import rejoined, site_counts, with_linear_path
from promoternets.als_net.presets import Preset
from promoternets.formats.outer_fold import STOPPING_PART, OuterFold
from promoternets.formats.selected_store import SelectedSites
from promoternets.networks.als_net import ALSNet
from promoternets.networks.encoding import Encoder
from promoternets.networks.saved import SavedNetworks
from promoternets.seeds import derive
from promoternets.training.ensemble import Member, Task, centred_offset, train_ensemble
from promoternets.training.settings import TrainingSettings

logger = logging.getLogger(__name__)
# The deep layers that are fine-tuned; the head is what follows the pictures' features.
LEARNING = {"all": ("",), "head": ("dense_256.", "dense_16.", "output.")}
Layers = Literal["head", "all"]
MEMBERS_AT_ONCE = {"cpu": 1, "cuda": 16}  # wide convolutions fill a CPU by themselves


def train_als_net(
    selected: SelectedSites,
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


def fine_tune_als_net(
    selected: SelectedSites,
    people: OuterFold,
    trained: SavedNetworks,
    settings: TrainingSettings,
    *,
    layers: Layers,
    seed: int,
    device: torch.device,
    checkpoint: Path | None = None,
) -> tuple[SavedNetworks, list[Member]]:
    """Train networks of other people further on a fold's training people; see `train_als_net` for what returns.

    Those of the deep layers learn that `LEARNING` has; a network that no epoch betters stays as it is. Of a linear path
    the sites' weights stay, and how much of it and of the deep layers enters is fitted on the people who decide when
    training stops. Encoding, its numbers and the shape are those of `trained`.
    """
    training, validation = people.split_training(STOPPING_PART)
    stored = selected.flat(trained.encoder.source)
    encoder = trained.encoder.to(device)
    inputs = torch.from_numpy(stored).to(device)
    deep = [{name: value for name, value in one.items() if not name.startswith("linear.")} for one in trained.weights]
    task = Task(
        build=lambda: ALSNet(encoder.channels, trained.promoters, trained.sites),
        seeds=[derive(seed, "fine_tuning", selected.fold, number) for number in range(len(deep))],
        inputs=lambda members: inputs[None].expand(len(members), *inputs.shape),
        encode=encoder,
        labels=torch.from_numpy(people.labels)[None],
        training=training,
        validation=validation,
        start=deep,
        learning=LEARNING[layers],
    )
    members = train_ensemble(
        task, settings, device=device, members_at_once=MEMBERS_AT_ONCE[device.type], checkpoint=checkpoint,
        what=f"fine-tuning of fold {selected.fold}",
    )  # fmt: skip
    encoder = trained.encoder.to("cpu")
    case = people.labels[validation] == 1
    weights = [
        (member.weights or {}) | rejoined(before, encoder, stored[validation], member.validation_scores, case, settings)
        for before, member in zip(trained.weights, members, strict=True)
    ]
    prior = float(people.labels[training].mean()) if settings.class_weights else None
    networks = SavedNetworks(weights, encoder, trained.promoters, trained.sites, prior, settings.as_dict())
    return networks, members


def predict_test_people(
    networks: SavedNetworks, selected: SelectedSites, people: OuterFold, device: torch.device
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
