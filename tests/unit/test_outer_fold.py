"""Who trains, who validates and who is tested."""

import numpy as np
import pandas as pd
import pytest

from promoternets.errors import InputError
from promoternets.formats.outer_fold import read_outer_fold
from promoternets.formats.tables import write_table


@pytest.fixture
def tables(tmp_path):
    ids = [f"p{number}" for number in range(12)]
    samples, folds = tmp_path / "samples.tsv", tmp_path / "folds.tsv"
    write_table(pd.DataFrame({"sample": ids, "phenotype": [0, 1] * 6}), samples)
    parts = {"sample": ids[::-1], "fold": ([1, 2, 3] * 4)[::-1], "inner": ([1, 1, 2, 2] * 3)[::-1]}
    write_table(pd.DataFrame(parts), folds)
    return ids, samples, folds


def test_parts_are_disjoint_and_together_everyone(tables):
    ids, samples, folds = tables
    people = read_outer_fold(np.array(ids), samples, folds, 2)
    fit, held = people.split_training(1)
    assert sorted([*fit, *held, *people.test]) == list(range(12))
    assert people.test.tolist() == [1, 4, 7, 10] and all(people.inner[held] == 1)


def test_each_training_person_validates_in_one_round_and_no_test_person_in_any(tables):
    ids, samples, folds = tables
    people = read_outer_fold(np.array(ids), samples, folds, 3)
    rounds = people.validation_rounds(2)
    assert sorted(np.concatenate([held for _, held in rounds])) == people.training.tolist()
    assert all(not set(fit) & set(held) and not set(people.test) & set(fit) for fit, held in rounds)
    assert len(people.validation_rounds(1)) == 1
    with pytest.raises(InputError, match="3 rounds.*there are 2"):
        people.validation_rounds(3)


def test_people_follow_the_order_of_the_genotypes_not_of_the_tables(tables):
    ids, samples, folds = tables
    people = read_outer_fold(np.array(ids[::-1]), samples, folds, 1)
    assert people.labels.tolist() == [1, 0] * 6 and set(people.sample_ids[people.test]) == {"p0", "p3", "p6", "p9"}


def test_a_person_without_a_row_and_a_fold_without_people_are_clear_errors(tables):
    ids, samples, folds = tables
    with pytest.raises(InputError, match="1 people of the genotypes have no row, stranger"):
        read_outer_fold(np.array([*ids, "stranger"]), samples, folds, 1)
    with pytest.raises(InputError, match="nobody is tested in fold 9.*1 to 3"):
        read_outer_fold(np.array(ids), samples, folds, 9)
