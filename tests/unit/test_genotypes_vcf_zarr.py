"""VCF Zarr becomes the store that the VCF of the same people and variants becomes; what does not fit is refused."""

import shutil

import numpy as np
import pandas as pd
import pytest
import vcf_files
from parsed_files import parsed
from plink_files import People, Variant, random_cohort, write_vcf
from vcf_zarr_files import chunk_files, text, write_vcf_zarr

from promoternets.errors import InputError
from promoternets.formats.vcf_zarr import contigs_with_variants
from promoternets.genotypes import vcf_zarr
from promoternets.genotypes.parse import parse_genotypes
from promoternets.genotypes.samples import match_samples

LIMITS = {"min_maf": 0.05, "min_call_rate": 0.9, "min_hwe_p": 1e-3}
THREE = People(["ann", "bob", "cat"])
SNVS = [Variant("1", 5, "a", "A>C"), Variant("1", 9, ".", "A>C"), Variant("2", 3, ".", "A>C")]
CALLS = np.array([[[0, 0, 0], [0, 1, 0], [1, 1, 0]]] * 3)


def three(path, variants=SNVS, calls=CALLS, **options):
    return write_vcf_zarr(path, THREE, variants, np.asarray(calls), **options)


def refused(path, message, **options):
    with pytest.raises(InputError, match=message) as caught:
        parse_genotypes([path], path.parent / "refused.zarr", **options)
    assert not (path.parent / "refused.zarr").exists()
    return str(caught.value)


# ------------------------------------------------------------------------------------------- the same as a VCF


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("options", [{}, {"chrom": "chr22", "variants": "snv"}, {"samples": True, **LIMITS}])
def test_a_store_gives_the_genotypes_and_counts_of_the_vcf(tmp_path, monkeypatch, zarr_format, options):
    monkeypatch.setattr(vcf_zarr, "CHUNK_CALLS", 1500)  # chunks, positions and contigs are cut in the middle
    people, variants, calls = random_cohort(phased=True)
    if options.get("samples"):  # some people, in an order of their own
        options = options | {"samples": tmp_path / "samples.tsv"}
        chosen = people.names[5:50:2][::-1]
        table = pd.DataFrame({"sample": chosen, "phenotype": [number % 2 for number in range(len(chosen))]})
        table.to_csv(options["samples"], sep="\t", index=False)
    vcf = write_vcf(tmp_path / "a.vcf.gz", people, variants, calls)
    store = write_vcf_zarr(tmp_path / "a.vcz", people, variants, calls, zarr_format=zarr_format)
    expected, counts = parsed(vcf, tmp_path / "v.zarr", **options)
    assert parsed(store, tmp_path / "z.zarr", **options) == (expected, counts)
    assert len(expected["sites"]) > 15 and any(map(any, expected["phased"]))
    assert counts["symbolic_or_star"] and counts["monomorphic"] and counts["duplicate"]
    assert contigs_with_variants(store) == ["1", "22"]


def test_our_own_store_is_read_and_gives_itself(tmp_path):
    people, variants, calls = random_cohort()
    calls[:60, :3, 1], calls[:60, :3, 2] = -2, 1  # men on X
    variants = [variant._replace(contig="X" if variant.contig == "1" else "22") for variant in variants]
    vcf = write_vcf_zarr(tmp_path / "a.vcz", people, variants, calls)
    expected, counts = parsed(vcf, tmp_path / "first.zarr")
    found, again = parsed(tmp_path / "first.zarr", tmp_path / "second.zarr")
    assert found == expected and any(-2 in person for row in expected["calls"] for person in row)
    assert again["records_read"] == again["kept"] == counts["kept"] > 15


def test_chunks_of_zeros_may_be_left_out_where_they_say_no_more_than_that_nobody_is_phased(tmp_path):
    people, variants, calls = random_cohort()
    vcf = write_vcf(tmp_path / "a.vcf.gz", people, variants, calls)
    changes = {"contig_id": text(["1", "22"]), "contig_length": None, "variant_contig": np.repeat([0, 1], 120)}
    changes["region_index"] = np.array([[0, 0, 1000, 1200, 1200, 120], [1, 1, 1000, 1200, 1200, 120]])
    options = {"chunks": (120, 60), "all_chunks": False}
    store = write_vcf_zarr(tmp_path / "a.vcz", people, variants, calls, changes=changes, **options)
    assert not chunk_files(store, "call_genotype_phased") and len(chunk_files(store, "variant_contig")) == 1
    assert parsed(store, tmp_path / "z.zarr") == parsed(vcf, tmp_path / "v.zarr")
    shutil.rmtree(store)
    store = write_vcf_zarr(store, people, variants, calls, changes=changes | {"region_index": None}, **options)
    refused(store, "variant_contig lacks a chunk")  # without an index it may have been lost


def test_several_alternate_alleles_are_taken_apart_and_padding_is_none(tmp_path):
    variants = [Variant("1", 5, "a", "a>C"), Variant("1", 8, "b", "A>C,<DEL>,G"), Variant("1", 9, "c", "G>.")]
    rows = ["0/0 0/1 1/1", "0/3 1/3 ./.", "0/0 0/0 0/0"]
    calls = [[[0, 0, 0], [0, 1, 0], [1, 1, 0]], [[0, 3, 0], [1, 3, 0], [-1, -1, 0]], [[0, 0, 0]] * 3]
    lines = [
        vcf_files.record("1", v.position, v.alleles, row, name=v.name) for v, row in zip(variants, rows, strict=True)
    ]
    vcf = vcf_files.write(tmp_path / "a.vcf", vcf_files.text(lines))
    for setting in ("split", "drop"):
        expected = parsed(vcf, tmp_path / "v.zarr", multiallelic=setting)
        shutil.rmtree(tmp_path / "a.vcz", ignore_errors=True)
        store = three(tmp_path / "a.vcz", variants, calls)
        assert parsed(store, tmp_path / "z.zarr", multiallelic=setting) == expected
        assert expected[1]["kept"] == (1 if setting == "drop" else 3) and expected[1]["monomorphic"] == 1


@pytest.mark.parametrize("ploidy", [1, 2, 3])
def test_calls_of_any_ploidy_are_read_as_those_of_a_vcf(tmp_path, ploidy):
    alleles = np.full((1, 3, ploidy), -2, np.int8)
    alleles[0, :, 0] = 0, 1, -1
    if ploidy > 1:
        alleles[0, 0] = [0, 1, -2][:ploidy]
    changes = {"call_genotype": alleles, "call_genotype_mask": None, "call_genotype_phased": None}
    store = three(tmp_path / "a.vcz", [Variant("X", 5, ".", "A>C")], CALLS[:1], changes=changes)
    held, counts = parsed(store, tmp_path / "z.zarr")
    assert held["calls"] == [[[0, -2] if ploidy == 1 else [0, 1], [1, -2], [-1, -2]]]
    assert counts["haploid_calls"] == (2 if ploidy == 1 else 1)


def test_a_call_of_three_alleles_is_refused_by_name(tmp_path):
    alleles = np.array([[[0, 0, -2], [0, 1, 1], [1, 1, -2]]], np.int8)
    changes = {"call_genotype": alleles, "call_genotype_mask": None}
    store = three(tmp_path / "a.vcz", SNVS[:1], CALLS[:1], changes=changes)
    assert "sample bob has a call of 3 alleles at 1:5" in refused(store, "only diploid calls")


def test_masked_calls_are_missing(tmp_path):
    mask = np.zeros((3, 3, 2), bool)
    mask[0, 1] = True
    held, counts = parsed(three(tmp_path / "a.vcz", changes={"call_genotype_mask": mask}), tmp_path / "z.zarr")
    assert held["calls"][:2] == [[[0, 0], [-1, -1], [1, 1]], [[0, 0], [0, 1], [1, 1]]]
    assert counts["missing_calls"] == 1


def test_filters_are_heeded_and_a_store_without_any_passes(tmp_path):
    flags = np.array([[True, False], [False, True], [False, False]])
    store = three(tmp_path / "a.vcz", changes={"variant_filter": flags}, chunks=(1, 3), all_chunks=False)
    refused(store, "variant_filter lacks a chunk")  # of the last, which no filter was applied to, or which was lost
    shutil.rmtree(store)
    three(store, changes={"variant_filter": flags}, chunks=(1, 3))
    held, counts = parsed(store, tmp_path / "z.zarr")
    assert [site[1] for site in held["sites"]] == [5, 3] and counts["filter_not_pass"] == 1
    assert parsed(store, tmp_path / "z.zarr", pass_only=False)[1]["kept"] == 3
    shutil.rmtree(store)
    three(store, changes={"variant_filter": flags & False}, all_chunks=False)
    assert parsed(store, tmp_path / "z.zarr")[1]["kept"] == 3


def test_stores_and_vcfs_of_different_people_are_joined(tmp_path):
    people, variants, calls = random_cohort()
    first, second = np.split(calls, [20], axis=1)
    files = [
        write_vcf_zarr(tmp_path / "a.vcz", People(people.names[:20]), variants, first, chunks=(9, 30)),
        write_vcf(tmp_path / "b.vcf.gz", People(people.names[20:]), variants, second),
    ]
    expected, _ = parsed(write_vcf(tmp_path / "all.vcf.gz", people, variants, calls), tmp_path / "v.zarr")
    assert parsed(files, tmp_path / "z.zarr")[0] == expected


def test_people_of_a_store_are_matched_with_a_sample_table(tmp_path):
    table = tmp_path / "samples.tsv"
    table.write_text("sample\tphenotype\ncat\t1\nann\t0\neve\t0\n")
    matched = match_samples([three(tmp_path / "a.vcz")], table)
    assert matched.samples["sample"].tolist() == ["ann", "cat"]
    assert matched.excluded.to_numpy().tolist() == [["eve", "not in the VCF Zarr"], ["bob", "not in the sample table"]]


# ------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"variant_allele": None}, "not a VCF Zarr: it lacks variant_allele"),
        ({"call_genotype": None}, "no genotypes \\(call_genotype\\)"),
        ({"variant_position": np.array([5, 9], np.int32)}, "variant_position has 2 variants, but variant_contig has 3"),
        ({"sample_id": text(["ann", "bob"])}, "call_genotype has 3 samples, but sample_id has 2"),
        ({"call_genotype": np.zeros((3, 3), np.int8)}, "call_genotype has 2 dimensions, not 3"),
        ({"call_genotype": np.zeros((3, 3, 2), np.float32)}, "call_genotype holds float32, not whole numbers"),
        ({"sample_id": text(["ann", "bob", "ann"])}, "'ann' stands twice in sample_id"),
        ({"variant_contig": np.array([1, 1, 7], np.int8)}, "names contig 7, but contig_id has 3"),
        (
            {"variant_contig": np.array([1, 2, 1], np.int8)},
            "not sorted: variants of contig 1 come again after contig 2",
        ),
        ({"variant_position": np.array([9, 5, 3])}, "not sorted: 1:5 comes after 1:9"),
        ({"variant_position": np.array([-1, 5, 3])}, "not sorted: 1:-1 comes after 1:0"),
        ({"variant_position": np.array([0, 5, 3])}, "position 1:0, before the first base"),
        ({"variant_position": np.array([5, 999_999_999, 3])}, "beyond the end of the contig"),
        ({"variant_allele": text([["A", "C"], ["A", ""], ["", "C"]])}, "has REF '', which is not bases"),
        ({"call_genotype": np.full((3, 3, 2), 3, np.int8)}, "names an allele that the record does not have"),
        ({"call_genotype": np.full((3, 3, 2), 257, np.int16)}, "names an allele that the record does not have"),
        ({"contig_length": np.array([0, 248956422, 0])}, "which is GRCh38"),
        ({"region_index": np.array([[0, 1, 5, 9, 9, 2]])}, "region_index counts 2 variants, but there are 3"),
    ],
)
def test_arrays_that_cannot_be_trusted_are_refused(tmp_path, changes, message):
    refused(three(tmp_path / "a.vcz", changes=changes), message, build="GRCh37")


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("name", ["sample_id", "contig_id", "variant_contig", "variant_position", "variant_allele",
                                  "variant_filter", "call_genotype"])  # fmt: skip
def test_a_lost_chunk_and_a_truncated_one_are_refused(tmp_path, name, zarr_format):
    people, variants, calls = random_cohort()
    store = write_vcf_zarr(tmp_path / "a.vcz", people, variants, calls, zarr_format=zarr_format)
    file = chunk_files(store, name)[-1]
    whole = file.read_bytes()
    for length in (0, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:length])
        refused(store, "truncated or damaged" if zarr_format == 2 else f"{name} cannot be read")
    file.unlink()
    assert str(file) in refused(store, f"{name} lacks a chunk")


def test_what_is_no_store_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "not a VCF Zarr")
    with pytest.raises(InputError, match="a file, not the folder of a VCF Zarr"):
        (tmp_path / "a.zip").touch()
        contigs_with_variants(tmp_path / "a.zip")
    with pytest.raises(InputError, match="the folder does not exist"):
        contigs_with_variants(tmp_path / "nowhere")


# -------------------------------------------------------------------------------------------------- dosages


def test_dosages_without_genotypes_are_refused_by_default_and_rounded_when_asked(tmp_path):
    dosages = np.array([[0.04, 1.1, 1.88], [0.5, 1.0, 2.0], [np.nan, 0.02, 1.95]])
    store = three(tmp_path / "a.vcz", dosages=dosages)
    assert "`genotypes: {dosages: round}`" in refused(store, "dosages, not whole genotypes, at 1:5")
    held, counts = parsed(store, tmp_path / "z.zarr", dosages="round")
    assert held["calls"] == [[[0, 0], [0, 1], [-1, -1]], [[-1, -1], [0, 1], [1, 1]], [[-1, -1], [0, 0], [1, 1]]]
    assert (counts["uncertain_dosages"], counts["missing_calls"]) == (2, 3)
    refused(three(tmp_path / "b.vcz", dosages=dosages + 1), "not one between 0 and 2", dosages="round")
    variants = [variant._replace(contig="X") for variant in SNVS]
    on_x = three(tmp_path / "x.vcz", variants[:2], CALLS[:2], dosages=dosages[:2])
    refused(on_x, "a man's may count to 1 or to 2", dosages="round")


def test_dosages_of_several_alternate_alleles_are_split(tmp_path):
    dosages = np.array([[[0.01, 1], [1.98, 0], [np.nan, np.nan]], [[1, np.nan], [0, np.nan], [2, np.nan]]])
    variants = [Variant("1", 5, ".", "A>C,G"), Variant("1", 6, ".", "A>C")]
    held, _ = parsed(three(tmp_path / "a.vcz", variants, CALLS[:2], dosages=dosages), tmp_path / "z", dosages="round")
    assert held["calls"] == [
        [[0, 0], [1, 1], [-1, -1]], [[0, 1], [0, 0], [-1, -1]], [[0, 1], [0, 0], [1, 1]],
    ]  # fmt: skip
    wrong = three(tmp_path / "b.vcz", variants, CALLS[:2], dosages=dosages[:, :, :1])
    refused(wrong, "not one between 0 and 2 for each", dosages="round")
