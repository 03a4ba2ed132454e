"""The text of a VCF's records, looked at before htslib is: it takes a broken line for a good one without a word.

htslib reads position ``123abc`` as 123, passes over columns too many, and drops the ``.`` of ``q10;.``. So what
decides a genotype (the shape of the line, its place, FILTER, FORMAT) is checked here; INFO and QUAL are not.

Most lines hold nothing but genotypes like ``0|1``, four bytes a person with the tab. Such a line is plain: its calls
are read as an array, which takes a tenth of htslib's time. Plain lines of one alternate allele, which follow each
other in most files, are read together: one regular expression sees to the shape of each, operations on the array of
all their calls to the rest.
"""

from __future__ import annotations

import logging
import re
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from promoternets.errors import InputError
from promoternets.formats.variant_index import INDEX_FIX, damaged, opened
from promoternets.genotypes.sites import GREATEST_POSITION, MISSING, RECORD_FIX, Batch, Calls

logger = logging.getLogger(__name__)
BLOCK = 1 << 16  # bytes read of a text at once; a block of block gzip unpacks to no more
BLOCKS = 16  # looked at together, and unpacked by a thread
SHAPE_FIX = (
    "Every record has 9 tab-separated columns and one for each person; mend or remove it, or copy the file "
    "again if it was cut off"
)
_CONTIG = re.compile(rb"<?[!#-+\--;=?-~]+>?")  # no blanks, commas or quotes, which a header cannot name
_KINDS = bytes.maketrans(b"123456789.|", b"0000000000/")  # one of each kind: alleles, signs of phase
_QUALITY = re.compile(rb"\.|\d+(\.\d+)?([eE][+-]?\d+)?")
_DIGITS = re.compile(rb"\d{5}")  # sought first, since it is found ten times as fast
_LONG_NUMBER = re.compile(rb"\t[\d./|]*?\d{5}")  # cyvcf2 keeps 16 bits of an allele's number
_GENOTYPE = re.compile(rb"[/|]?(\.|\d+)([/|](\.|\d+))*")
# A sound record of one alternate allele; of the sample columns only how many bytes they have.
_SIMPLE = (
    rb"((?!#)[!#-+\--;=?-~]+)\t([1-9]\d{0,8})\t([ -~]+)\t([ACGTN]+)\t(?!\4\t)([ACGTN]+)"
    rb"\t(?:\.|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\t([ -~]+)\t[^\t\n\0]*\tGT\t()(?s:.{%d})\r?\n"
)
PASSED = (b"PASS", b".")
# Given a contig and ascending positions, it says which of them are wanted, by their numbers.
Choice = Callable[[str, np.ndarray], np.ndarray]


class Line:
    """A record of a VCF text that was found to be sound; the names are those of cyvcf2's records.

    Attributes
    ----------
    number : of the line, counted from the first that was read. text : the whole of it.
    calls : of all people, where the line is plain; else None, and the line is htslib's to read.
    """

    __slots__ = ("CHROM", "POS", "_fields", "calls", "number", "text")

    def __init__(self, number: int, text: bytes, fields: Sequence[bytes], calls: Calls | None) -> None:
        self.number, self.text, self._fields, self.calls = number, text, fields, calls
        self.CHROM, self.POS = fields[0].decode(), int(fields[1])

    @property
    def ID(self) -> str | None:  # noqa: N802
        """The record's name, None for a dot."""
        return None if self._fields[2] == b"." else self._fields[2].decode()

    @property
    def REF(self) -> str:  # noqa: N802
        """The reference allele."""
        return self._fields[3].decode()

    @property
    def ALT(self) -> list[str]:  # noqa: N802
        """The alternate alleles, none for a dot."""
        return [] if self._fields[4] == b"." else self._fields[4].decode().split(",")

    @property
    def FILTER(self) -> str | None:  # noqa: N802
        """What the record did not pass, None for nothing."""
        return None if self._fields[6] in PASSED else self._fields[6].decode()


class Together(NamedTuple):
    """Simple lines that follow each other: how many, where they end in the text, and those that are wanted."""

    lines: int
    end: int
    batch: Batch | None


class Cells:
    """Reads the calls of plain lines: those of four bytes a person, ``0|1`` and a tab.

    As a number of two bytes, an allele's digit is the lower byte of itself and the sign after it. Less that of
    ``0|0``, each allele is 0 or 1 where people have these two and are all phased, which one subtraction tells.
    """

    def __init__(self, people: int) -> None:
        self._people = people
        self.width = 4 * people - 1  # without the last tab
        self._kinds = np.frombuffer(b"0/0\t" * people, dtype=np.uint8)
        self._phased, self._unphased = (np.frombuffer(cell * people, dtype="<u2") for cell in (b"0|0\t", b"0/0\t"))

    def read(self, columns: Sequence[bytes | memoryview]) -> tuple[np.ndarray, Calls]:
        """Return which lines are plain, and the calls of all, by their sample columns, `width` bytes each.

        Returns
        -------
        plain : bool, shape=(lines,).
        calls : int8 alleles and phase, with an axis of lines before; of lines that are not plain anything.
        """
        letters = np.frombuffer(b"\t".join([*columns, b""]), dtype="<u2").reshape(-1, 2 * self._people)
        own = letters - self._phased
        alleles, phased = own.astype(np.int8), np.ones((len(columns), self._people), dtype=bool)
        plain = np.ones(len(columns), dtype=bool)
        rows = np.flatnonzero(own.max(axis=1) > 1)
        if rows.size:
            own = letters[rows] - self._unphased
            alleles[rows], phased[rows] = own.astype(np.int8), False
            rows = rows[own.max(axis=1) > 1]
        if rows.size:
            own = letters[rows]
            kinds = np.frombuffer(own.tobytes().translate(_KINDS), dtype=np.uint8).reshape(-1, 4 * self._people)
            plain[rows] = (kinds == self._kinds).all(axis=1)
            numbers = own.astype(np.int8) - np.int8(ord("0"))
            alleles[rows] = np.where(numbers < 0, np.int8(MISSING), numbers)
            phased[rows] = own[:, ::2] >> 8 == ord("|")
        return plain, Calls(alleles.reshape(-1, self._people, 2), phased)

    def read_one(self, columns: bytes) -> Calls | None:
        """Return the calls of the sample columns of a line; None where it is not plain."""
        if len(columns) != self.width:
            return None
        plain, calls = self.read([columns])
        return Calls(calls.alleles[0], calls.phased[0]) if plain[0] else None


class Lines:
    """The records of a VCF text, gzip or bgzip file, each checked as it is passed on.

    Parameters
    ----------
    path : the file. packing : what `container` says of it: text, gzip or bgzf. people : names of its sample columns.
    threads : threads that unpack a block-gzip file.
    """

    def __init__(self, path: Path, packing: str, people: Sequence[str], threads: int = 1) -> None:
        self.path = path
        self._threads = threads
        self._packing = packing
        self._people = people
        self._cells = Cells(len(people))
        self._simple = re.compile(_SIMPLE % self._cells.width).match
        self._line, self._number, self._offset = b"", 0, 0
        self._filters: dict[bytes, str | None] = {}
        self._forms: dict[bytes, str | None] = {}

    def records(self, offset: int | None = None, choice: Choice | None = None) -> Iterator[Line | Batch]:
        """Yield the records, in file order, once their lines were found to be sound, many of them together.

        Parameters
        ----------
        offset : the virtual file offset of block gzip to start at, as an index gives it; None for the first record.
        choice : says which records are wanted; the others are not looked at.

        Raises
        ------
        InputError
            For a line that is not a record of this file's people, or when the compressed data are damaged.
        """
        self._number, self._offset = 0, offset or 0
        blank, in_header = 0, offset is None
        for found in self._lines(offset, choice):
            together = isinstance(found, Together)
            self._number += found.lines if together else 1
            if not together:
                if in_header:
                    in_header = not found.startswith(b"#CHROM")
                    continue
                self._line = found.removesuffix(b"\r")
                if found.startswith(b"#"):
                    raise self._error("starts with #, after the header", "Take it out; records only follow the header")
                if not self._line.strip():
                    blank = blank or self._number
                    continue
            if blank:
                raise InputError(
                    f"{self._at(blank)} is blank, between records",
                    where=self.path,
                    fix="Take blank lines out: `sed -i '/^$/d' FILE`",
                )
            if not together:
                if choice is None or self._is_wanted(choice):
                    yield self._checked(self._line)
            elif found.batch is not None:
                yield found.batch

    def _is_wanted(self, choice: Choice) -> bool:
        contig, place, *_ = [*self._line.split(b"\t", 2), b""]
        if not place.isdigit() or len(place) > 10:
            return True
        return len(choice(contig.decode(errors="replace"), np.array([int(place)]))) > 0

    def _lines(self, offset: int | None, choice: Choice | None) -> Iterator[bytes | Together]:
        rest, pieces, read = b"", self._pieces(offset), 0
        while some := list(islice(pieces, min(1 + read // 2, BLOCKS))):  # few at first: few may be wanted
            read += len(some)
            text, start = b"".join([rest, *some]), 0
            while (end := text.find(b"\n", start)) >= 0:
                together = self._together(text, start, choice)
                yield together or text[start:end]
                start = together.end if together else end + 1
            rest = text[start:]
        if rest:
            logger.warning("%s: the last line has no line end; was the file cut off there?", self.path)
            yield rest

    def _together(self, text: bytes, start: int, choice: Choice | None) -> Together | None:
        """Return the simple lines that start there in a text, of one contig and ascending; None where none does."""
        rows, starts, ends = [], [], []
        while found := self._simple(text, start):
            fields = found.groups()
            if rows and fields[0] != rows[0][0]:
                break
            start = found.end()
            rows.append(fields)
            starts.append(found.start(7))
            ends.append(start)
        if not rows:
            return None
        contigs, places, names, references, alternates, statuses, _ = zip(*rows, strict=True)
        contig, width = contigs[0].decode(), self._cells.width
        positions = np.fromiter(map(int, places), dtype=np.int64, count=len(rows))
        ascending = positions[1:] >= positions[:-1]
        lines = len(rows) if ascending.all() else 1 + int(ascending.argmin())
        wanted = np.arange(lines)
        if choice is not None:  # of lines that nobody wants no more is known than that each is one
            lines = next(
                (row for row in range(lines) if text.find(b"\n", starts[row], starts[row] + width) >= 0), lines
            )
            if lines == 0:
                return None
            wanted = choice(contig, positions[:lines])
        which = wanted.tolist()
        if not which:
            return Together(lines, ends[lines - 1], None)
        view = memoryview(text)
        sound, calls = self._cells.read([view[starts[row] : starts[row] + width] for row in which])
        sound &= calls.alleles.reshape(-1, 2 * len(self._people)).max(axis=1) <= 1
        for status in {statuses[row] for row in which}:
            if self._wrong(self._filters, status, _wrong_filter):
                sound &= [statuses[row] != status for row in which]
        if not sound.all():
            count = int(sound.argmin())
            lines, which = which[count], which[:count]
            if not which:
                return Together(lines, ends[lines - 1], None) if lines else None
        texts = [(references[row].decode(), alternates[row].decode(), names[row].decode()) for row in which]
        reasons = [None if statuses[row] in PASSED else "filter_not_pass" for row in which]
        first = slice(len(which))
        batch = Batch(
            contig, positions[wanted][first], texts, reasons, Calls(calls.alleles[first], calls.phased[first])
        )
        return Together(lines, ends[lines - 1], batch)

    def _pieces(self, offset: int | None) -> Iterator[bytes]:
        if self._packing == "bgzf":
            yield from blocks(self.path, offset or 0, self._threads)
            return
        with opened(self.path) as handle:
            while piece := handle.read(BLOCK):
                yield piece

    def _checked(self, line: bytes) -> Line:
        fields = line.split(b"\t", 9)
        columns = fields.pop() if len(fields) == 10 else b""
        calls = self._cells.read_one(columns)
        if b"\0" in (line if calls is None else line[: -len(columns)]):
            raise self._error("has a zero byte in it", "The file is damaged: copy it again")
        if calls is None and (len(fields) < 9 or columns.count(b"\t") + 1 != len(self._people)):
            count = line.count(b"\t") + 1
            hint = ", split by blanks instead of tabs" if count == 1 and b" " in line.strip() else ""
            raise self._error(f"has {count:,} columns, the header {9 + len(self._people):,}{hint}", SHAPE_FIX)
        contig, place, _, reference, alternates, quality, status, _, form = fields
        if not _CONTIG.fullmatch(contig):
            raise self._error(f"has chromosome {_quoted(contig)}", RECORD_FIX)
        if not place.isdigit() or not 0 <= int(place) <= GREATEST_POSITION:
            raise self._error(f"has position {_quoted(place)}, which is not a whole number", RECORD_FIX)
        if not reference or not alternates:
            raise self._error(f"has no {'ALT' if reference else 'REF'} allele, not even a dot", RECORD_FIX)
        if b",," in alternates or alternates.startswith(b",") or alternates.endswith(b","):
            raise self._error(f"has ALT {_quoted(alternates)}, with an empty allele", RECORD_FIX)
        for seen, value, how in ((self._filters, status, _wrong_filter), (self._forms, form, _wrong_format)):
            if wrong := self._wrong(seen, value, how):
                raise self._error(wrong, RECORD_FIX)
        if calls is None and (form + b":").startswith(b"GT:") and _DIGITS.search(columns):
            if _LONG_NUMBER.search(b"\t" + columns):
                raise self._error(self._wrong_call(form, columns), RECORD_FIX)
        if form != b"GT" or not _QUALITY.fullmatch(quality) or not b"".join(fields[:7]).isascii():
            calls = None
        return Line(self._number, line, fields, calls)

    def _wrong(self, seen: dict[bytes, str | None], value: bytes, wrong: Callable[[bytes], str | None]) -> str | None:
        if value not in seen:
            seen[value] = wrong(value)
        return seen[value]

    def unreadable(self, line: Line) -> InputError:
        """Return the error for a record that htslib could not read: what is wrong, as far as it shows."""
        self._line, self._number = line.text, line.number
        try:
            self._line.decode()
        except UnicodeDecodeError:
            return self._error("is not UTF-8 text", "Write its letters beyond ASCII as UTF-8: `iconv -t UTF-8`")
        *_, form, calls = self._line.split(b"\t", 9)
        return self._error(self._wrong_call(form, calls), RECORD_FIX)

    def _wrong_call(self, form: bytes, calls: bytes) -> str:
        keys = form.split(b":")
        for name, cell in zip(self._people, calls.split(b"\t"), strict=True):
            values = cell.split(b":")
            if len(values) > len(keys):
                return f"has {len(values)} values for sample {name}, but FORMAT {_quoted(form)} has {len(keys)}"
            if not all(values[:-1]) or not cell:
                return f"has an empty value for sample {name}"
            if keys[0] != b"GT":
                continue
            if not _GENOTYPE.fullmatch(values[0]):
                return f"has genotype {_quoted(values[0])} for sample {name}"
            if values[0][:1] in b"/|":
                return (
                    f"has genotype {_quoted(values[0])} for sample {name}; a leading phase mark, of VCF 4.4, "
                    "cannot be read: write genotypes as in VCF 4.3"
                )
            if re.search(rb"\d{5}", values[0]):
                return f"has genotype {_quoted(values[0])} for sample {name}, an allele that the record does not have"
        return "cannot be read: a value is not of the type that the header says (`bcftools view` may tell which)"

    def _error(self, what: str, fix: str) -> InputError:
        hint = ""
        if self._offset and self._number == 1:
            hint = " (or the index is of another version of the file)"
        return InputError(f"{self._at(self._number)} {what}{hint}", where=self.path, fix=fix)

    def _at(self, number: int) -> str:
        """Return the line's number, and the place of the present record where the line is one."""
        fields = self._line.split(b"\t", 2)
        place = ":".join(field.decode(errors="replace")[:40] for field in fields[:2]) if len(fields) > 2 else ""
        if self._offset:
            return f"record {place}" if place and number == self._number else "a line"
        return f"line {number:,}" + (f" ({place})" if place and number == self._number else "")


def blocks(path: Path, offset: int = 0, threads: int = 1) -> Iterator[bytes]:
    """Yield the unpacked text of each block of a block-gzip file from a virtual file offset on.

    Raises
    ------
    InputError
        Where no whole block stands, or its checksum is wrong.
    """
    with path.open("rb") as handle:
        handle.seek(offset >> 16)
        packed = _packed_blocks(handle)
        try:
            if skip := offset & 0xFFFF:
                yield _unpacked(next(packed, b""))[skip:]
                skip = 0
            yield from map(_unpacked, packed) if threads == 1 else _by_threads(packed, threads)
        except zlib.error as error:
            raise (_other_index(path) if skip else damaged(path)) from error


def _packed_blocks(handle: BinaryIO) -> Iterator[bytes]:
    while head := handle.read(18):
        if len(head) < 18 or head[:4] != b"\x1f\x8b\x08\x04" or head[12:14] != b"BC":
            raise zlib.error("no block starts here")
        yield head + handle.read(int.from_bytes(head[16:18], "little") - 17)


def _unpacked(block: bytes) -> bytes:
    return zlib.decompress(block, wbits=31, bufsize=BLOCK)


def _by_threads(packed: Iterator[bytes], threads: int) -> Iterator[bytes]:
    """Yield the text of blocks that other threads unpack meanwhile, in order."""
    ahead: deque[Future[list[bytes]]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        while some := list(islice(packed, BLOCKS)):
            ahead.append(pool.submit(lambda blocks: list(map(_unpacked, blocks)), some))
            if len(ahead) > threads:
                yield from ahead.popleft().result()
        for texts in ahead:
            yield from texts.result()


def _other_index(path: Path) -> InputError:
    return InputError(
        "the index does not fit the file: it is of another version of it, or the file is damaged",
        where=path,
        fix=f"Delete the index. {INDEX_FIX.format(name=path)}; it fails on a damaged file",
    )


def _wrong_filter(status: bytes) -> str | None:
    names = status.split(b";")
    if not all(name.strip() for name in names):
        return f"has FILTER {_quoted(status)}, with an empty name"
    if len(names) > 1 and not {b"PASS", b".", b"0"}.isdisjoint(names):
        return f"has FILTER {_quoted(status)}, which says both passed and not"
    return None


def _wrong_format(form: bytes) -> str | None:
    keys = form.split(b":")
    if b"GT" in keys[1:]:
        return f"has FORMAT {_quoted(form)}; GT stands first and once"
    return None


def _quoted(field: bytes) -> str:
    text = field.decode(errors="replace")
    return repr(text if len(text) <= 40 else text[:37] + "...")
