"""Promoters: every format gives the same TSS; the policy, the names, the filters and the errors."""

import gzip

import pandas as pd
import pytest

from promoternets.errors import InputError
from promoternets.formats.tables import read_table
from promoternets.promoters.annotation import read_annotation
from promoternets.promoters.extract import extract_promoters
from promoternets.promoters.layouts import detect

# Two genes of chr22: PLUS covers bases 1001-2000, MINUS bases 5001-6000 (1-based): TSS 1001 and 6000.
GTF = """\
#!genome-build made up
chr22\tx\tgene\t1001\t2000\t.\t+\t.\tgene_id "G1"; gene_name "PLUS"; gene_type "protein_coding";
chr22\tx\ttranscript\t1001\t2000\t.\t+\t.\tgene_id "G1"; transcript_id "T1"; tag "a"; tag "b";
chr22\tx\texon\t1001\t1100\t.\t+\t.\tgene_id "G1"; transcript_id "T1";
chr22\tx\tgene\t5001\t6000\t.\t-\t.\tgene_id "G2"; gene_name "MINUS"; gene_type "lncRNA";
chr22\tx\ttranscript\t5001\t6000\t.\t-\t.\tgene_id "G2"; transcript_id "T2"; gene_name "MINUS";
"""
GFF3 = """\
##gff-version 3
chr22\tx\tmRNA\t1001\t2000\t.\t+\t.\tID=transcript:T1;Parent=gene:G1
chr22\tx\tgene\t1001\t2000\t.\t+\t.\tID=gene:G1;Name=PLUS;biotype=protein_coding;note=a%3Bb
chr22\tx\texon\t1001\t1100\t.\t+\t.\tParent=transcript:T1
chr22\tx\tncRNA_gene\t5001\t6000\t.\t-\t.\tID=gene:G2;Name=MINUS;biotype=lncRNA
chr22\tx\tlnc_RNA\t5001\t6000\t.\t-\t.\tID=transcript:T2;Parent=gene:G2
chr22\tx\tbiological_region\t1\t9\t.\t.\t.\tID=region
##FASTA
>chr22
ACGT
"""
BED = "chr22\t1000\t2000\tPLUS\t0\t+\nchr22\t5000\t6000\tMINUS\t0\t-\n"
BED_TYPED = (
    "#chr\tstart\tend\tname\tscore\tstrand\tEnsembl_ID\tgene_type\n"
    "chr22\t1000\t2000\tPLUS\t0\t+\tG1\tprotein_coding\nchr22\t5000\t6000\tMINUS\t0\t-\tG2\tlncRNA\n"
)
BED12 = (
    "track name=genes\n"
    "chr22\t1000\t2000\tPLUS\t0\t+\t1000\t2000\t0\t1\t1000,\t0,\n"
    "chr22\t5000\t6000\tMINUS\t0\t-\t5000\t6000\t0\t1\t1000,\t0,\n"
)
REFFLAT6 = "PLUS\tNM_1\tchr22\t+\t1000\t2000\nMINUS\tNM_2\tchr22\t-\t5000\t6000\n"
CDS = "1100\t1900\t1\t1000,\t2000,"
REFFLAT = "#geneName\tname\tchrom\n" + "".join(f"{row}\t{CDS}\n" for row in REFFLAT6.splitlines())
GENEPRED = f"PLUS\tchr22\t+\t1000\t2000\t{CDS}\nMINUS\tchr22\t-\t5000\t6000\t{CDS}\n"
EXTENDED = "0\t{}\tcmpl\tcmpl\t0,"
GENEPRED_EXT = (
    f"NM_1\tchr22\t+\t1000\t2000\t{CDS}\t{EXTENDED.format('PLUS')}\n"
    f"NM_2\tchr22\t-\t5000\t6000\t{CDS}\t{EXTENDED.format('MINUS')}\n"
)
REFGENE = "#bin\tname\tchrom\tstrand\ttxStart\ttxEnd\n" + "".join(f"585\t{row}\n" for row in GENEPRED_EXT.splitlines())
BINNED = "".join(f"585\t{row}\n" for row in GENEPRED.splitlines())
EXONS_ONLY = """\
chr22\tx\texon\t1501\t2000\t.\t+\t.\tgene_id "PLUS"; transcript_id "T1";
chr22\tx\texon\t1001\t1100\t.\t+\t.\tgene_id "PLUS"; transcript_id "T1";
chr22\tx\texon\t5001\t6000\t.\t-\t.\tgene_id "MINUS"; transcript_id "T2";
"""
FORMATS = {
    "GTF": GTF,
    "GFF3": GFF3,
    "BED": BED,
    "BED with gene id and type": BED_TYPED,
    "refFlat": REFFLAT,
    "refFlat, first 6 columns": REFFLAT6,
    "genePred": GENEPRED,
    "refGene with bin": REFGENE,
}


@pytest.fixture
def extract(tmp_path):
    """Return a function that extracts promoters from text: (table, summary as a dict item -> count)."""

    def run(text: str, **settings) -> tuple[pd.DataFrame, dict[str, int]]:
        annotation = tmp_path / "annotation"
        annotation.write_text(text)
        extract_promoters(
            annotation=annotation,
            promoters=tmp_path / "promoters.tsv",
            summary=tmp_path / "summary.tsv",
            **settings,
        )
        summary = read_table(tmp_path / "summary.tsv", dtypes={"count": "int64"})
        table = read_table(tmp_path / "promoters.tsv", dtypes={"tss": "int64", "transcripts": "int64"})
        return table, dict(zip(summary["item"], summary["count"], strict=True))

    return run


@pytest.mark.parametrize("kind", FORMATS)
def test_a_format_is_known_by_its_content(kind, tmp_path):
    (tmp_path / "annotation").write_text(FORMATS[kind])
    assert detect(tmp_path / "annotation").kind == kind


@pytest.mark.parametrize("text", [*FORMATS.values(), BED12, GENEPRED_EXT, BINNED, EXONS_ONLY])
def test_every_format_gives_the_same_one_based_tss(text, extract):
    table, _ = extract(text)
    assert table["symbol"].tolist() == ["PLUS", "MINUS"]
    assert table["tss"].tolist() == [1001, 6000]
    assert table["strand"].tolist() == ["+", "-"]
    assert table["transcripts"].tolist() == [1, 1]


@pytest.mark.parametrize("text", [GTF, GFF3, BED_TYPED])
def test_gene_ids_and_biotypes_are_read_where_the_format_has_them(text, extract):
    table, _ = extract(text)
    assert table["gene_id"].tolist() == ["G1", "G2"]
    assert table["biotype"].tolist() == ["protein_coding", "lncRNA"]


def test_compression_line_ends_and_spaces_do_not_matter(tmp_path):
    (tmp_path / "genes.bed").write_bytes(gzip.compress(BED.encode()) + gzip.compress(b"chr1\t1\t9\tC\t0\t+\n"))
    assert len(read_annotation(tmp_path / "genes.bed").transcripts) == 3
    for text in (BED.replace("\n", "\r\n"), BED.replace("\t", "  ")):
        (tmp_path / "genes.bed").write_bytes(text.encode())
        assert read_annotation(tmp_path / "genes.bed").transcripts["tss"].tolist() == [1001, 6000]


SEVERAL = "\n".join(
    f"{gene}\t{gene}_{number}\tchr1\t{strand}\t{start}\t{end}"
    for number, (gene, strand, start, end) in enumerate(
        [
            ("COMMON", "+", 99, 900), ("COMMON", "+", 299, 900), ("COMMON", "+", 299, 800),
            ("TIE", "+", 4999, 6000),
            ("TIE", "+", 3999, 6000), ("BACK", "-", 7000, 8000), ("BACK", "-", 7000, 9000),
        ]
    )
)  # fmt: skip


def test_policy_gene_takes_the_tss_most_transcripts_share_and_of_equals_the_most_upstream(extract):
    table, counts = extract(SEVERAL)
    assert dict(zip(table["promoter"], table["tss"], strict=True)) == {
        "COMMON": 300,
        "TIE": 4000,
        "BACK": 9000,
    }
    assert table["transcripts"].tolist() == [2, 1, 1]
    assert counts["merged duplicates"] == 1
    assert counts["further TSS of the same gene"] == 3


def test_policy_transcript_gives_each_distinct_tss_a_row(extract):
    table, _ = extract(SEVERAL, policy="transcript")
    assert table["promoter"].tolist() == [
        "COMMON:100",
        "COMMON:300",
        "TIE:4000",
        "TIE:5000",
        "BACK:8000",
        "BACK:9000",
    ]
    assert table["transcripts"].tolist() == [1, 2, 1, 1, 1, 1]


def test_a_gene_without_transcripts_has_the_5_prime_end_of_its_own_record(extract):
    table, _ = extract("\n".join(line for line in GTF.splitlines() if "\ttranscript\t" not in line))
    assert table["tss"].tolist() == [1001, 6000]
    assert table["transcripts"].tolist() == [0, 0]


def test_the_transcripts_of_a_gene_decide_over_its_gene_record(extract):
    further = 'chr22\tx\ttranscript\t1201\t2000\t.\t+\t.\tgene_id "G1"; transcript_id "T9";\n'
    table, _ = extract(GTF + further + further.replace("T9", "T8"))
    assert table.loc[0, ["gene_id", "symbol", "tss", "biotype"]].tolist() == [
        "G1",
        "PLUS",
        1201,
        "protein_coding",
    ]


def test_copies_of_a_gene_on_several_contigs_stay_apart_under_unique_names(extract):
    rows = [
        "SHOX\tN\tchrX\t+\t9\t99",
        "SHOX\tN\tchrY\t+\t9\t99",
        "HLA\tN\tchr6\t+\t9\t99",
        "HLA\tN\tchr6_hap2\t+\t9\t99",
    ]
    table, _ = extract("\n".join(rows))
    assert table["promoter"].tolist() == ["HLA", "SHOX:chrX", "SHOX:chrY", "HLA:chr6_hap2"]
    only_x, _ = extract("\n".join(rows), contigs=["X"])
    assert only_x["promoter"].tolist() == ["SHOX:chrX"]


def test_one_gene_id_with_two_symbols_or_on_two_strands_is_two_promoters(extract):
    table, _ = extract("chr1\t9\t99\tA\t0\t+\tE1\tt\nchr1\t9\t99\tB\t0\t+\tE1\tt\nchr1\t9\t99\tA\t0\t-\tE1\tt\n")
    assert table["promoter"].tolist() == ["E1:chr1:10:+:A", "E1:chr1:10:+:B", "E1:chr1:99"]


def test_rows_are_in_genome_order(extract):
    table, _ = extract("\n".join(f"G{n}\tN\t{chrom}\t+\t{start}\t99" for n, (chrom, start) in enumerate(
        [("chrX", 5), ("chr10", 5), ("chr2", 50), ("chr2", 6), ("chrM", 5)])))  # fmt: skip
    assert table["chrom"].tolist() == ["chr2", "chr2", "chr10", "chrX", "chrM"]
    assert table["tss"].tolist() == [7, 51, 6, 6, 6]


def test_contigs_are_matched_whatever_their_prefix_and_others_are_counted(extract):
    text = BED + "chrM\t5\t9\tMITO\t0\t+\nchrUn_1\t5\t9\tODD\t0\t+\n"
    table, counts = extract(text, contigs=["22", "MT"])
    assert table["symbol"].tolist() == ["PLUS", "MINUS", "MITO"]
    assert table["chrom"].tolist() == ["chr22", "chr22", "chrM"]
    assert counts["promoters on contigs not in the VCF"] == 1
    assert counts["promoters on contigs written differently in the VCF"] == 3
    assert counts["promoters kept"] == 3


def test_no_common_contig_is_one_error_that_shows_both_styles(extract):
    with pytest.raises(InputError, match=r"annotation has chr22; the VCF has NC_000022\.11"):
        extract(BED, contigs=["NC_000022.11"])


def test_genes_are_kept_by_id_by_symbol_and_without_version(extract):
    text = GTF.replace('"G2"', '"ENSG00000000002.7"')
    assert extract(text, genes=["G1"])[0]["symbol"].tolist() == ["PLUS"]
    assert extract(text, genes=["ENSG00000000002"])[0]["symbol"].tolist() == ["MINUS"]
    table, counts = extract(text, genes=["MINUS"])
    assert table["symbol"].tolist() == ["MINUS"]
    assert counts["promoters of genes not asked for"] == 1
    with pytest.raises(InputError, match="2 of 3 genes asked for are not in the annotation: SOX2, TP53"):
        extract(text, genes=["TP53", "PLUS", "SOX2"])


def test_biotypes_are_kept_by_name(extract):
    table, counts = extract(GTF, biotypes=["lncRNA"])
    assert table["symbol"].tolist() == ["MINUS"]
    assert counts["promoters of a biotype not asked for"] == 1
    with pytest.raises(InputError, match="no gene has biotype coding; there are: lncRNA, protein_coding"):
        extract(GTF, biotypes=["coding"])
    with pytest.raises(InputError, match="says no biotypes"):
        extract(BED, biotypes=["lncRNA"])


def test_records_without_strand_are_counted_and_left_out(extract):
    table, counts = extract(BED.replace("0\t-", "0\t."))
    assert table["symbol"].tolist() == ["PLUS"]
    assert counts["records without strand"] == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no rows"),
        ("# only a comment\n", "has no rows"),
        ("gene,chrom,start\nA,chr1,5\n", "not a gene annotation"),
        ("chr1\t66999638\t+\n", "not a gene annotation"),
        ("chr1\t5\t9\tA\n", "no strand in column 6 \\(it has 4 columns\\)"),
        (BED.replace("+", ".").replace("0\t-", "0\t."), "none of the 2 gene and transcript records"),
        (BED + "chr1\tx\t9\tA\t0\t+\n", "line 3: malformed row: start 'x'"),
        (BED + "chr1\t9\t5\tA\t0\t+\n", "line 3: malformed row: start 9 and end 5"),
        (BED + "chr1\t9\t15\tA\t0\tplus\n", "line 3: malformed row: strand 'plus'"),
        (BED + "chr1\t9\n", "line 3: malformed row: 2 columns"),
        (GTF + "chr1\tx\tgene\t5\t9\n", "line 7: malformed row: 5 columns"),
        (GTF + 'chr1\tx\tgene\t0\t9\t.\t+\t.\tgene_id "A";\n', "line 7: malformed row: start 0"),
        (GTF + 'chr1\tx\tgene\t5\t9\t.\t+\t.\tgene_name "A";\n', "line 7: malformed row: no gene_id"),
        ("chr1\tx\tCDS\t5\t9\t.\t+\t.\tgene_id \"A\";\n", "no gene or transcript record"),
    ],
)  # fmt: skip
def test_bad_input_is_one_error_with_its_line_and_leaves_nothing(text, message, extract, tmp_path):
    with pytest.raises(InputError, match=message):
        extract(text)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["annotation"]


def test_a_missing_damaged_or_binary_file_is_an_error(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        read_annotation(tmp_path / "none.gtf")
    (tmp_path / "cut.gz").write_bytes(gzip.compress(BED.encode() * 500)[:-40])
    with pytest.raises(InputError, match="damaged or cut short"):
        read_annotation(tmp_path / "cut.gz")
    (tmp_path / "binary").write_bytes(b"\x89PNG\x00\x01" * 50)
    with pytest.raises(InputError, match="not UTF-8 text"):
        read_annotation(tmp_path / "binary")


def test_nothing_left_says_what_was_removed(extract):
    with pytest.raises(
        InputError, match="no promoter is left: 1 promoters of genes not asked for; 1 promoters of a biotype"
    ):
        extract(GTF, genes=["G1"], biotypes=["lncRNA"])
