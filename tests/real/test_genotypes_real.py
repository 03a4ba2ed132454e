"""Every genotype of real cohorts in our matrix equals an independent reading of the file's text."""

import warnings
from collections.abc import Iterator
from functools import cache
from random import Random

import numpy as np
import pandas as pd
import pysam
import pytest

from promoternets.formats.variant_index import contigs_with_records, records_by_contig
from promoternets.formats.variant_store import VariantStore, alternate_counts
from promoternets.genotypes.parse import parse_genotypes
from promoternets.genotypes.reading import VariantFile
from promoternets.genotypes.samples import match_samples
from promoternets.genotypes.sites import Rules, merged

BLOCK = 4096  # rows of the store compared at once


def lines(path) -> Iterator[bytes]:
    """Yield the records of a bgzipped VCF as text."""
    with pysam.BGZFile(str(path)) as handle:
        for line in handle:
            if not line.startswith(b"#"):
                yield line.rstrip(b"\n")


@cache
def one_call(word: bytes) -> tuple[int, int, int]:
    """Return two alleles (-1 missing, -2 absent) and phase of a genotype written as text."""
    phased = b"|" in word
    parts = [-1 if part == b"." else int(part) for part in word.replace(b"|", b"/").split(b"/")]
    return (parts[0], -2, 1) if len(parts) == 1 else (parts[0], parts[1], int(phased))


def calls_of_text(columns: bytes, people: int) -> np.ndarray:
    """Return int8 calls, shape=(people, 3), of the sample columns of a record whose FORMAT is GT."""
    if len(columns) == 4 * people - 1:
        cells = np.frombuffer(columns + b"\t", dtype=np.uint8).reshape(people, 4)
        phased = cells[:, 1] == ord("|")
        if (cells[:, 3] == ord("\t")).all() and (phased | (cells[:, 1] == ord("/"))).all():
            calls = np.empty((people, 3), dtype=np.int8)
            calls[:, :2] = cells[:, ::2].view(np.int8) - ord("0")
            calls[:, :2][cells[:, ::2] == ord(".")] = -1
            calls[:, 2] = phased
            return calls
    return np.array([one_call(word) for word in columns.split(b"\t")], dtype=np.int8)


def sites_of_text(path, people: int) -> Iterator[tuple[tuple[str, int, str, str], np.ndarray]]:
    """Yield each alternate allele of each record with its calls; half calls are missing."""
    for line in lines(path):
        contig, position, _, reference, alternates, _, _, _, form, columns = line.split(b"\t", 9)
        assert form.split(b":")[0] == b"GT"
        if form != b"GT":
            columns = b"\t".join(word.partition(b":")[0] for word in columns.split(b"\t"))
        calls = calls_of_text(columns, people)
        every = alternates.split(b",")
        for number, alternate in enumerate(every, start=1):
            own = calls if len(every) == 1 else calls.copy()
            if len(every) > 1:
                own[:, :2][calls[:, :2] > 0] = 0
                own[:, :2][calls[:, :2] == number] = 1
            if own.min() < 0:
                half = (own[:, 0] == -1) ^ (own[:, 1] == -1)
                own[half & (own[:, 1] != -2), :2] = -1
            yield (contig.decode(), int(position), reference.decode(), alternate.decode()), own


def compare(store: VariantStore, expected) -> tuple[int, int, list]:
    """Return how many genotypes were compared, how many differ, and the sites that the store lacks."""
    contigs = np.array(store.contigs)[store.variant_contigs]
    keys = list(zip(contigs.tolist(), store.positions.tolist(), *store.alleles.T.tolist(), strict=True))
    row = differing = compared = 0
    lacking, ours = [], np.empty(0)
    for key, calls in expected:
        if row == len(keys) or key != keys[row]:
            lacking.append((key, calls))
            continue
        if row % BLOCK == 0:
            rows = slice(row, row + BLOCK)
            ours = np.concatenate([store.genotypes(rows), store.phased(rows).astype(np.int8)[:, :, None]], axis=2)
        if not np.array_equal(ours[row % BLOCK], calls):
            differing += int((ours[row % BLOCK] != calls).any(axis=1).sum())
        compared += len(calls)
        row += 1
    assert row == len(keys), f"the store has a site that the file lacks: {keys[row]}"
    return compared, differing, lacking


def is_plain(alternate: str) -> bool:
    return set(alternate) <= set("ACGTN")


@pytest.fixture(scope="module", params=["b37_2504", "b38_3202"])
def panel(request, real_data, tmp_path_factory):
    """Parse one of the gene panels with the options of a bare command line."""
    vcf = real_data / "kgp_gene_panels" / f"kgp_genes.{request.param}.vcf.gz"
    out = tmp_path_factory.mktemp(request.param) / "g.zarr"
    table = parse_genotypes([vcf], out)
    return vcf, out, dict(zip(table["filter"], table["records"], strict=True))


@pytest.mark.slow
def test_every_genotype_of_the_gene_panels_equals_the_text(panel):
    vcf, out, counts = panel
    store = VariantStore.open(out)
    compared, differing, lacking = compare(store, sites_of_text(vcf, len(store.sample_ids)))
    assert differing == 0
    assert compared == counts["kept"] * len(store.sample_ids)
    assert compared > 50_000_000
    removed = {"symbolic": 0, "monomorphic": 0, "duplicate": 0}
    kept = set(zip(store.positions.tolist(), *store.alleles.T.tolist(), strict=True))
    for key, calls in lacking:
        called = calls[:, :2][calls[:, :2] >= 0]
        why = "symbolic" if not is_plain(key[3]) else "duplicate" if key[1:] in kept else "monomorphic"
        assert why != "monomorphic" or called.min() == called.max(), key
        removed[why] += 1
    assert removed == {
        "symbolic": counts["symbolic_or_star"],
        "monomorphic": counts["monomorphic"],
        "duplicate": counts["duplicate"],
    }


@pytest.mark.slow
def test_haploid_and_multiallelic_calls_are_among_them(panel):
    vcf, out, counts = panel
    store = VariantStore.open(out)
    assert counts["alleles_after_split"] >= counts["records_read"]
    on_x = np.flatnonzero(np.array(store.contigs)[store.variant_contigs] == ("X" if "b37" in vcf.name else "chrX"))
    assert counts["haploid_calls"] == int((store.genotypes(on_x)[..., 1] == -2).sum())
    if "b37" in vcf.name:  # its X is diploid throughout; that of b38 has 1,598 haploid men at 380 records
        assert counts["alleles_after_split"] - counts["records_read"] >= 310
    else:
        assert counts["haploid_calls"] == 1598 * 380


@pytest.mark.slow
def test_a_sample_of_records_equals_what_pysam_decodes(panel):
    vcf, out, _ = panel
    store = VariantStore.open(out)
    contigs = np.array(store.contigs)[store.variant_contigs]
    looked_at = 0
    with pysam.VariantFile(str(vcf)) as file:
        for row in range(0, len(store), 997):
            position, (reference, alternate) = int(store.positions[row]), store.alleles[row]
            found = [
                entry
                for entry in file.fetch(str(contigs[row]), position - 1, position)
                if entry.pos == position and entry.ref == reference and alternate in entry.alts
            ]
            number = found[0].alts.index(alternate) + 1
            ours = store.genotypes([row])[0]
            for person, name in enumerate(store.sample_ids):
                alleles = found[0].samples[str(name)]["GT"]
                coded = [-1 if allele is None else int(allele == number) for allele in alleles] + [-2]
                assert ours[person].tolist() == coded[:2], (position, name)
                looked_at += 1
    assert looked_at > 50_000


@pytest.mark.slow
def test_sgkit_opens_the_store_and_counts_the_same_alleles(panel):
    _, out, counts = panel
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sgkit = pytest.importorskip("sgkit")
    data = sgkit.load_dataset(out)
    assert data.sizes["variants"] == counts["kept"]
    assert data.call_genotype.dtype == np.int8
    data = sgkit.variant_stats(sgkit.count_call_alleles(data))
    store = VariantStore.open(out)
    ours = np.concatenate(
        [
            np.maximum(alternate_counts(store.genotypes(slice(start, start + BLOCK))), 0).sum(axis=1, dtype=np.int64)
            for start in range(0, len(store), BLOCK)
        ]
    )
    theirs = data.variant_allele_count.values
    assert np.array_equal(theirs[:, 1], ours)
    assert np.allclose(store.column("variant_allele_frequency"), theirs[:, 1] / theirs.sum(axis=1))
    diploid = np.array(["X" not in contig for contig in store.contigs])[store.variant_contigs]  # sgkit: all or none
    assert np.allclose(store.column("variant_call_rate")[diploid], data.variant_call_rate.values[diploid])


def test_hardy_weinberg_agrees_with_sgkit(real_data, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sgkit = pytest.importorskip("sgkit")
    vcf = real_data / "kgp_chr20_503eur" / "chr20_1-4Mb.batchB_203_mixed.b37.vcf.gz"
    parse_genotypes([vcf], tmp_path / "g.zarr", min_hwe_p=1e-300, min_maf=0.05)
    data = sgkit.load_dataset(tmp_path / "g.zarr").compute()
    theirs = sgkit.hardy_weinberg_test(data).variant_hwe_p_value.values
    ours = VariantStore.open(tmp_path / "g.zarr").column("variant_hwe_p")
    assert len(ours) > 1000
    assert np.allclose(ours, theirs, rtol=1e-4, atol=1e-12)


def test_two_batches_of_chromosome_20_are_joined_without_a_mismatch(real_data, tmp_path):
    files = sorted((real_data / "kgp_chr20_503eur").glob("*.vcf.gz"))
    table = parse_genotypes(files, tmp_path / "g.zarr", chrom="chr20")
    counts = dict(zip(table["filter"], table["records"], strict=True))
    assert counts["records_read"] == 2 * 24_990
    assert counts["not_in_all_files"] == 0
    store = VariantStore.open(tmp_path / "g.zarr")
    assert len(store.sample_ids) == 503

    def joined():
        for (key, first), (other, second) in zip(
            sites_of_text(files[0], 300), sites_of_text(files[1], 203), strict=True
        ):
            assert key == other
            yield key, np.concatenate([first, second])

    compared, differing, lacking = compare(store, joined())
    assert differing == 0
    assert compared == counts["kept"] * 503
    assert len(lacking) == counts["monomorphic"] + counts["duplicate"] + counts["symbolic_or_star"]
    phased = store.phased(slice(0, 2000))
    assert phased[:, :300].all()
    assert not phased[:, 300:].all()


def test_a_whole_chromosome_of_mixed_phase_equals_the_text(real_data, tmp_path):
    vcf = real_data / "kgp_chr22_99eur_expression" / "chr22.99eur.b37.vcf.gz"
    table = parse_genotypes([vcf], tmp_path / "g.zarr", chrom="22", build="GRCh37")
    counts = dict(zip(table["filter"], table["records"], strict=True))
    store = VariantStore.open(tmp_path / "g.zarr")
    compared, differing, lacking = compare(store, sites_of_text(vcf, 99))
    assert (differing, compared) == (0, counts["kept"] * 99)
    assert counts["records_read"] == 184_665
    assert len(lacking) == counts["alleles_after_split"] - counts["kept"]
    phased = store.phased(slice(None))
    assert phased.any()
    assert not phased.all()


def test_the_index_tells_contigs_and_records_of_real_files(real_data):
    panels = real_data / "kgp_gene_panels"
    counts = records_by_contig(panels / "kgp_genes.b38_3202.vcf.gz")
    assert sum(counts.values()) == 41_907
    assert set(counts) == {"chr1", "chr4", "chr7", "chr10", "chr16", "chr22", "chrX"}
    assert sum(records_by_contig(panels / "kgp_genes.b37_2504.vcf.gz").values()) == 26_792
    assert contigs_with_records(real_data / "kgp_chr20_503eur" / "chr20_1-4Mb.batchA_300_phased.b37.vcf.gz") == ["20"]


def test_people_of_the_panels_are_matched_with_the_public_sample_table(real_data, tmp_path):
    table = real_data / "sample_panel_1000g" / "samples.tsv"
    column = next(name for name in pd.read_csv(table, sep="\t", nrows=1).columns if "super" in name.lower())
    vcf = real_data / "kgp_gene_panels" / "kgp_genes.b38_3202.vcf.gz"
    matched = match_samples([vcf], table, phenotype=column, case="AFR", covariates=[])
    assert len(matched.samples) + (matched.excluded["reason"] == "not in the sample table").sum() == 3202
    assert matched.samples["phenotype"].sum() > 500


@pytest.mark.parametrize("distance", [0, 700, 20_000])
def test_sites_near_some_places_of_a_real_chromosome_are_those_of_the_whole(real_data, distance):
    path = real_data / "kgp_chr22_99eur_expression" / "chr22.99eur.b37.vcf.gz"
    with pysam.TabixFile(str(path)) as file:
        positions = [int(line.split("\t", 2)[1]) for line in file.fetch("22")]
    places = sorted(Random(distance).sample(positions, 60))
    stretches = merged((place - distance, place + distance) for place in places)
    file = VariantFile(path, rules=Rules(near={"22": stretches}))
    found = [position for _, position, _ in file.sites(["22"])]
    wanted = [place for place in positions if any(first <= place <= last for first, last in stretches)]
    assert found == list(dict.fromkeys(wanted))
    assert file.records_read == len(wanted) < len(positions) / 2
