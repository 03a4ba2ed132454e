"""Numbers worked out from a seed and a place: even, independent, and the same for any number of members."""

import numpy as np
import pytest
import torch
from scipy.stats import kstest
from torch import nn

from promoternets.networks.als_net import ALSNet
from promoternets.networks.draws import derived, uniform
from promoternets.networks.initialisation import drawn_glorot_uniform, glorot_uniform
from promoternets.networks.promoter_cnn import PromoterCNN


def test_a_member_s_numbers_do_not_depend_on_the_others():
    seeds = torch.tensor([5, 2**62, 0])
    together = uniform(seeds, (3, 7))
    assert together.shape == (3, 3, 7) and together.dtype == torch.float32
    for row, seed in enumerate(seeds):
        assert torch.equal(uniform(seed[None], (3, 7))[0], together[row])


def test_the_numbers_are_those_of_splitmix64():
    """The first outputs for seed 1234567, as published with the generator (their highest 24 bits)."""
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    expected = [(value >> 40) * 2.0**-24 for value in published]
    assert uniform(torch.tensor([1234567]), (4,))[0].tolist() == expected


@pytest.mark.parametrize("seed", [0, 1, 2**63 - 1])
def test_numbers_are_even_and_do_not_follow_from_their_neighbours(seed):
    seeds = derived(torch.tensor([seed]), 3)
    numbers = uniform(seeds, (100_000,))[0].double().numpy()
    assert kstest(numbers, "uniform").pvalue > 1e-4
    assert 0 <= numbers.min() and numbers.max() < 1
    others = uniform(derived(torch.tensor([seed]), 4), (100_000,))[0].double().numpy()
    for one, other in ((numbers[:-1], numbers[1:]), (numbers, others)):
        assert abs(np.corrcoef(one, other)[0, 1]) < 0.015  # nearly five standard errors


@pytest.mark.parametrize("build", [lambda: PromoterCNN(4, 64), lambda: ALSNet(1, 32, 64)])
def test_drawn_starting_weights_are_spread_as_glorot_uniform_ones(build):
    network = build()
    glorot_uniform(network)
    drawn = drawn_glorot_uniform(network, torch.tensor([3, 4]))
    assert set(drawn) == {name for name, _ in network.named_parameters()}
    for name, parameter in network.named_parameters():
        value, (one, other) = parameter.detach(), drawn[name]
        if not name.endswith("weight") or "normalise" in name:
            assert torch.equal(one, value) and torch.equal(other, value)
            continue
        assert not torch.equal(one, other)
        if value.numel() > 1000:
            assert float(one.abs().max()) == pytest.approx(float(value.abs().max()), rel=0.02)
            assert float(one.std()) == pytest.approx(float(value.std()), rel=0.05)


def test_normalisations_keep_their_parameters_and_weights_have_their_own_places():
    network = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Linear(8, 8))
    drawn = drawn_glorot_uniform(network, torch.tensor([1]))
    assert torch.equal(drawn["1.weight"], torch.ones(1, 8))
    assert not torch.equal(drawn["0.weight"], drawn["2.weight"])
