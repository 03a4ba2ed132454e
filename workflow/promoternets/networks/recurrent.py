"""Long short-term memory over several independent groups of sequences.

A mark, a direction and an ensemble member each have weights of their own. On a CPU PyTorch's own layer runs once for
each mark: nothing was faster. On a GPU that would be thousands of tiny calls, and `vmap` cannot stack that layer;
there, all groups and steps are one call (`gpu.recurrence`), with the gradient worked out by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from promoternets.networks.gpu import can_compile


class _LSTM(torch.autograd.Function):
    """The recurrence; see `lstm` for what goes in and comes out."""

    @staticmethod
    def forward(x: torch.Tensor, recurrent: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        hidden, cells = (x.new_empty(*x.shape[:-1], recurrent.shape[-1]) for _ in range(2))
        gates = torch.empty_like(x, memory_format=torch.contiguous_format)
        _recurrence(x)[0](x, recurrent, gates, hidden, cells)
        return hidden, gates, cells

    @staticmethod
    def setup_context(context: Any, inputs: tuple, output: tuple) -> None:
        hidden, gates, cells = output
        context.mark_non_differentiable(gates, cells)
        context.set_materialize_grads(False)
        context.save_for_backward(inputs[1], hidden, gates, cells)

    @staticmethod
    def backward(context: Any, from_hidden: torch.Tensor | None, *_: Any) -> tuple[torch.Tensor | None, ...]:
        if from_hidden is None:
            return None, None
        recurrent, hidden, gates, cells = context.saved_tensors
        to_gates = torch.empty_like(gates)
        _recurrence(gates)[1](gates, recurrent, cells, from_hidden.contiguous(), to_gates)
        to_recurrent = None
        if context.needs_input_grad[1]:
            to_recurrent = torch.bmm(to_gates[:, 1:].flatten(1, 2).transpose(1, 2), hidden[:, :-1].flatten(1, 2))
        return to_gates, to_recurrent

    @staticmethod
    def vmap(info: Any, in_dims: tuple, x: torch.Tensor, recurrent: torch.Tensor) -> tuple:
        """Members of an ensemble are more groups."""
        size = info.batch_size

        def folded(value: torch.Tensor, dim: int | None) -> torch.Tensor:
            value = value.expand(size, *value.shape) if dim is None else value.movedim(dim, 0)
            return value.flatten(0, 1)

        outputs = _LSTM.apply(folded(x, in_dims[0]), folded(recurrent, in_dims[1]))
        return tuple(value.unflatten(0, (size, -1)) for value in outputs), (0, 0, 0)


def _recurrence(x: torch.Tensor) -> tuple[Callable, Callable]:
    """Return what runs the steps, and what works out their gradients, where x is."""
    if x.is_cuda and can_compile():
        from promoternets.networks.gpu import recurrence

        return recurrence.forward, recurrence.backward
    return _forward, _backward


def _forward(
    driven: torch.Tensor, recurrent: torch.Tensor, gates: torch.Tensor, hidden: torch.Tensor, cells: torch.Tensor
) -> None:
    """Do step by step what `gpu.recurrence.forward` does."""
    state = cell = torch.zeros_like(cells[:, 0])
    for step in range(driven.shape[1]):
        driving = torch.baddbmm(driven[:, step], state, recurrent.transpose(1, 2))
        entry, forget, candidate, exit_ = driving.chunk(4, dim=2)
        entry, forget, candidate, exit_ = entry.sigmoid(), forget.sigmoid(), candidate.tanh(), exit_.sigmoid()
        cell = forget * cell + entry * candidate
        state = exit_ * cell.tanh()
        gates[:, step] = torch.cat([entry, forget, candidate, exit_], dim=2)
        hidden[:, step], cells[:, step] = state, cell


def _backward(
    gates: torch.Tensor, recurrent: torch.Tensor, cells: torch.Tensor, from_hidden: torch.Tensor, to_gates: torch.Tensor
) -> None:
    """Do step by step what `gpu.recurrence.backward` does."""
    to_state = to_cell = nothing = torch.zeros_like(cells[:, 0])
    for step in range(gates.shape[1] - 1, -1, -1):
        entry, forget, candidate, exit_ = gates[:, step].chunk(4, dim=2)
        before = cells[:, step - 1] if step else nothing
        squashed = cells[:, step].tanh()
        to_state = to_state + from_hidden[:, step]
        to_cell = to_cell + to_state * exit_ * (1 - squashed**2)
        to_gates[:, step] = torch.cat(
            [
                to_cell * candidate * entry * (1 - entry),
                to_cell * before * forget * (1 - forget),
                to_cell * entry * (1 - candidate**2),
                to_state * squashed * exit_ * (1 - exit_),
            ],
            dim=2,
        )
        to_cell = to_cell * forget
        to_state = to_gates[:, step] @ recurrent


def lstm(x: torch.Tensor, inward: torch.Tensor, recurrent: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Run one LSTM layer per group from a zero state; gates in PyTorch's order (input, forget, candidate, output).

    Parameters
    ----------
    x : float32 [groups, steps, batch, inputs]
    inward : float32 [groups, 4 * units, inputs]
    recurrent : float32 [groups, 4 * units, units]
    bias : float32 [groups, 4 * units]; PyTorch's two biases summed

    Returns
    -------
    float32 [groups, steps, batch, units], the hidden state after each step.
    """
    weights = inward.transpose(1, 2)[:, None]
    driven = x * weights if x.shape[-1] == 1 else x @ weights
    return _LSTM.apply(driven + bias[:, None, None], recurrent)[0]


class BidirectionalLSTM(nn.Module):
    """One bidirectional LSTM layer for each of several groups, each with weights of its own.

    Parameters
    ----------
    groups : int
        Layers side by side (one a mark, or one in all).
    inputs, units : int
        Features per step, and hidden units in each direction.

    The parameters are PyTorch's, stacked: ``weight_ih`` [groups, 2, 4 units, inputs], ``weight_hh`` [groups, 2,
    4 units, units], ``bias_ih`` and ``bias_hh`` [groups, 2, 4 units]; direction 1 reads from the last step to the
    first.
    """

    def __init__(self, groups: int, inputs: int, units: int) -> None:
        super().__init__()
        bound = units**-0.5  # as torch.nn.LSTM starts
        self.units = units
        for name, shape in (("weight_ih", (inputs,)), ("weight_hh", (units,)), ("bias_ih", ()), ("bias_hh", ())):
            value = torch.empty(groups, 2, 4 * units, *shape).uniform_(-bound, bound)
            self.register_parameter(name, nn.Parameter(value))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [groups, steps, batch, inputs] to [groups, steps, batch, 2 * units]: forward, then backward states."""
        return self._one_by_one(x) if x.device.type == "cpu" else self.batched(x)

    def batched(self, x: torch.Tensor) -> torch.Tensor:
        """Do the same with all groups in one batched product a step, as on a GPU."""
        both = torch.stack([x, x.flip(1)], dim=1).flatten(0, 1)
        bias = (self.bias_ih + self.bias_hh).flatten(0, 1)
        hidden = lstm(both, self.weight_ih.flatten(0, 1), self.weight_hh.flatten(0, 1), bias)
        hidden = hidden.unflatten(0, (-1, 2))
        return torch.cat([hidden[:, 0], hidden[:, 1].flip(1)], dim=-1)

    def _one_by_one(self, x: torch.Tensor) -> torch.Tensor:
        start = x.new_zeros(2, x.shape[2], self.units)
        parts = [
            value.flatten(0, 1).unbind(0) for value in (self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        ]
        layers = list(zip(*parts, strict=True))  # of each group the two directions
        outputs = [
            torch.lstm(sequence, (start, start), [*forth, *back], True, 1, 0.0, False, True, False)[0]
            for sequence, forth, back in zip(x, layers[::2], layers[1::2], strict=True)
        ]
        return torch.stack(outputs)
