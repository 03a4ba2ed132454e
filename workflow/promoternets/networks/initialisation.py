"""Starting weights."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn


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


INITIALISATIONS: dict[str, Callable[[nn.Module], None]] = {"glorot": glorot_uniform, "he": he_uniform}


def _initialise(network: nn.Module, fill: Callable) -> None:
    for module in network.modules():
        if isinstance(module, (nn.Conv1d, nn.Conv2d, nn.Linear)):
            fill(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
