"""The sheet of epigenomes: what is missing is listed, all of it."""

import pytest
from signal_files import write_sheet

from promoternets.errors import InputError
from promoternets.formats.epigenome_sheet import order_marks, read_sheet


@pytest.fixture
def sheet(tmp_path):
    """Return a function that writes a sheet of (epigenome, mark) pairs, each with a file of its own."""

    def write(pairs, kind="bigWig"):
        rows = []
        for epigenome, mark in pairs:
            path = tmp_path / f"{epigenome}-{mark}.bw"
            path.touch()
            rows.append((epigenome, mark, path, kind))
        return write_sheet(tmp_path / "sheet.tsv", rows)

    return write


def test_kinds_are_read_in_any_letter_case(sheet):
    assert read_sheet(sheet([("E1", "H3K4me3")], kind="BigWig"))["kind"].tolist() == ["bigwig"]


def test_every_missing_mark_of_every_epigenome_is_listed(sheet):
    path = sheet([("E1", "H3K4me3"), ("E1", "H3K9me3"), ("E2", "H3K4me3"), ("E3", "H3K36me3")])
    with pytest.raises(InputError) as caught:
        read_sheet(path)
    for pair in ("E1 H3K36me3", "E2 H3K36me3", "E2 H3K9me3", "E3 H3K4me3", "E3 H3K9me3"):
        assert pair in str(caught.value)
    assert "5 file(s) missing" in str(caught.value)


def test_only_the_validation_mark_may_be_missing_for_some(sheet):
    path = sheet([("E1", "H3K4me3"), ("E1", "H3K27ac"), ("E2", "H3K4me3")])
    assert len(read_sheet(path, validation_mark="H3K27ac")) == 3
    with pytest.raises(InputError, match="E2 H3K27ac"):
        read_sheet(path)
    with pytest.raises(InputError, match="no epigenome has the validation mark H3K9ac"):
        read_sheet(path, validation_mark="H3K9ac")


def test_a_validation_mark_alone_is_no_input(sheet):
    with pytest.raises(InputError, match="no mark but the validation mark"):
        read_sheet(sheet([("E1", "H3K27ac")]), validation_mark="H3K27ac")


def test_files_that_do_not_exist_are_listed(sheet, tmp_path):
    path = sheet([("E1", "H3K4me3"), ("E1", "H3K9me3"), ("E2", "H3K4me3"), ("E2", "H3K9me3")])
    for name in ("E1-H3K9me3", "E2-H3K4me3"):
        (tmp_path / f"{name}.bw").unlink()
    with pytest.raises(InputError, match=r"2 of 4 files do not exist: .*E1-H3K9me3.*E2-H3K4me3"):
        read_sheet(path)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "no rows"),
        ([("E1", "H3K4me3", "a.bw", "bed")], r"kind 'bed' is not one of bigwig, bam"),
        ([("E1", None, "a.bw", "bam")], "column mark is empty"),
        ([("../E1", "H3K4me3", "a.bw", "bam")], "cannot name an epigenome"),
        ([("E1", "H3K4me3", "a.bw", "bam"), ("E1", "H3K4me3", "b.bw", "bam")], "more than once: E1 H3K4me3"),
        ([("E1", "H3K4me3", "a.bw", "bam"), ("E2", "H3K4me3", "a.bw", "bam")], "serves more than one row: a.bw"),
    ],
)
def test_a_bad_sheet_is_one_clear_error(rows, message, tmp_path):
    with pytest.raises(InputError, match=message):
        read_sheet(write_sheet(tmp_path / "sheet.tsv", rows))


def test_the_published_marks_come_first_in_their_order():
    marks = ["H3K9me3", "H3K27ac", "H3K4me1", "DNase", "H3K27me3", "H3K4me3", "H3K36me3"]
    assert order_marks(marks) == [
        "H3K27me3", "H3K36me3", "H3K4me1", "H3K4me3", "H3K9me3", "DNase", "H3K27ac",
    ]  # fmt: skip
