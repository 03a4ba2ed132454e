"""Train one kind of network for several epigenomes and seeds at once, and predict the genes it did not see."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn

from promoternets.chromatin.presets import Preset
from promoternets.errors import InputError
from promoternets.formats.gene_predictions import PREDICTED, Target, gene_predictions
from promoternets.formats.genes_and_bins import EpigenomeData, SignalScaling
from promoternets.networks.expression import JOINT
from promoternets.networks.saved_expression import Architecture, SavedExpressionNetworks, with_epigenome
from promoternets.seeds import derive
from promoternets.training.ensemble import Member, Task, train_ensemble
from promoternets.training.objectives import CLASSIFICATION, REGRESSION

logger = logging.getLogger(__name__)
STACK = {"cpu": 8, "cuda": 512}  # networks side by side, if memory allows
INPUT_BYTES = 4 * 2**30


@dataclass(frozen=True)
class _Examples:
    """What the members of one stack learn from: training genes first, then validation genes, the same number in each.

    inputs : float32 [sets, genes, rows, bins]; labels : [sets, genes]; a set is an epigenome, or all of them joined.
    """

    names: list[str]
    inputs: torch.Tensor
    labels: torch.Tensor
    training: int


def train_expression_networks(
    data: list[EpigenomeData],
    model: str,
    preset: Preset,
    *,
    target: Target,
    seeds: int,
    seed: int,
    device: torch.device,
    checkpoints: Path | None = None,
) -> tuple[SavedExpressionNetworks, pd.DataFrame]:
    """Train `seeds` networks for each epigenome, or `seeds` joint ones; scaling and weights see training genes only.

    Validation genes choose the epoch. A network's result does not depend on the other epigenomes (but for a joint
    model's) or seeds. Progress is saved in the folder `checkpoints`, and resumed from it.

    Returns
    -------
    The networks, and their history: epigenome, seed, epoch, train_loss, validation_loss, validation_measure (AUC, or
    correlation for expression), kept.

    Raises
    ------
    InputError
        When epigenomes differ in their marks or bins.
    """
    _check_alike(data)
    scaling = {one.epigenome: SignalScaling.fit(one.signal[one.indices("train")], preset.scaling) for one in data}
    architecture = Architecture(
        model, data[0].marks, data[0].signal.shape[2], target, tuple(one.epigenome for one in data)
    )
    weights: dict[str, list[dict[str, torch.Tensor]]] = {}
    history = []
    for number, examples in enumerate(_sets(data, scaling, target, joint=model == JOINT)):
        members = _train(
            examples, architecture, preset, seeds, seed, device,
            checkpoints and checkpoints / f"set_{number + 1}",
        )  # fmt: skip
        for index, member in enumerate(members):
            name, which = examples.names[index // seeds], index % seeds
            weights.setdefault(name, []).append(member.weights or {})
            history += [(name, which, *row, int(row[0] == member.best_epoch)) for row in member.history]
    columns = ["epigenome", "seed", "epoch", "train_loss", "validation_loss", "validation_measure", "kept"]
    return SavedExpressionNetworks(architecture, scaling, weights), pd.DataFrame(history, columns=columns)


def predict_genes(networks: SavedExpressionNetworks, data: EpigenomeData, device: torch.device) -> pd.DataFrame:
    """Return a predictions table of an epigenome's validation and test genes, each seed's below the other's."""
    target: Target = networks.architecture.target  # type: ignore[assignment]
    rows = np.flatnonzero(np.isin(data.part, PREDICTED))
    outcome = data.outcome(target)[rows]
    return pd.concat(
        gene_predictions(
            epigenome=data.epigenome, model=networks.architecture.model, seed=number, part=data.part[rows],
            gene_ids=data.gene_ids[rows], label=outcome, score=scores,
        )
        for number, scores in enumerate(networks.scores(data.epigenome, data.signal[rows], device))
    )  # fmt: skip


def _check_alike(data: list[EpigenomeData]) -> None:
    for one in data[1:]:
        if (one.marks, one.signal.shape[2]) != (data[0].marks, data[0].signal.shape[2]):
            raise InputError(
                f"{one.epigenome} has {one.signal.shape[2]} bins of {', '.join(one.marks)}, but {data[0].epigenome} "
                f"has {data[0].signal.shape[2]} bins of {', '.join(data[0].marks)}",
                fix="Epigenomes that are compared need the same marks and bins",
            )


def _sets(
    data: list[EpigenomeData], scaling: dict[str, SignalScaling], target: Target, *, joint: bool
) -> Iterator[_Examples]:
    """Yield what can be trained side by side: epigenomes with as many training and as many validation genes."""
    if joint:
        yield _joined(data, scaling, target)
        return
    sizes: dict[tuple[int, int], list[EpigenomeData]] = {}
    for one in data:
        sizes.setdefault((len(one.indices("train")), len(one.indices("valid"))), []).append(one)
    for (training, _), alike in sizes.items():
        order = [np.concatenate([one.indices("train"), one.indices("valid")]) for one in alike]
        yield _Examples(
            [one.epigenome for one in alike],
            torch.stack(
                [
                    torch.from_numpy(scaling[one.epigenome](one.signal[rows]))
                    for one, rows in zip(alike, order, strict=True)
                ]
            ),
            torch.stack([torch.from_numpy(one.outcome(target)[rows]) for one, rows in zip(alike, order, strict=True)]),
            training,
        )


def _joined(data: list[EpigenomeData], scaling: dict[str, SignalScaling], target: Target) -> _Examples:
    inputs, labels, training = [], [], 0
    for part in ("train", "valid"):
        for number, one in enumerate(data):
            rows = one.indices(part)
            scaled = torch.from_numpy(scaling[one.epigenome](one.signal[rows]))
            inputs.append(with_epigenome(scaled, number))
            labels.append(torch.from_numpy(one.outcome(target)[rows]))
            training += len(rows) if part == "train" else 0
    return _Examples([""], torch.cat(inputs)[None], torch.cat(labels)[None], training)


def _train(
    examples: _Examples,
    architecture: Architecture,
    preset: Preset,
    seeds: int,
    seed: int,
    device: torch.device,
    checkpoint: Path | None,
) -> list[Member]:
    genes = examples.inputs.shape[1]
    each = examples.inputs[0].numel() * examples.inputs.element_size()
    at_once = max(1, min(STACK[device.type], INPUT_BYTES // each))
    logger.info(
        "%s: %s; %d genes train, %d choose the epoch; %d seeds, %d networks at once",
        architecture.model, ", ".join(examples.names) or "all epigenomes together", examples.training,
        genes - examples.training, seeds, at_once,
    )  # fmt: skip
    of_set = np.repeat(np.arange(len(examples.names)), seeds)
    task = Task(
        build=lambda: _started(architecture.build(), preset.uniform),
        seeds=[derive(seed, architecture.model, name, number) for name in examples.names for number in range(seeds)],
        inputs=lambda members: examples.inputs[of_set[list(members)]],
        encode=lambda inputs: inputs,
        labels=examples.labels[of_set],
        training=np.arange(examples.training),
        validation=np.arange(examples.training, genes),
        objective=CLASSIFICATION if architecture.target == "label" else REGRESSION,
    )
    return train_ensemble(
        task, preset.training, device=device, members_at_once=at_once, checkpoint=checkpoint,
        what=architecture.model,
    )  # fmt: skip


def _started(network: nn.Module, uniform: float | None) -> nn.Module:
    if uniform is not None:
        for value in network.parameters():
            nn.init.uniform_(value, -uniform, uniform)
    return network
