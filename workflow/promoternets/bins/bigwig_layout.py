"""The parts of a bigWig, and whether they agree: what cannot be right is an error before a value is read.

libBigWig opens a bigWig that was cut short, walks a damaged table of chromosomes until it crashes, and passes over
blocks that a damaged index puts elsewhere. Here the table and the index are compared with the head of each block. The
values (`bigwig_values`) are behind zlib's checksums; an uncompressed bigWig, which is rare, has none, and a changed
value in it cannot be told.
Layout: Kent et al. 2010, Bioinformatics 26:2204, supplementary tables 5 to 17.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from promoternets.errors import InputError

BIGWIG, BIGBED = 0x888FFC26, 0x8789F2EB
CONTIG_TREE, BLOCK_TREE = 0x78CA8C91, 0x2468ACE0
HEADER = struct.Struct("<IHHQQQHHQQIQ")
ZOOM = struct.Struct("<IIQQ")
CONTIG_TREE_HEADER = struct.Struct("<IIIIQQ")  # magic, items of a node, bytes of a name and of a value, names, 0
BLOCK_TREE_HEADER = struct.Struct("<IIQIIIIQII")  # magic, items of a node, blocks, ...
NODE = struct.Struct("<BBH")
LEAF = np.dtype([("place", "<u4", 4), ("offset", "<u8"), ("size", "<u8")])
BRANCH = np.dtype([("place", "<u4", 4), ("offset", "<u8")])
BLOCK = struct.Struct("<III")  # contig, first base, end: how a block begins
LONGEST_NAME = 1000  # bytes of a chromosome's name
PACKED_HEAD = 256  # bytes of a compressed block that are enough for its head
END_MARK_SINCE = 4  # version of the format; UCSC's own check of a file looks for the mark, too
AGAIN = "Download or make it again"


class Parts(NamedTuple):
    """What a bigWig says of itself."""

    lengths: dict[str, int]  # of chromosomes, in bp, in the order of their numbers
    blocks: np.ndarray  # LEAF [blocks]: (number, first base, number, end) and where in the file, by place
    block_bytes: int  # the greatest size of a block, unpacked
    packed: bool


def read_parts(path: str | Path) -> Parts:
    """Return the parts of a bigWig; raise InputError unless it is a whole one.

    Every block and every node of the index of the data and of the zoom levels must lie inside the file, and its
    last four bytes are those of its start: the end of an index is often empty, and a cut there would go unseen.
    Names of chromosomes are distinct, and each block lies on a chromosome and where the index says.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError("the bigWig does not exist", where=path, fix="Check the path in the sheet of epigenomes")
    with path.open("rb") as file:
        return _Layout(file, path).parts()


class _Layout:
    """The parts of one open file."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self.file, self.path = file, path
        self.size = path.stat().st_size

    def parts(self) -> Parts:
        head = self.file.read(HEADER.size)
        self._refuse_other_formats(head)
        if len(head) < HEADER.size:
            raise self._cut_short(HEADER.size)
        _, version, levels, contigs, data, index, _, _, _, _, unpacked, _ = HEADER.unpack(head)
        zooms = [self._unpack(ZOOM, HEADER.size + number * ZOOM.size)[3] for number in range(levels)]
        if not (contigs and data and index):
            raise InputError("the bigWig was never finished: it has no index", where=self.path, fix=AGAIN)
        lengths = self._contigs(contigs)
        for offset in zooms:
            self._blocks(offset)
        blocks = self._blocks(index)
        if len(blocks) != self._unpack(BLOCK_TREE_HEADER, index)[2]:
            raise self._damaged(index)
        self._check_blocks(blocks, np.array(list(lengths.values()), dtype=np.int64), packed=unpacked > 0)
        if version >= END_MARK_SINCE and self._read(self.size - 4, 4) != head[:4]:
            raise InputError("the bigWig is cut short: it lacks its end mark", where=self.path, fix=AGAIN)
        blocks = blocks[np.lexsort([blocks["place"][:, 1], blocks["place"][:, 0]])]
        return Parts(lengths, blocks, max(unpacked, int(blocks["size"].max(initial=0))), packed=unpacked > 0)

    def _refuse_other_formats(self, head: bytes) -> None:
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
            shown = text.isascii() and text.decode("ascii", "replace").isprintable()
            what = f"it begins with {text.decode()!r}" if shown else "its first bytes differ"
        raise InputError(
            f"this is not a bigWig: {what}", where=self.path, fix="Give a bigWig, or say the right kind in the sheet"
        )

    def _contigs(self, offset: int) -> dict[str, int]:
        """Return the length of each chromosome, in the order of their numbers."""
        magic, _, name_size, value_size, count, _ = self._unpack(CONTIG_TREE_HEADER, offset)
        if magic != CONTIG_TREE or value_size != 8 or not 0 < name_size <= LONGEST_NAME:
            raise self._damaged(offset)
        leaf = np.dtype([("name", f"S{name_size}"), ("number", "<u4"), ("length", "<u4")])
        branch = np.dtype([("name", f"S{name_size}"), ("offset", "<u8")])
        found: dict[int, tuple[bytes, int]] = {}
        for _, _, items in self._nodes(offset + CONTIG_TREE_HEADER.size, leaf, branch):
            found |= {number: (name, length) for name, number, length in items.tolist()}
        names = [name for name, _ in found.values()]
        sound = all(name.isascii() and name.decode("ascii", "replace").isprintable() and name for name in names)
        if not (len(found) == len(set(names)) == count == max(found, default=-1) + 1 and sound):
            raise InputError("the bigWig's table of chromosomes is damaged", where=self.path, fix=AGAIN)
        return {name.decode(): length for name, length in (found[number] for number in range(count))}

    def _blocks(self, offset: int) -> np.ndarray:
        """Return what an index says of its blocks, LEAF [blocks]; each branch must hold the places under it."""
        magic, *_ = self._unpack(BLOCK_TREE_HEADER, offset)
        if magic != BLOCK_TREE:
            raise self._damaged(offset)
        leaves = [np.empty(0, dtype=LEAF)]
        bounds = {offset + BLOCK_TREE_HEADER.size: (0, 1 << 64)}
        for node, is_leaf, items in self._nodes(offset + BLOCK_TREE_HEADER.size, LEAF, BRANCH):
            if not len(items):
                continue
            place = items["place"].astype(np.uint64)
            first, last = place[:, 0] << np.uint64(32) | place[:, 1], place[:, 2] << np.uint64(32) | place[:, 3]
            low, high = bounds[node]
            if (first >= last).any() or int(first.min()) < low or int(last.max()) > high:
                raise self._damaged(node)
            if is_leaf:
                ends = items["offset"].astype(np.float64) + items["size"]  # exact up to 2^53, and never overflows
                if ends.max() > self.size:
                    raise self._cut_short(int(ends.max()))
                leaves.append(items)
            else:
                spans = zip(first.tolist(), last.tolist(), strict=True)
                bounds |= dict(zip(items["offset"].tolist(), spans, strict=True))
        return np.concatenate(leaves)

    def _nodes(self, root: int, leaf: np.dtype, branch: np.dtype) -> Iterator[tuple[int, bool, np.ndarray]]:
        """Yield (offset, whether it is a leaf, items) of each node of a tree, a node before those under it."""
        pending, seen = [root], set()
        while pending:
            node = pending.pop()
            is_leaf, _, count = self._unpack(NODE, node)
            if is_leaf > 1 or node in seen:
                raise self._damaged(node)
            seen.add(node)
            kind = leaf if is_leaf else branch
            items = np.frombuffer(self._read(node + NODE.size, count * kind.itemsize), dtype=kind)
            yield node, bool(is_leaf), items
            if not is_leaf:
                pending.extend(items["offset"].tolist())

    def _check_blocks(self, leaves: np.ndarray, lengths: np.ndarray, *, packed: bool) -> None:
        """Raise unless each block begins with the place that the index gives it, on a chromosome that reaches there."""
        first, _, last, end = leaves["place"].astype(np.int64).T
        wrong = (first != last) | (first >= len(lengths))
        wrong |= end > np.append(lengths, 0)[np.minimum(first, len(lengths))]
        if wrong.any():
            raise InputError(
                "the bigWig's index is damaged: it names places beyond the chromosomes", where=self.path, fix=AGAIN
            )
        for place, offset, size in leaves[np.argsort(leaves["offset"])].tolist():
            head = self._read(offset, min(size, PACKED_HEAD if packed else BLOCK.size))
            try:
                head = zlib.decompressobj().decompress(head, BLOCK.size) if packed else head
                contig, start, stop = BLOCK.unpack(head)
            except (zlib.error, struct.error) as error:
                raise self._damaged(offset) from error
            if contig != place[0] or start < place[1] or stop > place[3]:
                raise self._damaged(offset)

    def _unpack(self, kind: struct.Struct, offset: int) -> tuple:
        return kind.unpack(self._read(offset, kind.size))

    def _read(self, offset: int, count: int) -> bytes:
        if offset + count > self.size:
            raise self._cut_short(offset + count)
        self.file.seek(offset)
        return self.file.read(count)

    def _cut_short(self, needed: int) -> InputError:
        return InputError(
            f"the bigWig is cut short: it has {self.size:,} bytes, what it refers to reaches to {needed:,}",
            where=self.path,
            fix=AGAIN,
        )

    def _damaged(self, offset: int) -> InputError:
        return InputError(f"the bigWig is damaged at byte {offset:,}", where=self.path, fix=AGAIN)
