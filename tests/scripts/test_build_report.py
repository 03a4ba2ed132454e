"""build_report.py as a program: its options, its output, its one-line errors."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "unit"))
import report_inputs


def options(given: dict, folder: Path) -> list[object]:
    words: list[object] = []
    for name, value in given.items():
        words += [f"--{name.replace('_', '-')}", *(value if isinstance(value, list) else [value])]
    return [
        *words,
        "--report",
        folder / "report.html",
        "--figures",
        folder / "figures",
        "--summary",
        folder / "summary.txt",
    ]


def test_report_from_the_command_line(run_script, tmp_path: Path):
    given = report_inputs.write_inputs(tmp_path / "in", saliency=False)
    done = run_script("build_report", *options(given, tmp_path))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "report.html").read_text().startswith("<!DOCTYPE html>")
    assert done.stdout == (tmp_path / "summary.txt").read_text()
    assert done.stdout.rstrip().endswith("report.html")


def test_missing_table_is_one_line_and_leaves_nothing_behind(run_script, tmp_path: Path):
    given = report_inputs.write_inputs(tmp_path / "in", saliency=False, history=False)
    given["ranking"].unlink()
    done = run_script("build_report", *options(given, tmp_path))
    assert done.returncode == 2
    assert "ranking.tsv: the ranking does not exist" in done.stderr and "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]


def test_help_describes_every_option(run_script):
    done = run_script("build_report", "--help")
    assert done.returncode == 0
    assert "planted effects of a simulated cohort" in done.stdout
