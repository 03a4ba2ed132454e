"""The block store: the sites one chromosome's promoters use and the blocks they make up, as Zarr (format 2).

All arrays of the variant store, restricted to the sites that some block uses (each once, in position order),
and

* ``promoter_id`` [promoters] text
* ``block_variant`` [promoters, sites] int32: row among this store's variants; -1 is an absent site (padding)
* ``block_distance`` [promoters, sites] int32: signed bp to the TSS along the transcript, negative upstream;
  0 where absent

Attributes: ``upstream``, ``downstream``, ``max_distance`` (bp or null), ``oriented``, ``legacy``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import zarr

from promoternets.formats.outputs import written
from promoternets.formats.variant_store import DOSAGES, VariantStore, alternate_counts, known_dosages
from promoternets.formats.zarr_store import ZarrStore, create_array, create_store, finish_store, write_array
from promoternets.progress import progress

ABSENT = -1
ARRAYS = ("sample_id", "contig_id", "variant_contig", "variant_position", "variant_allele", "call_genotype")
OWN_ARRAYS = ("promoter_id", "block_variant", "block_distance")
ATTRIBUTES = ("upstream", "downstream", "max_distance", "oriented", "legacy")
NOT_COPIED = {"region_index"}  # of a VCF Zarr: describes the chunks of the whole store
VARIANTS_PER_CHUNK = 1000  # a shard of promoters reads neighbouring sites, not the chromosome
BYTES_AT_ONCE = 128 * 2**20
Rows = slice | np.ndarray


@dataclass(frozen=True)
class BlockStore:
    """The blocks of one chromosome; genotypes are read when asked for.

    Attributes
    ----------
    promoters : text [promoters]
    variant : int32 [promoters, sites], row of the site in this store, -1 where absent
    distance : int32 [promoters, sites], signed bp
    max_distance : bp, or None without a limit
    """

    path: Path
    sample_ids: np.ndarray
    promoters: np.ndarray
    variant: np.ndarray
    distance: np.ndarray
    upstream: int
    downstream: int
    max_distance: int | None
    oriented: bool
    legacy: bool
    _store: ZarrStore = field(repr=False)

    @classmethod
    def open(cls, path: str | Path) -> BlockStore:
        """Open a store for reading.

        Raises
        ------
        InputError
            When there is no store at `path`, an array or attribute is missing, or it is damaged.
        """
        store = ZarrStore(
            path,
            what="block store",
            redo="Make it again with build_blocks",
            arrays=(*ARRAYS, *OWN_ARRAYS),
            attributes=ATTRIBUTES,
        )
        return cls(
            path=store.path,
            sample_ids=store.read("sample_id"),
            promoters=store.read("promoter_id"),
            variant=store.read("block_variant"),
            distance=store.read("block_distance"),
            **{name: store.attributes[name] for name in ATTRIBUTES},
            _store=store,
        )

    @cached_property
    def positions(self) -> np.ndarray:
        """Position of each site, 1-based, int32 [variants]."""
        return self._store.read("variant_position")

    @cached_property
    def site_ids(self) -> np.ndarray:
        """Each site as ``chrom:pos:ref:alt``, text [variants]."""
        contigs = self._store.read("contig_id")[self._store.read("variant_contig")]
        alleles = self._store.read("variant_allele")
        ids = [
            f"{contig}:{position}:{ref}:{alt}"
            for contig, position, (ref, alt) in zip(contigs, self.positions, alleles, strict=True)
        ]
        return np.array(ids, dtype=object)

    def genotypes(self, rows: Rows = slice(None)) -> np.ndarray:
        """Return the alleles called, int8 [rows, samples, 2]; -1 missing, -2 no second allele (haploid)."""
        return self._store.read("call_genotype", rows)

    def counts(self, rows: Rows = slice(None)) -> np.ndarray:
        """Return the alternate alleles, `count_dtype` [rows, samples]: 0, 1, 2, or a dosage where kept; -1 missing."""
        if DOSAGES in self._store:
            return known_dosages(self._store.read(DOSAGES, rows))
        return alternate_counts(self.genotypes(rows))

    @property
    def count_dtype(self) -> type:
        """What alternate alleles are counted in: int8, or float32 where dosages are kept."""
        return np.float32 if DOSAGES in self._store else np.int8


def write_block_store(
    path: str | Path,
    *,
    genotypes: str | Path,
    promoters: np.ndarray,
    variant: np.ndarray,
    distance: np.ndarray,
    upstream: int,
    downstream: int,
    max_distance: int | None,
    oriented: bool,
    legacy: bool = False,
) -> None:
    """Write the blocks and, from the variant store at `genotypes`, the sites they use.

    Parameters
    ----------
    promoters : text [promoters]
    variant : int [promoters, sites], rows of the variant store; -1 where absent
    distance : int [promoters, sites], signed bp; 0 where absent

    Memory is bounded by one chunk of the variant store, at most about 128 MiB of genotypes.

    Raises
    ------
    ValueError
        When the shapes do not fit together.
    """
    shape = (len(promoters), upstream + downstream)
    if variant.shape != shape or distance.shape != shape:
        raise ValueError(f"blocks of shape {variant.shape} and {distance.shape}, not {shape}")
    rows, inverse = np.unique(variant[variant != ABSENT], return_inverse=True)
    own = np.full(shape, ABSENT, dtype=np.int32)
    own[variant != ABSENT] = inverse
    source = VariantStore.open(genotypes).store
    attributes = {
        **source.attributes,
        "upstream": int(upstream),
        "downstream": int(downstream),
        "max_distance": None if max_distance is None else int(max_distance),
        "oriented": bool(oriented),
        "legacy": bool(legacy),
    }
    with written(path) as partial:
        target = create_store(partial, attributes)
        for name in source.names:
            if name not in NOT_COPIED:
                _copy(source, target, name, rows)
        write_array(target, "promoter_id", np.asarray(promoters, dtype=object), ["promoters"])
        write_array(target, "block_variant", own, ["promoters", "sites"])
        write_array(target, "block_distance", distance.astype(np.int32), ["promoters", "sites"])
        finish_store(partial)


def _copy(source: ZarrStore, target: zarr.Group, name: str, rows: np.ndarray) -> None:
    """Copy an array; along the dimension ``variants`` only `rows` (sorted, distinct)."""
    array = source.array(name)
    dimensions = array.attrs["_ARRAY_DIMENSIONS"]
    if dimensions[:1] != ["variants"]:
        write_array(target, name, source.read(name), dimensions)
        return
    copy = create_array(
        target,
        name,
        shape=(len(rows), *array.shape[1:]),
        dtype=array.dtype,
        chunks=(min(VARIANTS_PER_CHUNK, len(rows)), *array.chunks[1:]),
        dimensions=dimensions,
    )
    pieces: Iterable[tuple[int, np.ndarray]] = list_reads(source, name, rows)
    if name in ("call_genotype", DOSAGES):  # those that take time
        pieces = progress(pieces, what="genotypes of the blocks", unit="pieces")
    for at, values in pieces:
        copy[at : at + len(values)] = values


def list_reads(source: ZarrStore, name: str, rows: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield (index of the first row among `rows`, values) of an array, each chunk's span read once.

    A chunk too large for `BYTES_AT_ONCE` (very many samples) is read in parts.
    """
    array = source.array(name)
    row_bytes = max(1, int(np.prod(array.shape[1:])) * max(1, array.dtype.itemsize))
    step = max(1, min(array.chunks[0], BYTES_AT_ONCE // row_bytes))
    edges = np.flatnonzero(np.diff(rows // step)) + 1
    starts = np.concatenate([[0], edges]) if len(rows) else []
    for start, end in zip(starts, [*edges, len(rows)], strict=False):
        wanted = rows[start:end]
        first = int(wanted[0])
        yield int(start), source.read(name, slice(first, int(wanted[-1]) + 1))[wanted - first]
