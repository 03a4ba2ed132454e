"""The table of what the filters removed, of all chromosomes together."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from promoternets.formats.contigs import order
from promoternets.formats.tables import read_table
from promoternets.genotypes.parse import nothing_left

logger = logging.getLogger(__name__)


def summarise_filters(tables: Sequence[Path]) -> pd.DataFrame:
    """Return the filter tables of all chromosomes as one, in chromosome order.

    Columns: chrom, filter, records, note.

    Raises
    ------
    InputError
        When no site is left on any chromosome; it says what removed them.
    """
    parts = [
        read_table(
            path,
            columns=["chrom", "filter", "records", "note"],
            what="filter table",
            dtypes={"records": "int64"},
        )
        for path in tables
    ]
    table = pd.concat(parts, ignore_index=True)
    rank = {name: number for number, name in enumerate(order(table["chrom"].unique()))}
    table = table.sort_values("chrom", key=lambda column: column.map(rank), kind="stable", ignore_index=True)
    if table.loc[table["filter"] == "kept", "records"].sum() == 0:
        raise nothing_left(table, "all chromosomes")
    sums = table.groupby("filter", sort=False)["records"].sum()
    for name, records in sums[sums > 0].items():
        logger.info("%s: %s over %d chromosomes", name, f"{records:,}", len(rank))
    return table
