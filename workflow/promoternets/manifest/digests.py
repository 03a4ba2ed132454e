"""SHA-256 of files, and of folders that are one result."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

from promoternets.errors import InputError
from promoternets.formats.outputs import written
from promoternets.progress import progress

STAMP = ".snakemake_timestamp"  # Snakemake's own, in each folder that a job made


def digests(paths: Iterable[Path], *, what: str) -> dict[Path, str]:
    """Return the SHA-256 of each path, hexadecimal, saying how far the work is. Files are read as streams.

    A folder (a Zarr store, a model folder, figures) has one: that of the lines ``path<tab>SHA-256`` of its files,
    sorted by their path in it.

    Raises
    ------
    InputError
        When a file cannot be read.
    """
    files = {path: _files_in(path) if path.is_dir() else [path] for path in paths}
    every = [file for inside in files.values() for file in inside]
    of_file = {file: _of_file(file) for file in progress(every, what=what, unit="files")}
    return {
        path: _of_lines(f"{file.relative_to(path).as_posix()}\t{of_file[file]}" for file in inside)
        if path.is_dir()
        else of_file[path]
        for path, inside in files.items()
    }


def remembered_digests(paths: Iterable[Path], memory: Path, *, what: str) -> dict[Path, str]:
    """Return the same for files that seldom change, asking `memory` for those of the same size and time as before.

    `memory` is a JSON file, written anew; without it, or when it cannot be read, every file is read.
    """
    try:
        before = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        before = {}
    states = {path: [path.stat().st_size, path.stat().st_mtime_ns] for path in paths}
    known = {
        path: before[str(path)]["sha256"]
        for path, state in states.items()
        if path.is_file() and before.get(str(path), {}).get("state") == state
    }
    found = known | digests([path for path in states if path not in known], what=what)
    with written(memory) as partial:
        entries = {str(path): {"state": state, "sha256": found[path]} for path, state in states.items()}
        partial.write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")
    return {path: found[path] for path in states}


def _files_in(folder: Path) -> list[Path]:
    def refuse(error: OSError) -> None:
        raise _unreadable(Path(error.filename), error) from error

    walked = os.walk(folder, onerror=refuse)
    return sorted(Path(inside) / name for inside, _, names in walked for name in names if name != STAMP)


def _of_file(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> InputError:
    return InputError(f"cannot be read ({error.strerror})", where=path, fix="Check its rights, or ask its owner")


def _of_lines(lines: Iterable[str]) -> str:
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()
