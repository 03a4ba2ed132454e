"""Tab-separated tables a person may open: one way to write them, one way to read them."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from promoternets.errors import InputError
from promoternets.formats.outputs import written
from promoternets.formats.text_lines import lines

MISSING = ("NA", "", "nan", "NaN", "NAN", "N/A", "n/a", "#N/A", "<NA>", "NULL", "null", "None", ".")
ERRORS = {"#VALUE!", "#REF!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"}  # of spreadsheets


def read_table(
    path: str | Path,
    *,
    columns: Sequence[str] = (),
    what: str = "table",
    dtypes: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Read a TSV with a header row.

    Parameters
    ----------
    path : path of the table; UTF-8 with or without a byte-order mark, any line ends, gzipped or not.
    columns : names that must be there.
    what : what the table is called in an error message.
    dtypes : pandas dtypes of the columns that are numbers ("int64", "float64"); all others stay text,
        so that identifiers such as ``007`` survive.

    Returns
    -------
    DataFrame with the table's columns in their order; ``NA`` and empty cells are missing values.

    Raises
    ------
    InputError
        See `rows`; and when the table has no header, a column without name or twice, rows of different length, a
        blank line between rows or an error of a spreadsheet, lacks a column, or holds something that is not a number
        (or no whole number) in a number column.
    """
    path = Path(path)
    header, body = _header_and_body(path, what)
    absent = [name for name in columns if name not in header]
    if absent:
        found = ", ".join(header[:12])
        hint = " (is it separated by commas, semicolons or spaces instead of tabs?)" if len(header) == 1 else ""
        raise InputError(
            f"the {what} lacks column {', '.join(absent)}; it has: {found}{hint}",
            where=path,
            fix="Save it with tabs between the columns" if len(header) == 1 else "Add the column, tab-separated",
        )
    by_column = zip(*body, strict=True) if body else [()] * len(header)
    frame = pd.DataFrame(
        {
            name: pd.Series([None if cell in MISSING else cell for cell in cells], dtype="str")
            for name, cells in zip(header, by_column, strict=True)
        }
    )
    for name, dtype in (dtypes or {}).items():
        if name in frame.columns:
            frame[name] = _as_numbers(frame[name], dtype, what, path)
    return frame


def rows(path: str | Path, what: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number from 1, fields without blanks around them) of a tab-separated file's lines.

    A field in double quotes loses them. A blank line has a single empty field.

    Raises
    ------
    InputError
        See `text_lines.lines`; and where quotes do not close in their line, which would swallow the lines after it.
    """
    for number, line in lines(path, what):
        try:
            fields = next(csv.reader([line], delimiter="\t", strict=True), [""])
        except csv.Error as error:
            raise InputError(
                f"the {what} has a double quote that does not enclose a field ({error})",
                where=f"{path}, line {number}",
                fix="Take the quotes out",
            ) from error
        yield number, [field.strip() for field in fields]


def _header_and_body(path: Path, what: str) -> tuple[list[str], list[list[str]]]:
    """Return the names of the columns, and the rows, all as long; empty fields and lines at an end are dropped."""
    table = rows(path, what)
    number, header = next(table, (0, []))
    while header and not header[-1]:
        header.pop()
    if not header:
        found = "begins with a blank line" if number else "is empty"
        raise InputError(f"the {what} {found}", where=path, fix="It needs a header row and one row per entry")
    if "" in header:
        raise InputError(f"column {header.index('') + 1} of the {what} has no name", where=path, fix="Name it")
    doubled = [name for name, count in Counter(header).items() if count > 1]
    if doubled:
        raise InputError(f"the {what} has column {doubled[0]!r} twice", where=path, fix="Give each column its own name")
    body: list[list[str]] = []
    blank = None
    for number, fields in table:
        if not any(fields):
            blank = blank or number
            continue
        if blank:
            raise InputError(f"line {blank:,} of the {what} is blank, between rows", where=path, fix="Take it out")
        if len(fields) < len(header) or any(fields[len(header) :]):
            raise InputError(
                f"the row has {len(fields)} fields, the header of the {what} {len(header)}",
                where=f"{path}, line {number}",
                fix="Each row needs as many tab-separated fields as the header",
            )
        wrong = ERRORS.intersection(fields)
        if wrong:
            raise InputError(
                f"the {what} holds {wrong.pop()}, an error of a spreadsheet",
                where=f"{path}, line {number}",
                fix="Write the value, or NA where it is missing",
            )
        body.append(fields[: len(header)])
    return header, body


def _as_numbers(column: pd.Series, dtype: str, what: str, path: Path) -> pd.Series:
    numbers = pd.to_numeric(column, errors="coerce")
    faults = [(column.notna() & numbers.isna(), "which is not a number", "Write a number, or NA for a missing value")]
    if dtype.startswith("int"):
        faults.append((column.isna(), None, "Every row needs a value here"))
        if numbers.dtype != np.int64:  # with other than whole numbers, or greater ones than fit
            fits = numbers.abs().lt(2**63) & (numbers % 1 == 0)
            faults.append((~fits, "which is not a whole number", "Write a whole number"))
    for wrong, words, fix in faults:
        if wrong.any():
            row = int(wrong.to_numpy().argmax())
            found = f"holds {column.iloc[row]!r}, {words}" if words else "is empty"
            raise InputError(f"column {column.name} of the {what} {found}", where=f"{path}, line {row + 2}", fix=fix)
    return numbers.astype(dtype)


def write_table(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a table as TSV with a header, ``NA`` for missing values and numbers to 10 significant digits."""
    with written(path) as partial:
        frame.to_csv(partial, sep="\t", index=False, na_rep="NA", float_format="%.10g", lineterminator="\n")
