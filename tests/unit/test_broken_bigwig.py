"""Broken bigWigs: the bins of a second reading of the same bytes, or one clear error; never a crash or a lost block."""

import gzip
import struct
import zlib

import numpy as np
import pytest
from bigwig_reading import intervals
from signal_files import gene_table, write_bigwig, write_sheet

from promoternets.bins.bigwig import bin_bigwig
from promoternets.bins.windows import windows_of
from promoternets.errors import InputError
from promoternets.formats.tables import write_table

MANY = {f"c{number:03}": 50 for number in range(300)}  # so that the trees have branches
LENGTHS = {"chr1": 20_000, "chr2": 20_000, **MANY}
GENES = gene_table(*[(f"{chrom}{tss}", chrom, tss, "+-"[tss % 2]) for chrom in ("chr1", "chr2") for tss in
                     (300, 3001, 7000, 11_001, 19_900)])  # fmt: skip
WINDOWS = windows_of(GENES, bin_size=10, bin_count=100, oriented=True)
CHANGES = 500


@pytest.fixture(scope="module")
def valid(tmp_path_factory):
    """Return the bytes of a sound file: two chromosomes of 200 values, and 300 of one."""
    random = np.random.default_rng(1)
    rows = []
    for chrom in ("chr1", "chr2"):
        edges = np.sort(random.choice(20_000, 400, replace=False))
        values = random.exponential(5, 200).round(2)
        rows += [(chrom, *row) for row in zip(edges[::2].tolist(), edges[1::2].tolist(), values, strict=True)]
    rows += [(chrom, 5, 9, 1.5) for chrom in MANY]
    return write_bigwig(tmp_path_factory.mktemp("valid") / "a.bw", LENGTHS, rows).read_bytes()


def second(raw):
    """Return what the second reading has in the windows, [genes, bins], or None where it cannot be read."""
    try:
        found = intervals(raw)
    except (ValueError, KeyError, IndexError, struct.error, zlib.error):
        return None
    bases = np.zeros((len(WINDOWS), WINDOWS.width))
    for row, (chrom, first) in enumerate(zip(WINDOWS.chrom, WINDOWS.start, strict=True)):
        for start, end, value in found.get(chrom, ()):
            bases[row, max(start - first, 0) : max(end - first, 0)] = value
    bases[WINDOWS.reverse] = bases[WINDOWS.reverse, ::-1]
    return bases.reshape(len(WINDOWS), WINDOWS.bin_count, -1).mean(axis=2)


def product(path, raw):
    """Return what the product has in the windows, None for one clear error."""
    path.write_bytes(raw)
    try:
        return bin_bigwig(path, WINDOWS).signal
    except InputError as error:
        assert str(error).startswith(str(path)) and "\n" not in str(error) and error.fix
        return None


def parts(raw):
    """Return where each part of a sound file begins: headers, trees, data, every 20th block, and the end mark."""
    levels, contigs, data, index = struct.unpack_from("<HQQQ", raw, 6)
    zooms = [place for level in range(levels) for place in struct.unpack_from("<QQ", raw, 64 + 24 * level + 8)]
    leaves = [struct.unpack_from("<Q", raw, index + 48 + 4 + 24 * row + 16)[0] for row in range(2)]
    return sorted({0, 4, 64, 64 + 24 * levels, contigs, contigs + 32, data, data + 8, index, index + 48, *zooms,
                   *leaves, len(raw) - 4})  # fmt: skip


def test_a_sound_file_is_read_as_the_second_reading_reads_it(tmp_path, valid):
    np.testing.assert_allclose(product(tmp_path / "a.bw", valid), second(valid), rtol=1e-6)


def test_a_file_cut_at_or_beside_any_boundary_is_an_error(tmp_path, valid):
    cuts = {place + beside for place in parts(valid) for beside in (-1, 0, 1)}
    assert len(cuts) > 30
    for cut in sorted(cut for cut in cuts if 0 <= cut < len(valid)):
        assert product(tmp_path / "a.bw", valid[:cut]) is None, f"cut at {cut}"


def test_a_stretch_of_zeros_anywhere_is_an_error_or_does_not_matter(tmp_path, valid):
    want = second(valid)
    for place in range(0, len(valid) - 64, 512):
        found = product(tmp_path / "a.bw", valid[:place] + bytes(64) + valid[place + 64 :])
        assert found is None or np.allclose(found, want, rtol=1e-6), place


def test_a_changed_bit_is_an_error_or_gives_what_a_second_reading_gives(tmp_path, valid):
    """Half of them in the headers, the table of chromosomes, the first block and the top of the index."""
    random = np.random.default_rng(7)
    contigs, data, index = struct.unpack_from("<QQQ", valid, 8)
    areas = [(0, 400), (contigs, data), (data, data + 900), (index, index + 300), (0, len(valid)), (index, len(valid))]
    want, errors, other = second(valid), 0, 0
    for number in range(CHANGES):
        low, high = areas[number % len(areas)]
        place, bit = int(random.integers(low, high)), int(random.integers(8))
        raw = bytearray(valid)
        raw[place] ^= 1 << bit
        found = product(tmp_path / "a.bw", bytes(raw))
        if found is None:
            errors += 1
        elif not np.allclose(found, want, rtol=1e-6):  # such as chr1 renamed chr3: the format cannot tell
            reading = second(bytes(raw))
            assert reading is not None and np.allclose(found, reading, rtol=1e-6), f"bit {bit} of byte {place}"
            other += 1
    assert errors > CHANGES / 3 and other < CHANGES / 20, (errors, other)


HUGE = float(np.finfo(np.float32).max)
VALUES = {
    "huge": ([("chr1", 80, 120, HUGE)], {}, HUGE),
    "huge, summed": (
        [("chr1", 80, 120, HUGE)],
        {"statistic": "sum"},
        "the sum of a bin of G is greater than",
    ),
    "tiny": ([("chr1", 80, 120, 1e-40)], {}, 1e-40),
    "negative zero": ([("chr1", 80, 120, -0.0)], {}, 0.0),
    "negative": ([("chr1", 80, 120, -3)], {}, "holds a negative value.* at chr1:81 "),
    "negative, allowed": ([("chr1", 80, 120, -3)], {"allow_negative": True}, -3),
    "huge and negative, allowed": ([("chr1", 80, 120, -HUGE)], {"allow_negative": True}, -HUGE),
    "NaN": ([("chr1", 80, 120, float("nan"))], {}, "holds NaN at chr1:81 "),
    "infinite": ([("chr1", 80, 120, float("-inf"))], {"allow_negative": True}, "infinite value at chr1:81 "),
    "two styles of names": ([("chr1", 80, 120, 1), ("1", 80, 120, 2)], {}, "contigs chr1 and 1 mean the same"),
    "a space in a name": ([("chr1", 80, 120, 1), ("chr 9", 80, 120, 2)], {}, 1),
    "another species": ([("chrI", 80, 120, 1)], {}, "no chromosome of the genes is in the file"),
    "one base two values": ([("chr1", 80, 100, 1), ("chr1", 99, 120, 2)], {}, "two values for one base at chr1:100"),
}


@pytest.mark.parametrize("case", VALUES)
def test_values_and_names_that_are_odd_are_read_or_refused_with_their_place(case, tmp_path):
    rows, options, outcome = VALUES[case]
    path = write_bigwig(tmp_path / "a.bw", dict.fromkeys([row[0] for row in rows], 1000), rows)
    windows = windows_of(gene_table(("G", "1", 101, "+")), bin_size=10, bin_count=4, oriented=True)
    if isinstance(outcome, str):
        with pytest.raises(InputError, match=outcome) as caught:
            bin_bigwig(path, windows, **options)
        assert str(caught.value).startswith(str(path)) and caught.value.fix
    else:
        assert bin_bigwig(path, windows, **options).signal[0].tolist() == [np.float32(outcome)] * 4


OTHER_FILES = {
    "an error page": (b"<!DOCTYPE html>\n<html>", "begins with '<!DOCTYPE html>'"),
    "a gzipped one": (None, "gzipped or a BAM"),
}


@pytest.mark.parametrize("case", OTHER_FILES)
def test_the_script_ends_in_one_line_and_leaves_no_store(case, tmp_path, valid, run_script):
    content, message = OTHER_FILES[case]
    bad = tmp_path / "a.bw"
    bad.write_bytes(gzip.compress(valid) if content is None else content)
    write_table(GENES, tmp_path / "genes.tsv")
    write_sheet(tmp_path / "sheet.tsv", [("E1", "H3K4me3", bad, "bigwig")])
    done = run_script("bin_histone", "--genes", tmp_path / "genes.tsv", "--epigenomes", tmp_path / "sheet.tsv",
                      "--epigenome", "E1", "--bins", tmp_path / "bins.zarr")  # fmt: skip
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert message in done.stderr and str(bad) in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.bw", "genes.tsv", "sheet.tsv"]
