"""PLINK filesets become the store that a VCF of the same people and variants becomes; what does not fit is refused."""

import json
import re

import numpy as np
import pandas as pd
import pytest
import vcf_files
from parsed_files import parsed
from plink_files import People, Variant, random_cohort, write_bed, write_pgen, write_vcf

from promoternets.errors import InputError
from promoternets.formats import plink_index
from promoternets.formats.model_folder import FORMAT, KEYS, KIND
from promoternets.genotypes import plink
from promoternets.genotypes.parse import parse_genotypes

LIMITS = {"min_maf": 0.05, "min_call_rate": 0.9, "min_hwe_p": 1e-3}
THREE = People(["ann", "bob", "cat"], sex=["2", "1", "0"])
WRITERS = {".bed": write_bed, ".pgen": write_pgen}


def three(path, variants, rows, **options):
    """Write variants of three people; `rows` as ``0/1 1/1 ./.``."""
    calls = np.array(
        [
            [[*(-1 if allele == "." else int(allele) for allele in re.split("[/|]", word)), "|" in word]
             for word in row.split()]
            for row in rows
        ]
    )  # fmt: skip
    return WRITERS[path.suffix](path, THREE, variants, calls, **options)


def refused(paths, message, **options):
    with pytest.raises(InputError, match=message) as caught:
        parse_genotypes(paths, caught_folder(paths) / "g.zarr", **options)
    assert not (caught_folder(paths) / "g.zarr").exists()
    return str(caught.value)


def caught_folder(paths):
    return paths[0].parent / "refused"


# ------------------------------------------------------------------------------------------- the same as a VCF


@pytest.mark.parametrize("suffix", [".bed", ".pgen"])
@pytest.mark.parametrize("options", [{}, {"chrom": "chr22", "variants": "snv"}, {"samples": True, **LIMITS}])
def test_a_fileset_gives_the_store_and_counts_of_the_same_vcf(tmp_path, monkeypatch, suffix, options):
    monkeypatch.setattr(plink, "CHUNK", 7)  # positions and contigs are cut in the middle
    people, variants, calls = random_cohort()
    if options.get("samples"):  # some people, in an order of their own
        options = options | {"samples": tmp_path / "samples.tsv"}
        chosen = people.names[5:50:2][::-1]
        table = pd.DataFrame({"sample": chosen, "phenotype": [number % 2 for number in range(len(chosen))]})
        table.to_csv(options["samples"], sep="\t", index=False)
    vcf = write_vcf(tmp_path / "a.vcf.gz", people, variants, calls)
    fileset = WRITERS[suffix](tmp_path / f"b{suffix}", people, variants, calls)
    expected, counts = parsed(vcf, tmp_path / "v.zarr", **options)
    found, others = parsed(fileset, tmp_path / "p.zarr", **options)
    assert found == expected
    assert others == counts
    assert len(found["sites"]) > 15
    assert counts["symbolic_or_star"] and counts["monomorphic"] and counts["duplicate"]
    if "samples" in options:
        assert counts["call_rate"] and counts["maf"] and counts["hwe_controls"]


def test_phase_of_a_pgen_is_that_of_the_vcf(tmp_path):
    people, variants, calls = random_cohort(phased=True)
    missing = calls[:, :, 0] < 0
    assert (calls[~missing][:, 0] > calls[~missing][:, 1]).any()
    expected, _ = parsed(write_vcf(tmp_path / "a.vcf.gz", people, variants, calls), tmp_path / "v.zarr")
    found, _ = parsed(write_pgen(tmp_path / "b.pgen", people, variants, calls), tmp_path / "p.zarr")
    assert found == expected


@pytest.mark.parametrize("setting", ["split", "drop"])
def test_several_alternate_alleles_of_a_pgen_are_taken_as_those_of_a_vcf(tmp_path, setting):
    variants = [Variant("1", 5, "a", "A>C"), Variant("1", 8, "b", "A>C,<DEL>,G"), Variant("1", 9, "c", "G>T")]
    rows = ["0/0 0/1 1/1", "0/3 1/3 ./.", "0/1 0/1 0/0"]
    fileset = three(tmp_path / "b.pgen", variants, rows)
    vcf = vcf_files.write(
        tmp_path / "a.vcf",
        vcf_files.text(
            [vcf_files.record(v.contig, v.position, v.alleles, row, name=v.name)
             for v, row in zip(variants, rows, strict=True)]
        ),
    )  # fmt: skip
    expected, counts = parsed(vcf, tmp_path / "v.zarr", multiallelic=setting)
    assert parsed(fileset, tmp_path / "p.zarr", multiallelic=setting) == (expected, counts)
    assert counts["multiallelic"] == (2 if setting == "drop" else 0)
    assert counts["kept"] == (2 if setting == "drop" else 4)


def test_a_filter_column_of_a_pvar_is_heeded_as_in_a_vcf(tmp_path):
    variants = [Variant("1", position, ".", "A>C") for position in (5, 6, 7)]
    fileset = three(tmp_path / "b.pgen", variants, ["0/0 0/1 1/1"] * 3, status=["PASS", "LowQual", "."])
    held, counts = parsed(fileset, tmp_path / "g.zarr")
    assert [site[1] for site in held["sites"]] == [5, 7]
    assert counts["filter_not_pass"] == 1
    assert parsed(fileset, tmp_path / "g.zarr", pass_only=False)[1]["kept"] == 3


def test_a1_is_the_alternate_allele_and_one_that_nobody_has_makes_no_site(tmp_path):
    variants = [Variant("1", 5, "a", "G>A"), Variant("1", 6, "b", "G>."), Variant("1", 7, "c", "I>D")]
    held, counts = parsed(three(tmp_path / "b.bed", variants, ["1/1 1/1 0/1"] * 3), tmp_path / "g.zarr")
    assert held["sites"] == [("1", 5, "G", "A", "a")]  # A1 of the .bim is A, though it is the common one
    assert held["calls"] == [[[1, 1], [1, 1], [0, 1]]]
    assert (counts["monomorphic"], counts["symbolic_or_star"]) == (1, 1)


def test_filesets_and_vcfs_of_different_people_are_joined(tmp_path):
    people, variants, calls = random_cohort()
    halves = [People(people.names[:20]), People(people.names[20:35]), People(people.names[35:])]
    parts = np.split(calls, [20, 35], axis=1)
    files = [
        write_bed(tmp_path / "a.bed", halves[0], variants, parts[0]),
        write_vcf(tmp_path / "b.vcf.gz", halves[1], variants, parts[1]),
        write_pgen(tmp_path / "c.pgen", halves[2], variants, parts[2]),
    ]
    expected, counts = parsed(write_vcf(tmp_path / "all.vcf.gz", people, variants, calls), tmp_path / "v.zarr")
    found, others = parsed(files, tmp_path / "p.zarr")
    assert found == expected
    assert others["kept"] == counts["kept"] and others["records_read"] == 3 * counts["records_read"]


# -------------------------------------------------------------------------------------------------- contigs


@pytest.mark.parametrize("suffix", [".bed", ".pgen"])
def test_numbers_of_plink_are_sex_chromosomes_of_people_and_men_have_one_allele_there(tmp_path, suffix):
    contigs = ["1", "23", "24", "25", "26"]
    variants = [Variant(contig, 70_000, ".", "A>C") for contig in contigs]
    fileset = three(tmp_path / f"b{suffix}", variants, ["0/1 1/1 0/0"] * 5)  # a woman, a man, and one not known
    held, counts = parsed(fileset, tmp_path / "g.zarr")
    assert [site[0] for site in held["sites"]] == ["1", "X", "Y", "XY", "MT"]
    assert [calls[1] for calls in held["calls"]] == [[1, 1], [1, -2], [1, -2], [1, 1], [1, -2]]
    assert [calls[0] for calls in held["calls"]] == [[0, 1]] * 5
    assert [calls[2] for calls in held["calls"]] == [[0, 0], [0, 0], [0, 0], [0, 0], [0, -2]]
    assert counts["haploid_calls"] == 4
    assert parsed(fileset, tmp_path / "g.zarr", chrom="chrX")[1]["kept"] == 1
    pseudo_autosomal, _ = parsed(fileset, tmp_path / "g.zarr", chrom="X", build="GRCh37")
    assert pseudo_autosomal["calls"][0][1] == [1, 1]
    other, _ = parsed(fileset, tmp_path / "g.zarr", build="other")
    assert [site[0] for site in other["sites"]] == contigs  # 23 is a chromosome like others in cattle


def test_variants_without_a_position_are_left_out_and_said(tmp_path, caplog):
    fileset = three(tmp_path / "b.bed", [Variant("0", 0, "a", "A>C"), Variant("1", 9, "b", "A>C")], ["0/0 0/1 1/1"] * 2)
    held, _ = parsed(fileset, tmp_path / "g.zarr")
    assert [site[4] for site in held["sites"]] == ["b"]
    assert "1 variants without a position" in caplog.text
    assert plink_index.contigs_with_variants(fileset) == ["1"]


@pytest.mark.parametrize("separator", ["\t", "  "])
def test_contigs_are_found_however_the_table_is_cut_into_blocks(tmp_path, monkeypatch, separator):
    variants = [Variant(contig, number, ".", "A>C") for contig in ("1", "2", "10") for number in range(1, 30)]
    fileset = three(tmp_path / "b.bed", variants, ["0/0 0/1 1/1"] * len(variants))
    table = tmp_path / "b.bim"
    table.write_text(table.read_text().replace("\t", separator))
    lines = table.read_bytes().splitlines(keepends=True)
    for block in (1, 40, 333, 1 << 20):
        monkeypatch.setattr(plink_index, "BLOCK", block)
        runs = plink_index.contig_runs(fileset)
        assert [(run.contig, run.first, run.variants) for run in runs] == [("1", 0, 29), ("2", 29, 29), ("10", 58, 29)]
        assert [run.offset for run in runs] == [sum(map(len, lines[: run.first])) for run in runs]


# ------------------------------------------------------------------------------------------------- refusals


@pytest.fixture(params=[".bed", ".pgen"])
def fileset(request, tmp_path):
    variants = [Variant("1", 5, ".", "A>C"), Variant("1", 9, ".", "A>C"), Variant("2", 3, ".", "A>C")]
    return three(tmp_path / f"b{request.param}", variants, ["0/0 0/1 1/1"] * 3)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_missing_file_of_a_fileset_is_named(fileset, number):
    file = plink_index.files_of(fileset)[number]
    file.unlink()
    assert str(file) in refused([fileset], "does not exist" if number == 0 else f"has no {file.name}")
    file.touch()
    refused([fileset], "is empty")


def rewrite(table, change):
    lines = table.read_text().splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    top = [line for line in lines if line.startswith("#")]
    table.write_text("\n".join([*top, *("\t".join(map(str, row)) for row in change(rows))]) + "\n")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows[::-1], "not sorted: 1:5 comes after 1:9"),
        (lambda rows: [rows[0], rows[2], rows[1]], "not sorted: variants of contig 1 come again after contig 2"),
        (lambda rows: [rows[0], rows[1][:-1], rows[2]], "columns, where 6 are expected"),
        (lambda rows: [["x" if cell == "9" else cell for cell in row] for row in rows], "'x' is not a position"),
        (lambda rows: [["0" if cell == "9" else cell for cell in row] for row in rows], "'0' is not a position"),
        (lambda rows: [["999999999" if cell == "9" else cell for cell in row] for row in rows], "beyond the end"),
    ],
)
def test_a_table_of_variants_that_cannot_be_trusted_is_refused(fileset, change, message):
    rewrite(plink_index.variants_table(fileset), change)
    refused([fileset], message, build="GRCh37")


@pytest.mark.parametrize("which", ["variants", "people"])
def test_tables_of_another_length_than_the_genotypes_are_refused(fileset, which):
    table = plink_index.variants_table(fileset) if which == "variants" else plink_index.people_table(fileset)
    more = table.read_text().splitlines()[-1:] if which == "variants" else ["x\ty\t0\t0\t0\t-9", "x\tz\t0\t0\t0\t-9"]
    table.write_text(table.read_text() + "\n".join(more) + "\n")
    message = "bytes, but .* make" if fileset.suffix == ".bed" else f"the .pgen has 3 {which}, but the .p.* [45]"
    refused([fileset], message)


def test_a_truncated_file_is_refused(fileset):
    fileset.write_bytes(fileset.read_bytes()[:-1])
    refused([fileset], "the .bed has|cannot be read")


@pytest.mark.parametrize(
    ("start", "message"),
    [
        (b"\x6c\x1b\x00", "one person after another"),
        (b"chr1\t10\t20\n", "not a PLINK 1 .bed file, fix|not a PLINK 1"),
    ],
)
def test_a_bed_of_another_kind_is_refused(tmp_path, start, message):
    fileset = three(tmp_path / "b.bed", [Variant("1", 5, ".", "A>C")], ["0/0 0/1 1/1"])
    fileset.write_bytes(start + fileset.read_bytes()[3:])
    refused([fileset], message)


def test_a_packed_pvar_or_one_without_header_is_refused(tmp_path):
    fileset = three(tmp_path / "b.pgen", [Variant("1", 5, ".", "A>C")], ["0/0 0/1 1/1"])
    table = tmp_path / "b.pvar"
    table.write_text("1\t5\t.\tA\tC\t.\n")
    refused([fileset], "no header line that starts with #CHROM")
    table.rename(tmp_path / "b.pvar.zst")
    refused([fileset], "packed with zstd")


def test_lengths_in_a_pvar_header_tell_another_build(tmp_path):
    lengths = ["##fileformat=VCFv4.2", "##contig=<ID=1,length=248956422>"]
    fileset = three(tmp_path / "b.pgen", [Variant("1", 5, ".", "A>C")], ["0/0 0/1 1/1"], header=lengths)
    refused([fileset], "which is GRCh38", build="GRCh37")


def test_people_who_share_a_name_are_refused(fileset):
    table = plink_index.people_table(fileset)
    table.write_text(table.read_text().replace("bob", "ann"))
    refused([fileset], "'ann' stands twice in column IID")


# -------------------------------------------------------------------------------------------------- dosages


DOSAGES = [[0.04, 1.1, 1.88], [0.5, 1.0, 2.0], [np.nan, 0.02, 1.95]]
ROUNDED = [[[0, 0], [0, 1], [-1, -1]], [[-1, -1], [0, 1], [1, 1]], [[-1, -1], [0, 0], [1, 1]]]


def with_dosages(path, contig="1"):
    """Write DOSAGES as a VCF with DS alone, or as .pgen."""
    variants = [Variant(contig, position, ".", "A>C") for position in (5, 6, 7)]
    if path.suffix == ".pgen":
        return write_pgen(path, THREE, variants, np.zeros((3, 3, 3), int), dosages=np.array(DOSAGES))
    cells = [" ".join("." if np.isnan(dosage) else str(dosage) for dosage in row) for row in DOSAGES]
    lines = [
        vcf_files.record(contig, variant.position, variant.alleles, row, form="DS")
        for variant, row in zip(variants, cells, strict=True)
    ]
    content = vcf_files.text(lines, contigs=[contig]).replace(
        "##FORMAT=<ID=DP", '##FORMAT=<ID=DS,Number=A,Type=Float,Description="Dosage">\n##FORMAT=<ID=DP'
    )
    return vcf_files.write(path, content)


@pytest.mark.parametrize("file", ["a.vcf", "a.bcf", "a.pgen"])
def test_dosages_are_refused_by_default_and_rounded_when_asked(tmp_path, file):
    path = with_dosages(tmp_path / file)
    assert "`genotypes: {dosages: round}`" in refused([path], "dosages, not whole genotypes, at 1:5")
    held, counts = parsed(path, tmp_path / "g.zarr", dosages="round")
    assert held["calls"] == ROUNDED
    assert (counts["uncertain_dosages"], counts["missing_calls"], counts["no_gt"]) == (2, 3, 0)
    held, counts = parsed(path, tmp_path / "g.zarr", dosages="round", max_dosage_error=0.2)
    assert held["calls"][0] == [[0, 0], [0, 1], [1, 1]]
    assert counts["uncertain_dosages"] == 1
    samples = tmp_path / "samples.tsv"
    samples.write_text("sample\tphenotype\ncat\t1\nann\t0\n")
    held, counts = parsed(path, tmp_path / "g.zarr", dosages="round", max_dosage_error=0.5, samples=samples)
    assert held["calls"] == [[[1, 1], [0, 0]], [[1, 1], [0, 0]]]  # 0.5 is rounded to the even number
    assert (counts["monomorphic"], counts["uncertain_dosages"]) == (1, 0)


def test_a_rounded_dosage_keeps_the_phase_of_the_call_that_it_is_rounded_to(tmp_path, monkeypatch):
    fileset = three(tmp_path / "b.pgen", [Variant("1", 5, ".", "A>C")], ["0/0 0/1 1/1"])
    calls = np.array([[[1, 0, 1], [1, 0, 1], [-1, -1, 0]]], dtype=np.int16)  # pgenlib writes no phase with dosages
    dosages = np.array([[1.05, 1.95, 0.95]], dtype=np.float32)
    monkeypatch.setattr(plink, "_decoded", lambda *_: (calls, dosages))
    held, _ = parsed(fileset, tmp_path / "g.zarr", dosages="round")
    assert held["calls"] == [[[1, 0], [1, 1], [0, 1]]]
    assert held["phased"] == [[True, False, False]]


@pytest.mark.parametrize("file", ["a.vcf", "a.pgen"])
def test_dosages_where_men_have_one_allele_are_refused(tmp_path, file):
    refused([with_dosages(tmp_path / file, contig="X")], "a man's may count to 1 or to 2", dosages="round")


def test_dosages_of_several_alternate_alleles_are_split_and_impossible_ones_refused(tmp_path):
    def written(cells, alleles="A>C,G"):
        content = vcf_files.text([vcf_files.record("1", 5, alleles, cells, form="DS")])
        return vcf_files.write(
            tmp_path / "a.vcf",
            content.replace("##contig", '##FORMAT=<ID=DS,Number=A,Type=Float,Description="D">\n##contig', 1),
        )

    held, _ = parsed(written("0.01,1 1.98,0 .,."), tmp_path / "g.zarr", dosages="round")
    assert held["calls"] == [[[0, 0], [1, 1], [-1, -1]], [[0, 1], [0, 0], [-1, -1]]]
    refused([written("0.01 1 2.5", "A>C")], "not one between 0 and 2", dosages="round")
    refused([written("0.01 1 1")], "not one between 0 and 2 for each", dosages="round")


def test_a_file_with_genotypes_beside_dosages_is_read_by_its_genotypes(tmp_path):
    content = vcf_files.text([vcf_files.record("1", 5, "A>C", "0/0:0.4 0/1:1.4 1/1:2", form="GT:DS")])
    content = content.replace("##contig", '##FORMAT=<ID=DS,Number=A,Type=Float,Description="D">\n##contig', 1)
    held, counts = parsed(vcf_files.write(tmp_path / "a.vcf", content), tmp_path / "g.zarr")
    assert held["calls"] == [[[0, 0], [0, 1], [1, 1]]]
    assert "uncertain_dosages" not in counts


# ------------------------------------------------------------------------------------ for a trained model


def model_folder(path, variants):
    """A model folder's description that reads these variants, as far as reading genotypes needs it."""
    description = dict.fromkeys(KEYS) | {"format": FORMAT, "kind": KIND, "build": "other"}
    sites = [f"chr{v.contig}:{v.position}:{v.alleles.replace('>', ':', 1)}" for v in variants]
    path.mkdir()
    (path / "model.json").write_text(json.dumps(description | {"folds": [{"sites": [sites]}]}))
    return path


@pytest.mark.parametrize("suffix", [".bed", ".pgen"])
@pytest.mark.parametrize("chrom", [None, "chr22"])
def test_people_to_predict_have_one_store_from_a_fileset_and_from_a_vcf(tmp_path, monkeypatch, suffix, chrom):
    monkeypatch.setattr(plink, "CHUNK", 7)
    people, variants, calls = random_cohort()
    calls[2] = 0, 0, 0  # a site that nobody has an alternate allele of, and that names one nevertheless
    read = variants[2:230:3]  # of some chunks none, of others several
    options = {"model": model_folder(tmp_path / "model", read), "chrom": chrom, "variants": "snv", **LIMITS}
    vcf = write_vcf(tmp_path / "a.vcf.gz", people, variants, calls)
    fileset = WRITERS[suffix](tmp_path / f"b{suffix}", people, variants, calls)
    expected, counts = parsed(vcf, tmp_path / "v.zarr", **options)
    held, of_fileset = parsed(fileset, tmp_path / "p.zarr", **options)
    assert held == expected
    # Of an indexed VCF no more records are read than the model's sites need.
    records = of_fileset.pop("records_read")
    assert counts.pop("records_read") < records >= 120 and counts == of_fileset
    places = {(v.contig, v.position) for v in read}
    assert {(site[0], site[1]) for site in expected["sites"]} < places
    assert len(expected["sites"]) > 20 and {"."} < {site[3] for site in expected["sites"]}
    assert counts["monomorphic"] == counts["maf"] == counts["call_rate"] == 0


def test_a_site_of_a_model_with_one_allele_is_all_reference_and_one_without_alleles_is_none(tmp_path):
    variants = [Variant("1", 5, "a", "G>."), Variant("1", 6, "b", "0>."), Variant("1", 7, "c", "A>C")]
    fileset = three(tmp_path / "b.bed", variants, ["0/0 0/0 ./.", "./. ./. ./.", "0/0 0/1 1/1"])
    options = {"model": model_folder(tmp_path / "model", variants[:2])}
    held, counts = parsed(fileset, tmp_path / "g.zarr", **options)
    assert held["sites"] == [("1", 5, "G", ".", "a")] and held["calls"] == [[[0, 0], [0, 0], [-1, -1]]]
    assert (counts["monomorphic"], counts["symbolic_or_star"], counts["records_read"]) == (0, 1, 3)
    broken = three(tmp_path / "c.bed", variants[:1], ["0/0 0/1 1/1"])
    refused([broken], "names an allele that the record does not have", **options)


def test_dosages_of_people_to_predict_obey_the_setting_at_the_sites_that_are_read(tmp_path):
    dosages = np.array([[0, 0.95, 2], [0.3, 0.3, 0.3], [1.4, 0, 2]])
    variants = [Variant("1", position, ".", "A>C") for position in (5, 7, 9)]
    fileset = write_pgen(tmp_path / "d.pgen", THREE, variants, np.zeros((3, 3, 3), int), dosages=dosages)
    options = {"model": model_folder(tmp_path / "model", variants[::2])}
    refused([fileset], "there are dosages, not whole genotypes, at 1:5", **options)
    held, counts = parsed(fileset, tmp_path / "g.zarr", dosages="round", **options)
    assert held["calls"] == [[[0, 0], [0, 1], [1, 1]], [[-1, -1], [0, 0], [1, 1]]]
    assert counts["uncertain_dosages"] == 1
