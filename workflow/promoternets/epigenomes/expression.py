"""The expression matrix: genes by epigenomes, as text and as numbers."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from promoternets.epigenomes.gct import Head, is_gct, read_head
from promoternets.errors import InputError
from promoternets.formats.epigenome_sheet import listed
from promoternets.formats.gene_names import warn_of_mangled
from promoternets.formats.gene_table import without_version
from promoternets.formats.tables import MISSING, rows

logger = logging.getLogger(__name__)
FORM = "It is a tab-separated table (gene_id, then one column an epigenome) or GCT 1.2 or 1.3"


@dataclass(frozen=True)
class Expression:
    """Expression of genes in the epigenomes asked for.

    Attributes
    ----------
    gene_ids : identifiers without version, in the file's order; each once
    epigenomes : the columns read, in the order asked for
    text : text [genes, epigenomes], the values as the file writes them
    values : float64 [genes, epigenomes], not negative; NaN where missing
    """

    path: Path
    gene_ids: list[str]
    epigenomes: list[str]
    text: np.ndarray
    values: np.ndarray

    def column(self, epigenome: str) -> tuple[np.ndarray, np.ndarray]:
        """Return (text [genes], values float64 [genes]) of an epigenome."""
        at = self.epigenomes.index(epigenome)
        return self.text[:, at], self.values[:, at]


def read_expression(path: str | Path, epigenomes: Sequence[str]) -> Expression:
    """Read the columns `epigenomes` of an expression matrix (RPKM, TPM or counts), TSV or GCT, plain or gzipped.

    A GCT file is known by its first line (see `read_head`), whatever its name. Rows that end in one empty field more
    than the header has are tolerated (`57epigenomes.RPKM.pc` of Roadmap is such a file); pandas would take their
    first column for row names and shift every epigenome by one.

    Raises
    ------
    InputError
        When the file is missing, damaged or not such a table; epigenomes have no column (lists them); a gene is
        listed twice, also under two versions (lists them); a row has other than the header's fields; a GCT file has
        other than the genes it says; a value is not a number, negative or infinite.
    """
    path = Path(path)
    filled = (row for row in rows(path, "expression table") if any(row[1]))
    head = _head(filled, path)
    at = _columns(head, epigenomes, path)
    names: list[str] = []
    text: list[list[str]] = []
    stray = 0
    for line, fields in filled:
        if len(fields) != len(head.header):
            _refuse_other_fields(fields, head.header, f"{path}, line {line}")
            stray += 1
        names.append(fields[head.gene])
        text.append([fields[column] for column in at])
    if not names:
        raise InputError("the expression table has no genes", where=path, fix=FORM)
    if head.genes not in (None, len(names)):
        raise InputError(f"the GCT file says it has {head.genes:,} genes and has {len(names):,}", where=path,
                         fix="Download or copy it again, or correct its second line")  # fmt: skip
    if stray:
        logger.warning("%s: %s rows end in an empty field the header does not have; it was dropped", path, f"{stray:,}")
    table = np.array(text, dtype=object).reshape(len(names), len(at))
    _refuse_doubled_genes(names, path)
    warn_of_mangled(names, path)
    return Expression(path, [without_version(name) for name in names], list(epigenomes), table,
                      _numbers(table, names, epigenomes, path))  # fmt: skip


def _head(filled: Iterator[tuple[int, list[str]]], path: Path) -> Head:
    """Read what stands before the first gene, of a GCT file or of a plain table."""
    number, first = next(filled, (0, []))
    if not number:
        raise InputError("the expression table is empty", where=path, fix=FORM)
    if is_gct(first):
        return read_head(first, filled, path)
    return Head(first[:-1] if len(first) > 1 and not first[-1] else first, gene=0, first=1, genes=None)


def _columns(head: Head, epigenomes: Sequence[str], path: Path) -> list[int]:
    """Return which columns the epigenomes are."""
    columns = head.header[head.first :]
    if not columns:
        raise InputError("the expression table has a single column: is it separated by commas, semicolons or spaces?",
                         where=path, fix=FORM)  # fmt: skip
    doubled = sorted(name for name, count in Counter(columns).items() if count > 1)
    if doubled:
        raise InputError(f"the expression table has column {doubled[0]!r} twice", where=path,
                         fix="Give each column its own name")  # fmt: skip
    absent = [name for name in epigenomes if name not in columns]
    if absent:
        raise InputError(
            f"{len(absent)} epigenome(s) of the sheet have no expression column: {listed(absent, len(absent))}; "
            f"there are {len(columns)} columns: {listed(columns)}",
            where=path,
            fix="Take them out of the sheet, or add their expression",
        )
    return [head.first + columns.index(name) for name in epigenomes]


def _refuse_other_fields(fields: list[str], header: list[str], where: str) -> None:
    """Raise unless the row has just one empty field more than the header."""
    surplus = len(fields) - len(header)
    if surplus == 1 and not fields[-1]:
        return
    if surplus == 1:
        why = (
            f"the row has {len(fields)} fields, the header {len(header)}, and the last ({fields[-1]!r}) is not "
            "empty: the header seems to lack the name of the gene column, so that every column would be shifted by one"
        )
        raise InputError(why, where=where, fix="Begin the header with gene_id and a tab")
    why = f"the row has {len(fields)} fields, the header {len(header)}"
    raise InputError(why, where=where, fix="Each row needs as many tab-separated fields as the header")


def _refuse_doubled_genes(names: list[str], path: Path) -> None:
    spellings: dict[str, list[str]] = {}
    for name in names:
        spellings.setdefault(without_version(name), []).append(name)
    for word in MISSING:
        if word in spellings:
            raise InputError(f"a row of the expression table has no gene identifier ({word!r})", where=path, fix=FORM)
    doubled = [
        gene if set(written) == {gene} else f"{gene} (as {' and '.join(dict.fromkeys(written))})"
        for gene, written in spellings.items()
        if len(written) > 1
    ]
    if doubled:
        raise InputError(
            f"{len(doubled)} gene(s) listed more than once in the expression table: {listed(doubled)}",
            where=path,
            fix="Keep one row a gene; identifiers are compared without version",
        )


def _numbers(table: np.ndarray, names: list[str], epigenomes: Sequence[str], path: Path) -> np.ndarray:
    values = np.empty(table.shape, dtype=np.float64)
    for row, cells in enumerate(table):
        for column, cell in enumerate(cells):
            try:
                values[row, column] = np.nan if cell in MISSING else float(cell.replace("_", "?"))  # Python takes 1_000
            except ValueError:
                values[row, column] = -np.inf
    for wrong, what in (
        (np.isinf(values), "which is not a finite number"),
        (values < 0, "which is negative (are these logarithms?)"),
    ):
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            raise InputError(
                f"expression of gene {names[row]} in {epigenomes[column]} is {table[row, column]!r}, {what}",
                where=path,
                fix="Give RPKM, TPM or counts, not logarithms, and NA for a missing value",
            )
    return values
