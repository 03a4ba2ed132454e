"""Reading one PLINK fileset (.bed or .pgen with its tables) as biallelic sites, a chunk of variants at a time.

A PLINK 1 .bim does not say which allele is the reference. A1 (its fifth column, the rarer allele unless PLINK was
told otherwise) is counted as the alternate and A2 as the reference; strands stay as they are.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np
import pgenlib

from promoternets.errors import InputError
from promoternets.formats.contigs import canonical
from promoternets.formats.plink_index import (
    COPY_FIX,
    FORMS,
    UNPLACED,
    Run,
    contig_runs,
    fields_of_people,
    people,
    people_table,
    refuse_other_size,
    variant_columns,
    variants_table,
)
from promoternets.formats.variant_store import alternate_counts
from promoternets.genotypes.chunked import ChunkedFile, Variant
from promoternets.genotypes.sites import (
    ABSENT,
    HAPLOID_CONTIGS,
    Calls,
    ContigEnds,
    Rules,
    Site,
    by_allele,
    calls_of_dosages,
    no_such_allele,
    reasons_of_record,
    refuse_dosages,
    unphased,
)

logger = logging.getLogger(__name__)
CHUNK = 1024  # variants read together
CHUNK_CALLS = 4_000_000  # at most so many genotypes, about 100 MB while a chunk is decoded
BASES = frozenset("ACGTN")
# Parts of X and Y that men have twice, 1-based inclusive; source: the Genome Reference Consortium's assembly pages.
PSEUDO_AUTOSOMAL = {
    "GRCh37": {
        "X": ((60_001, 2_699_520), (154_931_044, 155_260_560)),
        "Y": ((10_001, 2_649_520), (59_034_050, 59_363_566)),
    },
    "GRCh38": {
        "X": ((10_001, 2_781_479), (155_701_383, 156_030_895)),
        "Y": ((10_001, 2_781_479), (56_887_903, 57_217_415)),
    },
}


class PlinkFile(ChunkedFile):
    """One PLINK fileset, opened for its people and contigs.

    Parameters
    ----------
    path : the .bed or .pgen; its tables lie beside it.
    rules : what is read of each variant.
    people : names (IID) to read; None for all. Those that the fileset does not have are ignored.
    build : genome build; with "other" chromosomes 23 to 26 are what they are, else X, Y, XY and MT.
    threads : is for VCF; a fileset needs no unpacking.

    Raises
    ------
    InputError
        When a file is missing, empty or of another size than its tables say, or contigs are not sorted.
    """

    sort_fix = "Sort it: `plink2 --make-pgen --sort-vars`"

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
        self.build = build
        self._runs = self._runs_by_contig(contig_runs(path, numbered=build != "other"))
        self.counts = {run.contig: run.variants for run in self._runs.values()}
        self._variants = sum(self.counts.values())
        self._columns, _, self.lengths = variant_columns(path)
        self._ends = ContigEnds(self._table, self.lengths, build)
        self.people, self._rows, self._men, self._all_people = _chosen(path, people)
        refuse_other_size(path, variants=self._variants, samples=self._all_people)

    @property
    def _table(self) -> Path:
        return variants_table(self.path)

    def contigs_with_records(self) -> list[str]:
        """Return the contigs that the fileset has variants of, but for unplaced ones (contig 0)."""
        return [name for name in self.counts if name != UNPLACED]

    # ------------------------------------------------------------------------------------------ variants

    def _variants_of(self, run: Run) -> Iterator[Variant]:
        place = [self._columns.index(name) for name in ("POS", "ID", "REF", "ALT")]
        status = self._columns.index("FILTER") if "FILTER" in self._columns else None
        separator = None if self._table.suffix == ".bim" else "\t"
        last = 0
        with self._table.open("rb") as handle:
            handle.seek(run.offset)
            lines = (line for line in handle if line.strip())
            for row, line in enumerate(islice(lines, run.variants), start=run.first):
                fields = line.decode("utf-8", errors="replace").rstrip("\r\n").split(separator)
                if len(fields) != len(self._columns):
                    raise self._wrong_row(row, f"{len(fields)} columns, where {len(self._columns)} are expected")
                text, name, reference, alternate = (fields[column] for column in place)
                if not text.isdigit() or text.strip("0") == "":
                    raise self._wrong_row(row, f"{text!r} is not a position on a chromosome")
                position = int(text)
                if position < last:
                    raise self._unsorted(f"{run.contig}:{position:,} comes after {run.contig}:{last:,}")
                last = position
                alternates = [] if alternate in ("0", ".") else alternate.upper().split(",")
                passed = status is None or fields[status] in ("PASS", ".")
                yield Variant(position, name, reference.upper(), alternates, passed)

    def _wrong_row(self, row: int, what: str) -> InputError:
        return InputError(
            what, where=f"{self._table}, variant {row + 1:,}", fix=f"{FORMS[self._table.suffix]}; mend or drop that row"
        )

    # --------------------------------------------------------------------------------------------- sites

    def sites(self, contigs: Sequence[str] | None) -> Iterator[tuple[str, int, list[Site]]]:
        """Yield (contig, position, sites at that position), with several alternate alleles taken apart."""
        if contigs is None and UNPLACED in self.counts:
            logger.warning("%s: %d variants without a position are left out", self.path, self.counts[UNPLACED])
        return super().sites(contigs)

    def _chunks_of(self, contig: str) -> Iterator[tuple[int, list[Variant]]]:
        run = self._runs[contig]
        rows, first = self._variants_of(run), run.first
        size = max(1, min(CHUNK, CHUNK_CALLS // max(1, len(self.people))))
        while variants := list(islice(rows, size)):
            yield first, variants
            first += len(variants)

    def _reasons(self, contig: str, variant: Variant) -> list[str | None]:
        reference, alternates = variant.reference, variant.alternates
        if not variant.passed and self.rules.pass_only:
            return ["filter_not_pass"] * max(1, len(alternates))
        if not alternates or reference == "0":  # an allele that nobody has
            self._ends.refuse_beyond(contig, variant.position)
            reason = self.rules.reason_without_alternate
            if reason is not None or BASES.issuperset(reference):
                return [reason] * max(1, len(alternates))
        reasons = reasons_of_record(reference, alternates, self.rules)
        if not BASES.issuperset(reference):
            return ["symbolic_or_star"] * max(1, len(alternates))
        if not all(reason == "symbolic_or_star" for reason in reasons):
            self._ends.refuse_beyond(contig, variant.position)
        return reasons

    # --------------------------------------------------------------------------------------------- calls

    @cached_property
    def _reader(self) -> pgenlib.PgenReader:
        """The opened .bed or .pgen."""
        try:
            return pgenlib.PgenReader(
                str(self.path).encode(),
                raw_sample_ct=self._all_people,
                variant_ct=self._variants,
                sample_subset=self._rows.astype(np.uint32),
                allele_idx_offsets=None if self.path.suffix == ".bed" else self._allele_offsets(),
            )
        except (RuntimeError, OSError, ValueError) as error:
            raise self._damaged(error) from error

    def _allele_offsets(self) -> np.ndarray | None:
        """Return where each variant's alleles start when those of all are counted on; None when each has two."""
        column = self._columns.index("ALT")
        offset = next(iter(self._runs.values())).offset
        several: dict[int, int] = {}
        with self._table.open("rb") as handle:
            handle.seek(offset)
            for row, line in enumerate(line for line in handle if line.strip()):
                if b"," in line:
                    alternates = line.rstrip(b"\r\n").split(b"\t")[column : column + 1]
                    several[row] = 1 + sum(text.count(b",") + 1 for text in alternates)
        if not any(count > 2 for count in several.values()):
            return None
        counts = np.full(self._variants, 2, dtype=np.uintp)
        counts[list(several)] = list(several.values())
        return np.concatenate([np.zeros(1, np.uintp), np.cumsum(counts, dtype=np.uintp)])

    def _calls(
        self, contig: str, rows: np.ndarray, variants: Sequence[Variant], kept: np.ndarray
    ) -> Iterator[Sequence[Calls]]:
        rows = rows.astype(np.uint32)
        dosages = None
        try:
            if self.path.suffix == ".bed":
                counts = np.empty((len(variants), len(self.people)), dtype=np.int8)
                self._reader.read_list(rows, counts)  # of A1
                calls = unphased(np.maximum(counts, np.int8(-1)))
            else:
                calls, dosages = _decoded(self._reader, rows, len(self.people))
                self._round(calls, dosages, contig, variants, kept)
        except (RuntimeError, OSError, ValueError) as error:
            raise self._damaged(error) from error
        if canonical(contig) in HAPLOID_CONTIGS:
            self._make_haploid(calls, canonical(contig), np.array([variant.position for variant in variants]))
        for row, (variant, own) in enumerate(zip(variants, calls, strict=True)):
            if kept[row] and own[:, :2].max(initial=0) > len(variant.alternates):
                raise no_such_allele(self.path, contig, variant.position)
            alternates = max(1, len(variant.alternates))
            # a .pgen has dosages of variants with one alternate allele
            real = dosages is not None and alternates == 1 and self.rules.keeps_dosages(contig)
            yield by_allele(Calls.of(own), alternates, dosages[row][:, None] if real else None)

    def _round(
        self, calls: np.ndarray, dosages: np.ndarray, contig: str, variants: Sequence[Variant], kept: np.ndarray
    ) -> None:
        """Replace calls by the genotypes nearest to their dosages, where there are dosages between whole numbers."""
        between = (dosages != np.rint(dosages)) & ~np.isnan(dosages) & kept[:, None]
        rows = np.flatnonzero(between.any(axis=1))
        if not rows.size:
            return
        refuse_dosages(self.path, contig, variants[rows[0]].position, self.rules)
        (nearest,), uncertain = calls_of_dosages(dosages[between][:, None], self.rules)
        self.uncertain += uncertain
        own = calls[between]
        same = alternate_counts(own[:, :2]) == alternate_counts(nearest.alleles)  # the same call keeps its phase
        calls[between] = np.where(same[:, None], own, np.column_stack([nearest.alleles, nearest.phased]))

    def _make_haploid(self, calls: np.ndarray, contig: str, positions: np.ndarray) -> None:
        """Turn homozygous calls of what a person has once into calls of one allele, as a VCF would have them."""
        twice = np.zeros(len(positions), dtype=bool)
        for start, end in PSEUDO_AUTOSOMAL.get(self.build or "", {}).get(contig, ()):
            twice |= (positions >= start) & (positions <= end)
        once = np.ones(len(self.people), dtype=bool) if contig == "MT" else self._men
        single = (calls[:, :, 0] == calls[:, :, 1]) & (calls[:, :, 0] >= 0) & once & ~twice[:, None]
        calls[:, :, 1][single] = ABSENT
        calls[:, :, 2][single] = 1

    def _damaged(self, error: Exception) -> InputError:
        said = error.args[0] if error.args else error
        words = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        return InputError(
            f"the genotypes cannot be read ({' '.join(words.split())[:200]})",
            where=self.path,
            fix=f"The file may be truncated or damaged. {COPY_FIX}",
        )


def _chosen(path: Path, wanted: Sequence[str] | None) -> tuple[list[str], np.ndarray, np.ndarray, int]:
    """Return the people to read, their rows in the genotypes, which are men, and how many the fileset has."""
    every = people(path)
    among = set(every if wanted is None else wanted)
    rows = np.array([row for row, name in enumerate(every) if name in among], dtype=np.int64)
    names, table = fields_of_people(people_table(path))
    column = 4 if names is None else names.index("SEX") if "SEX" in names else None
    men = np.array([column is not None and table[row][column].upper() in ("1", "M") for row in rows], dtype=bool)
    return [every[row] for row in rows], rows, men, len(every)


def _decoded(read: pgenlib.PgenReader, rows: np.ndarray, samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Return calls, int16, shape=(variants, people, 3), and dosages, float32, nan where missing, of a .pgen.

    A .pgen keeps phase for heterozygotes only. Where it has any, homozygous calls count as phased too.
    """
    alleles = np.empty((len(rows), 2 * samples), dtype=np.int32)
    phased = np.empty((len(rows), samples), dtype=np.uint8)
    dosages = np.empty((len(rows), samples), dtype=np.float32)
    read.read_alleles_and_phasepresent_list(rows, alleles, phased)
    read.read_dosages_list(rows, dosages)
    calls = np.zeros((len(rows), samples, 3), dtype=np.int16)
    calls[:, :, :2] = np.maximum(alleles, -1).reshape(len(rows), samples, 2)
    if read.hardcall_phase_present():
        calls[:, :, 2] = phased
    dosages[dosages < 0] = np.nan
    return calls, dosages
