"""Trained networks on disk: safetensors for the numbers, JSON for what they mean."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file

from promoternets.errors import InputError
from promoternets.formats.outputs import written
from promoternets.networks.als_net import ALSNet
from promoternets.networks.encoding import Encoder
from promoternets.networks.tensors import save_tensors

FORMAT = 1


@dataclass
class SavedNetworks:
    """The ALS-Nets of one fold, one per seed, with what is needed to use them.

    Attributes
    ----------
    weights : parameters and buffers of each seed's network, those of a linear path among them where it has one.
    encoder : how genotypes become input, fitted on training people.
    promoters, sites : the shape of the input.
    prior : share of cases among training people, when classes were weighted to count the same; the log-odds are
        then moved by log(prior / (1 - prior)) so that probabilities fit the cohort. None when they were not weighted.
    settings : how the networks were trained.
    """

    weights: list[dict[str, torch.Tensor]]
    encoder: Encoder
    promoters: int
    sites: int
    prior: float | None
    settings: dict[str, Any]

    def networks(self, device: torch.device | str = "cpu") -> list[ALSNet]:
        """Return the networks, ready to predict."""
        built = []
        for weights in self.weights:
            linear_path = "linear.weight" in weights
            network = ALSNet(self.encoder.channels, self.promoters, self.sites, linear_path=linear_path)
            network.load_state_dict(weights)
            built.append(network.to(device).eval())
        return built

    @torch.no_grad()
    def probabilities(self, stored: np.ndarray, device: torch.device | str = "cpu", batch: int = 256) -> np.ndarray:
        """Return probabilities of being a case, float64 [seeds, people], of int8 [people, promoters * sites(, 2)]."""
        self.encoder.to(device)
        shift = 0.0 if self.prior is None else float(np.log(self.prior / (1 - self.prior)))
        rows = []
        for network in self.networks(device):
            logits = [network(self.encoder(part.to(device))).cpu() for part in torch.from_numpy(stored).split(batch)]
            log_odds = torch.cat(logits).double()
            rows.append(torch.sigmoid(log_odds[:, 1] - log_odds[:, 0] + shift).numpy())
        return np.stack(rows)


def tensors_of(networks: SavedNetworks) -> dict[str, torch.Tensor]:
    """Return all numbers by name: ``seed_<s>/<parameter>``, and ``encoder/mean``, ``encoder/scale`` if it has any."""
    tensors = {
        f"seed_{number}/{name}": value.contiguous()
        for number, state in enumerate(networks.weights)
        for name, value in state.items()
    }
    if networks.encoder.mean is not None and networks.encoder.scale is not None:
        tensors |= {"encoder/mean": networks.encoder.mean, "encoder/scale": networks.encoder.scale}
    return tensors


def networks_of(tensors: dict[str, torch.Tensor], plain: dict[str, Any]) -> SavedNetworks:
    """Return the networks whose numbers are `tensors` and whose encoding, shape, prior and training `plain` has."""
    encoder = Encoder(plain["encoding"], tensors.get("encoder/mean"), tensors.get("encoder/scale"))
    states = []
    for number in range(plain["seeds"]):
        prefix = f"seed_{number}/"
        states.append({name[len(prefix) :]: value for name, value in tensors.items() if name.startswith(prefix)})
    return SavedNetworks(states, encoder, plain["promoters"], plain["sites"], plain["prior"], plain["training"])


def save_networks(networks: SavedNetworks, weights: Path, model: Path, description: dict[str, Any]) -> None:
    """Write weights (safetensors) and model (JSON: architecture, encoding, settings, and the given description)."""
    plain = {
        "format": FORMAT,
        "architecture": "ALSNet",
        "encoding": networks.encoder.encoding,
        "promoters": networks.promoters,
        "sites": networks.sites,
        "seeds": len(networks.weights),
        "prior": networks.prior,
        "training": networks.settings,
        **description,
    }
    with written(weights) as partial:
        save_tensors(tensors_of(networks), partial)
    with written(model) as partial:
        partial.write_text(json.dumps(plain, indent=1) + "\n")


def load_networks(weights: Path, model: Path) -> SavedNetworks:
    """Read what `save_networks` wrote.

    Raises
    ------
    InputError
        When a file is missing or torn, or of another format.
    """
    redo = "Train again with train_als_net.py"
    try:
        plain = json.loads(model.read_text())
        tensors = load_file(weights)
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read ({error})", where=model, fix=redo) from error
    except Exception as error:  # safetensors' own error type
        raise InputError(f"cannot be read ({error})", where=weights, fix=redo) from error
    if plain.get("format") != FORMAT or plain.get("architecture") != "ALSNet":
        raise InputError("is not an ALS-Net of this version", where=model, fix=redo)
    return networks_of(tensors, plain)
