"""build_chromatin_report.py as a program: its options, its outputs, its one-line errors."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "unit"))
import chromatin_report_inputs as made_up
import report_inputs


def options(given: dict, folder: Path) -> list[object]:
    words: list[object] = []
    for name, value in given.items():
        words += [f"--{name.replace('_', '-')}", *(value if isinstance(value, list) else [value])]
    for name in ("report.html", "section.html", "summary.txt", "figures"):
        words += [f"--{name.partition('.')[0]}", folder / name]
    return words


def test_report_section_figures_and_summary_from_the_command_line(run_script, tmp_path: Path):
    given = made_up.write_inputs(tmp_path / "in", history=False)
    (tmp_path / "in" / "bin_histone.E001.jsonl").write_text('{"s": 5.0, "max_rss": 100}\n')
    given["benchmarks"] = [tmp_path / "in" / "bin_histone.E001.jsonl"]
    done = run_script("build_chromatin_report", *options(given, tmp_path))
    assert done.returncode == 0, done.stderr
    assert "could not be read" not in done.stderr
    html = (tmp_path / "report.html").read_text()
    assert html.startswith("<!DOCTYPE html>") and "bin_histone" in html
    assert (tmp_path / "section.html").read_text().startswith('<section id="chromatin"')
    assert done.stdout == (tmp_path / "summary.txt").read_text()
    assert (tmp_path / "figures" / "chromatin_models.svg").is_file()


def test_a_missing_column_is_one_line_and_leaves_nothing_behind(run_script, tmp_path: Path):
    given = made_up.write_inputs(tmp_path / "in", history=False)
    report_inputs.write(made_up.pd.read_csv(given["maps"], sep="\t").drop(columns="bin"), given["maps"])
    done = run_script("build_chromatin_report", *options(given, tmp_path))
    assert done.returncode == 2
    assert "attention_maps.tsv: the attention maps lacks column bin" in done.stderr and "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]
