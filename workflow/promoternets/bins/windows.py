"""The window of bins around each TSS, and the signal of one file in them.

A TSS at 1-based position t has the 0-based position p = t - 1; a window has `bin_count` bins of `bin_size` bp, half
of the bases (h) on either side.

* oriented: bins run 5' -> 3' and the TSS is the first base of the bin after the middle (bin 51 of 100) on both strands:
  [p - h, p + h) on +, and its mirror image [p - h + 1, p + h + 1), read backwards, on -. These are the windows of
  deepTools' reference-point mode.
* genome order: [t - h, t + h) for every gene, never read backwards: the windows of the published data, which take the
  1-based TSS for a 0-based one. On - they hold the bases of the oriented window, on + they lie one base to the right.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from promoternets.errors import InputError
from promoternets.formats.contigs import by_canonical_name, canonical, order

MOST_BASES_AT_ONCE = 2_000_000  # of overlapping windows that are read together
# An annotation of the other human build puts 0.6% (GRCh38 on 37) or 1.3% of its starts beyond a chromosome's end.
MOST_BEYOND_END = 0.001


@dataclass(frozen=True)
class Windows:
    """The windows of all genes.

    Attributes
    ----------
    gene_ids, chrom : text [genes]
    tss : int64 [genes], 0-based
    start : int64 [genes], 0-based first base of the window, negative where it begins before the chromosome
    reverse : bool [genes], whether bins are read backwards
    """

    gene_ids: np.ndarray
    chrom: np.ndarray
    tss: np.ndarray
    start: np.ndarray
    reverse: np.ndarray
    bin_size: int
    bin_count: int

    @property
    def width(self) -> int:
        """Bases of a window."""
        return self.bin_size * self.bin_count

    def __len__(self) -> int:
        return len(self.start)


@dataclass(frozen=True)
class Binned:
    """One file's signal in all windows, bins in the order the windows say.

    Attributes
    ----------
    signal : float32 [genes, bins]; 0 where a base is uncovered or absent
    zero, uncovered, absent : int32 [genes], bases (see `formats.bin_store`)
    lengths : the length of each chromosome that windows lie on, by its canonical name
    """

    signal: np.ndarray
    zero: np.ndarray
    uncovered: np.ndarray
    absent: np.ndarray
    lengths: dict[str, int]


def windows_of(genes: pd.DataFrame, *, bin_size: int, bin_count: int, oriented: bool) -> Windows:
    """Return the windows around the TSS of genes (gene_id, chrom, tss 1-based, strand).

    Raises
    ------
    InputError
        When the window has no middle, or is not at least one bin of one base on either side.
    """
    width = bin_size * bin_count
    if min(bin_size, bin_count) < 1 or width % 2:
        raise InputError(
            f"{bin_count} bins of {bin_size} bp do not make a window with the TSS in its middle",
            fix="Both are 1 or more, and one of them is even",
        )
    tss = genes["tss"].to_numpy(dtype=np.int64) - 1
    minus = (genes["strand"] == "-").to_numpy(dtype=bool)
    shifted = minus if oriented else np.ones(len(genes), dtype=bool)
    return Windows(
        gene_ids=genes["gene_id"].to_numpy(dtype=object),
        chrom=genes["chrom"].to_numpy(dtype=object),
        tss=tss,
        start=tss - width // 2 + shifted,
        reverse=minus if oriented else np.zeros(len(genes), dtype=bool),
        bin_size=bin_size,
        bin_count=bin_count,
    )


def place(windows: Windows, lengths: dict[str, int], where: str) -> dict[str, np.ndarray]:
    """Return, for each contig of a file, the genes on it, int64, sorted by window start.

    Parameters
    ----------
    lengths : contig names of the file and their lengths; ``chr22`` and ``22`` are the same.
    where : the file an error is about.

    Raises
    ------
    InputError
        When annotation and file have no chromosome in common, the file names one twice (``22`` and ``chr22``), or
        starts lie beyond the chromosomes' ends.
    """
    if not lengths:
        raise InputError("the file names no chromosome", where=where, fix="Make it again with a complete header")
    chroms = list(dict.fromkeys(windows.chrom))
    wanted = set(map(canonical, chroms))
    own = by_canonical_name((name for name in lengths if canonical(name) in wanted), where)
    names = {chrom: own.get(canonical(chrom)) for chrom in chroms}
    if not any(names.values()):
        raise InputError(
            f"no chromosome of the genes is in the file: they lie on {_some(names)}, the file has {_some(lengths)}",
            where=where,
            fix="Use an annotation and signal of the same species and genome build",
        )
    contig = np.array([names[chrom] for chrom in windows.chrom], dtype=object)
    placed: dict[str, np.ndarray] = {}
    for name in dict.fromkeys(name for name in names.values() if name):
        rows = np.flatnonzero(contig == name)
        placed[name] = rows[np.argsort(windows.start[rows], kind="stable")]
    _refuse_other_build(windows, placed, lengths, where)
    return placed


def _refuse_other_build(windows: Windows, placed: dict[str, np.ndarray], lengths: dict[str, int], where: str) -> None:
    beyond = {name: rows[windows.tss[rows] >= lengths[name]] for name, rows in placed.items()}
    count = sum(map(len, beyond.values()))
    if count > MOST_BEYOND_END * sum(map(len, placed.values())):
        name, rows = next((name, rows) for name, rows in beyond.items() if len(rows))
        raise InputError(
            f"{count} genes start beyond the end of their chromosome, {windows.gene_ids[rows[0]]} for one at "
            f"{name}:{windows.tss[rows[0]] + 1:,}, where {name} is {lengths[name]:,} bp long (another genome build?)",
            where=where,
            fix="Use an annotation of the build the signal was made on",
        )


def runs(windows: Windows, rows: np.ndarray) -> Iterator[tuple[int, int, np.ndarray]]:
    """Yield (first base, end, genes) of stretches of overlapping windows; `rows` are sorted by window start.

    A file is asked once per stretch, so that signal shared by neighbouring genes is read once.
    """
    begin = 0
    starts = windows.start[rows]
    for at in range(1, len(rows) + 1):
        apart = at == len(rows) or starts[at] >= starts[at - 1] + windows.width
        if apart or starts[at] - starts[begin] + windows.width > MOST_BASES_AT_ONCE:
            yield int(starts[begin]), int(starts[at - 1]) + windows.width, rows[begin:at]
            begin = at


def inside(windows: Windows, rows: np.ndarray, length: int) -> np.ndarray:
    """Return how many bases of each window lie on a chromosome of this length, int64 [rows]."""
    start = windows.start[rows]
    return np.maximum(np.minimum(start + windows.width, length) - np.maximum(start, 0), 0)


def orient(signal: np.ndarray, windows: Windows) -> np.ndarray:
    """Turn round the bins of genes that are read backwards, in place; returns `signal` [genes, bins]."""
    signal[windows.reverse] = signal[windows.reverse, ::-1]
    return signal


def _some(names: object, most: int = 6) -> str:
    distinct = order(set(names))
    return ", ".join(distinct[:most]) + (f" and {len(distinct) - most} more" if len(distinct) > most else "")
