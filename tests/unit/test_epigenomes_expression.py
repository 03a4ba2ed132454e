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
        ("", "is empty"),
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


GCT_12 = (
    "#1.2\t\t\n2\t3\t\nName\tDescription\tE000\tE003\tE004\n"
    "ENSG00000000003.9\tTSPAN6\t1\t2.50\tNA\nENSG00000000005\tTNMD\t0\t3\t4\n"
)
GCT_13 = (
    "#1.3\n2\t3\t1\t2\nid\tsymbol\tE000\tE003\tE004\ntissue\t-666\tall\tH1\tBMP4\nE003\t-666\t9\t9\t9\n"
    "ENSG00000000003.9\tTSPAN6\t1\t2.50\tNA\nENSG00000000005\tTNMD\t0\t3\t4\n"
)
# GTEx writes the files of single tissues with row numbers before Name, though they say 1.2
GCT_GTEX = GCT_12.replace("Name", "id\tName").replace("\nENSG", "\n0\tENSG")


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("text", [GCT_12, GCT_13, GCT_GTEX], ids=["1.2", "1.3", "GTEx"])
def test_a_gct_file_says_what_the_plain_table_says(read, text, packed):
    found, plain = read(text, ("E004", "E003"), packed), read(PLAIN, ("E004", "E003"))
    assert found.gene_ids == plain.gene_ids
    assert found.text.tolist() == plain.text.tolist()
    np.testing.assert_equal(found.values, plain.values)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GCT_12.replace("#1.2", "#1.1"), r"GCT version 1.1 is not read"),
        (GCT_12.replace("2\t3\t\n", "2\tthree\n"), r"line 2: the counts of the GCT file are 2 three; 2 whole numbers"),
        (GCT_12.replace("2\t3\t\n", "2\t5\n"), r"line 3: no column Name stands before the 5 samples.*begin Name"),
        (GCT_12.replace("2\t3\t\n", "3\t3\n"), r"says it has 3 genes and has 2"),
        (GCT_13.replace("2\t3\t1\t2", "2\t3"), r"the counts of the GCT file are 2 3; 4 whole numbers"),
        (GCT_13.replace("2\t3\t1\t2", "2\t3\t2\t2"), r"header has 5 columns, the counts say 1 \+ 2 \+ 3"),
        (GCT_13.replace("2\t3\t1\t2", "2\t3\t1\t9"), "ends in its metadata"),
        ("#1.2\n", "counts of the GCT file are absent"),
        (GCT_12.replace("\t4\n", "\n"), r"line 5: the row has 4 fields, the header 5"),
        (GCT_12.replace("E000", "E003"), "column 'E003' twice"),
    ],
)
def test_a_gct_file_that_is_not_what_it_says_is_one_clear_error(read, text, message):
    with pytest.raises(InputError, match=message):
        read(text)


def test_the_samples_of_a_gct_file_are_its_epigenomes_not_its_descriptions(read):
    with pytest.raises(InputError, match=r"no expression column: Description; there are 3 columns: E000, E003, E004"):
        read(GCT_12, ("Description",))


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
