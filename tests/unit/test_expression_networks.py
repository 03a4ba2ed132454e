"""The expression networks: published sizes, attention that sums to 1, and the same numbers as a slow reference."""

import numpy as np
import pytest
import torch
from torch import nn

from promoternets.errors import InputError
from promoternets.networks.expression import NETWORKS, AttentiveChrome, DeepChrome, JointAttentiveChrome
from promoternets.networks.published_weights import convert_published_weights, read_published_weights
from promoternets.networks.recurrent import BidirectionalLSTM

MARKS, BINS, GENES = 5, 100, 6
WITH_ATTENTION = [name for name, network in NETWORKS.items() if hasattr(network, "attend")]


def parameters(network):
    return sum(value.numel() for value in network.parameters())


def signal(genes=GENES, seed=0):
    return torch.randn(genes, MARKS, BINS, generator=torch.Generator().manual_seed(seed))


def test_deepchrome_has_the_published_number_of_parameters():
    assert parameters(DeepChrome()) == 644_177


def test_attentivechrome_has_the_published_number_of_parameters():
    assert parameters(AttentiveChrome()) == 55_681


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(("marks", "bins"), [(5, 100), (7, 40)])
def test_every_network_takes_any_number_of_marks_and_bins(name, marks, bins):
    network = NETWORKS[name](marks, bins)
    outputs = network(torch.randn(3, marks, bins))
    assert outputs.shape == (3, 1 if name == "attentivechrome" else 2)
    dropped = network(torch.randn(3, marks, bins), torch.zeros(3, network.droppable))
    assert torch.allclose(dropped[0], dropped[1]), "with every feature dropped all genes look alike"


@pytest.mark.parametrize("name", WITH_ATTENTION)
def test_attention_is_positive_and_sums_to_one_in_every_row(name):
    _, alpha, beta = NETWORKS[name]().attend(3 * signal())
    assert alpha.shape in ((GENES, MARKS, BINS), (GENES, 1, BINS)) and (alpha > 0).all()
    assert torch.allclose(alpha.sum(-1), torch.ones(alpha.shape[:2]), atol=1e-5)
    if name in ("attentivechrome", "cnn_alpha_beta"):
        assert beta.shape == (GENES, MARKS) and torch.allclose(beta.sum(-1), torch.ones(GENES), atol=1e-5)


class SlowAttentiveChrome(nn.Module):
    """The published network written plainly: loops over genes, marks and bins, PyTorch's LSTM, one gene at a time."""

    def __init__(self):
        super().__init__()
        self.marks = nn.ModuleList(nn.LSTM(1, 32, bidirectional=True) for _ in range(MARKS))
        self.bin_vectors = nn.ParameterList(nn.Parameter(torch.randn(64, 1)) for _ in range(MARKS))
        self.over_marks = nn.LSTM(64, 16, bidirectional=True)
        self.mark_vector = nn.Parameter(torch.randn(32, 1))
        self.head = nn.Linear(32, 1)

    @staticmethod
    def attend(states, vector):
        scores = torch.stack([(state @ vector)[0, 0] for state in states])
        weights = torch.exp(scores) / torch.exp(scores).sum()
        return sum(weight * state for weight, state in zip(weights, states, strict=True)), weights

    def forward(self, x):
        outputs, alphas, betas = [], [], []
        for gene in x:
            summaries, alpha = [], []
            for mark, row in enumerate(gene):
                states, _ = self.marks[mark](row[:, None, None])
                summary, weights = self.attend(list(states), self.bin_vectors[mark])
                summaries.append(summary)
                alpha.append(weights)
            states, _ = self.over_marks(torch.stack(summaries))
            summary, beta = self.attend(list(states), self.mark_vector)
            outputs.append(self.head(summary)[0])
            alphas.append(torch.stack(alpha))
            betas.append(beta)
        return torch.stack(outputs), torch.stack(alphas), torch.stack(betas)


@pytest.fixture
def pair():
    torch.manual_seed(3)
    slow = SlowAttentiveChrome()
    network = AttentiveChrome()
    network.load_state_dict(convert_published_weights(dict(slow.state_dict()), where="a test"))
    return slow, network


def test_attentivechrome_gives_the_outputs_and_attention_of_the_slow_reference(pair):
    slow, network = pair
    for ours, reference in zip(network.attend(signal()), slow(signal()), strict=True):
        assert torch.allclose(ours, reference, atol=1e-5)


def test_attentivechrome_has_the_gradients_of_the_slow_reference(pair):
    slow, network = pair
    for one in (slow, network):
        out = one(signal())
        (out if torch.is_tensor(out) else out[0]).square().sum().backward()
    gradients = dict(slow.named_parameters())
    of_bins = torch.stack([vector.grad[:, 0] for vector in slow.bin_vectors])
    assert torch.allclose(network.bin_attention.context.grad, of_bins, atol=1e-4)
    assert torch.allclose(network.output.weight.grad, slow.head.weight.grad, atol=1e-4)
    for mark in range(MARKS):
        for direction, suffix in enumerate(("", "_reverse")):
            for layer in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                expected = gradients[f"marks.{mark}.{layer}_l0{suffix}"].grad
                ours = getattr(network.bin_lstm, layer).grad[mark, direction]
                assert torch.allclose(ours, expected, atol=1e-4, rtol=1e-3), (mark, layer, suffix)
    expected = gradients["over_marks.weight_hh_l0_reverse"].grad
    assert torch.allclose(network.mark_lstm.weight_hh.grad[0, 1], expected, atol=1e-4)


def test_the_batched_lstm_of_a_gpu_equals_pytorch_s_in_outputs_and_gradients():
    torch.manual_seed(0)
    layer = BidirectionalLSTM(3, 2, 8)
    x = torch.randn(3, 20, 4, 2, requires_grad=True)
    weight = torch.randn(3, 20, 4, 16)
    results = []
    for run in (layer, layer.batched):
        out = run(x)
        results.append((out, *torch.autograd.grad((out * weight).sum(), [x, *layer.parameters()])))
    for ours, reference in zip(*results, strict=True):
        assert torch.allclose(ours, reference, atol=1e-4), (ours - reference).abs().max()


def test_the_batched_lstm_stacks_members_as_it_computes_them_alone():
    class Batched(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = BidirectionalLSTM(2, 1, 4)

        def forward(self, x):
            return self.layer.batched(x)

    members = [Batched() for _ in range(3)]
    parameters, _ = torch.func.stack_module_state(members)
    parameters = {name: value.detach().requires_grad_() for name, value in parameters.items()}
    x = torch.randn(3, 2, 10, 5, 1)
    stacked = torch.func.vmap(lambda state, x: torch.func.functional_call(members[0], state, (x,)))(parameters, x)
    stacked.square().sum().backward()
    for number, member in enumerate(members):
        alone = member(x[number])
        assert torch.allclose(stacked[number], alone, atol=1e-6)
        gradients = torch.autograd.grad(alone.square().sum(), list(member.parameters()))
        for (name, _), gradient in zip(member.named_parameters(), gradients, strict=True):
            assert torch.allclose(parameters[name].grad[number], gradient, atol=1e-5), name


def test_a_joint_network_tells_epigenomes_apart_by_the_last_row_alone():
    network = JointAttentiveChrome(epigenomes=3)
    rows = [torch.cat([signal(), torch.full((GENES, 1, BINS), float(number))], dim=1) for number in (0, 2)]
    first, third = (network.attend(row) for row in rows)
    assert not torch.allclose(first[0], third[0])
    assert torch.equal(first[1], third[1]), "attention reads the signal"


def test_published_weights_survive_a_file_and_other_files_are_refused(tmp_path, pair):
    slow, network = pair
    torch.save(slow.state_dict(), tmp_path / "state.pt")
    state = read_published_weights(tmp_path / "state.pt")
    assert all(torch.equal(value, network.state_dict()[name]) for name, value in state.items())
    assert len(slow.state_dict()) == 56
    torch.save(DeepChrome().state_dict(), tmp_path / "other.pt")
    (tmp_path / "text.pt").write_text("no weights")
    torn = (tmp_path / "state.pt").read_bytes()
    (tmp_path / "torn.pt").write_bytes(torn[: len(torn) // 2])
    for name in ("other.pt", "text.pt", "torn.pt", "absent.pt"):
        with pytest.raises(InputError, match=name):
            read_published_weights(tmp_path / name)


def test_cnn_attention_sees_as_many_positions_as_bins_and_the_right_one():
    network = NETWORKS["cnn_attn"]()
    network.eval()
    at = []
    for place in (10, 80):
        x = torch.zeros(1, MARKS, BINS, requires_grad=True)
        encoded = network.convolution(nn.functional.pad(x, (4, 5)))
        (gradient,) = torch.autograd.grad(encoded[0, :, place].sum(), x)
        at.append(np.flatnonzero(gradient.abs().sum((0, 1)).numpy()))
    assert at[0].min() == 6 and at[0].max() == 15 and at[1].min() == 76
