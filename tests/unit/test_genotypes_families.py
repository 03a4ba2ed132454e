"""Families from a sample table, however it tells of them."""

import pandas as pd

from promoternets.genotypes.families import families


def table(**columns):
    return pd.DataFrame({name: pd.Series(values, dtype="str") for name, values in columns.items()})


def test_a_family_column_is_kept_and_people_without_one_stay_alone():
    found = families(table(sample=["a", "b", "c"], family=["F1", None, "F1"]))
    assert found.tolist()[0] == found.tolist()[2] == "F1" and found.isna().tolist() == [False, True, False]


def test_parents_join_children_siblings_and_grandparents():
    people = table(
        sample=["child", "father", "grandma", "sib1", "sib2", "alone"],
        father=["father", "0", "0", "gone", "gone", None],
        mother=["0", "grandma", "0", "0", "0", "0"],
        family=[None] * 6,
    )
    found = families(people)
    assert found.iloc[:3].nunique() == 1 and found.iloc[3:5].nunique() == 1
    assert found.iloc[0] != found.iloc[3] and pd.isna(found.iloc[5])


def test_parents_join_families_that_the_table_calls_differently():
    found = families(table(sample=["a", "b"], family=["F1", "F2"], father=["b", "0"], mother=["0", "0"]))
    assert found.nunique() == 1


def test_a_table_that_says_nothing_of_families_has_none():
    assert families(table(sample=["a"], sex=["male"])) is None
