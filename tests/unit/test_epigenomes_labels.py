"""Which genes are expressed: by number, by text, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from promoternets.epigenomes.labels import by_number, by_text, label_genes
from promoternets.errors import InputError
from promoternets.formats.labels import read_labels, write_labels
from promoternets.formats.tables import read_table, write_table

VALUES = ["0.5", "10.575", "3.33", "2", "44.0", "3.4"]


def test_numbers_and_texts_are_compared_differently():
    assert by_number(np.array(VALUES, dtype=float), 3.33).tolist() == [0, 1, 1, 0, 1, 1]
    assert by_text(np.array(VALUES, dtype=object), 3.33).tolist() == [0, 0, 1, 0, 1, 1]


@pytest.fixture
def label(tmp_path):
    """Return a function that labels twelve genes, four a part, of which G00 to G05 have high values."""

    def run(values=(20, 30, 1, 2, 40, 50, 0, 1, 60, 70, 0.5, 0.25), **options):
        names = [f"G{number:02}" for number in range(12)]
        parts = np.repeat(["train", "valid", "test"], 4)
        write_table(
            pd.DataFrame({"gene_id": names, "symbol": names, "chrom": "1", "tss": 5, "strand": "+", "part": parts}),
            tmp_path / "genes.tsv",
        )
        rows = [f"{name}\t{value}" for name, value in zip([*names, "other"], [*values, 1000], strict=True)]
        (tmp_path / "rpkm.tsv").write_text("gene_id\tE1\n" + "\n".join(rows) + "\n")
        label_genes(
            genes=tmp_path / "genes.tsv", expression=tmp_path / "rpkm.tsv", epigenome="E1",
            labels=tmp_path / "labels.tsv", summary=tmp_path / "summary.tsv", **options,
        )  # fmt: skip
        summary = read_table(tmp_path / "summary.tsv")
        return read_labels(tmp_path / "labels.tsv"), dict(zip(summary["item"], summary["value"], strict=True))

    return run


def test_expressed_is_at_least_the_median_of_all_genes_of_the_table(label):
    labels, summary = label()
    assert labels["label"].tolist() == [1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0]
    assert summary["threshold"] == "20"  # of thirteen values: `other` is no gene of the run, and counts
    assert summary["rule"] == "median"
    assert (summary["genes"], summary["expressed"], summary["expressed_valid"]) == ("12", "6", "2")


def test_genes_without_signal_get_no_label_and_are_in_no_count(label, tmp_path):
    write_table(pd.DataFrame({"gene_id": ["G01", "G11"], "reason": "no mark covers"}), tmp_path / "silent.tsv")
    labels, summary = label(without_signal=tmp_path / "silent.tsv")
    assert labels["gene_id"].tolist() == [f"G{number:02}" for number in (0, *range(2, 11))]
    assert labels["label"].tolist() == [1, 0, 0, 1, 1, 0, 0, 1, 1, 0]
    assert (summary["genes"], summary["genes_train"], summary["genes_test"], summary["expressed"]) == (
        "10", "3", "3", "5",
    )  # fmt: skip
    assert summary["threshold"] == "20", "what expressed means does not depend on the signal"


def test_the_target_is_the_logarithm_and_the_expression_stays_as_written(label):
    labels, _ = label()
    np.testing.assert_allclose(labels["target"][:2], np.log2([21, 31]))
    assert labels["expression"].tolist()[-2:] == ["0.5", "0.25"]


def test_the_threshold_can_be_that_of_the_training_genes(label):
    labels, summary = label(threshold="training")
    assert summary["threshold"] == "11"
    assert labels["label"].tolist() == [1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0]


def test_the_published_rule_mislabels_and_both_rules_say_how_many(label):
    values = [3, 100, 1, 2, 40, 50, 0, 1, 60, 70, 0.5, 0.25]  # as text 100 < 3
    numeric, counts = label(values)
    assert counts["threshold"] == "3"
    text, same = label(values, rule="published_text")
    assert numeric["label"][1] == 1
    assert text["label"][1] == 0
    assert counts["mislabelled_by_text_rule"] == same["mislabelled_by_text_rule"] == "1"
    assert same["rule"] == "published_text"


def test_a_part_of_one_class_is_one_clear_error_and_nothing_is_written(label, tmp_path):
    with pytest.raises(InputError, match="part valid needs expressed and unexpressed genes, all 4 genes have label 1"):
        label([20, 30, 1, 2, 40, 50, 60, 41, 1, 70, 0.5, 0.25])
    assert not (tmp_path / "labels.tsv").exists()
    assert not (tmp_path / "summary.tsv").exists()


def test_a_gene_without_a_value_is_one_clear_error(label):
    with pytest.raises(InputError, match="1 genes have no expression in E1, G02 for one"):
        label([20, 30, "NA", 2, 40, 50, 0, 1, 60, 70, 0.5, 0.25])


@pytest.mark.parametrize(
    ("change", "message"),
    [({"label": [0, 2]}, "column label holds 2"), ({"part": ["train", "fold"]}, "column part holds fold"),
     ({"gene_id": ["A", "A"]}, "gene A is listed twice")],
)  # fmt: skip
def test_a_table_that_holds_no_labels_is_refused(change, message, tmp_path):
    table = pd.DataFrame({"gene_id": ["A", "B"], "part": "train", "expression": 1, "target": 1, "label": [0, 1]})
    write_table(table.assign(**change), tmp_path / "labels.tsv")
    with pytest.raises(InputError, match=message):
        read_labels(tmp_path / "labels.tsv")


def test_write_labels_keeps_the_columns_in_order(tmp_path):
    table = pd.DataFrame(
        {"label": [0, 1] * 3, "part": np.repeat(["train", "valid", "test"], 2), "gene_id": list("ABCDEF"),
         "target": np.nan, "expression": None}
    )  # fmt: skip
    write_labels(table, path=tmp_path / "l.tsv", summary=tmp_path / "s.tsv", items=[("rule", "x", "")], where=tmp_path)
    lines = (tmp_path / "l.tsv").read_text().splitlines()
    assert lines[:2] == ["gene_id\tpart\texpression\ttarget\tlabel", "A\ttrain\tNA\tNA\t0"]
