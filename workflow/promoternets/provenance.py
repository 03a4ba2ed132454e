"""How a cohort's results were made: its source and settings, the code and the versions of what ran."""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
import tomllib
from importlib import metadata
from pathlib import Path

from promoternets.formats.outputs import written

CODE = (".py", ".smk", ".yaml")  # suffixes
ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = (
    "snakemake", "torch", "captum", "cyvcf2", "pgenlib", "pysam", "pyBigWig", "zarr", "safetensors", "numpy", "pandas",
    "scipy", "scikit-learn", "matplotlib", "msprime", "tskit",
)  # fmt: skip


def versions() -> dict[str, str]:
    """Return the version of Python and of each package of the workflow that is installed here."""
    return {"python": platform.python_version()} | packages()


def packages() -> dict[str, str]:
    """Return the version of each package of the workflow that is installed here."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def workflow_state(root: Path = ROOT) -> dict[str, object]:
    """Return which workflow this is: version, SHA-256 of its code, and what git says where it is a checkout.

    `commit` and `modified` (tracked files that differ from it) are None where there is no checkout, or no git.
    """
    inside = sorted(path for folder in ("workflow", "envs") for path in (root / folder).rglob("*"))
    code = [root / "Snakefile", *(path for path in inside if path.suffix in CODE)]
    lines = [f"{path.relative_to(root).as_posix()}\t{hashlib.sha256(path.read_bytes()).hexdigest()}" for path in code]
    commit, changes = (_git(root, *words) for words in (("rev-parse", "HEAD"), ("diff", "--name-only", "HEAD", "--")))
    return {
        "version": _version(root),
        "code_sha256": hashlib.sha256("\n".join(lines).encode()).hexdigest(),
        "commit": commit,
        "modified": None if changes is None else changes.split("\n") if changes else [],
    }


def _version(root: Path) -> str | None:
    try:
        return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    except OSError:
        return None  # Snakefile and workflow/ alone were copied


def _git(root: Path, *words: str) -> str | None:
    """Return what a git command says of the workflow's own checkout; None where there is none, or no git."""
    if not (root / ".git").exists():
        return None
    try:
        done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


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
