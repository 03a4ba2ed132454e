"""All promoters of a cohort with their genotypes at hand, over the block stores of its chromosomes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from promoternets.errors import InputError
from promoternets.formats.block_store import BlockStore
from promoternets.formats.selected_store import ABSENT


class Promoters:
    """All promoters of a cohort, in the order of their stores, with their genotypes at hand."""

    def __init__(self, stores: Sequence[Path]) -> None:
        self.stores = [BlockStore.open(path) for path in stores]
        if not self.stores:
            raise InputError("no block store was given", fix="Give one per chromosome")
        self.sample_ids = self.stores[0].sample_ids
        for store in self.stores:
            if list(store.sample_ids) != list(self.sample_ids):
                raise InputError(
                    "its people are not those of the first store", where=store.path, fix="Run build_blocks again"
                )
        self.ids = [str(promoter) for store in self.stores for promoter in store.promoters]
        self.place = [(number, row) for number, store in enumerate(self.stores) for row in range(len(store.promoters))]
        self.sites = self.stores[0].upstream + self.stores[0].downstream

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def has_dosages(self) -> bool:
        """Whether genotypes are dosages, of which people share few."""
        return self.stores[0].count_dtype is not np.int8

    def site_names(self) -> dict[str, frozenset[str]]:
        """Return the names of each promoter's sites."""
        return {
            promoter: frozenset(store.site_ids[variants[variants >= 0]])
            for store in self.stores
            for promoter, variants in zip(store.promoters, store.variant, strict=True)
        }

    def site_rows(self, index: int) -> np.ndarray:
        """Return the store rows of a promoter's sites, int32 [sites], -1 where absent."""
        number, row = self.place[index]
        return self.stores[number].variant[row]

    def read(self, indices: Sequence[int], source: str) -> np.ndarray:
        """Return stored genotypes of some promoters: int8 [promoters, people, sites], or [.., sites, 2] as haplotypes.

        -1 is missing, -2 an absent site; float32 where dosages are kept. Each site is read once, also when promoters
        share it.
        """
        tail = (2,) if source == "haplotype" else ()
        shape = (len(indices), len(self.sample_ids), self.sites, *tail)
        blocks = np.full(shape, ABSENT, dtype=np.int8 if source == "haplotype" else self.stores[0].count_dtype)
        for number, store in enumerate(self.stores):
            here = [(at, self.place[index][1]) for at, index in enumerate(indices) if self.place[index][0] == number]
            if not here:
                continue
            wanted = store.variant[[row for _, row in here]]
            rows = np.unique(wanted[wanted >= 0])
            values = store.genotypes(rows) if source == "haplotype" else store.counts(rows)
            for (at, _), variants in zip(here, wanted, strict=True):
                present = variants >= 0
                blocks[at][:, present] = values[np.searchsorted(rows, variants[present])].swapaxes(0, 1)
        return blocks
