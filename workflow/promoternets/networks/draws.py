"""Random numbers that are worked out from a seed and a place, alike on every device and for any number of members.

A number depends on its member's seed and its place alone, not on what was drawn before, so that a whole stack of
members is drawn at once, on a GPU too. The mixing is that of SplitMix64 (Steele, Lea and Flood 2014), whose integers
wrap around alike everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import torch

STEP = -7046029254386353131  # 2**64 divided by the golden ratio, odd, as a signed number
MIX_1, MIX_2 = -4658895280553007687, -7723592293110705685


def uniform(seeds: torch.Tensor, shape: Sequence[int]) -> torch.Tensor:
    """Return numbers in [0, 1), float32 [members, *shape], of seeds int64 [members], on their device."""
    places = torch.arange(1, prod(shape) + 1, device=seeds.device).mul_(STEP)
    # on a CPU one after another: what is worked on stays in its cache
    parts = seeds[None] if seeds.is_cuda else seeds[:, None]
    bits = torch.cat([_shifted(_mixed(places + some[:, None]), 40).float() for some in parts])
    return bits.mul_(2.0**-24).view(len(seeds), *shape)


def derived(seeds: torch.Tensor, number: torch.Tensor | int) -> torch.Tensor:
    """Return other seeds int64 [members], one for each number, such as that of a training step."""
    return _mixed(seeds + (torch.as_tensor(number) + 1) * STEP)  # a tensor wraps around, Python's numbers do not


def _mixed(z: torch.Tensor) -> torch.Tensor:
    z = _shifted(z, 30).bitwise_xor_(z).mul_(MIX_1)
    z = _shifted(z, 27).bitwise_xor_(z).mul_(MIX_2)
    return _shifted(z, 31).bitwise_xor_(z)


def _shifted(z: torch.Tensor, bits: int) -> torch.Tensor:
    """Shift to the right, filling with zeros as of a number without sign."""
    return (z >> bits).bitwise_and_(2 ** (64 - bits) - 1)
