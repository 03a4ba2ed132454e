"""Reads of a BAM in bins, counted as ``bedtools multicov`` counts them."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
import pysam

from promoternets.bins.windows import Binned, Windows, inside, orient, place, runs
from promoternets.errors import InputError
from promoternets.formats.contigs import canonical
from promoternets.formats.variant_index import BGZF_END

Duplicates = Literal["drop", "keep"]
Unmapped = Literal["count", "drop"]
AGAIN = "Download or make it again"
MAGIC = b"BAM\1"
DAMAGE = (OSError, EOFError, zlib.error)  # of compressed data


def bin_bam(
    path: str | Path,
    windows: Windows,
    *,
    min_mapq: int = 0,
    duplicates: Duplicates = "drop",
    unmapped: Unmapped = "count",
) -> Binned:
    """Return the number of reads that overlap each bin, as ``bedtools multicov -q min_mapq`` (2.30) counts them.

    A read counts in every bin that its alignment, from first to last reference base with deletions and skipped
    stretches but without clipped ends, overlaps by a base. Reads that failed quality control are dropped, as are
    marked duplicates; secondary and supplementary alignments count. A read of a pair is a read.

    Parameters
    ----------
    duplicates : ``keep`` counts marked duplicates too (multicov -D).
    unmapped : multicov also counts an unmapped read at the one base where its mate lies; ``drop`` does not. They have
        mapping quality 0, so any `min_mapq` drops them too.

    Returns
    -------
    Binned, where `zero` are the bases no counted read covers; nothing is `uncovered` in reads.

    Raises
    ------
    InputError
        When this is no BAM, it is cut short, damaged or not sorted; it has no chromosome in common with the genes, or
        no read in any window; or starts lie beyond its chromosomes' ends.
    """
    dropped = pysam.FQCFAIL
    dropped |= pysam.FDUP if duplicates == "drop" else 0
    dropped |= pysam.FUNMAP if unmapped == "drop" else 0
    with opened(path) as file:
        lengths = dict(zip(file.references, file.lengths, strict=True))
        placed = place(windows, lengths, str(path))
        signal = np.zeros((len(windows), windows.bin_count), dtype=np.float32)
        zero = np.zeros(len(windows), dtype=np.int32)
        on_contig = np.zeros(len(windows), dtype=np.int64)
        reads = 0
        for name, rows in placed.items():
            on_contig[rows] = inside(windows, rows, lengths[name])
            for first, end, genes in runs(windows, rows):
                starts, ends = read_alignments(
                    file, name, max(first, 0), min(end, lengths[name]), path, dropped, min_mapq
                )
                reads += len(starts)
                signal[genes] = count_overlaps(starts, ends, windows, genes)
                beyond = windows.width - on_contig[genes]
                zero[genes] = _bases_without_reads(starts, ends, first, end, windows, genes) - beyond
    if not reads:
        raise InputError(
            "no read that counts lies in any gene's window",
            where=path,
            fix="Check that it holds reads around these genes, is of the annotation's build, and the quality asked for",
        )
    return Binned(
        signal=orient(signal, windows),
        zero=zero,
        uncovered=np.zeros(len(windows), dtype=np.int32),
        absent=(windows.width - on_contig).astype(np.int32),
        lengths={canonical(name): int(lengths[name]) for name in placed},
    )


@contextmanager
def opened(path: str | Path) -> Iterator[pysam.AlignmentFile]:
    """Open a whole, sorted BAM with an index of its own, made anew for as long as it is open.

    An index that lies beside a BAM has no checksum and may be that of another file: reads would be missed without a
    word. Making it reads the file once, which checks every block; a BAM that has none needs none.

    Raises
    ------
    InputError
        Otherwise.
    """
    path = Path(path)
    _refuse_other_files(path)
    earlier = pysam.set_verbosity(0)  # htslib would print its own words beside ours
    try:
        with TemporaryDirectory() as folder:
            index = Path(folder) / "reads.csi"
            try:
                pysam.index("-c", "-o", str(index), str(path))
            except pysam.SamtoolsError as error:
                raise _not_indexed(path, error) from error
            try:
                with pysam.AlignmentFile(str(path), "rb", index_filename=str(index), check_sq=False) as file:
                    yield file
            except OSError as error:
                raise InputError(f"the BAM is damaged ({error})", where=path, fix=AGAIN) from error
    finally:
        pysam.set_verbosity(earlier)


def _refuse_other_files(path: Path) -> None:
    """Raise InputError unless the file begins as a BAM does, and ends as block gzip does."""
    if not path.is_file():
        raise InputError("the BAM does not exist", where=path, fix="Check the path in the sheet of epigenomes")
    with path.open("rb") as raw:
        head = raw.read(14)
        if head[:2] != BGZF_END[:2]:
            raise InputError("this is not a BAM", where=path, fix="Give a BAM, or say the right kind in the sheet")
        raw.seek(-min(len(BGZF_END), raw.seek(0, io.SEEK_END)), io.SEEK_END)
        end = raw.read()
    try:
        with gzip.open(path) as unpacked:
            magic = unpacked.read(len(MAGIC))
    except DAMAGE as error:
        raise InputError("the BAM is damaged or cut short at its start", where=path, fix=AGAIN) from error
    if magic != MAGIC or head[12:14] != BGZF_END[12:14]:
        raise InputError("this is not a BAM", where=path, fix="Convert it with `samtools view -b`")
    if end != BGZF_END:
        raise InputError("the BAM is cut short: it lacks its end marker", where=path, fix=AGAIN)


def _not_indexed(path: Path, cause: Exception) -> InputError:
    """Return the error for a BAM of which no index can be made: damage, or the first record out of order."""
    try:
        _read_blocks(path)
        with pysam.AlignmentFile(str(path), "rb", check_sq=False) as file:
            found = _first_fault(file, path)
    except (*DAMAGE, ValueError, NotImplementedError) as error:
        return InputError(f"the BAM is damaged ({error})", where=path, fix=AGAIN)
    return found or InputError(
        f"no index of the BAM can be made ({' '.join(str(cause).split())[-80:]})",
        where=path,
        fix="See whether there is space for temporary files (TMPDIR)",
    )


def _read_blocks(path: Path) -> None:
    """Raise zlib.error unless all of the file is sound blocks of block gzip."""
    with path.open("rb") as raw:
        while head := raw.read(18):
            if len(head) < 18 or head[:4] != BGZF_END[:4] or head[12:14] != BGZF_END[12:14]:
                raise zlib.error(f"no block begins at byte {raw.tell() - len(head):,}")
            zlib.decompress(head + raw.read(int.from_bytes(head[16:18], "little") - 17), wbits=31)


def _first_fault(file: pysam.AlignmentFile, path: Path) -> InputError | None:
    before = (0, -1)
    for number, read in enumerate(file.fetch(until_eof=True), start=1):
        place = (read.reference_id if read.reference_id >= 0 else file.nreferences, read.reference_start)
        if place < before:
            at = f"record {number:,}, {read.reference_name}:{read.reference_start + 1:,},"
            return InputError(f"the BAM is not sorted: {at} belongs before the one before it", where=path,
                              fix="Sort it: `samtools sort`")  # fmt: skip
        before = place
    return None


def read_alignments(
    file: pysam.AlignmentFile, contig: str, start: int, end: int, path: str | Path, dropped: int, min_mapq: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return first base and end (0-based, half-open) of the reads that overlap [start, end), int64 [reads].

    Parameters
    ----------
    dropped : flags of reads that do not count.
    """
    if start >= end:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    first: list[int] = []
    last: list[int] = []
    try:
        for read in file.fetch(contig, start, end):
            if not read.flag & dropped and read.mapping_quality >= min_mapq:
                position = read.reference_start
                first.append(position)
                last.append(read.reference_end or position + 1)  # an unmapped read has no end
    except (OSError, ValueError) as error:
        raise InputError(
            f"the BAM is damaged: {contig}:{start + 1:,}-{end:,} cannot be read ({error})", where=path, fix=AGAIN
        ) from error
    return np.array(first, dtype=np.int64), np.array(last, dtype=np.int64)


def count_overlaps(starts: np.ndarray, ends: np.ndarray, windows: Windows, genes: np.ndarray) -> np.ndarray:
    """Return the reads that overlap each bin by a base, int64 [genes, bins], bins in genome order.

    Those that begin before the bin's end, less those that end before its start.
    """
    edges = windows.start[genes][:, None] + windows.bin_size * np.arange(windows.bin_count + 1)
    begun = np.searchsorted(np.sort(starts), edges[:, 1:], side="left")
    over = np.searchsorted(np.sort(ends), edges[:, :-1], side="right")
    return begun - over


def _bases_without_reads(
    starts: np.ndarray, ends: np.ndarray, first: int, end: int, windows: Windows, genes: np.ndarray
) -> np.ndarray:
    """Return the bases of each window under no read, those beyond the chromosome included, int64 [genes]."""
    change = np.zeros(end - first + 1, dtype=np.int64)
    np.add.at(change, np.clip(starts - first, 0, end - first), 1)
    np.add.at(change, np.clip(ends - first, 0, end - first), -1)
    bare = np.concatenate([[0], np.cumsum(np.cumsum(change)[:-1] == 0)])
    begin = windows.start[genes] - first
    return bare[begin + windows.width] - bare[begin]
