"""What a benchmark is, and how it is timed: results compared first, then each side in turn, several times."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, ClassVar

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("PROMOTERNETS_REAL_DATA", ROOT.parent / "shared" / "data"))
COLUMNS = (
    "benchmark", "peer", "peer_version", "ours_median_s", "peer_median_s", "ratio", "ratio_low", "ratio_high",
    "equal_checked", "device", "commit", "date", "cpu_ratio", "goal", "floor",
)  # fmt: skip
NOT_MEASURED, DIFFERENT = "not measured", "DIFFERENT"
Row = dict[str, str]  # of COLUMNS


class Unavailable(Exception):
    """A peer, its input or its device is not there; the message says how it can be had."""


class Different(Exception):
    """The two sides do not give the same result; the message says where."""


class Benchmark(ABC):
    """One piece of work, done by us and by a peer.

    Attributes
    ----------
    name : ``stage: what``; `make bench ONLY=stage` runs those of a stage. Several of one name differ by their peer.
    peer : the program or call it is compared with.
    goal : the least ratio asked for, peer's seconds by ours; None where the row is only for orientation.
    pairs : how often both sides are timed, after the run whose results are compared; if once, that is the peer's run.
    device : ``cpu`` or ``gpu``.
    floor : what the work cannot be faster than; `prepare` may replace it by what it measured.
    """

    name: ClassVar[str]
    peer: ClassVar[str]
    goal: float | None = None
    pairs: int = 5
    device: str = "cpu"
    floor: str = ""

    @abstractmethod
    def peer_version(self) -> str:
        """Return the peer's version; raise `Unavailable` where it, its input or its device is not there."""

    def prepare(self, folder: Path) -> None:  # noqa: B027
        """Make what both sides read, in an empty folder that stays until the benchmark ends."""

    @abstractmethod
    def ours(self, out: Path) -> Any:
        """Do the work; files may be written into the empty folder `out`."""

    @abstractmethod
    def run_peer(self, out: Path) -> Any:
        """Let the peer do the work; files may be written into the empty folder `out`."""

    @abstractmethod
    def check_equal(self, ours: Any, peer: Any) -> str:
        """Compare what the two sides returned (or wrote); return in words what is equal, or raise `Different`."""


def timed(work: Callable[[Path], Any], out: Path) -> tuple[Any, float, float]:
    """Return what a piece of work returns, its wall seconds and its CPU seconds, those of child processes too."""
    out.mkdir()
    before, start = os.times(), time.perf_counter()
    result = work(out)
    wall, after = time.perf_counter() - start, os.times()
    return result, wall, sum(after[:4]) - sum(before[:4])


def measured(benchmark: Benchmark, folder: Path) -> Row:
    """Return the row of a benchmark: results checked equal first, then ours, peer, ours, peer, ... timed.

    `ratio` is the median of the pairs' ratios, peer's seconds by ours (above 1: we are faster), `ratio_low` and
    `ratio_high` the least and the greatest of them; `cpu_ratio` the median of those of CPU seconds.
    """
    row = dict.fromkeys(COLUMNS, "") | {
        "benchmark": benchmark.name, "peer": benchmark.peer, "device": device(benchmark.device), "commit": commit(),
        "date": today(), "goal": f"{benchmark.goal:g}" if benchmark.goal else "",
    }  # fmt: skip
    try:
        row["peer_version"] = benchmark.peer_version()
        benchmark.prepare(folder)
    except Unavailable as reason:
        return row | {"peer_version": str(reason), "equal_checked": NOT_MEASURED}
    row["floor"] = benchmark.floor
    sides = {"ours": benchmark.ours, "peer": benchmark.run_peer}
    try:
        first = {name: timed(side, folder / name) for name, side in sides.items()}
        row["equal_checked"] = benchmark.check_equal(first["ours"][0], first["peer"][0])
    except Different as reason:
        return row | {"equal_checked": f"{DIFFERENT}: {reason}"}
    pairs = []
    while len(pairs) < benchmark.pairs:
        pair = {}
        for name, side in sides.items():
            if name == "peer" and benchmark.pairs == 1:
                pair[name] = first[name][1:]
            else:
                shutil.rmtree(folder / name)
                pair[name] = timed(side, folder / name)[1:]
        pairs.append(pair)
    ratios = [pair["peer"][0] / pair["ours"][0] for pair in pairs]
    found = {
        "ours_median_s": median(pair["ours"][0] for pair in pairs),
        "peer_median_s": median(pair["peer"][0] for pair in pairs),
        "ratio": median(ratios),
        "ratio_low": min(ratios),
        "ratio_high": max(ratios),
        "cpu_ratio": median(pair["peer"][1] / max(pair["ours"][1], 0.01) for pair in pairs),
    }
    return row | {name: f"{value:.3g}" for name, value in found.items()}


def device(kind: str) -> str:
    """Return the machine a row is measured on, in words."""
    if kind == "gpu":
        import torch

        if not torch.cuda.is_available():
            return "GPU"
        return torch.cuda.get_device_name()
    names = [line.partition(":")[2].strip() for line in _cpuinfo() if line.startswith("model name")]
    return f"{names[0] if names else platform.processor() or platform.machine()}, {os.cpu_count()} cores"


def _cpuinfo() -> Sequence[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.is_file() else []


def commit() -> str:
    """Return the commit that is measured, with a + where the files differ from it."""
    git = ["git", "-C", str(ROOT)]
    name = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout
    changed = subprocess.run(
        [*git, "status", "--porcelain", "--untracked-files=no", "--", "workflow"], capture_output=True, check=False
    ).stdout
    return name.strip() + ("+" if changed else "")


def today() -> str:
    """Return the date in UTC."""
    return f"{datetime.now(UTC):%Y-%m-%d}"


def program_version(name: str, *, package: str, option: str = "--version") -> str:
    """Return the first line a program says of its version; raise `Unavailable` where it is not installed."""
    if shutil.which(name) is None:
        raise Unavailable(f"not installed: apt-get install {package}")
    done = subprocess.run([name, option], capture_output=True, text=True, check=False)
    return done.stdout.splitlines()[0].strip()


def package_version(name: str) -> str:
    """Return the version of a Python package; raise `Unavailable` where it is not installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError as error:
        raise Unavailable(f"not installed: {name} (see PEERS in the Makefile)") from error


def data(*parts: str) -> Path:
    """Return a file of the real data; raise `Unavailable` where it is not."""
    path = DATA.joinpath(*parts)
    if not path.exists():
        raise Unavailable(f"no {'/'.join(parts)}: set PROMOTERNETS_REAL_DATA")
    return path


def run(*command: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a program quietly; raise `Different` with the end of what it said where it fails."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **options)
    if done.returncode:
        raise Different(f"{command[0]} failed: {(done.stderr or done.stdout).strip()[-300:]}")
    return done
