"""The verdict of the audit in plain words: what the genotype adds over the confounders, and the red flags."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from promoternets.audit.few_people import how_many
from promoternets.formats.confounders import CONFOUNDERS

NAMES = {
    "als_net": "ALS-Net",
    "covariates": "the covariates",
    "covariates_pcs": "the covariates and genotype principal components",
}


def verdict_text(table: pd.DataFrame, *, first: str, strata: Sequence[str]) -> str:
    """Return the verdict, a sentence a line: what the first model adds, then one line a red flag.

    Parameters
    ----------
    table : the audit, as `audit.audit_table` returns it.
    first : the model that the verdict is about.
    strata : the columns that the cohort was cut by.
    """
    against = [name for name in reversed(CONFOUNDERS) if (table["model"] == name).any()]
    lines = [_adds(table, first, name) for name in against]
    lines += [_within(table, first, column) for column in strata]
    if not strata:
        lines.append("No covariate cuts the cohort into strata, so nothing could be checked within batches.")
    flags = [
        *(line for name in against for line in _as_good(table, first, name)),
        *_one_class(table),
        *(line for column in strata for line in _of_strata(table, first, column)),
    ]
    lines += [f"Red flag: {line}" for line in flags] or ["No red flag."]
    return "\n".join(lines) + "\n"


def named(model: str) -> str:
    """Return a model's name as a sentence has it."""
    return NAMES.get(model, model.replace("_", " "))


def _row(table: pd.DataFrame, **values: str) -> pd.Series:
    chosen = table
    for column, value in values.items():
        chosen = chosen[chosen[column] == value]
    return chosen.iloc[0]


def _adds(table: pd.DataFrame, model: str, against: str) -> str:
    def increment(metric: str) -> pd.Series:
        return _row(table, check="increment", model=model, metric=metric)

    base = _row(table, check="overall", model=against)
    joint, gain = increment(f"joint_auc_with_{against}"), increment(f"auc_gain_over_{against}")
    p = increment(f"p_value_over_{against}")["value"]
    what = "adds" if gain["low"] > 0 else "is not shown to add"
    return (
        f"The genotype {what} to {named(against)}: with the score of {named(model)} their AUC goes from "
        f"{base['value']:.3f} to {joint['value']:.3f}, {_signed(gain)} (likelihood ratio p = {p:.2g})."
    )


def _within(table: pd.DataFrame, model: str, column: str) -> str:
    within = _row(table, check="within_strata", stratum=column, model=model)
    overall = _row(table, check="overall", model=model)
    if pd.isna(within["value"]):
        return f"No stratum of {column} has cases and controls, so nothing could be checked within {column}."
    return (
        f"Among people of the same {column} {named(model)} has an AUC of {_interval(within)}; "
        f"among all, {_interval(overall)}."
    )


def _as_good(table: pd.DataFrame, model: str, against: str) -> list[str]:
    row = _row(table, check="model_minus_confounders", model=model, metric=f"auc_minus_{against}")
    if row["flag"] != "confounders_as_good":
        return []
    base, own = (_row(table, check="overall", model=name) for name in (against, model))
    how = "do better than" if row["high"] < 0 else "do as well as"
    start = named(against)[0].upper() + named(against)[1:]
    return [
        f"{start} alone {how} {named(model)}: AUC {base['value']:.3f} against {own['value']:.3f}, "
        f"difference {_signed(row)}."
    ]


def _one_class(table: pd.DataFrame) -> list[str]:
    classes = table[table["check"] == "classes"]
    alone = classes.loc[classes["flag"] == "one_class", "stratum"].drop_duplicates()
    said = {(row["stratum"], row["metric"]): how_many(row) for _, row in classes.iterrows()}
    return [
        f"{stratum} has {said[stratum, 'cases']} cases and {said[stratum, 'controls']} controls: "
        "a model that tells this stratum predicts the phenotype without knowing anything of it."
        for stratum in alone
    ]


def _of_strata(table: pd.DataFrame, model: str, column: str) -> list[str]:
    lines = []
    within = _row(table, check="within_strata", stratum=column, model=model)
    if within["flag"] == "gone_within_strata":
        lines.append(
            f"{named(model)} predicts among all people, but is not shown to among people of the same {column}."
        )
    told = _row(table, check="score_predicts_stratum", stratum=column, model=model, metric="p_value")
    if told["flag"] == "score_tells_stratum":
        macro = _row(table, check="score_predicts_stratum", stratum=column, model=model, metric="macro_auc")
        lines.append(
            f"Among controls the score of {named(model)} tells {column} (AUC {_interval(macro)}, "
            f"p = {told['value']:.2g})."
        )
    left = table[(table["check"] == "stratum_left_out") & (table["stratum"] == column)]
    for row in left[left["flag"] == "gone_when_left_out"].to_dict("records"):
        lines.append(
            f"{named(row['model'])} predicts among all people, but is not shown to where it was not trained on "
            f"people of the same {column} (AUC {_interval(row)})."
        )
    return lines


def _interval(row: pd.Series | dict) -> str:
    return f"{row['value']:.3f} [{row['low']:.3f}, {row['high']:.3f}]"


def _signed(row: pd.Series) -> str:
    return f"{row['value']:+.3f} [{row['low']:+.3f}, {row['high']:+.3f}]"
