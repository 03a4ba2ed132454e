"""Time and memory of each job, from the benchmark files that Snakemake writes."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

logger = logging.getLogger(__name__)


def job_of(path: str | Path) -> str:
    """Return a job's name by its benchmark file: its rule, then what tells the rule's jobs apart (``rule.fold_1``).

    A workflow that uses this one as a module may rename rules; the files keep the names they have here.
    """
    parts = Path(path).with_suffix("").parts
    folders = [number for number, part in enumerate(parts[:-1]) if part == "benchmarks"]
    return ".".join(parts[folders[-1] + 1 :] if folders else parts[-1:])


def read_benchmarks(paths: Sequence[Path]) -> pd.DataFrame | None:
    """Return job, stage (its rule), seconds, cpu_seconds and memory_mib (the peak) of each job.

    The files are TSV or JSON lines. One that cannot be read is counted in the log and left out: timing is never a
    reason to fail. None where there is nothing to read.
    """
    rows: list[dict[str, Any]] = []
    unreadable = 0
    for path in map(Path, paths):
        try:
            entries = _entries(path)
        except (OSError, ValueError, pd.errors.ParserError):
            unreadable += 1
            continue
        job = job_of(path)
        rows += [
            {
                "job": job,
                "stage": str(entry.get("rule_name") or job.partition(".")[0]),
                "seconds": pd.to_numeric(entry.get("s"), errors="coerce"),
                "cpu_seconds": pd.to_numeric(entry.get("cpu_time"), errors="coerce"),
                "memory_mib": pd.to_numeric(entry.get("max_rss"), errors="coerce"),
            }
            for entry in entries
        ]
    if unreadable:
        logger.warning("%d benchmark files could not be read and are left out of the table of times", unreadable)
    return pd.DataFrame(rows) if rows else None


def _entries(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".jsonl":
        entries = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        if not all(isinstance(entry, dict) for entry in entries):
            raise ValueError("not a list of objects")
        return entries
    frame = pd.read_csv(path, sep="\t")
    if "s" not in frame.columns:
        raise ValueError("no column s")
    return frame.to_dict("records")
