"""Bins meet labels by gene, and input scaling is learned from training genes only."""

import json
import logging

import numpy as np
import pytest
from epigenome_files import BINS, MARKS, write_epigenome

from promoternets.errors import InputError
from promoternets.formats.bin_store import BinStore
from promoternets.formats.genes_and_bins import SignalScaling, read_epigenome
from promoternets.formats.tables import read_table, write_table


def change(labels, how):
    write_table(how(read_table(labels)), labels)


def test_bins_follow_the_order_of_the_labels(tmp_path):
    bins, labels = write_epigenome(tmp_path)
    change(labels, lambda table: table.iloc[::-1])
    data, store = read_epigenome(bins, labels), BinStore.open(bins)
    assert data.gene_ids.tolist() == store.gene_ids.tolist()[::-1]
    assert np.array_equal(data.signal, store.signal[::-1]) and data.signal.dtype == np.float32
    assert (data.epigenome, data.marks, data.signal.shape) == ("E001", MARKS, (240, 3, BINS))
    parts = [data.indices(part) for part in ("train", "valid", "test")]
    assert [len(rows) for rows in parts] == [120, 60, 60] and len(set(np.concatenate(parts))) == 240
    table = read_table(labels, dtypes={"target": "float64", "label": "int64"})
    assert data.label.tolist() == table["label"].tolist() and data.label.dtype == np.int64
    assert data.target == pytest.approx(table["target"], rel=1e-6) and data.target.dtype == np.float32


def test_genes_that_one_file_lacks_are_left_out_and_counted(tmp_path, caplog):
    bins, labels = write_epigenome(tmp_path)
    change(labels, lambda table: table.iloc[3:].replace("ENSG00000000010", "ENSG99999999999"))
    with caplog.at_level(logging.WARNING):
        data = read_epigenome(bins, labels)
    assert (len(data.gene_ids), data.only_in_bins, data.only_in_labels) == (236, 4, 1)
    assert "236 genes are used; 4 have bins and no label, 1 a label and no bins" in caplog.text
    store = BinStore.open(bins)
    row = store.gene_ids.tolist().index(data.gene_ids[20])
    assert np.array_equal(data.signal[20], store.signal[row])


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (lambda table: table.assign(gene_id=table["gene_id"] + ".1"), "none of its 240 genes is among the 240"),
        (lambda table: table[(table["part"] != "valid") | (table["label"] == "1")], "part valid needs expressed and"),
        (lambda table: table[table["part"] != "test"], "part test needs expressed and"),
    ],
)
def test_files_that_do_not_belong_together_are_one_clear_error(tmp_path, how, message):
    bins, labels = write_epigenome(tmp_path)
    change(labels, how)
    with pytest.raises(InputError, match=message):
        read_epigenome(bins, labels)


def test_expression_cannot_be_predicted_where_the_source_has_labels_only(tmp_path):
    bins, labels = write_epigenome(tmp_path)
    assert read_epigenome(bins, labels).outcome("expression").dtype == np.float32
    change(labels, lambda table: table.assign(expression=None, target=None))
    data = read_epigenome(bins, labels)
    assert np.array_equal(data.outcome("label"), data.label)
    with pytest.raises(InputError, match="240 of 240 genes of E001 have a label but no expression"):
        data.outcome("expression")


def test_arcsinh_scaling_standardises_each_mark_over_training_genes_and_bins():
    signal = np.random.default_rng(0).gamma(1.0, [[[1.0], [200.0]]], (50, 2, 7)).astype(np.float32)
    scaling = SignalScaling.fit(signal[:30])
    scaled = scaling(signal)
    assert scaled.dtype == np.float32
    assert scaled[:30].mean(axis=(0, 2)) == pytest.approx([0, 0], abs=1e-5)
    assert scaled[:30].std(axis=(0, 2)) == pytest.approx([1, 1], abs=1e-5)
    expected = (np.arcsinh(signal[40, 1, 3]) - np.arcsinh(signal[:30, 1]).mean()) / np.arcsinh(signal[:30, 1]).std()
    assert scaled[40, 1, 3] == pytest.approx(expected, abs=1e-4)


def test_a_mark_that_never_changes_becomes_zero():
    signal = np.full((4, 1, 3), 0.1, dtype=np.float32)
    assert np.abs(SignalScaling.fit(signal)(signal)).max() < 1e-6


def test_raw_scaling_changes_nothing_and_an_unknown_one_is_refused():
    signal = np.arange(12).reshape(2, 2, 3)
    scaled = SignalScaling.fit(signal, "raw")(signal)
    assert scaled.dtype == np.float32 and np.array_equal(scaled, signal)
    with pytest.raises(InputError, match="'log' is no scaling of signal. Choose one of arcsinh, raw"):
        SignalScaling.fit(signal, "log")


@pytest.mark.parametrize("kind", ["arcsinh", "raw"])
def test_a_scaling_survives_json_exactly(kind):
    signal = np.random.default_rng(0).gamma(1.0, 1.0, (5, 3, 4)).astype(np.float32)
    scaling = SignalScaling.fit(signal, kind)
    again = SignalScaling.from_dict(json.loads(json.dumps(scaling.as_dict())))
    assert again == scaling and np.array_equal(again(signal), scaling(signal))


def test_a_scaling_refuses_other_marks():
    scaling = SignalScaling.fit(np.ones((2, 3, 4), dtype=np.float32))
    with pytest.raises(ValueError, match="2 marks for a scaling of 3"):
        scaling(np.ones((2, 2, 4), dtype=np.float32))
