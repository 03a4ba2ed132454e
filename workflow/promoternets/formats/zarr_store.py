"""Arrays on disk as every store writes and reads them: Zarr (format 2) in which damage is seen.

Zarr decodes what a chunk has become, and takes a lost chunk for zeros. So every chunk is compressed by zstd with its
checksum, which sgkit, xarray and any other reader of Zarr check as well; it is written though it hold only zeros, and
one that is not there is an error; and the metadata, which lie in the store twice (consolidated, and beside each array),
must agree. Blosc, the usual choice, has no checksum, and numcodecs' crashes on a chunk that was cut short.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numcodecs
import numpy as np
import zarr

from promoternets.errors import InputError

# On 10,000 sites x 500 people: 0.21 bytes a call, written at 0.6 and read at 1.2 GB/s of alleles by one thread;
# Blosc with its shuffle of bits 0.13 bytes, at 0.6 and 0.9 GB/s.
COMPRESSOR = numcodecs.Zstd(level=3, checksum=True)
TEXT = numcodecs.VLenUTF8()
IN_FLIGHT = 4  # chunks of an array that threads have still to write
# What Zarr and its codecs raise for damaged bytes.
DAMAGED = (RuntimeError, SystemError, ValueError, KeyError, TypeError, AttributeError, OSError, MemoryError)
Rows = slice | int | Sequence[int] | np.ndarray


def create_store(path: str | Path, attributes: Mapping[str, Any] | None = None) -> zarr.Group:
    """Return a new, empty store at `path`; `finish_store` completes it."""
    return zarr.create_group(Path(path), zarr_format=2, attributes=dict(attributes or {}))


def create_array(
    group: zarr.Group,
    name: str,
    *,
    shape: Sequence[int],
    dtype: Any,
    chunks: Sequence[int],
    dimensions: Sequence[str],
) -> zarr.Array:
    """Create an array to be filled, of numbers or of text (any dtype of text, or str).

    Parameters
    ----------
    chunks : shape of a chunk; sizes of 0 become 1.
    dimensions : names of the dimensions, as xarray and the VCF Zarr specification ask.
    """
    text = dtype is str or np.dtype(dtype).kind in "TOU"
    return group.create_array(
        name,
        shape=tuple(shape),
        dtype=str if text else dtype,
        chunks=tuple(max(1, size) for size in chunks),
        compressors=COMPRESSOR,
        fill_value=None,  # xarray would take any other value for "missing" and turn integers into floats
        attributes={"_ARRAY_DIMENSIONS": list(dimensions)},
        config={"write_empty_chunks": True},
    )


def write_array(
    group: zarr.Group, name: str, values: Any, dimensions: Sequence[str], *, first_chunk: int | None = None
) -> None:
    """Write an array that is in memory.

    Parameters
    ----------
    values : numbers or text. first_chunk : rows of a chunk; all by default.
    """
    values = np.asarray(values)
    if values.dtype.kind in "TU":
        values = values.astype(object)
    rows = len(values) if first_chunk is None else min(first_chunk, len(values))
    chunks = (rows, *values.shape[1:])
    array = create_array(group, name, shape=values.shape, dtype=values.dtype, chunks=chunks, dimensions=dimensions)
    if values.size:
        array[...] = values


class ArrayWriter:
    """Writes an array chunk by chunk as its rows come, byte for byte as Zarr would; `finish` makes it an array.

    Zarr's own assignment goes through an event loop, and fills a new array with zeros for each chunk: for 42,000 sites
    x 3,202 people that took more than 1 s, where compressing takes 0.3 s.

    Parameters
    ----------
    group : the store's root. name, dtype, dimensions : as `create_array` has them.
    shape : of the rows: all dimensions but the first. chunks : shape of a chunk, rows first.
    pool : threads that compress and write, with at most `IN_FLIGHT` chunks waiting for them; None for this one.
    """

    def __init__(
        self,
        group: zarr.Group,
        name: str,
        *,
        shape: Sequence[int],
        dtype: Any,
        chunks: Sequence[int],
        dimensions: Sequence[str],
        pool: ThreadPoolExecutor | None = None,
    ) -> None:
        self._create = partial(create_array, group, name, dtype=dtype, chunks=chunks, dimensions=dimensions)
        self._folder = Path(group.store.root) / name
        self._folder.mkdir()
        self._shape, self._chunks, self._dtype = tuple(shape), tuple(chunks), object if dtype is str else dtype
        self._rows = 0
        self._pool, self._ahead = pool, deque[Future[None]]()

    def append(self, values: np.ndarray) -> None:
        """Add rows, a multiple of those of a chunk, but for the last; the array may be changed afterwards.

        Raises
        ------
        ValueError
            When rows are added behind a chunk that is not full.
        """
        if self._rows % self._chunks[0]:
            raise ValueError("rows behind a chunk that is not full")
        starts = (range(0, size, step) for size, step in zip((len(values), *self._shape), self._chunks, strict=True))
        for corner in product(*starts):
            part = values[tuple(slice(start, start + step) for start, step in zip(corner, self._chunks, strict=True))]
            if part.shape == self._chunks:
                chunk = part.astype(self._dtype, order="C")
            else:
                chunk = np.full(self._chunks, "" if self._dtype is object else 0, dtype=self._dtype)
                chunk[tuple(map(slice, part.shape))] = part
            place = (self._rows + corner[0], *corner[1:])
            numbers = (str(start // step) for start, step in zip(place, self._chunks, strict=True))
            self._write(self._folder / ".".join(numbers), chunk)
        self._rows += len(values)

    def _write(self, path: Path, chunk: np.ndarray) -> None:
        if self._pool is None:
            _write_chunk(path, chunk)
            return
        self._ahead.append(self._pool.submit(_write_chunk, path, chunk))
        if len(self._ahead) > IN_FLIGHT:
            self._ahead.popleft().result()

    def finish(self) -> None:
        """Write what says that this is an array, once all of its chunks are there."""
        while self._ahead:
            self._ahead.popleft().result()
        self._create(shape=(self._rows, *self._shape))


def _write_chunk(path: Path, chunk: np.ndarray) -> None:
    plain = TEXT.encode(chunk) if chunk.dtype == object else chunk
    path.write_bytes(COMPRESSOR.encode(plain))


def finish_store(path: str | Path) -> None:
    """Write the metadata of all arrays together, for one read on opening."""
    zarr.consolidate_metadata(Path(path), zarr_format=2)


class ZarrStore:
    """A store opened for reading; an array is read when asked for, and an error where it is damaged.

    Parameters
    ----------
    path : the store's folder. what : what it is called in an error message. redo : how it is made again.
    arrays, attributes : names that must be there.

    Attributes
    ----------
    attributes : those of the store, by name.

    Raises
    ------
    InputError
        When there is no such store, or its metadata are damaged or lack a name.
    """

    def __init__(
        self, path: str | Path, *, what: str, redo: str, arrays: Sequence[str] = (), attributes: Sequence[str] = ()
    ) -> None:
        self.path, self._what, self._redo = Path(path), what, redo
        self._whole: set[str] = set()
        if not self.path.is_dir():
            raise InputError(f"the {what} does not exist", where=path, fix=redo)
        try:
            self._group = zarr.open_group(self.path, mode="r", zarr_format=2)
            agree = _metadata_agree(self.path)
            self.attributes = dict(self._group.attrs)
            absent = [name for name in arrays if name not in self._group]
        except DAMAGED as error:
            there = any(self.path.iterdir())
            found = f"the metadata of the {what} cannot be read" if there else f"there is no {what} here"
            raise InputError(found, where=path, fix=redo) from error
        absent += [name for name in attributes if name not in self.attributes]
        if absent:
            raise InputError(f"the {what} lacks {', '.join(absent)}", where=path, fix=redo)
        if not agree:
            raise InputError(f"the metadata of the {what} are damaged", where=path, fix=redo)

    def __contains__(self, name: str) -> bool:
        return name in self._group

    @property
    def names(self) -> list[str]:
        """Names of the arrays, sorted; those of groups in the store not among them."""
        return sorted(name for name, _ in self._group.arrays())

    def array(self, name: str) -> zarr.Array:
        """Return an array of which no chunk is lost, for its shape and chunks; `read` gives values."""
        try:
            array = self._group[name]
            if name not in self._whole and _checked(array) and array.nchunks_initialized != array.nchunks:
                raise ValueError(f"{array.nchunks - array.nchunks_initialized} of {array.nchunks} chunks are lost")
        except DAMAGED as error:
            raise self._damaged(name, error) from error
        self._whole.add(name)
        return array

    def read(self, name: str, rows: Rows = slice(None)) -> np.ndarray:
        """Return an array, or some of its rows in the order asked for; text as object [...] of plain str."""
        array = self.array(name)
        if isinstance(rows, (slice, int)):
            return self._values(name, array, rows)
        rows = np.asarray(rows)
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows
        if not rows.size:
            return self._values(name, array, slice(0, 0))
        return self._values(name, array.oindex, rows)

    def _values(self, name: str, source: Any, rows: Any) -> np.ndarray:
        try:
            values = np.asarray(source[rows])
        except DAMAGED as error:
            raise self._damaged(name, error) from error
        if values.dtype.kind in "TOU":  # whatever Zarr made of text
            return np.array(values.tolist(), dtype=object).reshape(values.shape)
        return values

    def _damaged(self, name: str, error: BaseException) -> InputError:
        why = " ".join(str(error).split())[:80]
        return InputError(f"array {name} of the {self._what} is damaged ({why})", where=self.path, fix=self._redo)


def _checked(array: zarr.Array) -> bool:
    """Whether an array was written here, with checksums and without leaving out chunks of zeros."""
    return isinstance(array, zarr.Array) and COMPRESSOR in array.compressors


def _metadata_agree(path: Path) -> bool:
    together = path / ".zmetadata"
    if not together.exists():
        return True
    known = json.loads(together.read_bytes())["metadata"]
    for name, content in known.items():
        content.pop("consolidated_metadata", None)  # empty, which Zarr puts into the .zgroup of a group in the store
        if json.loads((path / name).read_bytes()) != content:
            return False
    return True
