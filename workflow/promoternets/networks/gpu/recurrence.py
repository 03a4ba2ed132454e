"""The recurrence of many small LSTMs on a GPU: one program for each group and 16 people, all steps within it.

By PyTorch's operations a hundred steps are thousands of calls that wait for each other. Here the recurrent weights stay
in registers, and a step is a product of [16, units] and [units, units] for each gate.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

PEOPLE = 16  # the least that Triton multiplies at once
WARPS = 4


def forward(
    driven: torch.Tensor, recurrent: torch.Tensor, gates: torch.Tensor, hidden: torch.Tensor, cells: torch.Tensor
) -> None:
    """Run the recurrence of `recurrent.lstm`.

    Parameters
    ----------
    driven : float32 [groups, steps, people, 4 * units], what the inputs add to the gates.
    recurrent : float32 [groups, 4 * units, units]; units 16 or a greater power of two.
    gates : as `driven`, written: the gates' values (input, forget, candidate, output).
    hidden, cells : float32 [groups, steps, people, units], written.
    """
    groups, steps, people, units = hidden.shape
    _forward[groups, triton.cdiv(people, PEOPLE)](
        driven.contiguous(), recurrent.transpose(1, 2).contiguous(), gates, hidden, cells, steps, people,
        UNITS=units, PEOPLE=PEOPLE, num_warps=WARPS,
    )  # fmt: skip


def backward(
    gates: torch.Tensor, recurrent: torch.Tensor, cells: torch.Tensor, from_hidden: torch.Tensor, to_gates: torch.Tensor
) -> None:
    """Work out the gradient to what drives the gates, `to_gates` (written), from that to the hidden states."""
    groups, steps, people, units = cells.shape
    _backward[groups, triton.cdiv(people, PEOPLE)](
        gates, recurrent.contiguous(), cells, from_hidden, to_gates, steps, people,
        UNITS=units, PEOPLE=PEOPLE, num_warps=WARPS,
    )  # fmt: skip


@triton.jit
def _forward(
    driven, recurrent, gates, hidden, cells, steps, people, UNITS: tl.constexpr, PEOPLE: tl.constexpr  # noqa: N803
):  # fmt: skip
    group, unit = tl.program_id(0), tl.arange(0, UNITS)
    person = tl.program_id(1) * PEOPLE + tl.arange(0, PEOPLE)
    here = (person < people)[:, None]
    weights = recurrent + group * 4 * UNITS * UNITS + unit[:, None] * 4 * UNITS + unit[None, :]  # [units, 4 * units]
    of_entry, of_forget = tl.load(weights), tl.load(weights + UNITS)
    of_candidate, of_exit = tl.load(weights + 2 * UNITS), tl.load(weights + 3 * UNITS)
    state = tl.zeros((PEOPLE, UNITS), tl.float32)
    cell = tl.zeros((PEOPLE, UNITS), tl.float32)
    for step in range(steps):
        row = (group * steps + step).to(tl.int64) * people + person
        gate = row[:, None] * 4 * UNITS + unit[None, :]
        drives = driven + gate
        entry = tl.load(drives, here, 0.0) + tl.dot(state, of_entry, input_precision="ieee")
        forget = tl.load(drives + UNITS, here, 0.0) + tl.dot(state, of_forget, input_precision="ieee")
        candidate = tl.load(drives + 2 * UNITS, here, 0.0) + tl.dot(state, of_candidate, input_precision="ieee")
        exit_ = tl.load(drives + 3 * UNITS, here, 0.0) + tl.dot(state, of_exit, input_precision="ieee")
        entry, forget, exit_ = tl.sigmoid(entry), tl.sigmoid(forget), tl.sigmoid(exit_)
        candidate = 2 * tl.sigmoid(2 * candidate) - 1
        cell = forget * cell + entry * candidate
        state = exit_ * (2 * tl.sigmoid(2 * cell) - 1)
        tl.store(gates + gate, entry, here)
        tl.store(gates + gate + UNITS, forget, here)
        tl.store(gates + gate + 2 * UNITS, candidate, here)
        tl.store(gates + gate + 3 * UNITS, exit_, here)
        place = row[:, None] * UNITS + unit[None, :]
        tl.store(cells + place, cell, here)
        tl.store(hidden + place, state, here)


@triton.jit
def _backward(
    gates, recurrent, cells, from_hidden, to_gates, steps, people,
    UNITS: tl.constexpr, PEOPLE: tl.constexpr,  # noqa: N803
):  # fmt: skip
    group, unit = tl.program_id(0), tl.arange(0, UNITS)
    person = tl.program_id(1) * PEOPLE + tl.arange(0, PEOPLE)
    here = (person < people)[:, None]
    weights = recurrent + group * 4 * UNITS * UNITS + unit[:, None] * UNITS + unit[None, :]
    of_entry, of_forget = tl.load(weights), tl.load(weights + UNITS * UNITS)
    of_candidate, of_exit = tl.load(weights + 2 * UNITS * UNITS), tl.load(weights + 3 * UNITS * UNITS)
    to_state = tl.zeros((PEOPLE, UNITS), tl.float32)
    to_cell = tl.zeros((PEOPLE, UNITS), tl.float32)
    for back in range(steps):
        step = steps - 1 - back
        row = (group * steps + step).to(tl.int64) * people + person
        gate = row[:, None] * 4 * UNITS + unit[None, :]
        place = row[:, None] * UNITS + unit[None, :]
        entry, forget = tl.load(gates + gate, here, 0.0), tl.load(gates + gate + UNITS, here, 0.0)
        candidate, exit_ = tl.load(gates + gate + 2 * UNITS, here, 0.0), tl.load(gates + gate + 3 * UNITS, here, 0.0)
        before = tl.load(cells + place - people * UNITS, here & (step > 0), 0.0)
        squashed = 2 * tl.sigmoid(2 * tl.load(cells + place, here, 0.0)) - 1
        to_state += tl.load(from_hidden + place, here, 0.0)
        to_cell += to_state * exit_ * (1 - squashed * squashed)
        to_exit = to_state * squashed * exit_ * (1 - exit_)
        to_entry = to_cell * candidate * entry * (1 - entry)
        to_forget = to_cell * before * forget * (1 - forget)
        to_candidate = to_cell * entry * (1 - candidate * candidate)
        to_cell *= forget
        tl.store(to_gates + gate, to_entry, here)
        tl.store(to_gates + gate + UNITS, to_forget, here)
        tl.store(to_gates + gate + 2 * UNITS, to_candidate, here)
        tl.store(to_gates + gate + 3 * UNITS, to_exit, here)
        to_state = tl.dot(to_entry, of_entry, input_precision="ieee")
        to_state += tl.dot(to_forget, of_forget, input_precision="ieee")
        to_state += tl.dot(to_candidate, of_candidate, input_precision="ieee")
        to_state += tl.dot(to_exit, of_exit, input_precision="ieee")
