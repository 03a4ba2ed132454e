"""The selected-sites store: what every classifier of one outer fold is given, as Zarr (format 2).

Arrays, with their dimensions:

* ``sample_id`` [samples] text
* ``genotype`` [samples, promoters, sites] int8: alternate alleles 0, 1, 2; -1 missing; -2 absent site
  (padding). Where dosages are kept float32: expected alternate alleles
* ``haplotype`` [samples, promoters, sites, ploidy] int8: 0, 1; -1 missing; -2 absent
* ``promoter_id`` [promoters] text
* ``site_id`` [promoters, sites] text ``chrom:pos:ref:alt``, empty where the site is absent
* ``site_distance`` [promoters, sites] int32: signed bp to the TSS along the transcript, negative upstream

Attributes: ``fold``, ``upstream``, ``downstream``, ``distinct_sites``. Sites run 5' to 3'.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np

from promoternets.errors import InputError
from promoternets.formats.outputs import written
from promoternets.formats.zarr_store import ZarrStore, create_store, finish_store, write_array

MISSING = -1
ABSENT = -2
PEOPLE_PER_CHUNK = 1000
ARRAYS = ("sample_id", "genotype", "haplotype", "promoter_id", "site_id", "site_distance")
ATTRIBUTES = ("fold", "upstream", "downstream", "distinct_sites")


class SelectedSites(Protocol):
    """What a classifier asks of the sites of one fold, wherever they come from; see `SelectedStore`."""

    @property
    def fold(self) -> int: ...  # noqa: D102

    @property
    def promoters(self) -> np.ndarray: ...  # noqa: D102

    @property
    def site_ids(self) -> np.ndarray: ...  # noqa: D102

    def flat(self, source: str = "genotype") -> np.ndarray: ...  # noqa: D102


@dataclass(frozen=True)
class SelectedStore:
    """One fold's selected sites; the large arrays are read when first asked for."""

    path: Path
    sample_ids: np.ndarray
    promoters: np.ndarray
    site_ids: np.ndarray
    distance: np.ndarray
    fold: int
    upstream: int
    downstream: int
    distinct_sites: int
    _store: ZarrStore = field(repr=False)

    @classmethod
    def open(cls, path: str | Path) -> SelectedStore:
        """Open a store for reading.

        Raises
        ------
        InputError
            When there is no store at `path`, or an array or attribute is missing or of the wrong shape, or damaged.
        """
        redo = "Make it again with gather_selected"
        store = ZarrStore(path, what="selected-sites store", redo=redo, arrays=ARRAYS, attributes=ATTRIBUTES)
        shape = (*store.array("sample_id").shape, *store.array("site_id").shape)
        if store.array("genotype").shape != shape or store.array("haplotype").shape != (*shape, 2):
            raise InputError(
                f"the selected-sites store has genotypes of shape {store.array('genotype').shape}, not {shape}",
                where=path,
                fix=redo,
            )
        return cls(
            path=store.path,
            sample_ids=store.read("sample_id"),
            promoters=store.read("promoter_id"),
            site_ids=store.read("site_id"),
            distance=store.read("site_distance"),
            **{name: int(store.attributes[name]) for name in ATTRIBUTES},
            _store=store,
        )

    @cached_property
    def genotype(self) -> np.ndarray:
        """Alternate allele counts, int8, or dosages, float32 [people, promoters, sites]; -1 missing, -2 absent."""
        return self._store.read("genotype")

    @cached_property
    def haplotype(self) -> np.ndarray:
        """Alleles per haplotype, int8 [people, promoters, sites, 2]; -1 missing, -2 absent."""
        return self._store.read("haplotype")

    def flat(self, source: str = "genotype") -> np.ndarray:
        """Return a source with sites of all promoters side by side, [people, promoters * sites(, 2)]."""
        stored = self.haplotype if source == "haplotype" else self.genotype
        return stored.reshape(stored.shape[0], -1, *stored.shape[3:])

    @property
    def present(self) -> np.ndarray:
        """Whether a site is there, bool [promoters, sites]; False is padding."""
        return self.site_ids != ""


def write_selected_store(
    path: str | Path,
    *,
    sample_ids: np.ndarray,
    genotype: np.ndarray,
    haplotype: np.ndarray,
    promoters: np.ndarray,
    site_ids: np.ndarray,
    distance: np.ndarray,
    fold: int,
    upstream: int,
    downstream: int,
) -> None:
    """Write a selected-sites store; shapes and codes as this module's docstring says.

    Raises
    ------
    ValueError
        When the shapes do not fit together.
    """
    shape = (len(sample_ids), len(promoters), upstream + downstream)
    for name, array, wanted in (
        ("genotype", genotype, shape),
        ("haplotype", haplotype, (*shape, 2)),
        ("site_ids", site_ids, shape[1:]),
        ("distance", distance, shape[1:]),
    ):
        if np.shape(array) != wanted:
            raise ValueError(f"{name} has shape {np.shape(array)}, not {wanted}")
    site_ids = np.asarray(site_ids, dtype=object)
    distinct = len(set(site_ids.ravel()) - {""})
    attributes = {"fold": int(fold), "upstream": int(upstream), "downstream": int(downstream)}
    with written(path) as partial:
        store = create_store(partial, {**attributes, "distinct_sites": distinct})
        write_array(store, "sample_id", np.asarray(sample_ids, dtype=object), ["samples"])
        counted_in = np.float32 if np.asarray(genotype).dtype.kind == "f" else np.int8
        for name, values, dtype, more in (
            ("genotype", genotype, counted_in, []),
            ("haplotype", haplotype, np.int8, ["ploidy"]),
        ):
            dimensions = ["samples", "promoters", "sites", *more]
            write_array(store, name, np.asarray(values, dtype=dtype), dimensions, first_chunk=PEOPLE_PER_CHUNK)
        write_array(store, "promoter_id", np.asarray(promoters, dtype=object), ["promoters"])
        write_array(store, "site_id", site_ids, ["promoters", "sites"])
        write_array(store, "site_distance", np.asarray(distance, dtype=np.int32), ["promoters", "sites"])
        finish_store(partial)
