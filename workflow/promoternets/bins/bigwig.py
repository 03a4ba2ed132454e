"""Signal of a bigWig in bins: exact, from the intervals the file holds, never from its zoom levels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyBigWig

from promoternets.bins.bigwig_layout import AGAIN, check_bigwig
from promoternets.bins.windows import Binned, Windows, inside, orient, place, runs
from promoternets.errors import InputError
from promoternets.formats.contigs import canonical

Statistic = Literal["mean", "sum", "mean_covered"]
GREATEST = float(np.finfo(np.float32).max)  # a bin is stored in float32
INTERVAL = np.dtype([("start", "i8"), ("end", "i8"), ("value", "f4")])


def bin_bigwig(
    path: str | Path, windows: Windows, *, statistic: Statistic = "mean", allow_negative: bool = False
) -> Binned:
    """Return the signal of a bigWig in the windows.

    Parameters
    ----------
    statistic : of a bin's bases. ``mean``: over all bases, uncovered ones count as 0 (deepTools' ``computeMatrix
        --missingDataAsZero``; ``mean0`` of UCSC's bigWigAverageOverBed). ``mean_covered``: over the covered bases, 0
        without any (computeMatrix by default, where it has NaN; ``mean`` of bigWigAverageOverBed). ``sum``: of the
        bases (``sum`` of bigWigAverageOverBed).
    allow_negative : read negative values too (log fold change); counts, depth and p-values have none.

    The file is asked once per stretch of overlapping windows; sums are made in float64.

    Raises
    ------
    InputError
        When this is no bigWig, it is cut short or damaged (`check_bigwig`); it has no chromosome in common with the
        genes, or no value in any window; starts lie beyond its chromosomes' ends; in the windows a value is NaN,
        infinite or negative, or a base has two values; or a bin is greater than float32 holds.
    """
    with opened(path) as file:
        lengths = {name: int(length) for name, length in file.chroms().items()}
        placed = place(windows, lengths, str(path))
        signal = np.zeros((len(windows), windows.bin_count), dtype=np.float64)
        zero = np.zeros(len(windows), dtype=np.int32)
        covered = np.zeros(len(windows), dtype=np.int32)
        on_contig = np.zeros(len(windows), dtype=np.int64)
        for name, rows in placed.items():
            on_contig[rows] = inside(windows, rows, lengths[name])
            for first, end, genes in runs(windows, rows):
                found = read_intervals(file, name, max(first, 0), min(end, lengths[name]), path)
                if len(found):
                    check_values(found, name, path, allow_negative)
                    signal[genes], zero[genes], covered[genes] = sum_up(found, first, end, windows, genes, statistic)
    if not covered.any():
        raise InputError(
            "the file has no value in any gene's window",
            where=path,
            fix="Check that it holds signal around these genes, and is of the annotation's genome build",
        )
    if not (np.abs(signal) <= GREATEST).all():
        gene = windows.gene_ids[int(np.argmax(np.abs(signal).max(axis=1)))]
        raise InputError(
            f"the {statistic} of a bin of {gene} is greater than {GREATEST:.2g}",
            where=path,
            fix="Such values are no signal: make it again",
        )
    absent = windows.width - on_contig
    return Binned(
        signal=orient(signal.astype(np.float32), windows),
        zero=zero,
        uncovered=(on_contig - covered).astype(np.int32),
        absent=absent.astype(np.int32),
        lengths={canonical(name): lengths[name] for name in placed},
    )


@contextmanager
def opened(path: str | Path) -> Iterator[Any]:
    """Open a bigWig that `check_bigwig` found whole.

    Raises
    ------
    InputError
        Also when pyBigWig cannot open it after all.
    """
    check_bigwig(path)
    try:
        file = pyBigWig.open(str(path))
        readable = file.isBigWig() and file.chroms()
    except RuntimeError as error:
        raise InputError(f"the bigWig cannot be read ({error})", where=path, fix=AGAIN) from error
    try:
        if not readable:
            raise InputError("the bigWig names no chromosome", where=path, fix=AGAIN)
        yield file
    finally:
        file.close()


def read_intervals(file: Any, contig: str, start: int, end: int, path: str | Path) -> np.ndarray:
    """Return the intervals that overlap [start, end), cut to it, sorted: `INTERVAL` array, empty if there are none."""
    if start >= end:
        return np.empty(0, dtype=INTERVAL)
    try:
        rows = file.intervals(contig, start, end)
    except RuntimeError as error:
        raise InputError(
            f"the bigWig is damaged: {contig}:{start + 1:,}-{end:,} cannot be read ({error})", where=path, fix=AGAIN
        ) from error
    if not rows:
        return np.empty(0, dtype=INTERVAL)
    found = np.fromiter(rows, dtype=INTERVAL, count=len(rows))
    found["start"] = np.maximum(found["start"], start)
    found["end"] = np.minimum(found["end"], end)
    return found[np.argsort(found["start"], kind="stable")]


def check_values(found: np.ndarray, contig: str, path: str | Path, allow_negative: bool) -> None:
    """Raise InputError at the first value that cannot be signal, or base with two values."""
    value = found["value"]
    doubled = np.append(found["end"][:-1] > found["start"][1:], False)
    for wrong, what, fix in (
        (np.isnan(value), "holds NaN", "Make it again without: a base that was not measured is left out of a bigWig"),
        (np.isinf(value), "holds an infinite value", "Make it again without, as by a cap on the p-value"),
        (
            np.zeros(len(found), dtype=bool) if allow_negative else value < 0,
            "holds a negative value, which counts, depth and -log10 p cannot have,",
            "Give such signal, or allow negative values for fold changes",
        ),
        (doubled, "has two values for one base", "Make it again from a sorted bedGraph without overlaps"),
    ):
        if wrong.any():
            at = found[int(np.argmax(wrong))]
            base = at["end"] if what.startswith("has two") else at["start"] + 1
            raise InputError(f"the bigWig {what} at {contig}:{base:,} ({at['value']:g})", where=path, fix=fix)


def sum_up(
    found: np.ndarray, first: int, end: int, windows: Windows, genes: np.ndarray, statistic: Statistic
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Spread the intervals of the stretch [first, end) over its bases and sum up the windows in it.

    Returns
    -------
    signal float64 [genes, bins] in genome order, bases covered with 0 int64 [genes], bases covered int64 [genes]
    """
    edges = np.empty(2 * len(found) + 2, dtype=np.int64)
    edges[0], edges[-1] = first, end
    edges[1:-1:2], edges[2:-1:2] = found["start"], found["end"]
    lengths = np.diff(edges)  # gap, interval, gap, interval, ..., gap
    level = np.zeros(len(lengths), dtype=np.float64)
    level[1::2] = found["value"]
    held = np.zeros(len(lengths), dtype=bool)
    held[1::2] = True
    bases, is_covered = np.repeat(level, lengths), np.repeat(held, lengths)
    is_zero = is_covered & (bases == 0)
    shape = (windows.bin_count, windows.bin_size)
    signal = np.empty((len(genes), windows.bin_count), dtype=np.float64)
    covered = np.empty((len(genes), windows.bin_count), dtype=np.int64)
    zero = np.empty(len(genes), dtype=np.int64)
    for row, start in enumerate(windows.start[genes] - first):
        own = slice(start, start + windows.width)
        signal[row] = bases[own].reshape(shape).sum(axis=1)
        covered[row] = is_covered[own].reshape(shape).sum(axis=1)
        zero[row] = is_zero[own].sum()
    if statistic == "mean":
        signal /= windows.bin_size
    elif statistic == "mean_covered":
        signal /= np.maximum(covered, 1)
    return signal, zero, covered.sum(axis=1)
