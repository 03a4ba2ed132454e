"""Two tiny simulated epigenomes from nothing to their report; then what is made again, and bad input."""

import pandas as pd
import pytest

from .conftest import EPIGENOMES, Workflow

pytestmark = pytest.mark.slow
REPORT = {"build_chromatin_report": 1, "write_manifest": 1}
SETTINGS = {"collect_settings": 1}
EVALUATED = {"evaluate_chromatin": 1} | REPORT
EXPLAINED = {"explain_chromatin": 2, "map_attention": 1}
TRAINED = {"train_chromatin": 4} | EVALUATED | EXPLAINED


@pytest.fixture(scope="module")
def finished(tree, tmp_path_factory):
    workflow = Workflow(tree, tmp_path_factory.mktemp("chromatin"))
    workflow.run("--cores", "2", config=EPIGENOMES)
    return workflow


def changed(group, **values):
    part = EPIGENOMES["chromatin"]
    return {"chromatin": part | {group: part.get(group, {}) | values}}


def table(workflow, name):
    return pd.read_csv(workflow.folder / "results" / "chromatin" / name, sep="\t")


def test_every_promised_file_is_there(finished):
    results = finished.folder / "results" / "chromatin"
    for name in (
        "promoters.tsv", "genes.tsv", "genes_excluded.tsv", "coverage.tsv", "S001/bins.zarr", "S001/labels.tsv",
        "S002/labels_summary.tsv", "training/deepchrome/group_2/weights.safetensors", "metrics.tsv", "summary.tsv",
        "comparisons.tsv", "S002/attention.zarr", "attention_maps.tsv", "mark_weights.tsv",
        "attention_validation.tsv", "attention_truth.tsv", "settings.json", "report.html", "simulated/truth.tsv",
    ):  # fmt: skip
        assert (results / name).exists(), name


def test_metrics_cover_every_epigenome_model_and_seed(finished):
    metrics = table(finished, "metrics.tsv")
    assert list(metrics.columns) == ["epigenome", "model", "seed", "metric", "value", "low", "high"]
    assert set(metrics["epigenome"]) == {"S001", "S002"}
    assert set(metrics["model"]) == {"cnn_alpha_beta", "deepchrome", "logistic_regression", "max_mark"}
    assert {"auc", "auprc", "accuracy", "f1"} == set(metrics["metric"])
    assert set(table(finished, "attention_validation.tsv")["validation_mark"]) == {"H3K27ac"}


def test_a_second_run_does_nothing(finished):
    assert finished.planned(config=EPIGENOMES) == {}


@pytest.mark.parametrize(
    ("config", "again"),
    [
        (changed("evaluation", bootstrap=120), EVALUATED),
        (changed("attention", samples=120), {"map_attention": 1} | REPORT),
        (changed("training", epochs=2), TRAINED),
        (changed("labels", threshold="training"),
         {"label_genes": 2, "train_chromatin_baseline": 2} | TRAINED),
        (changed("bins", statistic="sum"),
         {"bin_histone": 2, "summarise_bins": 1, "label_genes": 2, "train_chromatin_baseline": 2} | TRAINED),
    ],
    ids=["bootstrap", "attention", "epochs", "labels", "bins"],
)  # fmt: skip
def test_a_changed_setting_reruns_exactly_the_stages_it_feeds(finished, config, again):
    assert finished.planned(config=config) == again | SETTINGS


@pytest.mark.parametrize(
    ("module", "again"),
    [
        ("chromatin/explain.py", EXPLAINED | REPORT),
        ("chromatin/presets.py", TRAINED),
        ("bins/coverage.py", {"summarise_bins": 1} | REPORT),
    ],
)
def test_an_edited_library_file_reruns_exactly_the_stages_it_feeds(finished, module, again):
    path = finished.tree / "workflow" / "promoternets" / module
    before = path.read_bytes()
    try:
        path.write_bytes(before + b"\n# edited\n")
        assert finished.planned(config=EPIGENOMES) == again
    finally:
        path.write_bytes(before)


def test_signal_of_another_genome_ends_in_one_clear_line_and_leaves_no_bins(finished, tmp_path):
    simulated = finished.folder / "results" / "chromatin" / "simulated"
    (tmp_path / "genes.bed").write_text(
        "".join(f"chr9\t{1000 + 9000 * n}\t{2000 + 9000 * n}\t{gene}\t0\t+\n" for n, gene in
                enumerate(pd.read_csv(simulated / "expression.tsv", sep="\t")["gene_id"]))
    )  # fmt: skip
    sheet = pd.read_csv(simulated / "epigenomes.tsv", sep="\t")
    sheet["path"] = [str(finished.folder / path) for path in sheet["path"]]
    sheet.to_csv(tmp_path / "sheet.tsv", sep="\t", index=False)
    part = {"epigenomes": "sheet.tsv", "expression": str(simulated / "expression.tsv"), "annotation": "genes.bed",
            "split": {"by": "random"}}  # fmt: skip
    done = Workflow(finished.tree, tmp_path).run("bins", "--cores", "1", config={"chromatin": part}, check=False)
    assert done.returncode == 1 and "error: " in done.stderr and "Traceback" not in done.stderr
    assert not list(tmp_path.glob("results/chromatin/*/bins.zarr"))
