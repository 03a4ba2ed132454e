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
from typing import Any, Protocol

import numpy as np
import zarr

from promoternets.errors import InputError
from promoternets.formats.outputs import written

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
    _group: Any = field(repr=False)

    @classmethod
    def open(cls, path: str | Path) -> SelectedStore:
        """Open a store for reading.

        Raises
        ------
        InputError
            When there is no store at `path`, or an array or attribute is missing or of the wrong shape.
        """
        path = Path(path)
        redo = "Make it again with gather_selected"
        if not path.is_dir():
            raise InputError("the selected-sites store does not exist", where=path, fix=redo)
        try:
            group = zarr.open_group(path, mode="r")
        except (FileNotFoundError, KeyError, ValueError) as error:
            raise InputError("this is not a Zarr store", where=path, fix=redo) from error
        absent = [name for name in ARRAYS if name not in group] + [
            name for name in ATTRIBUTES if name not in group.attrs
        ]
        if absent:
            raise InputError(f"the selected-sites store lacks {', '.join(absent)}", where=path, fix=redo)
        shape = (*group["sample_id"].shape, *group["site_id"].shape)
        if group["genotype"].shape != shape or group["haplotype"].shape != (*shape, 2):
            raise InputError(
                f"the selected-sites store has genotypes of shape {group['genotype'].shape}, not {shape}",
                where=path,
                fix=redo,
            )
        return cls(
            path=path,
            sample_ids=_text(group["sample_id"][:]),
            promoters=_text(group["promoter_id"][:]),
            site_ids=_text(group["site_id"][:]),
            distance=np.asarray(group["site_distance"][:], dtype=np.int32),
            **{name: int(group.attrs[name]) for name in ATTRIBUTES},
            _group=group,
        )

    @cached_property
    def genotype(self) -> np.ndarray:
        """Alternate allele counts, int8, or dosages, float32 [people, promoters, sites]; -1 missing, -2 absent."""
        return np.asarray(self._group["genotype"][:])

    @cached_property
    def haplotype(self) -> np.ndarray:
        """Alleles per haplotype, int8 [people, promoters, sites, 2]; -1 missing, -2 absent."""
        return np.asarray(self._group["haplotype"][:], dtype=np.int8)

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
    people = max(1, min(PEOPLE_PER_CHUNK, shape[0]))
    with written(path) as partial:
        group = zarr.open_group(partial, mode="w", zarr_format=2)
        add = _Writer(group)
        add.text("sample_id", sample_ids, ["samples"])
        counted_in = np.float32 if np.asarray(genotype).dtype.kind == "f" else np.int8
        add.numbers("genotype", genotype, counted_in, ["samples", "promoters", "sites"], people)
        add.numbers("haplotype", haplotype, np.int8, ["samples", "promoters", "sites", "ploidy"], people)
        add.text("promoter_id", promoters, ["promoters"])
        add.text("site_id", site_ids, ["promoters", "sites"])
        add.numbers("site_distance", distance, np.int32, ["promoters", "sites"], shape[1])
        distinct = len(set(site_ids.ravel()) - {""})
        group.attrs.update(fold=int(fold), upstream=int(upstream), downstream=int(downstream), distinct_sites=distinct)
        zarr.consolidate_metadata(partial, zarr_format=2)


class _Writer:
    """Write arrays of a group with their dimensions named, as xarray and the VCF Zarr specification ask."""

    def __init__(self, group: Any) -> None:
        self.group = group

    def text(self, name: str, values: np.ndarray, dimensions: list[str]) -> None:
        values = np.asarray(values, dtype=object)
        chunks = tuple(max(1, size) for size in values.shape)
        array = self.group.create_array(name, shape=values.shape, dtype=str, chunks=chunks)
        array[...] = values
        array.attrs["_ARRAY_DIMENSIONS"] = dimensions

    def numbers(self, name: str, values: np.ndarray, dtype: type, dimensions: list[str], rows: int) -> None:
        values = np.asarray(values, dtype=dtype)
        chunks = (max(1, rows), *(max(1, size) for size in values.shape[1:]))
        array = self.group.create_array(name, shape=values.shape, dtype=np.dtype(dtype), chunks=chunks, fill_value=0)
        array[...] = values
        array.attrs["_ARRAY_DIMENSIONS"] = dimensions


def _text(values: np.ndarray) -> np.ndarray:
    """Return text as an object array: plain str whatever Zarr made of it."""
    values = np.asarray(values)
    return np.array([str(value) for value in values.ravel()], dtype=object).reshape(values.shape)
