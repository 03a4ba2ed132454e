"""Signal of a bigWig in bins: exact, from the intervals the file holds, never from its zoom levels."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np

from promoternets.bins.bigwig_layout import read_parts
from promoternets.bins.bigwig_values import Intervals, intervals_of
from promoternets.bins.windows import Binned, Windows, inside, orient, place
from promoternets.errors import InputError
from promoternets.formats.contigs import canonical

Statistic = Literal["mean", "sum", "mean_covered"]
GREATEST = float(np.finfo(np.float32).max)  # a bin is stored in float32
PIECES_AT_ONCE = 1 << 14  # intervals in windows that are summed up together


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

    Each block of the file is unpacked once; sums are made in float64.

    Raises
    ------
    InputError
        When this is no bigWig, it is cut short or damaged (`read_parts`); it has no chromosome in common with the
        genes, or no value in any window; starts lie beyond its chromosomes' ends; in the windows a value is NaN,
        infinite or negative, or a base has two values; or a bin is greater than float32 holds.
    """
    parts = read_parts(path)
    placed = place(windows, parts.lengths, str(path))
    signal = np.zeros((len(windows), windows.bin_count), dtype=np.float64)
    zero = np.zeros(len(windows), dtype=np.int32)
    covered = np.zeros(len(windows), dtype=np.int32)
    on_contig = np.zeros(len(windows), dtype=np.int64)
    with Path(path).open("rb") as file:
        for name, rows in placed.items():
            on_contig[rows] = inside(windows, rows, parts.lengths[name])
            starts = windows.start[rows]
            for some, found in intervals_of(file, parts, name, starts, starts + windows.width, path):
                genes = rows[some]
                found, first, last = within(found, starts[some], windows.width)
                check_values(found, name, path, allow_negative)
                signal[genes], zero[genes], covered[genes] = sum_up(
                    found, first, last, starts[some], windows, statistic
                )
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
        lengths={canonical(name): parts.lengths[name] for name in placed},
    )


def within(found: Intervals, starts: np.ndarray, width: int) -> tuple[Intervals, np.ndarray, np.ndarray]:
    """Return the intervals that overlap a window, and the first and the end of each window's among them.

    Parameters
    ----------
    starts : int64 [windows], ascending.
    """
    first = np.searchsorted(np.maximum.accumulate(found.end), starts, side="right")
    last = np.maximum(np.searchsorted(found.start, starts + width, side="left"), first)
    change = np.zeros(len(found.start) + 1, dtype=np.int64)
    np.add.at(change, first, 1)
    np.add.at(change, last, -1)
    chosen = np.cumsum(change)[:-1] > 0
    number = np.append(0, np.cumsum(chosen))
    return Intervals(*(column[chosen] for column in found)), number[first], number[last]


def check_values(found: Intervals, contig: str, path: str | Path, allow_negative: bool) -> None:
    """Raise InputError at the first value that cannot be signal, or base with two values."""
    value = found.value
    doubled = np.append(found.end[:-1] > found.start[1:], False)
    for wrong, what, fix in (
        (np.isnan(value), "holds NaN", "Make it again without: a base that was not measured is left out of a bigWig"),
        (np.isinf(value), "holds an infinite value", "Make it again without, as by a cap on the p-value"),
        (
            np.zeros(len(value), dtype=bool) if allow_negative else value < 0,
            "holds a negative value, which counts, depth and -log10 p cannot have,",
            "Give such signal, or allow negative values for fold changes",
        ),
        (doubled, "has two values for one base", "Make it again from a sorted bedGraph without overlaps"),
    ):
        if wrong.any():
            at = int(np.argmax(wrong))
            base = found.end[at] if what.startswith("has two") else found.start[at] + 1
            raise InputError(f"the bigWig {what} at {contig}:{base:,} ({value[at]:g})", where=path, fix=fix)


def sum_up(
    found: Intervals, first: np.ndarray, last: np.ndarray, starts: np.ndarray, windows: Windows, statistic: Statistic
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sum up intervals in the bins of some windows, without a sum over other bins: no value is lost beside a great one.

    Parameters
    ----------
    first, last : int64 [genes]: each window's intervals. starts : int64 [genes]: its first base.

    Returns
    -------
    signal float64 [genes, bins] in genome order, bases covered with 0 int64 [genes], bases covered int64 [genes]
    """
    size, bins = windows.bin_size, windows.bin_count
    signal, covered = np.zeros((2, len(starts), bins))
    zero = np.zeros(len(starts))
    pieces = np.cumsum(last - first)
    edges = np.searchsorted(pieces, np.arange(PIECES_AT_ONCE, pieces[-1], PIECES_AT_ONCE))
    for some in np.split(np.arange(len(starts)), np.unique(edges)):
        gene, number = _each(last[some] - first[some])
        item = number + first[some][gene]
        start = starts[some][gene]
        begin = np.maximum(found.start[item] - start, 0)
        end = np.minimum(found.end[item] - start, windows.width)
        value = found.value[item].astype(np.float64)
        zero[some] = np.bincount(gene, (end - begin) * (value == 0), minlength=len(some))
        lowest = begin // size
        longer, more = _each((end - 1) // size - lowest)  # the bins an interval touches beside its lowest
        parts = [
            (gene * bins + lowest, np.minimum(end, (lowest + 1) * size) - begin, value),
            (
                (gene * bins + lowest)[longer] + more + 1,
                np.minimum(end[longer] - (lowest[longer] + more + 1) * size, size),
                value[longer],
            ),
        ]
        for at, length, level in parts:
            signal[some] += np.bincount(at, length * level, minlength=len(some) * bins).reshape(-1, bins)
            covered[some] += np.bincount(at, length, minlength=len(some) * bins).reshape(-1, bins)
    if statistic == "mean":
        signal /= size
    elif statistic == "mean_covered":
        signal /= np.maximum(covered, 1)
    return signal, zero.astype(np.int64), covered.sum(axis=1).astype(np.int64)


def _each(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return, for so many items of each owner, the owner of each item and its number among the owner's."""
    owner = np.repeat(np.arange(len(counts)), counts)
    return owner, np.arange(len(owner)) - (np.cumsum(counts) - counts)[owner]
