"""What tells of single people is its owner's to read, and nothing else is locked away."""

import os
from pathlib import Path

import pytest

from promoternets.personal import is_personal, kept_personal


def rights(path):
    return oct(path.stat().st_mode & 0o777)


@pytest.fixture(autouse=True)
def usual():
    before = os.umask(0o022)
    yield
    assert os.umask(before) == 0o022, "the umask is not as it was"


def write(folder: Path) -> None:
    """Write a store, a table and a folder, as a job does."""
    for inner in ("genotypes/chr1.zarr", "figures"):
        (folder / inner / "part").mkdir(parents=True)
        (folder / inner / "part" / "file").touch()
    (folder / "genotypes" / "chr1.filters.tsv").touch()


def test_a_result_is_known_by_its_place_also_under_a_prefix():
    for path in ("samples.tsv", "genotypes/chr1.zarr", "predictions/als_net/fold_1.tsv", "reruns/permuted/fold_1.tsv"):
        assert is_personal(f"results/mine/{path}") and is_personal(f"promoters/results/mine/{path}"), path
    for path in ("genotypes/filters.tsv", "reruns/permuted/promoters_1.tsv", "report.html", "blocks/chr1.tsv"):
        assert not is_personal(f"results/mine/{path}"), path
    assert not is_personal("results/chromatin/training/lstm/group_1/predictions.tsv")  # of genes


@pytest.mark.parametrize(("with_group", "file", "folder"), [(False, "0o600", "0o700"), (True, "0o640", "0o750")])
def test_only_the_owner_or_the_group_reads_what_tells_of_people(tmp_path, with_group, file, folder):
    results = tmp_path / "results" / "mine"
    (results / "genotypes").mkdir(parents=True)
    outputs = [str(results / name) for name in ("genotypes/chr1.zarr", "genotypes/chr1.filters.tsv", "figures")]
    with kept_personal(outputs, with_group=with_group):
        write(results)
    store, figures = results / "genotypes" / "chr1.zarr", results / "figures"
    assert [rights(path) for path in (store, store / "part", store / "part" / "file")] == [folder, folder, file]
    assert [rights(path) for path in (figures, figures / "part", figures / "part" / "file")] == [
        "0o755", "0o755", "0o644",
    ]  # fmt: skip
    assert rights(results / "genotypes" / "chr1.filters.tsv") == "0o644"


def test_what_a_failed_job_leaves_is_its_owner_s(tmp_path):
    results = tmp_path / "results" / "mine"
    with pytest.raises(RuntimeError), kept_personal([str(results / "figures")]):
        write(results)
        raise RuntimeError
    assert rights(results / "figures") == "0o700" and rights(results / "genotypes" / "chr1.filters.tsv") == "0o600"
