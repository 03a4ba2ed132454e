"""Awkward and broken VCF files of validators and readers: each gives the right matrix or one clear error."""

import csv
from collections import Counter
from functools import cache

import pysam
import pytest
from vcf_outcomes import matrix, outcomes
from vcf_text import Invalid, read, text_of

from promoternets.formats.variant_store import VariantStore

# Sound genotypes, but beside them 0.1 of a FORMAT field that the header calls Integer: htslib reads no further.
OF_ANOTHER_TYPE = {"issue-254.vcf"}


@pytest.fixture(scope="module")
def table(real_data, tmp_path_factory, repository):
    """Return the manifest's rows with the outcome of each file, also written to tests/real/outcomes/tricky_vcf.tsv."""
    folder = real_data / "tricky_vcf"
    if not folder.is_dir():
        pytest.skip(f"no tricky VCF files at {folder}")
    with (folder / "manifest.tsv").open() as handle:
        rows = list(csv.DictReader(handle, delimiter="\t"))
    out = tmp_path_factory.mktemp("tricky")
    found = outcomes([(folder / row["file"], None) for row in rows], out)
    for number, (row, outcome) in enumerate(zip(rows, found, strict=True)):
        row |= outcome | {"path": folder / row["file"], "store": out / str(number) / "g.zarr"}
        row["sites"] = len(VariantStore.open(row["store"])) if row["outcome"] == "matrix" else ""
    written = repository / "tests" / "real" / "outcomes" / "tricky_vcf.tsv"
    written.parent.mkdir(exist_ok=True)
    with written.open("w", newline="") as handle:
        columns = ["file", "expected", "outcome", "sites", "message"]
        writer = csv.DictWriter(handle, columns, delimiter="\t", extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(row | {"message": row["message"].replace(f"{folder}/", "")} for row in rows)
    return rows


@cache
def second_reading(path):
    """Return (people, sites), or the reason why there are none."""
    try:
        return read(text_of(path))
    except (Invalid, OSError, EOFError) as error:
        return str(error)


def test_no_file_ends_in_a_traceback_or_a_crash(table):
    assert len(table) > 600
    assert {row["outcome"] for row in table} == {"matrix", "error"}, Counter(row["outcome"] for row in table)


def test_an_error_is_one_line_that_names_the_file_and_leaves_nothing_behind(table):
    for row in table:
        if row["outcome"] == "error":
            message = row["message"]
            assert message.startswith(str(row["path"])) and "\n" not in message, row["file"]
            assert ". " in message.removeprefix(str(row["path"])), f"{row['file']}: {message} does not say what to do"
            assert not row["left"], row["file"]


def test_every_matrix_equals_an_independent_reading_of_the_text(table):
    for row in table:
        if row["outcome"] == "matrix":
            reading = second_reading(row["path"])
            assert not isinstance(reading, str), f"{row['file']} was read, but is wrong: {reading}"
            store = VariantStore.open(row["store"])
            assert store.sample_ids.tolist() == reading[0], row["file"]
            assert matrix(store) == reading[1], row["file"]
            assert row["left"] == ["filters.tsv", "g.zarr"]


def test_what_an_independent_reading_finds_sound_is_not_refused(table):
    refused = {
        row["path"].name: row["message"]
        for row in table
        if row["outcome"] == "error"
        and not isinstance(reading := second_reading(row["path"]), str)
        and reading[1]  # there is a site where people differ
    }
    assert set(refused) == OF_ANOTHER_TYPE, refused


def test_each_chromosome_of_the_same_files_indexed_gives_the_same_calls(table, tmp_path):
    jobs, expected, seen = [], [], set()
    for number, row in enumerate(table):
        if row["outcome"] != "matrix" or row["path"].suffix == ".bcf":
            continue
        content = text_of(row["path"]).rstrip()
        records = content.partition("#CHROM")[2]  # one case is told in every version of the specification
        if records in seen:
            continue
        seen.add(records)
        whole = matrix(VariantStore.open(row["store"]))
        path = tmp_path / f"{number}.vcf.gz"
        with pysam.BGZFile(str(path), "w") as handle:
            handle.write(content.encode() + b"\n")
        pysam.tabix_index(str(path), preset="vcf")
        for contig in dict.fromkeys(key[0] for key in whole):
            jobs.append((path, contig))
            expected.append({key: calls for key, calls in whole.items() if key[0] == contig})
    assert len(jobs) > 50
    for number, (job, outcome, calls) in enumerate(zip(jobs, outcomes(jobs, tmp_path / "out"), expected, strict=True)):
        assert outcome["outcome"] == "matrix", f"{job}: {outcome['message']}"
        assert matrix(VariantStore.open(tmp_path / "out" / str(number) / "g.zarr")) == calls, job
