"""AUCs of reruns, over pairs of people of the same fold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from promoternets.auc import ranking_sums
from promoternets.errors import InputError
from promoternets.formats.tables import read_table

NUMBERS = {
    "rerun": "int64", "share": "float64", "training_people": "int64", "fold": "int64", "phenotype": "int64",
    "probability": "float64",
}  # fmt: skip


def read_reruns(paths: Sequence[Path]) -> pd.DataFrame:
    """Read the predictions of all folds.

    Raises
    ------
    InputError
        When there are none, or a person is predicted twice in one rerun and fold.
    """
    columns = [*NUMBERS, "model", "sample"]
    tables = [read_table(path, columns=columns, what="predictions of reruns", dtypes=NUMBERS) for path in paths]
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)
    if table.empty:
        raise InputError("there are no reruns", fix="Run rerun_fold in every fold")
    if table.duplicated(["rerun", "model", "fold", "sample"]).any():
        raise InputError("a person is predicted twice in one rerun and fold", fix="Run rerun_fold again in every fold")
    return table


def fold_aucs(table: pd.DataFrame) -> pd.DataFrame:
    """Return the AUC of each model, rerun and fold.

    Returns
    -------
    DataFrame: model, rerun, share, fold, training_people, test_people, auc (a tie counts one half), pairs.
    """
    rows = []
    for (model, rerun, fold), part in table.groupby(["model", "rerun", "fold"], sort=True):
        right, pairs, _ = ranking_sums(
            part["probability"].to_numpy(), part["phenotype"].to_numpy() == 1, np.ones((len(part), 1))
        )
        first = part.iloc[0]
        auc = right[0] / pairs[0] if pairs[0] else np.nan
        rows.append((model, rerun, first["share"], fold, first["training_people"], len(part), auc, pairs[0]))
    columns = ["model", "rerun", "share", "fold", "training_people", "test_people", "auc", "pairs"]
    return pd.DataFrame(rows, columns=columns)


def auc_over_folds(aucs: pd.DataFrame) -> pd.DataFrame:
    """Return the AUC of each model and rerun over its folds, weighted by pairs: model, rerun, share, training_people
    (mean), auc.
    """
    weighted = aucs.assign(right=aucs["auc"] * aucs["pairs"])
    grouped = weighted.groupby(["model", "rerun"], sort=True)
    table = grouped.agg(share=("share", "first"), training_people=("training_people", "mean"))
    return table.assign(auc=grouped["right"].sum() / grouped["pairs"].sum()).reset_index()
