"""The rungs of successive halving: what promoters are tried for, and how many are then kept."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Rung:
    """One rung.

    Attributes
    ----------
    epochs : that each network is trained for, at most.
    rounds : of the inner cross-validation, the first so many; None for all.
    keep : share of all promoters that goes on, those of the highest scores.
    """

    epochs: int
    rounds: int | None
    keep: float


# One epoch tells little of how training ends, three epochs in all rounds much: so the first rung drops only the lower
# part, and the second most of the rest. What that saves and loses is measured by `tests/benchmarks/halving.py`.
RUNGS = (Rung(epochs=1, rounds=1, keep=0.6), Rung(epochs=3, rounds=None, keep=0.15))
FEWEST = 4  # promoters that go on for each one to be selected, at least


def kept(promoters: int, rung: int, top: int) -> int:
    """Return how many of all promoters go on after a rung (from 1), where `top` are to be selected."""
    return min(promoters, max(math.ceil(RUNGS[rung - 1].keep * promoters), FEWEST * top))
