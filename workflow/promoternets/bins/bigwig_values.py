"""The values of a bigWig, its blocks decoded as arrays.

pyBigWig gives every interval as a Python tuple, which takes longer than all the rest of the work together.
Layout of a block: Kent et al. 2010, Bioinformatics 26:2204, supplementary tables 13 to 16.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from promoternets.bins.bigwig_layout import AGAIN, Parts
from promoternets.errors import InputError

BYTES_AT_ONCE = 1 << 24  # of blocks that are held together, unpacked
HEAD = struct.Struct("<IIIIIBBH")  # contig, first base, end, step, span, kind, 0, items
START, END, VALUE = ("start", "<u4"), ("end", "<u4"), ("value", "<f4")
ITEMS = {1: np.dtype([START, END, VALUE]), 2: np.dtype([START, VALUE]), 3: np.dtype([VALUE])}


class Intervals(NamedTuple):
    """Stretches of bases that have one value, by their first base."""

    start: np.ndarray  # int64 [intervals], 0-based
    end: np.ndarray  # int64 [intervals]
    value: np.ndarray  # float32 [intervals]


def intervals_of(
    file: BinaryIO, parts: Parts, contig: str, starts: np.ndarray, ends: np.ndarray, path: str | Path
) -> Iterator[tuple[slice, Intervals]]:
    """Yield the intervals that overlap some windows of a contig, for as many windows together as memory allows.

    Parameters
    ----------
    starts, ends : int64 [windows]: of the windows, sorted by start and of one width.

    Yields
    ------
    Which of the windows, and the intervals of all blocks that they touch, neither cut nor looked at.

    Raises
    ------
    InputError
        When a block is damaged.
    """
    blocks = parts.blocks[parts.blocks["place"][:, 0] == list(parts.lengths).index(contig)]
    _, first, _, end = blocks["place"].astype(np.int64).T
    low = np.searchsorted(np.maximum.accumulate(end), starts, side="right")
    high = np.maximum(np.searchsorted(first, ends, side="left"), low)
    new = high - np.maximum(low, np.append(0, np.maximum.accumulate(high)[:-1]))
    batch = np.cumsum(np.maximum(new, 0)) // max(1, BYTES_AT_ONCE // max(1, parts.block_bytes))
    edges = [0, *(np.flatnonzero(np.diff(batch)) + 1).tolist(), len(starts)]
    for begin, stop in zip(edges[:-1], edges[1:], strict=True):
        touched = np.zeros(len(blocks) + 1, dtype=np.int64)
        np.add.at(touched, low[begin:stop], 1)
        np.add.at(touched, high[begin:stop], -1)
        chosen = blocks[np.cumsum(touched)[:-1] > 0]
        found = [_decoded(file, *block, packed=parts.packed, path=path) for block in chosen.tolist()]
        if not found:
            continue
        joined = Intervals(*(np.concatenate(column) for column in zip(*found, strict=True)))
        if (np.diff(joined.start) < 0).any():
            order = np.argsort(joined.start, kind="stable")
            joined = Intervals(*(column[order] for column in joined))
        yield slice(begin, stop), joined


def _decoded(file: BinaryIO, place: tuple, offset: int, size: int, *, packed: bool, path: str | Path) -> Intervals:
    file.seek(offset)
    data = file.read(size)
    try:
        data = zlib.decompress(data) if packed else data
        _, first, _, step, span, kind, _, count = HEAD.unpack_from(data)
        items = np.frombuffer(data, dtype=ITEMS[kind], count=count, offset=HEAD.size)
    except (zlib.error, struct.error, ValueError, KeyError) as error:
        raise _damaged(path, offset) from error
    start = items["start"].astype(np.int64) if kind < 3 else first + step * np.arange(count)
    end = items["end"].astype(np.int64) if kind == 1 else start + span
    if (start >= end).any() or start.min(initial=place[1]) < place[1] or end.max(initial=0) > place[3]:
        raise _damaged(path, offset)
    return Intervals(start, end, items["value"])


def _damaged(path: str | Path, offset: int) -> InputError:
    return InputError(f"the bigWig is damaged at byte {offset:,}: a block cannot be read", where=path, fix=AGAIN)
