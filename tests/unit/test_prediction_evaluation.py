"""Predictions of another cohort are measured on those whose phenotype is known, whatever there is of it."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from promoternets.prediction.evaluation import clusters, evaluation_table

PEOPLE = 2000


def measured(tmp_path, probability, phenotype, family=None, bootstrap=100):
    names = [f"p{number}" for number in range(len(probability))]
    table = pd.DataFrame({"sample": names, "phenotype": phenotype, "probability": probability})
    table.to_csv(tmp_path / "predictions.tsv", sep="\t", index=False, na_rep="NA")
    people = pd.DataFrame({"sample": names} | ({} if family is None else {"family": family}))
    people.to_csv(tmp_path / "samples.tsv", sep="\t", index=False, na_rep="NA")
    found = evaluation_table(
        tmp_path / "predictions.tsv", tmp_path / "samples.tsv", "other", bootstrap=bootstrap, seed=1
    )
    return found.set_index("metric")


def drawn(slope=1.0):
    random = np.random.default_rng(0)
    score = random.normal(0, 1.5, PEOPLE)
    return expit(slope * score), (random.random(PEOPLE) < expit(score)).astype(int)


def test_right_probabilities_are_called_calibrated_and_extreme_ones_are_not(tmp_path):
    found = measured(tmp_path, *drawn())
    assert found.loc["calibration_slope", "low"] < 1 < found.loc["calibration_slope", "high"]
    assert abs(found.loc["mean_probability", "value"] - found.loc["share_of_cases", "value"]) < 0.03
    extreme = measured(tmp_path, *drawn(slope=2.0))
    assert extreme.loc["calibration_slope", "high"] < 0.7
    assert extreme.loc["auc", "value"] == pytest.approx(found.loc["auc", "value"])
    assert extreme.loc["brier", "value"] > found.loc["brier", "value"]


def test_the_auc_is_the_share_of_pairs_ranked_right(tmp_path):
    found = measured(tmp_path, [0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
    assert found.loc["auc", "value"] == 0.75 and found.loc["people", "value"] == 4


def test_people_without_phenotype_are_left_out(tmp_path):
    probability, phenotype = drawn()
    known = measured(tmp_path, probability[:300], phenotype[:300])
    with_unknown = measured(tmp_path, probability[:400], [*phenotype[:300], *[None] * 100])
    pd.testing.assert_frame_equal(known, with_unknown)


def test_one_class_or_none_has_no_auc_and_is_no_error(tmp_path):
    found = measured(tmp_path, [0.1, 0.4, 0.3], [0, 0, 0])
    assert np.isnan(found.loc["auc", "value"]) and np.isnan(found.loc["calibration_slope", "value"])
    assert found.loc["brier", "value"] == pytest.approx((0.01 + 0.16 + 0.09) / 3)
    nobody = measured(tmp_path, [0.1, 0.4], [None, None])
    assert nobody["value"].tolist() == [0, 0]


def test_families_are_drawn_together(tmp_path):
    people = pd.DataFrame({"sample": list("abcd"), "family": ["F", None, "F", None]})
    assert clusters(people).tolist() == [0, 1, 0, 2]
    random = np.random.default_rng(1)
    probability, phenotype = np.repeat(random.random(40), 10), np.repeat(random.integers(0, 2, 40), 10)
    alone = measured(tmp_path, probability, phenotype)
    related = measured(tmp_path, probability, phenotype, family=np.repeat(np.arange(40), 10))
    width = [found.loc["auc", "high"] - found.loc["auc", "low"] for found in (alone, related)]
    assert width[1] > 2 * width[0]
