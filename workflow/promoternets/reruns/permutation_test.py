"""The permutation test: what selection and training reach when labels mean nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from promoternets.errors import InputError
from promoternets.formats.tables import read_table
from promoternets.reruns.measures import auc_over_folds, fold_aucs, read_reruns

BEST_PROMOTER = "best_promoter"


def permutation_table(predictions: Sequence[Path], promoters: Sequence[Path]) -> pd.DataFrame:
    """Return what each permutation reached.

    Returns
    -------
    DataFrame: model (als_net, logistic_regression, and best_promoter: the best promoter's score, mean over folds),
    permutation (0: the labels as they are), auc.

    Raises
    ------
    InputError
        As `measures.read_reruns`; when there is no permutation.
    """
    table = auc_over_folds(fold_aucs(read_reruns(predictions)))[["model", "rerun", "auc"]]
    numbers = {"rerun": "int64", "fold": "int64", "score": "float64"}
    ranked = pd.concat(
        [
            read_table(path, columns=[*numbers, "promoter"], what="ranking of reruns", dtypes=numbers)
            for path in promoters
        ]
    )
    best = ranked.groupby(["rerun", "promoter"])["score"].mean().groupby("rerun").max()
    best = best.rename("auc").reset_index().assign(model=BEST_PROMOTER)
    table = pd.concat([table, best], ignore_index=True).rename(columns={"rerun": "permutation"})
    if set(table["permutation"]) <= {0}:
        raise InputError("no labels were permuted", fix="Raise reruns.permutations")
    return table[["model", "permutation", "auc"]].sort_values(["model", "permutation"], ignore_index=True)


def permutation_p_values(table: pd.DataFrame) -> pd.DataFrame:
    """Return what the permutations say of the labels as they are.

    Returns
    -------
    DataFrame: model, permutations, auc, null_mean, null_low, null_high (2.5% and 97.5% of the permutations), p_value:
    (1 + permutations as high) / (1 + permutations), which is never 0 (Phipson and Smyth 2010).
    """
    rows = []
    for model, part in table.groupby("model"):
        own = float(part.loc[part["permutation"] == 0, "auc"].iloc[0])
        null = part.loc[part["permutation"] > 0, "auc"].to_numpy()
        low, high = np.quantile(null, [0.025, 0.975])
        rows.append((model, len(null), own, null.mean(), low, high, (1 + (null >= own).sum()) / (1 + len(null))))
    return pd.DataFrame(rows, columns=["model", "permutations", "auc", "null_mean", "null_low", "null_high", "p_value"])


def _least(permutations: int) -> str:
    """Say so where no outcome could have been significant."""
    return "" if permutations >= 19 else f"; with {permutations} it cannot be under {1 / (1 + permutations):.2g}"


def permutation_sentences(summary: pd.DataFrame, names: dict[str, str]) -> str:
    """Return the outcome in words, a sentence a model."""
    lines = []
    for row in summary.itertuples():
        name, as_high = names.get(row.model, row.model), round(row.p_value * (1 + row.permutations)) - 1
        lines.append(
            f"{name} reaches {row.auc:.3f}. With labels permuted within strata, and selection and training done again, "
            f"it reaches {row.null_mean:.3f} on average, and as much in {as_high or 'none'} of {row.permutations} "
            f"permutations (p = {row.p_value:.2g}{_least(row.permutations)})."
        )
    return "\n".join(lines) + "\n"
