"""Results held against their manifest."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from promoternets.errors import InputError
from promoternets.manifest.digests import digests
from promoternets.manifest.write import FORMAT

NAME = "manifest.json"
BESIDE = (NAME, "jobs.tsv", "logs", "benchmarks", "checkpoints")  # in the folder, and no results


@dataclass(frozen=True)
class Differences:
    """Files and folders, by their path in `results`, that are not as the manifest says; `same` counts the others."""

    results: Path
    changed: list[str]
    missing: list[str]
    extra: list[str]
    same: int

    def lines(self) -> list[str]:
        """Return one line for each difference, with its path."""
        kinds = (("changed", self.changed), ("missing", self.missing), ("extra", self.extra))
        return [f"{kind}: {(self.results / path).as_posix()}" for kind, paths in kinds for path in paths]


def verify(results: Path) -> Differences:
    """Return how the results of a cohort differ from its manifest. Each file is read; nothing is remembered.

    Raises
    ------
    InputError
        When there is no manifest, or it cannot be read.
    """
    expected = _outputs(results / NAME)
    there = [path for path in expected if (results / path).exists()]
    found = digests([results / path for path in there], what=f"hashing {results}")
    changed = [path for path in there if found[results / path] != expected[path]]
    return Differences(
        results=results,
        changed=changed,
        missing=[path for path in expected if path not in there],
        extra=sorted(_extra(results, set(expected))),
        same=len(there) - len(changed),
    )


def _outputs(manifest: Path) -> dict[str, str | None]:
    try:
        record = json.loads(manifest.read_text(encoding="utf-8"))
        if record["format"] != FORMAT:
            raise InputError(f"its format is {record['format']}, not {FORMAT}", where=manifest, fix="Write it anew")
        return dict(record["outputs"])
    except OSError as error:
        raise InputError(
            f"there is no manifest to check against ({error.strerror})",
            where=manifest,
            fix="Name the folder of one cohort's results; a run without a target writes the manifest last",
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError("this is no manifest of promoternets", where=manifest, fix="Put the original back") from error


def _extra(results: Path, expected: set[str]) -> Iterator[str]:
    """Yield what lies in the results beside the expected; a folder that holds nothing expected once, as a whole."""
    above = {parent.as_posix() for path in expected for parent in Path(path).parents}
    for folder, folders, files in os.walk(results):
        inside = os.path.relpath(folder, results).replace(os.sep, "/")
        for name in [*folders, *files]:
            path = name if inside == "." else f"{inside}/{name}"
            if path in above and name in folders:
                continue
            if name in folders:
                folders.remove(name)
            if path not in expected and path not in BESIDE:
                yield path
