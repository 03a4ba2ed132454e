"""How many people have the same genotypes in a whole block: whether counting each block once, with a weight, would pay.

Reads the 3,202 people of the 1000 Genomes panel that `make bench` reads, cuts sites above a frequency into blocks of 64
that follow each other, and prints the share of distinct blocks among all people and in a batch of 64.
"""

from __future__ import annotations

import logging
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent / "workflow"), str(HERE)]

import numpy as np  # noqa: E402
from bench.frame import Unavailable  # noqa: E402
from bench.genotypes import CHUNK, PANEL, data  # noqa: E402

from promoternets.formats.variant_store import VariantStore  # noqa: E402
from promoternets.genotypes.parse import parse_genotypes  # noqa: E402

SITES, BATCH = 64, 64


def distinct(blocks: np.ndarray) -> float:
    """Return the share of distinct rows of int8 [people, sites]."""
    return len(np.unique(np.ascontiguousarray(blocks), axis=0)) / len(blocks)


def main() -> None:
    """Read, cut, count, print."""
    logging.disable(logging.WARNING)
    try:
        panel = data(*PANEL)
    except Unavailable as why:
        sys.exit(f"shared_blocks: {why}")
    random = np.random.default_rng(1)
    with tempfile.TemporaryDirectory(prefix="promoternets_bench_") as folder:
        path = Path(folder) / "genotypes.zarr"
        parse_genotypes([panel], path, chunk_variants=CHUNK)
        store = VariantStore.open(path)
        frequency = store.column("variant_allele_frequency")
        for least in (0.01, 0.05):
            rows = np.flatnonzero(np.minimum(frequency, 1 - frequency) >= least)
            everybody, batch = [], []
            for start in range(0, len(rows) - SITES, SITES):
                own = rows[start : start + SITES]
                if store.variant_contigs[own[0]] != store.variant_contigs[own[-1]]:
                    continue
                people = store.counts(own).T
                everybody.append(distinct(people))
                batch.append(distinct(people[random.permutation(len(people))[:BATCH]]))
            print(
                f"sites above {least:.0%}: {len(everybody)} blocks; distinct are {np.mean(everybody):.0%} of "
                f"{len(store.sample_ids):,} people, {np.mean(batch):.0%} of a batch of {BATCH}"
            )


if __name__ == "__main__":
    main()
