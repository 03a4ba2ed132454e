"""Whether a file is a whole bigWig: what its indexes refer to must lie inside it.

pyBigWig opens a bigWig that was cut short, so nothing would be said until a lost block is asked for, or ever.
Layout: Kent et al. 2010, Bioinformatics 26:2204, supplementary tables 5 to 17. No value is read here.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np

from promoternets.errors import InputError

BIGWIG, BIGBED = 0x888FFC26, 0x8789F2EB
CONTIG_TREE, BLOCK_TREE = 0x78CA8C91, 0x2468ACE0
HEADER = struct.Struct("<IHHQQQHHQQIQ")
ZOOM = struct.Struct("<IIQQ")
CONTIG_TREE_HEADER = 32
BLOCK_TREE_HEADER = 48
LEAF = np.dtype([("place", "<u4", 4), ("offset", "<u8"), ("size", "<u8")])
BRANCH = np.dtype([("place", "<u4", 4), ("offset", "<u8")])
END_MARK_SINCE = 4  # version of the format; UCSC's own check of a file looks for the mark, too
AGAIN = "Download or make it again"


def check_bigwig(path: str | Path) -> None:
    """Raise InputError unless `path` is a whole bigWig.

    Every block and every node of the index of the data and of the zoom levels must lie inside the file, and its
    last four bytes are those of its start: the end of an index is often empty, and a cut there would go unseen.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError("the bigWig does not exist", where=path, fix="Check the path in the sheet of epigenomes")
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(HEADER.size)
        _refuse_other_formats(head, path)
        if len(head) < HEADER.size:
            raise _cut_short(path, size, HEADER.size)
        _, version, levels, contigs, data, index, *_ = HEADER.unpack(head)
        zooms = [ZOOM.unpack(_read(file, ZOOM.size, path, size)) for _ in range(levels)]
        if not (contigs and data and index):
            raise InputError("the bigWig was never finished: it has no index", where=path, fix=AGAIN)
        _seek_magic(file, contigs, CONTIG_TREE, CONTIG_TREE_HEADER, path, size)
        for offset in (index, *(zoom[3] for zoom in zooms)):
            _check_tree(file, offset, path, size)
        file.seek(size - 4)
        if version >= END_MARK_SINCE and file.read(4) != head[:4]:
            raise InputError("the bigWig is cut short: it lacks its end mark", where=path, fix=AGAIN)


def _refuse_other_formats(head: bytes, path: Path) -> None:
    (magic,) = struct.unpack("<I", head[:4].ljust(4, b"\0"))
    if magic == BIGWIG:
        return
    known = {
        b"": "it is empty",
        struct.pack("<I", BIGBED): "it is a bigBed",
        struct.pack(">I", BIGWIG): "it is a bigWig with the bytes in reverse (big-endian) order",
        b"BAM\1": "it is an uncompressed BAM",
    }
    what = known.get(head[:4])
    if what is None and head[:2] == b"\x1f\x8b":
        what = "it is gzipped or a BAM"
    if what is None:
        text = head[:24].split(b"\n")[0]
        what = f"it begins with {text.decode()!r}" if text.isascii() and text.isalnum() else "its first bytes differ"
    raise InputError(
        f"this is not a bigWig: {what}", where=path, fix="Give a bigWig, or say the right kind in the sheet"
    )


def _check_tree(file: BinaryIO, offset: int, path: Path, size: int) -> None:
    """Walk an R tree of blocks; a node that lies inside the file but is no node is told by its looks."""
    _seek_magic(file, offset, BLOCK_TREE, BLOCK_TREE_HEADER, path, size)
    pending, seen = [offset + BLOCK_TREE_HEADER], set()
    while pending:
        node = pending.pop()
        if node in seen:
            raise _damaged(path, node)
        seen.add(node)
        file.seek(node)
        is_leaf, _, count = struct.unpack("<BBH", _read(file, 4, path, size))
        if is_leaf > 1:
            raise _damaged(path, node)
        kind = LEAF if is_leaf else BRANCH
        items = np.frombuffer(_read(file, count * kind.itemsize, path, size), dtype=kind)
        ends = items["offset"] + (items["size"] if is_leaf else np.uint64(4))
        if count and int(ends.max()) > size:
            raise _cut_short(path, size, int(ends.max()))
        if not is_leaf:
            pending.extend(items["offset"].tolist())


def _seek_magic(file: BinaryIO, offset: int, magic: int, header: int, path: Path, size: int) -> None:
    if offset + header > size:
        raise _cut_short(path, size, offset + header)
    file.seek(offset)
    if struct.unpack("<I", _read(file, 4, path, size))[0] != magic:
        raise _damaged(path, offset)


def _read(file: BinaryIO, count: int, path: Path, size: int) -> bytes:
    found = file.read(count)
    if len(found) < count:
        raise _cut_short(path, size, file.tell() + count - len(found))
    return found


def _cut_short(path: Path, size: int, needed: int) -> InputError:
    return InputError(
        f"the bigWig is cut short: it has {size:,} bytes, what it refers to reaches to {needed:,}",
        where=path,
        fix=AGAIN,
    )


def _damaged(path: Path, offset: int) -> InputError:
    return InputError(f"the bigWig is damaged at byte {offset:,}", where=path, fix=AGAIN)
