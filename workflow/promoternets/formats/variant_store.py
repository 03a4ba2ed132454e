"""A genotype matrix on disk: Zarr with the names of the VCF Zarr specification, so that sgkit opens it.

Arrays (V variants, S people): ``contig_id`` [contigs] str, ``sample_id`` [S] str, ``variant_contig`` [V]
int16, ``variant_position`` [V] int32 (1-based), ``variant_allele`` [V, 2] str (reference, alternate),
``variant_id`` [V] str, ``call_genotype`` [V, S, 2] int8 (0 reference, 1 alternate, -1 missing, -2 no second
allele in a haploid call), ``call_genotype_phased`` [V, S] bool, where dosages are kept ``call_DS`` [V, S] float32
(expected alternate alleles, 0 to 2, nan missing), and ``variant_allele_frequency`` (of the alternate allele),
``variant_call_rate``, ``variant_hwe_p`` [V] float32, of the calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from promoternets.errors import InputError
from promoternets.formats.zarr_store import ArrayWriter, Rows, ZarrStore, create_store, finish_store, write_array

MISSING, ABSENT = -1, -2
DOSAGES = "call_DS"
CHUNK_VARIANTS, CHUNK_SAMPLES = 10_000, 1_000
VERSION = "0.4"
_DIMENSIONS: dict[str, tuple[str, ...]] = {
    "variant_contig": ("variants",),
    "variant_position": ("variants",),
    "variant_allele": ("variants", "alleles"),
    "variant_id": ("variants",),
    "call_genotype": ("variants", "samples", "ploidy"),
    "call_genotype_phased": ("variants", "samples"),
    DOSAGES: ("variants", "samples"),
    "variant_allele_frequency": ("variants",),
    "variant_call_rate": ("variants",),
    "variant_hwe_p": ("variants",),
}
_DTYPES: dict[str, Any] = {
    "variant_contig": "int16",
    "variant_position": "int32",
    "variant_allele": str,
    "variant_id": str,
    "call_genotype": "int8",
    "call_genotype_phased": "bool",
    DOSAGES: "float32",
    "variant_allele_frequency": "float32",
    "variant_call_rate": "float32",
    "variant_hwe_p": "float32",
}


def alternate_counts(call_genotype: np.ndarray) -> np.ndarray:
    """Return the number of alternate alleles of each call.

    Parameters
    ----------
    call_genotype : int8 array, shape=(..., 2); 0/1 alleles, -1 missing, -2 no second allele (haploid).

    Returns
    -------
    int8 array, shape=(...): 0, 1 or 2 (0 or 1 for a haploid call), -1 where any allele is missing.
    """
    first, second = call_genotype[..., 0], call_genotype[..., 1]
    counts = first + np.maximum(second, 0)
    counts[(first < 0) | (second == MISSING)] = MISSING
    return counts


def known_dosages(dosages: np.ndarray) -> np.ndarray:
    """Return dosages of a store as counts are read, float32: -1 where missing."""
    return np.where(np.isnan(dosages), np.float32(MISSING), dosages)


class VariantStoreWriter:
    """Writes a variant store a batch of sites at a time; use it as a context manager.

    Parameters
    ----------
    path : the store's folder; it must not exist yet.
    sample_ids : names of the people, in the order of the genotypes given to `append`.
    chunk_variants, chunk_samples : shape of a Zarr chunk.
    dosages : whether the store keeps dosages beside genotypes.
    threads : how many compress and write, the caller's among them.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        sample_ids: Sequence[str],
        chunk_variants: int = CHUNK_VARIANTS,
        chunk_samples: int = CHUNK_SAMPLES,
        dosages: bool = False,
        threads: int = 1,
    ) -> None:
        self.path = Path(path)
        self.dosages = dosages
        self.sample_ids = list(sample_ids)
        self.contigs: list[str] = []
        self._group = create_store(self.path, {"vcf_zarr_version": VERSION, "source": "promoternets"})
        people = len(self.sample_ids)
        sizes = {"variants": chunk_variants, "samples": min(chunk_samples, people), "ploidy": 2, "alleles": 2}
        lengths = {"samples": people, "ploidy": 2, "alleles": 2}
        self._pool = ThreadPoolExecutor(threads - 1) if threads > 1 else None
        self._arrays = {
            name: ArrayWriter(
                self._group,
                name,
                shape=[lengths[dimension] for dimension in dimensions[1:]],
                dtype=_DTYPES[name],
                chunks=[max(1, sizes[dimension]) for dimension in dimensions],
                dimensions=dimensions,
                pool=self._pool,
            )
            for name, dimensions in _DIMENSIONS.items()
            if dosages or name != DOSAGES
        }

    def append(self, *, contig: Sequence[int] | np.ndarray, **columns: Any) -> None:
        """Add sites, a multiple of `chunk_variants` but for the last.

        `contig` are row numbers of `contigs`; the other names are those of the arrays, without ``variant_``:
        position, allele, id, call_genotype, call_genotype_phased, allele_frequency, call_rate, hwe_p, and call_DS
        where the store keeps dosages.
        """
        columns["contig"] = contig
        for name, array in self._arrays.items():
            array.append(np.asarray(columns[name.removeprefix("variant_")]))

    def __enter__(self) -> VariantStoreWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=kind is not None)
        if kind is not None:
            return
        for array in self._arrays.values():
            array.finish()
        for name, values in (("sample_id", self.sample_ids), ("contig_id", self.contigs)):
            write_array(self._group, name, np.array(values, dtype=object), [name.split("_")[0] + "s"])
        finish_store(self.path)


def write_variant_store(
    path: str | Path,
    *,
    sample_ids: Sequence[str],
    contig: str | Sequence[str],
    positions: Sequence[int] | np.ndarray,
    alleles: Sequence[Sequence[str]] | np.ndarray,
    call_genotype: np.ndarray,
    phased: np.ndarray | None = None,
    variant_ids: Sequence[str] | None = None,
    hwe_p: np.ndarray | None = None,
    dosages: np.ndarray | None = None,
    chunk_variants: int = CHUNK_VARIANTS,
    chunk_samples: int = CHUNK_SAMPLES,
) -> None:
    """Write a genotype matrix that is in memory as a variant store.

    Parameters
    ----------
    path : folder of the store; must not exist. sample_ids : S names.
    contig : one name for all sites, or one for each site. positions : V 1-based positions.
    alleles : V pairs of reference and alternate allele. call_genotype : int8, shape=(V, S, 2).
    phased : bool, shape=(V, S); unphased where not given. variant_ids : V names, ``.`` where not given.
    hwe_p : float, shape=(V,); nan where not given. dosages : float, shape=(V, S), where the store is to keep them.
    chunk_variants, chunk_samples : shape of a chunk.
    """
    positions = np.asarray(positions, dtype=np.int32)
    genotype = np.asarray(call_genotype, dtype=np.int8).reshape(len(positions), len(sample_ids), 2)
    names = [contig] * len(positions) if isinstance(contig, str) else list(contig)
    with VariantStoreWriter(
        path,
        sample_ids=sample_ids,
        chunk_variants=chunk_variants,
        chunk_samples=chunk_samples,
        dosages=dosages is not None,
    ) as store:
        store.contigs = [contig] if isinstance(contig, str) else list(dict.fromkeys(names))
        number = {name: row for row, name in enumerate(store.contigs)}
        with np.errstate(invalid="ignore", divide="ignore"):
            frequency = (genotype == 1).sum(axis=(1, 2)) / (genotype >= 0).sum(axis=(1, 2))
            rate = (genotype[:, :, 0] >= 0).sum(axis=1) / max(1, len(sample_ids))
        store.append(
            contig=np.array([number[name] for name in names], dtype=np.int16),
            position=positions,
            allele=np.asarray(alleles, dtype=object).reshape(len(positions), 2),
            id=np.array(["."] * len(positions) if variant_ids is None else list(variant_ids), dtype=object),
            call_genotype=genotype,
            call_genotype_phased=np.zeros(genotype.shape[:2], dtype=bool)
            if phased is None
            else np.asarray(phased, bool),
            allele_frequency=frequency.astype(np.float32),
            call_rate=rate.astype(np.float32),
            hwe_p=np.full(len(positions), np.nan, np.float32) if hwe_p is None else np.asarray(hwe_p, np.float32),
            call_DS=dosages,
        )


class VariantStore:
    """A variant store opened for reading; small arrays are read once and kept, genotypes at each call."""

    def __init__(self, store: ZarrStore) -> None:
        self.path = store.path
        self.store = store

    @classmethod
    def open(cls, path: str | Path) -> VariantStore:
        """Open a store.

        Raises
        ------
        InputError
            When there is no variant store at `path`, or it is damaged; that may also show at a later reading.
        """
        redo = "Make one with parse_genotypes.py"
        return cls(ZarrStore(path, what="genotype store", redo=redo, arrays=("call_genotype", "sample_id")))

    @cached_property
    def sample_ids(self) -> np.ndarray:
        """Names of the people, str, shape=(S,)."""
        return self.store.read("sample_id").astype(str)

    @cached_property
    def contigs(self) -> list[str]:
        """Contigs of the store."""
        return self.store.read("contig_id").tolist()

    @property
    def contig(self) -> str:
        """The one contig of the store; InputError when it holds several."""
        if len(self.contigs) != 1:
            raise InputError(
                f"the store holds {len(self.contigs)} contigs, where one is needed",
                where=self.path,
                fix="Parse one chromosome into each store (parse_genotypes.py --chrom)",
            )
        return self.contigs[0]

    @cached_property
    def variant_contigs(self) -> np.ndarray:
        """Row number in `contigs` of each site, int16, shape=(V,)."""
        return self.store.read("variant_contig")

    @cached_property
    def positions(self) -> np.ndarray:
        """1-based positions, int32, shape=(V,), ascending within a contig."""
        return self.store.read("variant_position")

    @cached_property
    def alleles(self) -> np.ndarray:
        """Reference and alternate allele, object array of str, shape=(V, 2)."""
        return self.store.read("variant_allele")

    @cached_property
    def variant_ids(self) -> np.ndarray:
        """Names of the sites in the file (``.`` where none), object array of str, shape=(V,)."""
        return self.store.read("variant_id")

    def column(self, name: str) -> np.ndarray:
        """Return a per-site array, such as ``variant_allele_frequency`` or ``variant_hwe_p``."""
        return self.store.read(name)

    def __len__(self) -> int:
        """Return the number of sites."""
        return int(self.store.array("variant_position").shape[0])

    def genotypes(self, rows: Rows) -> np.ndarray:
        """Return the calls of some sites, int8, shape=(rows, S, 2); rows in the order asked for."""
        return self.store.read("call_genotype", rows)

    def counts(self, rows: Rows) -> np.ndarray:
        """Return the alternate alleles of some sites, shape=(rows, S): int8 counts, or float32 dosages where kept.

        -1 is missing.
        """
        if DOSAGES in self.store:
            return known_dosages(self.store.read(DOSAGES, rows))
        return alternate_counts(self.genotypes(rows))

    def phased(self, rows: Rows) -> np.ndarray:
        """Return whether the calls of some sites are phased, bool, shape=(rows, S)."""
        return self.store.read("call_genotype_phased", rows)
