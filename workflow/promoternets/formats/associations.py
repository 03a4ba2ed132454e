"""The association study of one fold: a table for people, a Zarr store for programs, one row a site in genome order.

Table (TSV, gzipped): site (``chrom:pos:ref:alt``), chrom, position, ref, alt, frequency, effect, se, p.

Store (Zarr, format 2):

* ``contig_id`` [contigs] text, ``variant_contig`` [sites] int16, ``variant_position`` [sites] int32,
  ``variant_allele`` [sites, 2] text
* ``effect`` [fits, sites] float32: log odds per alternate allele, NaN where the site tells nobody apart
* ``z`` [fits, sites] float32: score over its standard deviation, NaN as above

Fit 0 has seen all training people of the fold; fit r those who fit in round r (from 1) of
`OuterFold.validation_rounds`. Attributes: ``fold``, ``rounds``.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from promoternets.errors import InputError
from promoternets.formats.outputs import written
from promoternets.formats.zarr_store import ZarrStore, create_array, create_store, finish_store, write_array

COLUMNS = ("site", "chrom", "position", "ref", "alt", "frequency", "effect", "se", "p")
ARRAYS = ("contig_id", "variant_contig", "variant_position", "variant_allele", "effect", "z")
SITES_PER_CHUNK = 20_000


@dataclass(frozen=True)
class Piece:
    """Some neighbouring sites of one chromosome.

    position: int32 [sites]. alleles: text [sites, 2]. frequency, se, p: float64 [sites], of fit 0.
    effect, z: float64 [fits, sites].
    """

    chrom: str
    position: np.ndarray
    alleles: np.ndarray
    frequency: np.ndarray
    effect: np.ndarray
    se: np.ndarray
    z: np.ndarray
    p: np.ndarray

    def table(self) -> pd.DataFrame:
        """Return the rows of the table."""
        names = [f"{self.chrom}:{at}:{ref}:{alt}" for at, (ref, alt) in zip(self.position, self.alleles, strict=True)]
        values = (names, self.chrom, self.position, self.alleles[:, 0], self.alleles[:, 1], self.frequency)
        return pd.DataFrame(dict(zip(COLUMNS, (*values, self.effect[0], self.se, self.p), strict=True)))


def write_associations(table: str | Path, store: str | Path, pieces: Iterable[Piece], *, fold: int, rounds: int) -> int:
    """Write both as the pieces come; return how many sites there were. Memory: one piece and one chunk."""
    with written(table) as text, written(store) as folder:
        group = create_store(folder, {"fold": int(fold), "rounds": int(rounds)})
        arrays = _arrays(group, rounds)
        contigs: list[str] = []
        sites = 0
        with open(text, "wb") as raw, gzip.GzipFile("", "wb", compresslevel=4, fileobj=raw, mtime=0) as packed:
            packed.write(("\t".join(COLUMNS) + "\n").encode())
            for piece in pieces:
                if piece.chrom not in contigs:
                    contigs.append(piece.chrom)
                rows = piece.table().to_csv(
                    sep="\t", index=False, header=False, na_rep="NA", float_format="%.6g", lineterminator="\n"
                )
                packed.write(rows.encode())
                _append(arrays, piece, contigs.index(piece.chrom), sites)
                sites += len(piece.position)
        write_array(group, "contig_id", np.array(contigs, dtype=object), ["contigs"])
        finish_store(folder)
    return sites


def _arrays(group: Any, rounds: int) -> dict[str, Any]:
    fits = rounds + 1
    kinds: dict[str, tuple[Any, tuple[int, ...], tuple[int, ...], list[str]]] = {
        "variant_contig": ("int16", (0,), (SITES_PER_CHUNK,), ["variants"]),
        "variant_position": ("int32", (0,), (SITES_PER_CHUNK,), ["variants"]),
        "variant_allele": (str, (0, 2), (SITES_PER_CHUNK, 2), ["variants", "alleles"]),
        "effect": ("float32", (fits, 0), (fits, SITES_PER_CHUNK), ["fits", "variants"]),
        "z": ("float32", (fits, 0), (fits, SITES_PER_CHUNK), ["fits", "variants"]),
    }
    return {
        name: create_array(group, name, shape=shape, dtype=dtype, chunks=chunks, dimensions=dimensions)
        for name, (dtype, shape, chunks, dimensions) in kinds.items()
    }


def _append(arrays: dict[str, Any], piece: Piece, contig: int, at: int) -> None:
    count = len(piece.position)
    values = {
        "variant_contig": np.full(count, contig),
        "variant_position": piece.position,
        "variant_allele": np.asarray(piece.alleles, dtype=object),
        "effect": piece.effect,
        "z": piece.z,
    }
    for name, array in arrays.items():
        along = 1 if name in ("effect", "z") else 0
        shape = list(array.shape)
        shape[along] = at + count
        array.resize(tuple(shape))
        array[(slice(None),) * along + (slice(at, at + count),)] = values[name]


@dataclass(frozen=True)
class Associations:
    """An association study opened for reading. Memory: 12 bytes a site, and 8 more for each fit that is read."""

    path: Path
    contigs: list[str]
    contig: np.ndarray
    position: np.ndarray
    fold: int
    rounds: int
    _store: ZarrStore

    @classmethod
    def open(cls, path: str | Path) -> Associations:
        """Open a store.

        Raises
        ------
        InputError
            When there is no such store at `path`, or it is damaged.
        """
        store = ZarrStore(
            path,
            what="association study",
            redo="Make it again with associate_sites",
            arrays=ARRAYS,
            attributes=("fold", "rounds"),
        )
        return cls(
            path=store.path,
            contigs=store.read("contig_id").tolist(),
            contig=store.read("variant_contig"),
            position=store.read("variant_position"),
            fold=int(store.attributes["fold"]),
            rounds=int(store.attributes["rounds"]),
            _store=store,
        )

    def __len__(self) -> int:
        """Return the number of sites."""
        return len(self.position)

    def of_fold(self, fold: int) -> Associations:
        """Return itself; InputError when its training people were those of another fold, a leak."""
        if self.fold != fold:
            raise InputError(
                f"it is the association study of fold {self.fold}, not of fold {fold}",
                where=self.path,
                fix="Give that of the same fold",
            )
        return self

    def effect(self, fit: int) -> np.ndarray:
        """Return log odds per alternate allele, float32 [sites], of one fit."""
        return self._store.read("effect", fit)

    def z(self, fit: int) -> np.ndarray:
        """Return the score statistic in standard deviations, float32 [sites], of one fit."""
        return self._store.read("z", fit)

    @cached_property
    def alleles(self) -> np.ndarray:
        """Reference and alternate allele, text [sites, 2]; some 120 bytes a site, so ask where names are needed."""
        return self._store.read("variant_allele")

    def rows_of(self, contig: str) -> slice:
        """Return the rows of one chromosome, which lie side by side; none where it is not in the study."""
        if contig not in self.contigs:
            return slice(0, 0)
        at = np.flatnonzero(self.contig == self.contigs.index(contig))
        return slice(int(at[0]), int(at[-1]) + 1)
