"""Reruns: which people and labels they have, and what is made of their AUCs."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent))
from stores import write_blocks

from promoternets.als_net.presets import PRESETS
from promoternets.errors import InputError
from promoternets.formats.outer_fold import OuterFold
from promoternets.formats.tables import write_table
from promoternets.ranking.promoters import Promoters
from promoternets.ranking.score import Scoring
from promoternets.reruns import pipeline
from promoternets.reruns.learning_curve import fit_curve, learning_sentences, learning_table, predicted
from promoternets.reruns.measures import auc_over_folds, fold_aucs, read_reruns
from promoternets.reruns.permutation_test import permutation_p_values, permutation_sentences, permutation_table
from promoternets.reruns.plans import Rerun, permuted_reruns, repeated_reruns, subsampled_reruns, together
from promoternets.reruns.repeated_folds import repeats_sentences, repeats_table
from promoternets.training.settings import TrainingSettings

PEOPLE = 120
IDS = np.array([f"p{number}" for number in range(PEOPLE)], dtype=object)


@pytest.fixture
def people():
    fold = np.repeat([1, 2], [96, 24])
    return OuterFold(IDS, np.tile([0, 1], PEOPLE // 2), np.arange(PEOPLE) // 2 % 3 + 1, np.arange(96),
                     np.arange(96, PEOPLE), fold)  # fmt: skip


def test_the_first_rerun_of_a_permutation_test_has_the_labels_as_they_are(people):
    reruns = permuted_reruns(people, np.zeros(PEOPLE, int), permutations=3, seed=1)
    assert [rerun.number for rerun in reruns] == [0, 1, 2, 3]
    assert (reruns[0].people.labels == people.labels).all()
    for rerun in reruns[1:]:
        moved = rerun.people.labels != people.labels
        assert moved[people.training].any() and moved[people.test].any()
        assert rerun.people.labels.sum() == people.labels.sum()


def test_a_permutation_is_the_same_in_every_fold(people):
    other = OuterFold(people.sample_ids, people.labels, people.inner, people.test, people.training, people.fold_of)
    here, there = (permuted_reruns(one, np.zeros(PEOPLE, int), permutations=2, seed=1) for one in (people, other))
    for one, two in zip(here, there, strict=True):
        assert (one.people.labels == two.people.labels).all()


def test_strata_of_one_class_cannot_be_permuted(people):
    with pytest.raises(InputError, match="cases only or controls only"):
        permuted_reruns(people, people.labels, permutations=2, seed=1)


def test_subsamples_keep_the_tested_people_and_the_proportion_of_cases(people):
    reruns = subsampled_reruns(people, shares=[1.0, 0.5], replicates=2, seed=1)
    assert [rerun.share for rerun in reruns] == [0.5, 0.5, 1.0]
    for rerun in reruns:
        chosen = rerun.people.training
        assert set(chosen) <= set(people.training) and (rerun.people.test == people.test).all()
        assert len(chosen) == pytest.approx(96 * rerun.share, abs=3)
        assert people.labels[chosen].mean() == pytest.approx(0.5, abs=0.05)
    assert set(reruns[0].people.training) != set(reruns[1].people.training)


def test_a_subsample_of_next_to_nobody_is_refused(people):
    with pytest.raises(InputError, match="fewer than 10 cases or controls"):
        subsampled_reruns(people, shares=[0.1, 1.0], replicates=1, seed=1)


def test_repeats_test_everybody_once_a_repeat_and_divide_people_anew():
    table = pd.DataFrame({"sample": IDS, "phenotype": np.tile(["0", "1"], PEOPLE // 2), "fold": "1", "inner": "1"})
    table.loc[::4, "fold"], table.loc[::5, "inner"] = "2", "3"
    tested = []
    for fold in (1, 2):
        reruns = repeated_reruns(table, IDS, fold, repeats=2, seed=1)
        tested.append([set(rerun.people.test) for rerun in reruns])
        assert all(not set(rerun.people.test) & set(rerun.people.training) for rerun in reruns)
    for one, two in zip(*tested, strict=True):
        assert not one & two and len(one | two) == PEOPLE
    assert tested[0][0] != tested[0][1]


def test_reruns_of_the_same_people_share_an_ensemble(people):
    permutations = permuted_reruns(people, np.zeros(PEOPLE, int), permutations=3, seed=1)
    subsamples = subsampled_reruns(people, shares=[0.5, 1.0], replicates=1, seed=1)
    assert [len(group) for group in together(permutations)] == [4]
    assert [len(group) for group in together(subsamples)] == [1, 1]


@pytest.fixture(scope="module")
def promoters(tmp_path_factory):
    return Promoters(write_blocks(tmp_path_factory.mktemp("blocks"), people=PEOPLE, promoters=(5, 4), planted=(0, 3)))


def rerun(promoters, reruns):
    preset = PRESETS["default"]
    settings = TrainingSettings(epochs=4, patience=2, learning_rate=0.003, batch_size=32)
    blocks = pd.DataFrame({"promoter": promoters.ids, "gene_id": promoters.ids, "symbol": promoters.ids,
                           "chrom": "1", "tss": 1, "strand": "+"})  # fmt: skip
    return pipeline.run(
        promoters, reruns, fold=2, scoring=Scoring("one_hot", "auc", 1, settings, 2000),
        selection=pipeline.Selection(blocks, promoters.site_names(), 2, None, 1.0),
        preset=type(preset)(preset.encoding, preset.initialisation, preset.training.changed(epochs=2)),
        models=["als_net", "logistic_regression"], stratum=np.zeros(PEOPLE, int), family=np.arange(PEOPLE), seed=1,
        device=torch.device("cpu"),
    )  # fmt: skip


def test_the_planted_promoter_is_selected_and_predicts_with_true_labels_only(promoters, people):
    reruns = permuted_reruns(people, np.zeros(PEOPLE, int), permutations=4, seed=1)
    predictions, ranked = rerun(promoters, reruns)
    assert ranked[(ranked["rerun"] == 0) & (ranked["rank"] == 1)]["promoter"].item() == "chr1_3"
    assert (ranked.groupby("rerun")["selected"].sum() == 2).all()
    assert predictions.groupby(["model", "rerun"])["sample"].nunique().eq(len(people.test)).all()
    aucs = fold_aucs(predictions).set_index(["model", "rerun"])["auc"]
    assert aucs["logistic_regression", 0] > 0.9
    assert aucs["logistic_regression"].drop(0).mean() < 0.75


def test_labels_of_tested_people_change_no_prediction(promoters, people):
    """Leakage would show here."""
    labels = people.labels.copy()
    labels[people.test] = 1 - labels[people.test]
    changed = OuterFold(IDS, labels, people.inner, people.training, people.test, people.fold_of)
    before, after = (rerun(promoters, [Rerun(0, one)])[0]["probability"] for one in (people, changed))
    assert before.to_numpy() == pytest.approx(after.to_numpy(), abs=1e-12)


def test_aucs_of_reruns_are_within_folds_and_weighted_by_pairs():
    table = pd.DataFrame(
        {
            "rerun": 0, "share": 1.0, "training_people": 10, "model": "als_net", "fold": [1] * 4 + [2] * 2,
            "sample": list("abcdef"), "phenotype": [0, 0, 1, 1, 0, 1], "probability": [0.1, 0.6, 0.5, 0.9, 0.8, 0.2],
        }
    )  # fmt: skip
    aucs = fold_aucs(table)
    assert aucs["auc"].tolist() == [0.75, 0.0]
    assert auc_over_folds(aucs)["auc"].item() == pytest.approx(3 / 5)


def test_a_person_predicted_twice_is_an_error(tmp_path):
    row = {"rerun": 0, "share": 1.0, "training_people": 9, "model": "als_net", "fold": 1, "sample": "a",
           "phenotype": 1, "probability": 0.5}  # fmt: skip
    write_table(pd.DataFrame([row, row]), tmp_path / "t.tsv")
    with pytest.raises(InputError, match="predicted twice"):
        read_reruns([tmp_path / "t.tsv"])


def test_the_p_value_counts_permutations_as_high_and_is_never_zero(tmp_path):
    table = pd.DataFrame({"model": "als_net", "permutation": range(5), "auc": [0.7, 0.5, 0.71, 0.4, 0.6]})
    summary = permutation_p_values(table)
    assert summary["p_value"].item() == pytest.approx(2 / 5)
    assert "as much in 1 of 4 permutations (p = 0.4; with 4 it cannot be under 0.2)" in permutation_sentences(
        summary, {"als_net": "ALS-Net"}
    )
    table.loc[0, "auc"] = 0.9
    assert permutation_p_values(table)["p_value"].item() == pytest.approx(1 / 5)
    assert "none of 4" in permutation_sentences(permutation_p_values(table), {})


def test_a_permutation_test_without_permutations_is_an_error(tmp_path):
    predictions = pd.DataFrame({"rerun": 0, "share": 1.0, "training_people": 9, "model": "als_net", "fold": 1,
                                "sample": ["a", "b"], "phenotype": [0, 1], "probability": [0.4, 0.5]})  # fmt: skip
    write_table(predictions, tmp_path / "p.tsv")
    write_table(pd.DataFrame({"rerun": [0], "fold": [1], "promoter": ["x"], "score": [0.5]}), tmp_path / "r.tsv")
    with pytest.raises(InputError, match="no labels were permuted"):
        permutation_table([tmp_path / "p.tsv"], [tmp_path / "r.tsv"])


def curve(shares=(0.25, 0.5, 0.75, 1.0), noise=0.0):
    random = np.random.default_rng(3)
    rows = [
        ("als_net", number, share, fold, 1000 * share, 250, 0.9 - 0.1 * share**-0.5 + noise * random.normal())
        for fold in (1, 2, 3)
        for number, share in enumerate(shares)
    ]
    return pd.DataFrame(rows, columns=["model", "rerun", "share", "fold", "training_people", "test_people", "auc"])


def test_a_power_law_is_found_again_and_carried_on():
    found = fit_curve(curve())
    assert predicted(found, np.array([4000.0])) == pytest.approx(0.9 - 0.05, abs=0.01)


def test_the_learning_curve_marks_what_is_extrapolated():
    table = learning_table(curve(noise=0.003), seed=1)
    assert (table["extrapolated"] == (table["training_people"] > 1000)).all()
    beyond = table[table["extrapolated"] == 1]
    assert (beyond["low"] <= beyond["auc"]).all() and (beyond["auc"] <= beyond["high"]).all()
    assert "extrapolated, not measured" in learning_sentences(table, {})


def test_cohorts_without_signal_have_a_learning_curve_too():
    random = np.random.default_rng(5)
    for _ in range(20):
        flat = curve().assign(auc=lambda table: random.normal(0.48, 0.03, len(table)))
        table = learning_table(flat, seed=1)
        assert table.loc[table["extrapolated"] == 1, "auc"].between(0.4, 1).all()


def test_two_sizes_are_not_extrapolated(caplog):
    table = learning_table(curve(shares=(0.5, 1.0)), seed=1)
    assert not table["extrapolated"].any()
    assert "not extrapolated" in caplog.text


def test_repeats_have_one_interval_over_all_their_folds():
    table = repeats_table(curve(shares=(1.0, 1.0), noise=0.01))
    everything = table[table["repeat"] == "all"].iloc[0]
    assert everything["folds"] == 6 and everything["low"] < 0.8 < everything["high"]
    assert table["repeat"].tolist() == ["all", "1", "2"]
    assert "over 6 folds of 2 partitions" in repeats_sentences(table, {})
