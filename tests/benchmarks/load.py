"""How large a cohort goes through genotypes -> blocks -> ranking: time and peak memory of each job.

`python tests/benchmarks/load.py` simulates 20,000 people x 200,000 sites x 2,000 promoters on 20 chromosomes, one at a
time, and runs the workflow's scripts with the workflow's settings. Of the ranking one shard of one fold is run, of one
stack of promoters and a few epochs; what all of them would take is extrapolated. `--slopes` instead doubles people,
sites and promoters of a small cohort twice. Sites are drawn independently: linkage changes neither time nor memory.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pysam

ROOT = Path(__file__).resolve().parent.parent.parent
logger = logging.getLogger("load")
LIMIT_MIB = 4096
SPACING = 200  # bp between sites
EPOCHS = (1, 3)
PARSING = ["--min-call-rate", 0.95, "--min-maf", 0.01, "--min-hwe-p", 1e-6, "--chunk-variants", 1000]
COLUMNS = ["stage", "people", "sites", "promoters", "wall_s", "cpu_s", "peak_mib"]


@dataclass(frozen=True)
class Size:
    """How large a cohort is; sites and promoters are those of each chromosome."""

    people: int
    sites: int
    promoters: int
    chromosomes: int = 1


def write_vcf(path: Path, chrom: str, size: Size, random: np.random.Generator) -> None:
    """Write random genotypes of a chromosome as bgzipped VCF; frequencies are log-uniform from 2 to 50%."""
    calls = np.tile(np.frombuffer(b"\t0|0", dtype=np.uint8), (size.people, 1))
    names = "\t".join(f"p{number}" for number in range(size.people))
    with pysam.BGZFile(str(path), "w1") as out:
        out.write(
            f'##fileformat=VCFv4.2\n##contig=<ID={chrom}>\n##FORMAT=<ID=GT,Number=1,Type=String,Description="GT">\n'
            f"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{names}\n".encode()
        )
        for site, frequency in enumerate(np.exp(random.uniform(np.log(0.02), np.log(0.5), size.sites)), start=1):
            calls[:, 1::2] = ord("0") + (random.random((size.people, 2), dtype=np.float32) < frequency)
            out.write(f"{chrom}\t{site * SPACING}\t.\tA\tC\t.\tPASS\t.\tGT".encode() + calls.tobytes() + b"\n")


def write_people_and_genes(folder: Path, size: Size, random: np.random.Generator) -> None:
    """Write samples.tsv, half of the people cases, and genes.bed, spread evenly over the sites."""
    phenotype = random.permutation(np.arange(size.people) % 2)
    samples = pd.DataFrame({"sample": [f"p{number}" for number in range(size.people)], "phenotype": phenotype})
    samples.to_csv(folder / "samples.tsv", sep="\t", index=False)
    starts = (np.arange(size.promoters) + 0.5) * size.sites / size.promoters * SPACING
    with (folder / "genes.bed").open("w") as bed:
        for chrom in range(1, size.chromosomes + 1):
            for number, start in enumerate(starts.astype(int)):
                bed.write(f"{chrom}\t{start}\t{start + 100}\tG{chrom}_{number}\t0\t{'+-'[number % 2]}\n")


def job(stage: str, size: Size, script: str, *words: object) -> dict:
    """Run a script by itself; return its time and peak memory as a row. RuntimeError, with its words, if it fails."""
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as said:
        command = [sys.executable, str(ROOT / "workflow" / "scripts" / f"{script}.py"), *map(str, words)]
        process = subprocess.Popen(command, stderr=said, env=os.environ | {"OMP_NUM_THREADS": "1"})
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise RuntimeError(f"{script} failed:\n{said.read()[-3000:]}")
    row = {
        "stage": stage, "people": size.people, "sites": size.sites, "promoters": size.promoters,
        "wall_s": round(time.monotonic() - began, 1), "cpu_s": round(used.ru_utime + used.ru_stime, 1),
        "peak_mib": used.ru_maxrss // 1024,
    }  # fmt: skip
    logger.info("%s", row)
    return row


def run(
    folder: Path, size: Size, *, seed: int = 1, epochs: Sequence[int] = EPOCHS, whole: bool = False
) -> Iterator[dict]:
    """Take a cohort through the stages; yield a row for each job. The VCF of a chromosome is removed when read.

    epochs : a job of the ranking each. whole : rank all promoters, and not just one stack of 16.
    """
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    write_people_and_genes(folder, size, random)
    samples, folds, promoters = folder / "samples.tsv", folder / "folds.tsv", folder / "promoters.tsv"
    yield job("promoters", size, "extract_promoters", "--annotation", folder / "genes.bed", "--promoters", promoters)
    yield job("folds", size, "assign_folds", "--samples", samples, "--folds", folds)
    blocks = []
    for chrom in range(1, size.chromosomes + 1):
        vcf, genotypes = folder / f"{chrom}.vcf.gz", folder / f"{chrom}.genotypes.zarr"
        blocks.append(folder / f"{chrom}.blocks.zarr")
        began = time.monotonic()
        write_vcf(vcf, str(chrom), size, random)
        logger.info("chromosome %d of %d written in %.0f s", chrom, size.chromosomes, time.monotonic() - began)
        yield job("genotypes", size, "parse_genotypes", "--vcf", vcf, "--genotypes", genotypes, "--samples", samples,
                  "--chrom", chrom, *PARSING)  # fmt: skip
        vcf.unlink()
        yield job("blocks", size, "build_blocks", "--genotypes", genotypes, "--promoters", promoters, "--chrom", chrom,
                  "--blocks", blocks[-1], "--table", folder / f"{chrom}.blocks.tsv")  # fmt: skip
        shutil.rmtree(genotypes)
    shards = 1 if whole else -(-size.promoters * size.chromosomes // 16)
    for passes in epochs:
        yield job(f"ranking, {passes} epochs", size, "train_promoter_cnn", "--blocks", *blocks, "--samples", samples,
                  "--folds", folds, "--fold", 1, "--scores", folder / "scores.tsv", "--null", folder / "null.tsv",
                  "--shards", shards, "--rounds", 1, "--permutations", 0, "--epochs", passes)  # fmt: skip


def extrapolated(table: pd.DataFrame, size: Size) -> str:
    """Say what the ranking of all promoters would take, from one stack of at most 16 with few and with more epochs."""
    few, more = (float(table.loc[table["stage"] == f"ranking, {epochs} epochs", "cpu_s"].iloc[0]) for epochs in EPOCHS)
    promoters = size.promoters * size.chromosomes
    each = (more - few) / (EPOCHS[1] - EPOCHS[0]) / min(16, promoters)
    hours = each * promoters * 2 * 2 * 10 / 3600
    return (
        f"a Promoter-CNN takes {each:.2f} s of one core an epoch; extrapolated: {promoters:,} promoters, each with "
        f"true and with permuted labels, 2 rounds of 10 epochs, take {hours:,.0f} core hours a fold"
    )


def slopes(folder: Path, small: Size) -> pd.DataFrame:
    """Double people, sites and promoters twice each; return the slopes of the logarithms, and those of what grows.

    slope : of log time or memory on log size, over three sizes. growth : the same of what is added, which leaves out
    what every job needs to start: the binary logarithm of the second step over the first.
    """
    rows = []
    for what in ("people", "sites", "promoters"):
        sizes = [replace(small, **{what: getattr(small, what) * factor}) for factor in (1, 2, 4)]
        tables = []
        for size in sizes:
            at = folder / f"{what}_{getattr(size, what)}"
            jobs = list(run(at, size, epochs=EPOCHS[-1:], whole=True))
            tables.append(pd.DataFrame(jobs, columns=COLUMNS).set_index("stage"))
            shutil.rmtree(at)
        for stage in ("genotypes", "blocks", f"ranking, {EPOCHS[1]} epochs"):
            for measure in ("cpu_s", "peak_mib"):
                values = np.array([float(table.loc[stage, measure]) for table in tables])
                slope = np.polyfit(np.log([1, 2, 4]), np.log(values), 1)[0]
                first, second = np.diff(values)
                growth = np.log2(second / first) if first > 0 and second > 0 else np.nan
                rows.append((stage, what, measure, *values, round(slope, 2), round(growth, 2)))
    columns = ["stage", "doubled", "measure", "small", "double", "fourfold", "slope", "growth"]
    return pd.DataFrame(rows, columns=columns)


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, run, print the table; 1 if a job took more than 4 GiB."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--sites", type=int, default=200_000, help="of all chromosomes together")
    parser.add_argument("--promoters", type=int, default=2_000, help="of all chromosomes together")
    parser.add_argument("--chromosomes", type=int, default=20)
    parser.add_argument("--slopes", action="store_true", help="time and memory against people, sites and promoters")
    parser.add_argument("--folder", type=Path, help="where to run; default: a temporary one")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    folder = given.folder or Path(tempfile.mkdtemp(prefix="load_"))
    if given.slopes:
        print(slopes(folder, Size(people=2000, sites=2000, promoters=16)).to_string(index=False))
        return 0
    size = Size(given.people, given.sites // given.chromosomes, given.promoters // given.chromosomes, given.chromosomes)
    table = pd.DataFrame(list(run(folder, size)), columns=COLUMNS)
    print(table.groupby("stage", sort=False).agg(
        jobs=("stage", "size"), wall_s=("wall_s", "sum"), cpu_s=("cpu_s", "sum"), longest_s=("wall_s", "max"),
        peak_mib=("peak_mib", "max"),
    ).to_string())  # fmt: skip
    print(extrapolated(table, size))
    print(f"largest job {table['peak_mib'].max():,} MiB of {LIMIT_MIB:,}")
    return int(table["peak_mib"].max() > LIMIT_MIB)


if __name__ == "__main__":
    sys.exit(main())
