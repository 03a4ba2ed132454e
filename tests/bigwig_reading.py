"""A second reading of a bigWig, which shares no code with the product: all its data from first byte to last, no index.

Layout: Kent et al. 2010, Bioinformatics 26:2204, supplement.
"""

import struct
import zlib


def intervals(raw: bytes) -> dict[str, list[tuple[int, int, float]]]:
    """Return (start, end, value) of each chromosome of a whole file; any exception where the bytes are no bigWig."""
    magic, _, _, contigs, data, index, _, _, _, _, buffer, _ = struct.unpack_from("<IHHQQQHHQQIQ", raw)
    if magic != 0x888FFC26:
        raise ValueError("not a bigWig")
    names = dict(_names(raw, contigs))
    found: dict[str, list[tuple[int, int, float]]] = {name: [] for name, _ in names.values()}
    for block in _blocks(raw[data + 8 : index], buffer):
        number, start, _, step, span, kind, _, count = struct.unpack_from("<IIIIIBBH", block)
        name, length = names[number]
        for row in range(count):
            if kind == 1:
                one = struct.unpack_from("<IIf", block, 24 + 12 * row)
            elif kind == 2:
                at, value = struct.unpack_from("<If", block, 24 + 8 * row)
                one = (at, at + span, value)
            elif kind == 3:
                (value,) = struct.unpack_from("<f", block, 24 + 4 * row)
                one = (start + row * step, start + row * step + span, value)
            else:
                raise ValueError("no kind of block")
            if not one[0] < one[1] <= length:
                raise ValueError("beyond the chromosome")
            found[name].append(one)
    return found


def _names(raw, offset):
    magic, _, key_size, value_size, _ = struct.unpack_from("<IIIIQ", raw, offset)
    if magic != 0x78CA8C91 or value_size != 8:
        raise ValueError("no tree of chromosomes")
    pending = [offset + 32]
    while pending:
        node = pending.pop()
        is_leaf, _, count = struct.unpack_from("<BBH", raw, node)
        for row in range(count):
            at = node + 4 + row * (key_size + 8)
            if is_leaf:
                number, length = struct.unpack_from("<II", raw, at + key_size)
                yield number, (raw[at : at + key_size].rstrip(b"\0").decode("ascii"), length)
            else:
                pending.append(struct.unpack_from("<Q", raw, at + key_size)[0])


def _blocks(rest, buffer):
    while rest:
        if buffer:
            unpacking = zlib.decompressobj()
            block = unpacking.decompress(rest)
            if not unpacking.eof:
                raise ValueError("a block is cut short")
            rest = unpacking.unused_data
        else:
            kind, _, count = struct.unpack_from("<BBH", rest, 20)
            size = 24 + count * {1: 12, 2: 8, 3: 4}[kind]
            block, rest = rest[:size], rest[size:]
        yield block
