"""Repeated outer folds: how far the AUC moves when people are divided into folds in another way."""

from __future__ import annotations

import numpy as np
import pandas as pd

from promoternets.resampled import over_folds


def repeats_table(aucs: pd.DataFrame) -> pd.DataFrame:
    """Return each model's AUC over all repeats and folds, and that of each repeat.

    Parameters
    ----------
    aucs : model, rerun, share, fold, training_people, test_people, auc (`measures.fold_aucs`); a rerun is a repeat.

    Returns
    -------
    DataFrame: model, repeat (a number from 1, or ``all``), folds, auc (mean over folds), se, low, high: the interval of
    the corrected resampled t-test (Nadeau and Bengio 2003), which allows for people that folds share.
    """
    rows = []
    for model, part in aucs.groupby("model", sort=True):
        groups = [("all", part), *((str(repeat + 1), own) for repeat, own in part.groupby("rerun"))]
        for repeat, own in groups:
            found = over_folds(own["auc"], own["training_people"], own["test_people"])
            rows.append((model, repeat, len(own), found.mean, found.se, found.low, found.high))
    return pd.DataFrame(rows, columns=["model", "repeat", "folds", "auc", "se", "low", "high"])


def repeats_sentences(table: pd.DataFrame, names: dict[str, str]) -> str:
    """Return in words how steady each model is, a sentence a model."""
    lines = []
    for model, part in table.groupby("model"):
        every, each = part[part["repeat"] == "all"].iloc[0], part.loc[part["repeat"] != "all", "auc"]
        lines.append(
            f"{names.get(model, model)}: AUC {every['auc']:.3f} [{every['low']:.3f}, {every['high']:.3f}] over "
            f"{every['folds']} folds of {len(each)} partitions, single ones {np.min(each):.3f} to {np.max(each):.3f}."
        )
    return "\n".join(lines) + "\n"
