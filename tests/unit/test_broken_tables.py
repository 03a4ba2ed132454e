"""Sample tables, expression tables and sheets of epigenomes as people have them: read right, or one clear error."""

import gzip
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from vcf_files import text, write

from promoternets.epigenomes.expression import read_expression
from promoternets.errors import InputError
from promoternets.formats.epigenome_sheet import read_sheet
from promoternets.formats.tables import ERRORS, MISSING, read_table, write_table
from promoternets.genotypes.samples import match_samples

PEOPLE = ["007", "1e5", "ann lee", "1-Mar", "Zoë", "p6"]
SAMPLES = "sample\tphenotype\tage\n" + "".join(f"{name}\t{row % 2}\t{40 + row}\n" for row, name in enumerate(PEOPLE))
EXPRESSION = "gene_id\t001\tE 2\nENSG00000000003.9\t1\t2.50\nMARCH1\t0\t3\n"
GCT = "#1.2\n2\t2\nName\tDescription\t001\tE 2\nENSG00000000003.9\tone\t1\t2.50\nMARCH1\tother\t0\t3\n"
SHEET = "epigenome\tmark\tpath\tkind\n001\tH3K4me3\ta b.bw\tbigwig\n1e5\tH3K4me3\tc.bw\tBigWig\n"


def read_samples(path):
    """Return (sample, phenotype, age) of the people matched with a VCF that has them all."""
    vcf = path.with_name("a.vcf")
    if not vcf.exists():
        write(vcf, text([], PEOPLE))
    return match_samples([vcf], path).samples.to_numpy().tolist()


def read_values(path):
    found = read_expression(path, ["E 2", "001"])
    return [[gene, *row] for gene, row in zip(found.gene_ids, found.values.tolist(), strict=True)]


def read_pairs(path):
    return read_sheet(path)[["epigenome", "mark", "kind"]].to_numpy().tolist()


RIGHT = {
    "samples": (SAMPLES, read_samples, [[name, row % 2, str(40 + row)] for row, name in enumerate(PEOPLE)]),
    "expression": (EXPRESSION, read_values, [["ENSG00000000003", 2.5, 1], ["MARCH1", 3, 0]]),
    "GCT": (GCT, read_values, [["ENSG00000000003", 2.5, 1], ["MARCH1", 3, 0]]),
    "sheet": (SHEET, read_pairs, [["001", "H3K4me3", "bigwig"], ["1e5", "H3K4me3", "bigwig"]]),
}


@pytest.fixture
def product(tmp_path, monkeypatch):
    """Return a function: kind of table and its bytes -> what is read, or the one clear error as text."""
    monkeypatch.chdir(tmp_path)
    for name in ("a b.bw", "c.bw"):
        (tmp_path / name).touch()

    def run(kind, content):
        path = tmp_path / "table.tsv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        try:
            return RIGHT[kind][1](path)
        except InputError as error:
            assert str(error).startswith(str(path)) and "\n" not in str(error) and error.fix
            return str(error)

    return run


def quoted(content):
    return re.sub(r"(?m)[^\t\n]+", lambda cell: f'"{cell[0]}"', content)


ODD = {
    "as it is": lambda content: content,
    "line ends of Windows": lambda content: content.replace("\n", "\r\n"),
    "line ends of old Macs": lambda content: content.replace("\n", "\r"),
    "a byte-order mark": lambda content: "\ufeff" + content,
    "quoted fields": quoted,
    "a mark and quoted fields": lambda content: "\ufeff" + quoted(content),
    "blanks around the fields": lambda content: content.replace("\t", " \t "),
    "tabs at the end of the rows": lambda content: content.replace("\n", "\t\n"),
    "blank lines at the end": lambda content: content + "\n\t\t\n",
    "no end of the last line": lambda content: content[:-1],
    "gzip": lambda content: gzip.compress(content.encode()),
}


@pytest.mark.parametrize("change", ODD)
@pytest.mark.parametrize("kind", RIGHT)
def test_what_does_not_change_the_meaning_is_read_as_before(kind, change, product):
    content, _, right = RIGHT[kind]
    assert product(kind, ODD[change](content)) == right


BROKEN_ALIKE = {
    "empty": (lambda _: "", "is empty|no rows"),
    "UTF-16": (lambda content: content.encode("utf-16"), "is UTF-16 text, not UTF-8"),
    "UTF-16 without a mark": (lambda content: content.encode("utf-16-le"), "zero byte: it is not text|not UTF-8"),
    "Latin-1": (lambda content: content.encode() + "Zoë\t1\t2\t3\n".encode("latin-1"), "not UTF-8 text"),
    "a spreadsheet": (lambda content: b"PK\x03\x04" + content.encode(), "packed with zip or a spreadsheet"),
    "gzip, cut": (lambda content: gzip.compress(content.encode())[:-9], "damaged or cut short"),
    "a quote that stays open": (lambda content: content + '"x\t1\t2\t3\n', r"line \d: .*double quote that does not"),
    "a row too long": (lambda content: content + "x\t1\t2\t3\t4\t5\n", r"line \d: the row has 6 fields"),
    "a row too short": (lambda content: content + "x\t1\n", r"line \d: the row has 2 fields"),
    "commas": (lambda content: content.replace("\t", ","), "commas|counts of the GCT"),
}


@pytest.mark.parametrize("case", BROKEN_ALIKE)
@pytest.mark.parametrize("kind", RIGHT)
def test_what_is_broken_is_one_error_with_its_place(kind, case, product):
    change, message = BROKEN_ALIKE[case]
    found = product(kind, change(RIGHT[kind][0]))
    assert isinstance(found, str) and re.search(message, found), found


def test_two_open_quotes_do_not_swallow_the_rows_between(product):
    rows = SAMPLES.splitlines()
    rows[2], rows[4] = '"' + rows[2], '"' + rows[4]
    assert "line 3: the sample table has a double quote" in product("samples", "\n".join(rows) + "\n")


BROKEN = [
    ("samples", SAMPLES.replace("age", "sample"), "column 'sample' twice"),
    ("samples", SAMPLES.replace("\tage", "\t\tage"), "column 3 of the sample table has no name"),
    ("samples", SAMPLES.replace("1e5", "007"), r"1 sample name\(s\) more than once in the sample table: 007"),
    ("samples", SAMPLES.replace("1e5", ""), "line 3: a row of the sample table has no sample name"),
    ("samples", SAMPLES.replace("1e5", "NULL"), "line 3: a row of the sample table has no sample name"),
    ("samples", SAMPLES.replace("\n1e5", "\n\n1e5"), "line 3 of the sample table is blank, between rows"),
    ("samples", SAMPLES.replace("\t41", "\t#VALUE!"), "line 3: the sample table holds #VALUE!, an error of a spreadsh"),
    ("samples", SAMPLES.replace("\t41", "\tinf"), "line 3: covariate age is inf"),
    ("samples", SAMPLES.replace("\t41", "\t-1e999"), "line 3: covariate age is -1e999"),
    ("samples", SAMPLES.replace("\t1\t41", "\t1,0\t41"), r"not two classes \(values and counts: .*1,0 1"),
    ("samples", SAMPLES.replace("\t1\t41", "\t-1\t41"), r"not two classes \(values and counts: .*-1 1"),
    ("samples", SAMPLES.replace("\t1\t41", "\tinf\t41"), "not two classes"),
    ("samples", SAMPLES.replace("sample\t", ""), "line 2: the row has 3 fields, the header of the sample table 2"),
    ("samples", "\n" + SAMPLES, "begins with a blank line"),
    ("expression", EXPRESSION.replace("MARCH1\t0", "MARCH1\t-1"), "gene MARCH1 in 001 is '-1', which is negative"),
    ("expression", EXPRESSION.replace("MARCH1\t0", "MARCH1\tinf"), "'inf', which is not a finite number"),
    ("expression", EXPRESSION.replace("MARCH1\t0", "MARCH1\t1e999"), "'1e999', which is not a finite number"),
    ("expression", EXPRESSION.replace("MARCH1\t0", "MARCH1\t0,5"), "'0,5', which is not a finite number"),
    ("expression", EXPRESSION.replace("MARCH1\t0", "MARCH1\t1_000"), "'1_000', which is not a finite number"),
    ("expression", EXPRESSION.replace("MARCH1\t0", "MARCH1\t1-Mar"), "'1-Mar', which is not a finite number"),
    ("expression", EXPRESSION.replace("MARCH1\t0", "MARCH1\t#DIV/0!"), "'#DIV/0!', which is not a finite number"),
    ("expression", EXPRESSION.replace("MARCH1", "ENSG00000000003.4"), "listed more than once"),
    ("expression", EXPRESSION.replace("MARCH1", "NA"), r"no gene identifier \('NA'\)"),
    ("expression", EXPRESSION.replace("E 2", "001"), "column '001' twice"),
    ("expression", EXPRESSION.replace("001", "1"), r"1 epigenome\(s\) of the sheet have no expression column: 001"),
    ("GCT", GCT.replace("2\t2\n", "9\t2\n"), "says it has 9 genes and has 2"),
    ("GCT", GCT.replace("2\t2\n", "2\t-2\n"), "counts of the GCT file are 2 -2"),
    ("sheet", SHEET.replace("1e5", "001"), "given more than once: 001 H3K4me3"),
    ("sheet", SHEET.replace("1e5", "a b"), "line 3: 'a b' cannot name an epigenome"),
    ("sheet", SHEET.replace("1e5\t", "\t"), "line 3: column epigenome is empty"),
    ("sheet", SHEET.replace("1e5\tH3K4me3", "1e5\tnan"), "line 3: column mark is empty"),
    ("sheet", SHEET.replace("c.bw", "C.bw"), "1 of 2 files do not exist: C.bw"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "content", "message"), BROKEN)
def test_wrong_values_and_names_are_one_error_with_their_place(kind, content, message, product):
    found = product(kind, content)
    assert isinstance(found, str) and re.search(message, found), found


def test_every_word_for_a_missing_value_is_missing(product):
    for word in ("NA", "", "nan", "NAN", "NULL", "#N/A", "n/a", "."):
        assert np.isnan(product("expression", EXPRESSION.replace("2.50", word))[0][1])
        assert product("samples", SAMPLES.replace("\t41", f"\t{word}"))[1][2] is np.nan


def test_text_in_a_column_of_numbers_is_told_with_its_line(tmp_path, caplog):
    people = [f"p{row}" for row in range(20)]
    vcf = write(tmp_path / "b.vcf", text([], people))
    table = tmp_path / "samples.tsv"
    rows = [f"{name}\t{row % 2}\t{40 + row}\t{'ab'[row % 2]}\n" for row, name in enumerate(people)]
    table.write_text("sample\tphenotype\tage\tbatch\n" + "".join(rows))
    match_samples([vcf], table)
    assert "categories" not in caplog.text
    table.write_text(table.read_text().replace("\t45\t", "\tunknown\t"))
    match_samples([vcf], table)
    assert "samples.tsv, line 7: covariate age is 'unknown', where others are numbers" in caplog.text


def test_gene_names_that_a_spreadsheet_mangled_are_told(product, caplog):
    product("expression", EXPRESSION)
    assert "spreadsheet" not in caplog.text
    assert len(product("expression", EXPRESSION + "1-Mar\t1\t2\n43891\t1\t2\n")) == 4
    assert "2 gene name(s)" in caplog.text and "1-Mar, 43891" in caplog.text


NUMBERS = {"1.5": "'1.5', which is not a whole number", "inf": "not a whole number", "1e30": "not a whole number",
           "x": "'x', which is not a number", "NA": "is empty", "9" * 25: "not a whole number"}  # fmt: skip


@pytest.mark.parametrize("cell", NUMBERS)
def test_a_whole_number_is_never_made_of_something_else(cell, tmp_path):
    (tmp_path / "a.tsv").write_text(f"n\n5\n{cell}\n")
    with pytest.raises(InputError, match=f"line 3: column n of the table .*{NUMBERS[cell]}"):
        read_table(tmp_path / "a.tsv", dtypes={"n": "int64"})


def test_whole_numbers_are_exact_however_they_are_written(tmp_path):
    for cells in (["3.0", "1e3", "-2"], [str(2**63 - 1), str(-(2**63))]):
        (tmp_path / "a.tsv").write_text("\n".join(["n", *cells]) + "\n")
        found = read_table(tmp_path / "a.tsv", dtypes={"n": "int64"})["n"].tolist()
        assert found == [int(cell) if cell.lstrip("-").isdecimal() else int(float(cell)) for cell in cells]


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), min_size=1).map(str.strip)
cells = cells.filter(lambda cell: cell not in (*MISSING, *ERRORS))


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(cells, st.none() | cells), min_size=1, max_size=4))
def test_any_text_that_is_written_is_read_again(rows, tmp_path):
    table = pd.DataFrame(rows, columns=["a", "b"], dtype="str")
    write_table(table, tmp_path / "a.tsv")
    pd.testing.assert_frame_equal(read_table(tmp_path / "a.tsv"), table)


@pytest.mark.parametrize("kind", RIGHT)
def test_a_changed_byte_of_a_packed_table_is_an_error_or_does_not_matter(kind, product):
    content, _, right = RIGHT[kind]
    packed = gzip.compress(content.encode(), mtime=0)
    random = np.random.default_rng(5)
    found = []
    for place in range(0, len(packed), 2):
        changed = bytearray(packed)
        changed[place] ^= 1 << int(random.integers(8))
        found.append(product(kind, bytes(changed)))
        assert isinstance(found[-1], str) or found[-1] == right, place
    assert sum(isinstance(one, str) for one in found) > len(found) / 2


def test_the_scripts_end_in_one_line_and_leave_no_table(tmp_path, run_script):
    bad = tmp_path / "bad.tsv"
    bad.write_text(SAMPLES + "p9\t1\n")
    vcf = write(tmp_path / "a.vcf", text([], PEOPLE))
    done = [run_script("match_samples", "--sample-table", bad, "--vcf", vcf, "--samples", tmp_path / "samples.tsv",
                       "--excluded", tmp_path / "excluded.tsv")]  # fmt: skip
    done.append(run_script("match_genes", "--epigenomes", bad, "--expression", bad, "--promoters", bad,
                           "--genes", tmp_path / "genes.tsv", "--excluded", tmp_path / "excluded.tsv"))  # fmt: skip
    for one in done:
        assert one.returncode == 2 and "Traceback" not in one.stderr
        assert f"{bad}, line 8: the row has 2 fields" in one.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.vcf", "bad.tsv"]
