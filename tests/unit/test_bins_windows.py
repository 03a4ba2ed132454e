"""Windows around a TSS: where their bins lie on either strand, and which of them are read together."""

import numpy as np
import pytest
from signal_files import gene_table

from promoternets.bins.windows import inside, orient, place, runs, windows_of
from promoternets.errors import InputError


def bases(windows, gene):
    """Return the 0-based bases of each bin of a gene, in the order of its bins."""
    start = windows.start[gene] + windows.bin_size * np.arange(windows.bin_count)
    bins = [list(range(first, first + windows.bin_size)) for first in start]
    return [list(reversed(one)) for one in reversed(bins)] if windows.reverse[gene] else bins


@pytest.mark.parametrize("strand", "+-")
def test_the_tss_is_the_first_base_of_the_bin_after_the_middle_on_both_strands(strand):
    windows = windows_of(gene_table(("A", "1", 1001, strand)), bin_size=10, bin_count=6, oriented=True)
    assert bases(windows, 0)[3][0] == 1000
    assert bases(windows, 0)[2][-1] == (999 if strand == "+" else 1001)


def test_genome_order_takes_the_published_windows_whatever_the_strand():
    """GeneFile of the published data: TSPAN6 (-, TSS 99,894,988) and TNMD (+, TSS 99,839,799), 20 kb windows."""
    genes = gene_table(("TSPAN6", "X", 99_894_988, "-"), ("TNMD", "X", 99_839_799, "+"))
    windows = windows_of(genes, bin_size=100, bin_count=200, oriented=False)
    assert windows.start.tolist() == [99_884_988, 99_829_799]
    assert not windows.reverse.any()


def test_bins_of_a_minus_gene_are_turned_round():
    windows = windows_of(gene_table(("A", "1", 50, "+"), ("B", "1", 50, "-")), bin_size=1, bin_count=4, oriented=True)
    assert orient(np.array([[1, 2, 3, 4], [1, 2, 3, 4]]), windows).tolist() == [[1, 2, 3, 4], [4, 3, 2, 1]]


@pytest.mark.parametrize(("bin_size", "bin_count"), [(5, 5), (0, 10), (10, 0)])
def test_a_window_without_a_middle_is_refused(bin_size, bin_count):
    with pytest.raises(InputError, match="TSS in its middle"):
        windows_of(gene_table(("A", "1", 50, "+")), bin_size=bin_size, bin_count=bin_count, oriented=True)


def test_overlapping_windows_are_read_together_and_others_apart():
    genes = gene_table(("A", "1", 101, "+"), ("B", "1", 301, "+"), ("C", "1", 110, "-"), ("D", "1", 121, "+"))
    windows = windows_of(genes, bin_size=10, bin_count=2, oriented=True)
    rows = place(windows, {"chr1": 1000}, "file")["chr1"]
    found = [(first, end, genes.tolist()) for first, end, genes in runs(windows, rows)]
    assert found == [(90, 120, [0, 2]), (110, 130, [3]), (290, 310, [1])] or found == [
        (90, 130, [0, 2, 3]),
        (290, 310, [1]),
    ]
    assert found[0][:2] == (90, 130)


def test_bases_inside_a_chromosome_are_counted_at_both_ends():
    windows = windows_of(gene_table(("A", "1", 4, "+"), ("B", "1", 96, "+")), bin_size=10, bin_count=2, oriented=True)
    assert inside(windows, np.array([0, 1]), 100).tolist() == [13, 15]


def test_chromosome_names_with_and_without_chr_are_the_same():
    windows = windows_of(
        gene_table(("A", "chr22", 50, "+"), ("B", "X", 50, "+")), bin_size=1, bin_count=2, oriented=True
    )
    placed = place(windows, {"22": 100, "chrX": 100}, "file")
    assert {name: rows.tolist() for name, rows in placed.items()} == {"22": [0], "chrX": [1]}


def test_no_chromosome_in_common_is_one_clear_error():
    windows = windows_of(gene_table(("A", "chr1", 50, "+")), bin_size=1, bin_count=2, oriented=True)
    with pytest.raises(InputError, match="they lie on chr1, the file has chrI, chrII") as caught:
        place(windows, {"chrI": 100, "chrII": 100}, "worm.bw")
    assert caught.value.where == "worm.bw"


def test_starts_beyond_the_end_of_a_chromosome_tell_of_another_build():
    genes = gene_table(("A", "1", 50, "+"), ("B", "1", 101, "+"))
    with pytest.raises(InputError, match=r"1 genes start beyond .* B for one at 1:101, where 1 is 100 bp.*build"):
        place(windows_of(genes, bin_size=1, bin_count=2, oriented=True), {"1": 100}, "file")
    many = gene_table(*[(f"G{number}", "1", 50, "+") for number in range(2000)], ("B", "1", 101, "+"))
    place(windows_of(many, bin_size=1, bin_count=2, oriented=True), {"1": 100}, "file")  # one in 2,000 is a stray
