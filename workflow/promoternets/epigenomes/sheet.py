"""The sheet of epigenomes that a pattern of file names stands for."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from promoternets.formats.epigenome_pattern import find_signal_files
from promoternets.formats.epigenome_sheet import COLUMNS
from promoternets.formats.tables import write_table

logger = logging.getLogger(__name__)


def list_epigenomes(
    *, pattern: str, sheet: Path, marks: Sequence[str] | None = None, validation_mark: str | None = None
) -> None:
    """Write the sheet (epigenome, mark, path, kind) of the files that a pattern finds from the working directory.

    Parameters, errors : see `find_signal_files`.
    """
    found = find_signal_files(pattern, folder=Path.cwd(), marks=marks, validation_mark=validation_mark)
    table = pd.DataFrame(found.rows, columns=COLUMNS)
    logger.info("%d files: %d epigenomes, %d marks; %d other signal files beside them are not used",
                len(table), table["epigenome"].nunique(), table["mark"].nunique(), len(found.ignored))  # fmt: skip
    write_table(table, sheet)
