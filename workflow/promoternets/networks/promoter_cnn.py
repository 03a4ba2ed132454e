"""Promoter-CNN: scores one promoter by how well its sites tell cases from controls (Yin et al. 2019)."""

from __future__ import annotations

import torch
from torch import nn

from promoternets.networks.initialisation import glorot_uniform

FILTERS, WIDE_FILTERS, KERNEL = 4, 32, 4


class PromoterCNN(nn.Module):
    """Five weighted layers: two convolutions along the sites, three dense; softplus, batch normalisation.

    With one channel and 64 sites it has the published 292,414 trainable parameters. No pooling, no dropout.

    Parameters
    ----------
    channels : int
        Channels per site (1 in the published form, 4 one-hot, 2 haplotypes).
    sites : int
        Sites in a block, at least 4 (published: 64).

    Shapes
    ------
    input float32 [people, channels, sites]; output float32 [people, 2], logits of control and case.
    """

    def __init__(self, channels: int = 1, sites: int = 64) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(channels, FILTERS, 1)
        self.normalise_1 = nn.BatchNorm1d(FILTERS)
        self.wide_convolution = nn.Conv1d(FILTERS, WIDE_FILTERS, KERNEL)
        self.normalise_2 = nn.BatchNorm1d(WIDE_FILTERS)
        self.dense_148 = nn.Linear(WIDE_FILTERS * (sites - KERNEL + 1), 148)
        self.normalise_3 = nn.BatchNorm1d(148)
        self.dense_16 = nn.Linear(148, 16)
        self.normalise_4 = nn.BatchNorm1d(16)
        self.output = nn.Linear(16, 2)
        self.activation = nn.Softplus()
        glorot_uniform(self)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits of control and case."""
        x = self.activation(self.normalise_1(self.convolution(x)))
        x = self.activation(self.normalise_2(self.wide_convolution(x)))
        x = self.activation(self.normalise_3(self.dense_148(x.flatten(1))))
        x = self.activation(self.normalise_4(self.dense_16(x)))
        return self.output(x)
