"""A model fine-tuned on other people: honest, better where these differ, and a model folder again."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
import trained_cohort
from plink_files import People, Variant, write_vcf
from safetensors.torch import load_file
from scipy.special import logit

from promoternets.calibration import platt
from promoternets.errors import InputError
from promoternets.fine_tuning.export import compare_fine_tuning, comparison_table, export_fine_tuned
from promoternets.fine_tuning.people import select_labelled
from promoternets.fine_tuning.train import MODELS, fine_tune_fold
from promoternets.folds.assign import assign_folds
from promoternets.formats.model_folder import read_description
from promoternets.formats.out_of_fold import Collected, Run
from promoternets.formats.predictions import read_predictions
from promoternets.prediction.export import export_model
from promoternets.prediction.model import load_model

NEW, FOLDS, GONE = 120, (1, 2, 3), "chr20:2010:C:T"
SCRATCH = {"preset": "default", "seeds": 1, "linear_path": None, "epochs": 1, "patience": None, "batch_size": None,
           "learning_rate": None, "weight_decay": None}  # fmt: skip


def other_people():
    """Alleles int8 [people, sites, 2] and labels of 120 people in whom the planted sites tell cases the other way."""
    random = np.random.default_rng(11)
    site_ids, _ = trained_cohort.distinct()
    labels = np.tile([0, 1, 1, 0], NEW // 4)
    alleles = (random.random((NEW, len(site_ids), 2)) < 0.5).astype(np.int8)
    alleles[:, 2:4] = np.where(random.random((NEW, 2, 2)) < 0.85, 1 - labels[:, None, None], alleles[:, 2:4])
    return site_ids, alleles, labels


@pytest.fixture(scope="module")
def cohort(script, tmp_path_factory):
    """A model of the small cohort, and the other people's genotypes, tables and folds; one has no phenotype."""
    folder = tmp_path_factory.mktemp("fine_tuning")
    trained = trained_cohort.train(folder)
    export_model(folder=folder / "model", **trained)
    site_ids, alleles, labels = other_people()
    names = [f"new{number:03d}" for number in range(NEW)]
    kept = [at for at, site in enumerate(site_ids) if site != GONE]
    variants = [Variant("20", int(site.split(":")[1]), ".", site.split(":", 2)[2].replace(":", ">"))
                for site in (site_ids[at] for at in kept)]  # fmt: skip
    phased = np.pad(alleles[:, kept].swapaxes(0, 1), ((0, 0), (0, 0), (0, 1)), constant_values=1)
    vcf = write_vcf(folder / "new.vcf.gz", People(names), variants, phased)
    parse = script("parse_genotypes").main
    parse(vcf=[vcf], genotypes=folder / "20.zarr", chrom="20", build="GRCh37", model=folder / "model")
    phenotype = [None if at == 5 else str(value) for at, value in enumerate(labels)]
    pd.DataFrame({"sample": names, "phenotype": phenotype, "family": [name[:5] for name in names]}).to_csv(
        folder / "all.tsv", sep="\t", index=False, na_rep="NA"
    )
    select_labelled(samples=folder / "all.tsv", labelled=folder / "new.tsv")
    assign_folds(samples=folder / "new.tsv", folds=folder / "new_folds.tsv", count=len(FOLDS), inner=3)
    return folder


def fine_tuned(cohort, out, fold=1, **changes):
    """Fine-tune in one fold; return the paths of what is written."""
    out.mkdir(parents=True, exist_ok=True)
    paths = {"weights": out / f"{fold}.safetensors", "description": out / f"{fold}.json",
             "history": out / f"{fold}.history.tsv", "predictions": out / f"{fold}.tsv"}  # fmt: skip
    given = dict(
        model=cohort / "model", genotypes=[cohort / "20.zarr"], samples=cohort / "new.tsv",
        folds=cohort / "new_folds.tsv", fold=fold, cohort="new", build="GRCh37", layers="all", epochs=3, patience=3,
        learning_rate=1e-3, scratch=SCRATCH, device=torch.device("cpu"), **paths,
    )  # fmt: skip
    fine_tune_fold(**given | changes)
    return paths


@pytest.fixture(scope="module")
def every_fold(cohort):
    return [fine_tuned(cohort, cohort / "out", fold, epochs=8, patience=8) for fold in FOLDS]


@pytest.fixture(scope="module")
def exported(cohort, every_fold):
    paths = {key: [one[key] for one in every_fold] for key in ("weights", "predictions")}
    export_fine_tuned(folder=cohort / "tuned", cohort="new", source=cohort / "model", samples=cohort / "new.tsv",
                      descriptions=[one["description"] for one in every_fold], bootstrap=100, **paths)  # fmt: skip
    return cohort / "tuned"


def test_everybody_of_known_phenotype_is_predicted_once_by_each_model_and_families_stay_together(cohort, every_fold):
    table = pd.concat([read_predictions(one["predictions"]) for one in every_fold])
    assert set(table["model"]) == set(MODELS)
    tuned = table[(table["model"] == "fine_tuned") & (table["seed"] == 0)]
    assert sorted(tuned["sample"]) == sorted(set(tuned["sample"])) and len(tuned) == NEW - 1
    assert "new005" not in set(table["sample"])
    assert tuned.assign(family=tuned["sample"].str[:5]).groupby("family")["fold"].nunique().max() == 1


def test_labels_of_test_people_change_no_prediction(cohort, tmp_path):
    people = pd.read_csv(cohort / "new.tsv", sep="\t")
    tested = pd.read_csv(cohort / "new_folds.tsv", sep="\t").set_index("sample")["fold"].loc[people["sample"]] == 1
    swapped = people.assign(phenotype=np.where(tested, 1 - people["phenotype"], people["phenotype"]))
    trained_on = people.assign(phenotype=np.where(~tested, 1 - people["phenotype"], people["phenotype"]))
    found = {}
    for name, table in (("as_they_are", people), ("swapped", swapped), ("trained_on", trained_on)):
        table.to_csv(tmp_path / f"{name}.tsv", sep="\t", index=False)
        paths = fine_tuned(cohort, tmp_path / name, samples=tmp_path / f"{name}.tsv", epochs=1)
        found[name] = read_predictions(paths["predictions"])
    assert (found["swapped"]["phenotype"] == 1 - found["as_they_are"]["phenotype"]).all()
    assert found["swapped"]["probability"].equals(found["as_they_are"]["probability"])
    learned = found["as_they_are"]["model"].isin(["fine_tuned", "from_scratch"])
    moved = (found["trained_on"]["probability"] - found["as_they_are"]["probability"]).abs()
    assert moved[~learned].max() == 0 and moved[learned].max() > 0.01, (
        "training people's labels do, or nothing is tested"
    )


def test_fine_tuning_follows_people_in_whom_the_sites_say_the_opposite(cohort, every_fold, tmp_path):
    compare_fine_tuning(
        predictions=[one["predictions"] for one in every_fold], samples=cohort / "new.tsv", cohort="new",
        bootstrap=200, comparison=tmp_path / "c.tsv", summary=tmp_path / "s.txt",
    )  # fmt: skip
    table = pd.read_csv(tmp_path / "c.tsv", sep="\t")
    models, differences = (table[rows].set_index(key) for rows, key in (
        (table["against"].isna(), "model"), (table["against"].notna(), "against")))  # fmt: skip
    assert models.loc["unchanged", "auc"] < 0.3 and models.loc["fine_tuned", "auc"] > 0.5
    row = differences.loc["unchanged"]
    assert row["auc"] == pytest.approx(models.loc["fine_tuned", "auc"] - models.loc["unchanged", "auc"])
    assert 0 < row["low"] < row["auc"] < row["high"] and row["p_value"] < 0.05
    assert (tmp_path / "s.txt").read_text().startswith("Fine-tuning on new helped: 119 people")


def test_the_unchanged_model_predicts_what_it_predicts_of_anybody(cohort, every_fold):
    site_ids, alleles, _ = other_people()
    kept = [at for at, site in enumerate(site_ids) if site != GONE]
    expected = load_model(cohort / "model").predict(alleles[:, kept], [site_ids[at] for at in kept])
    table = pd.concat([read_predictions(one["predictions"]) for one in every_fold])
    table = table[table["model"] == "unchanged"]
    np.testing.assert_allclose(table["probability"], expected[table["sample"].str[3:].astype(int)], atol=1e-6)


def test_the_exported_folder_predicts_as_in_the_folds_and_says_where_it_comes_from(cohort, every_fold, exported):
    model, said = load_model(exported), read_description(exported)
    assert [(fold["people_fold"], fold["model_fold"]) for fold in said["folds"]] == [
        (fold, own) for fold in FOLDS for own in (1, 2)
    ]
    assert said["fine_tuned_from"]["cohort"] == "small" and said["cohort"] == "new"
    assert said["training_summary"]["people"] == NEW - 1 and said["build"] == "GRCh37"
    site_ids, alleles, _ = other_people()
    kept = [at for at, site in enumerate(site_ids) if site != GONE]
    matching = model.match([site_ids[at] for at in kept])
    raw = model.uncalibrated(alleles[:, kept], matching)
    scores, cases = [], []
    for at, one in enumerate(every_fold):
        own = np.concatenate(raw[2 * at : 2 * at + 2])  # two folds of the model, two seeds each
        table = read_predictions(one["predictions"])
        table = table[table["model"] == "fine_tuned"]
        people = table["sample"].str[3:].astype(int)
        np.testing.assert_allclose(own[table["seed"], people], table["probability"], atol=1e-5)
        scores += [logit(run.mean(0)[people[table["seed"] == 0]]) for run in raw[2 * at : 2 * at + 2]]
        cases += [table.loc[table["seed"] == 0, "phenotype"]] * 2
    slope, intercept = platt(np.concatenate(scores), np.concatenate(cases) == 1)
    assert said["calibration"]["slope"] == pytest.approx(slope, rel=1e-3), "of what is calibrated: one entry's mean"
    assert said["calibration"]["intercept"] == pytest.approx(intercept, abs=1e-3)
    assert b"new0" not in (exported / "model.json").read_bytes()


def test_the_head_alone_learns_when_asked_and_nothing_moves_where_no_epoch_is_better(cohort, tmp_path):
    before = {
        f"{at}/seed_{number}/{name}": value
        for at, fold in enumerate(load_model(cohort / "model").folds, start=1)
        for number, own in enumerate(fold.networks.weights)
        for name, value in own.items()
    }
    for what, changes, allowed in (
        ("head", {"layers": "head"}, {"dense_256", "dense_16", "output", "linear"}),
        ("none", {"learning_rate": 1.0, "epochs": 1}, {"linear"}),
    ):
        paths = fine_tuned(cohort, tmp_path / what, **changes)
        weights = load_file(paths["weights"])
        moved = {
            name.split("/")[2].split(".")[0] for name, old in before.items() if not torch.equal(weights[name], old)
        }
        assert moved == allowed, what
        best = [epoch for entry in json.loads(paths["description"].read_text()) for epoch in entry["best_epochs"]]
        assert len(best) == 4 and (set(best) == {0}) == (what == "none")
        history = pd.read_csv(paths["history"], sep="\t")
        assert history.groupby(["model_fold", "seed"])["epoch"].min().tolist() == [0] * 4


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"min_coverage": 0.95}, r"94.1% of the model's 17 sites are there, at least 95% are needed"),
        ({"build": "GRCh38"}, "no liftover"),
        ({"fold": 7}, "nobody is tested in fold 7"),
    ],
)
def test_what_a_model_cannot_be_used_on_is_refused(cohort, tmp_path, changes, said):
    with pytest.raises(InputError, match=said):
        fine_tuned(cohort, tmp_path, **changes)
    assert not list(tmp_path.iterdir())


def test_a_model_on_top_of_confounders_is_refused(cohort, tmp_path):
    said = json.loads((cohort / "model" / "model.json").read_text())
    said["folds"][1]["on_top_of_offset"] = True
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.json").write_text(json.dumps(said))
    (tmp_path / "model" / "weights.safetensors").write_bytes((cohort / "model" / "weights.safetensors").read_bytes())
    with pytest.raises(InputError, match="on top of confounders"):
        fine_tuned(cohort, tmp_path / "out", model=tmp_path / "model")


def test_people_without_phenotype_alone_are_refused(tmp_path):
    pd.DataFrame({"sample": ["a", "b"], "phenotype": [None, None]}).to_csv(
        tmp_path / "samples.tsv", sep="\t", index=False, na_rep="NA"
    )
    with pytest.raises(InputError, match="nobody's phenotype is known"):
        select_labelled(samples=tmp_path / "samples.tsv", labelled=tmp_path / "labelled.tsv")


def test_differences_are_paired_and_the_same_model_differs_by_nothing():
    random = np.random.default_rng(2)
    case, fold = np.tile([True, False], 100), np.repeat([1, 2], 100)
    score = np.clip(0.5 + 0.2 * case + random.normal(0, 0.2, 200), 0, 1)
    runs = [Run(name, "all", score) for name in MODELS[:-1]] + [Run(MODELS[-1], "all", random.random(200))]
    collected = Collected(np.arange(200).astype(str).astype(object), case, fold, np.arange(200), runs)
    table = comparison_table(collected, "c", 200, 1)
    differences = table[table["against"].notna()].set_index("against")
    assert differences.loc["unchanged", ["auc", "low", "high"]].tolist() == [0, 0, 0]
    assert differences.loc["unchanged", "p_value"] == 1
    assert differences.loc["from_scratch", "low"] > 0
    models = table[table["against"].isna()].set_index("model")
    width = models["high"] - models["low"]
    assert width["fine_tuned"] == pytest.approx(np.sqrt(3) * width["unchanged"], rel=0.01), "it was fitted here"
