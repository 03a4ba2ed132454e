"""Mean attention maps of an epigenome: where, and at which marks, networks look in genes they call on and off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
import pandas as pd

from promoternets.formats.attention_store import AttentionStore
from promoternets.formats.genes_and_bins import EpigenomeData

MAP_COLUMNS = ["epigenome", "model", "map", "class", "genes", "mark", "bin", "value"]
WEIGHT_COLUMNS = ["epigenome", "model", "class", "genes", "mark", "beta", "low", "high"]
GENE_COLUMNS = ["symbol", "gene_id", "epigenome", "model", "map", "label", "score", "part", "mark", "bin", "value"]
SHARED_ROW = "all marks"  # of a network whose attention over bins the marks share
CLASSES = {"expressed": True, "not_expressed": False}
QUARTILES = (25, 75)
Part = Literal["test", "all"]


def called_on(store: AttentionStore, model: str, score: np.ndarray) -> np.ndarray:
    """Return which genes a model calls expressed: probability over 0.5, or a number above the median predicted."""
    return score > (0.5 if store.target == "label" else np.median(score))


def genes_of(store: AttentionStore, part: Part) -> np.ndarray:
    """Return the row numbers of the test genes, or of all."""
    return np.arange(len(store.part)) if part == "all" else np.flatnonzero(store.part == part)


def mean_maps(store: AttentionStore, data: EpigenomeData, *, part: Part = "test") -> pd.DataFrame:
    """Return mean maps over the genes of a part, by what the model calls them.

    Returns
    -------
    DataFrame: epigenome, model, map (alpha, saliency, class_optimisation; signal with model ``input`` is the mean of
    arcsinh signal, by label), class (expressed, not_expressed), genes, mark, bin (from 1, 5' -> 3' where the bins are
    oriented), value.
    """
    rows = genes_of(store, part)
    frames = []
    for model in store.models:
        maps = store.maps(model)
        on = called_on(store, model, maps["score"][rows])
        for name in ("alpha", "saliency"):
            if name in maps:
                frames += _by_class(store, model, name, maps[name][rows], on)
        for number, (label, _) in enumerate(reversed(CLASSES.items())):
            if "class_optimisation" in maps:
                found = maps["class_optimisation"][number]
                frames.append(_long(store, model, "class_optimisation", label, 0, found))
    frames += _by_class(store, "input", "signal", np.arcsinh(data.signal[rows]), data.label[rows] == 1)
    return pd.concat(frames, ignore_index=True)[MAP_COLUMNS]


def _by_class(store: AttentionStore, model: str, name: str, values: np.ndarray, on: np.ndarray) -> list[pd.DataFrame]:
    return [
        _long(store, model, name, label, int(chosen.sum()), values[chosen].mean(0, dtype=np.float64))
        for label, chosen in ((label, on == wanted) for label, wanted in CLASSES.items())
        if chosen.any()
    ]


def _long(store: AttentionStore, model: str, name: str, label: str, genes: int, values: np.ndarray) -> pd.DataFrame:
    marks = list(store.marks) if len(values) == len(store.marks) else [SHARED_ROW]
    return pd.DataFrame(
        {
            "epigenome": store.epigenome, "model": model, "map": name, "class": label, "genes": genes,
            "mark": np.repeat(marks, values.shape[1]),
            "bin": np.tile(np.arange(1, values.shape[1] + 1), len(marks)),
            "value": values.ravel(),
        }
    )  # fmt: skip


def mark_weights(store: AttentionStore, *, part: Part = "test") -> pd.DataFrame:
    """Return mean beta of each mark with its quartiles over genes: the columns of `WEIGHT_COLUMNS`."""
    rows = genes_of(store, part)
    found = []
    for model in store.models:
        maps = store.maps(model)
        if "beta" not in maps:
            continue
        on = called_on(store, model, maps["score"][rows])
        for label, wanted in CLASSES.items():
            beta = maps["beta"][rows][on == wanted]
            if not len(beta):
                continue
            low, high = np.percentile(beta, QUARTILES, axis=0)
            for mark, *values in zip(store.marks, beta.mean(0, dtype=np.float64), low, high, strict=True):
                found.append((store.epigenome, model, label, len(beta), mark, *values))
    return pd.DataFrame(found, columns=WEIGHT_COLUMNS)


def gene_maps(store: AttentionStore, symbols: dict[str, str]) -> pd.DataFrame:
    """Return alpha (bin from 1) and beta (bin missing) of chosen genes, `symbols` by gene id: `GENE_COLUMNS`."""
    frames = [frame for gene in symbols for frame in _gene(store, gene, symbols[gene])]
    return pd.concat(frames, ignore_index=True)[GENE_COLUMNS] if frames else pd.DataFrame(columns=GENE_COLUMNS)


def _gene(store: AttentionStore, gene: str, symbol: str) -> Iterator[pd.DataFrame]:
    for row in np.flatnonzero(store.gene_ids == gene):
        for model in store.models:
            maps = store.maps(model)
            if "alpha" not in maps:
                continue
            frame = _long(store, model, "alpha", "", 1, maps["alpha"][row])
            if "beta" in maps:
                beta = pd.DataFrame({"map": "beta", "mark": store.marks, "value": maps["beta"][row]})
                frame = pd.concat([frame, beta], ignore_index=True)
            yield frame.assign(
                symbol=symbol, gene_id=gene, epigenome=store.epigenome, model=model, label=int(store.label[row]),
                score=float(maps["score"][row]), part=store.part[row],
            )  # fmt: skip
