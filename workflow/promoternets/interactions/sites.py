"""The distinct sites of the selected promoters, and which promoters hold each."""

from __future__ import annotations

import numpy as np

from promoternets.formats.selected_store import SelectedStore
from promoternets.pair_scan import Sites


def read_sites(store: SelectedStore) -> Sites:
    """Return each site of a store once, however many promoters hold it; promoters are in its order, the best first."""
    names = store.site_ids.ravel()
    first, number = {}, np.full(names.size, -1)
    for place, name in enumerate(names):
        if name:
            number[place] = first.setdefault(name, len(first))
    place_of = np.array([int(np.argmax(number == row)) for row in range(len(first))], dtype=np.int64)
    member = np.zeros((len(first), len(store.promoters)), dtype=bool)
    held = number >= 0
    member[number[held], np.repeat(np.arange(len(store.promoters)), store.site_ids.shape[1])[held]] = True
    found = np.array(list(first), dtype=object)
    return Sites(
        names=found,
        chrom=np.array([name.rsplit(":", 3)[0] for name in found], dtype=object),
        promoters=store.promoters,
        member=member,
        genotype=store.flat()[:, place_of],
        haplotype=store.flat("haplotype")[:, place_of],
    )
