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
from typing import Any

import numpy as np
import zarr
from numcodecs import Blosc

from promoternets.errors import InputError
from promoternets.formats.outputs import written
from promoternets.formats.variant_store import DOSAGES, alternate_counts, known_dosages
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
    _group: Any = field(repr=False)

    @classmethod
    def open(cls, path: str | Path) -> BlockStore:
        """Open a store for reading.

        Raises
        ------
        InputError
            When there is no store at `path`, or an array or attribute is missing.
        """
        path = Path(path)
        redo = "Make it again with build_blocks"
        if not path.is_dir():
            raise InputError("the block store does not exist", where=path, fix=redo)
        try:
            group = zarr.open_group(path, mode="r")
        except (FileNotFoundError, KeyError, ValueError) as error:
            raise InputError("this is not a Zarr store", where=path, fix=redo) from error
        absent = [name for name in (*ARRAYS, *OWN_ARRAYS) if name not in group]
        absent += [name for name in ATTRIBUTES if name not in group.attrs]
        if absent:
            raise InputError(f"the block store lacks {', '.join(absent)}", where=path, fix=redo)
        return cls(
            path=path,
            sample_ids=_text(group["sample_id"][:]),
            promoters=_text(group["promoter_id"][:]),
            variant=np.asarray(group["block_variant"][:], dtype=np.int32),
            distance=np.asarray(group["block_distance"][:], dtype=np.int32),
            **{name: group.attrs[name] for name in ATTRIBUTES},
            _group=group,
        )

    @cached_property
    def positions(self) -> np.ndarray:
        """Position of each site, 1-based, int32 [variants]."""
        return np.asarray(self._group["variant_position"][:], dtype=np.int32)

    @cached_property
    def site_ids(self) -> np.ndarray:
        """Each site as ``chrom:pos:ref:alt``, text [variants]."""
        contigs = _text(self._group["contig_id"][:])[np.asarray(self._group["variant_contig"][:])]
        alleles = _text(self._group["variant_allele"][:])
        ids = [
            f"{contig}:{position}:{ref}:{alt}"
            for contig, position, (ref, alt) in zip(contigs, self.positions, alleles, strict=True)
        ]
        return np.array(ids, dtype=object)

    def genotypes(self, rows: Rows = slice(None)) -> np.ndarray:
        """Return the alleles called, int8 [rows, samples, 2]; -1 missing, -2 no second allele (haploid)."""
        return np.asarray(self._group["call_genotype"].oindex[rows], dtype=np.int8)

    def counts(self, rows: Rows = slice(None)) -> np.ndarray:
        """Return the alternate alleles, `count_dtype` [rows, samples]: 0, 1, 2, or a dosage where kept; -1 missing."""
        if DOSAGES in self._group:
            return known_dosages(self._group[DOSAGES].oindex[rows])
        return alternate_counts(self.genotypes(rows))

    @property
    def count_dtype(self) -> type:
        """What alternate alleles are counted in: int8, or float32 where dosages are kept."""
        return np.float32 if DOSAGES in self._group else np.int8


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
    source = zarr.open_group(Path(genotypes), mode="r")
    with written(path) as partial:
        target = zarr.open_group(partial, mode="w", zarr_format=2)
        for name, array in sorted(source.arrays()):
            if name not in NOT_COPIED:
                _copy(array, target, name, rows)
        _add(target, "promoter_id", np.asarray(promoters, dtype=object), ["promoters"])
        _add(target, "block_variant", own, ["promoters", "sites"])
        _add(target, "block_distance", distance.astype(np.int32), ["promoters", "sites"])
        target.attrs.update(
            {
                **source.attrs,
                "upstream": int(upstream),
                "downstream": int(downstream),
                "max_distance": None if max_distance is None else int(max_distance),
                "oriented": bool(oriented),
                "legacy": bool(legacy),
            }
        )
        zarr.consolidate_metadata(partial, zarr_format=2)


def _copy(array: zarr.Array, target: zarr.Group, name: str, rows: np.ndarray) -> None:
    """Copy an array; along the dimension ``variants`` only `rows` (sorted, distinct)."""
    along_variants = array.attrs.get("_ARRAY_DIMENSIONS", [""])[:1] == ["variants"]
    length = len(rows) if along_variants else array.shape[0]
    chunks = (VARIANTS_PER_CHUNK if along_variants else length, *array.chunks[1:])
    shape = (length, *array.shape[1:])
    copy = _create(
        target, name, shape, array.dtype, chunks, compressors=array.compressors, attributes=dict(array.attrs)
    )
    if not along_variants:
        if array.size:
            copy[...] = array[...]
        return
    pieces: Iterable[tuple[int, np.ndarray]] = list_reads(array, rows)
    if name in ("call_genotype", DOSAGES):  # those that take time
        pieces = progress(pieces, what="genotypes of the blocks", unit="pieces")
    for at, values in pieces:
        copy[at : at + len(values)] = values


def list_reads(array: zarr.Array, rows: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield (index of the first row among `rows`, values) of an array, each chunk's span read once.

    A chunk too large for `BYTES_AT_ONCE` (very many samples) is read in parts.
    """
    row_bytes = max(1, int(np.prod(array.shape[1:])) * max(1, array.dtype.itemsize))
    step = max(1, min(array.chunks[0], BYTES_AT_ONCE // row_bytes))
    edges = np.flatnonzero(np.diff(rows // step)) + 1
    starts = np.concatenate([[0], edges]) if len(rows) else []
    for start, end in zip(starts, [*edges, len(rows)], strict=False):
        wanted = rows[start:end]
        first = int(wanted[0])
        yield int(start), array[first : int(wanted[-1]) + 1][wanted - first]


def _create(
    target: zarr.Group, name: str, shape: tuple[int, ...], dtype: Any, chunks: tuple[int, ...], **more: Any
) -> zarr.Array:
    text = dtype is str or getattr(dtype, "kind", "") in "TOU"
    chunks = tuple(max(1, min(chunk, size)) for chunk, size in zip(chunks, shape, strict=True))
    # no fill value: xarray would take it for "missing" and turn integers into floats
    return target.create_array(name, shape=shape, dtype=str if text else dtype, chunks=chunks, fill_value=None, **more)


def _add(target: zarr.Group, name: str, values: np.ndarray, dimensions: list[str]) -> None:
    compressor = Blosc("zstd", clevel=5, shuffle=Blosc.SHUFFLE)
    attributes = {"_ARRAY_DIMENSIONS": dimensions}
    array = _create(
        target, name, values.shape, values.dtype, values.shape, compressors=compressor, attributes=attributes
    )
    if values.size:
        array[...] = values


def _text(values: np.ndarray) -> np.ndarray:
    """Return text as an object array of plain str, whatever Zarr made of it."""
    return np.array(values.tolist(), dtype=object).reshape(values.shape)
