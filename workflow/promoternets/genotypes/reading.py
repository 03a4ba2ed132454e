"""Reading one VCF or BCF file as biallelic sites, record by record, refusing what cannot be trusted.

htslib only warns about a file that ends too early, and a region query stops at damaged data without a word.
So the end of the file is looked at before, and the number of records is compared with the index after.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import cyvcf2
import numpy as np

from promoternets.errors import InputError
from promoternets.formats.contigs import LENGTHS, canonical
from promoternets.formats.variant_index import (
    BGZF_END,
    INDEX_FIX,
    container,
    header_contigs,
    opened,
    records_by_contig,
    sample_names,
)
from promoternets.progress import progress

logger = logging.getLogger(__name__)
ABSENT = -2  # no second allele, for htslib and in the store: a haploid call
FIRST_PART = 1_000_000  # bytes of records looked at before reading
SHAPE_FIX = "Every record needs one tab-separated column for each person; the file may be truncated"
_BASES = frozenset("ACGTN")


class Site(NamedTuple):
    """One alternate allele of one record; `reason` says why it is removed, None when it is not."""

    reference: str
    alternate: str
    name: str
    reason: str | None
    calls: np.ndarray | None  # int, shape=(people of the file, 3): two alleles (0, 1, -1, -2) and phased


@dataclass(frozen=True)
class Rules:
    """What is read of each record: FILTER, kinds of variants, and how several alternate alleles are taken.

    With `positions`, by contig without chr, only records there are read, also those without an alternate allele.
    """

    pass_only: bool = True
    variants: Literal["snv", "snv_indel"] = "snv_indel"
    multiallelic: Literal["split", "drop"] = "split"
    positions: Mapping[str, frozenset[int]] | None = None

    def wanted(self, contig: str, position: int) -> bool:
        """Return whether records at a position are read."""
        return self.positions is None or position in self.positions.get(canonical(contig), ())


@lru_cache(maxsize=65536)
def reason_of_alleles(reference: str, alternate: str, variants: str) -> str | None:
    """Return why an allele pair is not a site: ``symbolic_or_star``, ``not_snv``, or None when it is one.

    Symbolic is all that is not written in bases: ``<DEL>``, ``*``, breakends.
    """
    if not alternate or not _BASES.issuperset(alternate):
        return "symbolic_or_star"
    if variants == "snv" and not len(reference) == len(alternate) == 1:
        return "not_snv"
    return None


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
        self.build = build
        self.threads = threads
        self.packing = container(path)
        refuse_truncated(path, self.packing)
        self._all_people = sample_names(path)
        wanted = set(self._all_people if people is None else people)
        self.people = [name for name in self._all_people if name in wanted]
        self.lengths = header_contigs(path)
        self._refuse_other_build()
        wrong = self._malformed_line(within=FIRST_PART)  # htslib does not mind a record with too many columns
        if wrong:
            raise InputError(wrong, where=path, fix=SHAPE_FIX)
        self.counts = records_by_contig(path) if self.packing in ("bgzf", "bcf") else None
        self.records_read = 0
        self.genotyped = 0
        self._column: np.ndarray | None = None
        self._limits: dict[str, tuple[int, str]] = {}
        self._at = ("", 0)
        self._shapes_checked = False

    def _refuse_other_build(self) -> None:
        if self.build not in LENGTHS:
            return
        for name, length in self.lengths.items():
            for other, table in LENGTHS.items():
                if other != self.build and canonical(name) != "MT" and table.get(canonical(name)) == length:
                    raise InputError(
                        f"contig {name} is {length:,} bp long in the header, which is {other}, but the "
                        f"build is said to be {self.build}",
                        where=self.path,
                        fix=f"Set the build to {other}, with its annotation, or use a file of {self.build}",
                    )

    # ------------------------------------------------------------------------------------------ records

    def _open(self) -> cyvcf2.VCF:
        samples, self._column = self._subset()
        cyvcf2.cyvcf2.set_htslib_log_level(0)  # what matters is said by our own errors
        try:
            return cyvcf2.VCF(str(self.path), samples=samples, threads=max(1, self.threads))
        except Exception as error:  # cyvcf2 raises bare Exception, OSError or AssertionError
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
        """Yield cyvcf2 records of some contigs (named as in the file), or of all, in ascending order.

        Raises
        ------
        InputError
            When a record cannot be read or is out of order, an index is needed and missing, or the index
            counts other records than there are.
        """
        if contigs is not None and self.counts is not None:
            for contig in contigs:
                if contig in self.counts:
                    yield from self._indexed(contig)
            return
        done: set[str] = set()
        current, last = None, 0
        for record in self._guarded(self._open()):
            contig, position = record.CHROM, record.POS
            if contig != current:
                if contig in done:
                    raise self._unsorted(f"{contig}:{position:,} comes after records of contig {current}")
                current = contig
                done.add(contig)
                last = 0
            if contigs is not None and contig not in contigs:
                self._refuse_scanning(contig)
                continue
            if position < last:
                raise self._unsorted(f"{contig}:{position:,} comes after {contig}:{last:,}")
            last = position
            self.records_read += 1
            yield record

    def _indexed(self, contig: str) -> Iterator[Any]:
        reader = self._open()
        expected = self.counts[contig] if self.counts else None
        rows = reader._bcf_region(contig) if self.packing == "bcf" else reader(contig)
        found = last = 0
        for record in self._guarded(rows):
            if record.POS < last:
                raise self._unsorted(f"{contig}:{record.POS:,} comes after {contig}:{last:,}")
            last = record.POS
            found += 1
            self.records_read += 1
            yield record
        if expected is not None and found != expected:
            raise InputError(
                f"{found:,} records of contig {contig} can be read, but the index counts {expected:,}: "
                "the file is damaged, or the index belongs to another version of it",
                where=self.path,
                fix=f"Delete the index. {INDEX_FIX.format(name=self.path)}; it fails on a damaged file",
            )

    def _guarded(self, rows: Any) -> Iterator[Any]:
        self._at = ("", 0)
        iterator = iter(rows)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            while True:
                try:
                    record = next(iterator)
                    self._at = (record.CHROM, record.POS)
                except StopIteration:
                    return
                except Exception as error:  # cyvcf2 raises bare Exception
                    raise self._unreadable() from error
                if not self._at[0]:  # a blank line, whose other fields htslib leaves unset: reading them would crash
                    if record.POS == 1 and not record.FORMAT:
                        logger.warning("%s: a blank line is passed over", self.path)
                        continue
                    raise self._unreadable()
                yield record

    def _refuse_scanning(self, contig: str) -> None:
        """An index is needed where a file that can have one holds other contigs too."""
        if self.packing in ("bgzf", "bcf"):
            raise InputError(
                f"there is no index, and the file holds other contigs too ({contig})",
                where=self.path,
                fix=INDEX_FIX.format(name=self.path),
            )

    def _unsorted(self, what: str) -> InputError:
        return InputError(
            f"the file is not sorted: {what}",
            where=self.path,
            fix="Sort it: `bcftools sort -Oz -o sorted.vcf.gz FILE`",
        )

    def _unreadable(self) -> InputError:
        contig, position = self._at
        after = f"after {contig}:{position:,}" if contig else "at the first record"
        line = self._malformed_line()
        return InputError(
            f"the file cannot be read further {after}: {line or 'a malformed record, or damaged data'}",
            where=self.path,
            fix="Mend that record, or copy the file again; `bcftools view` shows where it stops",
        )

    def _malformed_line(self, within: int | None = None) -> str | None:
        """Return what is wrong with the first text line of the wrong shape, `within` so many bytes."""
        if self.packing == "bcf":
            return None
        columns, seen, blank = 9 + len(self._all_people), 0, []
        try:
            with opened(self.path) as handle:
                for number, line in enumerate(handle, start=1):
                    if line.startswith(b"#"):
                        continue
                    if not line.strip():
                        blank.append(number)
                        if len(blank) > 1:  # htslib passes over one blank line, not over two
                            return f"lines {blank[0]:,} and {blank[1]:,} are blank"
                        continue
                    seen += len(line)
                    if within is not None and seen > within:
                        return None
                    fields = line.rstrip(b"\r\n").split(b"\t")
                    if len(fields) != columns:
                        return f"line {number:,} has {len(fields):,} columns, the header {columns:,}"
                    if not fields[1].isdigit():
                        return f"line {number:,} has position {fields[1][:20].decode(errors='replace')!r}"
        except InputError as error:
            return error.what
        return None

    # -------------------------------------------------------------------------------------------- sites

    def sites(self, contigs: Sequence[str] | None) -> Iterator[tuple[str, int, list[Site]]]:
        """Yield (contig, position, sites at that position), with several alternate alleles taken apart."""
        total = None
        if self.counts is not None and None not in self.counts.values():
            total = sum(count for name, count in self.counts.items() if contigs is None or name in contigs)  # type: ignore[misc]
        contig, position, here = "", -1, []
        rows = self.records(contigs)
        for record in progress(rows, total=total, what=self.path.name, unit="records"):
            if not self.rules.wanted(record.CHROM, record.POS):
                continue
            if record.POS != position or record.CHROM != contig:
                if here:
                    yield contig, position, here
                contig, position, here = record.CHROM, record.POS, []
            self._take_apart(record, contig, position, here)
        if here:
            yield contig, position, here

    def _take_apart(self, record: Any, contig: str, position: int, here: list[Site]) -> None:
        rules = self.rules
        reference, name = record.REF.upper(), record.ID or "."
        alternates = [alternate.upper() for alternate in record.ALT]
        if rules.pass_only and record.FILTER is not None:  # None stands for PASS and for "."
            here += [Site(reference, alternate, name, "filter_not_pass", None) for alternate in alternates or ["."]]
            return
        reasons = [reason_of_alleles(reference, alternate, rules.variants) for alternate in alternates]
        if not all(reason == "symbolic_or_star" for reason in reasons):
            self._refuse_beyond(contig, position)
        if len(alternates) > 1 and rules.multiallelic == "drop":
            reasons = [reason or "multiallelic" for reason in reasons]
        if not alternates:
            alternates, reasons = ["."], ["monomorphic" if rules.positions is None else None]
        calls = None
        if None in reasons:
            calls = self._calls(record, contig, position, len(alternates))
            if calls is None:
                reasons = ["no_gt"] * len(alternates)
        for number, (alternate, reason) in enumerate(zip(alternates, reasons, strict=True), start=1):
            own = None if reason else calls if len(alternates) == 1 else _calls_of(calls, number)
            here.append(Site(reference, alternate, name, reason, own))

    def _calls(self, record: Any, contig: str, position: int, alternates: int) -> np.ndarray | None:
        """Return int16 calls, shape=(people, 3), of a record; None when it has no GT."""
        try:
            calls = record.genotype.array()
        except Exception as error:  # cyvcf2 raises bare Exception when there is no GT
            if "GT" in (record.FORMAT or []):
                raise self._unreadable() from error
            if not record.FORMAT and not self._shapes_checked:  # a line cut off before its genotypes looks like this
                self._shapes_checked = True
                wrong = self._malformed_line()
                if wrong:
                    raise InputError(wrong, where=self.path, fix=SHAPE_FIX) from error
            return None
        self.genotyped += 1
        if self._column is not None:
            calls = calls[self._column]
        if calls.shape[1] != 3:
            calls = self._as_diploid(calls, contig, position)
        if alternates > 1 and calls[:, :2].max() > alternates:
            raise self.no_such_allele(contig, position)
        return calls

    def _as_diploid(self, calls: np.ndarray, contig: str, position: int) -> np.ndarray:
        if calls.shape[1] == 2:
            return np.column_stack([calls[:, 0], np.full(len(calls), ABSENT), np.ones(len(calls), np.int16)])
        more = (calls[:, 2:-1] != ABSENT).any(axis=1)
        if more.any():
            who = self.people[int(more.argmax())]
            raise InputError(
                f"sample {who} has a call of {calls.shape[1] - 1} alleles at {contig}:{position:,}; only "
                "diploid calls (and haploid ones on X, Y and MT) can be coded",
                where=self.path,
                fix="Call genotypes again as diploid, or leave the record out",
            )
        return calls[:, [0, 1, -1]]

    def no_such_allele(self, contig: str, position: int) -> InputError:
        """Return the error for a call of an allele that the record does not list."""
        return InputError(
            f"a genotype at {contig}:{position:,} names an allele that the record does not have",
            where=self.path,
            fix="The record is broken: mend it or leave it out",
        )

    def _refuse_beyond(self, contig: str, position: int) -> None:
        if contig not in self._limits:
            ends = [(self.lengths.get(contig), "the header")]
            if self.build in LENGTHS:
                ends.append((LENGTHS[self.build].get(canonical(contig)), self.build))
            known = [(length, source) for length, source in ends if length]
            self._limits[contig] = min(known, default=(1 << 62, ""))
        length, source = self._limits[contig]
        if position > length:
            raise InputError(
                f"position {contig}:{position:,} lies beyond the end of the contig, {length:,} bp in "
                f"{source} (wrong build?)",
                where=self.path,
                fix="Set `build` to the genome build of the file, and use an annotation of that build",
            )


def _calls_of(calls: np.ndarray, number: int) -> np.ndarray:
    """Return calls of one alternate allele; the others count as reference, as in `bcftools norm`."""
    own = calls.copy()
    alleles = calls[:, :2]
    own[:, :2] = np.where(alleles > 0, alleles == number, alleles)
    return own


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
