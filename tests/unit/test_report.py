"""The report as a whole: one file, safe, complete, honest about what is missing."""

import base64
import gzip
import io
import re
import sys
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
import report_inputs

from promoternets.errors import InputError
from promoternets.report.build import build_report
from promoternets.report.inputs import read_inputs
from promoternets.report.page import compose

HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(1)"> & $x_1$ </svg></style>'


class Built:
    """A report that was built: its text and where its files are."""

    def __init__(self, folder: Path, **options: object) -> None:
        self.folder = folder
        given = report_inputs.write_inputs(folder / "in", **options)
        self.inputs = read_inputs(**given)
        self.report, self.figures = folder / "results/report.html", folder / "results/figures"
        self.summary = build_report(
            self.inputs, report=self.report, figures=self.figures, summary=folder / "results/summary.txt"
        )
        self.html = self.report.read_text(encoding="utf-8")
        self.parsed = Parsed(self.html)


class Parsed(HTMLParser):
    """Tags with attributes, and all text outside of style sheets."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data + " "


def embedded(link: str) -> bytes:
    """Return what a data: link holds, unpacked."""
    raw = base64.b64decode(link.partition(",")[2])
    return gzip.decompress(raw) if link.startswith("data:application/gzip") else raw


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return Built(tmp_path_factory.mktemp("hostile"), hostile=HOSTILE)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Built:
    missing = dict(truth=False, covariates=False, saliency=False, benchmarks=False, history=False)
    return Built(tmp_path_factory.mktemp("bare"), **missing)


def test_text_from_the_input_is_shown_but_never_becomes_markup(hostile: Built):
    assert not [tag for tag, _ in hostile.parsed.tags if tag in ("img", "script")]
    assert not [name for _, attributes in hostile.parsed.tags for name in attributes if name.startswith("on")]
    assert HOSTILE in hostile.parsed.text
    assert "</svg></style>" not in hostile.html


def test_text_from_the_input_is_harmless_in_the_figures_too(hostile: Built):
    for path in hostile.figures.glob("*.svg"):
        tags = {element.tag.rsplit("}", 1)[-1] for element in ElementTree.parse(path).iter()}
        assert "img" not in tags and "script" not in tags
    assert "&lt;script&gt;alert" in (hostile.figures / "promoters.svg").read_text()


def test_page_has_no_script_and_asks_nothing_of_the_network(hostile: Built):
    assert not [tag for tag, _ in hostile.parsed.tags if tag in ("script", "link", "iframe", "object", "embed")]
    for tag, attributes in hostile.parsed.tags:
        for name in ("src", "href", "xlink:href", "action"):
            target = attributes.get(name) or ""
            assert not re.match(r"[a-z]+:(?!text/|application/gzip|image/png)", target), (tag, target[:60])
            assert not target.startswith("//"), (tag, target)
    assert not re.findall(r"url\((?!#)[^)]*\)", hostile.html)
    assert "@import" not in hostile.html


def test_no_person_is_named_anywhere(hostile: Built):
    everything = [hostile.report, *hostile.figures.iterdir(), hostile.folder / "results/summary.txt"]
    links = [attributes["href"] for tag, attributes in hostile.parsed.tags if tag == "a" and "download" in attributes]
    texts = [path.read_text() for path in everything] + [embedded(link).decode() for link in links]
    assert len(links) == 9
    for text in texts:
        assert "PERSON0" not in text and "GONE0" not in text


def test_a_covariate_that_could_name_people_is_never_listed(tmp_path: Path):
    given = report_inputs.write_inputs(tmp_path, saliency=False, history=False)
    table = pd.read_csv(given["samples"], sep="\t")
    table["barcode"] = [f"SECRET{number}" for number in range(len(table))]
    report_inputs.write(table, given["samples"])
    build_report(read_inputs(**given), report=tmp_path / "r.html", figures=tmp_path / "f")
    html = (tmp_path / "r.html").read_text()
    assert "barcode" in html and "SECRET" not in html


def test_every_figure_comes_with_its_numbers_inside_and_beside(hostile: Built):
    names = {
        "models",
        "stability",
        "uncertainty",
        "curves",
        "promoters",
        "saliency",
        "saliency_promoters",
        "training",
        "blocks",
    }
    assert (
        {path.stem for path in hostile.figures.glob("*.tsv")}
        == names
        == {path.stem for path in hostile.figures.glob("*.svg")}
    )
    for name in names:
        link = next(
            a["href"]
            for tag, a in hostile.parsed.tags
            if tag == "a" and (a.get("download") or "").startswith(f"{name}.tsv")
        )
        content = embedded(link)
        assert content == (hostile.figures / f"{name}.tsv").read_bytes()
        assert len(pd.read_csv(io.BytesIO(content), sep="\t"))
        assert f'href="figures/{name}.svg"' in hostile.html


def test_ids_are_unique_and_drawings_and_tables_have_names(hostile: Built):
    ids = [attributes["id"] for _, attributes in hostile.parsed.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert all(attributes.get("aria-label") for tag, attributes in hostile.parsed.tags if tag == "svg")
    tags = [tag for tag, _ in hostile.parsed.tags]
    assert tags.count("table") == tags.count("caption")
    assert all("scope" in attributes for tag, attributes in hostile.parsed.tags if tag == "th")


def test_missing_parts_are_said_not_skipped(bare: Built):
    assert "Saliency was not computed in this run" in bare.html
    assert "No truth is known for this cohort" in bare.html
    assert "The sample table has no covariates" in bare.html
    assert "There is no training history" in bare.html
    assert "Time and memory were not recorded" in bare.html
    assert ">NA<" in bare.html


def test_promoters_selected_as_a_pair_are_named(bare: Built):
    pairs = bare.inputs.ranking[bare.inputs.ranking["selected_by"] == "pair"]
    said = bare.parsed.text.partition("Selected because their sites tell something only with")[2]
    for symbol, folds in pairs.groupby("symbol")["fold"].nunique().items():
        assert f"{symbol} ({folds})" in said


def test_same_inputs_give_the_same_bytes(tmp_path: Path):
    one = Built(tmp_path / "a", saliency=False, history=False)
    two = Built(tmp_path / "b", saliency=False, history=False)
    assert one.html == two.html


def test_summary_names_the_planted_the_models_and_the_report(hostile: Built, bare: Built):
    lines = hostile.summary.splitlines()
    assert len(lines) <= 12
    assert any(
        "4 of 4 strong, 3 of 4 interacting and 0 of 2 weak ones are in the top 8 in every fold." in line
        for line in lines
    )
    assert any("by fold: 8, 8, 8 of 10 planted promoters selected" in line for line in lines)
    assert any("Logistic regression" in line and "+0.011 [−0.009, +0.031]" in line for line in lines)
    assert lines[-1].endswith(str(hostile.report))
    assert (hostile.folder / "results/summary.txt").read_text() == hostile.summary
    assert "planted" not in bare.summary


def test_settings_that_differ_are_shown_with_their_default(hostile: Built):
    assert re.search(r"seed</th><td>7</td><td>42</td>", hostile.html)
    assert "folds.count" in hostile.html and "ranking.score" not in hostile.html


def test_benchmarks_are_summed_by_stage(hostile: Built):
    row = re.search(r"train_als_net</th>(.*?)</tr>", hostile.html, re.S).group(1)
    assert re.findall(r">([^<>]+)</td>", row) == ["2", "1 min 52 s", "1 min 14 s", "420 MiB"]


def test_a_table_without_a_column_is_one_clear_error(tmp_path: Path):
    given = report_inputs.write_inputs(tmp_path, saliency=False)
    report_inputs.write(pd.read_csv(given["metrics"], sep="\t").drop(columns="low"), given["metrics"])
    with pytest.raises(InputError, match=r"metrics\.tsv: the metrics lacks column low"):
        read_inputs(**given)


def test_unreadable_benchmarks_never_stop_a_report(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    given = report_inputs.write_inputs(tmp_path, saliency=False, benchmarks=False)
    (tmp_path / "broken.jsonl").write_text("{")
    (tmp_path / "fine.jsonl").write_text('{"rule_name": "rank", "s": 2.5, "max_rss": "NA"}\n')
    inputs = read_inputs(**given, benchmarks=[tmp_path / "broken.jsonl", tmp_path / "fine.jsonl"])
    assert inputs.benchmarks["stage"].tolist() == ["rank"]
    assert "1 benchmark files could not be read" in caplog.text


def test_the_audit_s_sentences_stand_under_the_question_and_its_red_flags_among_the_cautions(tmp_path: Path):
    given = report_inputs.write_inputs(tmp_path, saliency=False, history=False)
    (tmp_path / "verdict.txt").write_text(f"The genotype adds nothing.\nRed flag: batch={HOSTILE} has 0 cases.\n")
    build_report(
        read_inputs(**given, audit_verdict=tmp_path / "verdict.txt"), report=tmp_path / "r.html", figures=tmp_path / "f"
    )
    html = (tmp_path / "r.html").read_text()
    answers, cautions = html.index("Is it real?"), html.index("Before you believe it")
    assert answers < html.index("The genotype adds nothing.") < cautions < html.index("Red flag: batch=")
    assert "<img src=x" not in html
    (tmp_path / "verdict.txt").write_text("The genotype adds something.\nNo red flag.\n")
    build_report(
        read_inputs(**given, audit_verdict=tmp_path / "verdict.txt"), report=tmp_path / "r.html", figures=tmp_path / "f"
    )
    assert "No red flag" not in (tmp_path / "r.html").read_text()
    with pytest.raises(InputError, match="absent.txt"):
        read_inputs(**given, audit_verdict=tmp_path / "absent.txt")


def test_reruns_are_shown_where_they_were_asked_for_and_nowhere_else(tmp_path):
    given = report_inputs.write_inputs(tmp_path / "in", saliency=False, history=False)
    plain = compose(read_inputs(**given))
    assert not {"permutations", "learning", "repeats"} & set(plain.plates)
    models = ["als_net", "logistic_regression"]
    permutations = pd.DataFrame({"model": models * 3, "permutation": [0, 0, 1, 1, 2, 2],
                                 "auc": [0.7, 0.72, 0.5, 0.49, 0.52, 0.5]})  # fmt: skip
    learning = pd.DataFrame({"model": "als_net", "training_people": [100.0, 200, 400], "auc": [0.6, 0.65, 0.68],
                             "low": [0.58, 0.6, 0.6], "high": [0.62, 0.7, 0.75],
                             "extrapolated": [0, 0, 1]})  # fmt: skip
    repeats = pd.DataFrame({"model": "als_net", "repeat": ["all", "1", "2"], "auc": [0.7, 0.69, 0.71],
                            "low": [0.6, None, None], "high": [0.8, None, None]})  # fmt: skip
    (tmp_path / "said.txt").write_text("ALS-Net reaches 0.700 <b>.\n")
    asked = read_inputs(
        **given,
        permutation_test=report_inputs.write(permutations, tmp_path / "permutation_test.tsv"),
        learning_curve=report_inputs.write(learning, tmp_path / "learning_curve.tsv"),
        repeated_folds=report_inputs.write(repeats, tmp_path / "repeated_folds.tsv"),
        rerun_sentences=[tmp_path / "said.txt"],
    )
    page = compose(asked)
    assert {"permutations", "learning", "repeats"} <= set(page.plates)
    assert page.context["notes"]["reruns"] == ["ALS-Net reaches 0.700 <b>."]


def test_claimed_interactions_are_shown_with_their_sentence_and_verdict(tmp_path):
    given = report_inputs.write_inputs(tmp_path / "in")
    numbers = {"r2": 0.01, "p_training": 1e-6, "p_marginal": 0.0004, "p_region": 0.3, "p_haplotype": None}
    names = {"symbol_1": "GENE1", "symbol_2": HOSTILE, "site_1": "chr1:1:A:C", "site_2": "chr2:2:A:C"}
    row = {"fold": "1", "kind": "across", "verdict": "explained by joint tagging", "p_corrected": 1.0}
    report_inputs.write(pd.DataFrame([row | names | numbers]), tmp_path / "interactions.tsv")
    (tmp_path / "interactions.txt").write_text("No pair of sites is shown to interact.\n")
    inputs = read_inputs(
        **given, interactions=tmp_path / "interactions.tsv", interactions_summary=tmp_path / "interactions.txt"
    )
    build_report(inputs, report=tmp_path / "r.html", figures=tmp_path / "f")
    html = (tmp_path / "r.html").read_text(encoding="utf-8")
    text = Parsed(html).text
    assert "No pair of sites is shown to interact." in text
    assert "explained by joint tagging" in text and "chr2:2:A:C" in text
    assert "<img src=x" not in html
    with pytest.raises(InputError, match="summary of interactions"):
        read_inputs(**given, interactions_summary=tmp_path / "absent.txt")
