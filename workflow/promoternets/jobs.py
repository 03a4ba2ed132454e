"""Which jobs are behind a result, as Snakemake's rules say. Imports stay light: it runs at every start of Snakemake."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Job:
    """One job: the files it reads (the library apart), those it makes, its log and its benchmark."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    log: str
    benchmark: str


class Jobs:
    """The jobs that make the workflow's results, found from a result back to what nobody makes.

    They are asked of the rules themselves, so that no second list of results can differ from what Snakemake does. The
    answer is the same in a job on another machine, where Snakemake plans that job alone and knows of no other.

    Parameters
    ----------
    rules : gives the rules of this workflow, without those of another that uses it as a module.
    """

    def __init__(self, rules: Callable[[], Iterable[Any]]) -> None:
        self._rules = rules
        self._makers: dict[str, Job | None] = {}

    def behind(self, results: Iterable[str], *, folder: str) -> list[Job]:
        """Return each job in `folder` behind some results, sorted by what it makes; what lies elsewhere is an input."""
        found: set[Job] = set()
        waiting = list(results)
        while waiting:
            path = waiting.pop()
            job = self._maker(path) if path.startswith(f"{folder}/") else None
            if job is not None and job not in found:
                found.add(job)
                waiting += job.inputs
        return sorted(found, key=lambda job: job.outputs)

    def _maker(self, path: str) -> Job | None:
        """Return the job that makes a file; None where no rule does."""
        if path not in self._makers:
            rule = next((rule for rule in self._rules() if rule.output and rule.is_producer(path)), None)
            job = None if rule is None else _job(rule, rule.get_wildcards(path))
            self._makers |= dict.fromkeys((path, *(job.outputs if job else ())), job)
        return self._makers[path]


def _job(rule: Any, wildcards: dict[str, str]) -> Job:
    inputs = [
        str(path)
        for name, value in rule.expand_input(wildcards)[0].items()
        if name != "library"
        for path in ([value] if isinstance(value, str) else value)
    ]
    return Job(
        inputs=tuple(inputs),
        outputs=tuple(sorted(str(path) for path in rule.expand_output(wildcards)[0])),
        log=str(rule.expand_log(wildcards)[0]),
        benchmark=str(rule.expand_benchmark(wildcards)),
    )
