"""The scripts of the promoter, block and fold stages: from a shell and as imports."""

import numpy as np
import pandas as pd
import pytest

from promoternets.formats.block_store import BlockStore
from promoternets.formats.tables import read_table, write_table
from promoternets.formats.variant_store import write_variant_store

SCRIPTS = ["extract_promoters", "build_blocks", "summarise_blocks", "assign_folds"]


@pytest.fixture
def inputs(tmp_path):
    """An annotation, a variant store and a table of samples in a folder."""
    (tmp_path / "genes.bed").write_text("chr22\t99\t900\tA\t0\t+\nchr22\t50\t100\tB\t0\t-\nchr1\t5\t9\tC\t0\t+\n")
    write_variant_store(
        tmp_path / "22.zarr", sample_ids=["1", "2"], contig="22", positions=np.arange(10, 200, 10),
        alleles=[("A", "C")] * 19, call_genotype=np.ones((19, 2, 2)),
    )  # fmt: skip
    write_table(pd.DataFrame({"sample": range(20), "phenotype": [0, 1] * 10}), tmp_path / "samples.tsv")
    return tmp_path


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_explains_its_options(name, run_script):
    result = run_script(name, "--help")
    assert result.returncode == 0, result.stderr
    for line in result.stdout.splitlines():
        assert not line.strip().startswith("--") or len(line.split()) > 1


def test_the_stages_run_from_a_shell(inputs, run_script):
    for words in (
        ("extract_promoters", "--annotation", "genes.bed", "--promoters", "promoters.tsv", "--contigs", "22"),
        (
            "build_blocks", "--genotypes", "22.zarr", "--promoters", "promoters.tsv", "--chrom", "22",
            "--blocks", "blocks.zarr", "--table", "22.tsv", "--upstream", "4", "--downstream", "2",
            "--min-sites", "1",
        ),
        ("summarise_blocks", "--tables", "22.tsv", "--blocks", "blocks.tsv"),
        ("assign_folds", "--samples", "samples.tsv", "--folds", "folds.tsv", "--outer", "2", "--inner", "2"),
    ):  # fmt: skip
        paths = [inputs / word if word.endswith((".tsv", ".zarr", ".bed")) else word for word in words]
        result = run_script(*paths)
        assert result.returncode == 0, result.stderr
    assert read_table(inputs / "blocks.tsv")["promoter"].tolist() == ["A", "B"]
    store = BlockStore.open(inputs / "blocks.zarr")
    assert store.positions[store.variant].tolist() == [
        [60, 70, 80, 90, 100, 110],
        [140, 130, 120, 110, 100, 90],
    ]
    assert len(read_table(inputs / "folds.tsv")) == 20


def test_bad_input_is_one_line_and_exit_status_2(inputs, run_script):
    result = run_script(
        "extract_promoters", "--annotation", inputs / "none.gtf", "--promoters", inputs / "promoters.tsv"
    )
    assert result.returncode == 2
    assert "does not exist" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (inputs / "promoters.tsv").exists()


def test_a_script_can_be_imported_and_called(inputs, script):
    script("assign_folds").main(samples=inputs / "samples.tsv", folds=inputs / "folds.tsv", outer=5, inner=2, seed=7)
    assert set(read_table(inputs / "folds.tsv")["fold"]) == {"1", "2", "3", "4", "5"}
