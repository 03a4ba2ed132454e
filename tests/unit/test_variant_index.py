"""What is known of a variant file before it is read: contigs, records, people."""

import gzip
import subprocess
import sys
from pathlib import Path

import pysam
import pytest
from vcf_files import record, text, write

from promoternets.errors import InputError
from promoternets.formats import variant_index
from promoternets.formats.variant_index import (
    contigs_with_records,
    records_by_contig,
    sample_names,
)

GT = "0/0 0/1 1/1"
TWO = text([record("1", 10, "A>C", GT), record("22", 5, "A>C", GT), record("22", 9, "G>T", GT)])


@pytest.mark.parametrize("name", ["a.vcf", "a.vcf.gz", "a.bcf"])
def test_contigs_without_records_are_left_out(tmp_path, name):
    assert contigs_with_records(write(tmp_path / name, TWO)) == ["1", "22"]


def test_both_index_kinds_count_the_records_of_each_contig(tmp_path):
    path = write(tmp_path / "a.vcf.gz", TWO)
    assert records_by_contig(path) == {"1": 1, "22": 2}
    Path(f"{path}.tbi").unlink()
    pysam.tabix_index(str(path), preset="vcf", csi=True)
    assert records_by_contig(path) == {"1": 1, "22": 2}


def test_the_index_of_a_bcf_is_read_with_the_names_of_its_header(tmp_path):
    assert records_by_contig(write(tmp_path / "a.bcf", TWO)) == {"1": 1, "22": 2}


def test_without_index_a_small_file_is_read(tmp_path):
    path = write(tmp_path / "a.vcf.gz", TWO, index=False)
    assert records_by_contig(path) is None
    assert contigs_with_records(path) == ["1", "22"]


def test_plain_gzip_is_read_too(tmp_path):
    path = tmp_path / "a.vcf.gz"
    path.write_bytes(gzip.compress(TWO.encode()))
    assert contigs_with_records(path) == ["1", "22"]


@pytest.fixture
def large(monkeypatch):
    """Make every file count as too large to be read whole."""
    monkeypatch.setattr(variant_index, "SCAN_AT_MOST", {"text": 0, "gzip": 0})


@pytest.mark.parametrize("name", ["a.vcf", "a.vcf.gz"])
def test_a_large_file_of_one_contig_is_known_by_its_first_and_last_record(tmp_path, large, name):
    one = text([record("22", position, "A>C", GT) for position in range(1, 2000)])
    assert contigs_with_records(write(tmp_path / name, one, index=False)) == ["22"]


def test_a_large_file_of_several_contigs_gives_the_chromosomes_of_its_header(tmp_path, large):
    several = text(
        [record("chr1", 10, "A>C", GT), record("chr22", 5, "A>C", GT)],
        contigs=("chr1", "chr22", "chrM", "GL000192.1"),
    )
    assert contigs_with_records(write(tmp_path / "a.vcf", several)) == ["chr1", "chr22", "chrM"]


def test_people_are_read_from_text_and_bcf_headers(tmp_path):
    assert sample_names(write(tmp_path / "a.bcf", TWO)) == ["ann", "bob", "cat"]
    assert sample_names(write(tmp_path / "a.vcf", TWO)) == ["ann", "bob", "cat"]


def test_nothing_but_the_standard_library_is_imported():
    code = (
        "import sys; before = set(sys.modules); import promoternets.formats.variant_index; "
        "new = {name.split('.')[0] for name in set(sys.modules) - before}; "
        "print(sorted(new - set(sys.stdlib_module_names)))"
    )
    workflow = Path(variant_index.__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=workflow, check=True)
    assert done.stdout.strip() == "['promoternets']"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"BZh91AY", "packed with bzip2"),
        (b"1\t10\t.\tA\tC\n", "no VCF header"),
        (b"#CHROM\tPOS\tID\n", "not ##fileformat"),
        (gzip.compress(TWO.encode())[:60], "truncated or damaged"),
    ],
)
def test_what_is_no_variant_file_is_refused(tmp_path, content, message):
    path = tmp_path / "a.vcf.gz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        contigs_with_records(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        contigs_with_records(tmp_path / "none.vcf.gz")


def test_a_damaged_index_is_refused(tmp_path):
    path = write(tmp_path / "a.vcf.gz", TWO)
    index = Path(f"{path}.tbi")
    index.write_bytes(index.read_bytes()[:40])
    with pytest.raises(InputError, match="index is damaged"):
        contigs_with_records(path)


def test_people_named_twice_or_absent_are_refused(tmp_path):
    with pytest.raises(InputError, match="'ann' stands twice"):
        sample_names(write(tmp_path / "a.vcf", text([], people=("ann", "bob", "ann"))))
    with pytest.raises(InputError, match="no sample columns"):
        sample_names(write(tmp_path / "b.vcf", text([], people=())))
