"""Folds: balanced, seeded, families together, the same whatever the order of the people."""

import numpy as np
import pandas as pd
import pytest

from promoternets.errors import InputError
from promoternets.folds.assign import assign_folds, merge_small, partition
from promoternets.formats.tables import read_table, write_table


def cohort(cases: int, controls: int, **columns) -> pd.DataFrame:
    names = [f"{number:04d}" for number in range(cases + controls)]
    return pd.DataFrame({"sample": names, "phenotype": ["1"] * cases + ["0"] * controls, **columns})


def sizes(people: pd.DataFrame, result: pd.DataFrame, part: str, by: str = "phenotype") -> np.ndarray:
    return pd.crosstab(result[part], people[by]).to_numpy()


@pytest.mark.parametrize(("cases", "controls", "count"), [(40, 60, 5), (13, 29, 3), (5, 5, 5)])
def test_each_fold_has_its_share_of_cases_and_controls(cases, controls, count):
    people = cohort(cases, controls)
    result = partition(people, count=count, inner=2, seed=1)
    for part in ("fold", "inner"):
        table = sizes(people, result, part)
        assert (table.max(axis=0) - table.min(axis=0) <= (1 if part == "fold" else 4)).all()
    assert sorted(result["fold"].unique()) == list(range(1, count + 1))


def test_inner_parts_are_balanced_within_the_training_people_of_each_fold():
    people = cohort(100, 150)
    result = partition(people, count=5, inner=5, seed=1)
    for fold in range(1, 6):
        train = result["fold"] != fold
        table = pd.crosstab(result["inner"][train], people["phenotype"][train]).to_numpy()
        assert np.array_equal(table, [[24, 16]] * 5)


def test_batches_are_spread_over_the_folds():
    batch = np.tile(["one", "two", "two"], 50)
    people = cohort(60, 90, batch=batch)
    table = sizes(
        people.assign(both=people["phenotype"] + people["batch"]),
        partition(people, count=5, inner=5, seed=3),
        "fold",
        "both",
    )
    assert (table.max(axis=0) - table.min(axis=0) <= 1).all()


def test_a_batch_too_small_to_spread_does_not_unbalance_the_phenotype():
    people = cohort(30, 30, batch=["rare"] * 2 + ["main"] * 58)
    table = sizes(people, partition(people, count=5, inner=5, seed=3), "fold")
    assert (table.max(axis=0) - table.min(axis=0) <= 1).all()


def test_small_strata_are_joined_but_never_across_the_first_key():
    first, second = np.array(list("aaaaabb")), np.array(list("xxyzzxy"))
    strata = merge_small([first, second], 2)
    groups = [[row for row in range(7) if strata[row] == name] for name in dict.fromkeys(strata)]
    assert groups == [[0, 1], [2], [3, 4], [5, 6]]


def test_families_are_never_split_and_folds_stay_balanced():
    family = [f"F{number // 3}" for number in range(150)] + [None] * 150
    people = cohort(150, 150, family=family).assign(phenotype=np.random.default_rng(0).permutation(["0", "1"] * 150))
    result = partition(people, count=5, inner=5, seed=4)
    for part in ("fold", "inner"):
        named = people["family"].notna()
        assert (result[named].groupby(people["family"][named])[part].nunique() == 1).all()
        table = sizes(people, result, part)
        assert (np.abs(table - 30) <= 4).all()


def test_people_without_a_family_are_on_their_own():
    people = cohort(10, 10, family=[None] * 20)
    assert partition(people, count=5, inner=2, seed=4).equals(
        partition(people.drop(columns="family"), count=5, inner=2, seed=4)
    )


@pytest.mark.parametrize("family", [False, True])
def test_the_order_of_people_in_the_table_does_not_matter(family):
    people = cohort(40, 50, batch=["a", "b"] * 45)
    if family:
        people["family"] = [f"F{number // 2}" for number in range(90)]
    result = partition(people, count=5, inner=5, seed=9).set_index("sample")
    shuffled = people.sample(frac=1, random_state=2)
    again = partition(shuffled, count=5, inner=5, seed=9)
    assert again["sample"].tolist() == shuffled["sample"].tolist()
    assert again.set_index("sample").loc[result.index].equals(result)


def test_the_seed_decides():
    people = cohort(40, 50)
    result = partition(people, count=5, inner=5, seed=9)
    assert result.equals(partition(people, count=5, inner=5, seed=9))
    assert not result.equals(partition(people, count=5, inner=5, seed=10))
    assert (result["fold"] != result["inner"]).any()


def test_numeric_names_stay_text(tmp_path):
    write_table(cohort(10, 10), tmp_path / "samples.tsv")
    assign_folds(samples=tmp_path / "samples.tsv", folds=tmp_path / "folds.tsv", count=2, inner=2)
    result = read_table(tmp_path / "folds.tsv", columns=["sample", "fold", "inner"])
    assert result["sample"].tolist()[:2] == ["0000", "0001"]


def test_tiny_cohorts_still_validate_on_both_classes():
    people = cohort(6, 6)
    for seed in range(20):
        result = partition(people, count=3, inner=3, seed=seed)
        for fold in (1, 2, 3):
            for part in (1, 2):
                chosen = (result["fold"] != fold) & (result["inner"] == part)
                assert set(people["phenotype"][chosen]) == {"0", "1"}


FAMILIES = [f"F{number}" for number in [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, *range(3, 23)]]


@pytest.mark.parametrize(
    ("people", "message"),
    [
        (cohort(4, 30), "4 cases and 30 controls are too few for 5 outer folds.*at most 4"),
        (cohort(30, 1), "30 cases and 1 controls are too few"),
        (
            cohort(12, 20, family=FAMILIES),
            "12 cases in 3 families and 20 controls are too few for 5 outer folds",
        ),
        (cohort(0, 30), "phenotype must be 0 .* and 1 .*found: 0"),
        (cohort(10, 10).replace({"phenotype": {"1": "2"}}), "found: 0, 2"),
        (cohort(10, 10).assign(sample="same"), "sample same occurs twice"),
        (cohort(5, 5), "cannot be cut into 5 outer folds and 5 inner parts with both cases and controls"),
    ],
)
def test_too_few_people_or_families_is_one_error_with_counts(people, message):
    with pytest.raises(InputError, match=message):
        partition(people, count=5, inner=5, seed=1)


def test_one_fold_is_an_error():
    with pytest.raises(InputError, match="at least 2"):
        partition(cohort(9, 9), count=1, inner=5, seed=1)
