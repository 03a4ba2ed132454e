"""Which benchmark files the jobs behind a report leave. Imports stay light: it runs at every start of Snakemake."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from promoternets.chromatin_configuration import NAME, RESULTS, Chromatin

# Rules are told by their benchmarks: a workflow that uses this one as a module may rename them and put results in a
# folder of its own.
COHORT = re.compile(r"(^|/)results/\{cohort")  # the wildcard may carry its constraint
EPIGENOMES = re.compile(rf"(^|/){RESULTS}/")
REPORT = "build_chromatin_report"


def rules_of_cohorts(rules: Iterable[Any]) -> list[Any]:
    """Return the rules that work for a cohort, and not for the epigenomes alone."""
    return [rule for rule in rules if rule.benchmark and COHORT.search(str(rule.benchmark))]


def job_of(benchmark: str) -> str:
    """Return the name that the rule of a benchmark file has in this workflow."""
    return benchmark.rsplit("/", 1)[-1].partition(".")[0]


def benchmarks_of_epigenomes(rules: Iterable[Any], epigenomes: Chromatin) -> list[str]:
    """Return the benchmark files that the jobs behind the chromatin report may leave, sorted.

    Which of the rules run depends on where the epigenomes come from, so the report takes those files that exist.
    """
    jobs = [
        (model, str(number + 1)) for model in epigenomes.networks() for number in range(len(epigenomes.groups(model)))
    ]
    paths: set[str] = set()
    for rule in rules:
        path = re.sub(r"\{(\w+),[^{}]*\}", r"{\1}", str(rule.benchmark or "")).replace("{cohort}", NAME)
        if not EPIGENOMES.search(path) or job_of(path) == REPORT:
            continue
        if "{group}" in path:
            paths |= {path.replace("{model}", model).replace("{group}", group) for model, group in jobs}
        elif "{model}" in path:
            paths |= {path.replace("{model}", model) for model in epigenomes.setting("baselines", "models")}
        else:
            paths |= set(epigenomes.per_epigenome(path))
    return sorted(path for path in paths if "{" not in path)
