"""Tables of how a result was made, alike for every page: settings, source, versions, time and memory."""

from __future__ import annotations

from typing import Any

import pandas as pd

from promoternets.report import summaries
from promoternets.report.pieces import Cell, Table, number_cell
from promoternets.report.words import count, duration, memory, safe_text


def _value(value: Any) -> str:
    """Write a setting as in the configuration."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "none"
    if isinstance(value, (list, tuple)):
        return ", ".join(_value(item) for item in value) or "none"
    return safe_text(value, 120)


def settings_table(settings: dict[str, Any]) -> Table | None:
    """Return the settings that differ from their default, or None."""
    changed = summaries.changed_settings(settings)
    if not changed:
        return None
    rows = [[Cell(safe_text(name)), Cell(_value(here)), Cell(_value(default))] for name, here, default in changed]
    return Table("Settings that differ from their default.", ["Setting", "Here", "Default"], rows)


def source_table(settings: dict[str, Any], caption: str) -> Table | None:
    """Return where the data come from, as the record of settings says."""
    source = settings.get("cohort")
    if not isinstance(source, dict):
        return None
    rows = [
        [Cell(safe_text(name)), Cell(_value(value))]
        for name, value in summaries.flat(source).items()
        if value is not None
    ]
    return Table(caption, ["Item", "Value"], rows) if rows else None


def versions_table(settings: dict[str, Any]) -> Table | None:
    """Return the versions of what ran."""
    versions = settings.get("versions")
    if not isinstance(versions, dict) or not versions:
        return None
    return Table(
        "Versions.",
        ["Software", "Version"],
        [[Cell(safe_text(name)), Cell(_value(version))] for name, version in versions.items()],
    )


def stages_table(benchmarks: pd.DataFrame | None) -> Table | None:
    """Return time and memory by stage, or None where they were not recorded."""
    table = summaries.stages(benchmarks)
    if table is None:
        return None
    rows = [
        [
            Cell(safe_text(row.stage)),
            number_cell(count(row.jobs)),
            number_cell(duration(row.seconds)),
            number_cell(duration(row.longest)),
            number_cell(memory(row.memory_mib)),
        ]
        for row in table.itertuples()
    ]
    rows.append(
        [
            Cell("All", strong=True),
            number_cell(count(table["jobs"].sum())),
            number_cell(duration(table["seconds"].sum())),
            number_cell(duration(table["longest"].max())),
            number_cell(memory(table["memory_mib"].max())),
        ]
    )
    return Table(
        "Time and memory. Total is the sum over jobs, which may have "
        "run side by side; memory is the peak of the largest job.",
        ["Stage", "Jobs", "Total time", "Longest job", "Peak memory"],
        rows,
    )
