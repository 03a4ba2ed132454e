"""The scripts of the audit read what the models wrote, and say what of it is batch."""

import numpy as np
import pandas as pd
import pytest

from promoternets.errors import InputError
from promoternets.formats.predictions import write_predictions
from promoternets.formats.selected_store import write_selected_store
from promoternets.formats.tables import read_table, write_table

PEOPLE, SITES = 120, 8
FOLDS = 3


@pytest.fixture
def cohort(tmp_path):
    """Three batches, the third without a case; the phenotype is the first two sites' doing."""
    random = np.random.default_rng(0)
    names = np.array([f"p{number:03d}" for number in range(PEOPLE)], object)
    genotype = random.binomial(2, 0.4, (PEOPLE, 2, SITES)).astype(np.int8)
    liability = 2 * genotype[:, 0, :2].sum(axis=1) + random.normal(size=PEOPLE)
    case = liability > np.median(liability)
    batch = np.where(random.random(PEOPLE) < 0.5, "x", "y")
    batch[~case & (random.random(PEOPLE) < 0.3)] = "z"
    samples = pd.DataFrame({"sample": names, "phenotype": case.astype(int), "batch": batch})
    fold = np.arange(PEOPLE) % FOLDS + 1
    write_table(samples, tmp_path / "samples.tsv")
    write_table(pd.DataFrame({"sample": names, "fold": fold, "inner": 1}), tmp_path / "folds.tsv")
    write_selected_store(
        tmp_path / "selected.zarr", sample_ids=names, genotype=genotype,
        haplotype=np.zeros((PEOPLE, 2, SITES, 2), np.int8), promoters=np.array(["a", "b"], object),
        site_ids=np.array([[f"1:{p}{s}:A:C" for s in range(SITES)] for p in range(2)], object),
        distance=np.zeros((2, SITES), np.int32), fold=1, upstream=6, downstream=2,
    )  # fmt: skip
    scores = {"als_net": 1 / (1 + np.exp(2 - liability)), "covariates": np.where(batch == "z", 0.1, 0.6)}
    scores["logistic_regression"] = scores["als_net"]
    for model, score in scores.items():
        for number in range(1, FOLDS + 1):
            own = fold == number
            write_predictions(
                tmp_path / model / f"fold_{number}.tsv", samples=names[own], phenotype=case[own].astype(int),
                probability=score[own], fold=number, model=model,
            )  # fmt: skip
    return tmp_path


def leave_out(script, cohort, **changed):
    paths = [cohort / "left_out" / f"fold_{fold}.tsv" for fold in range(1, FOLDS + 1)]
    for fold, path in enumerate(paths, start=1):
        script("leave_strata_out").main(
            selected=cohort / "selected.zarr", samples=cohort / "samples.tsv", folds=cohort / "folds.tsv",
            fold=fold, predictions=path, **changed,
        )  # fmt: skip
    return paths


def audit(script, cohort, left_out, **changed):
    given = {
        "predictions": sorted(cohort.glob("*/fold_*.tsv")),
        "left_out": left_out,
        "samples": cohort / "samples.tsv",
        "audit": cohort / "audit.tsv",
        "verdict": cohort / "verdict.txt",
        "bootstrap": 100,
    } | changed
    given["predictions"] = [path for path in given["predictions"] if "left_out" not in str(path)]
    script("audit_confounders").main(**given)
    numbers = dict.fromkeys(("value", "low", "high"), "float64")
    return read_table(cohort / "audit.tsv", dtypes=numbers), (cohort / "verdict.txt").read_text()


def test_each_batch_with_both_classes_is_predicted_once_without_having_been_trained_on(script, cohort):
    paths = leave_out(script, cohort)
    table = pd.concat([pd.read_csv(path, sep="\t") for path in paths])
    people = pd.read_csv(cohort / "samples.tsv", sep="\t")
    expected = people[people["batch"] != "z"]  # a batch of one class has no AUC
    assert sorted(table["sample"]) == sorted(expected["sample"])
    assert set(table["column"]) == {"batch"} and set(table["level"]) == {"x", "y"}


def test_what_is_left_out_cannot_change_the_fit(script, cohort):
    before = leave_out(script, cohort)[0].read_text()
    table = pd.read_csv(cohort / "samples.tsv", sep="\t")
    folds = pd.read_csv(cohort / "folds.tsv", sep="\t")
    training_of_x = (table["batch"] == "x") & (folds["fold"] != 1)
    table.loc[training_of_x, "phenotype"] = 1 - table.loc[training_of_x, "phenotype"]
    write_table(table, cohort / "samples.tsv")
    after = leave_out(script, cohort)[0].read_text()
    of_x = [[line for line in text.splitlines() if "\tx\t" in line] for text in (before, after)]
    assert of_x[0] == of_x[1] and before != after


def test_the_audit_has_every_check_and_flags_the_batch_of_one_class(script, cohort):
    table, verdict = audit(script, cohort, leave_out(script, cohort))
    assert list(table.columns) == ["check", "stratum", "model", "metric", "value", "low", "high", "flag"]
    assert list(table["check"].unique()) == [
        "classes", "overall", "model_minus_confounders", "increment", "within_strata", "stratum_left_out",
        "score_predicts_stratum", "score_by_stratum",
    ]  # fmt: skip
    assert not table.duplicated(["check", "stratum", "model", "metric"]).any()
    flagged = table[table["flag"] == "one_class"]
    assert flagged["stratum"].tolist() == ["batch=z"] and flagged["metric"].tolist() == ["cases"]
    left = table[(table["check"] == "stratum_left_out") & (table["stratum"] == "batch")]
    assert left["low"].item() > 0.6
    assert verdict.startswith("The genotype adds to the covariates") and "Red flag: batch=z" in verdict


def test_the_same_seed_gives_the_same_tables(script, cohort):
    left_out = leave_out(script, cohort)
    first, _ = audit(script, cohort, left_out)
    second, _ = audit(script, cohort, left_out)
    pd.testing.assert_frame_equal(first, second)


def test_a_covariate_makes_strata_where_there_is_no_batch_and_where_it_is_named(script, cohort):
    table = pd.read_csv(cohort / "samples.tsv", sep="\t").rename(columns={"batch": "plate"})
    table["age"], table["name"] = np.linspace(20.5, 80, PEOPLE), [f"n{number}" for number in range(PEOPLE)]
    write_table(table, cohort / "samples.tsv")
    found, _ = audit(script, cohort, leave_out(script, cohort))
    assert set(found.loc[found["check"] == "classes", "stratum"]) == {"plate=x", "plate=y", "plate=z"}
    with pytest.raises(InputError, match="no covariate 'sex'.*Choose among plate, age, name"):
        leave_out(script, cohort, strata=["sex"])


def test_a_cohort_without_strata_is_audited_all_the_same(script, cohort):
    table = pd.read_csv(cohort / "samples.tsv", sep="\t").drop(columns="batch")
    write_table(table, cohort / "samples.tsv")
    found, verdict = audit(script, cohort, leave_out(script, cohort))
    assert set(found["check"]) == {"overall", "model_minus_confounders", "increment"}
    assert "nothing could be checked within batches" in verdict


def test_an_audit_without_a_confounder_model_is_refused_in_one_line(script, cohort):
    paths = sorted((cohort / "als_net").glob("*.tsv"))
    with pytest.raises(InputError, match="one of covariates, covariates_pcs; there are als_net"):
        audit(script, cohort, [], predictions=paths)
    assert not (cohort / "audit.tsv").exists()


def test_people_without_a_batch_are_a_stratum_of_their_own(script, cohort):
    table = pd.read_csv(cohort / "samples.tsv", sep="\t")
    table.loc[table["batch"] == "x", "batch"] = None
    write_table(table, cohort / "samples.tsv")
    found, _ = audit(script, cohort, leave_out(script, cohort))
    left = found[(found["check"] == "stratum_left_out") & (found["stratum"] == "batch=NA")]
    assert left["value"].item() > 0.7
