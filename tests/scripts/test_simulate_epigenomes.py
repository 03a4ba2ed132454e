"""The script that simulates epigenomes, run as a program."""

import pyBigWig

from promoternets.formats.tables import read_table


def simulate(run_script, folder, *more):
    return run_script(
        "simulate_epigenomes", "--folder", folder / "signal", "--sheet", folder / "epigenomes.tsv",
        "--expression", folder / "rpkm.tsv", "--annotation", folder / "genes.gtf.gz", "--truth", folder / "truth.tsv",
        "--genes", 20, "--chromosomes", 2, "--seed", 3, *more,
    )  # fmt: skip


def test_epigenomes_are_simulated_from_the_command_line(run_script, tmp_path):
    done = simulate(run_script, tmp_path, "--epigenomes", 3)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "epigenomes.tsv", "genes.gtf.gz", "rpkm.tsv", "signal", "truth.tsv",
    ]  # fmt: skip
    sheet = read_table(tmp_path / "epigenomes.tsv", columns=["epigenome", "mark", "path", "kind"])
    assert sheet.groupby("epigenome").size().to_dict() == {"S001": 6, "S002": 6, "S003": 6}
    for path in sheet.path:
        with pyBigWig.open(path) as bigwig:
            assert bigwig.chroms() == {"chr1": 300_000, "chr2": 300_000}
    numbers = dict.fromkeys(["S001", "S002", "S003"], "float64")
    expression = read_table(tmp_path / "rpkm.tsv", columns=["gene_id", *numbers], dtypes=numbers)
    assert len(expression) == 20 and (expression[list(numbers)] > 0).all(axis=None)
    truth = read_table(tmp_path / "truth.tsv", columns=["mark", "bin", "weight", "direction", "mark_weight"])
    assert len(truth) == 500


def test_impossible_sizes_are_one_clear_line_and_no_file(run_script, tmp_path):
    done = simulate(run_script, tmp_path, "--gene-spacing", 5000)
    assert done.returncode == 2
    assert "Ask for at least 20004 bp" in done.stderr and "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
