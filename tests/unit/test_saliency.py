"""Saliency: attributions against closed forms, profiles by rank, and the null band."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from promoternets.errors import InputError
from promoternets.saliency.attributions import attribute_sites
from promoternets.saliency.profile import rank_profiles, site_ranks, site_table, summarise_profiles


class Linear(nn.Module):
    """Log-odds w . x over channels and sites."""

    def __init__(self, weights):
        super().__init__()
        self.weights = torch.tensor(weights)

    def forward(self, x):
        log_odds = (x * self.weights).sum((1, 2))
        return torch.stack([torch.zeros_like(log_odds), log_odds], 1)


WEIGHTS = [[1.0, -2.0, 0.0]]


def test_the_gradient_of_a_linear_model_is_its_weights():
    values = attribute_sites([Linear(WEIGHTS)], torch.randn(5, 1, 3), torch.zeros(1, 3), "gradient")
    np.testing.assert_allclose(values, np.tile(WEIGHTS[0], (5, 1)))


def test_integrated_gradients_of_a_linear_model_are_weight_times_distance_from_the_baseline():
    inputs, baseline = torch.tensor([[[2.0, 1.0, 1.0]]]), torch.tensor([[1.0, 0.0, 0.0]])
    values = attribute_sites([Linear(WEIGHTS)], inputs, baseline, "integrated_gradients", steps=4)
    np.testing.assert_allclose(values, [[1.0, -2.0, 0.0]], atol=1e-6)


def test_integrated_gradients_add_up_to_the_change_of_the_log_odds():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(6, 8), nn.Softplus(), nn.Linear(8, 2))
    inputs, baseline = torch.randn(4, 2, 3), torch.randn(2, 3)
    values = attribute_sites([network], inputs, baseline, "integrated_gradients", steps=64)
    odds = [network(x) for x in (inputs, baseline[None])]
    change = (odds[0][:, 1] - odds[0][:, 0]) - (odds[1][:, 1] - odds[1][:, 0])
    np.testing.assert_allclose(values.sum(1), change.detach().numpy(), atol=1e-3)


def test_several_networks_are_averaged_and_an_unknown_method_is_refused():
    networks = [Linear(WEIGHTS), Linear([[3.0, 0.0, 0.0]])]
    values = attribute_sites(networks, torch.zeros(1, 1, 3), torch.zeros(1, 3), "gradient")
    np.testing.assert_allclose(values, [[2.0, -1.0, 0.0]])
    with pytest.raises(InputError, match="gradient or integrated_gradients"):
        attribute_sites(networks, torch.zeros(1, 1, 3), torch.zeros(1, 3), "deeplift")


def test_ranks_count_from_the_tss_and_there_is_no_rank_zero():
    ranks = site_ranks(56, 8)
    assert ranks.tolist()[:1] + ranks.tolist()[55:57] + ranks.tolist()[-1:] == [-56, -1, 1, 8]


def test_the_site_table_keeps_groups_apart_and_leaves_absent_sites_out():
    attribution = np.array([[1.0, -2, 3, 4], [3, 2, 3, 4], [0, 0, 0, 1]])
    table = site_table(attribution, np.array([1, 1, 0]), method="gradient", fold=2, upstream=1,
                       promoters=np.array(["a", "b"]), site_ids=np.array([["s1", "s2"], ["", "s4"]]),
                       distance=np.array([[-5, 3], [0, 9]]))  # fmt: skip
    cases = table[table["group"] == "case"].set_index("site")
    assert list(cases.index) == ["s1", "s2", "s4"]
    assert cases["value"].tolist() == [2, 2, 4] and cases["signed"].tolist() == [2, 0, 4]
    assert cases["rank"].tolist() == [-1, 1, 1] and cases["distance"].tolist() == [-5, 3, 9]


def test_the_null_band_holds_a_profile_without_difference_and_not_one_with():
    generator = np.random.default_rng(1)
    labels = np.tile([0, 1], 100)
    attribution = np.abs(generator.normal(1, 0.1, (200, 20)))
    attribution[labels == 1, 3] += 1.0
    present = np.ones((2, 10), dtype=bool)
    folds = [
        rank_profiles(attribution, labels, present, upstream=8, permutations=100, seed=s).assign(method="gradient")
        for s in (1, 2)
    ]
    table = summarise_profiles(folds).set_index(["group", "rank"])
    outside = (table["value"] < table["low"]) | (table["value"] > table["high"])
    assert outside[("case", -5)] and outside[("control", -5)]
    assert outside.drop([("case", -5), ("control", -5)]).mean() < 0.25


def test_absent_sites_do_not_dilute_a_rank():
    present = np.array([[True, True], [False, True]])
    attribution = np.array([[4.0, 1, 9, 3]] * 4)
    table = rank_profiles(attribution, np.array([0, 1, 0, 1]), present, upstream=1, permutations=0, seed=1)
    cases = table[table["group"] == "case"]
    assert cases["value"].tolist() == [4.0, 2.0] and cases["sites"].tolist() == [1, 2]


def test_the_mean_over_folds_is_of_the_observed_labels_only():
    rows = [("case", 1, 0, value, 2) for value in (1.0, 3.0)] + [("case", 1, 1, 100.0, 2)] * 2
    frames = [
        pd.DataFrame([rows[n], rows[n + 2]], columns=["group", "rank", "permutation", "value", "sites"]).assign(
            method="g"
        )
        for n in (0, 1)
    ]
    table = summarise_profiles(frames)
    assert table["value"].tolist() == [2.0] and table["low"].tolist() == [100.0]
