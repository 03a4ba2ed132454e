"""ALS-Net on one fold: what it learns from, what it saves, what it predicts."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from promoternets.als_net.presets import PRESETS
from promoternets.als_net.train import history_table, predict_test_people, train_als_net
from promoternets.errors import InputError
from promoternets.formats.outer_fold import OuterFold
from promoternets.formats.selected_store import SelectedStore, write_selected_store
from promoternets.networks.als_net import ALSNet
from promoternets.networks.saved import load_networks, save_networks

CPU = torch.device("cpu")
PEOPLE, PROMOTERS, SITES = 100, 2, 10


def store(path, labels, scramble=None):
    generator = np.random.default_rng(4)
    haplotype = generator.integers(0, 2, (PEOPLE, PROMOTERS, SITES, 2)).astype(np.int8)
    haplotype[:, 0, 2:8] = labels[:, None, None]
    haplotype[3, 1, 4] = -1
    if scramble is not None:
        haplotype[scramble] = np.random.default_rng(9).integers(0, 2, (len(scramble), PROMOTERS, SITES, 2))
    haplotype[:, 1, 0] = -2
    counts = np.where((haplotype < 0).any(3), haplotype.min(3), haplotype.sum(3)).astype(np.int8)
    ids = np.array([[f"1:{p}{s}:A:C" for s in range(SITES)] for p in range(PROMOTERS)], dtype=object)
    ids[1, 0] = ""
    write_selected_store(path, sample_ids=np.array([f"p{n}" for n in range(PEOPLE)], dtype=object), genotype=counts,
                         haplotype=haplotype, promoters=np.array(["a", "b"], dtype=object), site_ids=ids,
                         distance=np.zeros((PROMOTERS, SITES), np.int32), fold=1, upstream=8, downstream=2)  # fmt: skip
    return SelectedStore.open(path)


@pytest.fixture(scope="module")
def people():
    labels = np.array([0, 1, 1, 0, 0] * (PEOPLE // 5))
    return OuterFold(np.array([f"p{n}" for n in range(PEOPLE)], dtype=object), labels, np.tile([1, 2], PEOPLE // 2),
                     np.arange(70), np.arange(70, PEOPLE))  # fmt: skip


@pytest.fixture(scope="module")
def preset():
    chosen = PRESETS["default"]
    return dataclasses.replace(
        chosen, training=chosen.training.changed(epochs=30, batch_size=8, learning_rate=2e-3, patience=30)
    )


@pytest.fixture(scope="module")
def trained(people, preset, tmp_path_factory):
    selected = store(tmp_path_factory.mktemp("s") / "s.zarr", people.labels)
    return selected, *train_als_net(selected, people, preset, seeds=2, seed=1, device=CPU)


def test_it_learns_a_planted_answer(trained, people):
    selected, networks, _ = trained
    table = predict_test_people(networks, selected, people, CPU)
    right = (table["probability"] > 0.5) == (table["phenotype"] == 1)
    assert right.mean() > 0.9 and len(table) == 2 * 30 and set(table["sample"]) == set(people.sample_ids[70:])


def test_seeds_are_different_networks(trained):
    _, networks, _ = trained
    assert not torch.equal(networks.weights[0]["block.weight"], networks.weights[1]["block.weight"])


def test_saved_networks_predict_the_same_after_loading(trained, tmp_path):
    selected, networks, _ = trained
    save_networks(networks, tmp_path / "w.safetensors", tmp_path / "m.json", {"preset": "default"})
    loaded = load_networks(tmp_path / "w.safetensors", tmp_path / "m.json")
    stored = selected.flat()
    np.testing.assert_array_equal(loaded.probabilities(stored), networks.probabilities(stored))
    assert json.loads((tmp_path / "m.json").read_text())["seeds"] == 2
    (tmp_path / "w.safetensors").write_bytes(b"torn")
    with pytest.raises(InputError, match="cannot be read.*Train again"):
        load_networks(tmp_path / "w.safetensors", tmp_path / "m.json")


@pytest.mark.parametrize("encoding", ["standardised", "one_hot", "scalar", "haplotype"])
def test_test_people_change_nothing_that_is_fitted(people, preset, tmp_path, encoding):
    """Neither their genotypes nor their labels reach a weight, the encoder, or another's prediction."""
    quick = dataclasses.replace(preset, encoding=encoding, training=preset.training.changed(epochs=1))
    changed = people.labels.copy()
    changed[people.test] = 1 - changed[people.test]
    other = OuterFold(people.sample_ids, changed, people.inner, people.training, people.test)
    fitted = [
        train_als_net(
            store(tmp_path / f"{number}.zarr", people.labels, scramble), who, quick, seeds=1, seed=1, device=CPU
        )[0]
        for number, (who, scramble) in enumerate([(people, None), (other, people.test)])
    ]
    for name, value in fitted[0].weights[0].items():
        assert torch.equal(value, fitted[1].weights[0][name]), name
    if encoding == "standardised":
        assert torch.equal(fitted[0].encoder.mean, fitted[1].encoder.mean)


def test_weighted_classes_are_moved_back_to_the_share_of_cases(trained, people):
    _, networks, _ = trained
    assert networks.prior == pytest.approx(people.labels[people.training].mean())
    untrained = dataclasses.replace(networks, weights=[ALSNet(1, PROMOTERS, SITES).state_dict()])
    balanced = dataclasses.replace(untrained, prior=0.5)
    stored = np.ones((1, PROMOTERS * SITES), dtype=np.int8)
    odds = [np.log(p / (1 - p)) for p in (untrained.probabilities(stored)[0], balanced.probabilities(stored)[0])]
    assert odds[0] - odds[1] == pytest.approx(np.log(0.4 / 0.6), abs=1e-6)


def test_the_published_preset_is_the_published_training():
    published = PRESETS["published"]
    assert published.encoding == "scalar"
    settings = published.training
    assert (settings.optimiser, settings.learning_rate, settings.learning_rate_decay) == ("adagrad", 0.002, 1e-4)
    assert (settings.epochs, settings.batch_size, settings.patience) == (30, 32, None)
    assert not settings.class_weights and settings.keep == "last"


def test_the_history_says_which_epoch_was_kept(trained):
    table = history_table(trained[2])
    kept = table[table["kept"] == 1]
    assert len(kept) == 2
    for _, rows in table.groupby("seed"):
        assert rows.loc[rows["kept"] == 1, "validation_loss"].iloc[0] == rows["validation_loss"].min()
