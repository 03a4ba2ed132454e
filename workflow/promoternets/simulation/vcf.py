"""The VCF of the people drawn from a simulated population, one chromosome at a time."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msprime
import numpy as np
import pandas as pd
import pysam
import tskit

from promoternets.errors import InputError
from promoternets.formats.outputs import library_writes, written
from promoternets.formats.tables import read_table
from promoternets.progress import progress
from promoternets.seeds import derive
from promoternets.simulation.effects import ARTEFACT
from promoternets.simulation.haplotypes import load_haplotypes

logger = logging.getLogger(__name__)


def write_vcf(
    *,
    trees: Path,
    samples: Path,
    chromosome: str,
    vcf: Path,
    index: Path,
    missing_rate: float = 0.0,
    truth: Path | None = None,
    artefact_rate: float = 0.0,
    seed: int = 42,
) -> int:
    """Write phased genotypes of the people in a sample table as a bgzipped VCF with a tabix index.

    One site is in memory at a time. Sites that do not vary among these people are left out and counted in
    the log.

    Parameters
    ----------
    trees : file of simulated haplotypes.
    samples : table with the column sample, names ``S000123`` for person 123; batch, if calls shall be
        missing; batch and phenotype (1 case, 0 control), if calls shall be wrong.
    chromosome : name of the contig; its length goes into the header.
    vcf, index : files to write, index is tabix (.tbi).
    missing_rate : mean share of missing calls. Batches differ: the share grows evenly from 0 in the first
        batch to twice the mean in the last.
    truth : table with effect and sites (chrom:pos:ref:alt, separated by commas); None, no call is wrong.
    artefact_rate : share of heterozygotes that the batch with most cases (the first such) has as homozygous
        for the reference, at the sites of promoters whose effect is ``artefact``.
    seed : base seed of the missing and of the wrong calls.

    Returns
    -------
    The number of sites written.

    Raises
    ------
    InputError
        When an input is missing or does not fit the other, or no site varies among the people.
    """
    for name, value, top in (("missing_rate", missing_rate, 0.5), ("artefact_rate", artefact_rate, 1)):
        if not 0 <= value <= top:
            raise InputError(f"{name} is {value}", fix=f"It has to be between 0 and {top:g}")
    artefacts = _artefact_positions(truth, chromosome) if truth and artefact_rate else set()
    haplotypes = load_haplotypes(Path(trees), chromosome=chromosome)
    columns = ["sample"] + ["batch"] * (missing_rate > 0 or bool(artefacts)) + ["phenotype"] * bool(artefacts)
    table = read_table(samples, columns=columns, what="sample table")
    people = _people(table, samples, haplotypes.num_individuals)
    missing = _missing_rates(table, missing_rate)
    random = np.random.default_rng(derive(seed, "simulation", "missing", chromosome))
    miscalled = _Miscalled(
        artefacts,
        _batch_of_most_cases(table) if artefacts else np.zeros(len(table), dtype=bool),
        artefact_rate,
        np.random.default_rng(derive(seed, "simulation", "artefacts", chromosome)),
    )
    kept = 0
    with written(vcf) as partial_vcf, written(index) as partial_index:
        with library_writes(partial_vcf, OSError), pysam.BGZFile(str(partial_vcf), "w") as out:
            out.write(_header(chromosome, int(haplotypes.sequence_length), table["sample"]))
            for record in _records(haplotypes, chromosome, people, missing, random, miscalled):
                out.write(record)
                kept += 1
        if kept == 0:
            raise InputError(
                f"no site of {chromosome} varies among the {len(people)} people of the sample table",
                where=samples,
                fix="Draw more people, or simulate with a higher mutation_rate",
            )
        with library_writes(partial_index, OSError):
            pysam.tabix_index(str(partial_vcf), preset="vcf", index=str(partial_index), force=True)
    logger.info(
        "%s: %d sites written for %d people, %d that do not vary among them left out",
        chromosome, kept, len(people), haplotypes.num_sites - kept,
    )  # fmt: skip
    if artefacts:
        logger.info(
            "%s: at %d sites, %d people have heterozygotes miscalled with probability %g",
            chromosome, len(artefacts), miscalled.people.sum(), artefact_rate,
        )  # fmt: skip
    return kept


def _people(table: pd.DataFrame, path: Path, population: int) -> np.ndarray:
    """Return the number in the population of each sample."""
    names = table["sample"].fillna("").tolist()
    if not names or len(set(names)) != len(names):
        raise InputError("the sample table is empty or names a sample twice", where=path, fix="Name each sample once")
    people = []
    for name in names:
        found = re.fullmatch(r"S(\d+)", name)
        if not found or int(found.group(1)) >= population:
            raise InputError(
                f"sample {name!r} is not one of the {population} simulated people",
                where=path,
                fix="Use the sample table that simulate_phenotypes.py wrote for the same haplotypes",
            )
        people.append(int(found.group(1)))
    return np.array(people)


def _missing_rates(table: pd.DataFrame, missing_rate: float) -> np.ndarray:
    """Return float64 [people], each person's share of missing calls."""
    if missing_rate == 0:
        return np.zeros(len(table))
    number = table["batch"].str.removeprefix("b").astype(int) - 1
    last = number.max()
    return missing_rate * (2 * number.to_numpy() / last if last else np.ones(len(table)))


@dataclass(frozen=True)
class _Miscalled:
    """Whose heterozygotes are called homozygous for the reference, at which positions (1-based), and how often."""

    positions: set[int]
    people: np.ndarray
    rate: float
    random: np.random.Generator

    def calls(self, genotypes: np.ndarray, position: int) -> np.ndarray:
        """Return genotypes [people, 2] as they are called; the argument stays as it is."""
        if position not in self.positions:
            return genotypes
        wrong = self.people & (genotypes.sum(axis=1) == 1) & (self.random.random(len(genotypes)) < self.rate)
        return np.where(wrong[:, None], 0, genotypes)


def _artefact_positions(truth: Path, chromosome: str) -> set[int]:
    """Return the 1-based positions of a chromosome at which the truth table says that calls are wrong."""
    table = read_table(truth, columns=["effect", "sites"], what="truth table")
    names = table.loc[table["effect"] == ARTEFACT, "sites"].dropna().str.split(",").explode()
    return {int(name.split(":")[1]) for name in names if name.split(":")[0] == chromosome}


def _batch_of_most_cases(table: pd.DataFrame) -> np.ndarray:
    """Return bool [people], who is in the batch with most cases."""
    cases = (table["phenotype"] == "1").groupby(table["batch"]).sum()
    return (table["batch"] == cases.idxmax()).to_numpy()


def _header(chromosome: str, length: int, samples: pd.Series) -> bytes:
    lines = [
        "##fileformat=VCFv4.2",
        f"##source=promoternets, haplotypes simulated with msprime {msprime.__version__}",
        '##FILTER=<ID=PASS,Description="All filters passed">',
        f"##contig=<ID={chromosome},length={length}>",
        '##INFO=<ID=AC,Number=A,Type=Integer,Description="Alternative alleles in called genotypes">',
        '##INFO=<ID=AN,Number=1,Type=Integer,Description="Alleles in called genotypes">',
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
        "\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", *samples]),
    ]
    return ("\n".join(lines) + "\n").encode()


def _records(
    haplotypes: tskit.TreeSequence,
    chromosome: str,
    people: np.ndarray,
    missing: np.ndarray,
    random: np.random.Generator,
    miscalled: _Miscalled,
) -> Iterator[bytes]:
    """Yield a VCF line for each site that varies among the people."""
    nodes = np.stack([2 * people, 2 * people + 1], axis=1).ravel().astype(np.int32)
    calls = np.tile(np.frombuffer(b"\t0|0", dtype=np.uint8), (len(people), 1))
    some_missing = missing.any()
    for variant in progress(
        haplotypes.variants(samples=nodes, copy=False),
        total=haplotypes.num_sites,
        what=f"writing {chromosome}",
        unit="sites",
    ):
        position = int(variant.site.position) + 1
        genotypes = miscalled.calls(variant.genotypes.reshape(-1, 2), position)
        calls[:, 1::2] = genotypes + ord("0")
        called = np.ones(len(people), dtype=bool)
        if some_missing:
            called = random.random(len(people)) >= missing
            calls[~called, 1::2] = ord(".")
        count, alleles = int(genotypes[called].sum()), 2 * int(called.sum())
        if not 0 < count < alleles:
            continue
        reference, alternative = variant.alleles[:2]
        fixed = f"{chromosome}\t{position}\t.\t{reference}\t{alternative}\t.\tPASS\tAC={count};AN={alleles}\tGT"
        yield fixed.encode() + calls.tobytes() + b"\n"
