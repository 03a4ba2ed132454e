"""Starting weights."""

from __future__ import annotations

from torch import nn


def glorot_uniform(network: nn.Module) -> None:
    """Set every weight to Glorot-uniform and every bias to zero, the defaults the published networks were trained with."""
    for module in network.modules():
        if isinstance(module, (nn.Conv1d, nn.Conv2d, nn.Linear)):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
