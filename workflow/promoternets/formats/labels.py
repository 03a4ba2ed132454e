"""The labels of one epigenome's genes, and the summary that says how they were made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from promoternets.errors import InputError
from promoternets.formats.gene_table import PARTS
from promoternets.formats.tables import read_table, write_table

COLUMNS = ["gene_id", "part", "expression", "target", "label"]


def write_labels(
    labels: pd.DataFrame, *, path: str | Path, summary: str | Path, items: list[tuple[str, object, str]], where: Path
) -> None:
    """Write labels and their summary.

    Parameters
    ----------
    labels : gene_id, part, expression (text as given, or missing), target (log2(expression + 1), or missing),
        label (0/1).
    items : rows (item, value, note) that come before the counts of genes by part.
    where : the file an error about the labels is about.

    Raises
    ------
    InputError
        When the genes of a part are all of one class.
    """
    refuse_one_class(labels, where)
    rows = [*items, ("genes", len(labels), ""), ("expressed", int(labels["label"].sum()), "label 1")]
    for part in PARTS:
        own = labels[labels["part"] == part]
        rows += [(f"genes_{part}", len(own), ""), (f"expressed_{part}", int(own["label"].sum()), "")]
    table = pd.DataFrame(rows, columns=["item", "value", "note"]).replace("", np.nan)
    write_table(labels[COLUMNS], path)
    write_table(table, summary)


def refuse_one_class(labels: pd.DataFrame, where: str | Path) -> None:
    """Raise InputError when a part has no genes or genes of one class only."""
    for part in PARTS:
        own = labels.loc[labels["part"] == part, "label"]
        if own.nunique() < 2:
            found = f"all {len(own)} genes have label {own.iloc[0]}" if len(own) else "there are no genes"
            raise InputError(
                f"part {part} needs expressed and unexpressed genes, {found}",
                where=where,
                fix="Use more genes, or another split or seed",
            )


def read_labels(path: str | Path) -> pd.DataFrame:
    """Read labels: gene_id, part, expression (text), target (float64), label (int64).

    Raises
    ------
    InputError
        When it is not such a table, a gene occurs twice, or a label is not 0 or 1.
    """
    labels = read_table(path, columns=COLUMNS, what="table of labels", dtypes={"target": "float64", "label": "int64"})[
        COLUMNS
    ]
    redo = "Make it again with label_genes or import_published_bins"
    doubled = labels.loc[labels["gene_id"].duplicated(), "gene_id"]
    if len(doubled):
        raise InputError(f"gene {doubled.iloc[0]} is listed twice", where=path, fix=redo)
    for name, allowed in (("label", (0, 1)), ("part", PARTS)):
        good = labels[name].isin(allowed)
        if not good.all():
            row = int((~good).to_numpy().argmax())
            raise InputError(f"column {name} holds {labels[name].iloc[row]}", where=f"{path}, line {row + 2}", fix=redo)
    return labels
