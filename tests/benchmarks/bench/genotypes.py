"""Genotypes: a VCF of 3,202 people and 41,907 records (538 MB of text) as a store."""

from __future__ import annotations

import logging
import os
import time
from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.frame import Benchmark, Different, data, package_version, program_version, run
from promoternets.formats.variant_store import ABSENT, VariantStore
from promoternets.genotypes.lines import blocks
from promoternets.genotypes.parse import parse_genotypes
from promoternets.genotypes.sites import merged

CHUNK = 1_000  # sites, as in the workflow
PANEL = ("kgp_gene_panels", "kgp_genes.b38_3202.vcf.gz")


class AllSites(Benchmark):
    """All sites at which people differ, to our store."""

    def peer_version(self) -> str:
        self.vcf = data(*PANEL)
        return self.version()

    @abstractmethod
    def version(self) -> str:
        """Return the peer's version."""

    def prepare(self, folder: Path) -> None:
        logging.getLogger("promoternets").setLevel(logging.ERROR)
        self.floor = f"unpacking the blocks with zlib, one thread: {inflated(self.vcf):.2f} s"

    def ours(self, out: Path) -> Path:
        parse_genotypes([self.vcf], out / "genotypes.zarr", chunk_variants=CHUNK, threads=os.cpu_count())
        return out / "genotypes.zarr"


def inflated(path: Path) -> float:
    """Return the seconds that unpacking a block-gzip file takes, its text thrown away."""
    start = time.perf_counter()
    for _ in blocks(path):
        pass
    return time.perf_counter() - start


class Plink2(AllSites):
    """plink2 writes a .pgen, which keeps phase, as our store does."""

    name = "genotypes: all sites"
    peer = "plink2 --vcf --make-pgen"
    goal = 1.0

    def version(self) -> str:
        return program_version("plink2", package="plink2")

    def run_peer(self, out: Path) -> Path:
        run("plink2", "--vcf", self.vcf, "--make-pgen", "--out", out / "genotypes")
        return out / "genotypes.pgen"

    def check_equal(self, ours: Path, peer: Path) -> str:
        return same_calls(VariantStore.open(ours), peer)


def same_calls(store: VariantStore, pgen: Path) -> str:
    """Compare both alleles of every call of a store with those of a .pgen, alternate allele by alternate allele."""
    import pgenlib

    pvar = pd.read_csv(pgen.with_suffix(".pvar"), sep="\t", comment="#", header=None, usecols=[0, 1, 3, 4], dtype=str)
    pvar.columns = ["chrom", "position", "reference", "alternates"]
    several = pvar["alternates"].str.split(",")
    place = {
        (row.chrom.removeprefix("chr"), row.position, row.reference, alternate): (at, number)
        for at, row in enumerate(pvar.itertuples())
        for number, alternate in enumerate(several[at], start=1)
    }
    contigs = np.array([name.removeprefix("chr") for name in store.contigs])[store.variant_contigs]
    keys = list(zip(contigs.tolist(), store.positions.astype(str).tolist(), *store.alleles.T.tolist(), strict=True))
    absent = [key for key in keys if key not in place]
    if absent:
        raise Different(f"{len(absent):,} of our sites are not in the .pvar, {absent[0]} for one")
    people = len(store.sample_ids)
    cell = np.empty(2 * people, dtype=np.int32)
    offsets = np.concatenate([[0], np.cumsum(several.str.len() + 1)]).astype(np.uintp)
    others = {key: place[key] for key in place.keys() - set(keys) if set(key[3]) <= set("ACGTN")}
    with pgenlib.PgenReader(str(pgen).encode(), allele_idx_offsets=offsets) as reader:
        for start in range(0, len(keys), 1000):
            some = keys[start : start + 1000]
            ours, phased = (read(slice(start, start + len(some))) for read in (store.genotypes, store.phased))
            for key, mine, phase in zip(some, ours, phased, strict=True):
                row, number = place[key]
                reader.read_alleles(row, cell)
                theirs = np.where(cell < 0, -1, cell == number).reshape(people, 2)
                mine = np.where(mine == ABSENT, mine[:, :1], mine)  # plink2 has a man's one allele twice
                if not np.array_equal(_unordered(mine, phase), _unordered(theirs, phase)):
                    raise Different(f"calls of {':'.join(key)}")
        for key, (row, number) in others.items():
            reader.read_alleles(row, cell)
            if len(set((cell[cell >= 0] == number).tolist())) > 1:
                raise Different(f"{':'.join(key)} varies, and is not in our store")
    return f"both alleles of {len(keys):,} sites x {people:,} people; {len(others):,} others do not vary"


def _unordered(alleles: np.ndarray, phased: np.ndarray) -> np.ndarray:
    return np.where(phased[:, None], alleles, np.sort(alleles, axis=1))


class Cyvcf2(AllSites):
    """cyvcf2 reads every record's calls into an array, and keeps none."""

    name = "genotypes: all sites"
    peer = "cyvcf2 genotype.array(), nothing written"
    pairs = 3

    def version(self) -> str:
        return package_version("cyvcf2")

    @staticmethod
    def alleles(record: Any) -> int:
        """Return the alternate alleles of a record, the first of several."""
        return int((record.genotype.array()[:, :2] == 1).sum())

    def run_peer(self, out: Path) -> list[int]:
        import cyvcf2

        return [self.alleles(record) for record in cyvcf2.VCF(str(self.vcf))]

    def check_equal(self, ours: Path, peer: list[int]) -> str:
        store = VariantStore.open(ours)
        counts = [int((store.genotypes(slice(start, start + 1000)) == 1).sum()) for start in range(0, len(store), 1000)]
        if sum(counts) != sum(count for count in peer if count < 2 * len(store.sample_ids)):
            raise Different("alternate alleles differ in number")
        return f"{sum(counts):,} alternate alleles"


class Cyvcf2Types(Cyvcf2):
    """cyvcf2's other way to calls: 0 and 3 homozygous, 1 heterozygous, 2 missing."""

    peer = "cyvcf2 gt_types, nothing written"

    def run_peer(self, out: Path) -> dict[tuple, int]:
        import cyvcf2

        carriers = {}
        for record in cyvcf2.VCF(str(self.vcf)):
            types = record.gt_types
            carriers[record.CHROM, record.POS, record.REF, *record.ALT] = int(((types == 1) | (types == 3)).sum())
        return carriers

    def check_equal(self, ours: Path, peer: dict[tuple, int]) -> str:
        store = VariantStore.open(ours)
        parts = [store.genotypes(slice(start, start + 1000)) for start in range(0, len(store), 1000)]
        own = np.concatenate([(part == 1).any(axis=2).sum(axis=1) for part in parts])
        contigs = np.array(store.contigs)[store.variant_contigs].tolist()
        sites = zip(contigs, store.positions.tolist(), *store.alleles.T.tolist(), strict=True)
        if own.tolist() != [peer[site] for site in sites]:
            raise Different("people with an alternate allele differ in number")
        return f"{own.sum():,} carriers of alternate alleles, site by site"


class Cyvcf2Records(Cyvcf2):
    """cyvcf2 walks over the records and reads no call."""

    peer = "cyvcf2, records without their calls"

    @staticmethod
    def alleles(record: Any) -> int:
        """Return the position: no call is read."""
        return record.POS

    def check_equal(self, ours: Path, peer: list[int]) -> str:
        missing = set(VariantStore.open(ours).positions.tolist()) - set(peer)
        if missing:
            raise Different(f"{len(missing):,} of our positions are in no record")
        return f"our positions are among those of {len(peer):,} records; no calls to compare"


class Vcf2Zarr(AllSites):
    """bio2zarr's vcf2zarr writes the same form of store, with every INFO field beside."""

    name = "genotypes: all sites"
    peer = "vcf2zarr convert"
    pairs = 1

    def version(self) -> str:
        return package_version("bio2zarr")

    def run_peer(self, out: Path) -> Path:
        import sys

        call = "from bio2zarr.cli import vcf2zarr_main; vcf2zarr_main()"
        run(sys.executable, "-c", call, "convert", "--no-progress", self.vcf, out / "theirs.zarr")
        return out / "theirs.zarr"

    def check_equal(self, ours: Path, peer: Path) -> str:
        import zarr

        store, theirs = VariantStore.open(ours), zarr.open_group(peer, mode="r")
        names = theirs["contig_id"][:]
        keys = list(zip(names[theirs["variant_contig"][:]], theirs["variant_position"][:].tolist(), strict=True))
        alleles = theirs["variant_allele"][:]
        place = {(*key, *pair): row for row, (key, pair) in enumerate(zip(keys, alleles.tolist(), strict=True))}
        own = np.array(store.contigs)[store.variant_contigs]
        sites = zip(own, store.positions.tolist(), *store.alleles.T, strict=True)
        rows = np.array([place[site] for site in sites])
        calls = theirs["call_genotype"]
        for start in range(0, len(rows), 5000):
            some = rows[start : start + 5000]
            first, last = int(some.min()), int(some.max()) + 1
            if not np.array_equal(calls[first:last][some - first], store.genotypes(slice(start, start + len(some)))):
                raise Different(f"calls of sites {start:,} and on")
        return f"both alleles of {len(store):,} sites x {len(store.sample_ids):,} people"


class NearPromoters(Benchmark):
    """Sites at most 2 kb from a TSS, of an indexed VCF.

    Parameters
    ----------
    what : the work, for the row's name. read : gives the VCF and a table of starts (chrom, tss).
    """

    distance = 2_000
    goal = 3.0

    def __init__(self, what: str, read: Callable[[], tuple[Path, pd.DataFrame]]) -> None:
        self.name = f"genotypes: near promoters, {what}"
        self._read = read

    def peer_version(self) -> str:
        self.vcf, self.promoters = self._read()
        return self.version()

    @abstractmethod
    def version(self) -> str:
        """Return the peer's version."""

    def prepare(self, folder: Path) -> None:
        logging.getLogger("promoternets").setLevel(logging.ERROR)
        self.table, self.bed = folder / "promoters.tsv", folder / "promoters.bed"
        self.promoters.to_csv(self.table, sep="\t", index=False)
        with self.bed.open("w") as bed:
            for chrom, starts in self.promoters.groupby("chrom")["tss"]:
                for first, last in merged((tss - self.distance, tss + self.distance) for tss in sorted(starts)):
                    bed.write(f"{chrom}\t{max(0, first - 1)}\t{last}\n")

    def ours(self, out: Path) -> Path:
        parse_genotypes(
            [self.vcf], out / "genotypes.zarr", promoters=self.table, max_distance=self.distance, chunk_variants=CHUNK
        )
        return out / "genotypes.zarr"


class Extract(NearPromoters):
    """plink2 reads the whole file and keeps what lies in the stretches."""

    peer = "plink2 --extract bed0"

    def version(self) -> str:
        return program_version("plink2", package="plink2")

    def run_peer(self, out: Path) -> Path:
        run("plink2", "--vcf", self.vcf, "--extract", "bed0", self.bed, "--make-pgen", "--out", out / "genotypes")
        return out / "genotypes.pgen"

    def check_equal(self, ours: Path, peer: Path) -> str:
        return same_calls(VariantStore.open(ours), peer)


class View(NearPromoters):
    """bcftools looks the stretches up in the index."""

    peer = "bcftools view -R, to BCF"

    def version(self) -> str:
        program_version("plink2", package="plink2")  # which the comparison needs
        return program_version("bcftools", package="bcftools")

    def run_peer(self, out: Path) -> Path:
        run("bcftools", "view", "-R", self.bed, "--regions-overlap", "pos", "-Ob", "-o", out / "g.bcf", self.vcf)
        return out / "g.bcf"

    def check_equal(self, ours: Path, peer: Path) -> str:
        pgen = peer.with_name("theirs")
        run("plink2", "--bcf", peer, "--make-pgen", "--out", pgen)
        return same_calls(VariantStore.open(ours), pgen.with_suffix(".pgen"))


def chromosome_22() -> tuple[Path, pd.DataFrame]:
    """Return a whole chromosome of 184,665 records, and its protein-coding genes' starts."""
    genes = pd.read_csv(data("gene_annotation", "genes.hg19.bed.gz"), sep="\t")
    genes = genes[(genes["#chr"] == "chr22") & (genes["gene_type"] == "protein_coding")]
    tss = np.where(genes["strand"] == "+", genes["start"] + 1, genes["end"])
    table = pd.DataFrame({"chrom": "22", "tss": tss})
    return data("kgp_chr22_99eur_expression", "chr22.99eur.b37.vcf.gz"), table


def panel() -> tuple[Path, pd.DataFrame]:
    """Return a file of 41,907 records around genes on seven chromosomes, and the starts of these genes."""
    genes = pd.read_csv(data("kgp_gene_panels", "genes.tsv"), sep="\t").query("in_b38_vcf == 1")
    chrom = "chr" + genes["b38_region"].str.partition(":")[0]
    return data(*PANEL), pd.DataFrame({"chrom": chrom, "tss": genes["b38_tss"]})


BENCHMARKS: list[Benchmark] = [
    Plink2(),
    Cyvcf2Records(),
    Cyvcf2(),
    Cyvcf2Types(),
    Vcf2Zarr(),
    *(
        tool(what, read)
        for what, read in (("3,202 people", panel), ("99 people's chromosome 22", chromosome_22))
        for tool in (Extract, View)
    ),
]
