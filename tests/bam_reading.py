"""A second reading of a BAM, which shares no code with the product: all its records from first byte to last, no index.

Layout: the SAM/BAM specification, section 4.2.
"""

import gzip
import struct

DROPPED = 512 | 1024  # failed quality control, duplicates
ON_REFERENCE = {0, 2, 3, 7, 8}  # M, D, N, = and X: what a read covers


def spans(packed: bytes) -> dict[str, list[tuple[int, int]]]:
    """Return (first base, end) of the reads of each contig that count; any exception where the bytes are no BAM."""
    raw = gzip.decompress(packed)
    if raw[:4] != b"BAM\1":
        raise ValueError("not a BAM")
    (at,) = struct.unpack_from("<i", raw, 4)
    (count,) = struct.unpack_from("<i", raw, at + 8)
    at += 12
    names = []
    for _ in range(count):
        (size,) = struct.unpack_from("<i", raw, at)
        names.append(raw[at + 4 : at + 3 + size].decode())
        at += 8 + size
    found: dict[str, list[tuple[int, int]]] = {name: [] for name in names}
    while at < len(raw):
        size, contig, start, name_size, _, _, operations, flag = struct.unpack_from("<iiiBBHHH", raw, at)
        cigar = struct.unpack_from(f"<{operations}I", raw, at + 36 + name_size)
        length = sum(one >> 4 for one in cigar if one & 15 in ON_REFERENCE)
        if contig >= 0 and start >= 0 and not flag & DROPPED:
            found[names[contig]].append((start, start + (length or 1)))
        at += 4 + size
    if at != len(raw):
        raise ValueError("the last record is cut short")
    return found
