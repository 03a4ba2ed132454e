"""The evaluation's tables, and what it refuses."""

import numpy as np
import pandas as pd
import pytest

from promoternets.errors import InputError
from promoternets.evaluation.evaluate import evaluate
from promoternets.formats.out_of_fold import collect
from promoternets.formats.predictions import read_predictions, write_predictions
from promoternets.formats.tables import read_table, write_table
from promoternets.resampled import over_folds

PEOPLE = 60


def cohort(folder, *, models=("als_net", "covariates"), seeds=(0, 1), change=None):
    """Write a sample table and the predictions of three folds; als_net knows, the others guess."""
    random = np.random.default_rng(4)
    names = [f"p{number:02d}" for number in range(PEOPLE)]
    case = random.random(PEOPLE) < 0.5
    fold = np.arange(PEOPLE) % 3 + 1
    write_table(pd.DataFrame({"sample": names, "phenotype": case.astype(int)}), folder / "samples.tsv")
    paths = []
    for model in models:
        signal = 2.0 if model == "als_net" else 0.0
        own = seeds if model == "als_net" else (0,)
        table = pd.DataFrame(
            [
                (
                    name,
                    int(is_case),
                    part,
                    model,
                    seed,
                    1 / (1 + np.exp(-random.normal() - signal * (is_case - 0.5))),
                )
                for name, is_case, part in zip(names, case, fold, strict=True)
                for seed in own
            ],
            columns=["sample", "phenotype", "fold", "model", "seed", "probability"],
        )
        table = table if change is None else change(table)
        for part, rows in table.groupby("fold"):
            paths.append(folder / model / f"fold_{part}.tsv")
            write_table(rows, paths[-1])
    return paths


def run(folder, paths, **options):
    outputs = {name: folder / f"{name}.tsv" for name in ("metrics", "comparisons", "curves", "variance")}
    evaluate(predictions=paths, samples=folder / "samples.tsv", cohort="demo", bootstrap=200, **outputs, **options)
    numbers = dict.fromkeys(("value", "low", "high", "difference", "p_value", "x", "y"), "float64")
    return {name: read_table(path, dtypes=numbers) for name, path in outputs.items()}


def test_tables_have_every_model_fold_seed_and_metric_once(tmp_path):
    tables = run(tmp_path, cohort(tmp_path))
    metrics = tables["metrics"]
    assert list(metrics.columns) == ["cohort", "model", "fold", "seed", "metric", "value", "low", "high"]
    assert not metrics.duplicated(["model", "fold", "seed", "metric"]).any()
    assert set(metrics["fold"]) == {"all", "1", "2", "3"}
    assert set(metrics.loc[metrics["model"] == "als_net", "seed"]) == {"all", "0", "1"}
    assert set(metrics.loc[metrics["model"] == "covariates", "seed"]) == {"all"}
    assert ((metrics["low"] <= metrics["value"]) & (metrics["value"] <= metrics["high"])).mean() > 0.95
    assert set(tables["curves"]["curve"]) == {"roc", "pr", "calibration"}


def test_a_better_model_is_seen_to_be_better(tmp_path):
    table = run(tmp_path, cohort(tmp_path))["comparisons"].set_index("metric")
    assert set(table["against"]) == {"covariates"}
    assert table.loc["auc", "difference"] > 0 and table.loc["auc", "low"] > 0 and table.loc["auc", "p_value"] < 0.05
    assert table.loc["brier", "difference"] < 0
    assert (table["p_value"] > 0).all()


def test_a_model_compared_with_its_copy_differs_by_nothing(tmp_path):
    paths = cohort(tmp_path, models=("als_net",), seeds=(0,))
    copies = []
    for path in paths:
        table = read_predictions(path).assign(model="copy")
        copies.append(path.with_name(f"copy_{path.name}"))
        write_table(table, copies[-1])
    table = run(tmp_path, paths + copies)["comparisons"]
    assert (table[["difference", "low", "high"]] == 0).all(axis=None) and (table["p_value"] == 1).all()


def test_seeds_are_averaged_before_they_are_measured(tmp_path):
    paths = cohort(tmp_path, models=("als_net",))
    frame = pd.concat([read_predictions(path) for path in paths])
    collected = collect(paths, tmp_path / "samples.tsv")
    expected = frame.groupby("sample")["probability"].mean()
    assert collected.runs[0].probability == pytest.approx(expected.loc[collected.sample].to_numpy())


def test_results_do_not_depend_on_the_order_of_files_and_rows(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first = run(tmp_path / "a", cohort(tmp_path / "a"))
    paths = cohort(tmp_path / "b", change=lambda table: table.iloc[::-1])
    samples = tmp_path / "b" / "samples.tsv"
    write_table(read_table(samples).iloc[::-1], samples)
    second = run(tmp_path / "b", paths[::-1])
    for name, table in first.items():
        pd.testing.assert_frame_equal(table, second[name])


def test_a_family_column_decides_who_is_drawn_together(tmp_path):
    def width(family):
        paths = cohort(tmp_path, models=("covariates",))
        table = read_table(tmp_path / "samples.tsv")
        if family:
            table["family"] = [str(number // 10) for number in table["phenotype"].astype(int).argsort().argsort()]
        write_table(table, tmp_path / "samples.tsv")
        metrics = run(tmp_path, paths)["metrics"]
        row = metrics[(metrics["fold"] == "all") & (metrics["metric"] == "accuracy")].iloc[0]
        return row["high"] - row["low"]

    assert width(family=True) != width(family=False)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.iloc[1:], r"als_net \(seed 0\) does not predict 1 of 60 people: p00"),
        (lambda table: pd.concat([table, table.iloc[:1]]), "predicts p00 more than once"),
        (lambda table: pd.concat([table, table.iloc[:1].assign(fold=2)]), "predicts p00 more than once"),
        (lambda table: table.assign(sample=table["sample"].replace("p03", "x")), "not in the sample table"),
        (lambda table: table.assign(phenotype=1 - table["phenotype"]), "the sample table has another"),
        (lambda table: table.assign(probability=table["probability"] + 1), "not a number between 0 and 1"),
        (lambda table: table.assign(phenotype=2), "neither 1 .* nor 0"),
        (lambda table: table.drop(columns="seed"), "lacks column seed"),
    ],
)
def test_predictions_that_are_not_one_a_person_are_refused(tmp_path, change, message):
    paths = cohort(tmp_path, models=("als_net",), seeds=(0,), change=change)
    with pytest.raises(InputError, match=message):
        run(tmp_path, paths)
    assert not (tmp_path / "metrics.tsv").exists()


def test_models_with_different_folds_are_refused(tmp_path):
    paths = cohort(
        tmp_path,
        change=lambda table: table.assign(fold=1) if table["model"].iloc[0] == "covariates" else table,
    )
    with pytest.raises(InputError, match="is tested in fold 2 by als_net and fold 1 by covariates"):
        run(tmp_path, paths)


def test_without_als_net_there_is_a_table_of_comparisons_without_rows(tmp_path):
    tables = run(tmp_path, cohort(tmp_path, models=("covariates",)))
    assert tables["comparisons"].empty and "p_value" in tables["comparisons"].columns


def test_predictions_round_trip(tmp_path):
    path = tmp_path / "p.tsv"
    write_predictions(
        path,
        samples=["007", "b"],
        phenotype=[1, 0],
        probability=[0.25, 1 / 3],
        fold=2,
        model="m",
        seed=[0, 1],
    )
    table = read_predictions(path)
    assert table["sample"].tolist() == ["007", "b"] and table["seed"].tolist() == [0, 1]
    assert table["probability"].to_numpy() == pytest.approx([0.25, 1 / 3], abs=1e-9)
    with pytest.raises(ValueError, match="no probability"):
        write_predictions(path, samples=["a"], phenotype=[1], probability=[np.nan], fold=1, model="m")


def row(metrics, model, metric, seed="all"):
    found = metrics[(metrics["model"] == model) & (metrics["metric"] == metric) & (metrics["seed"] == seed)]
    return found[found["fold"] == "all"].iloc[0]


def test_intervals_that_allow_for_the_fits_stand_beside_those_over_people(tmp_path):
    metrics = run(tmp_path, cohort(tmp_path))["metrics"]
    for seed in ("all", "0", "1"):
        people, fits = (row(metrics, "als_net", name, seed) for name in ("auc_within_fold", "auc_over_fits"))
        assert fits["value"] == people["value"]
        # Three folds of twenty: 1 + 3 * 20/40 = 2.5.
        assert fits["value"] - fits["low"] == pytest.approx(np.sqrt(2.5) * (people["value"] - people["low"]))
        folds = metrics[(metrics["model"] == "als_net") & (metrics["metric"] == "auc") & (metrics["seed"] == seed)]
        auc = folds.loc[folds["fold"] != "all", "value"].to_numpy()
        expected = over_folds(auc, [40] * 3, [20] * 3)
        over = row(metrics, "als_net", "auc_over_folds", seed)
        assert tuple(over[["value", "low", "high"]]) == pytest.approx((expected.mean, expected.low, expected.high))


def test_the_variance_table_tells_seeds_people_and_folds_apart(tmp_path):
    tables = run(tmp_path, cohort(tmp_path, seeds=(0, 1, 2)), seed=3)
    table, metrics = tables["variance"].set_index("model").drop(columns="cohort"), tables["metrics"]
    assert list(table.columns) == ["seeds", "auc", "ensemble_auc", "sd_seeds", "sd_people", "sd_folds", "people"]
    table = table.apply(pd.to_numeric)
    single = [row(metrics, "als_net", "auc_within_fold", str(seed))["value"] for seed in range(3)]
    ours = table.loc["als_net"]
    assert ours["seeds"] == 3 and ours["people"] == PEOPLE
    assert ours["auc"] == pytest.approx(np.mean(single)) and ours["sd_seeds"] == pytest.approx(np.std(single, ddof=1))
    assert ours["ensemble_auc"] == pytest.approx(row(metrics, "als_net", "auc_within_fold")["value"])
    alone, people = table.loc["covariates"], row(metrics, "covariates", "auc_within_fold")
    assert alone["sd_people"] == pytest.approx((people["high"] - people["low"]) / 3.92, rel=0.15)
    assert alone["seeds"] == 1 and np.isnan(alone["sd_seeds"]) and alone["auc"] == alone["ensemble_auc"]


def test_seeds_that_agree_leave_no_variance_between_seeds_but_that_between_people(tmp_path):
    def agree(table):
        return table.assign(probability=table.groupby("sample")["probability"].transform("first"))

    table = run(tmp_path, cohort(tmp_path, change=agree))["variance"].set_index("model")
    values = table.loc["als_net", ["sd_seeds", "sd_people", "sd_folds"]].astype(float)
    assert values["sd_seeds"] == 0 and values["sd_people"] > 0.01 and values["sd_folds"] > 0.001
