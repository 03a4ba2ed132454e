"""Simulated genes: placed on both strands, the same again, and annotated as valid GTF."""

import gzip
import re

import pytest

from promoternets.errors import InputError
from promoternets.simulation.genes import Gene, place_genes, write_gtf

PLACE = {"chromosome": "chr1", "genes": 10, "gene_spacing": 30_000, "seed": 42}


def test_genes_are_the_same_for_the_same_seed_and_chromosome():
    assert place_genes(**PLACE) == place_genes(**PLACE)
    for change in ({"seed": 1}, {"chromosome": "chr2"}):
        other = place_genes(**PLACE | change)
        assert [gene.tss for gene in other] != [gene.tss for gene in place_genes(**PLACE)]


def test_half_of_the_genes_lie_on_each_strand():
    strands = [gene.strand for gene in place_genes(**PLACE)]
    assert strands.count("+") == strands.count("-") == 5


def test_each_tss_lies_near_the_middle_of_its_window():
    for index, gene in enumerate(place_genes(**PLACE)):
        assert abs(gene.tss - (index * 30_000 + 15_000)) <= 7500


def test_the_tss_is_the_five_prime_end():
    for gene in place_genes(**PLACE):
        assert gene.tss == (gene.start if gene.strand == "+" else gene.end)
        assert 1 <= gene.start < gene.end <= 300_000


def test_numbers_go_on_over_chromosomes():
    genes = place_genes(**PLACE) + place_genes(**PLACE | {"chromosome": "chr2"}, first=11)
    assert len({gene.gene_id for gene in genes}) == 20
    assert genes[10].gene_id == "ENSG90000000011" and genes[10].symbol == "GENE0011"


def test_genes_that_cannot_be_placed_are_refused():
    for change in ({"genes": 0}, {"gene_spacing": 50}):
        with pytest.raises(InputError, match="cannot be placed on chr1"):
            place_genes(**PLACE | change)


def test_the_gtf_has_a_gene_a_transcript_and_an_exon_each(tmp_path):
    path = tmp_path / "genes.gtf.gz"
    write_gtf([Gene("ENSG90000000007", "GENE0007", "chr3", 101, 400, 400, "-")], path)
    with gzip.open(path, "rt") as gtf:
        rows = [line.rstrip("\n").split("\t") for line in gtf if not line.startswith("#")]
    assert [row[2] for row in rows] == ["gene", "transcript", "exon"]
    for row in rows:
        assert row[:2] + row[3:8] == ["chr3", "promoternets", "101", "400", ".", "-", "."]
        attributes = dict(re.findall(r'(\w+) "([^"]+)";', row[8]))
        assert attributes["gene_id"] == "ENSG90000000007" and attributes["gene_name"] == "GENE0007"
        assert attributes["gene_type"] == "protein_coding"
    assert 'transcript_id "ENST90000000007"' in rows[1][8] and "transcript_id" not in rows[0][8]


def test_the_gtf_is_the_same_bytes_again_and_sorted(tmp_path):
    for name in ("a.gtf.gz", "b.gtf.gz"):
        write_gtf(place_genes(**PLACE), tmp_path / name)
    assert (tmp_path / "a.gtf.gz").read_bytes() == (tmp_path / "b.gtf.gz").read_bytes()
    starts = [gene.start for gene in place_genes(**PLACE)]
    assert starts == sorted(starts)
