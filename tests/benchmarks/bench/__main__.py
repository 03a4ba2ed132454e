"""Run the benchmarks, print the table, say what got worse, and record it all beside this package."""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
import time
from pathlib import Path

from bench import growth, record
from bench.frame import DIFFERENT, Benchmark, commit, measured, today

STAGES = ("genotypes", "bins", "training", "workflow")  # modules beside this one, each with a list BENCHMARKS


def chosen(only: str) -> list[Benchmark]:
    """Return the benchmarks with one of some texts (comma between) in their name, peer or device, all by default."""
    every = [one for stage in STAGES for one in importlib.import_module(f"bench.{stage}").BENCHMARKS]
    words = [word.strip() for word in only.split(",") if word.strip()]
    found = [one for one in every if not words or any(word in f"{one.name} {one.peer} {one.device}" for word in words)]
    if not found and "growth" not in words:
        sys.exit(
            f"no benchmark has {only} in its name; there are: " + "; ".join(f"{one.name} ({one.peer})" for one in every)
        )
    return found


def curves() -> list[dict[str, str]]:
    """Return the rows of growth.tsv, measured now."""
    rows = []
    for number, curve in enumerate(growth.CURVES):
        for size in curve.sizes:
            with tempfile.TemporaryDirectory(prefix="promoternets_bench_") as folder:
                seconds, memory = growth.measured(number, size, Path(folder))
            rows.append(
                {"work": curve.work, "against": curve.against, "size": str(size), "cpu_s": f"{seconds:.3g}",
                 "peak_mb": f"{memory:.0f}", "commit": commit(), "date": today()}
            )  # fmt: skip
    return rows


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--only", default="", help="texts in benchmarks' names, peers or devices (gpu), with commas between"
    )
    parser.add_argument("--no-record", action="store_true", help="leave results.tsv and README.md as they are")
    options = parser.parse_args()
    before, now = record.read(), []
    for benchmark in chosen(options.only):
        start = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="promoternets_bench_") as folder:
            row = measured(benchmark, Path(folder))
        print(f"{row['benchmark']} | {record.spread(row)} | {time.monotonic() - start:.0f} s", flush=True)
        now.append(row)
    print(f"\n{record.markdown(now)}\n\n{record.floors(now)}\n")
    fell = record.worse(before, now)
    print("\n".join(["Worse than recorded, by more than the spread:", *fell]) if fell else "Nothing got worse.")
    grown = curves() if not options.only or "growth" in options.only else growth.read()
    print(f"\n{growth.table(grown)}")
    if not options.no_record:
        rows = record.merged(record.read(), now)
        record.write(rows)
        growth.write(grown)
        record.write_readme(rows, growth.table(grown))
    if any(row["equal_checked"].startswith(DIFFERENT) for row in now):
        sys.exit("some results are not equal")


if __name__ == "__main__":
    main()
