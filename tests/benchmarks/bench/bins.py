"""Bins: 3,710 windows of 100 bins of 100 bp in each of five bigWigs, 18,550 windows in all."""

from __future__ import annotations

import gzip
import sys
import time
import zlib
from abc import abstractmethod
from pathlib import Path

import numpy as np
import pandas as pd

from bench.frame import Benchmark, Different, data, package_version, run
from promoternets.bins.bigwig import bin_bigwig
from promoternets.bins.bigwig_layout import read_parts
from promoternets.bins.windows import Windows, windows_of

MARKS = ("H3K4me1", "H3K4me3", "H3K9me3", "H3K27me3", "H3K36me3")
WINDOWS, BINS, BIN_SIZE = 3_710, 100, 100
WIDTH = BINS * BIN_SIZE


class BigWigs(Benchmark):
    """Means over all bases, uncovered ones as 0, of windows evenly spread over the ENCODE pilot regions."""

    def peer_version(self) -> str:
        folder = "roadmap_pilot_E003_E117"
        self.files = [data(folder, f"E003-{mark}.pilot.hg19.bigWig") for mark in MARKS]
        self.regions = data(folder, "pilot_regions.hg19.bed")
        return self.version()

    @abstractmethod
    def version(self) -> str:
        """Return the peer's version."""

    def spread(self, count: int) -> Windows:
        """Return windows evenly spread over the regions."""
        regions = pd.read_csv(self.regions, sep="\t", header=None, usecols=[0, 1, 2], names=["chrom", "start", "end"])
        room = (regions["end"] - regions["start"] - WIDTH).to_numpy()
        at = np.linspace(0, room.sum() - 1, count).astype(int)
        region = np.searchsorted(np.cumsum(room), at, side="right")
        start = regions["start"].to_numpy()[region] + at - (np.cumsum(room) - room)[region]
        genes = pd.DataFrame(
            {"gene_id": [f"w{number}" for number in range(count)], "chrom": regions["chrom"].to_numpy()[region],
             "tss": start + WIDTH // 2 + 1, "strand": "+"}
        )  # fmt: skip
        return windows_of(genes, bin_size=BIN_SIZE, bin_count=BINS, oriented=True)

    def prepare(self, folder: Path) -> None:
        self.windows = self.spread(WINDOWS)
        self.bed = folder / "windows.bed"
        bed = pd.DataFrame({"chrom": self.windows.chrom, "start": self.windows.tss, "end": self.windows.tss + 1})
        bed.to_csv(self.bed, sep="\t", header=False, index=False)
        start = time.perf_counter()
        for path in self.files:
            parts = read_parts(path)
            with path.open("rb") as file:
                for _, offset, size in parts.blocks.tolist():
                    file.seek(offset)
                    zlib.decompress(file.read(size))
        self.floor = f"unpacking all blocks of the five files with zlib: {time.perf_counter() - start:.2f} s"

    def ours(self, out: Path) -> np.ndarray:
        return np.stack([bin_bigwig(path, self.windows).signal for path in self.files], axis=1)

    def check_equal(self, ours: np.ndarray, peer: np.ndarray) -> str:
        if ours.shape != peer.shape:
            raise Different(f"{ours.shape} and {peer.shape} bins")
        far = np.abs(ours - peer)
        if not np.allclose(ours, peer, rtol=1e-6, atol=2e-5):
            raise Different(f"bins differ by up to {np.nanmax(far):.3g}")
        return f"{ours.size:,} bins, to {far.max():.1g} (largest {ours.max():.0f})"


class DeepTools(BigWigs):
    """computeMatrix in one process; it writes the matrix as gzipped text."""

    name = "bins: 18,550 windows"
    peer = "deepTools computeMatrix --missingDataAsZero"
    goal = 100.0
    pairs = 1

    def version(self) -> str:
        return package_version("deeptools")

    def run_peer(self, out: Path) -> np.ndarray:
        call = "from deeptools.computeMatrix import main; main()"
        run(
            sys.executable, "-c", call, "reference-point", "-S", *self.files, "-R", self.bed, "-b", WIDTH // 2, "-a",
            WIDTH // 2, "-bs", BIN_SIZE, "--missingDataAsZero", "--sortRegions", "keep", "-p", 1, "-o", out / "m.gz",
        )  # fmt: skip
        with gzip.open(out / "m.gz", "rt") as text:
            rows = [line.rstrip("\n").split("\t") for line in text if not line.startswith("@")]
        if [int(row[1]) for row in rows] != self.windows.tss.tolist():
            raise Different("windows are in another order")
        return np.array([row[6:] for row in rows], dtype=np.float64).reshape(len(rows), len(self.files), BINS)


class PyBigWig(BigWigs):
    """One call of values() a window, binned by numpy."""

    name = "bins: 18,550 windows"
    peer = "pyBigWig values(numpy=True), one a window"

    def version(self) -> str:
        return package_version("pyBigWig")

    def run_peer(self, out: Path) -> np.ndarray:
        import pyBigWig

        found = np.empty((WINDOWS, len(self.files), BINS))
        for column, path in enumerate(self.files):
            with pyBigWig.open(str(path)) as file:
                for row, (chrom, start) in enumerate(zip(self.windows.chrom, self.windows.start.tolist(), strict=True)):
                    values = file.values(chrom, start, start + WIDTH, numpy=True)
                    found[row, column] = np.nan_to_num(values).reshape(BINS, BIN_SIZE).mean(axis=1)
        return found


class PyBigTools(BigWigs):
    """One call of values(bins=100, exact) a window."""

    name = "bins: 18,550 windows"
    peer = "pybigtools values(bins=100, exact=True)"
    goal = 1.0

    def version(self) -> str:
        return package_version("pybigtools")

    def run_peer(self, out: Path) -> np.ndarray:
        import pybigtools

        found = np.empty((WINDOWS, len(self.files), BINS))
        for column, path in enumerate(self.files):
            file = pybigtools.open(str(path))
            for row, (chrom, start) in enumerate(zip(self.windows.chrom, self.windows.start.tolist(), strict=True)):
                found[row, column] = file.values(chrom, start, start + WIDTH, bins=BINS, exact=True, fillna=0.0)
        return found


BENCHMARKS: list[Benchmark] = [PyBigTools(), PyBigWig(), DeepTools()]
