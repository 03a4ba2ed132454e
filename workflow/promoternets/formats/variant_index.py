"""What a VCF or BCF file holds, seen from its header and index alone: contigs, records, people.

Only the standard library is used: Snakemake asks while it reads the Snakefile, before any environment exists.
"""

from __future__ import annotations

import gzip
import re
import struct
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO, NamedTuple

from promoternets.errors import InputError
from promoternets.formats.contigs import CHROMOSOMES, canonical

BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
SCAN_AT_MOST = {
    "text": 50_000_000,
    "gzip": 5_000_000,
}  # bytes on disk that are read whole within about a second
TAIL = 1 << 20
COLUMNS = (b"#CHROM", b"POS", b"ID", b"REF", b"ALT", b"QUAL", b"FILTER", b"INFO", b"FORMAT")
OTHER_WRAPPERS = {
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"PK\x03\x04": "zip",
    b"\x1f\x9d": "compress (.Z)",
    b"\x28\xb5\x2f\xfd": "zstd",
}
INDEX_FIX = "Make an index: `bcftools index {name}` (or `tabix -p vcf {name}` for a .vcf.gz)"


def container(path: str | Path) -> str:
    """Return how a variant file is packed: ``text``, ``gzip``, ``bgzf`` (block gzip of text) or ``bcf``.

    Raises
    ------
    InputError
        When the file is missing, empty, or packed in a way that htslib cannot read.
    """
    path = Path(path)
    if not path.exists():
        raise InputError("the variant file does not exist", where=path, fix="Check the path in the configuration")
    if not path.is_file():
        raise InputError("this is a folder, not a variant file", where=path, fix="Name the VCF or BCF file itself")
    try:
        with path.open("rb") as handle:
            start = handle.read(18)
    except OSError as error:
        raise InputError(f"the variant file cannot be read ({error.strerror})", where=path) from error
    if not start:
        raise _empty(path)
    for magic, name in OTHER_WRAPPERS.items():
        if start.startswith(magic):
            raise InputError(
                f"the file is packed with {name}, which cannot be read",
                where=path,
                fix="Unpack it and use bgzip instead",
            )
    if start.startswith(b"BCF"):
        raise InputError(
            "the BCF is not compressed, so that nothing tells whether it is damaged",
            where=path,
            fix="Compress it: `bcftools view -Ob`, then `bcftools index`",
        )
    if not start.startswith(b"\x1f\x8b"):
        return "text"
    if not (start[3] & 4 and start[12:14] == b"BC"):
        return "gzip"
    try:
        with gzip.open(path, "rb") as handle:
            first = handle.read(3)
    except (OSError, EOFError, zlib.error) as error:
        raise damaged(path) from error
    if not first:
        raise _empty(path)
    return "bcf" if first == b"BCF" else "bgzf"


def _empty(path: Path) -> InputError:
    return InputError("the variant file is empty", where=path, fix="Copy or download it again")


def damaged(path: Path) -> InputError:
    """Return the error for compressed data that end or break too early."""
    return InputError(
        "the file is truncated or damaged: its compressed data end or break too early",
        where=path,
        fix="Copy or download it again, or write it anew with bgzip",
    )


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading its bytes, unpacked where it is packed; InputError where it is damaged."""
    packed = path.open("rb")
    compressed = packed.read(2) == b"\x1f\x8b"
    packed.seek(0)
    try:
        yield gzip.GzipFile(fileobj=packed) if compressed else packed  # type: ignore[misc]
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise damaged(path) from error
    finally:
        packed.close()


def read_header(path: str | Path) -> str:
    """Return the header text of a VCF or BCF file, with its #CHROM line.

    Raises
    ------
    InputError
        When the file is missing, empty, damaged, or has no VCF header.
    """
    path = Path(path)
    packing = container(path)
    with opened(path) as handle:
        if packing == "bcf":
            start = handle.read(9)
            if len(start) < 9 or start[:3] != b"BCF" or start[3] != 2:
                raise InputError("this is not a BCF version 2 file", where=path, fix="Write it anew with bcftools")
            text = handle.read(struct.unpack("<I", start[5:9])[0]).rstrip(b"\0")
            lines = [line for line in text.splitlines(keepends=True) if line.startswith(b"#")]
        else:
            lines = []
            for line in handle:
                if not line.startswith(b"#"):
                    break
                lines.append(line)
                if line.startswith(b"#CHROM"):
                    break
    if not lines or not lines[-1].startswith(b"#CHROM"):
        after = f"; line {len(lines) + 1:,} does not start with #" if lines else ""
        raise InputError(
            f"there is no VCF header (lines that start with #, the last with #CHROM){after}",
            where=path,
            fix="Is it a VCF file, and whole? Mend or replace the header: `bcftools reheader --header`",
        )
    if not re.match(rb"##fileformat=VCFv4\.\d+\s*$", lines[0]):
        raise InputError(
            f"the first line of the header is not ##fileformat=VCFv4.1 to 4.4, but {_shown(lines[0])}",
            where=path,
            fix="Put `##fileformat=VCFv4.2` first, if it is VCF 4 (`bcftools reheader --header` replaces a header)",
        )
    for number, line in enumerate(lines[:-1], start=1):
        if not line.startswith(b"##"):
            raise InputError(
                f"line {number:,} of the header starts with one #, not two",
                where=path,
                fix="Take it out, or write ## (`bcftools reheader --header` replaces a header)",
            )
    _refuse_other_columns(lines[-1], path)
    return b"".join(lines).decode("utf-8", errors="replace")


def _refuse_other_columns(line: bytes, path: Path) -> None:
    found = line.rstrip(b"\r\n").split(b"\t")
    for number, (name, wanted) in enumerate(zip(found, COLUMNS, strict=False), start=1):
        if name != wanted:
            blanks = ", split by blanks instead of tabs" if len(found) == 1 else ""
            raise InputError(
                f"column {number} of the #CHROM line is {_shown(name)}, not {wanted.decode()}{blanks}",
                where=path,
                fix="The line is #CHROM POS ID REF ALT QUAL FILTER INFO FORMAT and the people, split by tabs",
            )
    if len(found) < 8:
        raise InputError(
            f"the #CHROM line has {len(found)} columns, and needs 8, then FORMAT and the people",
            where=path,
            fix="The header is cut off, or not split by tabs: copy the file again, or mend that line",
        )


def _shown(line: bytes) -> str:
    text = line.strip().decode("utf-8", errors="replace")
    return repr(text if len(text) <= 40 else text[:37] + "...")


def sample_names(path: str | Path) -> list[str]:
    """Return the people of a VCF or BCF file, in file order.

    Raises
    ------
    InputError
        When there are no sample columns, or one name stands twice, or the header cannot be read.
    """
    names = read_header(path).splitlines()[-1].split("\t")[9:]
    if not names:
        raise InputError(
            "the file has no sample columns, only sites",
            where=path,
            fix="A file with genotypes of people is needed",
        )
    if not all(name.strip() for name in names):
        raise InputError(
            f"column {9 + 1 + names.index(next(name for name in names if not name.strip()))} of the #CHROM line, "
            "a sample's, has no name",
            where=path,
            fix="Name it: `bcftools reheader --samples`",
        )
    if len(set(names)) < len(names):
        doubled = next(name for name in names if names.count(name) > 1)
        raise InputError(
            f"sample {doubled!r} stands twice in the header",
            where=path,
            fix="Rename one: `bcftools reheader --samples`",
        )
    return names


def header_contigs(path: str | Path) -> dict[str, int | None]:
    """Return the contigs of the header's ##contig lines and their lengths in bp (None where not given)."""
    contigs: dict[str, int | None] = {}
    for line in read_header(path).splitlines():
        if line.startswith("##contig=<"):
            name = re.search(r"[<,]ID=([^,>]+)", line)
            length = re.search(r"[<,]length=(\d+)", line)
            if name:
                contigs[name.group(1)] = int(length.group(1)) if length and int(length.group(1)) > 0 else None
    return contigs


def index_path(path: str | Path) -> Path | None:
    """Return the index beside a variant file (``.csi`` before ``.tbi``, as htslib chooses), or None."""
    found = (Path(f"{path}{suffix}") for suffix in (".csi", ".tbi"))
    return next((index for index in found if index.is_file()), None)


def records_by_contig(path: str | Path) -> dict[str, int | None] | None:
    """Return the number of records of each contig from the index beside a file; None without an index.

    Contigs without records are left out. A count is None where the index does not keep counts.

    Raises
    ------
    InputError
        When the index is damaged.
    """
    found = _read_index(path)
    return None if found is None else {name: own.count for name, own in found.items()}


def first_offsets(path: str | Path) -> dict[str, int] | None:
    """Return the virtual file offset of each contig's first record from the index; None without an index.

    Raises
    ------
    InputError
        When the index is damaged.
    """
    found = _read_index(path)
    return None if found is None else {name: own.first for name, own in found.items()}


def offsets_of_stretches(
    path: str | Path, contig: str, stretches: Sequence[tuple[int, int]]
) -> list[tuple[int, int]] | None:
    """Return where to read the records in some stretches of a contig; None without an index.

    Parameters
    ----------
    stretches : first and last position (1-based), ascending and apart.

    Returns
    -------
    list of (virtual file offset at or before the first record, last position): reading from each offset up to that
    position gives all records in the stretches, none twice.

    Raises
    ------
    InputError
        When the index is damaged.
    """
    found = _read_index(path)
    if found is None or contig not in found:
        return None if found is None else []
    own = found[contig]
    lower, least = _running(sorted(own.lower), max)
    upper, greatest = _running(sorted(own.upper, reverse=True), min)
    ranges: list[tuple[int, int, int]] = []  # offset, offset behind, last position
    for first, last in stretches:
        place = bisect_left(lower, first)  # bounds up to base first - 1, which is position first
        offset = max(own.first, least[place - 1] if place else 0)
        place = bisect_right(upper, -last, key=lambda base: -base)  # bounds from base last on, behind position last
        behind = greatest[place - 1] if place else 1 << 64
        if ranges and offset < ranges[-1][1]:
            offset = ranges.pop()[0]
        ranges.append((offset, behind, last))
    return [(offset, last) for offset, _, last in ranges]


def _running(bounds: list[tuple[int, int]], most: Callable[[int, int], int]) -> tuple[list[int], list[int]]:
    """Return the bases, and the greatest or least of the offsets up to each."""
    return [base for base, _ in bounds], list(accumulate((offset for _, offset in bounds), most))


class _ContigIndex(NamedTuple):
    """What an index says of a contig; bases are 0-based, offsets virtual file offsets."""

    count: int | None  # records
    first: int  # offset of the first record
    lower: list[tuple[int, int]]  # base, offset: what begins at that base or behind lies at that offset or behind
    upper: list[tuple[int, int]]  # base, offset: what begins before that base lies before that offset


def _read_index(path: str | Path) -> dict[str, _ContigIndex] | None:
    """Return what the index says of each contig that has records."""
    index = index_path(path)
    if index is None:
        return None
    state = index.stat()
    return _contents(path, index, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=4)  # asked for once a contig
def _contents(path: str | Path, index: Path, changed: int, size: int) -> dict[str, _ContigIndex]:
    """Return what an index says that was last `changed` (ns) then."""
    try:
        with gzip.open(index, "rb") as handle:
            data = handle.read()
        names, contigs = _decode_index(data)
    except (OSError, EOFError, zlib.error, struct.error, ValueError) as error:
        fix = f"Delete it. {INDEX_FIX.format(name=Path(path).name)}"
        raise InputError("the index is damaged", where=index, fix=fix) from error
    if not names:
        names = _bcf_contigs(path)
    if len(names) < len(contigs):
        raise InputError(
            "the index names more contigs than the file's header",
            where=index,
            fix=f"It belongs to another file. {INDEX_FIX.format(name=Path(path).name)}",
        )
    return {name: own for name, own in zip(names, contigs, strict=False) if own.count != 0}


def _decode_index(data: bytes) -> tuple[list[str], list[_ContigIndex]]:
    """Return contig names (none from a BCF's index), and what is said of each, as the specifications have it."""
    magic = data[:4]
    if magic == b"TBI\1":
        n_contigs, l_names = struct.unpack_from("<i24xi", data, 4)
        names = data[36 : 36 + l_names]
        offset, shift, depth, linear = 36 + l_names, 14, 5, True
    elif magic == b"CSI\1":
        shift, depth, l_extra = struct.unpack_from("<iii", data, 4)
        l_names = struct.unpack_from("<24xi", data, 16)[0] if l_extra >= 28 else 0
        names = data[44 : 44 + l_names]
        (n_contigs,) = struct.unpack_from("<i", data, 16 + l_extra)
        offset, linear = 20 + l_extra, False
    else:
        raise ValueError("neither TBI nor CSI")
    bin_head = struct.Struct("<Ii" if linear else "<IQi")
    summary = ((1 << 3 * (depth + 1)) - 1) // 7 + 1
    contigs: list[_ContigIndex] = []
    for _ in range(n_contigs):
        (n_bins,) = struct.unpack_from("<i", data, offset)
        offset += 4
        count: int | None = None if n_bins else 0
        lower: list[tuple[int, int]] = []
        upper: list[tuple[int, int]] = []
        for _ in range(n_bins):
            number, *first_of_bin, n_chunks = bin_head.unpack_from(data, offset)
            offset += bin_head.size
            if number == summary and n_chunks == 2:  # a pseudo-bin whose second "chunk" is the record counts
                count = struct.unpack_from("<Q", data, offset + 16)[0]
            elif n_chunks:
                start, end = _bases_of_bin(number, shift, depth)
                chunks = struct.unpack_from(f"<{2 * n_chunks}Q", data, offset)
                lower += [(end, max(chunks[1::2])), *((start, first) for first in first_of_bin)]
                upper.append((start, min(chunks[::2])))
            offset += 16 * n_chunks
        if linear:
            (n_intervals,) = struct.unpack_from("<i", data, offset)
            intervals = struct.unpack_from(f"<{n_intervals}Q", data, offset + 4)
            most = 0
            for number, first in enumerate(intervals):
                if first > most:  # most repeat what those before them say
                    lower.append((number << shift, first))
                    most = first
            offset += 4 + 8 * n_intervals
        contigs.append(_ContigIndex(count, min((begin for _, begin in upper), default=0), lower, upper))
    return [name.decode() for name in names.split(b"\0")[:-1]], contigs


def _bases_of_bin(number: int, shift: int, depth: int) -> tuple[int, int]:
    """Return the first base and the end of a bin: level l has 8^l of them, numbered one level after another."""
    first = 0
    for level in range(depth + 1):
        if number < first + (1 << 3 * level):
            size = shift + 3 * (depth - level)
            return (number - first) << size, (number - first + 1) << size
        first += 1 << 3 * level
    raise ValueError("a bin that there is not")


def _bcf_contigs(path: str | Path) -> list[str]:
    """Return contig names of a BCF in the order of its numbers: by IDX if given, else as the lines come."""
    numbered: dict[int, str] = {}
    for line in read_header(path).splitlines():
        name = re.search(r"[<,]ID=([^,>]+)", line)
        if line.startswith("##contig=<") and name:
            number = re.search(r"[<,]IDX=(\d+)", line)
            numbered[int(number.group(1)) if number else len(numbered)] = name.group(1)
    return [numbered.get(number, "") for number in range(max(numbered, default=-1) + 1)]


def contigs_with_records(path: str | Path) -> list[str]:
    """Return the contigs that a VCF or BCF file has records of, named as in the file.

    From the index where there is one. Without one: by reading a small file whole; the single contig of a
    larger one whose first and last records agree; else the header's ##contig lines of chromosomes 1-22, X, Y
    and MT; else by reading the first column of every record.

    Raises
    ------
    InputError
        When the file is missing, empty, damaged, without VCF header, or its index is damaged.
    """
    path = Path(path)
    packing = container(path)
    counts = records_by_contig(path) if packing in ("bgzf", "bcf") else None
    if counts is not None:
        return list(counts)
    named = header_contigs(path)
    chromosomes = [name for name in named if canonical(name) in CHROMOSOMES]
    if packing == "bcf":
        return chromosomes or list(named)
    if path.stat().st_size <= SCAN_AT_MOST["text" if packing == "text" else "gzip"]:
        return _scan(path)
    first = next(_records(path), None)
    if first is not None and first == _last_contig(path, packing):
        return [first]
    return chromosomes or _scan(path)


def _records(path: Path) -> Iterator[str]:
    """Yield the first column of every record."""
    with opened(path) as handle:
        for line in handle:
            if not line.startswith(b"#") and line.strip():
                yield line.partition(b"\t")[0].decode("utf-8", errors="replace").strip()


def _scan(path: Path) -> list[str]:
    return list(dict.fromkeys(_records(path)))


def _last_contig(path: Path, packing: str) -> str | None:
    """Return the contig of the last record by reading the end of the file; None where that does not tell."""
    if packing == "gzip":
        return None
    with path.open("rb") as handle:
        handle.seek(max(0, path.stat().st_size - TAIL))
        tail = handle.read()
    if packing == "bgzf":
        tail = _unpack_tail(tail)
    lines = tail.rstrip(b"\n").split(b"\n")[1:]  # the first piece may start anywhere in its line
    return lines[-1].partition(b"\t")[0].decode("utf-8", errors="replace") if lines else None


def _unpack_tail(tail: bytes) -> bytes:
    """Unpack the whole BGZF blocks at the end of `tail`."""
    for start in re.finditer(re.escape(BGZF_END[:4]), tail):
        offset, text = start.start(), []
        while tail[offset : offset + 4] == BGZF_END[:4] and tail[offset + 12 : offset + 14] == b"BC":
            size = struct.unpack_from("<H", tail, offset + 16)[0] + 1
            try:
                text.append(zlib.decompress(tail[offset : offset + size], wbits=31))
            except zlib.error:
                break
            offset += size
        if offset == len(tail):
            return b"".join(text)
    return b""
