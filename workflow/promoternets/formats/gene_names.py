"""Names of genes that a spreadsheet turned into dates or numbers: MARCH1 into 1-Mar, 2310009E13 into 2.31E+19."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from pathlib import Path

logger = logging.getLogger(__name__)
SHOWN = 10
_MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)"
_DATES = re.compile(rf"(?:\d{{1,2}}-{_MONTH}|{_MONTH}-\d{{1,2}})(?:-\d{{2,4}})?|\d{{4}}-\d\d-\d\d(?:[ T].*)?", re.I)
_POWERS = re.compile(r"\d(?:\.\d+)?E\+\d+", re.I)
_SERIAL = re.compile(r"[2-6]\d{4}")  # days since 1900, of years 1954 to 2091
MOST_NUMBERS = 0.01  # a share of names above which numbers are identifiers, as those of Entrez


def mangled(names: Iterable[str]) -> list[str]:
    """Return the distinct names, in order, that look like what a spreadsheet makes of a gene's.

    ``43891`` is one where numbers are rare; a table of Entrez identifiers has nothing else.
    """
    distinct = list(dict.fromkeys(names))
    numbers_are_names = sum(name.isdecimal() for name in distinct) > max(1, MOST_NUMBERS * len(distinct))
    kinds = (_DATES, _POWERS) if numbers_are_names else (_DATES, _POWERS, _SERIAL)
    return [name for name in distinct if any(kind.fullmatch(name) for kind in kinds)]


def warn_of_mangled(names: Iterable[str], path: str | Path) -> None:
    """Log a warning that counts and names them, if there are any."""
    found = mangled(names)
    if found:
        more = f" and {len(found) - SHOWN:,} more" if len(found) > SHOWN else ""
        logger.warning(
            "%s: %s gene name(s) look as if a spreadsheet had made dates or numbers of them (MARCH1 becomes 1-Mar): "
            "%s%s. They are used as they are; to mend them, get the file anew without a spreadsheet",
            path, f"{len(found):,}", ", ".join(found[:SHOWN]), more,
        )  # fmt: skip
