"""Training, ours beside loops as people write them: Promoter-CNNs, ALS-Net and AttentiveChrome on the same examples.

Both sides start from the same weights and see the examples in the same order, so that the scores of people or genes
that did not train a network are the same, up to rounding.
"""

from __future__ import annotations

import logging
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from bench.frame import Benchmark, Different, Unavailable
from promoternets.als_net.presets import PRESETS as ALS_NET
from promoternets.chromatin.presets import preset as chromatin_preset
from promoternets.networks.als_net import ALSNet
from promoternets.networks.encoding import Encoder
from promoternets.networks.expression import AttentiveChrome
from promoternets.networks.initialisation import drawn_glorot_uniform
from promoternets.networks.promoter_cnn import KERNEL, PromoterCNN
from promoternets.networks.stretches import Stretches
from promoternets.ranking.presets import PRESETS as RANKING
from promoternets.seeds import derive
from promoternets.simulation.haplotypes import (
    alternate_counts,
    alternate_frequencies,
    simulate_haplotypes,
    site_positions,
)
from promoternets.training.device import choose_device
from promoternets.training.ensemble import Task, train_ensemble
from promoternets.training.settings import TrainingSettings

SITES = 64
MOST_APART = 0.05  # of scores, in their standard deviations


@dataclass(frozen=True)
class Case:
    """What both sides train on: each member's task, and how.

    Attributes
    ----------
    task, settings, at_once : as `train_ensemble` takes them.
    plain : returns a member's network as the peer writes it, with the same starting weights.
    examples : training examples times epochs times networks.
    """

    task: Task
    settings: TrainingSettings
    at_once: int
    plain: Callable[[int], nn.Module]

    @property
    def examples(self) -> int:
        """Return examples times epochs times networks."""
        return len(self.task.training) * self.settings.epochs * len(self.task.seeds)

    def order(self, member: int, epoch: int) -> torch.Tensor:
        """Return the order in which a member sees its examples in an epoch: the trainer's."""
        generator = torch.Generator().manual_seed(derive(self.task.seeds[member], "order", epoch))
        return torch.as_tensor(self.task.training)[torch.randperm(len(self.task.training), generator=generator)]


def ours(case: Case, device: torch.device) -> np.ndarray:
    """Train by the ensemble trainer; scores float32 [networks, validation examples]."""
    members = train_ensemble(
        case.task, case.settings, device=device, members_at_once=case.at_once, keep_weights=False, what="benchmark"
    )
    return np.stack([member.validation_scores for member in members])


def peer(case: Case, *, loader: bool = False) -> np.ndarray:
    """Train one network after another in a plain loop, its examples in batches cut from a tensor or by a DataLoader."""
    return np.stack([_plain(case, member, loader) for member in range(len(case.task.seeds))])


def _plain(case: Case, member: int, loader: bool) -> np.ndarray:
    task, settings = case.task, case.settings
    network = case.plain(member)
    inputs = task.encode(task.inputs([member])[0])
    labels = task.labels[0 if len(task.labels) == 1 else member].long()
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay, eps=1e-6
    )
    for epoch in range(1, settings.epochs + 1):
        network.train()
        order = case.order(member, epoch)
        for x, y in _batches(inputs, labels, order, settings.batch_size, loader):
            optimiser.zero_grad()
            outputs = network(x)
            if outputs.shape[1] == 1:
                loss = functional.binary_cross_entropy_with_logits(outputs[:, 0], y.float())
            else:
                loss = functional.cross_entropy(outputs, y)
            loss.backward()
            if settings.clip_norm is not None:
                nn.utils.clip_grad_norm_(network.parameters(), settings.clip_norm)
            optimiser.step()
        network.eval()
        with torch.no_grad():
            outputs = torch.cat([network(inputs[part]) for part in torch.as_tensor(task.validation).split(512)])
    return (outputs[:, 0] if outputs.shape[1] == 1 else outputs[:, 1] - outputs[:, 0]).numpy()


class _Examples(Dataset):
    def __init__(self, inputs: torch.Tensor, labels: torch.Tensor) -> None:
        self.inputs, self.labels = inputs, labels

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        return self.inputs[index], self.labels[index]


def _batches(
    inputs: torch.Tensor, labels: torch.Tensor, order: torch.Tensor, size: int, loader: bool
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield equal batches no larger than `size`, as the trainer cuts them."""
    parts = order.tensor_split(-(-len(order) // size))
    if loader:
        yield from DataLoader(_Examples(inputs, labels), batch_sampler=[part.tolist() for part in parts])
    else:
        for part in parts:
            yield inputs[part], labels[part]


def rate(device: torch.device) -> float:
    """Return GFLOP/s of products of matrices in fp32, the best of ten: on one thread of a CPU, or on a GPU."""
    on_gpu = device.type == "cuda"
    size = 8192 if on_gpu else 1024
    a, seconds = torch.randn(size, size, device=device), []
    for _ in range(10):
        start = time.perf_counter()
        a @ a
        if on_gpu:
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    return 2 * size**3 / 1e9 / min(seconds)


class Training(Benchmark):
    """One thread; the peer has the allocator's setting of `training.device`, which it would not have by itself."""

    pairs = 3
    multiplications: float  # of an example's forward pass

    def peer_version(self) -> str:
        if self.device == "gpu" and not torch.cuda.is_available():
            raise Unavailable("needs a GPU and a CUDA build of PyTorch")
        return f"PyTorch {torch.__version__}"

    @abstractmethod
    def case(self) -> Case:
        """Return what both sides train on."""

    def prepare(self, folder: Path) -> None:
        logging.getLogger("promoternets").setLevel(logging.ERROR)
        self.where = choose_device(int(self.device == "gpu"))
        self.made, speed = self.case(), rate(self.where)
        work = 6 * self.multiplications * self.made.examples / 1e9  # forward, and twice as much backward
        of = "a core" if self.device == "cpu" else "the GPU"
        self.floor = f"{work:.0f} GFLOP in dense layers at {speed:.0f} GFLOP/s of {of}: {work / speed:.2g} s"

    def ours(self, out: Path) -> np.ndarray:
        return ours(self.made, self.where)

    def run_peer(self, out: Path) -> np.ndarray:
        return peer(self.made)

    def check_equal(self, ours: np.ndarray, peer: np.ndarray) -> str:
        apart = np.abs(ours - peer).max() / peer.std()
        if not apart <= MOST_APART:
            raise Different(f"scores differ by up to {apart:.2g} standard deviations")
        return f"{ours.size:,} scores after training, to {apart:.1g} of their standard deviation"


# Promoter-CNN, goal 2


class PlainPromoterCNN(nn.Module):
    """The network of Yin et al. 2019 as one writes it with PyTorch's layers."""

    def __init__(self, channels: int, sites: int) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv1d(channels, 4, 1), nn.BatchNorm1d(4), nn.Softplus(),
            nn.Conv1d(4, 32, 4), nn.BatchNorm1d(32), nn.Softplus(), nn.Flatten(),
            nn.Linear(32 * (sites - 3), 148), nn.BatchNorm1d(148), nn.Softplus(),
            nn.Linear(148, 16), nn.BatchNorm1d(16), nn.Softplus(), nn.Linear(16, 2),
        )  # fmt: skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits [people, 2] of [people, channels, sites]."""
        return self.features(x)


def blocks(people: int, promoters: int, *, spacing: int = 100_000, seed: int = 1) -> np.ndarray:
    """Return genotypes int8 [promoters, people, 64]: common sites around genes of a simulated chromosome."""
    trees = simulate_haplotypes(
        chromosome="1", people=people, genes=promoters, gene_spacing=spacing, effective_size=10_000,
        mutation_rate=1.25e-8, recombination_rate=1e-8, seed=seed,
    )  # fmt: skip
    frequency = alternate_frequencies(trees)
    kept = np.flatnonzero(np.minimum(frequency, 1 - frequency) >= 0.01)
    positions = np.asarray(site_positions(trees))[kept]
    first = np.searchsorted(positions, spacing * np.arange(promoters) + spacing // 2) - 56
    first = first.clip(0, len(kept) - SITES)
    return np.stack([alternate_counts(trees, kept[start : start + SITES]).T for start in first]).astype(np.int8)


def ranking(*, people: int = 2048, promoters: int = 16, epochs: int = 2) -> Case:
    """Promoter-CNNs of the default preset; a tenth as many people again are scored after each epoch."""
    genotypes = torch.from_numpy(blocks(people + people // 10, promoters))
    labels = torch.from_numpy(np.random.default_rng(2).integers(0, 2, genotypes.shape[1]))[None]
    encoder = Encoder("one_hot")
    task = Task(
        build=lambda: PromoterCNN(encoder.channels, SITES),
        seeds=[derive(1, "benchmark", number) for number in range(promoters)],
        inputs=lambda members: genotypes[list(members)],
        encode=encoder,
        initialise=drawn_glorot_uniform,
        share=lambda stored, chosen: Stretches(stored, chosen, encoder, KERNEL),
        labels=labels,
        training=np.arange(people),
        validation=np.arange(people, genotypes.shape[1]),
    )

    def plain(member: int) -> nn.Module:
        network = PlainPromoterCNN(encoder.channels, SITES)
        own = task.network(member).state_dict()
        dense = own["dense_148.weight"]  # ours reads position by position, a flattened picture filter by filter
        own["dense_148.weight"] = dense.unflatten(1, (-1, 32)).transpose(1, 2).flatten(1)
        network.load_state_dict(dict(zip(network.state_dict(), own.values(), strict=True)))
        return network

    settings = RANKING["default"].changed(epochs=epochs, patience=epochs, class_weights=False, keep="last")
    return Case(task, settings, 16, plain)


class PromoterCNNs(Training):
    """16 promoters, a stack of the ranking, x 2,048 people x 2 epochs, batches of 64 cut from a tensor."""

    name = "training: Promoter-CNNs, 16 promoters x 2,048 people x 2 epochs"
    peer = "a PyTorch loop over tensors"
    goal = 3.0
    multiplications = 0.324e6

    def case(self) -> Case:
        return ranking()


class PromoterCNNsLoader(PromoterCNNs):
    """The same, batches from a DataLoader."""

    peer = "a PyTorch loop over a DataLoader"

    def run_peer(self, out: Path) -> np.ndarray:
        return peer(self.made, loader=True)


# ALS-Net, goal 3


def als_net(*, people: int = 427, epochs: int = 2) -> Case:
    """ALS-Net on 32 promoters; the demo's number of people."""
    genotypes = blocks(people + people // 4, 32)
    stored = torch.from_numpy(genotypes.swapaxes(0, 1).reshape(genotypes.shape[1], -1))
    alleles = stored[:, :256].sum(1)
    labels = (alleles > alleles.median()).long()[None]
    task = Task(
        build=lambda: ALSNet(1, 32, SITES, "he"),
        seeds=[derive(1, "benchmark", 1)],
        inputs=lambda members: stored[None].expand(len(members), *stored.shape),
        encode=Encoder("scalar"),
        labels=labels,
        training=np.arange(people),
        validation=np.arange(people, len(stored)),
    )
    # without dropped sites, whose random numbers a plain loop draws otherwise
    settings = ALS_NET["default"].training.changed(epochs=epochs, class_weights=False, keep="last", site_dropout=0.0)
    return Case(task, replace(settings, patience=None), 1, task.network)


class PromoterCNNsOnGPU(PromoterCNNs):
    """128 promoters at once; the loop trains them on one core."""

    name = "training: Promoter-CNNs, 128 promoters x 2,048 people x 2 epochs"
    device = "gpu"
    goal = 200.0
    pairs = 1

    def case(self) -> Case:
        return replace(ranking(promoters=128), at_once=128)


class ALSNets(Training):
    """427 people x 2 epochs, batches of 32 from a DataLoader."""

    name = "training: ALS-Net, 427 people x 2 epochs"
    peer = "a PyTorch loop over a DataLoader"
    goal = 3.0
    multiplications = 29.4e6

    def case(self) -> Case:
        return als_net()

    def run_peer(self, out: Path) -> np.ndarray:
        return peer(self.made, loader=True)

    def check_equal(self, *_: np.ndarray) -> str:
        """Compare after three steps: a change of 1e-7 in the starting weights changes scores by 90 % in fourteen."""
        short = als_net(people=96, epochs=1)
        return f"{super().check_equal(ours(short, self.where), peer(short))}, after three steps"


class ALSNetsOnGPU(ALSNets):
    """10 epochs; the loop trains on one core."""

    name = "training: ALS-Net, 427 people x 10 epochs"
    device = "gpu"
    goal = 10.0
    pairs = 1

    def case(self) -> Case:
        return als_net(epochs=10)


# AttentiveChrome, goal 5


class PlainAttentiveChrome(nn.Module):
    """LSTM-alpha,beta written after the paper (Singh et al. 2017): one LSTM after another, attention step by step."""

    def __init__(self, marks: int = 5) -> None:
        super().__init__()
        self.bins = nn.ModuleList(nn.LSTM(1, 32, bidirectional=True) for _ in range(marks))
        self.bin_contexts = nn.ParameterList(nn.Parameter(torch.zeros(64, 1)) for _ in range(marks))
        self.marks = nn.LSTM(64, 16, bidirectional=True)
        self.mark_context = nn.Parameter(torch.zeros(32, 1))
        self.output = nn.Linear(32, 1)

    @staticmethod
    def attend(states: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        """Return the weighted mean [genes, features] of states [steps, genes, features]."""
        weights = torch.softmax(torch.cat([state @ context for state in states], dim=1), dim=1)
        return torch.bmm(weights[:, None], states.transpose(0, 1))[:, 0]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return log-odds [genes, 1] of [genes, marks, bins]."""
        summaries = []
        for mark, (layer, context) in enumerate(zip(self.bins, self.bin_contexts, strict=True)):
            states, _ = layer(x[:, mark].T[..., None])
            summaries.append(self.attend(states, context))
        states, _ = self.marks(torch.stack(summaries))
        return self.output(self.attend(states, self.mark_context))

    def load(self, own: dict[str, torch.Tensor]) -> None:
        """Take the weights of `networks.expression.AttentiveChrome`."""
        with torch.no_grad():
            for layers, name in ((self.bins, "bin_lstm"), ([self.marks], "mark_lstm")):
                for group, layer in enumerate(layers):
                    for direction, suffix in enumerate(("", "_reverse")):
                        for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                            getattr(layer, f"{part}_l0{suffix}").copy_(own[f"{name}.{part}"][group, direction])
            for group, context in enumerate(self.bin_contexts):
                context.copy_(own["bin_attention.context"][group][:, None])
            self.mark_context.copy_(own["mark_attention.context"][0][:, None])
            self.output.weight.copy_(own["output.weight"])
            self.output.bias.copy_(own["output.bias"])


def attentive_chrome(*, genes: int = 6601, epigenomes: int = 1, epochs: int = 1) -> Case:
    """AttentiveChrome by the published settings (Adam, batches of 16), a tenth as many genes scored after an epoch."""
    random = np.random.default_rng(3)
    signal = random.gamma(0.5, 2.0, (epigenomes, genes + genes // 10, 5, 100)).astype(np.float32)
    inputs = torch.from_numpy(signal)
    labels = torch.from_numpy(random.integers(0, 2, inputs.shape[:2]))
    settings = chromatin_preset("published", "attentivechrome").training.changed(epochs=epochs, keep="last")
    task = Task(
        build=AttentiveChrome,
        seeds=[derive(1, "benchmark", number) for number in range(epigenomes)],
        inputs=lambda members: inputs[list(members)],
        encode=lambda stored: stored,
        labels=labels,
        training=np.arange(genes),
        validation=np.arange(genes, inputs.shape[1]),
    )

    def plain(member: int) -> nn.Module:
        network = PlainAttentiveChrome()
        network.load(task.network(member).state_dict())
        return network

    return Case(task, settings, 8, plain)


class AttentiveChromes(Training):
    """6,601 genes, one epoch, batches of 16."""

    name = "training: AttentiveChrome, 6,601 genes"
    peer = "a plain re-implementation, mark by mark"
    goal = 5.0
    multiplications = 4.3e6

    def case(self) -> Case:
        return attentive_chrome()


class AttentiveChromesOnGPU(AttentiveChromes):
    """The same; the plain network trains on one core."""

    device = "gpu"
    goal = 20.0
    pairs = 1


class Together(Training):
    """8 epigenomes of 512 genes: networks in one ensemble, and each in one of its own."""

    name = "training: AttentiveChrome, 8 epigenomes together"
    peer = "ours, one after another"
    goal = 3.0
    multiplications = 4.3e6

    def case(self) -> Case:
        return attentive_chrome(genes=512, epigenomes=8)

    def run_peer(self, out: Path) -> np.ndarray:
        return ours(replace(self.made, at_once=1), self.where)


class TogetherOnGPU(Together):
    """56 epigenomes of 512 genes, side by side and one after another."""

    name = "training: AttentiveChrome, 56 epigenomes together"
    device = "gpu"
    pairs = 1

    def case(self) -> Case:
        return replace(attentive_chrome(genes=512, epigenomes=56), at_once=56)


BENCHMARKS: list[Benchmark] = [
    PromoterCNNs(), PromoterCNNsLoader(), PromoterCNNsOnGPU(), ALSNets(), ALSNetsOnGPU(), AttentiveChromes(),
    AttentiveChromesOnGPU(), Together(), TogetherOnGPU(),
]  # fmt: skip
