"""Expression networks learn from training genes only, each as if alone; what explains them is what was planted."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from promoternets.chromatin.explain import class_optimisation, explain, saliency
from promoternets.chromatin.presets import preset
from promoternets.chromatin.train import predict_genes, train_expression_networks
from promoternets.errors import InputError
from promoternets.formats.genes_and_bins import EpigenomeData
from promoternets.networks.expression import JOINT, NETWORKS
from promoternets.networks.saved_expression import load_expression_networks, save_expression_networks

CPU = torch.device("cpu")
MARKS, BINS = ("H3K27me3", "H3K4me3"), 30
PLACE = slice(14, 18)  # where the second mark decides


def made_up(epigenome="E1", genes=120, seed=0, **changed):
    """Return genes of which half have a peak of the second mark at `PLACE`, and are expressed."""
    random = np.random.default_rng(seed)
    label = np.tile([0, 1], genes // 2)
    signal = random.poisson(1.0, size=(genes, len(MARKS), BINS)).astype(np.float32)
    signal[label == 1, 1, PLACE] += 6
    part = np.repeat(["train", "valid", "test"], [genes // 2, genes // 4, genes - genes // 2 - genes // 4])
    data = EpigenomeData(
        epigenome=epigenome, gene_ids=np.array([f"G{number:03d}" for number in range(genes)], dtype=object),
        marks=MARKS, signal=signal, label=label.astype(np.int64), target=(2 * label + 1).astype(np.float32),
        part=part.astype(object),
    )  # fmt: skip
    return replace(data, **changed)


def quick(model="cnn_alpha_beta", **changed):
    chosen = preset("default", model)
    return replace(chosen, training=chosen.training.changed(**({"epochs": 4, "patience": 9} | changed)))


def train(data, model="cnn_alpha_beta", *, seeds=1, target="label", settings=None, **options):
    return train_expression_networks(
        data, model, settings or quick(model), target=target, seeds=seeds, seed=7, device=CPU, **options
    )


@pytest.mark.parametrize("model", [*NETWORKS, JOINT])
def test_every_network_trains_predicts_and_survives_saving(model, tmp_path):
    data = [made_up("E1"), made_up("E2", seed=1)]
    networks, history = train(data, model, seeds=2, settings=quick(model, epochs=2))
    assert set(history["seed"]) == {0, 1} and history.groupby(["epigenome", "seed"])["kept"].sum().eq(1).all()
    save_expression_networks(networks, tmp_path / "w.safetensors", tmp_path / "n.json", preset="default")
    again = load_expression_networks(tmp_path / "w.safetensors", tmp_path / "n.json")
    for one in data:
        table = predict_genes(networks, one, CPU)
        assert set(table["part"]) == {"valid", "test"} and table["score"].between(0, 1).all()
        assert len(table) == 2 * (one.part != "train").sum()
        pd.testing.assert_frame_equal(table, predict_genes(again, one, CPU))


def test_a_network_is_the_same_alone_as_among_other_epigenomes_and_seeds():
    data = [made_up("E1"), made_up("E2", seed=1)]
    alone, _ = train(data[1:], "attentivechrome", settings=quick("attentivechrome", epochs=2))
    among, _ = train(data, "attentivechrome", seeds=3, settings=quick("attentivechrome", epochs=2))
    for name, value in alone.weights["E2"][0].items():
        torch.testing.assert_close(value, among.weights["E2"][0][name], atol=1e-6, rtol=1e-5)


def test_epigenomes_of_different_genes_are_trained_as_if_alone():
    data = [made_up("E1"), made_up("E2", genes=96, seed=1)]
    alone, _ = train(data[1:])
    among, _ = train(data)
    for name, value in alone.weights["E2"][0].items():
        torch.testing.assert_close(value, among.weights["E2"][0][name])


def test_test_genes_change_neither_scaling_nor_weights():
    data = made_up()
    signal = data.signal.copy()
    signal[data.part == "test"] = 1000
    before, _ = train([data])
    after, _ = train([replace(data, signal=signal, label=np.where(data.part == "test", 1 - data.label, data.label))])
    assert before.scaling == after.scaling
    assert all(torch.equal(value, after.weights["E1"][0][name]) for name, value in before.weights["E1"][0].items())


def test_a_network_stopped_in_between_resumes_to_the_same_weights(tmp_path, monkeypatch):
    from promoternets.training import ensemble

    monkeypatch.setattr(ensemble, "SHARE_FOR_CHECKPOINTS", float("inf"))
    undisturbed, _ = train([made_up()], seeds=2)
    epochs = []
    real = ensemble._Stack.run_epoch

    def interrupted(stack):
        epochs.append(stack.epoch)
        if len(epochs) == 3:
            raise KeyboardInterrupt
        real(stack)

    monkeypatch.setattr(ensemble._Stack, "run_epoch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train([made_up()], seeds=2, checkpoints=tmp_path / "points")
    again, _ = train([made_up()], seeds=2, checkpoints=tmp_path / "points")
    for seed in range(2):
        for name, value in undisturbed.weights["E1"][seed].items():
            assert torch.equal(value, again.weights["E1"][seed][name]), name


def test_expression_is_predicted_as_a_number():
    data = made_up()
    networks, history = train([data], target="expression", settings=quick(epochs=30))
    table = predict_genes(networks, data, CPU)
    test = table[table["part"] == "test"]
    assert np.corrcoef(test["label"], test["score"])[0, 1] > 0.8
    assert history["validation_measure"].max() > 0.8


def test_epigenomes_with_other_marks_are_refused():
    with pytest.raises(InputError, match="need the same marks"):
        train([made_up("E1"), made_up("E2", marks=("H3K27me3", "H3K9me3"))])


@pytest.fixture(scope="module")
def trained():
    data = made_up(genes=200)
    return data, train([data], seeds=2, settings=quick(epochs=30))[0]


def test_attention_falls_on_the_planted_bins_and_is_the_mean_of_the_seeds(trained):
    data, networks = trained
    found = explain(networks, data, seed=1, device=CPU)
    on = (data.part == "test") & (found["score"] > 0.5)
    alpha = found["alpha"][on].mean(0)
    planted = np.zeros(BINS)
    planted[PLACE] = 1
    assert np.corrcoef(alpha[1], planted)[0, 1] > 0.7 > np.corrcoef(alpha[0], planted)[0, 1]
    np.testing.assert_allclose(found["alpha"].sum(-1), 1, atol=1e-4)
    np.testing.assert_allclose(found["beta"].sum(-1), 1, atol=1e-4)


def test_saliency_and_class_optimisation_of_deepchrome_point_at_the_planted_bins():
    data = made_up(genes=200)
    networks, _ = train([data], "deepchrome", settings=quick("deepchrome", epochs=6))
    (network,) = networks.networks("E1")
    inputs = networks.inputs("E1", data.signal)
    gradient = saliency(network, inputs, CPU).mean(0)
    assert gradient.shape == (len(MARKS), BINS) and gradient[1, PLACE].mean() > 2 * gradient[0].mean()
    on = class_optimisation(network, inputs.shape[1:], 1, 3, CPU)
    off = class_optimisation(network, inputs.shape[1:], 0, 3, CPU)
    assert on.min() >= 0 and on.max() == 1
    assert on[1, PLACE].mean() > off[1, PLACE].mean()
    assert np.array_equal(on, class_optimisation(network, inputs.shape[1:], 1, 3, CPU))


def test_a_checkpoint_of_other_signal_of_any_epigenome_is_not_resumed(tmp_path, monkeypatch, caplog):
    from promoternets.training import ensemble

    monkeypatch.setattr(ensemble, "SHARE_FOR_CHECKPOINTS", float("inf"))
    real = ensemble._Stack.run_epoch

    def interrupted(stack):
        if stack.epoch == 2:
            raise KeyboardInterrupt
        real(stack)

    monkeypatch.setattr(ensemble._Stack, "run_epoch", interrupted)
    data = [made_up(f"E{number}", seed=number) for number in range(6)]
    with pytest.raises(KeyboardInterrupt):
        train(data, checkpoints=tmp_path / "points")
    monkeypatch.setattr(ensemble._Stack, "run_epoch", real)
    repaired = data[:1] + [replace(data[1], signal=data[1].signal + 1)] + data[2:]
    again, _ = train(repaired, checkpoints=tmp_path / "points")
    anew, _ = train(repaired)
    assert "of another run" in caplog.text
    for name, value in anew.weights["E1"][0].items():
        assert torch.equal(value, again.weights["E1"][0][name]), name
