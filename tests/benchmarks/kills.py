"""Kill a run of the whole workflow at random moments, run it again each time, and compare with an undisturbed run.

`python tests/benchmarks/kills.py --kills 50` runs every stage of a tiny cohort and of tiny epigenomes. Most kills are
kill -9 of Snakemake and all of its jobs, at any moment; each fourth is kill -9 of one job alone. What follows is what
a person would type: `snakemake --unlock`, where Snakemake itself was killed, and the same command again. A run that
ends before its kills are used up begins anew in an empty folder. Moments and victims follow from --seed; what runs then
depends on the machine.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import tskit
import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from workflow.conftest import EPIGENOMES, TINY  # noqa: E402

logger = logging.getLogger("kills")
CONFIG = TINY | {
    "reruns": {"permutations": 1},
    "chromatin": EPIGENOMES["chromatin"] | {
        "simulate": {"epigenomes": 1, "genes": 90, "chromosomes": 3}, "baselines": {"models": ["logistic_regression"]},
    },
}  # fmt: skip
TARGETS = ("all", "permutation_test", "model")
# Times differ between any two runs; logs and benchmarks are of the run, not of the result.
OF_THE_RUN = {"logs", "benchmarks"}
TIMES = re.compile(r"<table[^>]*>\s*<caption>Time and memory\..*?</table>", re.DOTALL)
SCRIPT = re.compile(r"\.snakemake/scripts/[^/]*?\.([a-z_]+)\.py$")


@dataclass
class Killed:
    """What was killed.

    Attributes
    ----------
    moment : seconds after Snakemake was started.
    jobs : the rules whose scripts ran then and were killed.
    alone : whether these were killed, and not Snakemake itself.
    """

    moment: float
    jobs: list[str]
    alone: bool


@dataclass
class Run:
    """A run of the workflow in a folder, as one command that may be given again.

    Attributes
    ----------
    tree : folder of the workflow. folder : where it runs. config : its configuration. targets : what it makes.
    """

    tree: Path
    folder: Path
    config: dict = field(default_factory=lambda: CONFIG)
    targets: Sequence[str] = TARGETS
    cores: int = 2

    def _command(self, *words: str) -> list[str]:
        file = self.folder / "config.yaml"
        self.folder.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.safe_dump(self.config))
        return [
            sys.executable, "-m", "snakemake", "--directory", str(self.folder), "--configfile", str(file), *words,
        ]  # fmt: skip

    def start(self) -> subprocess.Popen:
        """Start Snakemake at the head of a session of its own, its output going to run.log."""
        command = self._command("--cores", str(self.cores), "--", *self.targets)
        with (self.folder / "run.log").open("w") as log:
            return subprocess.Popen(
                command, cwd=self.tree, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
                env=os.environ | {"OMP_NUM_THREADS": "1"},
            )  # fmt: skip

    def finish(self) -> float:
        """Run to the end; return the seconds it took. RuntimeError, with the end of the log, if it fails."""
        began = time.monotonic()
        self.check(self.start().wait())
        return time.monotonic() - began

    def check(self, status: int) -> None:
        """Raise RuntimeError with the end of the log unless the status is 0."""
        if status:
            raise RuntimeError(f"snakemake ended with {status}:\n{(self.folder / 'run.log').read_text()[-6000:]}")

    def unlock(self) -> None:
        """Type `snakemake --unlock`."""
        subprocess.run(self._command("--unlock"), cwd=self.tree, check=True, capture_output=True)

    def disturb(self, moment: float, chance: random.Random | None = None) -> Killed | None:
        """Run, kill after some seconds, and clear the way for the next run; None if the run ended before.

        chance : picks one running job to be killed alone; None kills Snakemake and all of its jobs.
        """
        process = self.start()
        began = time.monotonic()
        try:
            self.check(process.wait(timeout=moment))
            return None
        except subprocess.TimeoutExpired:
            pass
        jobs = running_jobs(process)
        while chance is not None and not jobs and process.poll() is None:  # between two jobs
            time.sleep(0.02)
            jobs = running_jobs(process)
        if chance is not None and jobs:
            rule, victim = chance.choice(jobs)
            killed = Killed(time.monotonic() - began, [rule], alone=True)
            kill([victim])
            if process.wait() == 0:  # it had ended in that moment
                return None
            return killed
        killed = Killed(time.monotonic() - began, [rule for rule, _ in jobs], alone=False)
        while living := session_of(process):  # a job may have been started meanwhile
            kill(living)
        process.wait()
        self.unlock()
        return killed


def session_of(process: subprocess.Popen) -> list[psutil.Process]:
    """Return the living processes of the session that a process leads, the leader first."""
    found = []
    for one in psutil.process_iter():
        try:
            if os.getsid(one.pid) == process.pid and one.status() != psutil.STATUS_ZOMBIE:
                found.append(one)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return sorted(found, key=lambda one: one.pid != process.pid)


def running_jobs(process: subprocess.Popen) -> list[tuple[str, psutil.Process]]:
    """Return the scripts that run in a session: the rule, and the process."""
    found = []
    for one in session_of(process):
        try:
            words = one.cmdline()
        except psutil.Error:
            continue
        script = SCRIPT.search(words[1]) if len(words) > 1 else None
        if script:
            found.append((script.group(1), one))
    return found


def kill(processes: Sequence[psutil.Process]) -> None:
    """Kill processes with SIGKILL and wait until they are gone."""
    for one in processes:
        try:
            one.send_signal(signal.SIGKILL)
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(processes, timeout=30)


def results(folder: Path) -> dict[str, Path]:
    """Return the files of results that two runs share, by their name in the folder."""
    root = folder / "results"
    files = (path for path in sorted(root.rglob("*")) if path.is_file())
    names = ((path.relative_to(root), path) for path in files)
    return {str(name): path for name, path in names if not OF_THE_RUN & set(name.parts)}


def content(path: Path) -> bytes:
    """Return the bytes of a file, of a page those that do not tell how long jobs took."""
    return TIMES.sub("", path.read_text()).encode() if path.suffix == ".html" else path.read_bytes()


def same(one: Path, other: Path) -> bool:
    """Say whether two files are the same byte for byte, but for times and for the name that tskit gives each file."""
    if one.suffix == ".trees":
        return tskit.load(one).equals(tskit.load(other), ignore_provenance=True)
    return content(one) == content(other)


def differences(undisturbed: Path, folder: Path) -> Iterator[str]:
    """Yield a sentence for each file that only one of two folders has, or that is not the same."""
    one, other = results(undisturbed), results(folder)
    yield from (f"{name} is missing" for name in sorted(one.keys() - other.keys()))
    yield from (f"{name} was left behind" for name in sorted(other.keys() - one.keys()))
    yield from (f"{name} differs" for name in sorted(one.keys() & other.keys()) if not same(one[name], other[name]))


def moments(chance: random.Random, startup: float, whole: float, kills: int) -> Iterator[float]:
    """Yield after how many seconds to kill, so that about so many kills are spread over a whole run.

    Most runs live long enough to get on a little; one in ten is killed while Snakemake still starts.
    """
    while True:
        early = chance.random() < 0.1
        yield chance.uniform(0, startup) if early else startup + chance.uniform(0, 2 * (whole - startup) / kills)


def benchmark(folder: Path, kills: int, seed: int, cores: int) -> tuple[list[Killed], list[str]]:
    """Kill that often; return what was killed, and the differences from an undisturbed run."""
    reference = Run(ROOT, folder / "undisturbed", cores=cores)
    whole = reference.finish()
    startup = reference.finish()  # nothing is left to do
    logger.info("undisturbed: %.0f s, of which %.0f s for Snakemake to start", whole, startup)
    chance = random.Random(seed)
    after = moments(chance, startup, whole, kills)
    done, found, number = [], [], 0
    while len(done) < kills:
        number += 1
        run = Run(ROOT, folder / f"disturbed_{number}", cores=cores)
        while len(done) < kills:
            killed = run.disturb(next(after), chance if len(done) % 4 == 3 else None)
            if killed is None:
                break
            done.append(killed)
            logger.info("kill %d: %s", len(done), killed)
        run.finish()
        found += [f"run {number}: {sentence}" for sentence in differences(reference.folder, run.folder)]
        if not found:
            shutil.rmtree(run.folder)
    return done, found


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, kill, and say what came of it; 1 if any result differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="where to run; default: a temporary one")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    folder = given.folder or Path(tempfile.mkdtemp(prefix="kills_"))
    killed, found = benchmark(folder, given.kills, given.seed, given.cores)
    hit = Counter(rule for one in killed for rule in one.jobs)
    alone = sum(one.alone for one in killed)
    print(f"{len(killed)} kills, {alone} of them of one job alone; rules that ran when killed ({len(hit)}):")
    print(", ".join(f"{rule} {count}" for rule, count in sorted(hit.items())))
    print("\n".join(found) or "all results equal those of the undisturbed run, byte for byte")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
