"""From files of bins and labels, through the baselines, to the tables of the evaluation."""

import numpy as np
import pandas as pd
import pytest
from epigenome_files import write_epigenome

from promoternets.errors import InputError
from promoternets.formats.gene_predictions import read_gene_predictions, write_gene_predictions
from promoternets.formats.tables import read_table

EPIGENOMES = tuple(f"E{number:03d}" for number in range(1, 7))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("epigenomes")


@pytest.fixture(scope="module")
def files(folder):
    return [write_epigenome(folder, name, genes=160, seed=number) for number, name in enumerate(EPIGENOMES)]


@pytest.fixture(scope="module")
def predictions(script, files, folder):
    """Two baselines, and a `deepchrome` of two seeds that knows nothing."""
    paths = []
    for model in ("logistic_regression", "max_mark"):
        paths.append(folder / model / "predictions.tsv")
        script("train_chromatin_baseline").main(
            bins=[bins for bins, _ in files],
            labels=[labels for _, labels in files],
            epigenomes=list(EPIGENOMES),
            model=model,
            predictions=paths[-1],
        )
    random = np.random.default_rng(0)
    table = read_gene_predictions(paths[0])
    frames = [table.assign(model="deepchrome", seed=seed, score=random.random(len(table))) for seed in (1, 2)]
    paths.append(folder / "deepchrome" / "predictions.tsv")
    write_gene_predictions(paths[-1], frames)
    return paths


def run(script, paths, folder, **options):
    outputs = {name: folder / "out" / f"{name}.tsv" for name in ("metrics", "summary", "comparisons", "curves")}
    script("evaluate_chromatin").main(predictions=paths, bootstrap=200, **outputs, **options)
    text = ("epigenome", "model", "seed", "metric", "against", "curve")
    tables = {name: read_table(path) for name, path in outputs.items()}
    return {
        name: table.astype({column: "float64" for column in table if column not in text})
        for name, table in tables.items()
    }


def test_tables_have_every_epigenome_model_seed_and_metric_once(script, predictions, tmp_path):
    tables = run(script, predictions, tmp_path)
    metrics = tables["metrics"]
    assert list(metrics.columns) == ["epigenome", "model", "seed", "metric", "value", "low", "high"]
    assert not metrics.duplicated(["epigenome", "model", "seed", "metric"]).any()
    assert len(metrics) == 6 * 4 * (3 + 2 + 2) and set(metrics["metric"]) == {"auc", "auprc", "accuracy", "f1"}
    assert set(metrics.loc[metrics["model"] == "deepchrome", "seed"]) == {"all", "1", "2"}
    assert set(metrics.loc[metrics["model"] == "max_mark", "seed"]) == {"all", "42"}
    assert ((metrics["low"] <= metrics["value"]) & (metrics["value"] <= metrics["high"])).mean() > 0.97
    only = metrics[metrics["model"] == "max_mark"].set_index(["epigenome", "metric", "seed"]).sort_index()
    assert (only.xs("all", level="seed")["value"] == only.xs("42", level="seed")["value"]).all()
    curves = tables["curves"]
    assert set(curves["curve"]) == {"roc"} and curves.groupby(["epigenome", "model"]).ngroups == 18
    assert curves.groupby(["epigenome", "model"]).size().max() <= 200


def test_the_table_agrees_with_the_metrics_and_sees_who_knows_something(script, predictions, tmp_path):
    tables = run(script, predictions, tmp_path)
    metrics, summary = tables["metrics"], tables["summary"].set_index("model")
    auc = metrics[(metrics["metric"] == "auc") & (metrics["seed"] == "all")].pivot(
        index="epigenome", columns="model", values="value"
    )
    assert list(summary.index) == ["deepchrome", "logistic_regression", "max_mark"]
    row = summary.loc["logistic_regression"]
    assert row[["mean", "max", "min"]].tolist() == pytest.approx(auc["logistic_regression"].agg(["mean", "max", "min"]))
    assert row["wins_over_deepchrome"] == row["compared"] == row["epigenomes"] == 6
    assert row["p_value"] == pytest.approx(2 / 2**6) and row["difference_low"] > 0
    assert row["mean_difference"] == pytest.approx((auc["logistic_regression"] - auc["deepchrome"]).mean())
    assert summary.loc["deepchrome", "sd_between_seeds"] > 0 and summary.loc["deepchrome"].isna().sum() == 5
    compared = tables["comparisons"]
    assert set(compared["model"] + " " + compared["against"]) == {
        "deepchrome logistic_regression", "deepchrome max_mark",
        "logistic_regression deepchrome", "max_mark deepchrome",
    }  # fmt: skip


def test_results_do_not_depend_on_the_order_of_files_and_rows(script, predictions, tmp_path):
    first = run(script, predictions, tmp_path / "a")
    turned = []
    for path in predictions[::-1]:
        turned.append(tmp_path / path.parent.name / "predictions.tsv")
        write_gene_predictions(turned[-1], [read_gene_predictions(path).iloc[::-1]])
    second = run(script, turned, tmp_path / "b")
    for name, table in first.items():
        pd.testing.assert_frame_equal(table, second[name])


def test_without_deepchrome_there_is_a_table_and_nothing_to_compare(script, predictions, tmp_path, caplog):
    tables = run(script, predictions[:2], tmp_path)
    assert tables["comparisons"].empty and list(tables["comparisons"].columns)[-1] == "p_value"
    assert (tables["summary"]["compared"] == 0).all() and tables["summary"]["mean_difference"].isna().all()
    assert "no predictions of deepchrome: no model is compared with it" in caplog.text


def test_predicted_expression_has_its_own_metrics(script, files, tmp_path):
    path = tmp_path / "predictions.tsv"
    script("train_chromatin_baseline").main(
        bins=[files[0][0]],
        labels=[files[0][1]],
        epigenomes=["E001"],
        model="logistic_regression",
        predictions=path,
        target="expression",
    )
    tables = run(script, [path], tmp_path, target="expression")
    values = tables["metrics"][tables["metrics"]["seed"] == "all"].set_index("metric")["value"]
    assert set(values.index) == {"pearson", "spearman", "r2", "mse"} and values["pearson"] > 0.5 and values["r2"] > 0.2
    assert tables["summary"].loc[0, "mean"] == values["pearson"] and tables["curves"].empty


def test_an_epigenome_that_one_model_lacks_is_named_and_nothing_is_written(script, predictions, tmp_path):
    table = read_gene_predictions(predictions[1])
    short = tmp_path / "short.tsv"
    write_gene_predictions(short, [table[~table["epigenome"].isin(["E003", "E005"])]])
    with pytest.raises(InputError, match="for all 6 epigenomes; missing are max_mark: E003, E005"):
        run(script, [predictions[0], short], tmp_path)
    with pytest.raises(InputError, match="20 bootstrap resamples are too few"):
        script("evaluate_chromatin").main(
            predictions=predictions,
            bootstrap=20,
            **dict.fromkeys(("metrics", "summary", "comparisons"), tmp_path / "x"),
        )
    assert not (tmp_path / "out").exists() and not (tmp_path / "x").exists()


def test_the_script_runs_from_a_command_line_without_curves(run_script, predictions, tmp_path):
    outputs = {name: tmp_path / f"{name}.tsv" for name in ("metrics", "summary", "comparisons")}
    words = [word for name, path in outputs.items() for word in (f"--{name}", path)]
    done = run_script("evaluate_chromatin", "--predictions", *predictions, "--bootstrap", 100, *words)
    assert done.returncode == 0, done.stderr
    assert all(path.is_file() for path in outputs.values())
