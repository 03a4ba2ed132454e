"""Tab-separated tables a person may open: one way to write them, one way to read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from promoternets.errors import InputError
from promoternets.formats.outputs import written

MISSING = ("NA", "", "nan", "NaN", "N/A", "None", ".")


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
    path : path of the table; UTF-8 with or without a byte-order mark, any line ends.
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
        When the file is missing, is not text, has no header or rows of different length, lacks a column,
        or holds something that is not a number in a number column.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"the {what} does not exist", where=path, fix="Check the path in the configuration")
    try:
        frame = pd.read_csv(
            path,
            sep="\t",
            dtype=str,
            keep_default_na=False,
            na_values=list(MISSING),
            encoding="utf-8-sig",
            header=None,
        )
    except UnicodeDecodeError as error:
        raise InputError(
            f"the {what} is not UTF-8 text", where=path, fix="Save it as a tab-separated UTF-8 file"
        ) from error
    except pd.errors.EmptyDataError as error:
        raise InputError(
            f"the {what} is empty", where=path, fix="It needs a header row and one row per entry"
        ) from error
    except pd.errors.ParserError as error:
        raise InputError(
            f"the {what} cannot be read ({str(error).strip()})",
            where=path,
            fix="Each row needs as many tab-separated fields as the header",
        ) from error
    frame = _with_header(frame)
    doubled = frame.columns[frame.columns.duplicated()].tolist()
    if doubled:
        raise InputError(f"the {what} has column {doubled[0]!r} twice", where=path, fix="Give each column its own name")
    absent = [name for name in columns if name not in frame.columns]
    if absent:
        found = ", ".join(frame.columns[:12])
        hint = " (is it separated by commas or spaces instead of tabs?)" if len(frame.columns) == 1 else ""
        raise InputError(
            f"the {what} lacks column {', '.join(absent)}; it has: {found}{hint}",
            where=path,
            fix="Add the column, tab-separated",
        )
    frame = frame.apply(lambda column: column.astype("str").str.strip())
    for name, dtype in (dtypes or {}).items():
        if name in frame.columns:
            frame[name] = _as_numbers(frame[name], dtype, what, path)
    return frame


def _with_header(frame: pd.DataFrame) -> pd.DataFrame:
    """Take the first row as the header; pandas itself would rename doubled names and drop surplus fields."""
    names = ["" if pd.isna(name) else str(name).strip() for name in frame.iloc[0]]
    frame = frame.iloc[1:].reset_index(drop=True)
    frame.columns = names
    return frame


def _as_numbers(column: pd.Series, dtype: str, what: str, path: Path) -> pd.Series:
    numbers = pd.to_numeric(column, errors="coerce")
    bad = column.notna() & numbers.isna()
    if bad.any():
        row = int(bad.to_numpy().argmax())
        raise InputError(
            f"column {column.name} of the {what} holds {column.iloc[row]!r}, which is not a number",
            where=f"{path}, line {row + 2}",
            fix="Write a number, or NA for a missing value",
        )
    if dtype.startswith("int") and numbers.isna().any():
        row = int(numbers.isna().to_numpy().argmax())
        raise InputError(
            f"column {column.name} of the {what} is empty",
            where=f"{path}, line {row + 2}",
            fix="Every row needs a value here",
        )
    return numbers.astype(dtype)


def write_table(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a table as TSV with a header, ``NA`` for missing values and numbers to 10 significant digits."""
    with written(path) as partial:
        frame.to_csv(partial, sep="\t", index=False, na_rep="NA", float_format="%.10g", lineterminator="\n")
