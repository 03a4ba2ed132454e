"""Reading one VCF Zarr store as biallelic sites, a chunk of variants at a time, as its VCF would be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import repeat
from pathlib import Path

import numpy as np

from promoternets.formats.vcf_zarr import CALLS, DOSAGES, VcfZarr
from promoternets.genotypes.chunked import ChunkedFile, Variant
from promoternets.genotypes.sites import (
    ABSENT,
    Calls,
    ContigEnds,
    Rules,
    by_allele,
    calls_of_dosages,
    impossible_dosages,
    no_such_allele,
    reasons_of_vcf_record,
    refuse_dosages,
    too_many_alleles,
)

CHUNK_CALLS = 10_000_000  # at most so many genotypes at once, about 100 MB while a chunk is decoded
MISSING = ("", ".")


class VcfZarrFile(ChunkedFile):
    """One VCF Zarr store, opened for its people and contigs.

    Parameters
    ----------
    path : the store's folder.
    rules : what is read of each variant.
    people : names to read; None for all. Those that the store does not have are ignored.
    build : GRCh37 or GRCh38, when positions are to be compared with its chromosome lengths.
    threads : is for VCF; Zarr unpacks chunks in threads of its own.

    Raises
    ------
    InputError
        When the store is missing or none, lacks an array or a chunk, or contigs are not sorted.
    """

    sort_fix = "Sort the VCF (`bcftools sort`), and convert it again"

    def __init__(
        self,
        path: Path,
        *,
        rules: Rules,
        people: Sequence[str] | None = None,
        build: str | None = None,
        threads: int = 1,
    ) -> None:
        self.path = path
        self.rules = rules
        self._store = VcfZarr(path)
        self.lengths = self._store.lengths
        self._ends = ContigEnds(path, self.lengths, build)
        self._runs = self._runs_by_contig(self._store.runs())
        self.counts = {run.contig: run.variants for run in self._runs.values()}
        every = self._store.sample_ids
        among = set(every if people is None else people)
        self.people = [name for name in every if name in among]
        columns = np.array([column for column, name in enumerate(every) if name in among], dtype=np.int64)
        self._columns = None if len(columns) == len(every) else columns

    # ------------------------------------------------------------------------------------------ variants

    def _chunks_of(self, contig: str) -> Iterator[tuple[int, list[Variant]]]:
        run = self._runs[contig]
        last = 0
        most = max(1, CHUNK_CALLS // max(1, len(self.people)))
        for rows in self._store.pieces(run.first, run.first + run.variants, most=most):
            variants = list(self._variants_of(rows))
            for variant in variants:
                if variant.position < last:
                    raise self._unsorted(f"{contig}:{variant.position:,} comes after {contig}:{last:,}")
                last = variant.position
            yield rows.start, variants

    def _variants_of(self, rows: slice) -> Iterator[Variant]:
        store = self._store
        positions = store.read("variant_position", rows).tolist()
        names = store.text("variant_id", rows, complete=False) if "variant_id" in store else repeat(".", len(positions))
        passed = self._passed(rows, len(positions))
        alleles = store.text("variant_allele", rows)
        for position, name, (reference, *others), own in zip(positions, names, alleles, passed, strict=True):
            while others and others[-1] in MISSING:
                others.pop()
            yield Variant(position, name or ".", reference.upper(), [allele.upper() for allele in others], own)

    def _passed(self, rows: slice, count: int) -> list[bool]:
        """Return whether variants have passed, or no filter was applied to them."""
        if not self._failing.any():
            return [True] * count
        return (~self._store.read("variant_filter", rows)[:, self._failing].any(axis=1)).tolist()

    @cached_property
    def _failing(self) -> np.ndarray:
        """Which columns of variant_filter mean that a variant has failed; none where no filter was applied to any."""
        store = self._store
        if "variant_filter" not in store or "filter_id" not in store or not store.is_stored("variant_filter"):
            return np.zeros(0, dtype=bool)
        return np.array([name != "PASS" for name in store.text("filter_id", slice(None))], dtype=bool)

    def _reasons(self, contig: str, variant: Variant) -> list[str | None]:
        return reasons_of_vcf_record(
            contig,
            variant.position,
            variant.reference,
            variant.alternates,
            passed=variant.passed,
            rules=self.rules,
            ends=self._ends,
        )

    # --------------------------------------------------------------------------------------------- calls

    def _calls(
        self, contig: str, rows: np.ndarray, variants: Sequence[Variant], kept: np.ndarray
    ) -> Iterator[Sequence[Calls | None]]:
        read = self._genotypes if CALLS in self._store else self._of_dosages
        return read(contig, rows, variants, kept)

    def _genotypes(
        self, contig: str, rows: np.ndarray, variants: Sequence[Variant], kept: np.ndarray
    ) -> Iterator[Sequence[Calls | None]]:
        alleles = self._read(CALLS, rows)
        if "call_genotype_mask" in self._store:
            alleles[self._read("call_genotype_mask", rows, complete=False) & (alleles >= 0)] = -1
        calls = np.empty((*alleles.shape[:2], 3), dtype=np.int16)
        calls[:, :, 0] = alleles[:, :, 0]
        if alleles.shape[2] > 1:
            calls[:, :, 1] = alleles[:, :, 1]
            phased = "call_genotype_phased"
            calls[:, :, 2] = self._read(phased, rows, complete=False) if phased in self._store else 0
        else:
            calls[:, :, 1:] = ABSENT, 1
        beside = self._dosages(rows) if DOSAGES in self._store and self.rules.keeps_dosages(contig) else None
        for row, variant in enumerate(variants):
            dosages = None
            if kept[row]:
                self._refuse_uncodable(alleles[row], contig, variant)
                dosages = None if beside is None else self._of_alternates(beside[row], contig, variant)
            yield by_allele(Calls.of(calls[row]), max(1, len(variant.alternates)), dosages)

    def _refuse_uncodable(self, alleles: np.ndarray, contig: str, variant: Variant) -> None:
        if alleles.max(initial=0) > len(variant.alternates) or alleles.min(initial=0) < ABSENT:
            raise no_such_allele(self.path, contig, variant.position)
        more = (alleles[:, 2:] != ABSENT).any(axis=1)
        if more.any():
            who = self.people[int(more.argmax())]
            raise too_many_alleles(self.path, who, alleles.shape[1], contig, variant.position)

    def _of_dosages(
        self, contig: str, rows: np.ndarray, variants: Sequence[Variant], kept: np.ndarray
    ) -> Iterator[Sequence[Calls | None]]:
        refuse_dosages(self.path, contig, variants[int(kept.argmax())].position, self.rules)
        for variant, own, wanted in zip(variants, self._dosages(rows), kept, strict=True):
            if not wanted:
                yield [None] * max(1, len(variant.alternates))
                continue
            calls, uncertain = calls_of_dosages(self._of_alternates(own, contig, variant), self.rules)
            self.uncertain += uncertain
            yield calls

    def _dosages(self, rows: np.ndarray) -> np.ndarray:
        """Return dosages of some rows, float, shape=(rows, people, alternate alleles), padded with nan."""
        dosages = self._read(DOSAGES, rows)
        return dosages.reshape(*dosages.shape[:2], -1)

    def _of_alternates(self, dosages: np.ndarray, contig: str, variant: Variant) -> np.ndarray:
        """Return the dosages of a variant without padding, shape=(people, alternate alleles)."""
        alternates = max(1, len(variant.alternates))
        own, padding = dosages[:, :alternates], dosages[:, alternates:]
        fits = own.shape[1] == alternates and np.isnan(padding).all()
        if not fits or np.nanmin(own, initial=0) < 0 or np.nanmax(own, initial=0) > 2:
            raise impossible_dosages(self.path, contig, variant.position)
        return own

    def _read(self, name: str, rows: np.ndarray, *, complete: bool = True) -> np.ndarray:
        """Return calls of the people that are read, of some rows, which ascend."""
        whole = len(rows) == rows[-1] - rows[0] + 1
        chosen = slice(rows[0], rows[-1] + 1) if whole else rows
        return self._store.read(name, chosen, self._columns, complete=complete)
