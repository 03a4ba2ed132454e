"""What people share is computed once: the same numbers, gradients and running means as one after another."""

import numpy as np
import pytest
import torch
from torch.func import stack_module_state
from torch.nn import functional

from promoternets.networks import stretches
from promoternets.networks.encoding import Encoder
from promoternets.networks.promoter_cnn import KERNEL, PromoterCNN
from promoternets.networks.stretches import Stretches
from promoternets.training.ensemble import Task, train_ensemble
from promoternets.training.settings import TrainingSettings

MEMBERS, PEOPLE = 3, 80


def stored(encoding, sites, seed=1):
    """Return blocks in which people share haplotypes, with missing genotypes and absent sites."""
    random = np.random.default_rng(seed)
    haplotypes = random.integers(0, 2, (MEMBERS, 6, sites))
    pair = random.integers(0, 6, (MEMBERS, PEOPLE, 2))
    alleles = np.stack([own[of] for own, of in zip(haplotypes, pair, strict=True)])  # members, people, 2, sites
    alleles[np.broadcast_to(random.random((MEMBERS, PEOPLE, 1, sites)) < 0.02, alleles.shape)] = -1
    alleles[1, :, :, :2] = -2
    both = alleles.swapaxes(2, 3)
    counts = np.where((both < 0).any(3), both.min(3), both.sum(3))
    return torch.from_numpy((both if encoding == "haplotype" else counts).astype(np.int8))


def stack(encoding, sites):
    encoder = Encoder(encoding)
    networks = []
    for seed in range(MEMBERS):
        torch.manual_seed(seed)
        networks.append(PromoterCNN(encoder.channels, sites))
    parameters, buffers = stack_module_state(networks)
    return encoder, networks, {name: value.detach().requires_grad_() for name, value in parameters.items()}, buffers


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("encoding", ["one_hot", "scalar", "haplotype"])
@pytest.mark.parametrize("sites", [4, 7, 12, 20])
def test_a_stack_gives_what_its_networks_give_alone(encoding, sites, training):
    blocks, labels = stored(encoding, sites), torch.arange(PEOPLE) % 2
    encoder, networks, parameters, buffers = stack(encoding, sites)
    people = torch.stack([torch.randperm(PEOPLE)[:30] for _ in range(MEMBERS)])
    networks[0].train(training)
    outputs = networks[0].stacked(parameters, buffers, Stretches(blocks, np.arange(PEOPLE), encoder, KERNEL)[people])
    functional.cross_entropy(outputs.flatten(0, 1), labels[people].flatten()).backward()
    for member, network in enumerate(networks):
        alone = network.train(training)(encoder(blocks[member, people[member]]))
        (functional.cross_entropy(alone, labels[people[member]]) / MEMBERS).backward()
        torch.testing.assert_close(outputs[member], alone, atol=1e-4, rtol=1e-4)
        for name, value in network.named_parameters():
            torch.testing.assert_close(parameters[name].grad[member], value.grad, atol=1e-5, rtol=1e-3)
        for name, value in network.named_buffers():
            torch.testing.assert_close(buffers[name][member], value, atol=1e-5, rtol=1e-4)


def test_codes_too_many_for_a_table_are_sorted_to_the_same(monkeypatch):
    people = torch.arange(PEOPLE).expand(MEMBERS, -1)
    batches = []
    for limit in (2**22, 0):
        monkeypatch.setattr(stretches, "LARGEST_TABLE", limit)
        batches.append(Stretches(stored("one_hot", 20), np.arange(PEOPLE), Encoder("one_hot"), KERNEL)[people])
    assert torch.equal(batches[0].windows, batches[1].windows)
    for one, other in zip(batches[0].groups, batches[1].groups, strict=True):
        assert torch.equal(one.windows, other.windows) and np.array_equal(one.columns, other.columns)


def test_nothing_depends_on_people_who_may_not_be_asked_for():
    blocks, some = stored("one_hot", 20), np.arange(0, PEOPLE, 2)
    other = blocks.clone()
    other[:, 1::2] = stored("one_hot", 20, seed=2)[:, 1::2]
    people = torch.as_tensor(some[:20]).expand(MEMBERS, -1)
    one, two = (Stretches(own, some, Encoder("one_hot"), KERNEL)[people] for own in (blocks, other))
    assert torch.equal(one.windows, two.windows) and torch.equal(one.window_share, two.window_share)
    assert all(torch.equal(a, b) for a, b in zip(one.takes, two.takes, strict=True))


def test_an_ensemble_that_shares_learns_what_one_learns_that_does_not():
    """Also when members stop at different times and leave the stack."""
    blocks, encoder = stored("one_hot", 12), Encoder("one_hot")
    settings = TrainingSettings(learning_rate=0.003, epochs=12, patience=2, batch_size=16)
    base = dict(
        build=lambda: PromoterCNN(4, 12), seeds=[4, 5, 6], inputs=lambda rows: blocks[list(rows)], encode=encoder,
        labels=(torch.arange(PEOPLE) % 2)[None], training=np.arange(50), validation=np.arange(50, PEOPLE),
    )  # fmt: skip
    plain, sharing = (
        train_ensemble(Task(**base, share=share), settings, device=torch.device("cpu"), members_at_once=3)
        for share in (None, lambda own, people: Stretches(own, people, encoder, KERNEL))
    )
    assert len({len(member.history) for member in plain}) > 1
    for one, other in zip(plain, sharing, strict=True):
        assert one.best_epoch == other.best_epoch
        np.testing.assert_allclose(one.validation_scores, other.validation_scores, atol=2e-3)
        np.testing.assert_allclose(one.history, other.history, atol=2e-2)
