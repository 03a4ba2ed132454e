"""Networks that others published, put beside ours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from promoternets.errors import InputError
from promoternets.formats.genes_and_bins import EpigenomeData, SignalScaling
from promoternets.networks.expression import PUBLISHED
from promoternets.networks.published_weights import read_published_weights
from promoternets.networks.saved_expression import Architecture, SavedExpressionNetworks


def import_published_networks(states: Sequence[Path], data: Sequence[EpigenomeData]) -> SavedExpressionNetworks:
    """Return the published AttentiveChrome of each epigenome, as if it had been trained here.

    Raises
    ------
    InputError
        When a file holds no such network, or one of another number of marks.
    """
    first = data[0]
    weights = {}
    for path, one in zip(states, data, strict=True):
        state = read_published_weights(path)
        marks = len(state["bin_attention.context"])
        if marks != len(one.marks):
            raise InputError(
                f"the published network reads {marks} marks, but {one.epigenome} has {len(one.marks)}",
                where=path,
                fix="Bin the same marks, in the published order",
            )
        weights[one.epigenome] = [state]
    architecture = Architecture(
        PUBLISHED, first.marks, first.signal.shape[2], "label", tuple(one.epigenome for one in data)
    )
    scaling = {one.epigenome: SignalScaling("raw") for one in data}
    return SavedExpressionNetworks(architecture, scaling, weights)
