"""The table of genes a chromatin run uses: one TSS a gene, and the part of the split it belongs to."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from promoternets.errors import InputError
from promoternets.formats.tables import read_table

COLUMNS = ["gene_id", "symbol", "chrom", "tss", "strand", "part"]
PARTS = ("train", "valid", "test")
_VERSIONED = re.compile(r"^(ENS[A-Z]*\d{10,11})\.\d+")  # ENSGR and ten digits: chrY copies in older GENCODE releases


def without_version(gene_id: str) -> str:
    """Return an Ensembl identifier without its version; any other name (``AC012345.1`` is a clone) unchanged.

    What follows the version stays: ``ENSG00000182378.15_PAR_Y`` -> ``ENSG00000182378_PAR_Y``, not the copy on X.
    """
    return _VERSIONED.sub(r"\1", gene_id)


def read_genes(path: str | Path) -> pd.DataFrame:
    """Read the table of genes: gene_id, symbol, chrom, tss (int64, 1-based), strand (+ or -), part.

    Raises
    ------
    InputError
        When it is not a table, a gene occurs twice, or a TSS, strand or part is not one.
    """
    genes = read_table(path, columns=COLUMNS, what="table of genes", dtypes={"tss": "int64"})[COLUMNS]
    redo = "Make it again with match_genes"
    if genes.empty:
        raise InputError("the table of genes has no rows", where=path, fix=redo)
    doubled = genes.loc[genes["gene_id"].duplicated(), "gene_id"]
    if len(doubled):
        raise InputError(f"gene {doubled.iloc[0]} is listed twice", where=path, fix=redo)
    for name, good in (
        ("tss", genes["tss"] >= 1),
        ("strand", genes["strand"].isin(["+", "-"])),
        ("part", genes["part"].isin(PARTS)),
        ("chrom", genes["chrom"].notna()),
        ("gene_id", genes["gene_id"].notna()),
    ):
        if not good.all():
            row = int((~good).to_numpy().argmax())
            raise InputError(f"column {name} holds {genes[name].iloc[row]}", where=f"{path}, line {row + 2}", fix=redo)
    return genes
