"""Genotype principal components of one fold: TSV with sample, pc1, pc2, ...; training and test people alike."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from promoternets.errors import InputError
from promoternets.formats.tables import read_table, write_table


def write_components(path: str | Path, *, samples: Sequence[str] | np.ndarray, components: np.ndarray) -> None:
    """Write the components, float [people, components]; there may be none."""
    names = [f"pc{number}" for number in range(1, components.shape[1] + 1)]
    table = pd.DataFrame(np.asarray(components, dtype=np.float64), columns=names)
    table.insert(0, "sample", np.asarray(samples, dtype=object))
    write_table(table, path)


def read_components(path: str | Path, people: Sequence[str] | np.ndarray) -> pd.DataFrame:
    """Read the components of some people.

    Returns
    -------
    DataFrame of float64 [people, components], columns pc1, pc2, ..., rows in the order of `people`.

    Raises
    ------
    InputError
        When a person is not in the table once, or a value is not a number.
    """
    redo = "Run project_components again with this sample table"
    names = read_table(path, columns=["sample"], what="table of components").columns.drop("sample")
    table = read_table(path, what="table of components", dtypes=dict.fromkeys(names, "float64"))
    if table["sample"].duplicated().any() or table[names].isna().any().any():
        raise InputError("a person is there twice, or lacks a component", where=path, fix=redo)
    table = table.set_index("sample")
    absent = [name for name in people if name not in table.index]
    if absent:
        raise InputError(f"it lacks {len(absent)} people, {absent[0]} the first", where=path, fix=redo)
    return table.loc[list(people)].reset_index(drop=True)
