"""Signal files by a pattern of their names: each name is read in one way, or nothing is read at all."""

import pytest

from promoternets.epigenomes.sheet import list_epigenomes
from promoternets.errors import InputError
from promoternets.formats.epigenome_pattern import find_signal_files, problem_of
from promoternets.formats.epigenome_sheet import read_sheet


@pytest.fixture
def find(tmp_path):
    """Return a function: names of files, pattern -> what is found in a folder of these files."""

    def run(names, pattern, **options):
        for name in names.split():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        return find_signal_files(pattern, folder=tmp_path, **options)

    return run


def test_each_file_becomes_a_row_sorted_and_other_signal_files_beside_them_are_told(find):
    found = find(
        "d/E2-K9.s.bigWig d/E10-K4.s.bigWig d/E2-K4.s.bigWig d/E10-K9.s.bigWig d/E2-K4.bw d/a.txt e/E3-K4.s.bigWig",
        "d/{epigenome}-{mark}.s.bigWig",
    )
    assert found.rows == [
        ("E10", "K4", "d/E10-K4.s.bigWig", "bigwig"), ("E10", "K9", "d/E10-K9.s.bigWig", "bigwig"),
        ("E2", "K4", "d/E2-K4.s.bigWig", "bigwig"), ("E2", "K9", "d/E2-K9.s.bigWig", "bigwig"),
    ]  # fmt: skip
    assert found.ignored == ["d/E2-K4.bw"]


@pytest.mark.parametrize(("ending", "kind"), [("bigWig", "bigwig"), ("bw", "bigwig"), ("BW", "bigwig"), ("bam", "bam")])
def test_the_kind_is_that_of_the_ending_and_an_index_is_no_signal(find, ending, kind):
    found = find(f"E1.K4.{ending} E1.K4.{ending}.bai", "{epigenome}.{mark}." + ending)
    assert [row[3] for row in found.rows] == [kind] and found.ignored == []


def test_places_may_be_folders_and_come_twice(find):
    found = find("E1/K4/E1.bw E2/K4/E2.bw E2/K4/E1.bw", "{epigenome}/{mark}/{epigenome}.bw")
    assert [row[2] for row in found.rows] == ["E1/K4/E1.bw", "E2/K4/E2.bw"]
    assert found.ignored == ["E2/K4/E1.bw"]


def test_letters_that_mean_something_to_a_shell_mean_themselves(find):
    assert find("[a]/CD4+-K4.bw a/x-y.bw", "[a]/{epigenome}-{mark}.bw").rows == [
        ("CD4+", "K4", "[a]/CD4+-K4.bw", "bigwig")
    ]


def test_a_name_that_can_be_read_in_two_ways_is_refused_and_both_are_said(find):
    with pytest.raises(InputError, match=r"d/H1-ES-K4.bw .* epigenome H1, mark ES-K4 or epigenome H1-ES, mark K4"):
        find("d/H1-ES-K4.bw", "d/{epigenome}-{mark}.bw")
    with pytest.raises(InputError, match="two ways"):
        find("E1K4.bw", "{epigenome}{mark}.bw")


def test_missing_files_are_listed_but_for_the_mark_held_back_or_not_asked_for(find):
    names, pattern = "E1-K4.bw E1-K9.bw E1-ac.bw E2-K4.bw E2-K27.bw", "{epigenome}-{mark}.bw"
    with pytest.raises(InputError, match=r"3 file\(s\) missing.*: E1-K27.bw, E2-K9.bw, E2-ac.bw"):
        find(names, pattern)
    found = find(names, pattern, marks=["K4"], validation_mark="ac")
    assert [row[:2] for row in found.rows] == [("E1", "K4"), ("E1", "ac"), ("E2", "K4")]
    assert found.ignored == ["E1-K9.bw", "E2-K27.bw"]


def test_nothing_found_is_an_error_that_says_where(find, tmp_path):
    with pytest.raises(InputError, match=rf"no file matches d/\{{epigenome\}}-\{{mark\}}.bw \(looked in {tmp_path}\)"):
        find("E1-K4.bw", "d/{epigenome}-{mark}.bw")
    with pytest.raises(InputError, match="no file with the mark K9 or K27 matches"):
        find("E1-K4.bw", "{epigenome}-{mark}.bw", marks=["K9", "K27"])


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("d/{epigenome}.bw", "needs both {epigenome} and {mark}"),
        ("d/{mark}.bw", "needs both {epigenome} and {mark}"),
        ("d/{epigenome}-{mark}", "must end in .bigWig, .bw or .bam"),
        ("d/{epigenome}-{mark}.bed.gz", "must end in .bigWig, .bw or .bam"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_said(pattern, said):
    assert said in problem_of(pattern)
    assert problem_of("d/{epigenome}-{mark}.bw") is None


def test_the_sheet_that_is_written_is_one_that_is_read(find, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    find("E1-K4.bam E2-K4.bam", "{epigenome}-{mark}.bam")
    list_epigenomes(pattern="{epigenome}-{mark}.bam", sheet=tmp_path / "sheet.tsv")
    assert read_sheet("sheet.tsv").to_numpy().tolist() == [
        ["E1", "K4", "E1-K4.bam", "bam"], ["E2", "K4", "E2-K4.bam", "bam"],
    ]  # fmt: skip
