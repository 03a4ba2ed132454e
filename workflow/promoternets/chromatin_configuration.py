"""The chromatin part of the configuration, as its rules see it."""

from __future__ import annotations

import csv
import glob
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from promoternets.errors import InputError
from promoternets.formats.epigenome_pattern import find_signal_files, is_pattern, problem_of
from promoternets.formats.names import ALLOWED, can_name_a_file

GROUPS = ("bins", "split", "labels", "training", "baselines", "evaluation", "attention")
FROM_FILES = ("epigenomes", "expression", "annotation")
FILES = (*FROM_FILES, "published", "published_networks")
SOURCES = ("epigenomes", "published", "simulate")
NAME = "chromatin"  # its folder in results/, so no cohort and no gene set can be called so
RESULTS = f"results/{NAME}"
JOINT, PUBLISHED_NETWORK = "attentivechrome_joint", "attentivechrome_published"
TAKEN = frozenset(
    {"logs", "benchmarks", "checkpoints", "training", "baselines", "simulated", "figures"}
)  # folders in RESULTS
PARTS = ("train", "valid", "test")
NOTHING = "(?!)"  # a wildcard constraint that no value meets


@dataclass(frozen=True)
class Chromatin:
    """Epigenomes from bigWig and BAM files, from the published CSV files, or simulated.

    Attributes
    ----------
    epigenomes : names, in the order of the sheet.
    files : signal files of each epigenome, which its bins are made from.
    sheet : the sheet of epigenomes; a result where a `pattern` of file names stands in for it.
    settings : the seed and each setting group with every key, defaults filled in.
    simulate : settings of the simulation; None otherwise.
    """

    epigenomes: list[str]
    files: dict[str, list[str]]
    settings: dict[str, Any]
    sheet: str | None = None
    pattern: str | None = None
    expression: str | None = None
    annotation: str | None = None
    validation_mark: str | None = None
    marks: list[str] | None = None
    published: str | None = None
    published_networks: str | None = None
    simulate: dict[str, Any] | None = None
    missing: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def setting(self, group: str, key: str) -> Any:
        """Return a setting."""
        return self.settings[group][key]

    def per_epigenome(self, path: str) -> list[str]:
        """Return `path` once an epigenome."""
        return [path.replace("{epigenome}", name) for name in self.epigenomes]

    def measured(self) -> str:
        """Return the constraint of a wildcard for epigenomes whose bins are made from signal."""
        return NOTHING if self.published else _either(self.epigenomes)

    def imported(self) -> str:
        """Return the constraint of a wildcard for epigenomes whose bins come from published files."""
        return _either(self.epigenomes) if self.published else NOTHING

    def published_file(self, part: str) -> Callable[[Any], str]:
        """Return the function of wildcards that gives the published file of a part."""
        return lambda wildcards: (
            (self.published or "").replace("{epigenome}", wildcards.epigenome).replace("{part}", part)
        )

    def signal_files(self, wildcards: Any) -> list[str]:
        """Return the signal files of the epigenome in `wildcards`."""
        return self.files[wildcards.epigenome]

    def found_files(self) -> list[str]:
        """Return all signal files where a pattern finds them; nothing where a sheet names them."""
        return [] if self.pattern is None else [path for paths in self.files.values() for path in paths]

    def trained(self) -> list[str]:
        """Return the names of the networks that are trained."""
        joint = [JOINT] if self.setting("training", "joint") else []
        return [*self.setting("training", "models"), *joint]

    def networks(self) -> list[str]:
        """Return the names of all networks."""
        return [*self.trained(), *([PUBLISHED_NETWORK] if self.published_networks else [])]

    def groups(self, model: str) -> list[list[str]]:
        """Return the epigenomes that one job handles, for each of a network's jobs."""
        if model in (JOINT, PUBLISHED_NETWORK):
            return [self.epigenomes]
        size = self.setting("training", "together")
        return [self.epigenomes[start : start + size] for start in range(0, len(self.epigenomes), size)]

    def of_group(self, path: str) -> Callable[[Any], list[str]]:
        """Return the function of wildcards that writes `path` once an epigenome of the job's group."""
        return lambda wildcards: [
            path.replace("{epigenome}", name) for name in self.groups(wildcards.model)[int(wildcards.group) - 1]
        ]

    def of_networks(self, name: str) -> list[str]:
        """Return the file `name` of every job of every network."""
        return [
            f"{RESULTS}/training/{model}/group_{number}/{name}"
            for model in self.networks()
            for number in range(1, len(self.groups(model)) + 1)
        ]

    def with_epigenome(self, name: str) -> Callable[[Any], list[str]]:
        """Return the function of wildcards that gives the file `name` of each network of the epigenome."""

        def paths(wildcards: Any) -> list[str]:
            return [
                f"{RESULTS}/training/{model}/group_{number}/{name}"
                for model in self.networks()
                for number, group in enumerate(self.groups(model), start=1)
                if wildcards.epigenome in group
            ]

        return paths

    def of_baselines(self, name: str) -> list[str]:
        """Return the file `name` of every baseline."""
        return [f"{RESULTS}/baselines/{model}/{name}" for model in self.setting("baselines", "models")]

    def published_states(self) -> list[str]:
        """Return the published weights of each epigenome; none when none are given."""
        return self.per_epigenome(self.published_networks) if self.published_networks else []

    def of_measured(self, *paths: str | None) -> list[str]:
        """Return `paths` unless the epigenomes come from published files, which have none of them."""
        return [] if self.published else [path for path in paths if path is not None]

    def truth(self) -> list[str]:
        """Return the table of planted weights of a simulation; nothing otherwise."""
        return [] if self.simulate is None else [f"{RESULTS}/simulated/truth.tsv"]

    def source(self) -> dict[str, Any]:
        """Return where the epigenomes come from, for the record."""
        keys = (*FROM_FILES[1:], "pattern", "validation_mark", "marks", "published", "published_networks", "simulate")
        given = {key: getattr(self, key) for key in keys if getattr(self, key) is not None}
        return {"epigenomes": self.epigenomes, "sheet": self.sheet} | given


def _either(names: Iterable[str]) -> str:
    return "|".join(map(re.escape, names)) or NOTHING


def chromatin_problems(entry: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the chromatin part beyond its schema, a line each."""
    given = [key for key in SOURCES if key in entry]
    if len(given) > 1:
        return [f"chromatin: it has both `{given[0]}` and `{given[1]}`; keep one of the two"]
    if not given:
        return ["chromatin: it names no data; give epigenomes, expression and annotation (or published, or simulate)"]
    lines = []
    if given == ["epigenomes"]:
        lines += [f"chromatin: `{key}` is missing" for key in FROM_FILES if key not in entry]
        if is_pattern(entry["epigenomes"]) and (problem := problem_of(entry["epigenomes"])):
            lines.append(f"chromatin.epigenomes: {problem}")
    if given == ["published"] and entry.get("validation_mark"):
        lines.append("chromatin.validation_mark: the published files hold input marks only; leave it out")
    if given == ["published"] and entry.get("labels", {}).get("target") == "expression":
        lines.append("chromatin.labels.target: the published files hold labels, no expression; use label")
    split = entry.get("split", {})
    if split.get("train_share", 0.6) + split.get("valid_share", 0.2) >= 1:
        lines.append("chromatin.split: train_share and valid_share leave no gene to test")
    pattern = entry.get("published_networks")
    if pattern and "{epigenome}" not in pattern:
        lines.append("chromatin.published_networks: it needs {epigenome}, since there are weights for each")
    return lines


def read_chromatin(
    entry: Mapping[str, Any], settings: dict[str, Any], simulate: dict[str, Any], folder: Path
) -> Chromatin:
    """Return the completed chromatin part.

    Parameters
    ----------
    entry : the part as configured; its problems have been looked for.
    settings : every setting group, completed. simulate : the simulation's settings, completed.
    folder : where relative paths start.
    """
    common = {"settings": settings, "marks": entry.get("marks"), "published_networks": entry.get("published_networks")}
    if "simulate" in entry:
        names = [f"S{number:03d}" for number in range(1, simulate["epigenomes"] + 1)]
        simulated = f"{RESULTS}/simulated"
        return Chromatin(
            names, {name: [f"{simulated}/signal"] for name in names}, sheet=f"{simulated}/epigenomes.tsv",
            expression=f"{simulated}/expression.tsv", annotation=f"{simulated}/genes.gtf.gz",
            validation_mark=entry.get("validation_mark") or "H3K27ac", simulate=simulate, **common,
        )  # fmt: skip
    if "published" in entry:
        return _published(entry["published"], common, folder)
    given = entry["epigenomes"]
    pattern = given if is_pattern(given) else None
    missing = [
        f"chromatin: {key}: there is no file {entry[key]} (looked in {folder})"
        for key in FROM_FILES
        if entry[key] != pattern and not (folder / entry[key]).is_file()
    ]
    rows, notices = [], []
    if pattern is not None:
        try:
            rows, notices = _found(pattern, entry, folder)
        except InputError as error:
            missing.append(f"chromatin: epigenomes: {error}")
    elif not missing:
        rows = _rows(folder / given)
    files: dict[str, list[str]] = {}
    for row in rows:
        files.setdefault(row["epigenome"], []).append(row["path"])
    if not missing:
        missing += _problems_of_sheet(entry, settings, rows, folder)
    missing += _unusable(files)
    return Chromatin(
        list(files), files, sheet=given if pattern is None else f"{RESULTS}/epigenomes.tsv", pattern=pattern,
        expression=entry["expression"], annotation=entry["annotation"], validation_mark=entry.get("validation_mark"),
        missing=missing, notices=notices, **common,
    )  # fmt: skip


def _unusable(names: Iterable[str]) -> list[str]:
    """Return a line for each epigenome whose name cannot be that of its folder in the results."""
    wrong = {name: f"use {ALLOWED}" for name in names if not can_name_a_file(name)}
    wrong |= {name: f"results/chromatin/{name} is taken" for name in names if name in TAKEN}
    return [f"chromatin: {name!r} cannot name an epigenome: {why}" for name, why in wrong.items()]


def _found(pattern: str, entry: Mapping[str, Any], folder: Path) -> tuple[list[dict[str, str]], list[str]]:
    """Return the rows of the sheet that a pattern stands for, and what is said of the files it leaves out."""
    marks, validation_mark = entry.get("marks"), entry.get("validation_mark")
    found = find_signal_files(pattern, folder=folder, marks=marks, validation_mark=validation_mark)
    rows = [dict(zip(("epigenome", "mark", "path"), row[:3], strict=True)) for row in found.rows]
    left = len(found.ignored)
    shown = ", ".join(found.ignored[:5]) + (f" and {left - 5} more" if left > 5 else "")
    return rows, [f"chromatin: epigenomes: {left} signal file(s) not used: {shown}"] if left else []


def _published(pattern: str, common: dict[str, Any], folder: Path) -> Chromatin:
    first = pattern.replace("{part}", PARTS[0])
    before, after = first.split("{epigenome}", 1)
    expression = re.compile(
        re.escape(before) + r"(?P<name>[^/]+)" + re.escape(after).replace(r"\{epigenome\}", "(?P=name)")
    )
    paths = glob.glob("*".join(glob.escape(part) for part in first.split("{epigenome}")), root_dir=folder)
    names = sorted({found["name"] for found in map(expression.fullmatch, paths) if found} - TAKEN)
    missing = _unusable(names) if names else [f"chromatin: published: no file matches {first} (looked in {folder})"]
    every = [(name, pattern.replace("{epigenome}", name).replace("{part}", part)) for name in names for part in PARTS]
    missing += [f"chromatin: published: there is no file {path}" for _, path in every if not (folder / path).is_file()]
    return Chromatin(names, {name: [] for name in names}, published=pattern, missing=missing, **common)


def _rows(sheet: Path) -> list[dict[str, str]]:
    """Return the rows of a sheet that name an epigenome and a path; the rest is said by the job that checks it."""
    with sheet.open(encoding="utf-8-sig", newline="") as lines:
        read = list(csv.DictReader(lines, delimiter="\t"))
    rows = [
        {name.strip(): value.strip() for name, value in row.items() if isinstance(name, str) and isinstance(value, str)}
        for row in read
    ]
    return [row for row in rows if row.get("epigenome") and row.get("path")]


def _problems_of_sheet(
    entry: Mapping[str, Any], settings: Mapping[str, Any], rows: list[dict[str, str]], folder: Path
) -> list[str]:
    """Return what would stop the run only after its first jobs, or never be said at all, a line each."""
    sheet = f"chromatin: epigenomes: {entry['epigenomes']}"
    if not rows:
        return [
            f"{sheet}: no row has an epigenome and a path; it needs tab-separated columns epigenome, mark, path, kind"
        ]
    absent = [row["path"] for row in rows if not (folder / row["path"]).is_file()]
    lines = [f"{sheet}: there is no file {path} (looked in {folder})" for path in absent[:5]]
    if len(absent) > 5:
        lines.append(f"{sheet}: and {len(absent) - 5} other files do not exist")
    active, marks = settings["attention"]["active_mark"], {row.get("mark", "") for row in rows}
    if entry.get("validation_mark") and active not in marks - {entry["validation_mark"]}:
        lines.append(
            f"chromatin.attention.active_mark: {active} is not among the input marks "
            f"{', '.join(sorted(marks - {entry['validation_mark']}))}"
        )
    return lines
