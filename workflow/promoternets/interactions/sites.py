"""The distinct sites of the selected promoters, and which promoters hold each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from promoternets.formats.selected_store import SelectedStore


@dataclass(frozen=True)
class Sites:
    """Distinct sites of the selected promoters.

    Attributes
    ----------
    names : text [sites], ``chrom:pos:ref:alt``, in the order of the store. chrom : text [sites].
    promoters : text [promoters], the best first.
    member : bool [sites, promoters], which promoters' blocks hold a site.
    genotype : int8 [people, sites], alternate alleles, negative where missing.
    haplotype : int8 [people, sites, 2], alternate allele on each haplotype, negative where missing.
    """

    names: np.ndarray
    chrom: np.ndarray
    promoters: np.ndarray
    member: np.ndarray
    genotype: np.ndarray
    haplotype: np.ndarray

    def centred(self, training: np.ndarray) -> np.ndarray:
        """Return genotypes minus the training people's mean, float32 [people, sites]; 0 where missing."""
        known = self.genotype >= 0
        own = known[training]
        mean = self.genotype[training].sum(axis=0, where=own, dtype=np.float64) / np.maximum(own.sum(axis=0), 1)
        return np.where(known, self.genotype - mean.astype(np.float32), np.float32(0))

    def frequency(self, training: np.ndarray) -> np.ndarray:
        """Return the training people's alternate allele frequency, float64 [sites]; 0 where nobody is called."""
        known = self.genotype[training] >= 0
        return self.genotype[training].sum(axis=0, where=known, dtype=np.float64) / np.maximum(2 * known.sum(axis=0), 1)


def read_sites(store: SelectedStore) -> Sites:
    """Return each site of a store once, however many promoters hold it."""
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
