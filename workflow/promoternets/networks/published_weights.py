"""Published AttentiveChrome weights: a PyTorch state dict of 56 tensors, read into our network."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path

import torch

from promoternets.errors import InputError
from promoternets.networks.expression import BIN_UNITS, MARK_UNITS, AttentiveChrome

LAYERS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
DIRECTIONS = ("_l0", "_l0_reverse")
OF_LSTM = len(LAYERS) * len(DIRECTIONS)
FIX = "Give the state dict of the published PyTorch AttentiveChrome (one LSTM and attention vector a mark, 56 tensors)"


def read_published_weights(path: Path) -> dict[str, torch.Tensor]:
    """Return the state dict of our `AttentiveChrome` with the weights of a published file.

    Tensors are told by their shapes and the order of their layers, not by the names of modules.

    Raises
    ------
    InputError
        When the file is missing, is no state dict, or holds other tensors.
    """
    if not path.is_file():
        raise InputError("the file of weights does not exist", where=path, fix="Check chromatin.published_networks")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError, KeyError, ValueError) as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"is no file of PyTorch weights ({said})", where=path, fix=FIX) from error
    if not isinstance(state, Mapping) or not all(torch.is_tensor(value) for value in state.values()):
        raise InputError("is no state dict", where=path, fix=FIX)
    return convert_published_weights(dict(state), where=path)


def convert_published_weights(state: dict[str, torch.Tensor], *, where: Path | str) -> dict[str, torch.Tensor]:
    """Return our state dict of a published one; see `read_published_weights`."""
    lstms, others = _layers(state)
    of_bins = [lstm for lstm in lstms if lstm["weight_ih_l0"].shape == (4 * BIN_UNITS, 1)]
    of_marks = [lstm for lstm in lstms if lstm["weight_ih_l0"].shape == (4 * MARK_UNITS, 2 * BIN_UNITS)]
    vectors = {
        size: [value for value in others if value.shape == (size, 1)] for size in (2 * BIN_UNITS, 2 * MARK_UNITS)
    }
    weight = [value for value in others if value.shape == (1, 2 * MARK_UNITS)]
    bias = [value for value in others if value.shape == (1,)]
    found = (
        len(of_marks),
        len(vectors[2 * BIN_UNITS]) - len(of_bins),
        len(vectors[2 * MARK_UNITS]),
        len(weight),
        len(bias),
    )
    if not of_bins or found != (1, 0, 1, 1, 1) or len(state) != OF_LSTM * (len(of_bins) + 1) + len(of_bins) + 3:
        raise InputError(f"its {len(state)} tensors are not those of AttentiveChrome", where=where, fix=FIX)
    ours = {
        "bin_attention.context": torch.cat(vectors[2 * BIN_UNITS], dim=1).T,
        "mark_attention.context": vectors[2 * MARK_UNITS][0].T,
        "output.weight": weight[0],
        "output.bias": bias[0],
    }
    for name, group in (("bin_lstm", of_bins), ("mark_lstm", of_marks)):
        for layer in LAYERS:
            both = [torch.stack([lstm[layer + direction] for direction in DIRECTIONS]) for lstm in group]
            ours[f"{name}.{layer}"] = torch.stack(both)
    AttentiveChrome(marks=len(of_bins)).load_state_dict(ours)
    return {name: value.detach().clone().contiguous() for name, value in ours.items()}


def _layers(state: dict[str, torch.Tensor]) -> tuple[list[dict[str, torch.Tensor]], list[torch.Tensor]]:
    """Return the LSTMs, in their order, and all other tensors, in theirs."""
    lstms: dict[str, dict[str, torch.Tensor]] = {}
    others = []
    names = {layer + direction for layer in LAYERS for direction in DIRECTIONS}
    for key, value in state.items():
        module, _, name = key.rpartition(".")
        if name in names:
            lstms.setdefault(module, {})[name] = value
        else:
            others.append(value)
    return [lstm for lstm in lstms.values() if set(lstm) == names], others
