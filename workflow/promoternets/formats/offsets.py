"""Log-odds of being a case that confounders give each person, for one outer fold (TSV: sample, log_odds)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from promoternets.errors import InputError
from promoternets.formats.tables import read_table, write_table


def write_offsets(path: str | Path, *, samples: np.ndarray, log_odds: np.ndarray) -> None:
    """Write log-odds, float [people], of the people `samples`, text [people]."""
    write_table(pd.DataFrame({"sample": samples, "log_odds": log_odds}), path)


def read_offsets(path: Path | None, people: np.ndarray) -> np.ndarray | None:
    """Return the log-odds of some people, float64 [people], or None where there is no table.

    Raises
    ------
    InputError
        When one of the people has no log-odds.
    """
    if path is None:
        return None
    table = read_table(path, columns=["sample", "log_odds"], what="table of offsets", dtypes={"log_odds": "float64"})
    values = table.drop_duplicates("sample").set_index("sample")["log_odds"].reindex(list(people)).to_numpy()
    if np.isnan(values).any():
        raise InputError(
            f"{np.isnan(values).sum()} people have no log-odds, {people[np.isnan(values)][0]} the first",
            where=path, fix="Run the stages again from offset_confounders",
        )  # fmt: skip
    return values
