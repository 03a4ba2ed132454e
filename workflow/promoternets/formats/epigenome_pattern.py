"""Signal files found by a pattern of their names, such as ``data/{epigenome}-{mark}.bigWig``, in place of a sheet.

Imports stay light: the configuration is read at every start of Snakemake, in every job.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from promoternets.errors import InputError

PLACES = ("{epigenome}", "{mark}")
SHOWN = 10
KIND_OF = {".bigwig": "bigwig", ".bw": "bigwig", ".bam": "bam"}


@dataclass(frozen=True)
class Found:
    """What a pattern finds.

    Attributes
    ----------
    rows : (epigenome, mark, path, kind) of each file, sorted; the rows of the sheet it stands in for
    ignored : signal files in the same folders that are no row, sorted
    """

    rows: list[tuple[str, str, str, str]]
    ignored: list[str]


def is_pattern(text: str) -> bool:
    """Return whether a text is a pattern, good or bad, and not the path of a sheet."""
    return any(place in text for place in PLACES)


def problem_of(pattern: str) -> str | None:
    """Return what is wrong with a pattern itself, or None."""
    if not all(place in pattern for place in PLACES):
        return f"the pattern {pattern} needs both {{epigenome}} and {{mark}}"
    if Path(pattern).suffix.casefold() not in KIND_OF:
        return f"the pattern {pattern} must end in .bigWig, .bw or .bam, which says what the files are"
    return None


def find_signal_files(
    pattern: str, *, folder: Path, marks: Sequence[str] | None = None, validation_mark: str | None = None
) -> Found:
    """Find the files of a pattern that `problem_of` has nothing against.

    Parameters
    ----------
    folder : where a relative pattern starts.
    marks : the only input marks to take; all by default. validation_mark : taken too, and may be missing for some.

    Raises
    ------
    InputError
        When no file is found, a name can be read in two ways (``a-b-c`` as ``{epigenome}-{mark}``), or epigenomes
        lack marks that others have (lists them).
    """
    kind = KIND_OF[Path(pattern).suffix.casefold()]
    shortest, longest = _reader(pattern, "[^/]+?"), _reader(pattern, "[^/]+")
    rows = []
    for path in glob.glob(_filled(glob.escape(pattern), lambda _: "*"), root_dir=folder):
        read, other = shortest.fullmatch(path), longest.fullmatch(path)
        if read is None or other is None:
            continue  # a place that comes twice has two values
        if read.groupdict() != other.groupdict():
            ways = " or ".join(f"epigenome {way['epigenome']}, mark {way['mark']}" for way in (read, other))
            raise InputError(f"{path} can be read in two ways: {ways}", where=pattern, fix="Give a sheet of epigenomes")
        if marks is None or read["mark"] in {*marks, validation_mark}:
            rows.append((read["epigenome"], read["mark"], path, kind))
    if not rows:
        only = "" if marks is None else f" with the mark {' or '.join(marks)}"
        raise InputError(f"no file{only} matches {pattern} (looked in {folder})", fix="Correct the pattern")
    _refuse_missing_marks(rows, pattern, validation_mark)
    taken = {path for _, _, path, _ in rows}
    beside = {str(Path(path).parent / file.name) for path in taken for file in (folder / path).parent.iterdir()}
    known = {str(Path(path)) for path in taken}
    return Found(sorted(rows), sorted(path for path in beside - known if Path(path).suffix.casefold() in KIND_OF))


def _refuse_missing_marks(rows: list[tuple[str, str, str, str]], pattern: str, validation_mark: str | None) -> None:
    here = {row[:2] for row in rows}
    names, marks = sorted({name for name, _ in here}), sorted({mark for _, mark in here} - {validation_mark})
    missing = [
        _filled(pattern, {"epigenome": name, "mark": mark}.__getitem__)
        for name in names
        for mark in marks
        if (name, mark) not in here
    ]
    if missing:
        more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
        raise InputError(
            f"{len(missing)} file(s) missing, every epigenome needs the same marks: {', '.join(missing[:SHOWN])}{more}",
            where=pattern,
            fix="Add the files, or name the marks that every epigenome has under `marks`",
        )


def _filled(text: str, value_of: Callable[[str], str]) -> str:
    return re.sub(r"\{(epigenome|mark)\}", lambda place: value_of(place[1]), text)


def _reader(pattern: str, name: str) -> re.Pattern[str]:
    """Return the expression of a pattern in which each place is a `name`, the same one where it comes again."""
    pieces = re.split(r"\{(epigenome|mark)\}", pattern)
    text, seen = re.escape(pieces[0]), set()
    for place, literal in zip(pieces[1::2], pieces[2::2], strict=True):
        text += f"(?P={place})" if place in seen else f"(?P<{place}>{name})"
        text += re.escape(literal)
        seen.add(place)
    return re.compile(text)
