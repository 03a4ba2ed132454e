"""The manifest of one cohort's run, and the table of its jobs.

What is the same in a run repeated with the same input and code stands in ``manifest.json``, in a fixed order, one item
a line; what differs from run to run, time, memory and device, in ``jobs.tsv`` beside it. Neither names a person, a
machine or a folder outside the run's own.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from promoternets import provenance
from promoternets.errors import InputError
from promoternets.formats.benchmarks import job_of, read_benchmarks
from promoternets.formats.outputs import written
from promoternets.formats.tables import write_table
from promoternets.manifest.digests import digests, remembered_digests

logger = logging.getLogger(__name__)
FORMAT = 1
DEVICE = re.compile(r" device: ([^,;\n]+)")  # as training.device logs it


def write_manifest(
    *,
    settings: Path,
    sources: Sequence[Path],
    results: Sequence[Path],
    manifest: Path,
    memory: Path,
) -> None:
    """Write the manifest: code, versions, seeds, source, settings, and SHA-256 of everything read and made.

    Parameters
    ----------
    settings : the record that collect_settings wrote.
    sources : files that the run read and did not make.
    results : files and folders it made; of those removed since the SHA-256 is null; `verify` calls them missing.
    memory : where SHA-256 of the sources are kept for the next time.

    Raises
    ------
    InputError
        When a source does not exist any more.
    """
    gone = [path for path in sources if not path.exists()]
    if gone:
        raise InputError("a file that the results were made from is gone", where=gone[0], fix="Put it back")
    there = [path for path in results if path.exists()]
    removed = sorted(set(results) - set(there))
    if removed:
        logger.warning(
            "%d results were removed and have no SHA-256 in the manifest, such as %s; --forcerun with their paths "
            "makes them anew", len(removed), removed[0],
        )  # fmt: skip
    of_sources = remembered_digests(sorted(sources), memory, what="hashing inputs")
    of_results = digests(there, what="hashing results") | dict.fromkeys(removed)
    made_with = json.loads(settings.read_text(encoding="utf-8"))
    source = _portable(made_with["cohort"])
    record = {
        "format": FORMAT,
        "cohort": source.pop("name"),
        "workflow": provenance.workflow_state(),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "packages": provenance.packages(),
        "seeds": {"seed": made_with["seed"]} | _seed_of_simulation(source),
        "source": source,
        "settings": made_with["settings"],
        "inputs": _named(of_sources),
        "outputs": dict(sorted((path.relative_to(manifest.parent).as_posix(), of) for path, of in of_results.items())),
    }
    with written(manifest) as partial:
        partial.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def write_jobs(*, logs: Sequence[Path], benchmarks: Sequence[Path], jobs: Path) -> None:
    """Write job, device, wall time and CPU time (seconds) and peak memory (MiB) of each job, sorted by name."""
    timed = read_benchmarks(benchmarks)
    devices = {job_of(benchmark): _device(log) for log, benchmark in zip(logs, benchmarks, strict=True)}
    columns = {"seconds": "wall_seconds", "cpu_seconds": "cpu_seconds", "memory_mib": "peak_memory_mib"}
    table = pd.DataFrame({"job": list(devices), "device": list(devices.values())})
    times = pd.DataFrame(columns=["job", *columns]) if timed is None else timed
    write_table(table.merge(times[["job", *columns]], how="left").rename(columns=columns).sort_values("job"), jobs)


def _device(log: Path) -> str:
    """Return what a job computed on: what its log says, else the CPU, which a job uses that does not choose."""
    try:
        said = DEVICE.search(log.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return "NA"
    return said[1] if said else "CPU"


def _seed_of_simulation(source: dict[str, Any]) -> dict[str, int]:
    seed = (source.get("simulate") or {}).get("seed")
    return {} if seed is None else {"simulation": seed}


def _portable(value: Any) -> Any:
    """Return a setting, or what is in it, with paths that lead out of the run's folder cut to the file's name."""
    if isinstance(value, dict):
        return {key: _portable(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_portable(inner) for inner in value]
    leads_out = isinstance(value, str) and os.path.normpath(value).startswith(("/", ".."))
    return _inside(value) if leads_out else value


def _inside(path: str) -> str:
    """Return a path below the working folder; of any other the file's name, whose folders may name a person."""
    relative = os.path.relpath(path)
    return os.path.basename(path) if relative.startswith("..") else Path(relative).as_posix()


def _named(of_sources: dict[Path, str]) -> dict[str, str]:
    """Return SHA-256 by name, sorted; files of one name in folders that are not said are numbered."""
    named: dict[str, str] = {}
    for path, digest in of_sources.items():
        name = _inside(str(path))
        same = sum(other == name or other.startswith(f"{name} (") for other in named)
        named[f"{name} ({same + 1})" if same else name] = digest
    return dict(sorted(named.items()))
