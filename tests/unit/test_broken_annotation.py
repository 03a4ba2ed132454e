"""Broken and odd gene annotations: the right promoters, or one clear error with the line; mangled names are told."""

import gzip
import re

import numpy as np
import pysam
import pytest

from promoternets.errors import InputError
from promoternets.formats.tables import read_table
from promoternets.promoters.annotation import read_annotation
from promoternets.promoters.extract import extract_promoters

BED = "chr22\t1000\t2000\tPLUS\t0\t+\nchr22\t5000\t6000\tMINUS\t0\t-\n"
GTF = (
    'chr22\tx\tgene\t1001\t2000\t.\t+\t.\tgene_id "G1"; gene_name "PLUS";\n'
    'chr22\tx\tgene\t5001\t6000\t.\t-\t.\tgene_id "G2"; gene_name "MINUS";\n'
)
GFF3 = (
    "##gff-version 3\n"
    "chr22\tx\tgene\t1001\t2000\t.\t+\t.\tID=gene:G1;Name=PLUS\n"
    "chr22\tx\tgene\t5001\t6000\t.\t-\t.\tID=gene:G2;Name=MINUS\n"
)
REFFLAT = "PLUS\tNM_1\tchr22\t+\t1000\t2000\nMINUS\tNM_2\tchr22\t-\t5000\t6000\n"
GENEPRED = "".join(
    f"{name}\tchr22\t{strand}\t{start}\t{end}\t{start}\t{end}\t1\t{start},\t{end},\n"
    for name, strand, start, end in (("PLUS", "+", 1000, 2000), ("MINUS", "-", 5000, 6000))
)
KINDS = {"GTF": GTF, "GFF3": GFF3, "BED": BED, "refFlat": REFFLAT, "genePred": GENEPRED}
BOTH = [("PLUS", "chr22", 1001), ("MINUS", "chr22", 6000)]
MORE = "chr1\t10\t20\t{}\t0\t+\n"
NAMED = 'chr1\tx\tgene\t11\t20\t.\t+\t.\tgene_id "{}"; gene_name "{}";\n'


def bgzipped(text, blocks=3):
    """Return text in so many blocks of bgzip, and where each ends."""
    size = -(-len(text) // blocks)
    packed, ends = b"", []
    for number in range(blocks):
        one = gzip.compress(text[number * size : (number + 1) * size].encode(), mtime=0)
        extra = (len(one) + 8 - 1).to_bytes(2, "little")
        packed += one[:3] + b"\x04" + one[4:10] + b"\x06\0BC\x02\0" + extra + one[10:]
        ends.append(len(packed))
    return packed + bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000"), ends


@pytest.fixture
def read(tmp_path):
    """Return a function: bytes of an annotation and its name -> [(symbol, chrom, tss)], or the one clear error."""

    def run(content, name="annotation"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        try:
            records = read_annotation(path)
        except InputError as error:
            assert str(error).startswith(str(path)) and "\n" not in str(error) and error.fix
            return str(error)
        return [(symbol, chrom, tss) for _, symbol, chrom, _, tss, _ in records.gene_rows + records.transcript_rows]

    return run


@pytest.fixture
def promoters(tmp_path):
    """Return a function: text of an annotation -> [(symbol, chrom, tss)] of the table that is written."""

    def run(text):
        (tmp_path / "annotation").write_text(text)
        extract_promoters(annotation=tmp_path / "annotation", promoters=tmp_path / "promoters.tsv")
        found = read_table(tmp_path / "promoters.tsv", dtypes={"tss": "int64"})
        assert not found[["promoter", "gene_id", "symbol", "chrom", "strand"]].isna().any().any()
        return list(zip(found["symbol"], found["chrom"], found["tss"], strict=True))

    return run


ODD = {
    "line ends of Windows": lambda text: text.replace("\n", "\r\n"),
    "line ends of old Macs": lambda text: text.replace("\n", "\r"),
    "a byte-order mark": lambda text: "\ufeff" + text,
    "blank lines": lambda text: text.replace("\n", "\n\n  \n"),
    "blanks around the columns": lambda text: text.replace("chr22", "chr22 ").replace("\t+", "\t+ "),
    "gzip": lambda text: gzip.compress(text.encode()),
    "two gzip files in one": lambda text: b"".join(gzip.compress(f"{line}\n".encode()) for line in text.splitlines()),
    "bgzip": lambda text: bgzipped(text)[0],
    "no end of the last line": lambda text: text[:-1],
}


@pytest.mark.parametrize("change", ODD)
@pytest.mark.parametrize("kind", KINDS)
def test_what_does_not_change_the_meaning_gives_the_same_promoters(kind, change, read):
    assert read(ODD[change](KINDS[kind]), "annotation.txt") == BOTH


@pytest.mark.parametrize("kind", KINDS)
def test_the_name_of_the_file_says_nothing(kind, read):
    assert read(KINDS[kind], "genes.gff3.gz") == read(KINDS[kind], "genes.bed") == BOTH


BROKEN = {
    "empty": ("", "no rows"),
    "UTF-16": (BED.encode("utf-16"), "is UTF-16 text, not UTF-8"),
    "UTF-16 without a mark": (BED.encode("utf-16-le"), "zero byte"),
    "Latin-1": (BED.replace("MINUS", "MÜLLER").encode("latin-1"), "not UTF-8 text"),
    "a spreadsheet": (b"PK\x03\x04" + bytes(99), "packed with zip or a spreadsheet"),
    "a zero byte": (BED.replace("MINUS", "MI\0US"), "line 2 .*zero byte"),
    "gzip, cut": (gzip.compress(BED.encode())[:-9], "damaged or cut short"),
    "gzip, then something else": (gzip.compress(BED.encode()) + b"more", "damaged or cut short"),
    "commas": (BED.replace("\t", ","), "not a gene annotation"),
    "columns too few": (BED + "chr1\t5\t9\tA\n", "line 3: malformed row: 4 columns"),
    "columns too many": (GTF + NAMED.format("A", "A")[:-1] + "\ttail\n", "line 3: malformed row: 10 columns"),
    "negative": (BED + MORE.replace("10", "-10"), "line 3: .*start -10"),
    "inverted": (BED + MORE.replace("10", "99"), "line 3: .*start 99 and end 20"),
    "huge": (BED + MORE.replace("20", "3000000000"), "line 3: .*end 3000000000 are not a stretch"),
    "beyond 64 bits": (BED + MORE.replace("20", "9" * 30), "line 3: .*not both whole numbers"),
    "a power of ten": (BED + MORE.replace("20", "2E+05"), "line 3: .*'2E\\+05' are not both whole numbers"),
    "a digit of Python": (BED + MORE.replace("20", "2_0"), "line 3: .*'2_0' are not both"),
    "NaN": (BED + MORE.replace("10", "NaN"), "line 3: .*'NaN'"),
    "both strands": (BED + MORE.replace("+", "+-").format("A"), "line 3: .*strand '\\+-' is neither"),
    "no chromosome": (BED + MORE.replace("chr1", ""), "line 3: .*names no chromosome"),
    "chromosome NA": (GTF + NAMED.format("A", "A").replace("chr1", "NA"), "line 3: .*names no chromosome"),
    "gene NA": (GTF + NAMED.format("NA", "A"), "line 3: .*no gene_id"),
    "a quote": (GTF + NAMED.format("A", 'A"B'), "line 3: .*double quote"),
    "two styles of names": (BED + MORE.replace("chr1", "22"), "contigs chr22 and 22 mean the same chromosome"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_broken_is_one_error_with_its_place(case, read):
    content, message = BROKEN[case]
    found = read(content)
    assert isinstance(found, str), found
    assert re.search(message, found), found


NAMES = {
    "spaces": (BED + MORE.format("MY GENE"), "MY GENE"),
    "symbol NaN": (GTF + NAMED.format("G3", "NaN"), "G3"),
    "name NA in BED": (BED + MORE.format("NA"), "chr1:11"),
    "an escaped tab": (GFF3 + "chr1\tx\tgene\t11\t20\t.\t+\t.\tID=G3;Name=A%09B%0AC\n", "A B C"),
    "letters beyond ASCII": (BED + MORE.format("αβ"), "αβ"),
    "a formula": (BED + MORE.format("=1+1"), "=1+1"),
}


@pytest.mark.parametrize("case", NAMES)
def test_odd_names_survive_and_missing_ones_are_replaced(case, promoters):
    content, symbol = NAMES[case]
    assert promoters(content) == [(symbol, "chr1", 11), *BOTH]


def test_a_gene_listed_twice_is_one_promoter_and_its_copy_elsewhere_another(promoters):
    assert promoters(BED + BED) == BOTH
    assert promoters(BED + MORE.format("PLUS")) == [("PLUS", "chr1", 11), *BOTH]
    farther = BED.replace("1000", "900").splitlines()[0] + "\n"
    assert promoters(BED + farther) == [("PLUS", "chr22", 901), BOTH[1]], "of two equally used starts the upstream one"


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_cut_anywhere_is_an_error_or_warned_of_or_lacks_whole_lines(kind, read, caplog):
    text = KINDS[kind]
    for cut in range(1, len(text)):
        caplog.clear()
        found = read(text[:cut])
        if isinstance(found, list) and found != BOTH and text[cut - 1] != "\n":
            assert "no line end; was the file cut off there?" in caplog.text, text[:cut]


def test_a_bgzipped_annotation_cut_at_or_within_a_block_is_an_error(read):
    packed, ends = bgzipped(BED * 20)
    assert read(packed) == BOTH * 20
    for cut in sorted({end + beside for end in ends for beside in (-1, 0, 1)} | set(range(20, len(packed), 17))):
        assert "cut short" in read(packed[:cut]), cut


@pytest.mark.parametrize("pack", ["gzip", "bgzip"])
def test_a_changed_byte_of_a_packed_annotation_is_an_error_or_does_not_matter(pack, read, tmp_path):
    if pack == "gzip":
        packed = gzip.compress(GTF.encode(), mtime=0)
    else:
        with pysam.BGZFile(str(tmp_path / "a.gz"), "w") as handle:
            handle.write(GTF.encode())
        packed = (tmp_path / "a.gz").read_bytes()
    random = np.random.default_rng(3)
    errors = 0
    for place in range(len(packed)):
        changed = bytearray(packed)
        changed[place] ^= 1 << int(random.integers(8))
        found = read(bytes(changed))
        errors += isinstance(found, str)
        assert isinstance(found, str) or found == BOTH, place
    assert errors > len(packed) / 2


MANGLED = ["1-Mar", "2-Sep", "MAR-01", "Sep-2", "1-Dec-21", "2021-03-01", "2.31E+19", "43891"]
SOUND = ["MARCH1", "SEPT2", "DEC1", "MAR1", "HLA-DRB1", "sep-1x", "7SK", "C1orf43", "RP11-34P13.7", "H2AC6", "101E2"]


def test_names_that_a_spreadsheet_mangled_are_counted_and_named_and_no_others(read, caplog):
    assert len(read(BED + "".join(map(MORE.format, SOUND)))) == 2 + len(SOUND)
    assert "spreadsheet" not in caplog.text
    read(BED + "".join(map(MORE.format, [*SOUND, *MANGLED])))
    assert f"{len(MANGLED)} gene name(s)" in caplog.text
    assert ", ".join(MANGLED) in caplog.text


def test_entrez_identifiers_are_no_dates(read, caplog):
    read(BED + "".join(map(MORE.format, ["43891", "43892", "672", "7157"])))
    assert "spreadsheet" not in caplog.text


@pytest.mark.parametrize(("case", "message"), [("inverted", "line 3: malformed row"), ("gzip, cut", "cut short")])
def test_the_script_ends_in_one_line_and_leaves_no_table(case, message, tmp_path, run_script):
    bad, content = tmp_path / "genes.gtf", BROKEN[case][0]
    bad.write_bytes(content.encode() if isinstance(content, str) else content)
    done = run_script("extract_promoters", "--annotation", bad, "--promoters", tmp_path / "promoters.tsv")
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert message in done.stderr and str(bad) in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["genes.gtf"]
