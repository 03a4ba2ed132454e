"""The real PLINK fileset: genotypes equal an independent decoding of its bytes, people match the public table."""

import numpy as np
import pandas as pd
import pytest

from promoternets.errors import InputError
from promoternets.formats.plink_index import contig_runs
from promoternets.formats.variant_store import VariantStore, alternate_counts
from promoternets.genotypes.parse import parse_genotypes
from promoternets.genotypes.samples import match_samples

CONTIGS = [str(number) for number in range(12, 23)]
A1_OF_CODE = np.array([2, -1, 1, 0], dtype=np.int8)  # 00 both A1, 01 missing, 10 one of each, 11 both A2


@pytest.fixture(scope="module")
def prefix(real_data):
    return real_data / "kgp_eur489_plink" / "kgp_eur489.11windows.b37"


@pytest.fixture(scope="module")
def table_of_variants(prefix):
    names = ["contig", "id", "cm", "position", "a1", "a2"]
    return pd.read_csv(f"{prefix}.bim", sep=r"\s+", header=None, names=names, dtype={"contig": str})


def decoded(prefix, people):
    """Return counts of A1, int8, shape=(variants, people), from the bytes of the .bed alone."""
    data = np.fromfile(f"{prefix}.bed", dtype=np.uint8)[3:].reshape(-1, -(-people // 4))
    codes = np.stack([(data >> shift) & 3 for shift in (0, 2, 4, 6)], axis=2).reshape(len(data), -1)
    return A1_OF_CODE[codes[:, :people]]


def test_every_genotype_equals_the_bytes_of_the_bed(prefix, table_of_variants, tmp_path):
    table = parse_genotypes([prefix.with_name(prefix.name + ".bed")], tmp_path / "g.zarr", build="GRCh37")
    counts = dict(zip(table["filter"], table["records"], strict=True))
    store = VariantStore.open(tmp_path / "g.zarr")
    expected = decoded(prefix, 489)
    assert counts["records_read"] == len(expected) == 38_629
    assert counts["kept"] == len(store) == 38_629 - counts["duplicate"] - counts["monomorphic"]
    assert (counts["missing_calls"], counts["symbolic_or_star"]) == (0, 0)
    ours = pd.DataFrame(
        {"contig": np.array(store.contigs)[store.variant_contigs], "position": store.positions, "id": store.variant_ids}
    )
    ours["row"] = np.arange(len(ours))
    joined = table_of_variants.reset_index().merge(ours, on=["contig", "position", "id"])
    assert len(joined) == len(store)
    rows = joined["row"].to_numpy()
    assert store.alleles[rows].tolist() == joined[["a2", "a1"]].to_numpy().tolist()
    assert np.array_equal(alternate_counts(store.genotypes(slice(None)))[rows], expected[joined["index"]])
    assert not store.phased(slice(0, 1000)).any()


def test_some_genotypes_are_those_seen_by_eye(prefix, table_of_variants, tmp_path):
    parse_genotypes([prefix.with_name(prefix.name + ".bed")], tmp_path / "g.zarr", chrom="chr22", min_maf=0.01)
    store = VariantStore.open(tmp_path / "g.zarr")
    people = pd.read_csv(f"{prefix}.fam", sep=r"\s+", header=None)[1].tolist()
    assert store.sample_ids.tolist() == people
    data = (prefix.with_name(prefix.name + ".bed")).read_bytes()
    looked_at = 0
    for row in range(0, len(store), 97):
        number = table_of_variants.index[table_of_variants["id"] == store.variant_ids[row]][0]
        for person in range(0, 489, 61):
            byte = data[3 + int(number) * 123 + person // 4]
            code = (byte >> 2 * (person % 4)) & 3
            assert alternate_counts(store.genotypes([row]))[0, person] == {0: 2, 1: -1, 2: 1, 3: 0}[code]
            looked_at += 1
    assert looked_at > 150


def test_contigs_and_their_variants_are_those_of_the_bim(prefix, table_of_variants):
    runs = contig_runs(prefix.with_name(prefix.name + ".bed"))
    assert [run.contig for run in runs] == CONTIGS
    assert [run.variants for run in runs] == table_of_variants["contig"].value_counts()[CONTIGS].tolist()


def test_a_fam_without_phenotypes_asks_for_a_table_and_the_public_one_fits(prefix, real_data):
    fam = prefix.with_name(prefix.name + ".fam")
    with pytest.raises(InputError, match="nobody has a phenotype"):
        match_samples([fam], fam)
    table = real_data / "sample_panel_1000g" / "samples.tsv"
    matched = match_samples([fam], table, phenotype="population", case="FIN", covariates=[])
    assert len(matched.samples) == 489
    assert matched.samples["phenotype"].sum() > 80


def test_frequencies_agree_with_the_vcf_of_the_same_project(prefix, real_data, tmp_path):
    """People of both files at sites of both: the genotypes come from one release."""
    parse_genotypes([prefix.with_name(prefix.name + ".bed")], tmp_path / "p.zarr", chrom="22")
    vcf = real_data / "kgp_chr22_99eur_expression" / "chr22.99eur.b37.vcf.gz"
    parse_genotypes([vcf], tmp_path / "v.zarr", chrom="22", build="GRCh37")
    fileset, other = VariantStore.open(tmp_path / "p.zarr"), VariantStore.open(tmp_path / "v.zarr")
    people = [name for name in other.sample_ids.tolist() if name in set(fileset.sample_ids.tolist())]
    tables = [
        pd.DataFrame({"position": store.positions, "row": np.arange(len(store)), "alleles": store.alleles.tolist()})
        for store in (fileset, other)
    ]
    joined = tables[0].merge(tables[1], on="position", suffixes=("", "_vcf"))
    joined = joined[[sorted(one) == sorted(two) for one, two in joined[["alleles", "alleles_vcf"]].to_numpy()]]
    same = [one == two for one, two in joined[["alleles", "alleles_vcf"]].to_numpy()]
    columns = [[store.sample_ids.tolist().index(name) for name in people] for store in (fileset, other)]
    ours = alternate_counts(fileset.genotypes(joined["row"].to_numpy()))[:, columns[0]]
    theirs = alternate_counts(other.genotypes(joined["row_vcf"].to_numpy()))[:, columns[1]]
    theirs = np.where(np.array(same)[:, None], theirs, 2 - theirs)  # where A1 is the VCF's reference
    assert len(people) > 50 and len(joined) > 500
    assert (ours == theirs).mean() > 0.999
