"""Which jobs are behind a result, as Snakemake's rules say. Imports stay light: it runs at every start of Snakemake."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
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
    placed : puts a module's prefix before a path.
    """

    def __init__(self, rules: Callable[[], Iterable[Any]], placed: Callable[[str], str]) -> None:
        self._rules = rules
        self.placed = placed
        self._makers: dict[str, Job | None] = {}

    def behind(self, branch: str, results: Iterable[str]) -> list[Job]:
        """Return each job of a cohort (or of the epigenomes) behind some results, sorted by what it makes.

        What lies outside the branch's folder is an input.
        """
        folder = self.placed(f"results/{branch}")
        found: set[Job] = set()
        waiting = [self.placed(path) for path in results]
        while waiting:
            path = waiting.pop()
            job = self._maker(path) if path.startswith(f"{folder}/") else None
            if job is not None and job not in found:
                found.add(job)
                waiting += job.inputs
        return sorted(found, key=lambda job: job.outputs)

    def benchmarks_behind(self, result: str) -> Callable[[Any], list[str]]:
        """Return the function of wildcards that gives the benchmark of each job behind a result, but of the last."""

        def benchmarks(wildcards: Any) -> list[str]:
            branch = dict(wildcards.items()).get("cohort", "chromatin")
            path = result.replace("{cohort}", branch)
            return [job.benchmark for job in self.behind(branch, [path]) if self.placed(path) not in job.outputs]

        return benchmarks

    def _maker(self, path: str) -> Job | None:
        """Return the job that makes a file; None where no rule does."""
        if path not in self._makers:
            rule = next((rule for rule in self._rules() if rule.output and rule.is_producer(path)), None)
            job = None if rule is None else _job(rule, rule.get_wildcards(path))
            self._makers |= dict.fromkeys((path, *(job.outputs if job else ())), job)
        return self._makers[path]


@dataclass(frozen=True)
class Run:
    """What a run without a target makes of a cohort (or of the epigenomes), as functions of a rule's wildcards.

    Attributes
    ----------
    jobs : where to ask. always : results that such a run ends with. on_request : others, which count where they are.
    """

    jobs: Jobs
    always: Sequence[str]
    on_request: Sequence[str]

    def finished(self, wildcards: Any) -> list[str]:
        """Return the results that must be there."""
        return _of_branch(wildcards.cohort, self.always)

    def jobs_of(self, wildcards: Any) -> list[Job]:
        """Return the jobs that make them, and what was made on request."""
        branch = wildcards.cohort
        asked = [path for path in _of_branch(branch, self.on_request) if Path(self.jobs.placed(path)).exists()]
        return self.jobs.behind(branch, [f"results/{branch}/settings.json", *self.finished(wildcards), *asked])

    def results(self, wildcards: Any) -> list[str]:
        """Return everything that those jobs make."""
        return [path for job in self.jobs_of(wildcards) for path in job.outputs]

    def sources(self, wildcards: Any) -> list[str]:
        """Return everything that they read and do not make."""
        read = {path for job in self.jobs_of(wildcards) for path in job.inputs}
        return sorted(read - set(self.results(wildcards)))

    def logs(self, wildcards: Any) -> list[str]:
        """Return their logs."""
        return [job.log for job in self.jobs_of(wildcards)]

    def benchmarks(self, wildcards: Any) -> list[str]:
        """Return the files in which Snakemake records their time and memory."""
        return [job.benchmark for job in self.jobs_of(wildcards)]


def _of_branch(branch: str, paths: Iterable[str]) -> list[str]:
    return [path for path in paths if path.startswith(f"results/{branch}/")]


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
