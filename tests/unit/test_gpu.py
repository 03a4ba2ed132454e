"""What runs on a GPU gives what runs on a CPU; all of it is skipped where there is no CUDA device."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from promoternets.als_net.presets import PRESETS as ALS_NET
from promoternets.networks import promoter_cnn, recurrent
from promoternets.networks.als_net import ALSNet
from promoternets.networks.encoding import Encoder
from promoternets.networks.expression import NETWORKS, JointAttentiveChrome
from promoternets.networks.gpu import can_compile
from promoternets.networks.initialisation import drawn_glorot_uniform
from promoternets.networks.promoter_cnn import PromoterCNN
from promoternets.networks.recurrent import BidirectionalLSTM, lstm
from promoternets.training import ensemble
from promoternets.training.device import choose_device
from promoternets.training.ensemble import Task, train_ensemble
from promoternets.training.objectives import REGRESSION
from promoternets.training.settings import TrainingSettings

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device is visible"),
]
PEOPLE, SITES, MEMBERS = 96, 12, 5
CPU = torch.device("cpu")
SHORT = TrainingSettings(optimiser="sgd", learning_rate=0.02, epochs=3, patience=None, batch_size=10, keep="last")


@pytest.fixture
def gpu():
    return choose_device(1)


@pytest.fixture(params=["kernels", "operations"])
def compiled(request, monkeypatch):
    """With kernels of our own, and without, as where there is no compiler."""
    if request.param == "kernels":
        assert can_compile(), "or the operations are tested twice"
    else:
        for module in (recurrent, promoter_cnn):
            monkeypatch.setattr(module, "can_compile", lambda: False)


def promoter_cnns(encoding="one_hot", **changes):
    encoder = Encoder(encoding)
    shape = (MEMBERS, PEOPLE, SITES, *((2,) if encoding == "haplotype" else ()))
    stored = torch.from_numpy(np.random.default_rng(1).integers(-2, 3, shape).astype(np.int8))
    task = Task(
        build=lambda: PromoterCNN(encoder.channels, SITES), seeds=[7, 8, 9, 10, 11],
        inputs=lambda rows: stored[list(rows)], encode=encoder, initialise=drawn_glorot_uniform,
        labels=(torch.arange(PEOPLE) % 2)[None], training=np.arange(64), validation=np.arange(64, PEOPLE),
    )  # fmt: skip
    return replace(task, **changes)


def expression(name):
    signal = torch.from_numpy(np.random.default_rng(2).gamma(0.5, 2, (MEMBERS, PEOPLE, 5, 100)).astype(np.float32))
    return Task(
        build=NETWORKS[name], seeds=[1, 2, 3, 4, 5], inputs=lambda rows: signal[list(rows)],
        encode=lambda stored: stored,
        labels=(torch.arange(PEOPLE) % 2)[None], training=np.arange(64), validation=np.arange(64, PEOPLE),
    )  # fmt: skip


def als_net():
    stored = torch.from_numpy(np.random.default_rng(3).integers(0, 3, (PEOPLE, 4 * 16)).astype(np.int8))
    return Task(
        build=lambda: ALSNet(1, 4, 16, "he"), seeds=[1, 2, 3],
        inputs=lambda rows: stored[None].expand(len(rows), *stored.shape), encode=Encoder("scalar"),
        labels=(torch.arange(PEOPLE) % 2)[None], training=np.arange(64), validation=np.arange(64, PEOPLE),
    )  # fmt: skip


def same(task, settings, gpu, atol, **options):
    on_cpu, on_gpu = (
        train_ensemble(task, settings, device=device, members_at_once=MEMBERS, **options) for device in (CPU, gpu)
    )
    for one, other in zip(on_cpu, on_gpu, strict=True):
        assert one.best_epoch == other.best_epoch and len(one.history) == len(other.history)
        np.testing.assert_allclose(one.validation_scores, other.validation_scores, atol=atol)
        for name, value in one.weights.items():
            torch.testing.assert_close(other.weights[name], value, atol=atol, rtol=1e-2, msg=name)
    return on_gpu


@pytest.mark.parametrize("encoding", ["one_hot", "scalar", "haplotype"])
def test_promoter_cnns_learn_the_same(gpu, compiled, encoding):
    same(promoter_cnns(encoding), SHORT, gpu, 1e-3)


@pytest.mark.parametrize("optimiser", ["adagrad", "adamw"])
def test_each_optimiser_takes_the_same_steps(gpu, optimiser):
    rate = {"adagrad": 0.005, "adamw": 1e-3}[optimiser]
    same(promoter_cnns(), SHORT.changed(optimiser=optimiser, learning_rate=rate, clip_norm=1.0), gpu, 0.02)


def test_a_rate_that_falls_and_an_offset_count_in_recorded_steps(gpu):
    task = promoter_cnns(offset=torch.linspace(-1, 1, PEOPLE))
    falling = SHORT.changed(learning_rate_decay=0.2)
    found = same(task, falling, gpu, 1e-3)
    steady = train_ensemble(task, SHORT, device=gpu, members_at_once=MEMBERS)
    assert np.abs(found[0].validation_scores - steady[0].validation_scores).max() > 5e-3


def test_dropout_leaves_out_the_same_sites_and_others_in_each_step(gpu):
    same(promoter_cnns(), SHORT.changed(site_dropout=0.3), gpu, 1e-3)


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_networks_of_expression_learn_the_same(gpu, name):
    """At a rate so high that no dropout would show in every network."""
    same(expression(name), SHORT.changed(learning_rate=0.3, unit_dropout=0.5, clip_norm=0.3), gpu, 2e-3)


def test_a_joint_network_and_numbers_to_predict(gpu):
    """One network for two epigenomes, whose number is the last row of a gene's input."""
    one = expression("attentivechrome")
    signal = one.inputs(range(MEMBERS))
    numbers = (torch.arange(PEOPLE) % 2).float()[None, :, None, None].expand(MEMBERS, -1, 1, signal.shape[-1])
    joined = torch.cat([signal, numbers], dim=2)
    task = replace(
        one, build=lambda: JointAttentiveChrome(epigenomes=2), inputs=lambda rows: joined[list(rows)],
        labels=signal.mean((2, 3)), objective=REGRESSION,
    )  # fmt: skip
    same(task, SHORT.changed(learning_rate=0.1, unit_dropout=0.5, site_dropout=0.0), gpu, 2e-3)


@pytest.mark.parametrize("learning", ["", "dense_"])
def test_trained_als_nets_learn_on(gpu, learning):
    settings = SHORT.changed(epochs=1, learning_rate=1e-3)
    start = [member.weights for member in train_ensemble(als_net(), settings, device=CPU, members_at_once=1)]
    found = same(replace(als_net(), start=start, learning=(learning,)), settings, gpu, 2e-3)
    moved = [not torch.equal(found[0].weights[name], start[0][name]) for name in ("block.weight", "dense_16.weight")]
    assert moved == [learning == "", True]
    assert torch.equal(found[0].weights["normalise.running_mean"], start[0]["normalise.running_mean"]) is bool(learning)


def test_als_nets_learn_the_same(gpu):
    """A short while: a change of 1e-7 in the starting weights changes scores by 90 % in fourteen steps."""
    settings = ALS_NET["default"].training.changed(epochs=1, patience=1, batch_size=16, start=0.0)
    same(als_net(), settings, gpu, 0.02)


def test_members_that_stop_early_leave_the_stack(gpu):
    settings = SHORT.changed(epochs=12, patience=2, keep="loss")
    found = same(promoter_cnns(), settings, gpu, 5e-3)
    assert len({len(member.history) for member in found}) > 1, "members stop at different times, else nothing is tested"


@pytest.mark.parametrize("optimiser", ["sgd", "adagrad", "adamw"])
def test_training_that_was_killed_ends_the_same(gpu, tmp_path, monkeypatch, optimiser):
    monkeypatch.setattr(ensemble, "SHARE_FOR_CHECKPOINTS", float("inf"))
    settings = SHORT.changed(epochs=5, optimiser=optimiser, learning_rate=1e-3)
    undisturbed = train_ensemble(promoter_cnns(), settings, device=gpu, members_at_once=MEMBERS)
    whole, epochs = ensemble._Stack.run_epoch, []

    def killed(stack):
        if len(epochs) == 3:
            raise KeyboardInterrupt
        epochs.append(1)
        whole(stack)

    with monkeypatch.context() as patch:
        patch.setattr(ensemble._Stack, "run_epoch", killed)
        with pytest.raises(KeyboardInterrupt):
            train_ensemble(promoter_cnns(), settings, device=gpu, members_at_once=MEMBERS, checkpoint=tmp_path / "c")
    resumed = train_ensemble(promoter_cnns(), settings, device=gpu, members_at_once=MEMBERS, checkpoint=tmp_path / "c")
    for one, other in zip(undisturbed, resumed, strict=True):
        np.testing.assert_allclose(one.validation_scores, other.validation_scores, atol=1e-3)


@pytest.mark.parametrize(("units", "people"), [(16, 5), (32, 16), (32, 50)])
def test_the_recurrence_and_its_gradients_are_those_of_the_cpu(gpu, compiled, units, people):
    torch.manual_seed(1)
    x, inward, own, bias = (
        torch.randn(shape) for shape in ((4, 30, people, 3), (4, 4 * units, 3), (4, 4 * units, units), (4, 4 * units))
    )
    weight = torch.randn(4, 30, people, units)
    results = []
    for device in (CPU, gpu):
        given = [value.clone().to(device).requires_grad_() for value in (x, inward, own * 0.3, bias)]
        hidden = lstm(*given)
        (hidden * weight.to(device)).sum().backward()
        results.append([hidden.detach().cpu(), *(value.grad.cpu() for value in given)])
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other, atol=2e-4, rtol=1e-4)


def test_a_layer_in_both_directions_is_pytorch_s(gpu):
    torch.manual_seed(2)
    layer = BidirectionalLSTM(3, 1, 32)
    x = torch.randn(3, 40, 20, 1)
    torch.testing.assert_close(layer(x), layer.to(gpu)(x.to(gpu)).cpu(), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("features", [4, 32, 148])
def test_the_normalisation_and_its_gradients_are_those_of_the_cpu(gpu, features):
    """Rows of several tiles, and a last one that is not full."""
    torch.manual_seed(4)
    x, scale, shift = torch.randn(3, 3001, features) * 2 + 5, torch.randn(3, features), torch.randn(3, features)
    weight = torch.randn(3, 3001, features)
    results = []
    for device in (CPU, gpu):
        given = [value.clone().to(device).requires_grad_() for value in (x, scale, shift)]
        running = [torch.zeros(3, features, device=device), torch.ones(3, features, device=device)]
        out = promoter_cnn._normalised_softplus(given[0], running, *given[1:], True)
        (out * weight.to(device)).sum().backward()
        results.append(
            [out.detach().cpu(), *(value.cpu() for value in running), *(value.grad.cpu() for value in given)]
        )
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other, atol=2e-3, rtol=1e-4)
