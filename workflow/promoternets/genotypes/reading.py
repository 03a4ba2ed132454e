"""Reading one VCF or BCF file as biallelic sites, record by record, refusing what cannot be trusted.

htslib only warns about a file that ends too early, and a region query stops at damaged data without a word.
So the end of the file is looked at before, the text of each record is checked (`lines`), and the number of records is
compared with the index after. Of a text, htslib reads only those records whose genotypes are not plain.
"""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Any

import cyvcf2
import numpy as np

from promoternets.errors import InputError
from promoternets.formats.variant_index import (
    BGZF_END,
    INDEX_FIX,
    SCAN_AT_MOST,
    container,
    contigs_with_records,
    damaged,
    first_offsets,
    header_contigs,
    offsets_of_stretches,
    read_header,
    records_by_contig,
    sample_names,
)
from promoternets.genotypes.lines import Line, Lines
from promoternets.genotypes.sites import (
    ABSENT,
    AtPosition,
    Batch,
    Calls,
    ContigEnds,
    Rules,
    Site,
    by_allele,
    calls_of_dosages,
    impossible_dosages,
    merged,
    no_such_allele,
    reason_of_alleles,
    reasons_of_vcf_record,
    refuse_dosages,
    too_many_alleles,
)
from promoternets.progress import progress

logger = logging.getLogger(__name__)
TEXT_FOR_HTSLIB = 1 << 22  # bytes of lines that it is given at once
STRETCH_GAP = 1 << 14  # positions between wanted places that are read with them: an index is no finer


class VariantFile:
    """One variant file, opened for its people and contigs.

    Parameters
    ----------
    path : VCF text, gzip, bgzip, or BCF.
    rules : what is read of each record.
    people : names to read; None for all. Those that the file does not have are ignored.
    build : GRCh37 or GRCh38, when positions are to be compared with its chromosome lengths.
    threads : threads that unpack the file.

    Raises
    ------
    InputError
        When the file is missing, empty, truncated, without header or people.
    """

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
        self.threads = threads
        self.packing = container(path)
        refuse_truncated(path, self.packing)
        self._all_people = sample_names(path)
        wanted = set(self._all_people if people is None else people)
        own = [row for row, name in enumerate(self._all_people) if name in wanted]
        self.people = [self._all_people[row] for row in own]
        self._rows = None if len(own) == len(self._all_people) else np.array(own, dtype=np.int64)
        self.lengths = header_contigs(path)
        self._ends = ContigEnds(path, self.lengths, build)
        self.counts = records_by_contig(path) if self.packing in ("bgzf", "bcf") else None
        self.records_read = 0
        self.genotyped = 0  # records
        self.uncertain = 0  # dosages too far from a whole number
        self._column: np.ndarray | None = None
        self._at, self._line = ("", 0), None
        self._header = read_header(path).encode()
        self._header_is_sound = False
        self._lines = None if self.packing == "bcf" else Lines(path, self.packing, self._all_people, threads)
        if not self.lengths:
            logger.info(
                "%s: the header names no contigs; they are taken from the %s, and their ends from the build",
                path,
                "records" if self.counts is None else "index",
            )

    # ------------------------------------------------------------------------------------------ records

    def _open(self, path: Path) -> cyvcf2.VCF:
        samples, self._column = self._subset()
        cyvcf2.cyvcf2.set_htslib_log_level(0)  # what matters is said by our own errors
        try:
            return cyvcf2.VCF(str(path), samples=samples, threads=max(1, self.threads))
        except Exception as error:  # cyvcf2 raises bare Exception, OSError or AssertionError
            if self._lines is not None:
                deque(self._lines.records(), maxlen=0)  # this may tell what is wrong
            raise InputError(
                f"the file cannot be read as VCF or BCF ({_one_line(error)})",
                where=self.path,
                fix="Check it with `bcftools view`",
            ) from error

    def _subset(self) -> tuple[list[str] | None, np.ndarray | None]:
        """Return the people that htslib is asked to decode, and which of its columns are ours (None: all)."""
        if len(self.people) == len(self._all_people):
            return None, None
        wanted = set(self.people)
        if not wanted or self.people[0].startswith("^") or any("," in name or name == "-" for name in wanted):
            return None, np.array([name in wanted for name in self._all_people])  # htslib reads such names as syntax
        # with its last column always read, a record that is too short is still noticed
        last = self._all_people[-1]
        asked = self.people if last in wanted else [*self.people, last]
        return asked, (None if last in wanted else np.array([name in wanted for name in asked]))

    def records(self, contigs: Sequence[str] | None) -> Iterator[Any]:
        """Yield records of some contigs (named as in the file), or of all, in ascending order, some as batches.

        Raises
        ------
        InputError
            When a record cannot be read or is out of order, an index is needed and missing, or the index
            counts other records than there are.
        """
        if self.counts is not None and not (contigs is None and self.rules.everywhere):
            for contig in self.counts if contigs is None else contigs:
                if contig in self.counts:
                    yield from self._indexed(contig)
            return
        done: set[str] = set()
        current, last = None, 0
        for record in self._guarded(None):
            contig = record.CHROM
            if contig != current:
                if contig in done:
                    raise self._unsorted(f"{contig}:{_ends_of(record)[0]:,} comes after records of contig {current}")
                current = contig
                done.add(contig)
                last = 0
            if contigs is not None and contig not in contigs:
                self._refuse_scanning(contig)
                continue
            last = self._in_order(record, last)
            yield record

    def _in_order(self, record: Any, last: int) -> int:
        """Return the last position of what is read, in order behind the last before it, and count it."""
        first, behind = _ends_of(record)
        if first < last:
            raise self._unsorted(f"{record.CHROM}:{first:,} comes after {record.CHROM}:{last:,}")
        self.records_read += _size(record)
        return behind

    def _indexed(self, contig: str) -> Iterator[Any]:
        whole = self._lines is None or self.rules.stretches(contig) is None
        expected = self.counts[contig] if self.counts and whole else None
        before, last = self.records_read, 0
        for record in self._guarded(contig):
            last = self._in_order(record, last)
            yield record
        found = self.records_read - before
        if expected is not None and found != expected:
            raise InputError(
                f"{found:,} records of contig {contig} can be read, but the index counts {expected:,}: "
                "the file is damaged, or the index belongs to another version of it",
                where=self.path,
                fix=f"Delete the index. {INDEX_FIX.format(name=self.path)}; it fails on a damaged file",
            )

    def _guarded(self, contig: str | None) -> Iterator[Any]:
        """Yield the records of a contig, or of the whole file: those of htslib, or plain lines of text, or batches."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if self._lines is None:
                reader = self._open(self.path)
                # in braces, since 1ABC:123 would be taken for a place on contig 1ABC
                rows = reader if contig is None else reader._bcf_region(f"{{{contig}}}")
                yield from self._read(iter(rows))
                return
            if not self._header_is_sound:
                self._open(self.path)  # refuses a header that htslib cannot read
                self._header_is_sound = True
            lines = self._lines.records() if contig is None else self._lines_of(contig)
            waiting: list[Line | Batch] = []
            room = most = TEXT_FOR_HTSLIB + 16 * len(self._header)
            for line in lines:
                if line.calls is not None and not waiting:
                    yield line
                    continue
                waiting.append(line)
                room -= line.calls.alleles.nbytes if isinstance(line, Batch) else len(line.text)
                if room < 0:
                    yield from self._with_htslib(waiting)
                    waiting, room = [], most
            yield from self._with_htslib(waiting)

    def _lines_of(self, contig: str) -> Iterator[Line | Batch]:
        """Yield the lines of a contig; where only some places are wanted, those in the stretches around them."""
        stretches = self.rules.stretches(contig)
        if stretches is None:
            lines = self._lines.records((first_offsets(self.path) or {})[contig])
            yield from takewhile(lambda line: line.CHROM == contig, lines)
            return
        joined = merged(stretches, STRETCH_GAP)
        for offset, last in offsets_of_stretches(self.path, contig, joined) or ():
            for line in self._lines.records(offset, partial(self._wanted_up_to, contig, last)):
                behind = line.CHROM != contig or _ends_of(line)[1] > last
                if not behind:
                    yield line
                    continue
                if isinstance(line, Batch) and len(line) > 1:
                    yield line[:-1]
                break

    def _wanted_up_to(self, contig: str, last: int, name: str, positions: np.ndarray) -> np.ndarray:
        """Return which of some positions are wanted up to the last, and the first that shows that it was reached."""
        if name != contig:
            return np.arange(1)
        end = int(np.searchsorted(positions, last, side="right"))
        wanted = self.rules.wanted_of(contig, positions[: end + 1])
        wanted[end:] = True
        return np.flatnonzero(wanted)

    def _with_htslib(self, lines: Sequence[Line | Batch]) -> Iterator[Any]:
        """Yield lines, those that are not plain as htslib reads them: many at once, since it wants a header."""
        others = self._read_by_htslib([line for line in lines if line.calls is None])
        for line in lines:
            yield next(others) if line.calls is None else line

    def _read(self, rows: Iterator[Any]) -> Iterator[Any]:
        """Yield the records of a BCF."""
        self._at = ("", 0)
        while True:
            try:
                record = next(rows, None)
            except Exception as error:  # cyvcf2 raises bare Exception
                raise self._unreadable() from error
            if record is None:
                return
            self._at = (record.CHROM, record.POS)
            yield record

    def _read_by_htslib(self, lines: Sequence[Line]) -> Iterator[Any]:
        """Yield the records of some lines, by way of a file of their own."""
        with tempfile.NamedTemporaryFile(suffix=".vcf") as handle:
            handle.write(self._header)
            handle.writelines(line.text + b"\n" for line in lines)
            handle.flush()
            reader = self._open(Path(handle.name))
            for contig in dict.fromkeys(line.CHROM for line in lines):
                reader.add_to_header(f"##contig=<ID={contig}>")  # cyvcf2 crashes on a broken record without
            for self._line in lines:
                line = self._line
                try:
                    record = next(reader, None)
                except Exception as error:  # cyvcf2 raises bare Exception
                    raise self._unreadable() from error
                if record is None or (record.CHROM, record.POS) != (line.CHROM, line.POS):
                    raise damaged(self.path)
                yield record

    def _refuse_scanning(self, contig: str) -> None:
        """An index is needed where a file holds other contigs too, unless it is small or text."""
        if self.packing in ("bgzf", "bcf"):
            raise InputError(
                f"there is no index, and the file holds other contigs too ({contig})",
                where=self.path,
                fix=INDEX_FIX.format(name=self.path),
            )
        if self.packing == "gzip" and self.path.stat().st_size > SCAN_AT_MOST["gzip"]:
            raise InputError(
                f"the file holds other contigs too ({contig}), and is packed with plain gzip, which has no index",
                where=self.path,
                fix=f"Pack it with bgzip: `zcat {self.path} | bgzip > FILE.vcf.gz && tabix -p vcf FILE.vcf.gz`",
            )

    def _unsorted(self, what: str) -> InputError:
        return InputError(
            f"the file is not sorted: {what}",
            where=self.path,
            fix="Sort it: `bcftools sort -Oz -o sorted.vcf.gz FILE`",
        )

    def _unreadable(self) -> InputError:
        """Return the error for the present record."""
        if self._lines is not None:
            return self._lines.unreadable(self._line)
        contig, position = self._at
        after = f"after {contig}:{position:,}" if contig else "at the first record"
        return InputError(
            f"the file cannot be read further {after}: a malformed record, or damaged data",
            where=self.path,
            fix="Mend that record, or copy the file again; `bcftools view` shows where it stops",
        )

    def contigs_with_records(self) -> list[str]:
        """Return the contigs that the file has records of, named as in the file."""
        return contigs_with_records(self.path)

    # -------------------------------------------------------------------------------------------- sites

    def sites(self, contigs: Sequence[str] | None) -> Iterator[AtPosition]:
        """Yield (contig, position, sites at that position), with several alternate alleles taken apart."""
        rows = (
            row for found in self._found(contigs) for row in (found.sites() if isinstance(found, Batch) else [found])
        )
        return _by_position(rows)

    def batches(self, contigs: Sequence[str] | None) -> Iterator[Batch | AtPosition]:
        """Yield what `sites` does, with batches where no two sites have the same alleles at one position."""
        return _by_position(row for found in self._found(contigs) for row in _apart(found))

    def _found(self, contigs: Sequence[str] | None) -> Iterator[Batch | AtPosition]:
        """Yield the sites of each record that is wanted, or of batches."""
        total = None
        if self.counts is not None and None not in self.counts.values():
            total = sum(count for name, count in self.counts.items() if contigs is None or name in contigs)  # type: ignore[misc]
        for record in progress(self.records(contigs), total=total, what=self.path.name, unit="records", size=_size):
            if isinstance(record, Batch):
                yield from filter(len, self._judged(record))
            elif self.rules.wanted(record.CHROM, record.POS):
                yield record.CHROM, record.POS, self._take_apart(record)

    def _judged(self, batch: Batch) -> Iterator[Batch]:
        """Yield the records of a batch that are wanted, with the calls of our people, and why each is removed."""
        batch = batch.take(np.flatnonzero(self.rules.wanted_of(batch.CHROM, batch.positions)))
        reasons = [
            reason if reason and self.rules.pass_only else reason_of_alleles(*text[:2], self.rules.variants)
            for reason, text in zip(batch.reasons, batch.texts, strict=True)
        ]
        calls = batch.calls
        if self._rows is not None:
            calls = Calls(calls.alleles[:, self._rows], calls.phased[:, self._rows])
        batch = replace(batch, reasons=reasons, calls=calls)
        self.genotyped += reasons.count(None)
        end = int(np.searchsorted(batch.positions, self._ends.limit(batch.CHROM)[0], side="right"))
        while end < len(batch) and reasons[end] == "filter_not_pass":
            end += 1
        yield batch[:end]
        if end < len(batch):
            self._ends.refuse_beyond(batch.CHROM, int(batch.positions[end]))

    def _take_apart(self, record: Any) -> Iterator[Site]:
        """Yield a site for each alternate allele of a record, and one of a record without."""
        contig, position = record.CHROM, record.POS
        try:
            reference, name = record.REF.upper(), record.ID or "."
            alternates = [alternate.upper() for alternate in record.ALT]
            passed = record.FILTER is None  # for PASS and for "."
        except UnicodeDecodeError as error:
            raise self._unreadable() from error
        reasons = reasons_of_vcf_record(
            contig, position, reference, alternates, passed=passed, rules=self.rules, ends=self._ends
        )
        alternates = alternates or ["."]
        calls: Sequence[Calls | None] = [None] * len(alternates)
        if None in reasons:
            found = self._calls(record, contig, position, len(alternates))
            if found is None:
                reasons = ["no_gt"] * len(alternates)
            else:
                calls = found
        for alternate, reason, own in zip(alternates, reasons, calls, strict=True):
            yield Site(reference, alternate, name, reason, None if reason else own)

    def _calls(self, record: Any, contig: str, position: int, alternates: int) -> Sequence[Calls] | None:
        """Return the calls of each alternate allele of a record; None when it has none."""
        if isinstance(record, Line):
            calls = record.calls
            if self._rows is not None:
                calls = Calls(calls.alleles[self._rows], calls.phased[self._rows])
        else:
            try:
                found = record.genotype.array()
            except Exception as error:  # cyvcf2 raises bare Exception when there is no GT
                if "GT" in (record.FORMAT or []):
                    raise self._unreadable() from error
                if "DS" in (record.FORMAT or []):
                    return self._calls_of_dosages(record, contig, position, alternates)
                return None
            if self._column is not None:
                found = found[self._column]
            calls = self._as_diploid(found, contig, position)
        self.genotyped += 1
        if calls.alleles.max(initial=0) > alternates:
            raise no_such_allele(self.path, contig, position)
        beside = self.rules.keeps_dosages(contig) and not isinstance(record, Line) and "DS" in record.FORMAT
        return by_allele(calls, alternates, self._dosages(record, contig, position, alternates) if beside else None)

    def _calls_of_dosages(self, record: Any, contig: str, position: int, alternates: int) -> Sequence[Calls]:
        refuse_dosages(self.path, contig, position, self.rules)
        calls, uncertain = calls_of_dosages(self._dosages(record, contig, position, alternates), self.rules)
        self.genotyped += 1
        self.uncertain += uncertain
        return calls

    def _dosages(self, record: Any, contig: str, position: int, alternates: int) -> np.ndarray:
        """Return the dosages of a record that htslib reads, float32, shape=(people, alternates)."""
        dosages = record.format("DS")
        if self._column is not None:
            dosages = dosages[self._column]
        if dosages.shape[1] != alternates or np.nanmin(dosages, initial=0) < 0 or np.nanmax(dosages, initial=0) > 2:
            raise impossible_dosages(self.path, contig, position)
        return dosages

    def _as_diploid(self, calls: np.ndarray, contig: str, position: int) -> Calls:
        """Return the calls that htslib gives: int16, shape=(people, ploidy + 1), the last column phase."""
        ploidy = calls.shape[1] - 1
        if ploidy == 1:
            alleles = np.column_stack([calls[:, 0], np.full(len(calls), ABSENT)])
            return Calls(alleles, np.ones(len(calls), dtype=bool))
        more = (calls[:, 2:-1] != ABSENT).any(axis=1)
        if more.any():
            who = self.people[int(more.argmax())]
            raise too_many_alleles(self.path, who, ploidy, contig, position)
        return Calls(calls[:, :2], calls[:, -1] == 1)


def _size(record: Any) -> int:
    """Return how many records there are in what is one, or a batch."""
    return len(record) if isinstance(record, Batch) else 1


def _ends_of(record: Any) -> tuple[int, int]:
    """Return the first and last position of a record or a batch."""
    if isinstance(record, Batch):
        return int(record.positions[0]), int(record.positions[-1])
    return record.POS, record.POS


def _apart(found: Batch | AtPosition) -> Iterator[Batch | AtPosition]:
    """Yield the sites of a batch one by one where their position, or position and alleles, may be those of others."""
    if not isinstance(found, Batch):
        yield found
        return
    positions = found.positions
    start, end = (
        int(np.searchsorted(positions, positions[0], side="right")),
        int(np.searchsorted(positions, positions[-1])),
    )
    if start >= end or _has_twice(found[start:end]):
        yield from found.sites()
        return
    yield from found[:start].sites()
    yield found[start:end]
    yield from found[end:].sites()


def _has_twice(batch: Batch) -> bool:
    """Return whether two sites of a batch have the same position and alleles."""
    if (batch.positions[1:] > batch.positions[:-1]).all():
        return False
    return len({(at, *text[:2]) for at, text in zip(batch.positions.tolist(), batch.texts, strict=True)}) < len(batch)


def _by_position(rows: Iterable[Batch | AtPosition]) -> Iterator[Batch | AtPosition]:
    """Yield the sites of each position together, and batches as they are."""
    place, here = ("", -1), []
    for row in rows:
        if isinstance(row, Batch) or row[:2] != place:
            if here:
                yield *place, here
            place, here = ("", -1), []
        if isinstance(row, Batch):
            yield row
        else:
            place, here = row[:2], [*here, *row[2]]
    if here:
        yield *place, here


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def refuse_truncated(path: Path, packing: str) -> None:
    """Raise InputError when a block-gzip file lacks the empty block that marks its end."""
    with path.open("rb") as handle:
        compressed = handle.read(2) == b"\x1f\x8b"
        if packing not in ("bgzf", "bcf") or not compressed:
            return
        handle.seek(-min(len(BGZF_END), path.stat().st_size), 2)
        end = handle.read()
    if end != BGZF_END:
        raise InputError(
            "the file is truncated: the end-of-file mark of block gzip is missing",
            where=path,
            fix="Copy or download it again; if you know it is whole, pack it anew: `bcftools view -Oz`",
        )
