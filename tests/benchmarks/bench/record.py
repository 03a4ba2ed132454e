"""What was measured: results.tsv, the table in README.md, and what got worse since the last time."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from bench.frame import COLUMNS, DIFFERENT, Row

HERE = Path(__file__).resolve().parent.parent
RESULTS = HERE / "results.tsv"
README = HERE / "README.md"
BEGIN, END = "<!-- written by make bench -->", "<!-- end -->"
KEY = ("benchmark", "peer", "device")


def read(path: Path = RESULTS) -> list[Row]:
    """Return the recorded rows, none where there is no record."""
    if not path.is_file():
        return []
    with path.open(newline="") as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def write(rows: Sequence[Row], path: Path = RESULTS) -> None:
    """Write rows as results.tsv."""
    with path.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, COLUMNS, delimiter="\t", lineterminator="\n", restval="")
        writer.writeheader()
        writer.writerows(rows)


def key(row: Row) -> tuple[str, ...]:
    """Return what tells a row from others."""
    return tuple(row[name] for name in KEY)


def merged(before: Sequence[Row], now: Sequence[Row]) -> list[Row]:
    """Return the rows of now in the places of the same rows before, new ones after their stage.

    A row that could not be measured leaves one that was measured before, on whatever device, as it is.
    """
    found = {key(row): row for row in before} | {key(row): row for row in now if row["ratio"]}
    measured = {(row["benchmark"], row["peer"]) for row in found.values() if row["ratio"]}
    found = {name: row for name, row in found.items() if row["ratio"] or name[:2] not in measured}
    found |= {key(row): row for row in now if (row["benchmark"], row["peer"]) not in measured}
    stages = list(dict.fromkeys(stage(row) for row in found.values()))
    return sorted(found.values(), key=lambda row: stages.index(stage(row)))


def stage(row: Row) -> str:
    """Return the stage that a row is of."""
    return row["benchmark"].partition(":")[0]


def worse(before: Sequence[Row], now: Sequence[Row]) -> list[str]:
    """Return a sentence for each row whose ratios all fell below those recorded of it, or whose results differ now."""
    recorded = {key(row): row for row in before if row["ratio"]}
    said = []
    for row in now:
        old, what = recorded.get(key(row)), f"{row['benchmark']}, {row['peer']}"
        if row["equal_checked"].startswith(DIFFERENT):
            said.append(f"{what}: {row['equal_checked']}")
        elif old and row["ratio"] and float(row["ratio_high"]) < float(old["ratio_low"]):
            said.append(f"{what}: {spread(row)}, was {spread(old)} at {old['commit']}")
    return said


def spread(row: Row) -> str:
    """Return a ratio with its spread, or why there is none."""
    return f"{row['ratio']} ({row['ratio_low']} to {row['ratio_high']})" if row["ratio"] else row["equal_checked"]


def against_goal(row: Row) -> str:
    """Return the goal and whether it is met."""
    if not row["goal"] or not row["ratio"]:
        return row["goal"]
    return f"{row['goal']}: {'met' if float(row['ratio']) >= float(row['goal']) else 'missed'}"


def markdown(rows: Sequence[Row]) -> str:
    """Return the table of all rows as Markdown."""
    titles = ("work", "peer", "ours (s)", "peer (s)", "times faster", "of CPU time", "goal", "checked equal")
    lines = ["| " + " | ".join(titles) + " |", "|---" * len(titles) + "|"]
    for row in rows:
        cells = (
            row["benchmark"], f"{row['peer']}: {row['peer_version']}", row["ours_median_s"], row["peer_median_s"],
            spread(row), row["cpu_ratio"], against_goal(row), row["equal_checked"],
        )  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def floors(rows: Sequence[Row]) -> str:
    """Return what each row cannot be faster than, as a list."""
    said = dict.fromkeys((row["benchmark"], row["floor"]) for row in rows if row["floor"])
    return "\n".join(f"* {name}: {floor}" for name, floor in said)


def write_readme(rows: Sequence[Row], growth: str) -> None:
    """Put the tables into README.md, between the marks."""
    parts = []
    for machine in dict.fromkeys(row["device"] for row in rows):
        own = [row for row in rows if row["device"] == machine]
        dates = sorted({f"{row['date']} at {row['commit']}" for row in own})
        parts.append(f"### {machine}\n\nMeasured {', '.join(dates)}.\n\n{markdown(own)}")
        if floors(own):
            parts.append(f"The floor of each work:\n\n{floors(own)}")
    parts.append(f"### Growth\n\n{growth}")
    before, _, rest = README.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    README.write_text(f"{before}{BEGIN}\n\n" + "\n\n".join(parts) + f"\n\n{END}{after}")
