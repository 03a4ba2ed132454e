"""Seeds that depend on what is computed, never on who computes it or when."""

from __future__ import annotations

import hashlib


def derive(seed: int, *names: object) -> int:
    """Return a stable seed in [0, 2**63) from a base seed and any names.

    The same seed and names give the same value on every machine, for any number of cores, shards or jobs.
    """
    text = "\x1f".join([str(seed), *map(str, names)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
