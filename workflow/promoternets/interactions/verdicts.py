"""Verdicts on claimed pairs of sites, the columns of their tables, and what is said of them in sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from promoternets.interactions.holm import holm

ALPHA = 0.05  # family-wise, over the pairs of a fold
INTERACTION = "interaction"
TAGGING = "explained by joint tagging"
INSEPARABLE = "not separable from joint tagging"
NOT_CONFIRMED = "not confirmed"
MODELS = ("marginal", "region", "haplotype")
COLUMNS = [
    "fold", "promoter_1", "promoter_2", "site_1", "site_2", "kind", "r2", "haplotype_from", "people", "scanned",
    "effect_training", "p_training",
    *[f"{what}_{model}" for model in MODELS for what in ("effect", "p", "left")],
    "p_corrected_marginal", "p_corrected", "verdict",
]  # fmt: skip
NUMBERS = {
    "r2": "float64",
    "people": "int64",
    "scanned": "int64",
    "effect_training": "float64",
    "p_training": "float64",
    **{f"{what}_{model}": "float64" for model in MODELS for what in ("effect", "p", "left")},
    "p_corrected_marginal": "float64",
    "p_corrected": "float64",
}


def with_verdicts(table: pd.DataFrame, correct: Callable[[np.ndarray], np.ndarray] = holm) -> pd.DataFrame:
    """Return the table of claimed pairs, columns as `COLUMNS`, with corrected p-values and verdicts filled in.

    An interaction must pass every test that applies, so that its p-value is the largest of them (Berger 1982). A test
    that applies but cannot be made counts as not passed. `correct` corrects p-values for their number, NaN for none.
    """
    made = table[[f"p_{model}" for model in MODELS]]
    applies = table[[f"left_{model}" for model in MODELS]].notna().to_numpy()
    undone = (made.isna().to_numpy() & applies).any(axis=1)
    table = table.assign(
        p_corrected_marginal=correct(table["p_marginal"].to_numpy()),
        p_corrected=correct(made.max(axis=1).where(~undone).to_numpy()),
    )
    return table.assign(verdict=[verdict(row) for row in table.to_dict("records")])[COLUMNS]


def verdict(row: Mapping[str, Any], alpha: float = ALPHA) -> str:
    """Return the verdict on a pair.

    An interaction points the way it did in training people in every model and has `p_corrected` below alpha. Where
    only the marginal model shows one, the other terms explain it; unless they are the product all but in name, when
    no data could tell the two apart.

    Parameters
    ----------
    row : with effect_*, p_*, left_* of each model (NaN where a model does not apply), p_corrected_marginal,
        p_corrected.
    """
    way = np.sign(row["effect_training"])
    if not (row["p_corrected_marginal"] < alpha and np.sign(row["effect_marginal"]) == way):
        return NOT_CONFIRMED
    applied = [model for model in MODELS if not np.isnan(row[f"left_{model}"])]
    if any(np.isnan(row[f"p_{model}"]) for model in applied):
        return INSEPARABLE
    same = all(np.sign(row[f"effect_{model}"]) == way for model in applied)
    return INTERACTION if same and row["p_corrected"] < alpha else TAGGING
