"""Reading a file whose variants and genotypes lie apart as biallelic sites, a chunk of variants at a time.

`plink.PlinkFile` and `vcf_zarr.VcfZarrFile` are such files; they stand beside `reading.VariantFile`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from promoternets.errors import InputError
from promoternets.formats import plink_index, vcf_zarr
from promoternets.genotypes.sites import Calls, Rules, Site
from promoternets.progress import progress

AnyRun = TypeVar("AnyRun", plink_index.Run, vcf_zarr.Run)


class Variant(NamedTuple):
    """One variant, alleles in capitals."""

    position: int
    name: str
    reference: str
    alternates: list[str]  # none where only one allele was seen
    passed: bool  # FILTER, where there is one


class ChunkedFile(ABC):
    """One file, opened for its people and contigs.

    Attributes
    ----------
    path : the file. rules : what is read of each variant.
    people : names of those that are read, in the file's order.
    lengths : contig lengths in bp that the file tells, None where not known.
    counts : variants of each contig.
    records_read, genotyped : variants so far. uncertain : dosages too far from a whole number.
    """

    path: Path
    rules: Rules
    people: list[str]
    lengths: Mapping[str, int | None]
    counts: Mapping[str, int]
    records_read = genotyped = uncertain = 0
    sort_fix: str

    def _runs_by_contig(self, runs: Iterable[AnyRun]) -> dict[str, AnyRun]:
        """Return the runs of variants by contig; InputError where a contig comes twice."""
        found: dict[str, AnyRun] = {}
        before = ""
        for run in runs:
            if run.contig in found:
                raise self._unsorted(f"variants of contig {run.contig} come again after contig {before}")
            found[run.contig] = run
            before = run.contig
        return found

    def _unsorted(self, what: str) -> InputError:
        return InputError(f"the file is not sorted: {what}", where=self._table, fix=self.sort_fix)

    @property
    def _table(self) -> Path:
        """The file that lists the variants."""
        return self.path

    @abstractmethod
    def _chunks_of(self, contig: str) -> Iterator[tuple[int, list[Variant]]]:
        """Yield the variants of a contig, ascending, in chunks, each with the row of its first in the file."""

    @abstractmethod
    def _reasons(self, contig: str, variant: Variant) -> list[str | None]:
        """Return why each alternate allele is not a site, None where it is one; one reason without any."""

    @abstractmethod
    def _calls(
        self, contig: str, rows: np.ndarray, variants: Sequence[Variant], kept: np.ndarray
    ) -> Iterator[Sequence[Calls | None]]:
        """Yield calls of each alternate allele, with dosages where kept, of the variants in some rows of the file.

        Those that are not `kept` (bool) may be anything.
        """

    def contigs_with_records(self) -> list[str]:
        """Return the contigs that the file has variants of, named as in the file."""
        return list(self.counts)

    def sites(self, contigs: Sequence[str] | None) -> Iterator[tuple[str, int, list[Site]]]:
        """Yield (contig, position, sites at that position), with several alternate alleles taken apart."""
        wanted = [name for name in contigs or self.contigs_with_records() if name in self.counts]
        rows = ((name, *row) for name in wanted for row in self._sites_of(name))
        total = sum(self.counts[name] for name in wanted)
        contig, position, here = "", -1, []
        for name, at, sites in progress(rows, total=total, what=self.path.name, unit="variants"):
            if (name, at) != (contig, position):
                if here:
                    yield contig, position, here
                contig, position, here = name, at, []
            here += sites
        if here:
            yield contig, position, here

    def _sites_of(self, contig: str) -> Iterator[tuple[int, list[Site]]]:
        for first, variants in self._chunks_of(contig):
            wanted = [self.rules.wanted(contig, variant.position) for variant in variants]
            sites = self._sites_at(contig, variants, first, np.flatnonzero(wanted))
            for variant, own in zip(variants, wanted, strict=True):
                self.records_read += 1
                yield variant.position, next(sites) if own else []

    def _sites_at(
        self, contig: str, variants: Sequence[Variant], first: int, places: np.ndarray
    ) -> Iterator[list[Site]]:
        """Yield the sites of the variants at some places among those of a chunk, which starts at row `first`."""
        chosen = [variants[place] for place in places]
        reasons = [self._reasons(contig, variant) for variant in chosen]
        kept = np.array([None in own for own in reasons], dtype=bool)
        self.genotyped += int(kept.sum())
        calls: Any = self._calls(contig, first + places, chosen, kept) if kept.any() else reasons
        for variant, own, here in zip(chosen, reasons, calls, strict=True):
            yield [
                Site(variant.reference, alternate, variant.name, reason, None if reason else call)
                for alternate, reason, call in zip(variant.alternates or ["."], own, here, strict=True)
            ]
