"""Workflow: how long Snakemake takes to see that the finished demo has nothing left to do."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

from bench.frame import ROOT, Benchmark, Different, Unavailable, run

DEMO = ROOT / "runs" / "demo"
NOTHING = "Nothing to be done"


class NothingToDo(Benchmark):
    """The demo's second run, which should end within 3 s; beside it a workflow of one rule, Snakemake's own start."""

    name = "workflow: nothing to do"
    peer = "a Snakefile of one rule"
    floor = "the peer's time; at most 3 s are asked for"

    def peer_version(self) -> str:
        if not (DEMO / "results" / "demo" / "report.html").is_file():
            raise Unavailable("needs the finished demo: make demo")
        return f"Snakemake {version('snakemake')}"

    def prepare(self, folder: Path) -> None:
        self.empty = folder / "one_rule"
        self.empty.mkdir()
        (self.empty / "Snakefile").write_text(
            'rule all:\n    output:\n        "done"\n    shell:\n        "touch done"\n'
        )
        (self.empty / "done").touch()

    def ours(self, out: Path) -> str:
        return self.said("--configfile", "resources/demo.yaml", "--directory", DEMO, folder=ROOT)

    def run_peer(self, out: Path) -> str:
        return self.said(folder=self.empty)

    def said(self, *words: object, folder: Path) -> str:
        """Return what Snakemake says."""
        return run(sys.executable, "-m", "snakemake", "--cores", 1, *words, cwd=folder).stderr

    def check_equal(self, ours: str, peer: str) -> str:
        if NOTHING not in ours or NOTHING not in peer:
            raise Different("something was left to do: make demo")
        return "both had nothing to do"


BENCHMARKS: list[Benchmark] = [NothingToDo()]
