"""Predictions tables: the probability of being a case, of each test person, by each model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from promoternets.errors import InputError
from promoternets.formats.tables import read_table, write_table

COLUMNS = ("sample", "phenotype", "fold", "model", "seed", "probability")


def write_predictions(
    path: str | Path,
    *,
    samples: Sequence[str],
    phenotype: Sequence[int],
    probability: Sequence[float],
    fold: int,
    model: str | Sequence[str],
    seed: int | Sequence[int] = 0,
) -> None:
    """Write the predictions of one model for the test people of one fold.

    Parameters
    ----------
    path : the table, TSV with the columns sample, phenotype, fold, model, seed, probability.
    samples, phenotype, probability : one entry a row; phenotype is 1 for a case and 0 for a control.
    fold : the outer fold (1..K), the same in every row.
    model, seed : the model's name and the number of the training run; or one a row where several share the table.

    Raises
    ------
    ValueError
        When a probability is not a number between 0 and 1, which would be a defect of the model.
    """
    frame = pd.DataFrame(
        {
            "sample": np.asarray(samples, dtype=object),
            "phenotype": np.asarray(phenotype, dtype=np.int64),
            "fold": int(fold),
            "model": model if isinstance(model, str) else np.asarray(model, dtype=object),
            "seed": np.asarray(seed, dtype=np.int64) if np.ndim(seed) else int(seed),
            "probability": np.asarray(probability, dtype=np.float64),
        }
    )
    if not frame["probability"].between(0.0, 1.0).all():
        raise ValueError(f"{model} predicted something that is no probability in fold {fold}")
    write_table(frame, path)


def read_predictions(path: str | Path) -> pd.DataFrame:
    """Read one predictions table.

    Returns
    -------
    DataFrame with sample and model as text; phenotype, fold and seed as int64; probability as float64 in [0,
    1].

    Raises
    ------
    InputError
        When the table lacks a column, is empty, or holds a phenotype other than 0 and 1, or a probability
        outside 0 to 1.
    """
    numbers = {"phenotype": "int64", "fold": "int64", "seed": "int64", "probability": "float64"}
    frame = read_table(path, columns=COLUMNS, what="predictions table", dtypes=numbers)
    redo = "Run the model of this fold again"
    if frame.empty:
        raise InputError("the predictions table has no rows", where=path, fix=redo)
    for name in ("sample", "model"):
        if frame[name].isna().any():
            raise InputError(f"the predictions table has a row without {name}", where=path, fix=redo)
    wrong = ~frame["probability"].between(0.0, 1.0)
    if wrong.any():
        sample = frame.loc[wrong, "sample"].iloc[0]
        raise InputError(f"the probability of {sample} is not a number between 0 and 1", where=path, fix=redo)
    wrong = ~frame["phenotype"].isin([0, 1])
    if wrong.any():
        sample = frame.loc[wrong, "sample"].iloc[0]
        raise InputError(f"the phenotype of {sample} is neither 1 (case) nor 0 (control)", where=path, fix=redo)
    return frame[list(COLUMNS)]
