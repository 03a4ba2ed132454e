"""Predictions tables of the chromatin branch: the score of each gene in each epigenome by each model."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from promoternets.errors import InputError
from promoternets.formats.tables import read_table, write_table

COLUMNS = ("epigenome", "model", "seed", "gene_id", "part", "label", "score")
PREDICTED = ("valid", "test")
REDO = "Run the model again"
Target = Literal["label", "expression"]  # what a model predicts of a gene


def gene_predictions(
    *,
    epigenome: str,
    model: str,
    seed: int,
    part: np.ndarray,
    gene_ids: np.ndarray,
    label: np.ndarray,
    score: np.ndarray,
) -> pd.DataFrame:
    """Return one model's predictions in one epigenome as rows of the table.

    Parameters
    ----------
    part : text [gene], valid or test. gene_ids : text [gene].
    label : [gene], what was to be predicted: 0 or 1, or log2(expression + 1).
    score : float [gene], the probability of being expressed, or the predicted log2(expression + 1).
    """
    return pd.DataFrame(
        {
            "epigenome": epigenome,
            "model": model,
            "seed": int(seed),
            "gene_id": gene_ids,
            "part": part,
            "label": label,
            "score": np.asarray(score, dtype=np.float64),
        }
    )


def write_gene_predictions(path: str | Path, frames: Iterable[pd.DataFrame], *, target: Target = "label") -> None:
    """Write predictions, one frame of `gene_predictions` below the other.

    Raises
    ------
    ValueError
        When a score is not a number, or no probability where the label was predicted: a defect of the model.
    """
    frame = pd.concat(frames, ignore_index=True)[list(COLUMNS)]
    wrong = ~_possible(frame["score"], target)
    if wrong.any():
        row = frame[wrong].iloc[0]
        raise ValueError(f"{row['model']} gave {row['gene_id']} of {row['epigenome']} the score {row['score']}")
    write_table(frame, path)


def read_gene_predictions(path: str | Path, *, target: Target = "label") -> pd.DataFrame:
    """Read one predictions table.

    Returns
    -------
    DataFrame with epigenome, model, gene_id and part as text, seed as int64, label and score as float64.

    Raises
    ------
    InputError
        When the table lacks a column, is empty, or holds a part, label or score that cannot be.
    """
    numbers = {"seed": "int64", "label": "float64", "score": "float64"}
    frame = read_table(path, columns=COLUMNS, what="predictions table", dtypes=numbers)
    if frame.empty:
        raise InputError("the predictions table has no rows", where=path, fix=REDO)
    for name in ("epigenome", "model", "gene_id"):
        if frame[name].isna().any():
            raise InputError(f"the predictions table has a row without {name}", where=path, fix=REDO)
    label = frame["label"].isin([0, 1]) if target == "label" else np.isfinite(frame["label"])
    wanted = {"label": "0 or 1", "expression": "a number"}[target]
    checks = (
        ("part", frame["part"].isin(PREDICTED), "valid or test"),
        ("label", label, wanted),
        ("score", _possible(frame["score"], target), {"label": "a probability", "expression": "a number"}[target]),
    )
    for name, right, said in checks:
        if not right.all():
            row = frame[~right].iloc[0]
            raise InputError(
                f"the {name} of {row['gene_id']} in {row['epigenome']} is {row[name]}, not {said}", where=path, fix=REDO
            )
    return frame[list(COLUMNS)]


def _possible(score: pd.Series, target: Target) -> pd.Series:
    return score.between(0.0, 1.0) if target == "label" else pd.Series(np.isfinite(score), index=score.index)
