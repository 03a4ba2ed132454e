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

import numpy as np

from promoternets.formats.outputs import written
from promoternets.formats.zarr_store import ZarrStore, create_store, finish_store, write_array

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
    _store: ZarrStore = field(repr=False)

    @classmethod
    def open(cls, path: str | Path) -> BinStore:
        """Open a store for reading.

        Raises
        ------
        InputError
            When there is no store at `path`, an array or attribute is missing, or it is damaged.
        """
        store = ZarrStore(
            path,
            what="bin store",
            redo="Make it again with bin_histone or import_published_bins",
            arrays=ARRAYS,
            attributes=ATTRIBUTES,
        )
        return cls(
            path=store.path,
            gene_ids=store.read("gene_id"),
            marks=store.read("mark"),
            **{name: store.attributes[name] for name in ATTRIBUTES},
            _store=store,
        )

    @property
    def bin_count(self) -> int:
        """Bins of a gene."""
        return int(self._store.array("signal").shape[2])

    @cached_property
    def signal(self) -> np.ndarray:
        """Signal of the input marks, float32 [genes, marks, bins]."""
        return self._store.read("signal")

    @cached_property
    def validation_signal(self) -> np.ndarray | None:
        """Signal of the held-back mark, float32 [genes, bins]; None without one."""
        if "validation_signal" not in self._store:
            return None
        return self._store.read("validation_signal")

    @cached_property
    def zero(self) -> np.ndarray:
        """Bases covered with the value 0, int32 [genes, marks]."""
        return self._store.read("zero")

    @cached_property
    def uncovered(self) -> np.ndarray:
        """Bases of which the file says nothing, int32 [genes, marks]."""
        return self._store.read("uncovered")

    @cached_property
    def absent(self) -> np.ndarray:
        """Bases on a chromosome the file lacks or beyond a chromosome's end, int32 [genes, marks]."""
        return self._store.read("absent")


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
        attributes = {
            "epigenome": str(epigenome),
            "bin_size": int(bin_size),
            "oriented": bool(oriented),
            "statistic": str(statistic),
            "fill": str(fill),
            "source": str(source),
            "validation_mark": validation_mark,
        }
        store = create_store(partial, attributes)
        write_array(store, "gene_id", np.asarray(list(gene_ids), dtype=object), ["genes"])
        write_array(store, "mark", np.asarray(list(marks), dtype=object), ["marks"])
        arrays = [("signal", signal.astype(np.float32), ["genes", "marks", "bins"])]
        arrays += [
            (name, array.astype(np.int32), ["genes", "marks"])
            for name, array in (("zero", zero), ("uncovered", uncovered), ("absent", absent))
        ]
        if validation_signal is not None:
            arrays.append(("validation_signal", validation_signal.astype(np.float32), ["genes", "bins"]))
        for name, array, dimensions in arrays:
            write_array(store, name, array, dimensions, first_chunk=GENES_PER_CHUNK)
        finish_store(partial)
