"""The lines of a text file as people have them, packed or not and with any line ends; a damaged one is refused."""

from __future__ import annotations

import gzip
import io
import logging
import zlib
from collections.abc import Iterator
from pathlib import Path

from promoternets.errors import InputError
from promoternets.formats.variant_index import BGZF_END, OTHER_WRAPPERS

logger = logging.getLogger(__name__)
SAVE_AS = "Save it as UTF-8 text, with tabs between the columns"
COPY = "Download or copy it again"
WIDE = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}  # marks at the start of text with two bytes a letter


def lines(path: str | Path, what: str) -> Iterator[tuple[int, str]]:
    """Yield (line number from 1, line without its end) of a UTF-8 text file, plain, gzipped or bgzipped.

    Whether it is packed is told by its first bytes, not by its name; a byte-order mark is passed over.

    Parameters
    ----------
    what : what the file is called in an error message.

    Raises
    ------
    InputError
        When the file is missing or no such text, or its compression is damaged or cut short. A bgzipped file ends in
        a marker, since a cut between two of its blocks would look whole.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"the {what} does not exist", where=path, fix="Check the path in the configuration")
    with path.open("rb") as raw:
        head = raw.read(18)
        packed = head[:2] == b"\x1f\x8b"
        _refuse_other_kinds(head, what, path)
        if packed and head[12:14] == b"BC" and head[3] & 4 and not _ends_in_marker(raw):
            raise InputError(f"the {what} is cut short: it lacks the end marker of bgzip", where=path, fix=COPY)
        raw.seek(0)
        number, line = 0, "\n"
        try:
            unpacked = gzip.GzipFile(fileobj=raw) if packed else raw
            for number, line in enumerate(io.TextIOWrapper(unpacked, encoding="utf-8-sig"), start=1):
                if "\0" in line:
                    what_is_wrong = f"line {number:,} of the {what} has a zero byte: it is not text"
                    raise InputError(what_is_wrong, where=path, fix=SAVE_AS)
                yield number, line.rstrip("\n")
        except UnicodeDecodeError as error:
            where = f"{path}, after line {number}"
            raise InputError(f"the {what} is not UTF-8 text", where=where, fix=SAVE_AS) from error
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise InputError(
                f"the compressed {what} is damaged or cut short", where=f"{path}, after line {number}", fix=COPY
            ) from error
    if not line.endswith("\n"):
        logger.warning("%s: the last line has no line end; was the file cut off there?", path)


def _refuse_other_kinds(head: bytes, what: str, path: Path) -> None:
    for start, name in WIDE.items():
        if head.startswith(start):
            raise InputError(f"the {what} is {name} text, not UTF-8", where=path, fix=SAVE_AS)
    for start, name in OTHER_WRAPPERS.items():
        if head.startswith(start):
            sheet = name == "zip"
            raise InputError(
                f"the {what} is packed with {name}{' or a spreadsheet' if sheet else ''}",
                where=path,
                fix="Unpack it; save a spreadsheet as tab-separated text" if sheet else f"Unpack it. {SAVE_AS}",
            )


def _ends_in_marker(raw: io.BufferedReader) -> bool:
    raw.seek(-min(len(BGZF_END), raw.seek(0, io.SEEK_END)), io.SEEK_END)
    return raw.read() == BGZF_END
