"""Genes with a promoter and expression, and the reasons of those without."""

import numpy as np
import pandas as pd
import pytest

from promoternets.epigenomes.expression import Expression
from promoternets.epigenomes.match import one_promoter_a_gene, with_expression
from promoternets.errors import InputError


def promoters(*rows):
    return pd.DataFrame(rows, columns=["gene_id", "symbol", "chrom", "tss", "strand"])


def expression(tmp_path, **genes):
    values = np.array(list(genes.values()), dtype=float).reshape(len(genes), -1)
    return Expression(tmp_path / "rpkm.tsv", list(genes), ["E1", "E2"], values.astype(str).astype(object), values)


def test_a_gene_of_an_assembled_chromosome_and_of_a_patch_is_that_of_the_chromosome():
    found, reasons = one_promoter_a_gene(
        promoters(("A", "a", "chr1", 5, "+"), ("A", "a", "HSCHR1_CTG5", 9, "+"), ("B", "b", "GL000220.1", 7, "-")), None
    )
    assert found[["gene_id", "chrom"]].to_numpy().tolist() == [["A", "chr1"], ["B", "GL000220.1"]]
    assert reasons == {}


def test_a_pseudoautosomal_gene_is_that_of_x():
    found, _ = one_promoter_a_gene(promoters(("A", "a", "chrY", 5, "+"), ("A", "a", "chrX", 9, "+")), None)
    assert found["chrom"].tolist() == ["chrX"]


def test_a_gene_at_several_places_is_left_out_with_the_places():
    found, reasons = one_promoter_a_gene(
        promoters(("A", "A", "chr1", 5, "+"), ("A", "A", "chr5", 9, "-"), ("B", "B", "chr1", 7, "+")), None
    )
    assert found["gene_id"].tolist() == ["B"]
    assert reasons == {"A": "annotated at several places: chr1:5:+, chr5:9:-"}


def test_a_table_of_transcripts_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"1 gene\(s\) more than once .*: ENSG00000000003.*policy `gene`"):
        one_promoter_a_gene(
            promoters(("ENSG00000000003.1", "a", "1", 5, "+"), ("ENSG00000000003.1", "a", "1", 9, "+")), tmp_path
        )


def test_genes_of_one_table_only_or_without_a_value_are_left_out_with_the_reason(tmp_path):
    starts = promoters(("C", "c", "1", 5, "+"), ("B", "b", "1", 7, "+"), ("A", "a", "1", 9, "-"))
    found, reasons = with_expression(starts, expression(tmp_path, A=[1, 2], B=[1, np.nan], D=[0, 0]), tmp_path)
    assert found["gene_id"].tolist() == ["A"]
    assert reasons == {
        "B": "no expression value: E2",
        "C": "not in the expression table",
        "D": "no promoter in the annotation",
    }


def test_tables_that_share_no_gene_show_what_they_have(tmp_path):
    with pytest.raises(InputError, match="share no gene: .* has PAX5, .* has ENSG00000196092"):
        with_expression(promoters(("PAX5", "PAX5", "9", 5, "+")), expression(tmp_path, ENSG00000196092=[1, 2]), "genes")
