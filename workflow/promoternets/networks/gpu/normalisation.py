"""Batch normalisation of several networks, and the softplus after it: two passes to read and one to write.

By PyTorch's operations it takes a dozen passes over the same numbers.
"""

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl

ELEMENTS, WIDEST = 4096, 32  # of a tile; features of a program
WARPS = 8


def normalised_softplus(
    x: torch.Tensor, scale: torch.Tensor, shift: torch.Tensor, epsilon: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return softplus(scale * (x - mean) / sd + shift), with each member's mean and variance of a feature over rows.

    Takes float32 x [members, rows, features], scale and shift [members, features], and what is added to the variance.
    Returns the result, and the means and variances [members, features], which have no gradient.
    """
    return _NormalisedSoftplus.apply(x, scale, shift, epsilon)


class _NormalisedSoftplus(torch.autograd.Function):
    @staticmethod
    def forward(
        context: Any, x: torch.Tensor, scale: torch.Tensor, shift: torch.Tensor, epsilon: float
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        x, out = x.contiguous(), torch.empty_like(x, memory_format=torch.contiguous_format)
        means, variances = torch.empty_like(scale), torch.empty_like(scale)
        _run(_forward, x, scale, shift, means, variances, out, epsilon=epsilon)
        context.save_for_backward(x, scale, shift, means, variances)
        context.epsilon = epsilon
        context.mark_non_differentiable(means, variances)
        context.set_materialize_grads(False)
        return out, means, variances

    @staticmethod
    def backward(context: Any, given: torch.Tensor, *_: Any) -> tuple[torch.Tensor | None, ...]:
        x, scale, shift, means, variances = context.saved_tensors
        to_x, to_scale, to_shift = torch.empty_like(x), torch.empty_like(scale), torch.empty_like(shift)
        _run(
            _backward, x, scale, shift, means, variances, given.contiguous(), to_x, to_scale, to_shift,
            epsilon=context.epsilon,
        )  # fmt: skip
        return to_x, to_scale, to_shift, None


def _run(kernel: Any, x: torch.Tensor, *tensors: torch.Tensor, epsilon: float) -> None:
    members, rows, features = x.shape
    width = min(triton.next_power_of_2(features), WIDEST)
    kernel[members, triton.cdiv(features, width)](
        x, *tensors, rows, features, epsilon, ROWS=ELEMENTS // width, FEATURES=width, num_warps=WARPS
    )


@triton.jit
def _forward(
    x, scale, shift, means, variances, out, rows, features, epsilon,
    ROWS: tl.constexpr, FEATURES: tl.constexpr,  # noqa: N803
):  # fmt: skip
    member = tl.program_id(0).to(tl.int64)
    feature = tl.program_id(1) * FEATURES + tl.arange(0, FEATURES)
    inside, own = feature < features, member * features + feature
    row = tl.arange(0, ROWS)
    place = member * rows * features + row[:, None] * features + feature[None, :]
    # sums of what differs from the first row keep their digits
    first = tl.load(x + member * rows * features + feature, inside, 0.0)
    total = tl.zeros((ROWS, FEATURES), tl.float32)
    squares = tl.zeros((ROWS, FEATURES), tl.float32)
    for start in range(0, rows, ROWS):
        here = (start + row < rows)[:, None] & inside[None, :]
        apart = tl.where(here, tl.load(x + place + start * features, here, 0.0) - first[None, :], 0.0)
        total += apart
        squares += apart * apart
    moved = tl.sum(total, 0) / rows
    mean = first + moved
    variance = tl.sum(squares, 0) / rows - moved * moved
    tl.store(means + own, mean, inside)
    tl.store(variances + own, variance, inside)
    slope = tl.load(scale + own, inside, 0.0) / tl.sqrt(variance + epsilon)
    constant = tl.load(shift + own, inside, 0.0) - mean * slope
    for start in range(0, rows, ROWS):
        here = (start + row < rows)[:, None] & inside[None, :]
        z = tl.load(x + place + start * features, here, 0.0) * slope[None, :] + constant[None, :]
        smooth = tl.maximum(z, 0.0) + tl.log(1 + tl.exp(-tl.abs(z)))
        tl.store(out + place + start * features, smooth, here)


@triton.jit
def _backward(
    x, scale, shift, means, variances, given, to_x, to_scale, to_shift, rows, features, epsilon,
    ROWS: tl.constexpr, FEATURES: tl.constexpr,  # noqa: N803
):  # fmt: skip
    member = tl.program_id(0).to(tl.int64)
    feature = tl.program_id(1) * FEATURES + tl.arange(0, FEATURES)
    inside, own = feature < features, member * features + feature
    row = tl.arange(0, ROWS)
    place = member * rows * features + row[:, None] * features + feature[None, :]
    mean, factor = tl.load(means + own, inside, 0.0), tl.load(scale + own, inside, 0.0)
    inverse = 1 / tl.sqrt(tl.load(variances + own, inside, 0.0) + epsilon)
    constant = tl.load(shift + own, inside, 0.0)
    total = tl.zeros((ROWS, FEATURES), tl.float32)
    along = tl.zeros((ROWS, FEATURES), tl.float32)
    for start in range(0, rows, ROWS):
        here = (start + row < rows)[:, None] & inside[None, :]
        even = (tl.load(x + place + start * features, here, 0.0) - mean[None, :]) * inverse[None, :]
        to_z = tl.load(given + place + start * features, here, 0.0)
        to_z *= tl.sigmoid(even * factor[None, :] + constant[None, :])
        total += to_z
        along += to_z * even
    to_constant, to_factor = tl.sum(total, 0), tl.sum(along, 0)
    tl.store(to_shift + own, to_constant, inside)
    tl.store(to_scale + own, to_factor, inside)
    slope = factor * inverse
    for start in range(0, rows, ROWS):
        here = (start + row < rows)[:, None] & inside[None, :]
        even = (tl.load(x + place + start * features, here, 0.0) - mean[None, :]) * inverse[None, :]
        to_z = tl.load(given + place + start * features, here, 0.0)
        to_z *= tl.sigmoid(even * factor[None, :] + constant[None, :])
        to_value = slope[None, :] * (to_z - (to_constant[None, :] + even * to_factor[None, :]) / rows)
        tl.store(to_x + place + start * features, to_value, here)
