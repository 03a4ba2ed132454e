"""The chromatin report: what it says of who wins, what it leaves out, and that it stays readable and safe."""

import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
import chromatin_report_inputs as made_up
import report_inputs
from test_report import HOSTILE, Parsed, embedded

from promoternets.errors import InputError
from promoternets.report import chromatin_figures as figures
from promoternets.report import chromatin_verdict as verdict
from promoternets.report.build import build_report
from promoternets.report.chromatin_build import build_chromatin_report
from promoternets.report.chromatin_inputs import read_chromatin_inputs
from promoternets.report.chromatin_page import axis_of, compose
from promoternets.report.inputs import read_inputs

NETS_LOSE = made_up.AUC | {"logistic_regression": 0.93, "max_mark": 0.91}


class Built:
    """A chromatin report that was built: its text and where its files are."""

    def __init__(self, folder: Path, **options: object) -> None:
        self.folder = folder
        self.inputs = read_chromatin_inputs(**made_up.write_inputs(folder / "in", **options))
        self.report = folder / "results/chromatin/report.html"
        self.figures, self.section = self.report.parent / "figures", self.report.parent / "section.html"
        self.summary = build_chromatin_report(
            self.inputs,
            report=self.report,
            figures=self.figures,
            section=self.section,
            summary=self.report.parent / "summary.txt",
        )
        self.html = self.report.read_text(encoding="utf-8")
        self.parsed = Parsed(self.html)
        self.text = re.sub(r"\s+", " ", self.parsed.text.replace("\N{NO-BREAK SPACE}", " "))


def inputs_of(folder: Path, **options: object):
    return read_chromatin_inputs(**made_up.write_inputs(folder, **options))


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return Built(tmp_path_factory.mktemp("usual"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Built:
    # An epigenome names a folder here, so its hostile name has no slash.
    options = {"epigenomes": ["<b onclick=x>E1 & $x_1$<script>", "E2"], "symbol": HOSTILE, "mark": HOSTILE}
    return Built(tmp_path_factory.mktemp("hostile"), **options)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Published files: one epigenome, no genes table, no held-back mark, no truth, one network without attention."""
    auc = {"lstm": 0.81, "logistic_regression": 0.80}
    return Built(
        tmp_path_factory.mktemp("bare"),
        epigenomes=1,
        published=True,
        validation=False,
        truth=False,
        history=False,
        auc=auc,
    )


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return Built(tmp_path_factory.mktemp("many"), epigenomes=56, bins=10)


# ---------------------------------------------------------------- what is said


def test_a_network_that_beats_the_baseline_by_more_than_its_interval_is_said_to(tmp_path: Path):
    found = verdict.judge(inputs_of(tmp_path, epigenomes=1, half=0.01))
    assert found.best == "lstm_alpha" and found.baseline == "logistic_regression"
    assert found.headline.endswith("; the best network, LSTM-α, beats logistic regression.")


def test_networks_that_lose_are_said_to_lose_everywhere(tmp_path: Path):
    built = Built(tmp_path, epigenomes=3, auc=NETS_LOSE)
    assert "loses to logistic regression" in built.parsed.text.split("Do marks predict?")[0]
    assert "no network is worth its complexity here" in built.text
    assert (
        "Networks that lose to logistic regression by more than the interval: AttentiveChrome (in 3 of 3)" in built.text
    )
    assert '<span class="loses">loses in 3</span>' in built.html
    assert "loses to logistic regression" in built.summary.splitlines()[0]


def test_an_interval_that_includes_zero_is_never_called_a_win_or_a_loss(tmp_path: Path):
    found = verdict.judge(inputs_of(tmp_path, epigenomes=1, half=0.06))
    assert "no network is shown to beat logistic regression" in found.headline
    assert "cannot tell the two apart" in found.needed[0]


def test_a_baseline_that_was_not_compared_in_pairs_is_named_when_it_scores_higher(tmp_path: Path):
    found = verdict.judge(inputs_of(tmp_path, epigenomes=1, half=0.01, auc=made_up.AUC | {"svc": 0.95}))
    assert found.headline.endswith("but the SVC scores higher than the best network, LSTM-α.")
    assert found.rival.against == "logistic_regression"


def test_marks_that_do_not_predict_are_said_not_to(tmp_path: Path):
    inputs = inputs_of(tmp_path, epigenomes=1, auc=dict.fromkeys(made_up.AUC, 0.51), half=0.05)
    assert verdict.judge(inputs).headline == (
        "No evidence that these histone marks tell expressed genes from silent ones."
    )


def test_a_difference_over_epigenomes_takes_the_papers_interval_where_deepchrome_is_one_of_the_two(tmp_path: Path):
    inputs = inputs_of(tmp_path, epigenomes=4)
    exact = verdict.difference(inputs, "deepchrome", "svc")
    row = inputs.across.set_index("model").loc["svc"]
    assert not exact.cautious
    assert exact.estimate.value == pytest.approx(-row["mean_difference"])
    assert (exact.estimate.low, exact.estimate.high) == pytest.approx((-row["difference_high"], -row["difference_low"]))
    mean = verdict.difference(inputs, "lstm_alpha", "max_mark")
    pairs = inputs.comparisons.query("model == 'lstm_alpha' and against == 'max_mark'")
    assert mean.cautious and mean.estimate.low == pytest.approx(pairs["low"].mean())
    unpaired = verdict.difference(inputs, "lstm_alpha", "svc")
    assert unpaired.estimate.low is None and unpaired.better is None


@pytest.mark.parametrize(
    ("r", "said"),
    [
        ({("attentivechrome", "alpha"): 0.84}, "So attention adds nothing to what the signal itself shows."),
        (
            {("attentivechrome", "alpha"): 0.60},
            "adds nothing to what the signal itself shows (and lies clearly lower in",
        ),
        ({("attentivechrome", "alpha"): 0.30}, "No evidence that attention falls where H3K27ac lies"),
        ({("attentivechrome", "alpha"): 0.97}, "Attention finds H3K27ac better than the signal it was read from."),
    ],
)
def test_attention_is_held_against_the_signal_it_was_read_from(tmp_path: Path, r: dict, said: str):
    inputs = inputs_of(tmp_path, r=r | {("input", "signal"): 0.85})
    assert said in verdict.judge(inputs).check


def test_labels_that_compare_texts_are_a_caution_with_the_number_of_genes(tmp_path: Path):
    page = compose(inputs_of(tmp_path, rule="published_text"))
    assert any("compare numbers as text" in text and "13.7% of the genes" in text for text in page.context["cautions"])
    assert "82 labels of 600 (13.7%) would be wrong" in page.context["notes"]["labels"]


def test_published_numbers_are_never_called_a_win(usual: Built):
    assert "a higher number here is no win over them" in usual.text
    assert re.search(r"AttentiveChrome \(LSTM-α,β\).*?0\.8115", usual.text)


# ---------------------------------------------------------------- what is shown, and what is missing


def test_every_figure_comes_with_its_numbers_inside_and_beside(usual: Built):
    names = {path.stem for path in usual.figures.glob("*.svg")}
    parts = ("models", "attention", "attention_models", "check", "gene_1", "deepchrome", "training")
    assert names == {path.stem for path in usual.figures.glob("*.tsv")} == {f"chromatin_{part}" for part in parts}
    for name in names:
        link = next(
            attributes["href"]
            for tag, attributes in usual.parsed.tags
            if tag == "a" and (attributes.get("download") or "").startswith(f"{name}.tsv")
        )
        assert embedded(link) == (usual.figures / f"{name}.tsv").read_bytes()
        assert f'href="figures/{name}.svg"' in usual.html


def test_the_page_has_the_parts_of_the_design(usual: Built):
    for words in (
        "Every model on the same genes", "Where AttentiveChrome looks", "Does attention fall where H3K27ac lies?",
        "The planted truth", "PAX5", "What DeepChrome responds to", "Genes left out of all epigenomes",
        "How much of the genes' windows", "The baselines: what was chosen", "Settings that differ",
    ):  # fmt: skip
        assert words in usual.text, words
    assert "Not converged, so they may be better than shown: the SVC (2)" in usual.text


def test_what_is_missing_is_said_not_skipped(bare: Built):
    for words in (
        "No network with attention was trained", "No mark was held back", "No truth is known",
        "No gene was left out of all epigenomes", "There is no training history", "Time and memory were not recorded",
        "The labels came with the files",
    ):  # fmt: skip
        assert words in bare.text, words
    assert "1 × 300" in bare.text and "unknown" in bare.text
    assert "cannot be held against one on clean labels" in bare.text
    assert {path.stem for path in bare.figures.glob("*.svg")} == {"chromatin_models"}


def test_published_files_are_in_genome_order_and_the_axis_says_so(bare: Built, usual: Built):
    assert not axis_of(bare.inputs).oriented and "genome order" in axis_of(bare.inputs).label
    assert axis_of(usual.inputs) == figures.Axis(20, 100.0, True)


def test_predicted_expression_is_measured_by_correlation_without_published_auc(tmp_path: Path):
    built = Built(tmp_path, expression=True, history=False)
    assert "Pearson r of the best network" in built.text and "tell how strongly genes are expressed" in built.text
    assert "Singh et al. 2017, 56" not in built.text and "AUC" not in built.text
    assert "the log2(expression + 1) that the network gives" in built.text


def test_no_baseline_or_no_network_is_no_error(tmp_path: Path):
    nets = compose(inputs_of(tmp_path / "nets", epigenomes=1, auc={"lstm": 0.8}, history=False))
    assert nets.context["tiles"][3]["value"] == "NA"
    assert "no baseline was run" in nets.context["verdict"].headline
    assert "against" not in {name for name, table in nets.context["tables"].items() if table is not None}
    models = compose(inputs_of(tmp_path / "models", epigenomes=1, auc={"svc": 0.8, "max_mark": 0.7}, history=False))
    assert "no network was trained" in models.context["verdict"].headline


# ---------------------------------------------------------------- 56 epigenomes


def test_56_epigenomes_stay_on_a_readable_page(many: Built):
    root = ElementTree.parse(many.figures / "chromatin_models.svg").getroot()
    width, height = (float(root.get(name)) for name in ("width", "height"))
    assert height < 1.5 * width
    text = " ".join(root.itertext())
    assert all(name in text for name in made_up.names(56))
    assert len(many.html) < 4_000_000


def test_of_many_epigenomes_six_are_drawn_and_the_numbers_hold_all(many: Built):
    assert "The first 6 of 56 epigenomes are drawn; the numbers hold all." in many.text
    text = " ".join(ElementTree.parse(many.figures / "chromatin_attention.svg").getroot().itertext())
    assert "E006" in text and "E007" not in text
    table = pd.read_csv(many.figures / "chromatin_attention.tsv", sep="\t")
    assert table["epigenome"].nunique() == 56


def test_many_labels_are_folded_away_and_coverage_is_by_mark(many: Built):
    assert "<summary>What counts as expressed in each of 56 epigenomes</summary>" in many.html
    assert "Means over 56 epigenomes, below them the range" in many.text


# ---------------------------------------------------------------- figures


def test_models_are_ordered_and_differences_follow_what_models_reach(tmp_path: Path):
    inputs = inputs_of(tmp_path, epigenomes=3)
    numbers = figures.model_numbers(verdict.values_of(inputs), inputs.comparisons)
    reached = numbers[numbers["against"] == ""]
    means = reached.groupby("epigenome", sort=False)["value"].mean()
    assert means.is_monotonic_decreasing
    assert list(reached["model"].unique()[:2]) == ["attentivechrome", "lstm_alpha"]
    assert list(numbers["against"].unique()) == ["", "logistic_regression", "max_mark"]


def test_maps_averaged_over_epigenomes_count_each_alike():
    rows = [("E1", 10, 0.2), ("E2", 30, 0.4)]
    table = pd.DataFrame(rows, columns=["epigenome", "genes", "value"]).assign(
        model="lstm_attn", map="alpha", **{"class": "expressed"}, mark="all marks", bin=1, low=np.nan, high=np.nan
    )
    table["bin"] = table["bin"].astype("Int64")
    mean = figures.mean_over_epigenomes(table)
    assert mean[["epigenome", "genes", "value"]].to_numpy().tolist() == [["mean of 2", 40, pytest.approx(0.3)]]


def test_a_map_that_hardly_differs_from_an_even_one_stays_pale():
    grid = np.full((1, 100), 1.0)
    strip = figures.Strip([("", "", grid)], ["H3K4me3"], pd.DataFrame(), scale=1.01, unit="%", even=1.0)
    colour = strip.colours(strip.norm(1.01))
    assert min(colour[:3]) > 0.85
    assert max(strip.colours(strip.norm(2.0))[:3]) < 0.4


# ---------------------------------------------------------------- times


# ---------------------------------------------------------------- safe, and part of a cohort's page


def test_text_from_the_input_is_shown_but_never_becomes_markup(hostile: Built):
    assert not [tag for tag, _ in hostile.parsed.tags if tag in ("img", "script")]
    assert "<script>alert(1)" in hostile.parsed.text and "</svg></style>" not in hostile.html
    for path in hostile.figures.glob("*.svg"):
        tags = {element.tag.rsplit("}", 1)[-1] for element in ElementTree.parse(path).iter()}
        assert "img" not in tags and "script" not in tags


def test_a_cohort_s_page_holds_the_same_section_when_there_are_epigenomes(usual: Built, tmp_path: Path):
    given = report_inputs.write_inputs(tmp_path / "in", saliency=False, history=False)
    paths = {"chromatin_section": usual.section, "chromatin_summary": usual.report.parent / "summary.txt"}
    report = tmp_path / "results/cohort/report.html"
    summary = build_report(read_inputs(**given, **paths), report=report, figures=report.parent / "figures")
    html = report.read_text()
    parsed = Parsed(html)
    assert '<a href="#chromatin">Chromatin</a>' in html and "Where AttentiveChrome looks" in parsed.text
    assert html.count("<main>") == 1 and 'href="../chromatin/figures/chromatin_models.svg"' in html
    ids = [attributes["id"] for _, attributes in parsed.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    (line,) = [line for line in summary.splitlines() if line.startswith("  chromatin:")]
    assert "Histone marks" in line


def test_without_epigenomes_a_cohort_s_page_says_nothing_of_them(tmp_path: Path):
    given = report_inputs.write_inputs(tmp_path, saliency=False, history=False)
    summary = build_report(read_inputs(**given), report=tmp_path / "r.html", figures=tmp_path / "f")
    assert "hromatin" not in re.sub(r"<style>.*?</style>", "", (tmp_path / "r.html").read_text(), flags=re.S) + summary


def test_a_file_that_is_no_section_never_gets_into_a_page(tmp_path: Path):
    (tmp_path / "section.html").write_text("<script>alert(1)</script>")
    given = report_inputs.write_inputs(tmp_path / "in", saliency=False, history=False)
    with pytest.raises(InputError, match="not the section that the chromatin report writes"):
        read_inputs(**given, chromatin_section=tmp_path / "section.html")


def test_ids_are_unique_and_tables_have_captions(usual: Built):
    ids = [attributes["id"] for _, attributes in usual.parsed.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    tags = [tag for tag, _ in usual.parsed.tags]
    assert tags.count("table") == tags.count("caption")
    assert all(attributes.get("aria-label") for tag, attributes in usual.parsed.tags if tag == "svg")


def test_same_inputs_give_the_same_bytes(usual: Built, tmp_path: Path):
    assert Built(tmp_path).html == usual.html


def test_summary_is_about_eight_lines_and_ends_with_the_report(usual: Built):
    lines = usual.summary.splitlines()
    assert len(lines) <= 8 and lines[0].startswith("chromatin: ")
    assert lines[-1].endswith(str(usual.report))


def test_metrics_without_a_measure_are_one_clear_error(tmp_path: Path):
    given = made_up.write_inputs(tmp_path, history=False)
    table = pd.read_csv(given["metrics"], sep="\t")
    report_inputs.write(table[table["metric"] == "f1"], given["metrics"])
    with pytest.raises(InputError, match=r"metrics\.tsv: the metrics hold neither AUC nor Pearson's r"):
        read_chromatin_inputs(**given)


def test_genes_are_counted_where_they_have_signal_and_a_label(tmp_path: Path):
    given = made_up.write_inputs(tmp_path, genes=3000)
    for path, genes in zip(given["labels"], (348, 371), strict=True):
        made_up.write(made_up.labels_summary("median", genes), path)
    given["without_signal"] = [
        made_up.write(
            pd.DataFrame({"gene_id": ["G1", "G2"], "reason": "no mark covers the window"}),
            path.parent / "genes_without_signal.tsv",
        )
        for path in given["labels"]
    ]
    inputs = read_chromatin_inputs(**given)
    summary = build_chromatin_report(
        inputs, report=tmp_path / "r" / "report.html", figures=tmp_path / "r" / "figures", summary=tmp_path / "s.txt"
    )
    assert "348 to 371 genes, 69 to 74 of them to test" in summary
    page = (tmp_path / "r" / "report.html").read_text().replace("\N{NO-BREAK SPACE}", " ")
    assert "Only 69 test genes" in page and "up to 2 genes left out of an epigenome for lack of signal" in page
