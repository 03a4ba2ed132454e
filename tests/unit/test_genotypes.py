"""From variant files to the genotype matrix: what is kept, what is removed and counted, what is refused."""

import gzip
import json
import re
from pathlib import Path
from random import Random

import numpy as np
import pandas as pd
import pysam
import pytest
from vcf_files import record, text, write

from promoternets.errors import InputError
from promoternets.formats.model_folder import FORMAT, KEYS, KIND
from promoternets.formats.variant_index import BGZF_END, SCAN_AT_MOST
from promoternets.formats.variant_store import VariantStore
from promoternets.genotypes import parse
from promoternets.genotypes.parse import parse_genotypes

GT = "0/0 0/1 1/1"
THREE = [[0, 0], [0, 1], [1, 1]]
KINDS = ["a.vcf", "a.vcf.gz", "a.bcf"]


def parsed(tmp_path, records, *, file="a.vcf", people=("ann", "bob", "cat"), **options):
    """Parse records from a file of one kind; return the store and {filter: records}."""
    path = write(tmp_path / file, text(records, people))
    return run(tmp_path, [path], **options)


def run(tmp_path, paths, **options):
    table = parse_genotypes(paths, tmp_path / "out" / "g.zarr", **options)
    return VariantStore.open(tmp_path / "out" / "g.zarr"), dict(zip(table["filter"], table["records"], strict=True))


def sites(store):
    return [
        f"{store.contigs[contig]}:{position}:{reference}:{alternate}"
        for contig, position, (reference, alternate) in zip(
            store.variant_contigs, store.positions, store.alleles, strict=True
        )
    ]


def calls(store):
    return store.genotypes(slice(None)).tolist()


def refused(tmp_path, paths, message, **options):
    """Expect one clear line, and nothing left behind."""
    out = tmp_path / "refused"
    with pytest.raises(InputError, match=message) as caught:
        parse_genotypes(paths, out / "g.zarr", filters=out / "g.tsv", **options)
    assert "\n" not in str(caught.value)
    assert not out.exists() or not list(out.iterdir())
    return str(caught.value)


# ---------------------------------------------------------------------------------------- calls and alleles


@pytest.mark.parametrize("file", KINDS)
def test_calls_and_phase_are_kept_as_they_are(tmp_path, file):
    store, counts = parsed(
        tmp_path, [record("22", 5, "A>C", "0/0 0|1 1/1"), record("22", 9, "G>T", "1|0 ./. 0/0")], file=file
    )
    assert sites(store) == ["22:5:A:C", "22:9:G:T"]
    assert calls(store) == [THREE, [[1, 0], [-1, -1], [0, 0]]]
    assert store.phased(slice(None)).tolist() == [[False, True, False], [True, False, False]]
    assert store.sample_ids.tolist() == ["ann", "bob", "cat"]
    assert (counts["records_read"], counts["kept"], counts["missing_calls"]) == (2, 2, 1)


def test_names_and_case_of_alleles(tmp_path):
    store, _ = parsed(tmp_path, [record("22", 5, "a>c", GT, name="rs1"), record("22", 9, "G>T", GT)])
    assert store.variant_ids.tolist() == ["rs1", "."]
    assert store.alleles.tolist() == [["A", "C"], ["G", "T"]]


def test_a_half_call_is_missing_and_counted(tmp_path):
    store, counts = parsed(tmp_path, [record("22", 5, "A>C", "0/. .|1 0/1")])
    assert calls(store) == [[[-1, -1], [-1, -1], [0, 1]]]
    assert (counts["half_calls"], counts["missing_calls"]) == (2, 2)


@pytest.mark.parametrize("contig", ["X", "Y", "MT", "chrX", "chrM"])
def test_haploid_calls_on_sex_chromosomes_and_mitochondria_have_no_second_allele(tmp_path, contig):
    path = write(
        tmp_path / "a.vcf",
        text([record(contig, 5, "A>C", "0 1 0/1"), record(contig, 9, "A>C", "0 1 .")], contigs=(contig,)),
    )
    store, counts = run(tmp_path, [path])
    assert calls(store) == [[[0, -2], [1, -2], [0, 1]], [[0, -2], [1, -2], [-1, -2]]]
    assert store.phased(slice(None)).tolist() == [[True, True, False], [True, True, True]]
    assert (counts["haploid_calls"], counts["missing_calls"], counts["half_calls"]) == (4, 1, 0)


def test_a_single_dot_on_an_autosome_is_a_missing_call(tmp_path):
    store, counts = parsed(tmp_path, [record("22", 5, "A>C", ". 0/1 1/1"), record("22", 6, "A>C", ". . 0/1")])
    assert calls(store) == [[[-1, -1], [0, 1], [1, 1]], [[-1, -1], [-1, -1], [0, 1]]]
    assert counts["haploid_calls"] == 0


def test_a_haploid_call_on_an_autosome_is_refused(tmp_path):
    path = write(tmp_path / "a.vcf", text([record("22", 5, "A>C", GT), record("22", 9, "A>C", "0/0 1 0/1")]))
    refused(tmp_path, [path], "bob has a haploid call at 22:9")


@pytest.mark.parametrize("contig", ["22", "X"])
def test_more_than_two_alleles_are_refused(tmp_path, contig):
    path = write(tmp_path / "a.vcf", text([record(contig, 9, "A>C", "0/0 0/1 0/0/1")]))
    refused(tmp_path, [path], f"cat has a call of 3 alleles at {contig}:9")


def test_an_allele_that_the_record_does_not_have_is_refused(tmp_path):
    path = write(tmp_path / "a.vcf", text([record("22", 9, "A>C", "0/0 0/2 0/0")]))
    refused(tmp_path, [path], "22:9 names an allele that the record does not have")
    path = write(tmp_path / "b.vcf", text([record("22", 9, "A>C,G", "0/0 0/3 0/0")]))
    refused(tmp_path, [path], "22:9 names an allele that the record does not have")


# --------------------------------------------------------------------------------- alternate alleles, records


def test_several_alternate_alleles_become_a_site_each_and_the_others_count_as_reference(tmp_path):
    store, counts = parsed(tmp_path, [record("22", 5, "A>C,G", "0/1 1|2 ./2")])
    assert sites(store) == ["22:5:A:C", "22:5:A:G"]
    assert calls(store) == [[[0, 1], [1, 0], [-1, -1]], [[0, 0], [0, 1], [-1, -1]]]
    assert store.phased([0, 1]).tolist() == [[False, True, False]] * 2
    assert (counts["records_read"], counts["alleles_after_split"], counts["kept"]) == (1, 2, 2)


def test_records_with_several_alternate_alleles_can_be_dropped(tmp_path):
    records = [record("22", 5, "A>C,G", "0/1 1/2 2/2"), record("22", 9, "A>C", GT)]
    store, counts = parsed(tmp_path, records, multiallelic="drop")
    assert sites(store) == ["22:9:A:C"]
    assert counts["multiallelic"] == 2


def test_the_bases_beside_a_star_or_symbolic_allele_are_kept(tmp_path):
    records = [
        record("22", 5, "A>C,*", "0/1 1/2 2/2"),
        record("22", 6, "A><DEL>", GT),
        record("22", 7, "A>A[1:300[", GT),
        record("22", 8, "A><NON_REF>,G", "0/2 0/0 0/0"),
    ]
    store, counts = parsed(tmp_path, records)
    assert sites(store) == ["22:5:A:C", "22:8:A:G"]
    assert calls(store) == [[[0, 1], [1, 0], [0, 0]], [[0, 1], [0, 0], [0, 0]]]
    assert counts["symbolic_or_star"] == 4


def test_insertions_and_deletions_are_kept_or_not(tmp_path):
    records = [
        record("22", 5, "AT>A", GT),
        record("22", 9, "A>C", GT),
        record("22", 12, "A>C,AC", "0/1 0/2 0/0"),
    ]
    both, _ = parsed(tmp_path, records)
    assert sites(both) == ["22:5:AT:A", "22:9:A:C", "22:12:A:C", "22:12:A:AC"]
    single, counts = parsed(tmp_path, records, variants="snv")
    assert sites(single) == ["22:9:A:C", "22:12:A:C"]
    assert counts["not_snv"] == 2


def test_filter_keeps_pass_and_dot(tmp_path):
    records = [record("22", 5 + row, "A>C", GT, status=status) for row, status in enumerate(["PASS", ".", "LowQual"])]
    store, counts = parsed(tmp_path, records)
    assert store.positions.tolist() == [5, 6]
    assert counts["filter_not_pass"] == 1
    store, counts = parsed(tmp_path, records, pass_only=False)
    assert store.positions.tolist() == [5, 6, 7]


def test_of_the_same_alleles_at_one_position_the_first_are_kept(tmp_path):
    records = [
        record("22", 5, "A>C", "0/0 0/0 0/1", status="LowQual"),
        record("22", 5, "A>C", GT),
        record("22", 5, "A>G", GT),
        record("22", 5, "A>C", "0|0 1|0 1/1"),
        record("22", 5, "A>T,C", "0/1 0/2 2/2"),
    ]
    store, counts = parsed(tmp_path, records)
    assert sites(store) == ["22:5:A:C", "22:5:A:G", "22:5:A:T"]
    assert calls(store)[0] == THREE
    assert (counts["duplicate"], counts["filter_not_pass"]) == (2, 1)


@pytest.mark.parametrize("again", [("A>C", "0/0 0/1 0/1"), ("A>C", "0/0 ./. 1/1"), ("A>T,C", "0/0 0/1 2/2")])
@pytest.mark.parametrize("file", KINDS)
def test_records_of_the_same_alleles_that_disagree_are_refused(tmp_path, file, again):
    path = write(tmp_path / file, text([record("22", 5, "A>C", GT), record("22", 5, *again)]))
    refused(tmp_path, [path], "two records of 22:5 A>C disagree about 1 people's genotypes")
    path = write(tmp_path / "b.vcf", text([record("22", 5, "A>C", GT)], ("dan", "eve", "fay")))
    other = write(tmp_path / "c.vcf", text([record("22", 5, "A>C", GT), record("22", 5, *again)]))
    refused(tmp_path, [path, other], "c.vcf: two records of 22:5 A>C disagree")


@pytest.mark.parametrize("file", KINDS)
def test_records_without_genotypes_are_removed_and_counted(tmp_path, file):
    records = [record("22", 5, "A>C", "3 4 5", form="DP"), record("22", 9, "A>C", GT)]
    store, counts = parsed(tmp_path, records, file=file)
    assert store.positions.tolist() == [9]
    assert counts["no_gt"] == 1


def test_a_file_without_any_genotypes_is_refused(tmp_path):
    path = write(tmp_path / "a.vcf", text([record("22", 5, "A>C", "3 4 5", form="DP")]))
    refused(tmp_path, [path], "no record has genotypes")
    refused(tmp_path, [path], "no record has genotypes", chrom="22")


def test_removed_and_kept_add_up_to_the_alleles(tmp_path):
    records = [
        record("22", 5, "A>C", GT),
        record("22", 6, "A>.", "0/0 0/0 0/0"),
        record("22", 7, "A>C", "0/0 0/0 0/0"),
        record("22", 8, "A>C", "1/1 1/1 1/1"),
        record("22", 8, "A>C,<DEL>", "1/1 1/1 1/1"),
        record("22", 9, "A>C", "./. ./. 0/1"),
    ]
    _, counts = parsed(tmp_path, records, min_call_rate=0.5)
    between = list(counts)[2 : list(counts).index("kept") + 1]
    assert sum(counts[name] for name in between) == counts["alleles_after_split"] == 7
    assert (counts["monomorphic"], counts["call_rate"], counts["symbolic_or_star"], counts["duplicate"]) == (
        3,
        1,
        1,
        1,
    )


# --------------------------------------------------------------------------------------- filters and people


def samples(tmp_path, rows):
    path = tmp_path / "samples.tsv"
    pd.DataFrame(rows, columns=["sample", "phenotype"]).to_csv(path, sep="\t", index=False)
    return path


def test_rare_sites_are_removed_by_the_share_of_the_rarer_allele(tmp_path):
    people = [f"p{number}" for number in range(10)]
    records = [
        record("22", 5, "A>C", " ".join(["0/1"] * 2 + ["0/0"] * 8)),
        record("22", 6, "A>C", " ".join(["0/1"] + ["0/0"] * 9)),
        record("22", 7, "A>C", " ".join(["0/1"] + ["1/1"] * 9)),
    ]
    store, counts = parsed(tmp_path, records, people=people, min_maf=0.1)
    assert store.positions.tolist() == [5]
    assert counts["maf"] == 2
    assert store.column("variant_allele_frequency") == pytest.approx([0.1])


def test_a_haploid_call_counts_one_allele_in_the_frequency(tmp_path):
    store, _ = parsed(tmp_path, [record("X", 5, "A>C", "1 0/0 0/0")])
    assert store.column("variant_allele_frequency") == pytest.approx([1 / 5])


def test_people_are_those_of_the_table_in_its_order(tmp_path):
    records = [record("22", 5, "A>C", "0/0 0/1 1/1"), record("22", 6, "A>C", "0/0 0/1 0/0")]
    table = samples(tmp_path, [("cat", 1), ("ann", 0)])
    store, counts = parsed(tmp_path, records, samples=table)
    assert store.sample_ids.tolist() == ["cat", "ann"]
    assert calls(store) == [[[1, 1], [0, 0]]]
    assert counts["monomorphic"] == 1  # among the people kept


@pytest.mark.parametrize("odd", ["^ann", "a,b", "-"])
def test_people_with_names_that_htslib_takes_for_syntax(tmp_path, odd):
    table = samples(tmp_path, [(odd, 1), ("cat", 0)])
    store, _ = parsed(tmp_path, [record("22", 5, "A>C", "0/0 0/1 1/1")], people=(odd, "bob", "cat"), samples=table)
    assert store.sample_ids.tolist() == [odd, "cat"]
    assert calls(store) == [[[0, 0], [1, 1]]]


def test_a_person_of_the_table_who_is_not_in_the_file_is_refused(tmp_path):
    path = write(tmp_path / "a.vcf", text([record("22", 5, "A>C", GT)]))
    refused(
        tmp_path,
        [path],
        "1 people of the sample table are not in",
        samples=samples(tmp_path, [("ann", 1), ("zoe", 0)]),
    )


def hardy_weinberg_file(tmp_path, contig="22"):
    """Twenty controls who are all heterozygous, and twenty cases who fit the proportions."""
    people = [f"p{number}" for number in range(40)]
    genotypes = ["0/1"] * 20 + ["0/0"] * 5 + ["0/1"] * 10 + ["1/1"] * 5
    path = write(tmp_path / "h.vcf", text([record(contig, 5, "A>C", " ".join(genotypes))], people))
    return path, people


def test_hardy_weinberg_is_tested_in_controls(tmp_path):
    path, people = hardy_weinberg_file(tmp_path)
    controls_odd = samples(tmp_path, [(name, int(row >= 20)) for row, name in enumerate(people)])
    store, counts = run(tmp_path, [path], samples=controls_odd, min_hwe_p=1e-3, chrom="22")
    assert counts["hwe_controls"] == 1
    assert len(store) == 0
    cases_odd = samples(tmp_path, [(name, int(row < 20)) for row, name in enumerate(people)])
    store, counts = run(tmp_path, [path], samples=cases_odd, min_hwe_p=1e-3)
    assert counts["hwe_controls"] == 0
    assert store.column("variant_hwe_p") == pytest.approx([1.0])


def test_without_a_table_hardy_weinberg_is_tested_in_all_people_if_asked_for(tmp_path):
    path, _ = hardy_weinberg_file(tmp_path)
    store, _ = run(tmp_path, [path])
    assert np.isnan(store.column("variant_hwe_p")).all()
    _, counts = run(tmp_path, [path], min_hwe_p=0.01, chrom="22")
    assert counts["hwe_controls"] == 1


def test_hardy_weinberg_is_not_tested_outside_autosomes(tmp_path):
    path, people = hardy_weinberg_file(tmp_path, contig="X")
    table = samples(tmp_path, [(name, int(row >= 20)) for row, name in enumerate(people)])
    store, counts = run(tmp_path, [path], samples=table, min_hwe_p=1e-3)
    assert counts["hwe_controls"] == 0
    assert np.isnan(store.column("variant_hwe_p")).all()


@pytest.mark.parametrize("option", [{"min_maf": 0.6}, {"min_call_rate": 95}, {"min_hwe_p": -1}, {"chunk_variants": 0}])
def test_limits_that_are_no_shares_are_refused(tmp_path, option):
    path = write(tmp_path / "a.vcf", text([record("22", 5, "A>C", GT)]))
    refused(tmp_path, [path], next(iter(option)), **option)


# -------------------------------------------------------------------------------------------------- contigs


@pytest.mark.parametrize("file", KINDS)
@pytest.mark.parametrize("chrom", ["22", "chr22"])
def test_one_contig_is_read_whatever_it_is_called(tmp_path, file, chrom):
    records = [record("1", 7, "A>C", GT), record("22", 5, "A>C", GT), record("X", 5, "A>C", GT)]
    store, counts = parsed(tmp_path, records, file=file, chrom=chrom)
    assert sites(store) == ["22:5:A:C"]
    assert store.contig == "22"
    assert counts["records_read"] == 1


def test_all_contigs_go_into_one_store_when_none_is_named(tmp_path):
    store, _ = parsed(tmp_path, [record("1", 7, "A>C", GT), record("22", 5, "A>C", GT)])
    assert sites(store) == ["1:7:A:C", "22:5:A:C"]
    assert store.contigs == ["1", "22"]


def test_a_contig_that_only_the_records_name_is_found(tmp_path):
    path = write(tmp_path / "a.vcf", text([record("chr7", 7, "A>C", GT)], contigs=()))
    store, _ = run(tmp_path, [path], chrom="7")
    assert store.contig == "chr7"


@pytest.mark.parametrize("file", KINDS)
def test_a_contig_that_is_not_there_is_refused(tmp_path, file):
    path = write(tmp_path / file, text([record("1", 7, "A>C", GT)], contigs=("1",)))
    refused(tmp_path, [path], "no contig 22; the file holds 1", chrom="22")


@pytest.mark.parametrize("file", KINDS)
def test_a_contig_without_records_gives_an_empty_store(tmp_path, file):
    store, counts = parsed(tmp_path, [record("1", 7, "A>C", GT)], file=file, chrom="chr22")
    assert (len(store), store.contig, counts["kept"], counts["records_read"]) == (0, "22", 0, 0)


@pytest.mark.parametrize("file", ["a.vcf.gz", "a.bcf"])
def test_an_index_is_needed_where_the_file_holds_other_contigs(tmp_path, file):
    records = [record("1", 7, "A>C", GT), record("22", 5, "A>C", GT)]
    path = write(tmp_path / file, text(records), index=False)
    refused(tmp_path, [path], "no index.*bcftools index", chrom="22")
    store, _ = run(tmp_path, [path])
    assert len(store) == 2
    alone = write(tmp_path / f"alone{path.name[1:]}", text(records[1:]), index=False)
    store, _ = run(tmp_path, [alone], chrom="22")
    assert sites(store) == ["22:5:A:C"]


@pytest.mark.parametrize("kind", ["text", "gzip"])
def test_files_that_cannot_be_indexed_are_read_through(tmp_path, kind):
    content = text([record("1", 7, "A>C", GT), record("22", 5, "A>C", GT)])
    path = tmp_path / "a.vcf.gz"
    path.write_bytes(gzip.compress(content.encode()) if kind == "gzip" else content.encode())
    store, _ = run(tmp_path, [path], chrom="22")
    assert sites(store) == ["22:5:A:C"]


def test_bcf_is_known_by_what_it_holds_not_by_its_name(tmp_path):
    write(tmp_path / "a.bcf", text([record("1", 7, "A>C", GT), record("22", 5, "A>C", GT)]))
    for suffix in ("", ".csi"):
        Path(f"{tmp_path}/a.bcf{suffix}").rename(f"{tmp_path}/a.vcf.gz{suffix}")
    store, _ = run(tmp_path, [tmp_path / "a.vcf.gz"], chrom="22")
    assert sites(store) == ["22:5:A:C"]


# ---------------------------------------------------------------------------------------------- batch files


def batches(tmp_path, first, second, file="a.vcf", second_contigs=("1", "22", "X")):
    stem, _, kind = file.partition(".")
    return [
        write(tmp_path / f"{stem}1.{kind}", text(first, ("ann", "bob"))),
        write(tmp_path / f"{stem}2.{kind}", text(second, ("cat", "dan"), contigs=second_contigs)),
    ]


@pytest.mark.parametrize("file", KINDS)
def test_batches_of_people_are_joined_site_by_site(tmp_path, file):
    paths = batches(
        tmp_path,
        [
            record("22", 5, "A>C", "0/0 0/1"),
            record("22", 6, "A>C", "0/1 0/1"),
            record("22", 9, "A>C,G", "0/1 1/2"),
        ],
        [
            record("22", 5, "A>C", "1|1 0|0"),
            record("22", 8, "A>C", "0/1 0/1"),
            record("22", 9, "A>G", "0/1 0/0"),
        ],
        file,
    )
    store, counts = run(tmp_path, paths)
    assert store.sample_ids.tolist() == ["ann", "bob", "cat", "dan"]
    assert sites(store) == ["22:5:A:C", "22:9:A:G"]
    assert calls(store) == [[[0, 0], [0, 1], [1, 1], [0, 0]], [[0, 0], [0, 1], [0, 1], [0, 0]]]
    assert store.phased([0]).tolist() == [[False, False, True, True]]
    assert (counts["records_read"], counts["alleles_after_split"], counts["not_in_all_files"]) == (6, 5, 3)


def test_a_site_removed_in_one_batch_is_counted_once(tmp_path):
    paths = batches(
        tmp_path,
        [record("22", 5, "A>C", "0/0 0/1", status="LowQual"), record("22", 6, "A>C", "0/1 0/0")],
        [
            record("22", 5, "A>C", "1/1 0/0"),
            record("22", 6, "A>C", "0/0 0/0"),
            record("22", 6, "A>C", "0/0 0/0"),
        ],
    )
    store, counts = run(tmp_path, paths)
    assert sites(store) == ["22:6:A:C"]
    assert (counts["filter_not_pass"], counts["duplicate"], counts["not_in_all_files"]) == (1, 1, 0)
    assert counts["alleles_after_split"] == 3


@pytest.mark.parametrize("file", ["a.vcf", "a.vcf.gz"])
@pytest.mark.parametrize("chrom", [None, "22"])
def test_batches_may_name_contigs_differently_and_lack_some(tmp_path, file, chrom):
    paths = batches(
        tmp_path,
        [
            record("1", 7, "A>C", "0/0 0/1"),
            record("22", 5, "A>C", "0/0 0/1"),
            record("X", 3, "A>C", "0/1 0/0"),
        ],
        [record("chr22", 5, "A>C", "1/1 0/0"), record("chrX", 3, "A>C", "1 0/0")],
        file,
        second_contigs=("chr22", "chrX"),
    )
    store, _ = run(tmp_path, paths, chrom=chrom)
    assert sites(store) == ["22:5:A:C"] + ([] if chrom else ["X:3:A:C"])


def test_batches_whose_contigs_come_in_another_order_are_looked_up_or_refused(tmp_path):
    first = [record("1", 7, "A>C", "0/0 0/1"), record("22", 5, "A>C", "0/0 0/1")]
    second = [record("22", 5, "A>C", "0/0 0/1"), record("1", 7, "A>C", "0/0 0/1")]
    store, _ = run(tmp_path, batches(tmp_path, first, second, "a.vcf.gz"))
    assert sites(store) == ["1:7:A:C", "22:5:A:C"]
    refused(tmp_path, batches(tmp_path, first, second, "b.vcf"), "contig 1 comes after 22, but in another order")


def test_the_order_of_the_table_holds_across_batches(tmp_path):
    paths = batches(tmp_path, [record("22", 5, "A>C", "0/0 0/1")], [record("22", 5, "A>C", "1/1 1/0")])
    table = samples(tmp_path, [("dan", 1), ("ann", 0), ("cat", 0)])
    store, _ = run(tmp_path, paths, samples=table)
    assert store.sample_ids.tolist() == ["dan", "ann", "cat"]
    assert calls(store) == [[[1, 0], [0, 0], [1, 1]]]


def test_a_batch_without_anybody_of_the_table_does_not_restrict_the_sites(tmp_path):
    paths = batches(tmp_path, [record("22", 5, "A>C", "0/0 0/1")], [record("22", 6, "A>C", "1/1 1/0")])
    store, _ = run(tmp_path, paths, samples=samples(tmp_path, [("ann", 1), ("bob", 0)]))
    assert sites(store) == ["22:5:A:C"]


def test_a_person_in_two_files_is_refused(tmp_path):
    path = write(tmp_path / "a.vcf", text([record("22", 5, "A>C", GT)]))
    other = write(tmp_path / "b.vcf", text([record("22", 5, "A>C", GT)], ("dan", "bob", "eve")))
    refused(tmp_path, [path, other], "sample bob is also in")


# --------------------------------------------------------------------------------------------------- chunks


@pytest.mark.parametrize("chunk", [1, 2, 3, 5, 1000])
@pytest.mark.parametrize("batch", [1, 4])
def test_the_result_does_not_depend_on_the_size_of_a_chunk(tmp_path, monkeypatch, chunk, batch):
    monkeypatch.setattr(parse, "BATCH", batch)
    rng = np.random.default_rng(7)
    drawn = rng.integers(0, 2, (23, 3, 2))
    drawn[[3, 4, 11]] = 0  # monomorphic, so that chunks and batches do not line up
    records = [
        record("22", 5 + row, "A>C", " ".join(f"{first}/{second}" for first, second in site))
        for row, site in enumerate(drawn)
    ]
    polymorphic = np.array([0 < site.sum() < 6 for site in drawn])
    store, counts = parsed(tmp_path, records, chunk_variants=chunk)
    assert np.array_equal(store.genotypes(slice(None)), drawn[polymorphic])
    assert store.positions.tolist() == (5 + np.flatnonzero(polymorphic)).tolist()
    assert counts["kept"] == polymorphic.sum()


# ---------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize("file", ["a.vcf.gz", "a.bcf"])
@pytest.mark.parametrize("chrom", [None, "22"])
@pytest.mark.parametrize("damage", ["cut", "no end", "bit"])
def test_a_truncated_or_damaged_file_is_refused(tmp_path, file, chrom, damage):
    records = [record("22", 5 + row, "A>C", GT, name=f"rs{row * 7919}") for row in range(20_000)]
    path = write(tmp_path / file, text(records))
    whole = bytearray(path.read_bytes())
    if damage == "bit":
        whole[len(whole) // 2] ^= 255
    path.write_bytes(whole[: {"cut": len(whole) // 2, "no end": -28, "bit": len(whole)}[damage]])
    refused(tmp_path, [path], "truncated|damaged", chrom=chrom)


@pytest.mark.parametrize("end", [0.5, 0.98])
def test_a_truncated_plain_gzip_is_refused(tmp_path, end):
    content = text([record("22", 5 + row, "A>C", GT) for row in range(2000)]).encode()
    packed = gzip.compress(content)
    path = tmp_path / "a.vcf.gz"
    path.write_bytes(packed[: int(len(packed) * end)])
    refused(tmp_path, [path], "truncated or damaged")


@pytest.mark.parametrize("left", ["22\t9", "22\t9\t.\tA\tC\t.\tPASS\t.", "22\t9\t.\tA\tC\t.\tPASS\t.\tGT\t0/0\t0/"])
def test_a_text_file_cut_within_a_record_is_refused(tmp_path, left):
    path = write(tmp_path / "a.vcf", text([record("22", 5, "A>C", GT)]) + left)
    refused(tmp_path, [path], "line 11.* columns, the header 12")


def test_a_cut_record_is_noticed_also_when_few_people_are_read(tmp_path):
    path = write(tmp_path / "a.vcf", text([record("22", 5, "A>C", GT), record("22", 9, "A>C", "0/0 0/1")]))
    table = samples(tmp_path, [("ann", 1), ("bob", 0)])
    refused(tmp_path, [path], r"line 11 \(22:9\) has 11 columns, the header 12", samples=table)


@pytest.mark.parametrize("file", ["a.vcf", "a.vcf.gz"])
@pytest.mark.parametrize("chrom", [None, "22"])
def test_a_record_with_too_many_columns_is_refused_wherever_it_is(tmp_path, file, chrom):
    records = [record("1", 5, "A>C", GT), record("22", 5, "A>C", GT), record("22", 9, "A>C", "0/0 0/1 0/0 0/1")]
    path = write(tmp_path / file, text(records))
    refused(tmp_path, [path], "22:9.* has 13 columns, the header 12", chrom=chrom)


def test_blank_lines_are_passed_over_at_the_end_and_refused_between_records(tmp_path):
    path = write(tmp_path / "a.vcf", text([record("22", 5, "A>C", GT), "", " ", ""]))
    store, _ = run(tmp_path, [path])
    assert store.positions.tolist() == [5]
    path = write(tmp_path / "b.vcf", text([record("22", 5, "A>C", GT), "", record("22", 9, "A>C", GT)]))
    refused(tmp_path, [path], "line 11 is blank, between records")


def test_a_last_line_without_an_end_is_read_and_said(tmp_path, caplog):
    path = write(tmp_path / "a.vcf", text([record("22", 5, "A>C", GT)]).rstrip("\n"))
    store, _ = run(tmp_path, [path])
    assert calls(store) == [THREE]
    assert "the last line has no line end" in caplog.text


def test_lines_that_end_as_on_windows_are_read(tmp_path):
    path = tmp_path / "a.vcf"
    path.write_bytes(text([record("22", 5, "A>C", GT), record("22", 9, "A>C", GT)]).replace("\n", "\r\n").encode())
    store, _ = run(tmp_path, [path])
    assert calls(store) == [THREE, THREE] and store.sample_ids.tolist() == ["ann", "bob", "cat"]


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        (0, "", "has chromosome ''"),
        (1, "123abc", "has position '123abc', which is not"),
        (1, "-1", "has position '-1'"),
        (1, "10009999919", "has position '10009999919'"),
        (1, "0", "has position 22:0, before the first base"),
        (3, ".", "has REF '.', which is not bases"),
        (3, "", "has no REF allele"),
        (4, "R", "has ALT 'R', which is neither bases"),
        (4, "C,,G", "has ALT 'C,,G', with an empty allele"),
        (4, "C,c", "has ALT 'C' twice"),
        (4, "a", "has ALT 'A', which is its REF too"),
        (4, "<INS>X>", "has ALT '<INS>X>', which is neither"),
        (6, "PASS;", "has FILTER 'PASS;', with an empty name"),
        (6, "q10;PASS", "has FILTER 'q10;PASS', which says both"),
        (8, "DP:GT", "has FORMAT 'DP:GT'; GT stands first"),
        (8, "GT:GT", "has FORMAT 'GT:GT'; GT stands first and once"),
        (9, "0/x", "has genotype '0/x' for sample ann"),
        (9, "", "has an empty value for sample ann"),
        (9, "0/0:5", "has 2 values for sample ann, but FORMAT 'GT' has 1"),
        (9, "|0|1", "a leading phase mark, of VCF 4.4"),
        (11, "0/65537", "has genotype '0/65537' for sample cat, an allele that the record does not have"),
    ],
)
def test_a_record_of_which_a_column_is_broken_is_refused_with_the_place(tmp_path, column, value, message):
    fields = record("22", 9, "A>C", GT).split("\t")
    fields[column] = value
    path = write(tmp_path / "a.vcf", text(["\t".join(fields)]))
    said = refused(tmp_path, [path], re.escape(message))
    assert "line 10" in said or "22:9" in said or column == 1


def test_columns_split_by_blanks_are_refused_as_such(tmp_path):
    path = tmp_path / "a.vcf"
    whole = text([record("22", 5, "A>C", GT)])
    path.write_text(whole.replace("\t", " "))
    refused(tmp_path, [path], "#CHROM line.* split by blanks instead of tabs")
    head, _, last = whole.rstrip().rpartition("\n")
    path.write_text(head + "\n" + last.replace("\t", " ") + "\n")
    refused(tmp_path, [path], "has 1 columns, the header 12, split by blanks")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("##fileformat=VCFv4.2\n", "", "first line of the header is not ##fileformat=VCFv4"),
        ("VCFv4.2", "VCFv3.3", "first line of the header is not ##fileformat=VCFv4"),
        ("\tPOS\t", "\tPOSITION\t", "column 2 of the #CHROM line is 'POSITION', not POS"),
        ("\tFORMAT\t", "\t", "column 9 of the #CHROM line is 'ann', not FORMAT"),
        ("\tbob\t", "\t\t", "column 11 of the #CHROM line, a sample's, has no name"),
        ("\tbob\t", "\tann\t", "sample 'ann' stands twice"),
        ("\tFORMAT\tann\tbob\tcat", "", "no sample columns, only sites"),
        ("##FORMAT=<ID=GT", "FORMAT=<ID=GT", "line 4 does not start with #"),
        ("##FORMAT=<ID=GT", "#FORMAT=<ID=GT", "line 4 of the header starts with one #"),
        ("\tcat\n", "\tcat\n# a remark\n", "line 10 starts with #, after the header"),
    ],
)
def test_a_broken_header_is_refused(tmp_path, old, new, message):
    whole = text([record("22", 5, "A>C", GT)])
    assert old in whole
    path = tmp_path / "a.vcf"
    path.write_text(whole.replace(old, new, 1))
    refused(tmp_path, [path], message)


def test_a_header_without_contigs_is_accepted_and_said(tmp_path, caplog):
    caplog.set_level("INFO")
    path = write(tmp_path / "a.vcf.gz", text([record("22", 5, "A>C", GT)], contigs=()))
    store, _ = run(tmp_path, [path])
    assert sites(store) == ["22:5:A:C"]
    assert "the header names no contigs; they are taken from the index" in caplog.text


@pytest.mark.parametrize("file", ["a.vcf.gz", "a.bcf"])
def test_contigs_with_a_colon_in_their_name_are_looked_up(tmp_path, file):
    names = ["1", "1:1-2", "1:1"]
    header = "".join(f"##contig=<ID={name}>\n" for name in names)
    whole = text([record(name, 5, "A>C", GT) for name in names], contigs=())
    path = write(tmp_path / file, whole.replace("#CHROM", f"{header}#CHROM"))
    for name in names:
        store, _ = run(tmp_path, [path], chrom=name)
        assert sites(store) == [f"{name}:5:A:C"]


def test_an_empty_bgzip_file_is_refused_as_empty(tmp_path):
    path = tmp_path / "a.vcf.gz"
    path.write_bytes(BGZF_END)
    refused(tmp_path, [path], "the variant file is empty")


def test_a_large_plain_gzip_of_several_contigs_is_refused_with_how_to_mend_it(tmp_path, monkeypatch):
    path = tmp_path / "a.vcf.gz"
    path.write_bytes(gzip.compress(text([record("1", 7, "A>C", GT), record("22", 5, "A>C", GT)]).encode()))
    monkeypatch.setitem(SCAN_AT_MOST, "gzip", 10)
    refused(tmp_path, [path], "plain gzip, which has no index.*bgzip.*tabix", chrom="22")


def test_an_index_of_another_version_of_the_file_is_refused(tmp_path):
    records = [record("22", 5 + row, "A>C", GT) for row in range(50)]
    path = write(tmp_path / "a.vcf.gz", text(records))
    index = Path(f"{path}.tbi").read_bytes()
    write(path, text(records[:40]))
    Path(f"{path}.tbi").write_bytes(index)
    refused(tmp_path, [path], "the index counts 50", chrom="22")


@pytest.mark.parametrize("chrom", [None, "22"])
def test_an_unsorted_file_is_refused_with_the_record(tmp_path, chrom):
    path = write(tmp_path / "a.vcf", text([record("22", 9, "A>C", GT), record("22", 5, "A>C", GT)]))
    refused(tmp_path, [path], "not sorted: 22:5 comes after 22:9", chrom=chrom)
    records = [record("1", 9, "A>C", GT), record("22", 5, "A>C", GT), record("1", 12, "A>C", GT)]
    path = write(tmp_path / "b.vcf", text(records))
    refused(tmp_path, [path], "not sorted: 1:12 comes after records of contig 22", chrom=chrom)


@pytest.mark.parametrize("file", KINDS)
def test_a_position_beyond_the_contig_in_the_header_is_refused(tmp_path, file):
    path = write(tmp_path / file, text([record("22", 101, "A>C", GT)], contigs=("22:100",)))
    message = refused(tmp_path, [path], "22:101 lies beyond the end of the contig, 100 bp in the header")
    assert "wrong build?" in message


def test_a_position_beyond_the_contig_of_the_build_is_refused(tmp_path):
    path = write(tmp_path / "a.vcf", text([record("chr22", 51_000_000, "A>C", GT)], contigs=()))
    refused(tmp_path, [path], "beyond the end of the contig, 50,818,468 bp in GRCh38", build="GRCh38")
    store, _ = run(tmp_path, [path], build="GRCh37")
    assert len(store) == 1


def test_a_header_of_the_other_build_is_refused(tmp_path):
    path = write(tmp_path / "a.vcf", text([record("22", 5, "A>C", GT)]))
    refused(tmp_path, [path], "which is GRCh37, but the build is said to be GRCh38", build="GRCh38")


@pytest.mark.parametrize("content", ["", "##fileformat=VCFv4.2\n", "no variants\n"])
def test_an_empty_file_or_one_without_header_is_refused(tmp_path, content):
    path = tmp_path / "a.vcf"
    path.write_text(content)
    refused(tmp_path, [path], "is empty|no VCF header")


def test_a_missing_file_is_refused(tmp_path):
    refused(tmp_path, [tmp_path / "none.vcf.gz"], "none.vcf.gz: the variant file does not exist")


def test_a_genotype_that_is_no_number_is_refused_with_the_place(tmp_path):
    path = write(tmp_path / "a.vcf", text([record("22", 5, "A>C", GT), record("22", 9, "A>C", "0/x 0/0 0/1")]))
    refused(tmp_path, [path], r"line 11 \(22:9\) has genotype '0/x' for sample ann")


def test_nothing_left_is_refused_with_what_removed_the_sites(tmp_path):
    path = write(tmp_path / "a.vcf", text([record("22", 5, "A>C", "0/0 0/0 0/0"), record("22", 6, "A>*", GT)]))
    refused(tmp_path, [path], "no site is left of 2 records; removed by symbolic_or_star 1, monomorphic 1")
    store, counts = run(tmp_path, [path], chrom="22")  # another chromosome may have some
    assert (len(store), counts["kept"]) == (0, 0)
    refused(tmp_path, [path], "no site is left", chrom="22", allow_empty=False)


def test_an_older_result_survives_a_failure(tmp_path):
    good = write(tmp_path / "a.vcf", text([record("22", 5, "A>C", GT)]))
    run(tmp_path, [good])
    bad = write(tmp_path / "b.vcf", text([record("22", 9, "A>C", GT), record("22", 5, "A>C", GT)]))
    with pytest.raises(InputError):
        parse_genotypes([bad], tmp_path / "out" / "g.zarr")
    assert sites(VariantStore.open(tmp_path / "out" / "g.zarr")) == ["22:5:A:C"]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["g.zarr"]


# ------------------------------------------------------------------------------------ for a trained model


def model_folder(tmp_path, *site_ids):
    """A model folder's description with one fold of one promoter, as far as reading genotypes needs it."""
    description = dict.fromkeys(KEYS) | {"format": FORMAT, "kind": KIND, "build": "GRCh37"}
    description["folds"] = [{"sites": [[*site_ids, ""]]}]
    (tmp_path / "model").mkdir(exist_ok=True)
    (tmp_path / "model" / "model.json").write_text(json.dumps(description))
    return tmp_path / "model"


@pytest.mark.parametrize("file", KINDS)
def test_a_model_s_positions_are_read_whatever_their_frequencies(tmp_path, file):
    model = model_folder(tmp_path, "chr22:5:A:C", "chr22:9:G:T", "chr22:11:G:T", "chr22:15:AT:A", "chr22:17:C:G")
    records = [
        record("22", 5, "A>C", "0/0 0/0 0/0"), record("22", 7, "A>C", GT), record("22", 9, "G>T", "./. ./. 0/1"),
        record("22", 11, "G>.", "0/0 0/0 0/0"), record("22", 15, "AT>A", "1/1 1/1 1/1"),
        record("22", 17, "C>A,G", "0/1 0/2 1/2"), record("22", 19, "A>C", GT),
    ]  # fmt: skip
    store, counts = parsed(tmp_path, records, file=file, model=model, build="GRCh37", chrom="22", variants="snv",
                           multiallelic="drop", min_maf=0.2, min_call_rate=0.9, min_hwe_p=0.5)  # fmt: skip
    assert sites(store) == ["22:5:A:C", "22:9:G:T", "22:11:G:.", "22:15:AT:A", "22:17:C:A", "22:17:C:G"]
    assert calls(store)[2:4] == [[[0, 0]] * 3, [[1, 1]] * 3]
    assert counts["kept"] == 6 and counts["monomorphic"] == counts["maf"] == 0


def test_a_chromosome_without_sites_of_the_model_gives_an_empty_store(tmp_path):
    model = model_folder(tmp_path, "chr1:5:A:C")
    store, counts = parsed(tmp_path, [record("22", 5, "A>C", GT)], model=model, chrom="22")
    assert len(store) == 0 and counts["records_read"] == 0
    assert store.sample_ids.tolist() == ["ann", "bob", "cat"]


def test_people_to_predict_need_no_phenotype(tmp_path):
    table = tmp_path / "samples.tsv"
    table.write_text("sample\tphenotype\ncat\tNA\nann\t1\n")
    path = write(tmp_path / "a.vcf", text([record("22", 5, "A>C", GT)]))
    store, _ = run(tmp_path, [path], samples=table, model=model_folder(tmp_path, "22:5:A:C"))
    assert store.sample_ids.tolist() == ["cat", "ann"] and calls(store) == [[[1, 1], [0, 0]]]
    refused(tmp_path, [path], "phenotype nan of sample cat", samples=table)


def test_a_model_of_another_build_is_refused(tmp_path):
    path = write(tmp_path / "a.vcf", text([record("22", 5, "A>C", GT)], contigs=("22",)))
    model = model_folder(tmp_path, "22:5:A:C")
    refused(tmp_path, [path], "no liftover is done", model=model, build="GRCh38")


# -------------------------------------------------------------------------------------------- near promoters


@pytest.mark.parametrize(
    ("file", "csi", "chrom"),
    [("a.vcf", False, None), ("a.vcf.gz", False, "22"), ("a.vcf.gz", True, "22"), ("a.bcf", True, "22")],
)
def test_only_records_near_promoters_are_read(tmp_path, file, csi, chrom):
    places = [*range(1_000, 900_000, 777)]
    starts = [1_500, 40_000, 40_900, 300_000, 871_000]
    (tmp_path / "promoters.tsv").write_text("chrom\ttss\n" + "".join(f"chr22\t{tss}\n" for tss in starts))
    path = write(tmp_path / file, text([record("22", place, "A>C", GT) for place in places]))
    if file == "a.vcf.gz" and csi:
        Path(f"{path}.tbi").unlink()
        pysam.tabix_index(str(path), preset="vcf", csi=True)
    found, _ = run(tmp_path, [path], promoters=tmp_path / "promoters.tsv", max_distance=1_000, chrom=chrom)
    near = [place for place in places if any(abs(place - tss) <= 1_000 for tss in starts)]
    assert found.positions.tolist() == near


def test_what_lies_between_promoters_is_not_unpacked(tmp_path):
    places = range(1_000, 2_000_000, 500)
    records = [record("22", place, "A>C", GT, name=Random(place).randbytes(200).hex()) for place in places]
    path = write(tmp_path / "a.vcf.gz", text(records))
    (tmp_path / "promoters.tsv").write_text("chrom\ttss\n22\t5000\n22\t1990000\n")
    whole = bytearray(path.read_bytes())
    half = len(whole) // 2
    whole[half // 2 : half] = bytes(half - half // 2)
    path.write_bytes(whole)
    options = {"promoters": tmp_path / "promoters.tsv", "max_distance": 2_000, "chrom": "22"}
    found, counts = run(tmp_path, [path], **options)
    assert found.positions.tolist() == [*range(3_000, 7_001, 500), *range(1_988_000, 1_992_001, 500)]
    assert counts["records_read"] == counts["kept"]
    refused(tmp_path, [path], "damaged", chrom="22")
