"""The bin store: one epigenome's histone marks around each gene's TSS, as Zarr (format 2).

* ``gene_id`` [genes] text, ``mark`` [marks] text
* ``signal`` float32 [genes, marks, bins]: 5' -> 3' along the transcript where `oriented`, else in genome order
* ``zero``, ``uncovered``, ``absent`` int32 [genes, marks]: bases of the gene's window that hold the value 0; that
  the file says nothing of; that lie on a chromosome the file does not have, or beyond a chromosome's end
* ``validation_signal`` float32 [genes, bins], optional: a mark held back, never among ``mark``

Attributes: ``epigenome``, ``bin_size`` (bp), ``oriented``, ``statistic`` (mean, sum, mean_covered or count),
``fill`` (zero or error), ``source`` (bigwig, bam, mixed or published_csv), ``validation_mark`` (text or null).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numcodecs import Blosc

from promoternets.errors import InputError
from promoternets.formats.outputs import written

ARRAYS = ("gene_id", "mark", "signal", "zero", "uncovered", "absent")
ATTRIBUTES = ("epigenome", "bin_size", "oriented", "statistic", "fill", "source", "validation_mark")
GENES_PER_CHUNK = 4096  # a training job reads all genes: few, large chunks


@dataclass(frozen=True)
class BinStore:
    """The bins of one epigenome; arrays are read when asked for.

    Attributes
    ----------
    gene_ids : text [genes]
    marks : text [marks], the order of the networks' inputs
    bin_size : bp
    validation_mark : the mark held back, or None
    """

    path: Path
    gene_ids: np.ndarray
    marks: np.ndarray
    epigenome: str
    bin_size: int
    oriented: bool
    statistic: str
    fill: str
    source: str
    validation_mark: str | None
    _group: Any = field(repr=False)

    @classmethod
    def open(cls, path: str | Path) -> BinStore:
        """Open a store for reading.

        Raises
        ------
        InputError
            When there is no store at `path`, or an array or attribute is missing.
        """
        path = Path(path)
        redo = "Make it again with bin_histone or import_published_bins"
        if not path.is_dir():
            raise InputError("the bin store does not exist", where=path, fix=redo)
        try:
            group = zarr.open_group(path, mode="r")
        except (FileNotFoundError, KeyError, ValueError) as error:
            raise InputError("this is not a Zarr store", where=path, fix=redo) from error
        absent = [name for name in ARRAYS if name not in group]
        absent += [name for name in ATTRIBUTES if name not in group.attrs]
        if absent:
            raise InputError(f"the bin store lacks {', '.join(absent)}", where=path, fix=redo)
        return cls(
            path=path,
            gene_ids=_text(group["gene_id"][:]),
            marks=_text(group["mark"][:]),
            **{name: group.attrs[name] for name in ATTRIBUTES},
            _group=group,
        )

    @property
    def bin_count(self) -> int:
        """Bins of a gene."""
        return int(self._group["signal"].shape[2])

    @cached_property
    def signal(self) -> np.ndarray:
        """Signal of the input marks, float32 [genes, marks, bins]."""
        return np.asarray(self._group["signal"][:], dtype=np.float32)

    @cached_property
    def validation_signal(self) -> np.ndarray | None:
        """Signal of the held-back mark, float32 [genes, bins]; None without one."""
        if "validation_signal" not in self._group:
            return None
        return np.asarray(self._group["validation_signal"][:], dtype=np.float32)

    @cached_property
    def zero(self) -> np.ndarray:
        """Bases covered with the value 0, int32 [genes, marks]."""
        return np.asarray(self._group["zero"][:], dtype=np.int32)

    @cached_property
    def uncovered(self) -> np.ndarray:
        """Bases of which the file says nothing, int32 [genes, marks]."""
        return np.asarray(self._group["uncovered"][:], dtype=np.int32)

    @cached_property
    def absent(self) -> np.ndarray:
        """Bases on a chromosome the file lacks or beyond a chromosome's end, int32 [genes, marks]."""
        return np.asarray(self._group["absent"][:], dtype=np.int32)


def write_bin_store(
    path: str | Path,
    *,
    gene_ids: Sequence[str] | np.ndarray,
    marks: Sequence[str] | np.ndarray,
    signal: np.ndarray,
    zero: np.ndarray,
    uncovered: np.ndarray,
    absent: np.ndarray,
    epigenome: str,
    bin_size: int,
    oriented: bool,
    statistic: str,
    fill: str,
    source: str,
    validation_mark: str | None = None,
    validation_signal: np.ndarray | None = None,
) -> None:
    """Write a bin store; arrays and attributes as in the module's description.

    Raises
    ------
    ValueError
        When shapes do not fit together, a signal is not finite, a gene or mark occurs twice, or the held-back
        mark is among the input marks or has no signal: defects of the caller, not of the input.
    """
    genes, count = len(gene_ids), len(marks)
    if signal.ndim != 3 or signal.shape[:2] != (genes, count):
        raise ValueError(f"signal of shape {signal.shape}, not ({genes}, {count}, bins)")
    for name, array in (("zero", zero), ("uncovered", uncovered), ("absent", absent)):
        if array.shape != (genes, count):
            raise ValueError(f"{name} of shape {array.shape}, not ({genes}, {count})")
    if len(set(gene_ids)) != genes or len(set(marks)) != count:
        raise ValueError("a gene or a mark occurs twice")
    if (validation_mark is None) != (validation_signal is None) or validation_mark in list(marks):
        raise ValueError("the held-back mark needs its own signal and is never an input")
    if validation_signal is not None and validation_signal.shape != (genes, signal.shape[2]):
        raise ValueError(f"validation_signal of shape {validation_signal.shape}, not ({genes}, {signal.shape[2]})")
    for array in (signal, validation_signal):
        if array is not None and not np.isfinite(array).all():
            raise ValueError("a signal is not finite")
    with written(path) as partial:
        target = zarr.open_group(partial, mode="w", zarr_format=2)
        _add(target, "gene_id", np.asarray(list(gene_ids), dtype=object), ["genes"])
        _add(target, "mark", np.asarray(list(marks), dtype=object), ["marks"])
        _add(target, "signal", signal.astype(np.float32), ["genes", "marks", "bins"])
        for name, array in (("zero", zero), ("uncovered", uncovered), ("absent", absent)):
            _add(target, name, array.astype(np.int32), ["genes", "marks"])
        if validation_signal is not None:
            _add(target, "validation_signal", validation_signal.astype(np.float32), ["genes", "bins"])
        target.attrs.update(
            {
                "epigenome": str(epigenome),
                "bin_size": int(bin_size),
                "oriented": bool(oriented),
                "statistic": str(statistic),
                "fill": str(fill),
                "source": str(source),
                "validation_mark": validation_mark,
            }
        )
        zarr.consolidate_metadata(partial, zarr_format=2)


def _add(target: zarr.Group, name: str, values: np.ndarray, dimensions: list[str]) -> None:
    text = values.dtype == object
    chunks = tuple(max(1, size) for size in (min(values.shape[0], GENES_PER_CHUNK), *values.shape[1:]))
    array = target.create_array(
        name,
        shape=values.shape,
        dtype=str if text else values.dtype,
        chunks=chunks,
        fill_value=None,  # xarray would take a fill value for "missing"
        compressors=Blosc("zstd", clevel=5, shuffle=Blosc.SHUFFLE),
        attributes={"_ARRAY_DIMENSIONS": dimensions},
    )
    if values.size:
        array[...] = values


def _text(values: np.ndarray) -> np.ndarray:
    """Return text as an object array of plain str, whatever Zarr made of it."""
    return np.array(values.tolist(), dtype=object).reshape(values.shape)
