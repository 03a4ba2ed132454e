"""Starting weights."""

from __future__ import annotations

from collections.abc import Callable
from math import prod, sqrt

import torch
from torch import nn

from promoternets.networks import draws


def glorot_uniform(network: nn.Module) -> None:
    """Set every weight to Glorot-uniform and every bias to zero, the defaults the published networks were trained with.

    Source: Glorot and Bengio 2010. In a deep stack of ReLU layers the signal's variance halves at each layer.
    """
    _initialise(network, nn.init.xavier_uniform_)


def he_uniform(network: nn.Module) -> None:
    """Set every weight to He-uniform and every bias to zero: the signal keeps its size through ReLU layers.

    Source: He et al. 2015.
    """
    _initialise(network, lambda weight: nn.init.kaiming_uniform_(weight, nonlinearity="relu"))


_WEIGHTED = (nn.Conv1d, nn.Conv2d, nn.Linear)
INITIALISATIONS: dict[str, Callable[[nn.Module], None]] = {"glorot": glorot_uniform, "he": he_uniform}


def _initialise(network: nn.Module, fill: Callable) -> None:
    for module in network.modules():
        if isinstance(module, _WEIGHTED):
            fill(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def drawn_glorot_uniform(network: nn.Module, seeds: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return the starting parameters of several networks like `network`, [members, ...] each, as `glorot_uniform` does.

    Each comes from its seed alone, int64 [members], by `draws`, and is on the seeds' device. Of normalisations the
    parameters are those of `network`.
    """
    found = {name: value.detach().expand(len(seeds), *value.shape) for name, value in network.named_parameters()}
    for number, (name, module) in enumerate(network.named_modules()):
        if not isinstance(module, _WEIGHTED):
            continue
        outputs, inputs, *field = module.weight.shape
        bound = sqrt(6 / ((outputs + inputs) * prod(field)))
        drawn = draws.uniform(draws.derived(seeds, number), module.weight.shape)
        found[f"{name}.weight"] = drawn.mul_(2 * bound).sub_(bound)
        if module.bias is not None:
            found[f"{name}.bias"] = torch.zeros_like(found[f"{name}.bias"])
    return {name: value.to(seeds.device).contiguous() for name, value in found.items()}
