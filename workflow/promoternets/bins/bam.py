"""Reads of a BAM in bins, counted as ``bedtools multicov`` counts them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

import numpy as np
import pysam

from promoternets.bins.windows import Binned, Windows, inside, orient, place, runs
from promoternets.errors import InputError
from promoternets.formats.contigs import canonical

logger = logging.getLogger(__name__)
Duplicates = Literal["drop", "keep"]
Unmapped = Literal["count", "drop"]
AGAIN = "Download or make it again"
FIRST_BYTES = b"\x1f\x8b"


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
        When this is no BAM, it is cut short or has no index; it has no chromosome in common with the genes, or no
        read in any window; or starts lie beyond its chromosomes' ends.
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
    """Open a BAM that has an index and is not cut short.

    Raises
    ------
    InputError
        Otherwise.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError("the BAM does not exist", where=path, fix="Check the path in the sheet of epigenomes")
    with path.open("rb") as raw:
        if raw.read(2) != FIRST_BYTES:
            raise InputError("this is not a BAM", where=path, fix="Give a BAM, or say the right kind in the sheet")
    earlier = pysam.set_verbosity(0)  # htslib would print its own words beside ours
    try:
        try:
            file = pysam.AlignmentFile(str(path), "rb")
        except (OSError, ValueError) as error:
            short = "EOF" in str(error) or "truncated" in str(error)
            what = "the BAM is cut short: it lacks its end marker" if short else f"this is not a BAM ({error})"
            raise InputError(what, where=path, fix=AGAIN) from error
        try:
            if not file.is_bam:
                raise InputError("this is not a BAM", where=path, fix="Convert it with `samtools view -b`")
            if not file.has_index():
                raise InputError("the BAM has no index", where=path, fix=f"Make one: `samtools index {path.name}`")
            _warn_of_old_index(path)
            yield file
        finally:
            with suppress(OSError):  # of a damaged file, said once more
                file.close()
    finally:
        pysam.set_verbosity(earlier)


def _warn_of_old_index(path: Path) -> None:
    """Say when an index is older than its reads: it may be that of an earlier file. Copying alone can do it, too."""
    indexes = [Path(f"{path}.bai"), Path(f"{path}.csi"), path.with_suffix(".bai")]
    there = [index for index in indexes if index.is_file()]
    if there and there[0].stat().st_mtime < path.stat().st_mtime:
        logger.warning("%s is older than the BAM; if that was made again, run `samtools index` again", there[0])


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
            f"the BAM is damaged or does not fit its index: {contig}:{start + 1:,}-{end:,} cannot be read ({error})",
            where=path,
            fix=f"{AGAIN}, then `samtools index`",
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
