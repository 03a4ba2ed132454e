"""Broken BAMs: the counts of a second reading of the same bytes, or one clear error; the index does not matter."""

import gzip
import re

import numpy as np
import pysam
import pytest
from bam_reading import spans
from signal_files import gene_table, write_bam, write_sheet

from promoternets.bins.bam import bin_bam
from promoternets.bins.windows import windows_of
from promoternets.errors import InputError
from promoternets.formats.tables import write_table

LENGTHS = {"chr1": 100_000, "chr2": 100_000}
GENES = gene_table(*[(f"{chrom}{tss}", chrom, tss, "+-"[tss % 2]) for chrom in LENGTHS for tss in
                     (300, 20_001, 50_000, 99_801)])  # fmt: skip
WINDOWS = windows_of(GENES, bin_size=50, bin_count=40, oriented=True)
CHANGES = 120


def reads(seed, count=1500):
    starts = np.random.default_rng(seed).integers(0, 98_000, count)
    cigars, flags = ("36M", "10M200N26M", "20M5I11M", "6S30M"), (0, 16, 1024, 512, 256)
    mapped = [
        dict(contig=chrom, start=int(start), cigar=cigars[row % 4], flag=flags[row % 5])
        for chrom in LENGTHS
        for row, start in enumerate(starts)
    ]
    return mapped + [dict(contig="chr1", start=start, cigar=None, flag=133, mapq=0) for start in range(50, 90_000, 500)]


@pytest.fixture(scope="module")
def valid(tmp_path_factory):
    """Return the bytes of a sound BAM and of its index."""
    path = write_bam(tmp_path_factory.mktemp("valid") / "a.bam", LENGTHS, reads(1))
    return path.read_bytes(), path.with_name("a.bam.bai").read_bytes()


def second(packed):
    """Return what the second reading counts, [genes, bins]."""
    found = spans(packed)
    counts = np.zeros((len(WINDOWS), WINDOWS.bin_count))
    for row, (chrom, first) in enumerate(zip(WINDOWS.chrom, WINDOWS.start, strict=True)):
        edges = first + WINDOWS.bin_size * np.arange(WINDOWS.bin_count + 1)
        for start, end in found[chrom]:
            counts[row] += (start < edges[1:]) & (end > edges[:-1])
    counts[WINDOWS.reverse] = counts[WINDOWS.reverse, ::-1]
    return counts


def product(path, packed, index=None):
    """Return what the product counts, or the one clear error as text."""
    path.write_bytes(packed)
    if index is not None:
        path.with_name(f"{path.name}.bai").write_bytes(index)
    try:
        return bin_bam(path, WINDOWS).signal
    except InputError as error:
        assert str(error).startswith(str(path)) and "\n" not in str(error) and error.fix
        return str(error)


def block_ends(packed):
    """Return where each block of block gzip ends."""
    ends = [0]
    while ends[-1] < len(packed):
        ends.append(ends[-1] + int.from_bytes(packed[ends[-1] + 16 : ends[-1] + 18], "little") + 1)
    return ends


def test_a_sound_bam_is_counted_as_a_second_reading_counts_it(tmp_path, valid):
    want = second(valid[0])
    assert want.sum() > 200
    assert product(tmp_path / "a.bam", *valid).tolist() == want.tolist()


def test_a_missing_stale_wrong_or_broken_index_does_not_matter(tmp_path, valid):
    packed, index = valid
    other = write_bam(tmp_path / "other.bam", LENGTHS, reads(2)).with_name("other.bam.bai").read_bytes()
    want = second(packed).tolist()
    random = np.random.default_rng(3)
    flipped = bytearray(index)
    for place in random.integers(8, len(index), 20):
        flipped[place] ^= 1
    for number, beside in enumerate([None, other, index[: len(index) // 2], b"", b"hello", bytes(flipped)]):
        assert product(tmp_path / f"{number}.bam", packed, beside).tolist() == want


def test_a_file_cut_at_or_beside_any_block_is_an_error(tmp_path, valid, capfd):
    packed, index = valid
    cuts = {end + beside for end in block_ends(packed) for beside in (-1, 0, 1, 18)}
    assert len(cuts) > 12
    for cut in sorted(cut for cut in cuts if 0 <= cut < len(packed)):
        assert isinstance(product(tmp_path / "a.bam", packed[:cut], index), str), cut
    assert capfd.readouterr().err == ""


def test_a_whole_block_that_is_lost_is_an_error_or_gives_what_a_second_reading_gives(tmp_path, valid):
    """Records may begin with blocks; then the reads of a lost one are missed by any reader."""
    packed, index = valid
    ends = block_ends(packed)
    for start, end in zip(ends[1:-2], ends[2:-1], strict=True):
        left = packed[:start] + packed[end:]
        found = product(tmp_path / "a.bam", left, index)
        assert isinstance(found, str) or found.tolist() == second(left).tolist()


def test_a_changed_bit_is_an_error_or_does_not_matter(tmp_path, valid):
    packed, index = valid
    want, random, errors = second(packed).tolist(), np.random.default_rng(5), 0
    for number in range(CHANGES):
        place = int(random.integers(30 if number % 4 == 0 else len(packed)))
        changed = bytearray(packed)
        changed[place] ^= 1 << int(random.integers(8))
        found = product(tmp_path / "a.bam", bytes(changed), index)
        errors += isinstance(found, str)
        assert isinstance(found, str) or found.tolist() == want, place
    assert errors > CHANGES / 2


def unsorted(path):
    """Write a BAM that says it is sorted and is not."""
    header = {"HD": {"VN": "1.6", "SO": "coordinate"}, "SQ": [{"SN": name, "LN": n} for name, n in LENGTHS.items()]}
    with pysam.AlignmentFile(str(path), "wb", header=header) as file:
        for start in (50, 90, 20):
            one = pysam.AlignedSegment(file.header)
            one.query_name, one.flag, one.reference_id, one.reference_start = "r", 0, 0, start
            one.cigarstring, one.query_sequence = "4M", "ACGT"
            file.write(one)
    return path.read_bytes()


def as_text(path, valid, mode):
    """Write the sound BAM as SAM or CRAM."""
    source = path.with_name("source.bam")
    source.write_bytes(valid[0])
    with (
        pysam.AlignmentFile(str(source)) as given,
        pysam.AlignmentFile(
            str(path), mode, template=given, format_options=[b"no_ref=1"] if mode == "wc" else None
        ) as file,
    ):
        for read in given:
            file.write(read)
    return path.read_bytes()


OTHERS = {
    "SAM": (lambda path, valid: as_text(path, valid, "w"), "this is not a BAM"),
    "SAM, gzipped": (lambda path, valid: gzip.compress(as_text(path, valid, "w")), "not a BAM"),
    "CRAM": (lambda path, valid: as_text(path, valid, "wc"), "this is not a BAM"),
    "BAM without block gzip": (lambda path, valid: gzip.decompress(valid[0]), "this is not a BAM"),
    "BAM in plain gzip": (lambda path, valid: gzip.compress(gzip.decompress(valid[0])), "cut short|not a BAM|damaged"),
    "not sorted": (lambda path, valid: unsorted(path), "not sorted: record 3, chr1:21, belongs before"),
    "no contigs": (lambda path, valid: write_bam(path, {}, [], index=False).read_bytes(), "names no chromosome"),
    "no reads": (lambda path, valid: write_bam(path, LENGTHS, []).read_bytes(), "no read that counts lies in any"),
    "two styles of names": (
        lambda path, valid: write_bam(path, {**LENGTHS, "1": 9999}, reads(1)).read_bytes(),
        "contigs chr1 and 1 mean the same chromosome",
    ),
    "another species": (
        lambda path, valid: write_bam(path, {"chrI": 9999}, [dict(contig="chrI", start=5, cigar="9M")]).read_bytes(),
        "no chromosome of the genes is in the file",
    ),
}


@pytest.mark.parametrize("case", OTHERS)
def test_other_files_are_one_error_that_says_what_they_are(case, tmp_path, valid):
    make, message = OTHERS[case]
    found = product(tmp_path / "a.bam", make(tmp_path / "made", valid))
    assert isinstance(found, str), found
    assert re.search(message, found), found


def test_the_script_ends_in_one_line_and_leaves_no_store(tmp_path, valid, run_script):
    bad = tmp_path / "a.bam"
    bad.write_bytes(valid[0][: len(valid[0]) // 2])
    write_table(GENES, tmp_path / "genes.tsv")
    write_sheet(tmp_path / "sheet.tsv", [("E1", "H3K4me3", bad, "bam")])
    done = run_script("bin_histone", "--genes", tmp_path / "genes.tsv", "--epigenomes", tmp_path / "sheet.tsv",
                      "--epigenome", "E1", "--bins", tmp_path / "bins.zarr")  # fmt: skip
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert f"{bad}: the BAM is cut short" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.bam", "genes.tsv", "sheet.tsv"]
