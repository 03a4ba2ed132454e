"""Long short-term memory over several independent groups of sequences.

A mark, a direction and an ensemble member each have weights of their own. On a CPU PyTorch's own layer runs once for
each mark: nothing was faster. On a GPU that would be thousands of tiny calls, and `vmap` cannot stack that layer;
there, groups are one batched product per time step, with the gradient worked out by hand.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


class _LSTM(torch.autograd.Function):
    """The recurrence; see `lstm` for what goes in and comes out."""

    @staticmethod
    def forward(x: torch.Tensor, recurrent: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        groups, steps, people, _ = x.shape
        units = recurrent.shape[-1]
        # tanh(a) = 2 sigmoid(2 a) - 1: with the candidate's rows doubled one sigmoid serves all four gates
        scale = x.new_ones(4 * units)
        scale[2 * units : 3 * units] = 2
        gates = (x * scale).transpose(0, 1).contiguous()
        weights = (recurrent * scale[:, None]).transpose(1, 2).contiguous()
        hidden = x.new_empty(steps, groups, people, units)
        cells = x.new_empty(steps, groups, people, units)
        squashed = x.new_empty(groups, people, units)
        for step in range(steps):
            gate = gates[step]
            if step:
                torch.baddbmm(gate, hidden[step - 1], weights, out=gate)
            gate.sigmoid_()
            entry, forget, candidate, exit_ = gate.split(units, dim=2)
            candidate.mul_(2).sub_(1)
            torch.mul(entry, candidate, out=cells[step])
            if step:
                cells[step].addcmul_(forget, cells[step - 1])
            torch.tanh(cells[step], out=squashed)
            torch.mul(exit_, squashed, out=hidden[step])
        return hidden.transpose(0, 1), gates, cells

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
        steps, groups, people, units = cells.shape
        hidden = hidden.transpose(0, 1)
        from_above = from_hidden.transpose(0, 1).contiguous()
        to_gates = torch.empty_like(gates)
        to_hidden = torch.zeros_like(cells[0])
        to_cell = torch.zeros_like(cells[0])
        for step in range(steps - 1, -1, -1):
            entry, forget, candidate, exit_ = gates[step].split(units, dim=2)
            to_entry, to_forget, to_candidate, to_exit = to_gates[step].split(units, dim=2)
            squashed = cells[step].tanh()
            to_hidden += from_above[step]
            torch.mul(to_hidden, squashed, out=to_exit)
            to_hidden *= exit_
            to_cell += torch.addcmul(to_hidden, to_hidden, squashed.square_(), value=-1)
            torch.mul(to_cell, candidate, out=to_entry)
            if step:
                torch.mul(to_cell, cells[step - 1], out=to_forget)
            else:
                to_forget.zero_()
            torch.mul(to_cell, entry, out=to_candidate)
            to_candidate.addcmul_(to_candidate, candidate.square(), value=-1)
            for part, gate in ((to_entry, entry), (to_forget, forget), (to_exit, exit_)):
                part *= gate
                part.addcmul_(part, gate, value=-1)
            to_cell *= forget
            if step:
                torch.bmm(to_gates[step], recurrent, out=to_hidden)
        to_recurrent = None
        if context.needs_input_grad[1]:
            after = to_gates[1:].permute(1, 3, 0, 2).flatten(2)
            before = hidden[:-1].transpose(0, 1).flatten(1, 2)
            to_recurrent = torch.bmm(after, before)
        return to_gates.transpose(0, 1), to_recurrent

    @staticmethod
    def vmap(info: Any, in_dims: tuple, x: torch.Tensor, recurrent: torch.Tensor) -> tuple:
        """Members of an ensemble are more groups."""
        size = info.batch_size

        def folded(value: torch.Tensor, dim: int | None) -> torch.Tensor:
            value = value.expand(size, *value.shape) if dim is None else value.movedim(dim, 0)
            return value.flatten(0, 1)

        hidden, gates, cells = _LSTM.apply(folded(x, in_dims[0]), folded(recurrent, in_dims[1]))
        groups = hidden.shape[0] // size
        outputs = (
            hidden.unflatten(0, (size, groups)),
            gates.unflatten(1, (size, groups)),
            cells.unflatten(1, (size, groups)),
        )
        return outputs, (0, 1, 1)


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
