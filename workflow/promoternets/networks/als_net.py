"""ALS-Net: classifies people from the sites of the best promoters (Yin et al. 2019)."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from promoternets.networks.initialisation import INITIALISATIONS

PICTURE = 16  # the 256 features of a promoter are laid out as a 16 x 16 picture


class Convolution(nn.Module):
    """A 2-D convolution that keeps height and width, then ReLU.

    An even kernel is padded by one more on the right and at the bottom, as in the published system.
    """

    def __init__(self, channels: int, filters: int, kernel: int) -> None:
        super().__init__()
        self.convolve = nn.Conv2d(channels, filters, kernel)
        self.padding = ((kernel - 1) // 2, kernel // 2) * 2

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [people, channels, height, width] to [people, filters, height, width]."""
        return functional.relu(self.convolve(functional.pad(x, self.padding)))


class SeparableConvolution(nn.Module):
    """A 2 x 2 convolution of each channel by itself (no bias), then a 1 x 1 mix of channels, then ReLU."""

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 2, groups=channels, bias=False)
        self.pointwise = nn.Conv2d(channels, filters, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [people, channels, height, width] to [people, filters, height, width]."""
        return functional.relu(self.pointwise(self.depthwise(functional.pad(x, (0, 1, 0, 1)))))


class LinearPath(nn.Module):
    """A linear score of the encoded sites, and how much of the deep layers' answer is added to it.

    Nothing here learns by gradient: ``als_net.linear_path`` fits the numbers on training people.

    Parameters
    ----------
    channels, sites : shape of a person's input.

    Buffers, all float32
    --------------------
    weight [channels, sites], bias [1] : the score's; missing [channels, sites] : stands for an input below `least` [1],
    which is no call. deep [1] : factor of the log-odds of the deep layers.
    """

    def __init__(self, channels: int, sites: int) -> None:
        super().__init__()
        self.register_buffer("weight", torch.zeros(channels, sites))
        self.register_buffer("missing", torch.zeros(channels, sites))
        self.register_buffer("least", torch.zeros(1))
        self.register_buffer("bias", torch.zeros(1))
        self.register_buffer("deep", torch.ones(1))

    def forward(self, x: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
        """Add the score of [people, channels, sites] to the logits [people, 2] of the deep layers."""
        called = torch.where(x < self.least, self.missing, x)
        score = (called * self.weight).sum((1, 2)) + self.bias
        return self.deep * logits + torch.stack([torch.zeros_like(score), score], dim=1)


class ALSNet(nn.Module):
    """24 hidden layers on the longest path, two additive bypasses, and a linear path beside them if asked for.

    With one channel, 32 promoters and 64 sites it has the published 841,586 trainable parameters (the
    published code also creates a third 1-D convolution that it never connects; it is left out here).

    Parameters
    ----------
    channels : int
        Channels per site (published: 1).
    promoters : int
        Number of promoters (published: 32); they become the channels of the pictures.
    sites : int
        Sites in a block (published: 64); the first kernel and its stride.
    initialisation : str
        Starting weights: ``glorot`` (published) or ``he``.
    linear_path : bool
        Whether a `LinearPath` runs beside the deep layers (published: no).

    Shapes
    ------
    input float32 [people, channels, promoters * sites]; output float32 [people, 2], logits of control and case.
    """

    def __init__(
        self,
        channels: int = 1,
        promoters: int = 32,
        sites: int = 64,
        initialisation: str = "glorot",
        *,
        linear_path: bool = False,
    ) -> None:
        super().__init__()
        self.promoters, self.sites = promoters, sites
        features = PICTURE * PICTURE
        self.block = nn.Conv1d(channels, features, sites, stride=sites)
        self.mix = nn.Conv1d(features, features, 1)
        self.normalise = nn.BatchNorm1d(features)
        self.pictures = nn.Sequential(Convolution(promoters, 64, 3), Convolution(64, 64, 2), Convolution(64, 64, 2))
        self.separable = SeparableConvolution(64, 128)
        self.trunk = Convolution(128, 256, 1)
        self.branch_a = nn.Sequential(Convolution(256, 64, 2), Convolution(64, 64, 2), SeparableConvolution(64, 64))
        self.branch_b = nn.Sequential(Convolution(256, 64, 2), Convolution(64, 64, 2), Convolution(64, 64, 2))
        self.joined = nn.Sequential(Convolution(64, 128, 2), Convolution(128, 128, 2), Convolution(128, 128, 2))
        self.narrowed = nn.Sequential(Convolution(128, 64, 2), Convolution(64, 64, 2), Convolution(64, 64, 2))
        self.after_bypass_1 = nn.Sequential(Convolution(64, 64, 2), Convolution(64, 64, 2), Convolution(64, 64, 2))
        self.after_bypass_2 = nn.Sequential(Convolution(64, 128, 2), Convolution(128, 128, 2), Convolution(128, 128, 2))
        self.dense_256 = nn.Linear(128, 256)
        self.dense_16 = nn.Linear(256, 16)
        self.output = nn.Linear(16, 2)
        INITIALISATIONS[initialisation](self)
        self.linear = LinearPath(channels, promoters * sites) if linear_path else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits of control and case."""
        return self._deep(x) if self.linear is None else self.linear(x, self._deep(x))

    def _deep(self, x: torch.Tensor) -> torch.Tensor:
        x = functional.relu(self.normalise(self.mix(self.block(x))))
        x = x.transpose(1, 2).unflatten(2, (PICTURE, PICTURE))
        x = functional.max_pool2d(self.pictures(x), 2)
        x = self.trunk(functional.max_pool2d(self.separable(x), 2))
        a, b = self.branch_a(x), self.branch_b(x)
        c = self.narrowed(functional.max_pool2d(self.joined(torch.cat([b, a], dim=3)), (1, 2)))
        x = self.after_bypass_1(a + b + c) + c
        x = self.after_bypass_2(x).mean((2, 3))
        return self.output(functional.relu(self.dense_16(functional.relu(self.dense_256(x)))))
