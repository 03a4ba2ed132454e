"""How long a finished run took beside the least it could take: `python tests/benchmarks/critical_path.py [FOLDER]`.

Reads the wall and CPU seconds that each job recorded (`benchmarks/`), and who reads whose output from Snakemake itself.
Prints the run's wall time, the jobs' sum, that sum spread over the cores, the longest chain of jobs that wait for each
other (the critical path), and the rules whose jobs are short.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from functools import cache
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[2]
SHORT = 2.0  # seconds of work below which a job might better be part of another


def jobs_of(folder: Path, configuration: Path) -> dict[str, tuple[set[str], set[str]]]:
    """Return outputs and inputs of each job of a finished run, by the path of its log."""
    command = [sys.executable, "-m", "snakemake", "--detailed-summary", "--cores", "1", "--directory", str(folder)]
    command += ["--configfile", str(configuration)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for row in csv.DictReader(told.splitlines(), delimiter="\t"):
        outputs, inputs = found[row["log-file(s)"]]
        outputs.add(row["output_file"])
        inputs.update(row["input-file(s)"].split(","))
    return found


def recorded(folder: Path, log: str) -> dict[str, float]:
    """Return wall and CPU seconds of a job, whose benchmark lies beside its log."""
    path = folder / log.replace("/logs/", "/benchmarks/").removesuffix(".log")
    last = json.loads(Path(f"{path}.jsonl").read_text().splitlines()[-1])
    return {"wall": float(last["s"]), "cpu": float(last["cpu_time"])}


def elapsed(folder: Path) -> float:
    """Return the wall seconds of the longest run in a folder, as Snakemake logged it."""
    told = [
        [int(part) for part in found.groups()]
        for path in (folder / ".snakemake" / "log").glob("*.log")
        if (found := re.search(r"Elapsed time: (\d+):(\d+):(\d+)", path.read_text()))
    ]
    return float(max(hours * 3600 + minutes * 60 + seconds for hours, minutes, seconds in told))


def main() -> None:
    """Print the figures of the run asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "runs" / "demo", help="the run's --directory")
    parser.add_argument("--configfile", type=Path, default=ROOT / "resources" / "demo.yaml", help="its configuration")
    asked = parser.parse_args()
    folder, cores = asked.folder.resolve(), os.cpu_count() or 1
    jobs = jobs_of(folder, asked.configfile.resolve())
    seconds = {log: recorded(folder, log) for log in jobs}
    maker = {output: log for log, (outputs, _) in jobs.items() for output in outputs}

    @cache
    def chain(log: str) -> tuple[float, tuple[str, ...]]:
        """Return the longest chain of jobs that ends with one."""
        places = (place for path in jobs[log][1] for place in (path, *map(str, PurePosixPath(path).parents)))
        before = max((chain(maker[place]) for place in places if place in maker), default=(0.0, ()))
        return before[0] + seconds[log]["wall"], (*before[1], log)

    longest, path = max(map(chain, jobs))
    total, cpu = (sum(one[kind] for one in seconds.values()) for kind in ("wall", "cpu"))
    wall = elapsed(folder)
    least = max(longest, total / cores)
    print(f"wall time of the run           {wall:7.0f} s")
    print(f"jobs                           {len(jobs):7d}, {total:.0f} s of wall time, {cpu:.0f} s of CPU time")
    print(f"spread over {cores:2d} cores           {total / cores:7.0f} s")
    print(f"critical path                  {longest:7.0f} s, {len(path)} jobs")
    print(f"wall time / the greater of the two {wall / least:.2f}")
    print("\nthe critical path:")
    for log in path:
        print(f"  {seconds[log]['wall']:7.1f} s  {PurePosixPath(log).stem}")
    rules: dict[str, list[float]] = defaultdict(list)
    for log in jobs:
        rules[PurePosixPath(log).name.split(".")[0]].append(seconds[log]["cpu"])
    print(f"\nrules whose jobs take less than {SHORT:g} s of CPU time, start included:")
    for rule, spent in sorted(rules.items(), key=lambda item: sum(item[1])):
        if max(spent) < SHORT:
            print(f"  {rule:26s} {len(spent):3d} jobs, {sum(spent):5.1f} s")


if __name__ == "__main__":
    main()
