"""Trained expression networks on disk: safetensors for the numbers, JSON for what they mean."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn

from promoternets.errors import InputError
from promoternets.formats.genes_and_bins import SignalScaling
from promoternets.formats.outputs import written
from promoternets.networks.expression import JOINT, NETWORKS, PUBLISHED, AttentiveChrome, JointAttentiveChrome
from promoternets.networks.tensors import save_tensors

FORMAT = 1
BATCH = 512  # genes at a time when nothing is learned


@dataclass(frozen=True)
class Architecture:
    """Which network, and the shape of what goes in and comes out."""

    model: str
    marks: tuple[str, ...]
    bins: int
    target: str
    epigenomes: tuple[str, ...] = ()

    def build(self) -> nn.Module:
        """Return a fresh network."""
        shape = (len(self.marks), self.bins)
        if self.model == JOINT:
            return JointAttentiveChrome(*shape, epigenomes=len(self.epigenomes))
        network = AttentiveChrome if self.model == PUBLISHED else NETWORKS[self.model]
        return network(*shape) if self.target == "label" else network(*shape, outputs=1)


@dataclass
class SavedExpressionNetworks:
    """One model's networks for several epigenomes, one per seed.

    Attributes
    ----------
    architecture : how to build the network.
    scaling : per epigenome, how signal becomes input; fitted on its training genes.
    weights : per epigenome (under ``""`` for a joint model) and seed, the parameters.
    """

    architecture: Architecture
    scaling: dict[str, SignalScaling]
    weights: dict[str, list[dict[str, torch.Tensor]]] = field(repr=False)

    def networks(self, epigenome: str, device: torch.device | str = "cpu") -> list[nn.Module]:
        """Return the networks of an epigenome, one a seed, ready to predict."""
        built = []
        for weights in self.weights["" if self.architecture.model == JOINT else epigenome]:
            network = self.architecture.build()
            network.load_state_dict(weights)
            built.append(network.to(device).eval())
        return built

    def inputs(self, epigenome: str, signal: np.ndarray) -> torch.Tensor:
        """Return what the networks read of float32 [genes, marks, bins] as stored."""
        scaled = torch.from_numpy(self.scaling[epigenome](signal))
        if self.architecture.model != JOINT:
            return scaled
        number = self.architecture.epigenomes.index(epigenome)
        return with_epigenome(scaled, number)

    @torch.no_grad()
    def scores(self, epigenome: str, signal: np.ndarray, device: torch.device | str = "cpu") -> np.ndarray:
        """Return probabilities of being expressed (or predicted numbers), float64 [seeds, genes]."""
        inputs = self.inputs(epigenome, signal)
        rows = []
        for network in self.networks(epigenome, device):
            outputs = torch.cat([network(part.to(device)).cpu() for part in inputs.split(BATCH)]).double()
            rows.append(self.as_scores(outputs).numpy())
        return np.stack(rows)

    def as_scores(self, outputs: torch.Tensor) -> torch.Tensor:
        """Turn a network's outputs [genes, outputs] into probabilities, or into predicted numbers: [genes]."""
        if self.architecture.target != "label":
            return outputs[:, 0]
        return torch.sigmoid(outputs[:, 0] if outputs.shape[1] == 1 else outputs[:, 1] - outputs[:, 0])


def with_epigenome(signal: torch.Tensor, number: int) -> torch.Tensor:
    """Return [genes, marks + 1, bins]: the joint model's input, whose last row holds the epigenome's number."""
    return torch.cat([signal, signal.new_full((len(signal), 1, signal.shape[2]), number)], dim=1)


def save_expression_networks(networks: SavedExpressionNetworks, weights: Path, model: Path, **described: Any) -> None:
    """Write weights (safetensors) and model (JSON: architecture, scaling, and whatever else describes them)."""
    tensors = {
        f"{epigenome}/seed_{number}/{name}": value.contiguous()
        for epigenome, states in networks.weights.items()
        for number, state in enumerate(states)
        for name, value in state.items()
    }
    architecture = networks.architecture
    plain = {
        "format": FORMAT,
        "architecture": architecture.model,
        "marks": list(architecture.marks),
        "bins": architecture.bins,
        "target": architecture.target,
        "epigenomes": list(architecture.epigenomes),
        "seeds": {epigenome: len(states) for epigenome, states in networks.weights.items()},
        "scaling": {epigenome: scaling.as_dict() for epigenome, scaling in networks.scaling.items()},
        **described,
    }
    with written(weights) as partial:
        save_tensors(tensors, partial)
    with written(model) as partial:
        partial.write_text(json.dumps(plain, indent=1) + "\n")


def load_expression_networks(weights: Path, model: Path) -> SavedExpressionNetworks:
    """Read what `save_expression_networks` wrote.

    Raises
    ------
    InputError
        When a file is missing or torn, or of another format.
    """
    redo = "Train again with train_chromatin.py"
    try:
        plain = json.loads(model.read_text())
        tensors = load_file(weights)
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read ({error})", where=model, fix=redo) from error
    except Exception as error:  # safetensors' own error type
        raise InputError(f"cannot be read ({error})", where=weights, fix=redo) from error
    if plain.get("format") != FORMAT or plain.get("architecture") not in {*NETWORKS, JOINT, PUBLISHED}:
        raise InputError("is no expression network of this version", where=model, fix=redo)
    states: dict[str, list[dict[str, torch.Tensor]]] = {
        epigenome: [{} for _ in range(seeds)] for epigenome, seeds in plain["seeds"].items()
    }
    for key, value in tensors.items():
        epigenome, seed, name = key.split("/", 2)
        states[epigenome][int(seed.removeprefix("seed_"))][name] = value
    return SavedExpressionNetworks(
        Architecture(
            plain["architecture"], tuple(plain["marks"]), plain["bins"], plain["target"], tuple(plain["epigenomes"])
        ),
        {epigenome: SignalScaling.from_dict(scaling) for epigenome, scaling in plain["scaling"].items()},
        states,
    )
