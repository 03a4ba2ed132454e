"""The record of how a cohort's results were made: its source, settings and the versions of what ran."""

from __future__ import annotations

import json
import platform
from importlib import metadata
from pathlib import Path

from promoternets.formats.outputs import written

PACKAGES = (
    "snakemake", "torch", "captum", "cyvcf2", "pysam", "zarr", "numpy", "pandas", "scipy", "scikit-learn",
    "matplotlib", "msprime", "tskit",
)  # fmt: skip


def versions() -> dict[str, str]:
    """Return the version of Python and of each package of the workflow that is installed here."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def changed_settings(settings: dict, defaults: dict) -> dict[str, dict[str, object]]:
    """Return the settings that differ from the defaults as ``{"group.key": {"value": ..., "default": ...}}``."""
    changed = {}
    for group, value in settings.items():
        if isinstance(value, dict):
            for key, inner in value.items():
                if inner != defaults[group][key]:
                    changed[f"{group}.{key}"] = {"value": inner, "default": defaults[group][key]}
        elif value != defaults[group]:
            changed[group] = {"value": value, "default": defaults[group]}
    return changed


def write_settings(path: Path, *, cohort: str, source: dict, settings: dict, defaults: dict) -> None:
    """Write the record as JSON: cohort, source, seed, settings, defaults, changed and versions."""
    record = {
        "cohort": {"name": cohort} | source,
        "seed": settings["seed"],
        "settings": settings,
        "defaults": defaults,
        "changed": changed_settings(settings, defaults),
        "versions": versions(),
    }
    with written(path) as partial:
        partial.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
