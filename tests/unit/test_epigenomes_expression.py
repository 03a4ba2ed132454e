"""The expression matrix: columns are never shifted, bad values and doubled genes are named."""

import gzip

import numpy as np
import pytest

from promoternets.epigenomes.expression import read_expression
from promoternets.errors import InputError
from promoternets.formats.gene_table import without_version

PLAIN = "gene_id\tE000\tE003\tE004\nENSG00000000003.9\t1\t2.50\tNA\nENSG00000000005\t0\t3\t4\n"


@pytest.fixture
def read(tmp_path):
    """Return a function: text of the table, epigenomes -> Expression."""

    def run(text, epigenomes=("E003", "E004"), packed=False):
        path = tmp_path / "rpkm.tsv"
        path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
        return read_expression(path, list(epigenomes))

    return run


@pytest.mark.parametrize("packed", [False, True])
def test_columns_are_taken_by_name_and_kept_as_text_and_number(read, packed):
    found = read(PLAIN, ("E004", "E003"), packed)
    assert found.gene_ids == ["ENSG00000000003", "ENSG00000000005"]
    assert found.text.tolist() == [["NA", "2.50"], ["4", "3"]]
    np.testing.assert_equal(found.values, [[np.nan, 2.5], [4, 3]])
    assert found.column("E003")[1].tolist() == [2.5, 3]


@pytest.mark.parametrize("header_too", [False, True])
def test_a_stray_tab_at_each_row_does_not_shift_the_columns(read, caplog, header_too):
    lines = PLAIN.splitlines()
    stray = "\n".join([lines[0] + "\t" * header_too, *(line + "\t" for line in lines[1:])])
    assert read(stray).values[:, 0].tolist() == [2.5, 3]
    assert "2 rows end in an empty field" in caplog.text


def test_a_header_without_the_gene_column_is_an_error_that_says_why(read):
    shifted = PLAIN.replace("gene_id\t", "")
    with pytest.raises(InputError, match=r"line 2: .*4 fields, the header 3.*shifted by one.*Begin the header"):
        read(shifted)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("ENSG00000000007\t1\t2", r"line 4: the row has 3 fields, the header 4"),
        ("ENSG00000000007\t1\t2\t3\t\t", r"line 4: the row has 6 fields, the header 4"),
        ("ENSG00000000007\t1\t-2\t3", r"ENSG00000000007 in E003 is '-2', which is negative"),
        ("ENSG00000000007\t1\thigh\t3", r"ENSG00000000007 in E003 is 'high', which is not a finite number"),
        ("ENSG00000000007\t1\tinf\t3", "not a finite number"),
        ("\t1\t2\t3", "no gene identifier"),
        ("ENSG00000000005\t1\t2\t3", r"1 gene\(s\) listed more than once .*: ENSG00000000005\."),
        ("ENSG00000000003.4\t1\t2\t3", r"ENSG00000000003 \(as ENSG00000000003.9 and ENSG00000000003.4\)"),
    ],
)
def test_a_bad_row_is_one_clear_error(read, row, message):
    with pytest.raises(InputError, match=message):
        read(PLAIN + row + "\n")


def test_all_epigenomes_without_a_column_are_listed(read):
    with pytest.raises(InputError, match=r"2 epigenome\(s\) .* no expression column: E017, E018; there are 3 columns"):
        read(PLAIN, ("E017", "E003", "E018"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gene_id,E003\nA,1\n", "single column"),
        ("gene_id\tE003\tE004\tE003\nA\t1\t2\t3\n", "column 'E003' twice"),
        ("gene_id\tE003\tE004\n", "no genes"),
        ("", "single column"),
    ],
)
def test_other_tables_are_refused(read, text, message):
    with pytest.raises(InputError, match=message):
        read(text)


def test_a_damaged_gzip_and_an_absent_file_are_said_so(tmp_path):
    packed = gzip.compress((PLAIN + "A\t1\t2\t3\n" * 2000).encode())
    (tmp_path / "a.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(InputError, match="damaged or cut short"):
        read_expression(tmp_path / "a.gz", ["E003"])
    with pytest.raises(InputError, match="does not exist"):
        read_expression(tmp_path / "none.tsv", ["E003"])


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("ENSG00000000003.14", "ENSG00000000003"),
        ("ENSMUSG00000000001.4", "ENSMUSG00000000001"),
        ("ENSG00000182378.15_PAR_Y", "ENSG00000182378_PAR_Y"),
        ("ENSGR0000182378.5", "ENSGR0000182378"),
        ("AC012345.1", "AC012345.1"),
        ("PAX5", "PAX5"),
    ],
)
def test_only_ensembl_versions_are_taken_off(given, plain):
    assert without_version(given) == plain
