"""`make audit-benchmark`: run the workflow on simulated cohorts whose truth is known, and say whether it was seen.

Writes audit.tsv (scenario, replicate, people, promoters, quantity, value, low, high, passed) and audit_summary.tsv
(scenario, must_be_seen, seen, passed) beside this file, and prints the latter as Markdown. A replicate that ended is
not run again while its configuration stays; one that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(ROOT / "workflow"), str(HERE)]

import pandas as pd  # noqa: E402
import yaml  # noqa: E402
from audit_measures import NEEDED, quantities, read_replicate  # noqa: E402
from audit_scenarios import SCENARIOS, configuration  # noqa: E402
from audit_summary import markdown, summarise  # noqa: E402

from promoternets.errors import InputError  # noqa: E402
from promoternets.formats.outputs import written  # noqa: E402
from promoternets.formats.tables import write_table  # noqa: E402

logger = logging.getLogger("audit_benchmark")
TARGETS = ("ranking", "evaluation", "audit")
FINISHED = "finished.json"
COLUMNS = ["scenario", "replicate", "people", "promoters", "quantity", "value", "low", "high", "passed"]


def is_complete(folder: Path, scenario: str, config: dict[str, Any]) -> bool:
    """Say whether a replicate ended with this configuration and has all its tables."""
    finished = folder / FINISHED
    if not finished.is_file() or json.loads(finished.read_text())["configuration"] != config:
        return False
    return all((folder / "results" / scenario / name).is_file() for name in NEEDED)


def run_replicate(folder: Path, scenario: str, config: dict[str, Any], cores: str) -> float:
    """Run the workflow on one replicate; return the seconds it took. InputError, with the log's place, if it fails."""
    folder.mkdir(parents=True, exist_ok=True)
    with written(folder / "config.yaml") as partial:
        partial.write_text(yaml.safe_dump(config, sort_keys=False))
    command = [
        sys.executable, "-m", "snakemake", "--cores", cores, "--directory", str(folder),
        "--configfile", str(folder / "config.yaml"), "--quiet", "all", "--", *TARGETS,
    ]  # fmt: skip
    start = time.monotonic()
    with (folder / "run.log").open("w") as log:
        # One thread a process: on nets this small a second one only costs.
        done = subprocess.run(
            command,
            cwd=ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
    if done.returncode:
        raise InputError("the workflow failed", where=folder / "run.log", fix="Read the end of the log, then run again")
    seconds = time.monotonic() - start
    with written(folder / FINISHED) as partial:
        partial.write_text(json.dumps({"configuration": config, "seconds": round(seconds, 1)}))
    return seconds


def measured(folder: Path, scenario: str, replicate: int, config: dict[str, Any]) -> pd.DataFrame:
    """Return the rows of audit.tsv that a finished replicate gives."""
    found = read_replicate(folder / "results" / scenario)
    rows = pd.DataFrame(quantities(scenario, found, config["cohorts"][scenario]["simulate"]))
    given = {
        "scenario": scenario, "replicate": replicate, "people": len(found.people),
        "promoters": found.ranking["gene_id"].nunique(),
    }  # fmt: skip
    return rows.assign(**given)[COLUMNS]


def benchmark(folder: Path, scenarios: Sequence[str], replicates: int | None, cores: str) -> pd.DataFrame:
    """Run what is not finished, and return the rows of all replicates."""
    wanted = [
        (scenario, number)
        for scenario in scenarios
        for number in range(1, (replicates or SCENARIOS[scenario]["replicates"]) + 1)
    ]
    tables = []
    for done, (scenario, number) in enumerate(wanted, start=1):
        at, config = folder / f"{scenario}_{number}", configuration(scenario, number)
        said = "was finished"
        if not is_complete(at, scenario, config):
            said = f"took {run_replicate(at, scenario, config, cores):.0f} s"
        logger.info("%d of %d: %s, replicate %d, %s", done, len(wanted), scenario, number, said)
        tables.append(measured(at, scenario, number, config))
    return pd.concat(tables, ignore_index=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, run, write both tables, print the summary."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", nargs="+", choices=list(SCENARIOS), default=list(SCENARIOS))
    parser.add_argument("--replicates", type=int, help="of each scenario; default: those of audit_scenarios.py")
    parser.add_argument("--cores", default="all", help="cores that snakemake may use; default: all")
    parser.add_argument("--folder", type=Path, default=ROOT / "runs" / "audit_benchmark", help="of the runs")
    parser.add_argument("--tables", type=Path, default=HERE, help="folder of audit.tsv and audit_summary.tsv")
    asked = parser.parse_args(arguments)
    if asked.replicates is not None and asked.replicates < 1:
        parser.error("--replicates has to be 1 or more")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    try:
        table = benchmark(asked.folder.resolve(), asked.scenarios, asked.replicates, asked.cores)
        summary = summarise(table)
        write_table(table, asked.tables / "audit.tsv")
        write_table(summary, asked.tables / "audit_summary.tsv")
    except InputError as error:
        sys.exit(f"audit-benchmark: {error}")
    print(markdown(summary))


if __name__ == "__main__":
    main()
