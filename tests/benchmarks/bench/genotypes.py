"""Genotypes: a VCF of 3,202 people and 41,907 records (538 MB of text) as a store."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import numpy as np
import pandas as pd

from bench.frame import Benchmark, Different, data, package_version, program_version, run
from promoternets.formats.variant_store import VariantStore
from promoternets.genotypes.lines import blocks
from promoternets.genotypes.parse import parse_genotypes

PANEL = ("kgp_gene_panels", "kgp_genes.b38_3202.vcf.gz")


class AllSites(Benchmark):
    """All sites at which people differ, to our store."""

    def peer_version(self) -> str:
        self.vcf = data(*PANEL)
        return self.version()

    def version(self) -> str:
        """Return the peer's version."""
        raise NotImplementedError

    def prepare(self, folder: Path) -> None:
        logging.getLogger("promoternets").setLevel(logging.ERROR)
        self.floor = f"unpacking the blocks with zlib, one thread: {inflated(self.vcf):.2f} s"

    def ours(self, out: Path) -> Path:
        parse_genotypes([self.vcf], out / "genotypes.zarr")
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
    """Compare both alleles of every call of a store with those of a .pgen of biallelic sites."""
    import pgenlib

    pvar = pd.read_csv(pgen.with_suffix(".pvar"), sep="\t", comment="#", header=None, usecols=[0, 1, 3, 4], dtype=str)
    place = {tuple(row): number for number, row in enumerate(pvar.itertuples(index=False, name=None))}
    if len(place) != len(pvar):
        raise Different("the .pvar has a site twice")
    contigs = np.array([name.removeprefix("chr") for name in store.contigs])[store.variant_contigs]
    keys = zip(contigs, store.positions.astype(str), *store.alleles.T, strict=True)
    rows = np.array([place.get(key, place.get((f"chr{key[0]}", *key[1:]), -1)) for key in keys])
    if (rows < 0).any():
        raise Different(f"{(rows < 0).sum():,} of our sites are not in the .pvar")
    people = len(store.sample_ids)
    with pgenlib.PgenReader(str(pgen).encode()) as reader:
        cells = np.empty((1000, 2 * people), dtype=np.int32)
        for start in range(0, len(rows), 1000):
            own = rows[start : start + 1000]
            reader.read_alleles_list(own.astype(np.uint32), cells[: len(own)])
            theirs = cells[: len(own)].reshape(len(own), people, 2)
            mine, phased = store.genotypes(slice(start, start + len(own))), store.phased(slice(start, start + len(own)))
            theirs = np.where(theirs == -9, -1, theirs)
            unordered = ~phased[..., None]
            mine = np.where(unordered, np.sort(mine, axis=2), mine)
            theirs = np.where(unordered, np.sort(theirs, axis=2), theirs)
            if not np.array_equal(mine, theirs):
                raise Different(f"{np.count_nonzero(mine != theirs):,} alleles of sites {start:,} and on")
        others = np.setdiff1d(np.arange(len(pvar)), rows)
        one = np.empty(2 * people, dtype=np.int32)
        for row in others:
            reader.read_alleles(int(row), one)
            if len(set(one[one >= 0].tolist())) > 1:
                raise Different(f"site {row:,} of the .pvar varies, and is not in our store")
    return f"both alleles of {len(store):,} sites x {people:,} people; the other {len(others):,} do not vary"


class Cyvcf2(AllSites):
    """cyvcf2 reads every record's calls into an array, and keeps none."""

    name = "genotypes: all sites"
    peer = "cyvcf2 genotype.array(), nothing written"
    pairs = 3

    def version(self) -> str:
        return package_version("cyvcf2")

    def run_peer(self, out: Path) -> list[int]:
        import cyvcf2

        return [int((record.genotype.array()[:, :2] == 1).sum()) for record in cyvcf2.VCF(str(self.vcf))]

    def check_equal(self, ours: Path, peer: list[int]) -> str:
        store = VariantStore.open(ours)
        counts = [int((store.genotypes(slice(start, start + 1000)) == 1).sum()) for start in range(0, len(store), 1000)]
        if sum(counts) != sum(count for count in peer if count < 2 * len(store.sample_ids)):
            raise Different("alternate alleles differ in number")
        return f"{sum(counts):,} alternate alleles"


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


BENCHMARKS: list[Benchmark] = [Plink2(), Cyvcf2(), Vcf2Zarr()]
