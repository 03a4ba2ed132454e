"""The same people and variants as a VCF, a PLINK 1 fileset and a PLINK 2 fileset, for tests."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pgenlib
import vcf_files


class Variant(NamedTuple):
    """One variant: `alleles` as ``A>C,G`` (``A>.`` without alternate)."""

    contig: str
    position: int
    name: str
    alleles: str


class People(NamedTuple):
    """People as a .fam has them, in texts."""

    names: Sequence[str]
    family: Sequence[str] | None = None
    father: Sequence[str] | None = None
    mother: Sequence[str] | None = None
    sex: Sequence[str] | None = None
    phenotype: Sequence[str] | None = None

    def columns(self) -> dict[str, list[str]]:
        n = len(self.names)
        return {
            "FID": list(self.family or ["0"] * n), "IID": list(self.names), "PAT": list(self.father or ["0"] * n),
            "MAT": list(self.mother or ["0"] * n), "SEX": list(self.sex or ["0"] * n),
            "PHENO1": list(self.phenotype or ["-9"] * n),
        }  # fmt: skip


def write_vcf(path: Path, people: People, variants: Sequence[Variant], calls: np.ndarray) -> Path:
    """Write calls, int, shape=(variants, people, 3) (two alleles, -1 missing, and phased), as VCF."""
    lines = [
        vcf_files.record(
            variant.contig, variant.position, variant.alleles,
            " ".join("|".join(call) if phased else "/".join(call) for *call, phased in words(row)),
            name=variant.name, status=".",
        )
        for variant, row in zip(variants, calls, strict=True)
    ]  # fmt: skip
    contigs = list(dict.fromkeys(variant.contig for variant in variants))
    return vcf_files.write(path, vcf_files.text(lines, people.names, contigs=contigs))


def words(row: np.ndarray) -> list[tuple[str, str, bool]]:
    return [("." if a < 0 else str(a), "." if b < 0 else str(b), bool(phased)) for a, b, phased in row.tolist()]


def write_bed(path: Path, people: People, variants: Sequence[Variant], calls: np.ndarray) -> Path:
    """Write calls as .bed, .bim and .fam, the alternate allele as A1."""
    columns = people.columns()
    fam = zip(*(columns[name] for name in ("FID", "IID", "PAT", "MAT", "SEX", "PHENO1")), strict=True)
    path.with_suffix(".fam").write_text("".join("\t".join(row) + "\n" for row in fam))
    rows = []
    for variant in variants:
        second, first = variant.alleles.replace(">.", ">0").split(">", 1)
        rows.append(f"{variant.contig}\t{variant.name}\t0\t{variant.position}\t{first}\t{second}\n")
    path.with_suffix(".bim").write_text("".join(rows))
    counts = np.where(calls[:, :, 0] < 0, -1, calls[:, :, :2].sum(axis=2))
    codes = np.select([counts == 2, counts == -1, counts == 1], [0, 1, 2], default=3).astype(np.uint8)
    codes = np.pad(codes, ((0, 0), (0, -codes.shape[1] % 4))).reshape(len(codes), -1, 4)
    path.write_bytes(b"\x6c\x1b\x01" + (codes << np.array([0, 2, 4, 6], np.uint8)).sum(2, dtype=np.uint8).tobytes())
    return path


def write_pgen(
    path: Path,
    people: People,
    variants: Sequence[Variant],
    calls: np.ndarray,
    *,
    dosages: np.ndarray | None = None,
    status: Sequence[str] | None = None,
    header: Sequence[str] = (),
) -> Path:
    """Write calls (or dosages, shape=(variants, people), nan missing) as .pgen, .pvar and .psam."""
    several = [2 if dosages is not None else 2 + variant.alleles.count(",") for variant in variants]
    with pgenlib.PgenWriter(
        str(path).encode(), len(people.names), variant_ct=len(variants), nonref_flags=False,
        allele_ct_limit=max(several), hardcall_phase_present=bool(calls[:, :, 2].any()),
        dosage_present=dosages is not None,
    ) as writer:  # fmt: skip
        for number, row in enumerate(calls):
            if dosages is not None:
                writer.append_dosages(np.nan_to_num(dosages[number], nan=-9.0).astype(np.float32))
                continue
            alleles = np.where(row[:, :2] < 0, -9, row[:, :2]).astype(np.int32).ravel()
            if calls[:, :, 2].any():
                phased = np.ascontiguousarray(row[:, 2], dtype=np.uint8)
                writer.append_partially_phased(alleles, phased, allele_ct=several[number])
            else:
                writer.append_alleles(alleles, allele_ct=several[number])
    status = status or ["."] * len(variants)
    lines = [
        "\t".join([v.contig, str(v.position), v.name, *v.alleles.split(">", 1), word])
        for v, word in zip(variants, status, strict=True)
    ]
    top = [*header, "#CHROM\tPOS\tID\tREF\tALT\tFILTER"]
    path.with_suffix(".pvar").write_text("\n".join([*top, *lines]) + "\n")
    columns = people.columns()
    rows = ["#" + "\t".join(columns), *map("\t".join, zip(*columns.values(), strict=True))]
    path.with_suffix(".psam").write_text("\n".join(rows) + "\n")
    return path


def random_cohort(*, people: int = 60, phased: bool = False) -> tuple[People, list[Variant], np.ndarray]:
    """Return people, variants of every kind that a filter removes, and their calls, two contigs, a seed of its own."""
    rng = np.random.default_rng(3)
    kinds = ["A>C", "G>T", "AT>A", "C>CAA", "A><DEL>", "T>.", "G>A"]
    variants, rows = [], []
    for contig in ("1", "22"):
        position = 1000
        for number in range(120):
            position += int(rng.integers(0, 3))  # several at one position
            again = number % 10 == 9  # the site before once more
            position = variants[-1].position if again else position
            alleles = variants[-1].alleles if again else kinds[number % len(kinds)]
            variants.append(Variant(contig, position, f"rs{contig}_{number}", alleles))
            alleles = rng.random((people, 2)) < rng.choice([0.005, 0.1, 0.4])
            if number % 9 == 0:
                alleles[:, 1] = alleles[:, 0]  # far from Hardy-Weinberg proportions
            rows.append(np.column_stack([alleles, np.full(people, phased)]).astype(int))
            if variants[-1].alleles.endswith("."):
                rows[-1][:, :2] = 0
            missing = rng.random(people) < rng.choice([0.0, 0.02, 0.3])
            rows[-1][missing] = (-1, -1, 0)
            if again:  # the same twice has to agree
                rows[-1] = rows[-2].copy()
    calls = np.stack(rows)
    if not phased:
        calls[:, :, :2].sort(axis=2)
    names = [f"p{number:03d}" for number in range(people)]
    return People(names, phenotype=["2" if number % 3 else "1" for number in range(people)]), variants, calls
