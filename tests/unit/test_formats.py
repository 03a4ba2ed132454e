"""Tables, outputs, contig names and seeds."""

import pandas as pd
import pytest

from promoternets.errors import InputError
from promoternets.formats import contigs
from promoternets.formats.outputs import written
from promoternets.formats.tables import read_table, write_table
from promoternets.seeds import derive


def test_an_output_appears_only_when_it_is_whole(tmp_path):
    target = tmp_path / "deep" / "x.tsv.gz"
    with pytest.raises(ValueError), written(target) as partial:
        partial.write_text("half")
        raise ValueError
    assert list(target.parent.iterdir()) == []


def test_a_failure_leaves_the_earlier_result_intact(tmp_path):
    target = tmp_path / "store.zarr"
    with written(target) as partial:
        partial.mkdir()
        (partial / "a").write_text("old")
    with pytest.raises(ValueError), written(target) as partial:
        partial.mkdir()
        raise ValueError
    assert (target / "a").read_text() == "old"


def test_a_directory_replaces_an_older_one(tmp_path):
    for text in ("old", "new"):
        with written(tmp_path / "d") as partial:
            partial.mkdir()
            (partial / text).write_text(text)
    assert [entry.name for entry in (tmp_path / "d").iterdir()] == ["new"]


def test_a_place_that_cannot_be_written_is_said_plainly(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="cannot be written"), written(tmp_path / "file" / "x") as partial:
        partial.write_text("x")


def test_tables_survive_byte_order_mark_and_windows_line_ends(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_bytes("\ufeffsample\tage\r\n007\t41\r\n008\tNA\r\n".encode())
    table = read_table(path, columns=["sample"], dtypes={"age": "float64"})
    assert table["sample"].tolist() == ["007", "008"] and table["age"].isna().tolist() == [False, True]


def test_a_table_round_trips(tmp_path):
    frame = pd.DataFrame({"sample": ["1", "02"], "value": [0.1, None]})
    write_table(frame, tmp_path / "t.tsv")
    back = read_table(tmp_path / "t.tsv", dtypes={"value": "float64"})
    assert back["sample"].tolist() == ["1", "02"] and back["value"].iloc[0] == 0.1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("sample,phenotype\na,1\n", "commas"),
        ("sample\tphenotype\nx\ty\tz\tw\n", "cannot be read|lacks|twice|fields"),
        ("sample\tage\na\told\n", "line 2.*not a number|not a number"),
        ("sample\tsample\na\tb\n", "twice|lacks"),
    ],
)
def test_a_bad_table_is_one_clear_error(tmp_path, content, message):
    path = tmp_path / "t.tsv"
    path.write_text(content)
    with pytest.raises(InputError, match=message):
        read_table(
            path, columns=["sample", "age"] if "age" in content else ["sample", "phenotype"], dtypes={"age": "float64"}
        )


def test_contig_names_are_reconciled():
    assert [contigs.canonical(name) for name in ("chr22", "22", "chrM", "MT", "chrx", "GL000220.1")] == [
        "22", "22", "MT", "MT", "X", "GL000220.1"]  # fmt: skip
    assert contigs.match("22", ["chr1", "chr22"]) == "chr22" and contigs.match("5", ["chr1"]) is None
    assert contigs.order(["chrX", "chr10", "chr2", "HLA"]) == ["chr2", "chr10", "chrX", "HLA"]


def test_seeds_depend_on_names_only():
    assert derive(1, "a", 2) == derive(1, "a", 2) != derive(1, "a", 3)
    assert derive(1, "ab") != derive(1, "a", "b") and 0 <= derive(1) < 2**63
