"""Real gene annotations, and blocks on real variant positions."""

import gzip

import numpy as np
import pysam
import pytest

from promoternets.blocks.sites import nearest_sites
from promoternets.errors import InputError
from promoternets.formats.contigs import LENGTHS, canonical
from promoternets.formats.tables import read_table
from promoternets.promoters.extract import extract_promoters

BUILDS = {"hg19": "GRCh37", "hg38": "GRCh38"}


@pytest.fixture
def extract(real_data, tmp_path):
    """Return a function: name of a file of real annotation -> (promoters, summary)."""

    def run(name: str, **settings):
        extract_promoters(
            annotation=real_data / "gene_annotation" / name,
            promoters=tmp_path / "promoters.tsv", summary=tmp_path / "summary.tsv", **settings,
        )  # fmt: skip
        summary = read_table(tmp_path / "summary.tsv", dtypes={"count": "int64"})
        table = read_table(tmp_path / "promoters.tsv", dtypes={"tss": "int64", "transcripts": "int64"})
        return table, dict(zip(summary["item"], summary["count"], strict=True))

    return run


@pytest.mark.parametrize("build", BUILDS)
def test_the_gene_beds_give_one_promoter_a_row_inside_the_chromosome(build, extract, real_data):
    table, counts = extract(f"genes.{build}.bed.gz")
    with gzip.open(real_data / "gene_annotation" / f"genes.{build}.bed.gz", "rt") as text:
        rows = sum(not line.startswith("#") for line in text)
    assert counts["rows read"] == rows > 20_000
    assert len(table) == rows
    assert table["promoter"].is_unique
    assert 0.45 < (table["strand"] == "+").mean() < 0.55
    assert (table["tss"] <= table["chrom"].map(canonical).map(LENGTHS[BUILDS[build]])).all()
    assert table["biotype"].value_counts().idxmax() == "protein_coding"


def test_refflat_gives_a_promoter_a_gene_and_contig_or_one_a_tss(extract):
    genes, counts = extract("refFlat_first6.hg19.txt.gz")
    assert counts["rows read"] == 42_217
    assert counts["promoters kept"] == len(genes)
    assert 23_000 < genes["gene_id"].nunique() < len(genes) < 27_000
    starts, _ = extract("refFlat_first6.hg19.txt.gz", policy="transcript")
    assert len(starts) == len(genes) + counts["further TSS of the same gene"]
    assert starts["transcripts"].sum() == 42_217
    for table in (genes, starts):
        assert table["promoter"].is_unique
    shox = genes[genes["symbol"] == "SHOX"]
    assert shox["promoter"].tolist() == ["SHOX:chrX", "SHOX:chrY"]
    hla = genes[genes["symbol"] == "HLA-A"]
    assert len(hla) > 5
    assert hla["promoter"].iloc[0] == "HLA-A"


def test_annotations_of_one_build_agree_on_most_tss(extract):
    bed, _ = extract("genes.hg19.bed.gz")
    starts, _ = extract("refFlat_first6.hg19.txt.gz", policy="transcript")
    known = set(zip(starts["symbol"], starts["chrom"], starts["tss"], strict=True))
    both = bed[bed["symbol"].isin(starts["symbol"])]
    shared = [key in known for key in zip(both["symbol"], both["chrom"], both["tss"], strict=True)]
    assert len(shared) > 18_000
    assert np.mean(shared) > 0.75  # both come from RefSeq, of different years; the rest differ by choice of TSS


def test_names_with_chr_meet_a_vcf_without(extract, real_data):
    with pysam.VariantFile(str(real_data / "kgp_gene_panels" / "kgp_genes.b37_2504.vcf.gz")) as vcf:
        contigs = list(vcf.header.contigs)
    assert "22" in contigs
    table, counts = extract("refFlat_first6.hg19.txt.gz", contigs=contigs)
    assert set(table["chrom"].map(canonical)) <= set(contigs)
    assert counts["promoters on contigs written differently in the VCF"] == len(table)
    assert counts["promoters on contigs not in the VCF"] > 1_000  # haplotype contigs among them
    with pytest.raises(InputError, match="no contig of the annotation is in the VCF"):
        extract("genes.hg19.bed.gz", contigs=["NC_000022.10"])


def test_files_without_names_or_strand_are_refused(extract):
    with pytest.raises(InputError, match="not a gene annotation"):
        extract("RefSeqTSS.hg19.txt.gz")
    with pytest.raises(InputError, match="no strand in column 6"):
        extract("../kgp_chr22_99eur_expression/geuvadis_expression_chr22.b37.bed.gz")


def test_a_dense_region_fills_every_block_and_a_limit_of_distance_refuses_the_genes_outside(extract, real_data):
    path = real_data / "kgp_chr20_503eur" / "chr20_1-4Mb.batchA_300_phased.b37.vcf.gz"
    with pysam.VariantFile(str(path), drop_samples=True) as vcf:
        positions = np.array([record.pos for record in vcf], dtype=np.int32)
    assert len(positions) == 24_990
    table, _ = extract("genes.hg19.bed.gz", contigs=["20"])
    tss, plus = table["tss"].to_numpy(), (table["strand"] == "+").to_numpy()
    assert len(tss) > 500
    capped, distance = nearest_sites(positions, tss, plus, upstream=56, downstream=8, max_distance=50_000)
    inside = (tss > 1_020_000) & (tss < 3_980_000)
    full = (capped >= 0).all(axis=1)
    assert full[inside].all()
    assert inside.sum() > 40
    assert 5_000 < np.median(np.ptp(distance[full], axis=1)) < 12_000  # the data's notes say 7.9 kb
    assert not (capped[(tss < 900_000) | (tss > 4_100_000)] >= 0).any()
    free, far = nearest_sites(positions, tss, plus, upstream=56, downstream=8, max_distance=None)
    assert np.abs(far).max() > 10_000_000  # what the limit is for
    assert np.array_equal(free[full], capped[full])
