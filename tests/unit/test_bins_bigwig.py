"""Signal of a bigWig in bins: right values on either strand, three kinds of nothing apart, bad files refused."""

import gzip

import numpy as np
import pyBigWig
import pytest
from signal_files import gene_table, write_bigwig

from promoternets.bins.bigwig import bin_bigwig
from promoternets.bins.bigwig_layout import read_parts
from promoternets.bins.windows import windows_of
from promoternets.errors import InputError

GENES = gene_table(("P", "chr1", 101, "+"), ("M", "chr1", 101, "-"), ("E", "chr1", 198, "+"), ("Y", "chr2", 50, "+"))
LENGTHS = {"chr1": 200}


def windows(genes=GENES, bin_size=10, bin_count=4, oriented=True):
    return windows_of(genes, bin_size=bin_size, bin_count=bin_count, oriented=oriented)


@pytest.fixture
def signal(tmp_path):
    """Base x of chr1 has the value x from 80 to 120, 0 to 130 and from 190, nothing elsewhere."""
    ramp = [("chr1", base, base + 1, base) for base in range(80, 120)]
    return write_bigwig(tmp_path / "a.bw", LENGTHS, [*ramp, ("chr1", 120, 130, 0), ("chr1", 190, 200, 0)])


def slow_reading(path, which, statistic="mean"):
    """Return the bins by one query a bin, as nobody should in earnest."""
    exact = {"mean": "mean", "sum": "sum", "mean_covered": "mean"}[statistic]
    out = np.zeros((len(which), which.bin_count))
    with pyBigWig.open(str(path)) as file:
        for gene, chrom in enumerate(which.chrom):
            for number in range(which.bin_count):
                first = which.start[gene] + number * which.bin_size
                start, end = max(first, 0), min(first + which.bin_size, file.chroms(chrom) or 0)
                if start >= end:
                    continue
                value = file.stats(chrom, start, end, type=exact, exact=True)[0] or 0.0
                if statistic == "mean":
                    share = file.stats(chrom, start, end, type="coverage", exact=True)[0] or 0.0
                    value *= share * (end - start) / which.bin_size
                out[gene, number] = value
    out[which.reverse] = out[which.reverse, ::-1]
    return out


def test_bins_run_5_to_3_on_both_strands(signal):
    found = bin_bigwig(signal, windows()).signal
    assert found[0].tolist() == [84.5, 94.5, 104.5, 114.5]
    # the minus window is [81, 121) read backwards: its first bin holds bases 120 (a zero) to 111
    assert found[1].tolist() == [np.float32((sum(range(111, 120))) / 10), 105.5, 95.5, 85.5]


def test_genome_order_does_not_turn_round_and_holds_the_bases_of_the_minus_window(signal):
    found = bin_bigwig(signal, windows(oriented=False)).signal
    assert found[0].tolist() == found[1].tolist() == bin_bigwig(signal, windows()).signal[1, ::-1].tolist()


def test_covered_zero_uncovered_and_absent_are_kept_apart(signal):
    found = bin_bigwig(signal, windows())
    assert found.zero.tolist() == [0, 1, 10, 0]
    assert found.uncovered.tolist() == [0, 0, 13, 0]  # 177 to 190
    assert found.absent.tolist() == [0, 0, 17, 40]  # beyond base 200; chr2 is not in the file
    assert (found.signal[2:] == 0).all()


def test_a_window_over_the_start_of_a_chromosome_counts_what_is_there(tmp_path):
    path = write_bigwig(tmp_path / "a.bw", LENGTHS, [("chr1", 0, 30, 2)])
    found = bin_bigwig(path, windows(gene_table(("A", "1", 6, "+"), ("B", "1", 6, "-"))))
    assert found.signal.tolist() == [[0, 1, 2, 2], [2, 2, pytest.approx(1.2), 0]]
    assert found.absent.tolist() == [15, 14]


@pytest.mark.parametrize("statistic", ["mean", "sum", "mean_covered"])
@pytest.mark.parametrize("oriented", [True, False])
def test_every_statistic_equals_a_slow_reading_bin_by_bin(tmp_path, statistic, oriented):
    random = np.random.default_rng(3)
    edges = np.sort(random.choice(5000, size=600, replace=False))
    intervals = [
        ("chr1", int(start), int(end), round(float(value), 3))
        for start, end, value in zip(edges[:-1], edges[1:], random.exponential(5, 600), strict=False)
        if random.random() < 0.6
    ]
    path = write_bigwig(tmp_path / "a.bw", {"chr1": 5000}, intervals)
    places = random.integers(1, 5001, size=60)
    genes = gene_table(*[(f"G{n}", "chr1", int(tss), "+-"[n % 2]) for n, tss in enumerate(places)])
    which = windows(genes, bin_size=20, bin_count=10, oriented=oriented)
    found = bin_bigwig(path, which, statistic=statistic).signal
    np.testing.assert_allclose(found, slow_reading(path, which, statistic), rtol=1e-6, atol=1e-6)


def test_neighbours_read_together_have_the_bins_they_have_alone(signal):
    together = bin_bigwig(signal, windows()).signal
    alone = [bin_bigwig(signal, windows(GENES.iloc[[row]])).signal[0] for row in range(2)]
    assert together[:2].tolist() == [one.tolist() for one in alone]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (float("nan"), r"NaN at chr1:96 "),
        (float("inf"), r"infinite value at chr1:96 "),
        (-1, r"negative value.*chr1:96 "),
    ],
)
def test_a_value_that_is_no_signal_is_refused_with_its_place(tmp_path, value, message):
    path = write_bigwig(tmp_path / "a.bw", LENGTHS, [("chr1", 80, 95, 1), ("chr1", 95, 96, value)])
    with pytest.raises(InputError, match=message):
        bin_bigwig(path, windows())


def test_negative_values_are_read_where_they_are_allowed(tmp_path):
    path = write_bigwig(tmp_path / "a.bw", LENGTHS, [("chr1", 80, 120, -2)])
    assert bin_bigwig(path, windows(), allow_negative=True).signal[0].tolist() == [-2] * 4


def test_two_values_for_one_base_are_refused(tmp_path):
    path = write_bigwig(tmp_path / "a.bw", LENGTHS, [("chr1", 80, 100, 1), ("chr1", 90, 120, 2)])
    with pytest.raises(InputError, match="two values for one base at chr1:100"):
        bin_bigwig(path, windows())


def test_signal_elsewhere_than_the_genes_is_refused(tmp_path):
    path = write_bigwig(tmp_path / "a.bw", {"chr1": 9000}, [("chr1", 8000, 8100, 1)])
    with pytest.raises(InputError, match="no value in any gene's window"):
        bin_bigwig(path, windows())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty"),
        (b"chr1\t1\t2\t3\n" * 20, "not a bigWig"),
        (gzip.compress(b"chr1\t1\t2\t3\n" * 20), "gzipped or a BAM"),
        (bytes.fromhex("ebf28987") + bytes(100), "it is a bigBed"),
        (bytes.fromhex("888ffc26") + bytes(100), "big-endian"),
        (bytes.fromhex("26fc8f88") + bytes(10), "cut short"),
        (bytes.fromhex("26fc8f8804000000") + bytes(100), "never finished"),
    ],
)
def test_other_files_are_named_for_what_they_are(tmp_path, content, message):
    (tmp_path / "a.bw").write_bytes(content)
    with pytest.raises(InputError, match=message):
        bin_bigwig(tmp_path / "a.bw", windows())


def test_a_file_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        bin_bigwig(tmp_path / "a.bw", windows())


def test_a_bigwig_cut_short_anywhere_is_refused(signal, tmp_path):
    whole = signal.read_bytes()
    read_parts(signal)
    cut = tmp_path / "cut.bw"
    for length in [*range(0, len(whole), max(1, len(whole) // 60)), *range(len(whole) - 8, len(whole))]:
        cut.write_bytes(whole[:length])
        with pytest.raises(InputError, match="not a bigWig|cut short"):
            read_parts(cut)


def test_a_block_of_zeros_in_the_data_is_an_error_and_not_zeros(signal, tmp_path):
    raw = bytearray(signal.read_bytes())
    data = int.from_bytes(raw[16:24], "little")
    raw[data + 8 : data + 40] = bytes(32)
    (tmp_path / "bad.bw").write_bytes(raw)
    with pytest.raises(InputError, match="damaged"):
        bin_bigwig(tmp_path / "bad.bw", windows())


def test_an_index_that_is_no_index_is_an_error(signal, tmp_path):
    raw = bytearray(signal.read_bytes())
    index = int.from_bytes(raw[24:32], "little")
    for at, byte in ((index, 0), (index + 48, 7)):
        bad = raw.copy()
        bad[at] = byte
        (tmp_path / "bad.bw").write_bytes(bad)
        with pytest.raises(InputError, match="damaged at byte"):
            bin_bigwig(tmp_path / "bad.bw", windows())


def test_a_block_that_would_lie_beyond_the_end_of_the_file_is_an_error(signal, tmp_path):
    """As after a download that lost its middle: both ends are right, and the index speaks of more than there is."""
    raw = bytearray(signal.read_bytes())
    first_leaf = int.from_bytes(raw[24:32], "little") + 48 + 4
    raw[first_leaf + 24 : first_leaf + 32] = len(raw).to_bytes(8, "little")
    (tmp_path / "bad.bw").write_bytes(raw)
    with pytest.raises(InputError, match="cut short: it has .* bytes, what it refers to reaches to"):
        bin_bigwig(tmp_path / "bad.bw", windows())
