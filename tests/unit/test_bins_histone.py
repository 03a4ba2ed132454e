"""The bins of an epigenome: marks in order, the held-back one apart, genes without signal left out."""

import numpy as np
import pytest
from signal_files import gene_table, write_bam, write_bigwig, write_sheet

from promoternets.bins.histone import bin_histone
from promoternets.errors import InputError
from promoternets.formats.bin_store import BinStore
from promoternets.formats.tables import read_table, write_table

GENES = gene_table(("A", "chr1", 101, "+"), ("B", "chr1", 101, "-"), ("C", "chr1", 301, "+"))
MARKS = {"H3K9ac": 5, "H3K4me3": 4, "H3K27ac": 9, "H3K27me3": 1}


@pytest.fixture
def inputs(tmp_path):
    """Genes, and one epigenome whose marks have one value each from base 0 to 300 of 1,000 (H3K9ac: to 320)."""
    rows = []
    for mark, value in MARKS.items():
        end = 320 if mark == "H3K9ac" else 300
        path = write_bigwig(tmp_path / f"{mark}.bw", {"1": 1000}, [("1", 0, end, value)])
        rows.append(("E1", mark, path, "bigwig"))
    write_sheet(tmp_path / "sheet.tsv", rows)
    write_table(GENES, tmp_path / "genes.tsv")
    return tmp_path


@pytest.fixture
def run(inputs):
    """Return a function that bins and opens the store."""

    def call(**options):
        defaults = {"epigenome": "E1", "bin_size": 10, "bin_count": 4, "validation_mark": "H3K27ac"}
        bin_histone(genes=inputs / "genes.tsv", epigenomes=inputs / "sheet.tsv", bins=inputs / "bins.zarr",
                    excluded=inputs / "excluded.tsv", **{**defaults, **options})  # fmt: skip
        return BinStore.open(inputs / "bins.zarr")

    return call


def test_published_marks_come_first_and_the_held_back_mark_is_never_an_input(run):
    store = run()
    assert store.marks.tolist() == ["H3K27me3", "H3K4me3", "H3K9ac"]
    assert store.signal[0, :, 0].tolist() == [1, 4, 5]
    assert store.validation_mark == "H3K27ac"
    assert store.validation_signal[:2].tolist() == [[9] * 4] * 2
    assert (store.source, store.statistic, store.oriented, store.fill) == ("bigwig", "mean", True, "zero")


def test_marks_are_taken_in_the_order_asked_for(run):
    assert run(marks=["H3K9ac", "H3K27me3"]).signal[0, :, 0].tolist() == [5, 1]


def test_genes_below_the_share_covered_are_left_out_and_listed(run, inputs):
    store = run(min_covered=0.6)
    assert store.gene_ids.tolist() == ["A", "B"]
    table = read_table(inputs / "excluded.tsv")
    assert table.to_numpy().tolist() == [["C", "H3K27me3 covers 50.0% of the window"]]
    assert run(min_covered=0.5).gene_ids.tolist() == ["A", "B", "C"]


def test_every_kind_of_nothing_is_counted_by_gene_and_mark(run):
    store = run()
    assert store.uncovered.tolist() == [[0, 0, 0], [0, 0, 0], [20, 20, 0]]
    assert not store.absent.any()
    assert not store.zero.any()


def test_fill_error_refuses_gaps_in_the_genes_that_are_kept(run):
    with pytest.raises(InputError, match=r"H3K27me3.bw: 1 genes have bases without a value, C for one"):
        run(fill="error")
    assert run(fill="error", min_covered=1.0).fill == "error"


def test_a_gene_that_no_mark_covers_is_left_out_and_said(run, inputs, caplog):
    write_table(gene_table(("A", "chr1", 101, "+"), ("Z", "chr1", 801, "+")), inputs / "genes.tsv")
    run()
    assert "1 of 2 genes left out: no mark covers their window" in caplog.text
    assert list(BinStore.open(inputs / "bins.zarr").gene_ids) == ["A"]


def test_reads_and_signal_can_be_mixed(run, inputs):
    reads = [{"contig": "chr1", "start": start, "cigar": "10M"} for start in (80, 85, 300)]
    bam = write_bam(inputs / "a.bam", {"chr1": 1000}, reads)
    signal = inputs / "H3K4me3.bw"
    write_sheet(inputs / "sheet.tsv", [("E1", "H3K4me3", signal, "bigwig"), ("E1", "H3K9me3", bam, "bam")])
    store = run(validation_mark=None)
    assert store.source == "mixed"
    assert store.signal[0].tolist() == [[4, 4, 4, 4], [2, 1, 0, 0]]
    assert store.zero[0].tolist() == [0, 25]
    write_sheet(inputs / "sheet.tsv", [("E1", "H3K9me3", bam, "bam")])
    store = run(validation_mark=None)
    assert (store.source, store.statistic) == ("bam", "count")


def test_an_epigenome_without_the_held_back_mark_is_binned_without(run, inputs, caplog):
    rows = [("E1", mark, inputs / f"{mark}.bw", "bigwig") for mark in ("H3K4me3", "H3K27ac")]
    other = write_bigwig(inputs / "other.bw", {"1": 1000}, [("1", 0, 300, 7)])
    write_sheet(inputs / "sheet.tsv", [*rows, ("E2", "H3K4me3", other, "bigwig")])
    store = run(epigenome="E2")
    assert store.validation_signal is None
    assert store.validation_mark is None
    assert "E2 has no H3K27ac" in caplog.text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epigenome": "E9"}, "epigenome E9 is not in the sheet; there are E1"),
        ({"marks": ["H3K4me3", "H4"]}, "mark H4 is not in the sheet; there are H3K9ac"),
        ({"marks": ["H3K27ac"]}, "H3K27ac is the validation mark and cannot be an input"),
        ({"marks": ["H3K4me3", "H3K4me3"]}, "names one twice"),
        ({"min_covered": 2.0}, "a share of bases is from 0 to 1"),
        ({"bin_count": 3, "bin_size": 3}, "TSS in its middle"),
    ],
)
def test_what_cannot_be_binned_is_one_clear_error_and_leaves_nothing(run, inputs, options, message):
    with pytest.raises(InputError, match=message):
        run(**options)
    assert not (inputs / "bins.zarr").exists()
    assert not (inputs / "excluded.tsv").exists()


def test_no_gene_covered_enough_is_one_clear_error(run, inputs):
    write_table(GENES.iloc[[2]], inputs / "genes.tsv")
    with pytest.raises(InputError, match="no gene has 100% of its window covered"):
        run(min_covered=1.0)


def test_files_of_two_builds_are_refused(run, inputs):
    write_bigwig(inputs / "H3K4me3.bw", {"chr1": 900}, [("chr1", 0, 300, 1)])
    with pytest.raises(InputError, match=r"chromosome 1 is 1,000 bp long in .* and 900 bp in .*two genome builds"):
        run()


def test_the_bins_do_not_depend_on_the_other_genes(run, inputs):
    together = run().signal
    write_table(GENES.iloc[[1]], inputs / "genes.tsv")
    np.testing.assert_array_equal(run().signal[0], together[1])
