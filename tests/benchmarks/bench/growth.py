"""How time and memory grow with the input: each size in a process of its own, on files made for it.

CPU seconds without the start of Python, since other work on the machine does not change them much, and the greatest
memory of the process. The slope of a line through the logarithms is 1 where growth is linear, 0 where there is none.
"""

from __future__ import annotations

import csv
import json
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pysam

from bench.bins import PyBigWig
from bench.genotypes import CHUNK
from promoternets.genotypes.parse import parse_genotypes

HERE = Path(__file__).resolve().parent.parent
RESULTS = HERE / "growth.tsv"
COLUMNS = ("work", "against", "size", "cpu_s", "peak_mb", "commit", "date")
REPEATS = 2


class Growth(NamedTuple):
    """One curve.

    `make(size, folder)` writes the input and returns what `prepare` is called with, in the process to be measured;
    that returns the work itself, whose time counts.
    """

    work: str
    against: str
    sizes: Sequence[int]
    make: Callable[[int, Path], dict[str, object]]
    prepare: Callable[..., Callable[[], object]]


def write_vcf(path: Path, *, people: int, sites: int, seed: int = 1) -> None:
    """Write a bgzipped VCF of phased genotypes whose alternate allele has a frequency of 5%."""
    random = np.random.default_rng(seed)
    cells = np.tile(np.frombuffer(b"0|0\t", dtype=np.uint8), (people, 1))
    names = "\t".join(f"p{number}" for number in range(people))
    with pysam.BGZFile(str(path), "w") as file:
        file.write(b'##fileformat=VCFv4.2\n##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n')
        file.write(f"##contig=<ID=22>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{names}\n".encode())
        for position in range(1, sites + 1):
            own = cells.copy()
            own[:, ::2][:, :2] += random.random((people, 2)) < 0.05
            file.write(f"22\t{position * 100}\t.\tA\tC\t.\tPASS\t.\tGT\t".encode() + own.tobytes()[:-1] + b"\n")


def parse(path: str, store: str) -> Callable[[], object]:
    """Return the work of parsing a VCF."""
    return lambda: parse_genotypes([Path(path)], Path(store), min_hwe_p=1e-6, chunk_variants=CHUNK)


def vcf(people: int, sites: int, folder: Path) -> dict[str, object]:
    """Write a VCF; return what `parse` is called with."""
    path = folder / "a.vcf.gz"
    write_vcf(path, people=people, sites=sites)
    return {"path": str(path), "store": str(folder / "g.zarr")}


def bin_windows(count: int) -> Callable[[], object]:
    """Return the work of binning so many windows of one bigWig."""
    work = PyBigWig()
    work.peer_version()
    work.files = work.files[:1]
    work.windows = work.spread(count)
    return lambda: work.ours(Path())


def train(network: str, **size: int) -> Callable[[], object]:
    """Return the work of training networks (a function of `bench.training`) for one epoch."""
    from bench import training  # PyTorch, which the other curves do without

    case = getattr(training, network)(epochs=1, **size)
    return lambda: training.ours(case, training.choose_device(0))


CURVES = (
    Growth("genotypes", "people (2,000 sites)", (2_000, 4_000, 8_000, 16_000),
           lambda size, folder: vcf(size, 2_000, folder), parse),
    Growth("genotypes", "sites (2,000 people)", (4_000, 8_000, 16_000),
           lambda size, folder: vcf(2_000, size, folder), parse),
    Growth("bins", "genes (one bigWig)", (8_000, 16_000, 32_000), lambda size, folder: {"count": size}, bin_windows),
    Growth("Promoter-CNNs", "promoters (1,024 people)", (16, 32, 64),
           lambda size, folder: {"network": "ranking", "promoters": size, "people": 1024}, train),
    Growth("Promoter-CNNs", "people (16 promoters)", (1_024, 2_048, 4_096),
           lambda size, folder: {"network": "ranking", "promoters": 16, "people": size}, train),
    Growth("AttentiveChrome", "epigenomes (512 genes)", (2, 4, 8),
           lambda size, folder: {"network": "attentive_chrome", "epigenomes": size, "genes": 512}, train),
)  # fmt: skip


def measured(curve: int, size: int, folder: Path) -> tuple[float, float]:
    """Return the least CPU seconds of some runs and the greatest memory (MB) of a process."""
    words = CURVES[curve].make(size, folder)
    times, memory = [], []
    for number in range(REPEATS):
        own = {key: f"{value}{number}" if key == "store" else value for key, value in words.items()}
        command = [sys.executable, "-m", "bench.growth", str(curve), json.dumps(own)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        seconds, peak = map(float, done.stdout.split())
        times.append(seconds)
        memory.append(peak)
    return min(times), max(memory)


def slope(sizes: Sequence[float], values: Sequence[float]) -> float:
    """Return the slope of a line through the logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def table(rows: Sequence[dict[str, str]]) -> str:
    """Return the curves as Markdown, with their slopes."""
    lines = ["| work | against | sizes | CPU s | slope | peak MB | slope |", "|---" * 7 + "|"]
    for work, against in dict.fromkeys((row["work"], row["against"]) for row in rows):
        own = [row for row in rows if (row["work"], row["against"]) == (work, against)]
        columns = {name: [float(row[name]) for row in own] for name in ("size", "cpu_s", "peak_mb")}
        cells = [work, against, ", ".join(f"{size:,.0f}" for size in columns["size"])]
        for name in ("cpu_s", "peak_mb"):
            cells += [", ".join(row[name] for row in own), f"{slope(columns['size'], columns[name]):.2f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def write(rows: Sequence[dict[str, str]]) -> None:
    """Write growth.tsv."""
    with RESULTS.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, COLUMNS, delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read() -> list[dict[str, str]]:
    """Return the rows of growth.tsv, none where it is not there."""
    if not RESULTS.is_file():
        return []
    with RESULTS.open(newline="") as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def _one() -> None:
    """Do the work of one process, and print its CPU seconds and greatest memory (MB)."""
    logging.getLogger("promoternets").setLevel(logging.ERROR)
    curve, words = CURVES[int(sys.argv[1])], json.loads(sys.argv[2])
    work = curve.prepare(**words)
    start = time.process_time()
    work()
    seconds = time.process_time() - start
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print(seconds, int(peak.split()[1]) / 1024)  # ru_maxrss would be the parent's where that is greater


if __name__ == "__main__":
    _one()
