"""Confounders as an offset: everybody's log-odds, each person's from a fit that has not seen that person."""

import numpy as np
import pandas as pd
import pytest

from promoternets.errors import InputError
from promoternets.formats.offsets import read_offsets
from promoternets.formats.tables import write_table

PEOPLE = 120
NAMES = np.array([f"p{number:03d}" for number in range(PEOPLE)], object)
INNER = np.arange(PEOPLE) // 6 % 3 + 1  # as many cases as controls in each


@pytest.fixture
def case():
    return np.tile([0, 1, 1, 0, 1, 0], PEOPLE // 6)


def offsets(script, folder, case, batch):
    table = pd.DataFrame({"sample": NAMES, "phenotype": case, "batch": batch})
    fold = np.repeat([1, 2], PEOPLE // 2)
    write_table(table, folder / "samples.tsv")
    write_table(pd.DataFrame({"sample": NAMES, "fold": fold, "inner": INNER}), folder / "folds.tsv")
    script("offset_confounders").main(
        samples=folder / "samples.tsv", folds=folder / "folds.tsv", fold=1, model="covariates",
        offsets=folder / "offsets.tsv",
    )  # fmt: skip
    return read_offsets(folder / "offsets.tsv", NAMES)


def test_a_batch_of_cases_has_the_higher_log_odds(script, tmp_path, case):
    batch = np.where(np.random.default_rng(1).random(PEOPLE) < 0.2, 1 - case, case)
    found = offsets(script, tmp_path, case, np.array(["x", "y"])[batch])
    assert found[batch == 1].min() > 0 > found[batch == 0].max()


def test_the_log_odds_of_a_batch_are_those_of_its_cases(script, tmp_path, case):
    """Shrunk ones would leave part of what the batch says to the network."""
    random = np.random.default_rng(2)
    batch = np.where(random.random(PEOPLE) < 0.2, 1 - case, case)
    found = offsets(script, tmp_path, case, np.array(["x", "y"])[batch])
    training = np.arange(PEOPLE) >= PEOPLE // 2  # those of fold 2
    shares = [case[training & (batch == one)].mean() for one in (0, 1)]
    odds = np.diff([np.log(share / (1 - share)) for share in shares])[0]
    tested = ~training
    assert np.diff([found[tested & (batch == one)].mean() for one in (0, 1)])[0] == pytest.approx(odds, rel=0.15)


def test_labels_of_people_of_the_tested_fold_change_nothing(script, tmp_path, case):
    batch = np.array(["x", "y"])[np.where(np.arange(PEOPLE) % 5 == 0, 1 - case, case)]
    turned = case.copy()
    turned[: PEOPLE // 2] = 1 - turned[: PEOPLE // 2]
    before, after = (offsets(script, tmp_path, labels, batch) for labels in (case, turned))
    assert before == pytest.approx(after, abs=1e-12)


def test_a_training_person_has_no_part_in_that_persons_own_log_odds(script, tmp_path, case):
    """People of an inner part are predicted by the others: turning one part's labels leaves its own log-odds alone."""
    batch = np.array(["x", "y"])[np.where(np.arange(PEOPLE) % 5 == 0, 1 - case, case)]
    part = (np.arange(PEOPLE) >= PEOPLE // 2) & (INNER == 1)
    turned = np.where(part, 1 - case, case)
    before, after = (offsets(script, tmp_path, labels, batch) for labels in (case, turned))
    assert before[part] == pytest.approx(after[part], abs=1e-12)
    assert not np.allclose(before[~part], after[~part])


def test_covariates_that_tell_nothing_give_everybody_the_same(script, tmp_path, case, caplog):
    found = offsets(script, tmp_path, case, np.full(PEOPLE, "x"))
    assert np.ptp(found) < 1e-9
    assert "the same for everybody" in caplog.text


def test_a_person_without_log_odds_is_an_error(tmp_path):
    write_table(pd.DataFrame({"sample": ["p000"], "log_odds": [0.1]}), tmp_path / "offsets.tsv")
    with pytest.raises(InputError, match="119 people have no log-odds, p001 the first"):
        read_offsets(tmp_path / "offsets.tsv", NAMES)
    assert read_offsets(None, NAMES) is None
