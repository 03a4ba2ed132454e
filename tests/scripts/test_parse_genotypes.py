"""parse_genotypes.py and summarise_filters.py as programs, and as functions a rule calls."""

import pandas as pd
import pytest
from plink_files import random_cohort, write_bed
from vcf_files import record, text, write

from promoternets.errors import InputError
from promoternets.formats.variant_store import VariantStore

RECORDS = [
    record("1", 7, "A>C", "0/0 0/1 1/1"),
    record("22", 5, "A>C,G", "0/0 0/1 0/2"),
    record("22", 9, "A>C", "0/0 0/0 0/0"),
]


def test_two_options_are_enough(run_script, tmp_path):
    vcf = write(tmp_path / "a.vcf.gz", text(RECORDS))
    done = run_script("parse_genotypes", "--vcf", vcf, "--genotypes", tmp_path / "g.zarr")
    assert done.returncode == 0, done.stderr
    assert len(VariantStore.open(tmp_path / "g.zarr")) == 3
    assert "monomorphic: 1" in done.stderr  # no table was asked for: the log tells


def test_help_says_what_the_options_mean(run_script):
    done = run_script("parse_genotypes", "--help")
    assert done.returncode == 0
    assert "--min-maf" in done.stdout
    assert "rarer allele" in done.stdout


def test_bad_input_is_one_line_and_leaves_nothing(run_script, tmp_path):
    done = run_script("parse_genotypes", "--vcf", tmp_path / "none.vcf.gz", "--genotypes", tmp_path / "out" / "g.zarr")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert [line for line in done.stderr.splitlines() if "does not exist" in line] == done.stderr.splitlines()
    assert not (tmp_path / "out" / "g.zarr").exists()


def test_warnings_of_the_reading_library_do_not_drown_the_message(run_script, tmp_path):
    vcf = write(
        tmp_path / "a.vcf",
        text(
            [record("7", 9, "A>C", "0/0 0/1 1/1", status="odd"), record("7", 5, "A>C", "0/0 0/1 1/1")],
            contigs=(),
        ),
    )
    done = run_script("parse_genotypes", "--vcf", vcf, "--genotypes", tmp_path / "g.zarr")
    assert done.returncode == 2
    assert "[W::" not in done.stderr
    assert "not sorted: 7:5 comes after 7:9" in done.stderr.splitlines()[-1]


def parse(script, tmp_path, chrom, **options):
    vcf = tmp_path / "a.vcf.gz"
    if not vcf.exists():
        write(vcf, text(RECORDS))
    table = tmp_path / f"{chrom}.filters.tsv"
    script("parse_genotypes").main(
        vcf=[vcf],
        genotypes=tmp_path / f"{chrom}.zarr",
        filters=table,
        chrom=chrom,
        min_maf=options.get("min_maf", 0.0),
    )
    return table


def test_the_tables_of_all_chromosomes_become_one_in_their_order(script, tmp_path):
    tables = [parse(script, tmp_path, chrom) for chrom in ("22", "1")]
    script("summarise_filters").main(tables=tables, filters=tmp_path / "filters.tsv")
    table = pd.read_csv(tmp_path / "filters.tsv", sep="\t", dtype={"chrom": str})
    assert table.columns.tolist() == ["chrom", "filter", "records", "note"]
    assert table["chrom"].drop_duplicates().tolist() == ["1", "22"]
    kept = table[table["filter"] == "kept"].set_index("chrom")["records"]
    assert kept.to_dict() == {"1": 1, "22": 2}
    assert table["filter"].tolist()[:3] == ["records_read", "alleles_after_split", "no_gt"]
    assert table["filter"].tolist()[13:17] == ["kept", "half_calls", "haploid_calls", "missing_calls"]


def test_nothing_left_on_any_chromosome_is_refused_with_what_removed_the_sites(script, tmp_path):
    tables = [parse(script, tmp_path, chrom, min_maf=0.5) for chrom in ("1", "22")]
    script("summarise_filters").main(tables=tables, filters=tmp_path / "filters.tsv")  # chromosome 1 keeps its site
    with pytest.raises(InputError, match="no site is left of 2 records; removed by monomorphic 1, maf 2"):
        script("summarise_filters").main(tables=tables[1:], filters=tmp_path / "none.tsv")
    assert not (tmp_path / "none.tsv").exists()


def test_a_fileset_is_named_by_its_bed_with_or_without_its_tables(run_script, script, tmp_path):
    people, variants, calls = random_cohort()
    bed = write_bed(tmp_path / "a.bed", people, variants, calls)
    done = run_script("parse_genotypes", "--plink", bed, "--genotypes", tmp_path / "g.zarr", "--chrom", "22")
    assert done.returncode == 0, done.stderr
    main = script("parse_genotypes").main
    main(plink=[bed, tmp_path / "a.bim", tmp_path / "a.fam"], genotypes=tmp_path / "h.zarr", chrom="22")
    assert len(VariantStore.open(tmp_path / "g.zarr")) == len(VariantStore.open(tmp_path / "h.zarr")) > 10
    with pytest.raises(InputError, match=r"a.bim: this is not the .bed or .pgen"):
        main(plink=[tmp_path / "a.bim"], genotypes=tmp_path / "i.zarr")
    with pytest.raises(InputError, match="no variant file is given"):
        main(genotypes=tmp_path / "i.zarr")
