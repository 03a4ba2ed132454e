"""The script fits a baseline to every epigenome and writes scores of genes that did not fit it."""

import pytest
from epigenome_files import write_epigenome

from promoternets.errors import InputError
from promoternets.formats.bin_store import BinStore, write_bin_store
from promoternets.formats.gene_predictions import COLUMNS, read_gene_predictions
from promoternets.formats.tables import read_table, write_table


@pytest.fixture
def files(tmp_path):
    return {name: write_epigenome(tmp_path, name, seed=number) for number, name in enumerate(("E001", "E002"))}


def arguments(files, folder, **changed):
    given = {
        "bins": [bins for bins, _ in files.values()],
        "labels": [labels for _, labels in files.values()],
        "epigenomes": list(files),
        "model": "logistic_regression",
        "predictions": folder / "out" / "predictions.tsv",
        "parameters": folder / "out" / "parameters.tsv",
    }
    return given | changed


def test_every_epigenome_is_predicted_and_the_setting_chosen_is_told(script, files, tmp_path):
    given = arguments(files, tmp_path, seed=7)
    script("train_chromatin_baseline").main(**given)
    table = read_gene_predictions(given["predictions"])
    assert tuple(table.columns) == COLUMNS and set(table["seed"]) == {7}
    assert table.groupby(["epigenome", "part"]).size().to_dict() == {
        ("E001", "test"): 60, ("E001", "valid"): 60, ("E002", "test"): 60, ("E002", "valid"): 60,
    }  # fmt: skip
    labels = read_table(files["E002"][1]).set_index("gene_id")
    own = table[table["epigenome"] == "E002"].set_index("gene_id")
    assert (own["label"] == labels.loc[own.index, "label"].astype(float)).all()
    assert (own["part"] == labels.loc[own.index, "part"]).all()
    parameters = read_table(given["parameters"])
    assert parameters["epigenome"].tolist() == ["E001", "E002"] and parameters["setting"].str.startswith("C=").all()


@pytest.mark.parametrize("model", ["svc", "random_forest"])
def test_threads_and_other_epigenomes_change_nothing(script, files, tmp_path, monkeypatch, model):
    from promoternets.baselines import chromatin_models

    monkeypatch.setattr(chromatin_models, "TREES", 20)
    first = arguments(files, tmp_path / "a", model=model, threads=2)
    script("train_chromatin_baseline").main(**first)
    alone = arguments({"E002": files["E002"]}, tmp_path / "b", model=model)
    script("train_chromatin_baseline").main(**alone)
    both, one = (read_gene_predictions(given["predictions"]) for given in (first, alone))
    assert both[both["epigenome"] == "E002"]["score"].tolist() == one["score"].tolist()


def test_signal_and_labels_of_test_genes_leave_the_parameters_as_they_are(script, files, tmp_path):
    given = arguments(files, tmp_path)
    script("train_chromatin_baseline").main(**given)
    before = given["parameters"].read_text(), read_gene_predictions(given["predictions"])
    bins, labels = files["E001"]
    table, store = read_table(labels), BinStore.open(bins)
    test = (table["part"] == "test").to_numpy()
    signal = store.signal.copy()
    signal[test] = signal[test, :, ::-1] * 50 + 3
    table.loc[test, "label"] = [str(1 - int(label)) for label in table.loc[test, "label"]]
    counts = {name: getattr(store, name) for name in ("zero", "uncovered", "absent")}
    about = {
        name: getattr(store, name) for name in ("epigenome", "bin_size", "oriented", "statistic", "fill", "source")
    }
    write_bin_store(bins, gene_ids=store.gene_ids, marks=store.marks, signal=signal, **counts, **about)
    write_table(table, labels)
    script("train_chromatin_baseline").main(**given)
    after = read_gene_predictions(given["predictions"])
    assert given["parameters"].read_text() == before[0]
    valid = after["part"] == "valid"
    assert after.loc[valid, "score"].tolist() == before[1].loc[valid, "score"].tolist()
    assert after.loc[~valid, "score"].tolist() != before[1].loc[~valid, "score"].tolist()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda given: {"epigenomes": ["E001"]}, "2 files of bins and 2 of labels for 1 epigenomes"),
        (lambda given: {"bins": given["bins"][::-1]}, "E002/bins.zarr: these bins are of E002, not of E001"),
        (
            lambda given: {"labels": [given["labels"][0].with_name("no.tsv")] * 2},
            "no.tsv: the table of labels does not",
        ),
    ],
)
def test_files_that_do_not_correspond_are_one_clear_error_and_write_nothing(script, files, tmp_path, change, message):
    given = arguments(files, tmp_path)
    with pytest.raises(InputError, match=message):
        script("train_chromatin_baseline").main(**given | change(given))
    assert not (tmp_path / "out").exists()


def test_expression_is_predicted_from_a_command_line(run_script, files, tmp_path):
    bins, labels = files["E001"]
    words = ["--bins", bins, "--labels", labels, "--epigenomes", "E001", "--model", "max_mark"]
    out = tmp_path / "expression.tsv"
    done = run_script("train_chromatin_baseline", *words, "--target", "expression", "--predictions", out)
    assert done.returncode == 0, done.stderr
    table = read_gene_predictions(out, target="expression")
    assert table["label"].nunique() > 100 and table[["label", "score"]].corr().iloc[0, 1] > 0.5
    done = run_script("train_chromatin_baseline", *words[:-1], "lasso", "--predictions", out)
    assert done.returncode == 2 and "invalid choice: 'lasso'" in done.stderr
