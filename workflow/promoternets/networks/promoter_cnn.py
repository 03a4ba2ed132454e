"""Promoter-CNN: scores one promoter by how well its sites tell cases from controls (Yin et al. 2019)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from promoternets.networks.gpu import can_compile
from promoternets.networks.initialisation import glorot_uniform
from promoternets.networks.stretches import Batch, GroupBatch

FILTERS, WIDE_FILTERS, KERNEL = 4, 32, 4
Tensors = Mapping[str, torch.Tensor]


class PromoterCNN(nn.Module):
    """Five weighted layers: two convolutions along the sites, three dense; softplus, batch normalisation.

    With one channel and 64 sites it has the published 292,414 trainable parameters. No pooling, no dropout.

    Parameters
    ----------
    channels : int
        Channels per site (1 in the published form, 4 one-hot, 2 haplotypes).
    sites : int
        Sites in a block, at least 4 (published: 64).

    Shapes
    ------
    input float32 [people, channels, sites]; output float32 [people, 2], logits of control and case.
    """

    def __init__(self, channels: int = 1, sites: int = 64) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(channels, FILTERS, 1)
        self.normalise_1 = nn.BatchNorm1d(FILTERS)
        self.wide_convolution = nn.Conv1d(FILTERS, WIDE_FILTERS, KERNEL)
        self.normalise_2 = nn.BatchNorm1d(WIDE_FILTERS)
        self.dense_148 = nn.Linear(WIDE_FILTERS * (sites - KERNEL + 1), 148)
        self.normalise_3 = nn.BatchNorm1d(148)
        self.dense_16 = nn.Linear(148, 16)
        self.normalise_4 = nn.BatchNorm1d(16)
        self.output = nn.Linear(16, 2)
        self.activation = nn.Softplus()
        glorot_uniform(self)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits of control and case."""
        x = self.activation(self.normalise_1(self.convolution(x)))
        x = self.activation(self.normalise_2(self.wide_convolution(x)))
        x = self.activation(self.normalise_3(self.dense_148(x.transpose(1, 2).flatten(1))))
        x = self.activation(self.normalise_4(self.dense_16(x)))
        return self.output(x)

    def stacked(self, parameters: Tensors, buffers: Tensors, batch: Batch) -> torch.Tensor:
        """Return logits [members, people, 2] of several networks, from what their people share.

        parameters, buffers : those of the networks, each with a first axis of members; running means are updated in
        training. Three times as fast on a CPU as `forward` of one after another.
        """
        given = [parameters[f"{layer}.{kind}"] for layer in _CONVOLVED for kind in ("weight", "bias")]
        running = [
            [buffers[f"normalise_{number}.{name}"] for name in ("running_mean", "running_var")] for number in (1, 2)
        ]
        x = _Convolutions.apply(batch, running, self.training, parameters["dense_148.weight"], *given)
        x = self._normalised(x + parameters["dense_148.bias"], parameters, buffers, 3)
        x = x.transpose(0, 1) @ parameters["dense_16.weight"].transpose(1, 2)
        x = self._normalised(x.transpose(0, 1) + parameters["dense_16.bias"], parameters, buffers, 4)
        if self.training:
            for number in (1, 2, 3, 4):
                buffers[f"normalise_{number}.num_batches_tracked"].add_(1)
        x = x.transpose(0, 1) @ parameters["output.weight"].transpose(1, 2)
        return x + parameters["output.bias"][:, None]

    def side_by_side(self, parameters: Tensors, buffers: Tensors, x: torch.Tensor) -> torch.Tensor:
        """Return logits [members, people, 2] of several networks, of genotypes [members, people, channels, sites].

        With products of matrices alone, for a GPU: its library works on grouped convolutions one group after another.
        """
        members, people, _, sites = x.shape

        def layer(x: torch.Tensor, name: str) -> torch.Tensor:
            weight = parameters[f"{name}.weight"].flatten(2)
            return torch.baddbmm(parameters[f"{name}.bias"][:, None], x, weight.transpose(1, 2))

        def normalised(x: torch.Tensor, number: int) -> torch.Tensor:
            name = f"normalise_{number}."
            running = [buffers[name + kind] for kind in ("running_mean", "running_var")]
            scale, shift = parameters[name + "weight"], parameters[name + "bias"]
            return _normalised_softplus(x, running, scale, shift, self.training)

        x = normalised(layer(x.transpose(2, 3).flatten(1, 2), "convolution"), 1)
        windows = x.view(members, people, sites, FILTERS).unfold(2, KERNEL, 1).flatten(3).flatten(1, 2)
        x = normalised(layer(windows, "wide_convolution"), 2)
        x = normalised(layer(x.view(members, people, -1), "dense_148"), 3)
        x = normalised(layer(x, "dense_16"), 4)
        if self.training:
            for number in (1, 2, 3, 4):
                buffers[f"normalise_{number}.num_batches_tracked"].add_(1)
        return layer(x, "output")

    def _normalised(self, x: torch.Tensor, parameters: Tensors, buffers: Tensors, number: int) -> torch.Tensor:
        """Normalise [people, members, features], then softplus."""
        name = f"normalise_{number}."
        mean, variance = (buffers[name + kind].view(-1) for kind in ("running_mean", "running_var"))
        weight, bias = (parameters[name + kind].view(-1) for kind in ("weight", "bias"))
        flat = functional.batch_norm(x.flatten(1), mean, variance, weight, bias, self.training, MOMENTUM, EPSILON)
        return functional.softplus(flat).view(x.shape)


_CONVOLVED = ("convolution", "normalise_1", "wide_convolution", "normalise_2")
MOMENTUM, EPSILON = 0.1, 1e-5  # of nn.BatchNorm1d


class _Convolutions(torch.autograd.Function):
    """The layers up to the first dense one without its bias, for each distinct window and stretch once.

    Returns float32 [people, members, 148]. The gradients are worked out by hand, for one pass over the weights.
    """

    @staticmethod
    def forward(
        context: Any, batch: Batch, running: list, training: bool, dense: torch.Tensor, *given: torch.Tensor
    ) -> torch.Tensor:
        narrow, narrow_bias, scale_1, shift_1, wide, wide_bias, scale_2, shift_2 = given
        members = len(narrow)
        raw = batch.values @ narrow[..., 0].transpose(1, 2) + narrow_bias[:, None]
        site = _Normalised(raw, batch.value_share, batch.sites, scale_1, shift_1, running[0], training)
        around = functional.softplus(site.out).flatten(0, 1).index_select(0, batch.windows)
        around = around.view(members, -1, KERNEL * FILTERS)
        kernels = wide.permute(0, 3, 2, 1).reshape(members, KERNEL * FILTERS, WIDE_FILTERS)
        raw = torch.baddbmm(wide_bias[:, None], around, kernels)
        window = _Normalised(raw, batch.window_share, batch.positions, scale_2, shift_2, running[1], training)
        features = functional.softplus(window.out).flatten(0, 1)
        seen = [features.index_select(0, one.windows) for one in batch.groups]
        sums = [dense.new_empty(take.shape[1], dense.shape[1]) for take in batch.takes]
        for one, own in zip(batch.groups, seen, strict=True):
            for rows, weight, out in zip(*_by_member(one, own, dense, sums), strict=True):
                torch.bmm(rows, weight.mT, out=out)
        context.saved = batch, site, window, around, kernels, seen, dense
        context.set_materialize_grads(False)
        out = [take @ own for take, own in zip(batch.takes, sums, strict=True)]
        return torch.stack(out, dim=1)

    @staticmethod
    def backward(context: Any, given: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        batch, site, window, around, kernels, seen, dense = context.saved
        members = len(dense)
        to_sums = [take.T @ own for take, own in zip(batch.takes, given.unbind(1), strict=True)]
        to_dense = torch.empty_like(dense)
        to_seen = [torch.empty_like(own) for own in seen]
        for one, own, to_own in zip(batch.groups, seen, to_seen, strict=True):
            for rows, weight, to_out in zip(*_by_member(one, to_own, dense, to_sums), strict=True):
                torch.bmm(to_out, weight, out=rows)
            for rows, to_weight, to_out in zip(*_by_member(one, own, to_dense, to_sums), strict=True):
                torch.bmm(to_out.mT, rows, out=to_weight)
        windows = members * window.out.shape[1]
        to_features = sum(
            torch.ops.aten.embedding_dense_backward(to_own, one.windows, windows, -1, False)
            for one, to_own in zip(batch.groups, to_seen, strict=True)
        )
        to_raw, to_scale_2, to_shift_2 = window.backward(to_features.view_as(window.out))
        to_kernels = torch.bmm(around.transpose(1, 2), to_raw)
        to_wide = to_kernels.view(members, KERNEL, FILTERS, WIDE_FILTERS).permute(0, 3, 2, 1)
        to_around = torch.bmm(to_raw, kernels.transpose(1, 2)).view(-1, FILTERS)
        values = members * site.out.shape[1]
        to_sites = torch.ops.aten.embedding_dense_backward(to_around, batch.windows, values, -1, False)
        to_narrow_raw, to_scale_1, to_shift_1 = site.backward(to_sites.view_as(site.out))
        to_narrow = (to_narrow_raw.transpose(1, 2) @ batch.values)[..., None]
        return (
            None, None, None, to_dense, to_narrow, to_narrow_raw.sum(1), to_scale_1, to_shift_1, to_wide,
            to_raw.sum(1), to_scale_2, to_shift_2,
        )  # fmt: skip


def _normalised_softplus(
    x: torch.Tensor, running: list[torch.Tensor], scale: torch.Tensor, shift: torch.Tensor, training: bool
) -> torch.Tensor:
    """Normalise [members, rows, features] over rows, or by the running means, then softplus."""
    if training and x.is_cuda and can_compile():
        from promoternets.networks.gpu.normalisation import normalised_softplus

        out, mean, variance = normalised_softplus(x, scale, shift, EPSILON)
    else:
        variance, mean = torch.var_mean(x, 1, correction=0) if training else running[::-1]
        slope = scale * (variance + EPSILON).rsqrt()
        out = functional.softplus(torch.addcmul((shift - mean * slope)[:, None], x, slope[:, None]))
    if training:
        rows = x.shape[1]
        running[0].lerp_(mean.detach(), MOMENTUM)
        running[1].lerp_(variance.detach() * (rows / (rows - 1)), MOMENTUM)
    return out


class _Normalised:
    """Batch normalisation of rows [members, rows, features] that stand for shares [members, rows] of `count` ones."""

    def __init__(
        self, x: torch.Tensor, share: torch.Tensor, count: int, scale: torch.Tensor, shift: torch.Tensor,
        running: list[torch.Tensor], training: bool,
    ) -> None:  # fmt: skip
        mean, variance = running
        self.share = share[..., None] if training else None
        if training:
            own = torch.bmm(share[:, None], x)
            x = x - own
            spread = torch.bmm(share[:, None], x.square())
            mean.lerp_(own[:, 0], MOMENTUM)
            variance.lerp_(spread[:, 0] * (count / (count - 1)), MOMENTUM)
        else:
            x, spread = x - mean[:, None], variance[:, None]
        inverse = (spread + EPSILON).rsqrt()
        self.x = x * inverse
        self.slope = inverse * scale[:, None]
        self.out = torch.addcmul(shift[:, None], self.x, scale[:, None])

    def backward(self, given: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the gradients to x, scale and shift, from that to softplus of `out`."""
        to_out = torch.ops.aten.softplus_backward(given, self.out, 1, 20)
        to_shift, to_scale = to_out.sum(1), (to_out * self.x).sum(1)
        if self.share is not None:
            to_out = to_out - self.share * torch.addcmul(to_shift[:, None], self.x, to_scale[:, None])
        return to_out * self.slope, to_scale, to_shift


def _by_member(
    one: GroupBatch, seen: torch.Tensor, dense: torch.Tensor, sums: list[torch.Tensor]
) -> list[list[torch.Tensor]]:
    """View what belongs to a group of stretches, for each member.

    seen : float32 [(member, place, stretch, length), filters] -> [places, stretches, length * filters].
    dense : [members, 148, positions * filters] -> [places, 148, length * filters].
    sums : [members][columns, 148] -> [places, stretches, 148].
    """
    places, width = one.group.count, one.group.length * WIDE_FILTERS
    rows = [places * most for most in one.most]
    parts = seen.split([number * one.group.length for number in rows])
    weights = dense.narrow(2, one.group.first * WIDE_FILTERS, places * width)
    return [
        [part.view(places, -1, width) for part in parts],
        list(weights.unflatten(2, (places, width)).transpose(1, 2).unbind(0)),
        [
            own.narrow(0, first, number).view(places, -1, own.shape[1])
            for own, first, number in zip(sums, one.column, rows, strict=True)
        ],
    ]
