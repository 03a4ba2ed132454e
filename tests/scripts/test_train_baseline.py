"""The script trains a baseline from files, and evaluation reads what it wrote."""

import json

import numpy as np
import pandas as pd
import pytest

from promoternets.errors import InputError
from promoternets.formats.predictions import read_predictions
from promoternets.formats.selected_store import write_selected_store
from promoternets.formats.tables import read_table, write_table

PEOPLE, PROMOTERS, SITES = 90, 3, 8


@pytest.fixture
def files(tmp_path):
    random = np.random.default_rng(0)
    names = np.array([f"p{number:02d}" for number in range(PEOPLE)], object)
    genotype = random.binomial(2, 0.4, (PEOPLE, PROMOTERS, SITES)).astype(np.int8)
    liability = genotype[:, 0, :2].sum(axis=1) + random.normal(size=PEOPLE)
    case = liability > np.median(liability)
    write_selected_store(
        tmp_path / "selected.zarr",
        sample_ids=names,
        genotype=genotype,
        haplotype=np.zeros((PEOPLE, PROMOTERS, SITES, 2), np.int8),
        promoters=np.array(["a", "b", "c"], object),
        site_ids=np.array([[f"1:{p}{s}:A:C" for s in range(SITES)] for p in range(PROMOTERS)], object),
        distance=np.zeros((PROMOTERS, SITES), np.int32),
        fold=1,
        upstream=6,
        downstream=2,
    )
    samples = pd.DataFrame({"sample": names, "phenotype": case.astype(int), "family": None})
    samples["batch"] = np.where(case, "x", "y")
    samples.loc[::4, "batch"] = "z"
    write_table(samples, tmp_path / "samples.tsv")
    folds = pd.DataFrame({"sample": names[::-1], "fold": np.arange(PEOPLE) % 3 + 1, "inner": 1})
    write_table(folds, tmp_path / "folds.tsv")
    return {name: tmp_path / name.replace("_", ".") for name in ("selected_zarr", "samples_tsv", "folds_tsv")}


def arguments(files, tmp_path, **changed):
    given = {
        "selected": files["selected_zarr"],
        "samples": files["samples_tsv"],
        "folds": files["folds_tsv"],
        "fold": 1,
        "model": "logistic_regression",
        "predictions": tmp_path / "out" / "predictions.tsv",
        "details": tmp_path / "out" / "details.json",
    }
    return given | changed


def test_the_people_of_the_fold_are_predicted_and_how_is_told(script, files, tmp_path):
    given = arguments(files, tmp_path)
    script("train_baseline").main(**given)
    table = read_predictions(given["predictions"])
    folds = read_table(files["folds_tsv"])
    assert set(table["sample"]) == set(folds.loc[folds["fold"] == "1", "sample"]) and (table["seed"] == 0).all()
    details = json.loads(given["details"].read_text())
    assert details["training_people"] == 60 and details["test_people"] == 30
    assert details["converged"] and details["chosen"]["C"] > 0 and 0.5 < details["inner_auc"] <= 1
    assert details["columns_given"] == details["columns_used"] == PROMOTERS * SITES
    script("train_baseline").main(**given)
    assert json.loads(given["details"].read_text()) == details, "the same again; nothing tells when or how fast"


def test_labels_of_test_people_change_no_prediction(script, files, tmp_path):
    probabilities = []
    for turned in (False, True):
        table = read_table(files["samples_tsv"])
        folds = read_table(files["folds_tsv"]).set_index("sample")["fold"]
        if turned:
            test = (folds.loc[table["sample"]] == "1").to_numpy()
            table.loc[test, "phenotype"] = [str(1 - int(value)) for value in table.loc[test, "phenotype"]]
            write_table(table, files["samples_tsv"])
        given = arguments(files, tmp_path)
        script("train_baseline").main(**given)
        probabilities.append(read_predictions(given["predictions"])["probability"].tolist())
    assert probabilities[0] == probabilities[1]


def test_evaluation_reads_what_the_folds_wrote(script, files, tmp_path):
    paths = []
    for model in ("linear_svm", "covariates"):
        for fold in (1, 2, 3):
            paths.append(tmp_path / model / f"fold_{fold}.tsv")
            script("train_baseline").main(**arguments(files, tmp_path, model=model, fold=fold, predictions=paths[-1]))
    outputs = {name: tmp_path / f"{name}.tsv" for name in ("metrics", "comparisons", "curves", "variance")}
    script("evaluate_models").main(
        predictions=paths, samples=files["samples_tsv"], cohort="demo", bootstrap=100, **outputs
    )
    metrics = read_table(outputs["metrics"], dtypes={"value": "float64"})
    auc = metrics[(metrics["metric"] == "auc_within_fold")].set_index("model")["value"]
    assert auc["covariates"] > 0.8 and auc["linear_svm"] > 0.55


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"fold": 9}, "nobody is tested in fold 9"),
        ({"model": "perceptron"}, "'perceptron' is not a baseline"),
        ({"selected": None}, "needs the selected sites"),
    ],
)
def test_wrong_choices_are_one_clear_error_and_write_nothing(script, files, tmp_path, changed, message):
    with pytest.raises(InputError, match=message):
        script("train_baseline").main(**arguments(files, tmp_path, **changed))
    assert not (tmp_path / "out").exists()


def test_people_in_one_table_only_are_named(script, files, tmp_path):
    folds = read_table(files["folds_tsv"])
    write_table(folds.iloc[2:], files["folds_tsv"])
    with pytest.raises(InputError, match=r"folds.tsv: it lacks 2 people of .*samples.tsv, p88 the first"):
        script("train_baseline").main(**arguments(files, tmp_path))


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.drop(columns="batch"),
        lambda table: table.drop(columns="batch").assign(barcode=["bc" + name for name in table["sample"]]),
        lambda table: table.assign(batch="x"),
    ],
)
def test_without_a_covariate_that_tells_people_apart_everybody_gets_a_half(script, files, tmp_path, change):
    write_table(change(read_table(files["samples_tsv"])), files["samples_tsv"])
    given = arguments(files, tmp_path, model="covariates")
    script("train_baseline").main(**given)
    assert set(read_table(given["predictions"])["probability"]) == {"0.5"}


def test_both_scripts_run_from_a_command_line(run_script, files, tmp_path):
    given = arguments(files, tmp_path, model="covariates")
    done = run_script("train_baseline", *[word for name, value in given.items() for word in (f"--{name}", value)])
    assert done.returncode == 0, done.stderr
    words = ["--predictions", given["predictions"], "--samples", files["samples_tsv"], "--cohort", "c"]
    outputs = ["--metrics", tmp_path / "m", "--comparisons", tmp_path / "c", "--curves", tmp_path / "u"]
    outputs += ["--variance", tmp_path / "v"]
    done = run_script("evaluate_models", *words, *outputs)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "error: covariates (seed 0) does not predict 60 of 90 people" in done.stderr


def test_principal_components_stand_beside_the_covariates(script, files, tmp_path):
    people = read_table(files["samples_tsv"], dtypes={"phenotype": "int64"})
    random = np.random.default_rng(1)
    table = pd.DataFrame(
        {"sample": people["sample"][::-1], "pc1": people["phenotype"][::-1] + random.normal(size=PEOPLE)}
    )
    write_table(table.assign(pc2=random.normal(size=PEOPLE)), tmp_path / "components.tsv")
    people["pc1"] = 0.5  # a covariate of the same name is another column
    write_table(people.assign(batch="x"), files["samples_tsv"])
    given = arguments(files, tmp_path, model="covariates_pcs", selected=None, components=tmp_path / "components.tsv")
    script("train_baseline").main(**given)
    found = read_predictions(given["predictions"])
    own = table.set_index("sample").loc[found["sample"], "pc1"].to_numpy()
    assert np.corrcoef(own, found["probability"])[0, 1] > 0.7
    assert json.loads(given["details"].read_text())["columns"] == ["genotype pc1", "genotype pc2"]
    with pytest.raises(InputError, match="the model needs principal components. Give them with --components"):
        script("train_baseline").main(**given | {"components": None})
