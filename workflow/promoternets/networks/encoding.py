"""Genotypes as network input: how 0, 1, 2, missing and absent become numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch

from promoternets.errors import InputError

MISSING = -1  # the person's genotype was not called
ABSENT = -2  # the block has no site in this place (padding)
Encoding = Literal["one_hot", "scalar", "haplotype", "standardised"]
CHANNELS: dict[str, int] = {"one_hot": 4, "scalar": 1, "haplotype": 2, "standardised": 1}


@dataclass
class Encoder:
    """Turn stored genotypes into float32 channels.

    ============  ========  ==========================================================================
    encoding      channels  values
    ============  ========  ==========================================================================
    one_hot       4         is 0, is 1, is 2, is missing; an absent site is all zeros
    scalar        1         0, 1, 2; missing and absent -1, as published (Yin et al. 2019)
    haplotype     2         alternate allele on the first and second haplotype, 0 or 1; missing, absent -1
    standardised  1         (count - mean) / sd per site, fitted on training people; missing, absent 0
    ============  ========  ==========================================================================

    Attributes
    ----------
    encoding : one of the names above.
    mean, scale : float32 [sites], set by `fit` for ``standardised`` and unused otherwise.
    """

    encoding: str
    mean: torch.Tensor | None = field(default=None, repr=False)
    scale: torch.Tensor | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.encoding not in CHANNELS:
            raise InputError(f"unknown encoding {self.encoding!r}", fix=f"Use one of {', '.join(CHANNELS)}")

    @property
    def channels(self) -> int:
        """Number of channels per site."""
        return CHANNELS[self.encoding]

    @property
    def source(self) -> str:
        """Which stored array is read: ``genotype`` [.., sites] or ``haplotype`` [.., sites, 2]."""
        return "haplotype" if self.encoding == "haplotype" else "genotype"

    def fit(self, training: np.ndarray) -> Encoder:
        """Learn mean and sd per site of training people, int8 or float32 [people, sites]; other encodings do not."""
        if self.encoding == "standardised":
            counts = np.where(training < 0, np.nan, training.astype(np.float32))
            called = np.maximum((~np.isnan(counts)).sum(0), 1)
            mean = np.nansum(counts, axis=0) / called
            deviation = np.sqrt(np.nansum((counts - mean) ** 2, axis=0) / called)
            self.mean = torch.from_numpy(mean.astype(np.float32))
            self.scale = torch.from_numpy(np.where(deviation > 1e-6, deviation, 1.0).astype(np.float32))
        return self

    def to(self, device: torch.device | str) -> Encoder:
        """Move the fitted numbers to a device."""
        if self.mean is not None and self.scale is not None:
            self.mean, self.scale = self.mean.to(device), self.scale.to(device)
        return self

    def __call__(self, stored: torch.Tensor) -> torch.Tensor:
        """Encode int8 [..., sites] (or [..., sites, 2] for haplotypes) as float32 [..., channels, sites].

        Dosages, float32, are numbers for scalar and standardised; one-hot raises InputError.
        """
        if self.encoding == "one_hot":
            if stored.is_floating_point():
                raise InputError(
                    "one-hot encoding reads whole genotypes, and these are dosages",
                    fix="Use scalar, or round them: `genotypes: {dosages: round}`",
                )
            return torch.stack([stored == value for value in (0, 1, 2, MISSING)], dim=-2).float()
        if self.encoding == "haplotype":
            return stored.clamp_min(MISSING).float().transpose(-1, -2)
        if self.encoding == "scalar":
            return stored.clamp_min(MISSING).float().unsqueeze(-2)
        if self.mean is None or self.scale is None:
            raise RuntimeError("a standardised encoder is fitted on training people before it encodes")
        values = (stored.float() - self.mean) / self.scale
        return torch.where(stored < 0, torch.zeros_like(values), values).unsqueeze(-2)
