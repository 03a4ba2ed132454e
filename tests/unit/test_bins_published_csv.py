"""The published CSV form: read as it is, and checked."""

import gzip

import numpy as np
import pytest

from promoternets.bins.published_csv import import_published_bins, read_part
from promoternets.errors import InputError
from promoternets.formats.bin_store import BinStore
from promoternets.formats.labels import read_labels
from promoternets.formats.tables import read_table

BINS, MARKS = 4, 5


def rows(*genes, bins=BINS, marks=MARKS):
    """Return rows of (gene, label); a gene's counts are those of its name and bin."""
    return [
        [gene, number, *((int(gene) * 7 + number + mark) % 5 for mark in range(marks)), label]
        for gene, label in genes
        for number in range(1, bins + 1)
    ]


def text(lines):
    return "".join(",".join(map(str, line)) + "\n" for line in lines)


@pytest.fixture
def part(tmp_path):
    """Return a function that writes rows as a file and reads it."""

    def run(lines):
        (tmp_path / "train.csv").write_text(lines if isinstance(lines, str) else text(lines))
        return read_part(tmp_path / "train.csv")

    return run


@pytest.fixture
def imported(tmp_path):
    """Return a function that imports three files given as rows."""

    def run(train, valid, test, packed=False, **options):
        paths = {}
        for name, lines in (("train", train), ("valid", valid), ("test", test)):
            paths[name] = tmp_path / f"{name}.csv{'.gz' * packed}"
            content = text(lines).encode()
            paths[name].write_bytes(gzip.compress(content) if packed else content)
        import_published_bins(**paths, epigenome="E003", bins=tmp_path / "bins.zarr", labels=tmp_path / "labels.tsv",
                              labels_summary=tmp_path / "summary.tsv", **options)  # fmt: skip
        return BinStore.open(tmp_path / "bins.zarr"), read_labels(tmp_path / "labels.tsv")

    return run


TRAIN, VALID, TEST = (rows((f"00000{n}", 1), (f"00001{n}", 0)) for n in (3, 5, 7))


@pytest.mark.parametrize("packed", [False, True])
def test_the_three_files_become_bins_and_labels_in_their_order(imported, packed, tmp_path):
    store, labels = imported(TRAIN, VALID, TEST, packed)
    assert store.gene_ids.tolist() == ["000003", "000013", "000005", "000015", "000007", "000017"]
    assert store.signal[0, :, 1].tolist() == [23 % 5, 24 % 5, 25 % 5, 26 % 5, 27 % 5]
    assert store.signal.shape == (6, 5, 4)
    assert store.marks.tolist() == ["H3K27me3", "H3K36me3", "H3K4me1", "H3K4me3", "H3K9me3"]
    assert (store.source, store.statistic, store.oriented, store.bin_size) == ("published_csv", "count", False, 100)
    assert (store.zero == (store.signal == 0).sum(axis=2) * 100).all()
    assert labels["gene_id"].tolist() == store.gene_ids.tolist()
    assert labels["part"].tolist() == ["train"] * 2 + ["valid"] * 2 + ["test"] * 2
    assert labels["label"].tolist() == [1, 0] * 3
    assert labels["target"].isna().all()
    assert labels["expression"].isna().all()
    summary = read_table(tmp_path / "summary.tsv").set_index("item")["value"]
    assert summary["rule"] == "published_csv"
    assert summary["expressed_test"] == "1"


def test_other_numbers_of_marks_and_bins_follow_from_the_file(imported):
    parts = [rows((f"{n}1", 1), (f"{n}2", 0), bins=7, marks=2) for n in (1, 2, 3)]
    store, _ = imported(*parts, marks=["H3K4me3", "H3K27ac"], bin_size=50)
    assert store.signal.shape == (6, 2, 7)
    assert store.bin_size == 50
    with pytest.raises(InputError, match="the file has 2 marks, 5 are published"):
        imported(*parts)


def test_signal_need_not_be_whole_numbers(part):
    lines = rows(("1", 1))
    lines[2][3] = 0.25
    assert part(lines).signal[0, 1, 2] == 0.25


def test_labels_of_minus_one_are_unexpressed(part):
    assert part(rows(("1", -1), ("2", 1))).label.tolist() == [0, 1]


def test_a_gene_repeated_with_the_same_values_is_taken_once(part, caplog):
    found = part(rows(("062370", 1), ("062370", 1), ("3", 0)))
    assert found.gene_ids.tolist() == ["062370", "3"]
    assert "1 gene(s) listed twice with the same values" in caplog.text


def test_a_gene_repeated_with_other_values_is_refused(part):
    lines = rows(("1", 1), ("2", 0), ("1", 1))
    lines[-1][3] += 1
    with pytest.raises(InputError, match=r"line 9: gene 1 is listed twice with different values \(also at line 1\)"):
        part(lines)


def changed(row, column, value):
    lines = rows(("1", 1), ("2", 0), ("3", 0))
    lines[row][column] = value
    return lines


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (changed(5, 1, 9), r"line 6: the bins do not run from 1 to 4 in order"),
        (changed(5, 0, "7"), r"line 6: the gene changes before its last bin"),
        (changed(5, -1, 1), r"line 6: the label changes within a gene"),
        (changed(5, -1, 2), r"line 6: the label is not 0 or 1"),
        (changed(5, 3, -1), r"line 6: a count is negative"),
        (changed(5, 3, ""), r"line 6: '' is not a number"),
        (changed(5, 3, "many"), r"line 6: 'many' is not a number"),
        (changed(5, 3, "nan"), r"line 6: 'nan' is not a number"),
        (changed(5, 3, "inf"), r"line 6: a count is infinite"),
        (changed(5, 3, "1e39"), r"line 6: a count is infinite or too great"),
        (rows(("1", 1), ("2", 0))[:-1], r"the last gene has 3 of 4 bins: the file is cut short"),
        ("gene,bin,a,b,c,d,e,label\n" + text(TRAIN), r"line 1: 'bin' is not a number \(a header row\?\)"),
        ("1\t1\t0\t0\t1\n", "the file has 1 columns"),
        ("", "cannot be read"),
        (text(TRAIN) + "1,2\n", r"line 9: '' is not a number|cannot be read"),
    ],
)
def test_a_bad_file_is_one_clear_error(part, lines, message):
    with pytest.raises(InputError, match=message):
        part(lines)


def test_a_gene_of_two_files_is_refused_and_nothing_is_written(imported, tmp_path):
    with pytest.raises(InputError, match=r"valid.csv: 2 gene\(s\) also in .*train.csv: 000003, 000013"):
        imported(TRAIN, TRAIN, TEST)
    assert not (tmp_path / "bins.zarr").exists()
    assert not (tmp_path / "labels.tsv").exists()


def test_files_of_different_bins_and_a_part_of_one_class_are_refused(imported):
    with pytest.raises(InputError, match="5 bins of 5 marks a gene, but 4 bins of 5 marks in"):
        imported(TRAIN, rows(("1", 1), ("2", 0), bins=5), TEST)
    with pytest.raises(InputError, match="part valid needs expressed and unexpressed genes, all 2"):
        imported(TRAIN, rows(("1", 1), ("2", 1)), TEST)


def test_a_damaged_gzip_is_refused(tmp_path):
    content = gzip.compress(text(rows(*[(str(n), n % 2) for n in range(300)])).encode())
    (tmp_path / "train.csv.gz").write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match="cannot be read"):
        read_part(tmp_path / "train.csv.gz")


def test_a_changed_byte_of_a_gzip_is_an_error_or_does_not_matter(tmp_path):
    content = gzip.compress(text(rows(("1", 1), ("2", 0), ("3", 0))).encode(), mtime=0)
    path, random, errors = tmp_path / "train.csv.gz", np.random.default_rng(4), 0
    path.write_bytes(content)
    want = read_part(path).signal.tolist()
    for place in range(len(content)):
        bad = bytearray(content)
        bad[place] ^= 1 << int(random.integers(8))
        path.write_bytes(bad)
        try:
            assert read_part(path).signal.tolist() == want, place
        except InputError:
            errors += 1
    assert errors > len(content) / 2


def test_a_gene_name_that_a_spreadsheet_mangled_is_told(part, caplog):
    part([["1-Mar", *line[1:]] for line in rows(("1", 1))])
    assert "1 gene name(s) look as if a spreadsheet" in caplog.text


def test_the_values_are_the_files_own(part):
    random = np.random.default_rng(2)
    counts = random.integers(0, 50, size=(30, 5, 4))
    lines = [[f"{g:06}", b + 1, *counts[g, :, b], g % 2] for g in range(30) for b in range(4)]
    assert part(lines).signal.tolist() == counts.tolist()
