"""The sheet of epigenomes: which file holds which mark of which epigenome."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from promoternets.errors import InputError
from promoternets.formats.names import ALLOWED, can_name_a_file
from promoternets.formats.tables import read_table

COLUMNS = ["epigenome", "mark", "path", "kind"]
KINDS = ("bigwig", "bam")
# The order of the published data (DeepChrome, Singh et al. 2016); the mark-level LSTM reads the marks in it.
PUBLISHED_MARKS = ("H3K27me3", "H3K36me3", "H3K4me1", "H3K4me3", "H3K9me3")
SHOWN = 60


def read_sheet(path: str | Path, *, validation_mark: str | None = None) -> pd.DataFrame:
    """Read the sheet and check it: epigenome, mark, path, kind (``bigwig`` or ``bam``, any letter case).

    Relative paths start at the working directory, as all paths of the configuration do. Every epigenome has the
    same marks; only `validation_mark`, which is no input, may be missing for some of them.

    Raises
    ------
    InputError
        When a cell is empty, an epigenome's name cannot name a folder, a kind is unknown, an epigenome has a mark
        twice or a file serves twice, marks are missing (lists every epigenome and mark), or files do not exist (lists).
    """
    sheet = read_table(path, columns=COLUMNS, what="sheet of epigenomes")[COLUMNS]
    if sheet.empty:
        raise InputError("the sheet of epigenomes has no rows", where=path, fix="Add one row per epigenome and mark")
    _refuse_bad_cells(sheet, path)
    sheet = sheet.assign(kind=sheet["kind"].str.casefold())
    _refuse_doubles(sheet, path)
    _refuse_missing_marks(sheet, path, validation_mark)
    absent = [name for name in sheet["path"] if not Path(name).is_file()]
    if absent:
        raise InputError(
            f"{len(absent)} of {len(sheet)} files do not exist: {listed(absent, 10)}",
            where=path,
            fix="Relative paths start at the working directory",
        )
    return sheet


def _refuse_bad_cells(sheet: pd.DataFrame, path: str | Path) -> None:
    for name in COLUMNS:
        if sheet[name].isna().any():
            row = int(sheet[name].isna().to_numpy().argmax())
            raise InputError(f"column {name} is empty", where=f"{path}, line {row + 2}", fix="Fill it in")
    for row, name in enumerate(sheet["epigenome"]):
        if not can_name_a_file(name):
            raise InputError(
                f"{name!r} cannot name an epigenome: results lie in a folder of that name",
                where=f"{path}, line {row + 2}",
                fix=f"Use {ALLOWED}",
            )
    for row, kind in enumerate(sheet["kind"]):
        if kind.casefold() not in KINDS:
            raise InputError(f"kind {kind!r} is not one of {', '.join(KINDS)}", where=f"{path}, line {row + 2}",
                             fix="Give bigWig signal or BAM reads")  # fmt: skip


def _refuse_doubles(sheet: pd.DataFrame, path: str | Path) -> None:
    doubled = sheet[sheet.duplicated(["epigenome", "mark"])]
    if len(doubled):
        pairs = [f"{row.epigenome} {row.mark}" for row in doubled.itertuples()]
        raise InputError(f"given more than once: {listed(pairs)}", where=path,
                         fix="Keep one file per epigenome and mark, merge replicates first")  # fmt: skip
    again = sheet[sheet.duplicated("path")]
    if len(again):
        raise InputError(f"one file serves more than one row: {listed(again['path'])}", where=path,
                         fix="Each epigenome and mark has its own file")  # fmt: skip


def _refuse_missing_marks(sheet: pd.DataFrame, path: str | Path, validation_mark: str | None) -> None:
    here = set(zip(sheet["epigenome"], sheet["mark"], strict=True))
    marks = order_marks(set(sheet["mark"]) - {validation_mark})
    if validation_mark is not None and validation_mark not in set(sheet["mark"]):
        raise InputError(f"no epigenome has the validation mark {validation_mark}", where=path,
                         fix=f"Add its files, or leave `validation_mark` out; marks: {', '.join(marks)}")  # fmt: skip
    if not marks:
        raise InputError(f"no mark but the validation mark {validation_mark}", where=path, fix="Add the input marks")
    names = list(dict.fromkeys(sheet["epigenome"]))
    missing = [f"{name} {mark}" for name in names for mark in marks if (name, mark) not in here]
    if missing:
        raise InputError(
            f"{len(missing)} file(s) missing, every epigenome needs the same marks: {listed(missing, len(missing))}",
            where=path,
            fix="Add a row for each, or take the mark or the epigenome out",
        )


def order_marks(marks: Iterable[str]) -> list[str]:
    """Return marks in the published order, then others by name."""
    rank = {name: number for number, name in enumerate(PUBLISHED_MARKS)}
    return sorted(set(marks), key=lambda name: (rank.get(name, len(rank)), name))


def listed(names: Sequence[str] | pd.Series, most: int = SHOWN) -> str:
    """Return names joined by commas, at most `most` of them."""
    names = list(names)
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
