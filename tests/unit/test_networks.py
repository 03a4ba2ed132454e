"""The networks are the published ones, layer for layer."""

import numpy as np
import pytest
import torch
from torch import fx, nn

from promoternets.errors import InputError
from promoternets.networks import gpu
from promoternets.networks.als_net import ALSNet, Convolution, SeparableConvolution
from promoternets.networks.encoding import Encoder
from promoternets.networks.promoter_cnn import PromoterCNN


def trainable(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)


def test_promoter_cnn_has_the_published_number_of_parameters():
    assert trainable(PromoterCNN(channels=1, sites=64)) == 292_414


def test_als_net_has_the_published_number_of_parameters():
    assert trainable(ALSNet(channels=1, promoters=32, sites=64)) == 841_586


@pytest.mark.parametrize(
    ("layer", "parameters"),
    [(Convolution(32, 64, 3), 18_496), (Convolution(256, 64, 2), 65_600), (Convolution(128, 256, 1), 33_024),
     (SeparableConvolution(64, 128), 8_576), (SeparableConvolution(64, 64), 4_416)],
)  # fmt: skip
def test_each_kind_of_layer_has_the_published_number_of_parameters(layer, parameters):
    assert trainable(layer) == parameters


class _LayerTracer(fx.Tracer):
    def is_leaf_module(self, module, name):
        return isinstance(module, (Convolution, SeparableConvolution)) or super().is_leaf_module(module, name)


def test_als_net_has_24_hidden_layers_on_its_longest_path():
    network = ALSNet()
    weighted = (nn.Conv1d, nn.Linear, Convolution, SeparableConvolution)
    depth: dict[fx.Node, int] = {}
    for node in _LayerTracer().trace(network).nodes:
        before = max((depth[earlier] for earlier in node.all_input_nodes), default=0)
        own = node.op == "call_module" and isinstance(network.get_submodule(node.target), weighted)
        depth[node] = before + own
    assert max(depth.values()) - 1 == 24  # the last weighted layer is the output


def test_als_net_sees_32_blocks_of_64_sites_as_32_pictures_of_16_by_16():
    network, seen = ALSNet(), {}
    network.pictures.register_forward_pre_hook(lambda _module, inputs: seen.update(shape=tuple(inputs[0].shape)))
    network(torch.zeros(2, 1, 2048))
    assert seen["shape"] == (2, 32, 16, 16)


def test_a_block_reaches_only_its_own_picture():
    network, seen = ALSNet().eval(), {}
    network.pictures.register_forward_pre_hook(lambda _module, inputs: seen.update(x=inputs[0].detach().clone()))
    x = torch.zeros(1, 1, 2048)
    network(x)
    before = seen["x"]
    x[:, :, 5 * 64 : 6 * 64] = 2.0
    network(x)
    changed = (seen["x"] - before).abs().amax((0, 2, 3)) > 0
    assert changed.nonzero().flatten().tolist() == [5]


@pytest.mark.parametrize(("promoters", "sites", "channels"), [(4, 64, 1), (7, 20, 4), (64, 8, 2)])
def test_the_networks_work_for_any_number_of_promoters_and_sites(promoters, sites, channels):
    assert ALSNet(channels, promoters, sites)(torch.zeros(3, channels, promoters * sites)).shape == (3, 2)
    assert PromoterCNN(channels, sites)(torch.zeros(3, channels, sites)).shape == (3, 2)


def test_an_even_kernel_is_padded_on_the_right_and_at_the_bottom():
    layer = Convolution(1, 1, 2)
    nn.init.ones_(layer.convolve.weight)
    nn.init.zeros_(layer.convolve.bias)
    picture = torch.zeros(1, 1, 3, 3)
    picture[0, 0, 0, 0] = 1.0
    assert layer(picture)[0, 0].tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, 0]]


def test_encodings_of_a_row_with_every_value():
    row = torch.tensor([[0, 1, 2, -1, -2]], dtype=torch.int8)
    assert Encoder("one_hot")(row)[0].tolist() == [[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0]]
    assert Encoder("scalar")(row)[0].tolist() == [[0, 1, 2, -1, -1]]
    haplotypes = torch.tensor([[[0, 1], [1, 1], [-1, -1], [-2, -2]]], dtype=torch.int8)
    assert Encoder("haplotype")(haplotypes)[0].tolist() == [[0, 1, -1, -1], [1, 1, -1, -1]]


def test_standardising_learns_from_the_people_it_is_given_and_from_no_other():
    training = np.array([[0, 2, -1], [2, 2, 1], [-1, 2, 1]], dtype=np.int8)
    encoder = Encoder("standardised").fit(training)
    encoded = encoder(torch.tensor([[0, 2, -1], [2, 0, -2]], dtype=torch.int8))
    assert encoded[:, 0].tolist() == [[-1, 0, 0], [1, -2, 0]]


def test_an_unknown_encoding_is_one_clear_error():
    with pytest.raises(InputError, match="one_hot, scalar"):
        Encoder("onehot")


@pytest.mark.parametrize(("channels", "training"), [(1, True), (4, True), (4, False)])
def test_promoter_cnns_side_by_side_are_each_the_network_by_itself(channels, training):
    """Outputs, gradients of all parameters, and running means."""
    torch.manual_seed(3)
    networks = [PromoterCNN(channels, 12).train(training) for _ in range(3)]
    x = torch.randint(0, 2, (3, 20, channels, 12)).float()
    parameters, buffers = nn_stacked(networks)
    outputs = networks[0].side_by_side(parameters, buffers, x)
    outputs.square().sum().backward()
    for index, network in enumerate(networks):
        own = network(x[index])
        own.square().sum().backward()
        torch.testing.assert_close(outputs[index], own, atol=1e-5, rtol=1e-4)
        for name, value in network.named_parameters():
            torch.testing.assert_close(parameters[name].grad[index], value.grad, atol=2e-3, rtol=1e-3)
        for name, value in network.named_buffers():
            torch.testing.assert_close(buffers[name][index], value)


def nn_stacked(networks):
    """Return copies of parameters, which learn, and of buffers."""
    parameters = {name: torch.stack([dict(one.named_parameters())[name].detach() for one in networks]).requires_grad_()
                  for name, _ in networks[0].named_parameters()}  # fmt: skip
    buffers = {name: torch.stack([dict(one.named_buffers())[name].clone() for one in networks])
               for name, _ in networks[0].named_buffers()}  # fmt: skip
    return parameters, buffers


@pytest.mark.parametrize(
    ("missing", "said"),
    [("find_spec", "Triton not found"), ("which", "a C compiler not found"), ("get_path", "header files not found")],
)
def test_what_kernels_of_a_gpu_lack_is_said_once(monkeypatch, caplog, tmp_path, missing, said):
    (tmp_path / "Python.h").touch()
    monkeypatch.setattr(gpu, "find_spec", lambda name: None if missing == "find_spec" else name)
    monkeypatch.setattr(gpu.shutil, "which", lambda name: None if missing == "which" else name)
    place = str(tmp_path / "nowhere" if missing == "get_path" else tmp_path)
    monkeypatch.setattr(gpu.sysconfig, "get_path", lambda name: place)
    gpu.can_compile.cache_clear()
    try:
        assert not gpu.can_compile() and not gpu.can_compile()
    finally:
        gpu.can_compile.cache_clear()
    assert [record.getMessage().count(said) for record in caplog.records] == [1]
