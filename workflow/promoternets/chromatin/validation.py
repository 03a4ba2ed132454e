"""Does attention fall where it should? Compared with a mark no model saw, and with what a simulation planted."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd

from promoternets.chromatin.maps import CLASSES, SHARED_ROW, Part, called_on, genes_of
from promoternets.errors import InputError
from promoternets.formats.attention_store import AttentionStore
from promoternets.formats.genes_and_bins import EpigenomeData
from promoternets.seeds import derive

logger = logging.getLogger(__name__)
COLUMNS = [
    "epigenome", "model", "map", "mark", "validation_mark", "genes", "r", "low", "high", "null_low", "null_high",
    "p_value",
]  # fmt: skip
TRUTH_COLUMNS = ["epigenome", "model", "map", "class", "level", "r"]
INTERVAL = (2.5, 97.5)


def pearson(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return Pearson's r over the last axis; NaN where one side does not vary."""
    pair = [value - value.mean(-1, keepdims=True) for value in (first, second)]
    spread = np.sqrt((pair[0] ** 2).sum(-1) * (pair[1] ** 2).sum(-1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(spread > 0, (pair[0] * pair[1]).sum(-1) / spread, np.nan)


def validate(
    store: AttentionStore,
    data: EpigenomeData,
    held_back: np.ndarray,
    *,
    validation_mark: str,
    active_mark: str,
    samples: int,
    seed: int,
    part: Part = "test",
) -> pd.DataFrame:
    """Correlate the mean map of an active mark with the held-back mark's mean signal, over bins.

    For genes of `part` that a model calls expressed, as in Singh et al. 2017 (table 3). The interval is from
    resampling genes; the null shuffles, by itself in each gene, where along the window the map lies (a circular
    shift), so it keeps every gene's map but loses its place. The row of model ``input`` puts the active mark's own
    signal in the map's place: what one knows without any network.

    Parameters
    ----------
    held_back : float32 [genes, bins], in the order of `data`.
    samples : resamples behind the interval, and shuffles behind the null.

    Returns
    -------
    DataFrame with `COLUMNS`; p_value is one-sided.

    Raises
    ------
    InputError
        When the active mark is not among the inputs.
    """
    if active_mark not in data.marks:
        raise InputError(
            f"chromatin.attention.active_mark is {active_mark}, which is not among {', '.join(data.marks)}",
            fix="Name one of the input marks",
        )
    mark = data.marks.index(active_mark)
    rows = genes_of(store, part)
    found = []
    for model in store.models:
        maps = store.maps(model)
        on = rows[called_on(store, model, maps["score"][rows])]
        for name in ("alpha", "saliency"):
            if name in maps and len(on) > 1:
                values = maps[name][:, mark if maps[name].shape[1] > 1 else 0]
                row = active_mark if maps[name].shape[1] > 1 else SHARED_ROW
                found.append((model, name, row, _of_genes(values[on], held_back[on], samples, seed, store, model)))
        if "class_optimisation" in maps and len(on) > 1:
            one = np.broadcast_to(maps["class_optimisation"][1, mark], (len(on), data.signal.shape[2]))
            found.append(
                (model, "class_optimisation", active_mark, _of_genes(one, held_back[on], samples, seed, store, model))
            )
    on = rows[data.label[rows] == 1]
    own = np.arcsinh(data.signal[on, mark])
    found.append(("input", "signal", active_mark, _of_genes(own, held_back[on], samples, seed, store, "input")))
    table = [(store.epigenome, model, name, row, validation_mark, *numbers) for model, name, row, numbers in found]
    return pd.DataFrame(table, columns=COLUMNS)


def _of_genes(
    maps: np.ndarray, held_back: np.ndarray, samples: int, seed: int, store: AttentionStore, model: str
) -> tuple[float, ...]:
    """Return genes, r, its interval, the null's interval and the p-value of maps and signal [genes, bins]."""
    random = np.random.default_rng(derive(seed, "attention", store.epigenome, model))
    genes, bins = maps.shape
    r = float(pearson(maps.mean(0, dtype=np.float64), held_back.mean(0, dtype=np.float64)))
    weights = random.multinomial(genes, np.full(genes, 1 / genes), size=samples).astype(np.float64)
    drawn = pearson(weights @ maps, weights @ held_back)
    place = np.arange(bins)
    null = np.empty(samples)
    for number in range(samples):
        shifted = (place + random.integers(bins, size=(genes, 1))) % bins
        null[number] = pearson(np.take_along_axis(maps, shifted, 1).mean(0), held_back.mean(0))
    p_value = (1 + np.sum(null >= r)) / (1 + samples) if np.isfinite(r) else np.nan
    return (genes, r, *_interval(drawn), *_interval(null), float(p_value))


def _interval(values: np.ndarray) -> tuple[float, float]:
    values = values[np.isfinite(values)]
    return tuple(np.percentile(values, INTERVAL)) if len(values) else (np.nan, np.nan)


def against_truth(store: AttentionStore, truth: pd.DataFrame, *, part: Part = "test") -> pd.DataFrame:
    """Correlate mean attention with what a simulation planted.

    Levels: ``bins``, the mean over informative marks of r between mean alpha and the mark's planted bins;
    ``bins_and_marks``, r over all marks and bins at once between beta times alpha and the planted weights.

    Parameters
    ----------
    truth : mark, bin (from 1), weight (0 for all bins of a mark that does not matter), and perhaps mark_weight, how
        much each mark matters.

    Returns
    -------
    DataFrame with `TRUTH_COLUMNS`.
    """
    planted = truth.pivot(index="mark", columns="bin", values="weight").reindex(index=list(store.marks)).fillna(0.0)
    weights = planted.to_numpy(dtype=np.float64)
    informative = weights.sum(1) > 0
    of_marks = np.ones((len(store.marks), 1))
    if "mark_weight" in truth:
        of_marks = truth.groupby("mark")["mark_weight"].first().reindex(list(store.marks)).to_numpy(float)[:, None]
    rows = genes_of(store, part)
    found = []
    for model in store.models:
        maps = store.maps(model)
        on = called_on(store, model, maps["score"][rows])
        for label, wanted in CLASSES.items():
            chosen = rows[on == wanted]
            if not len(chosen):
                continue
            for name in ("alpha", "saliency"):
                if name not in maps or maps[name].shape[1] != len(store.marks):
                    continue
                mean = maps[name][chosen].mean(0, dtype=np.float64)
                r = pearson(mean[informative], weights[informative])
                found.append((store.epigenome, model, name, label, "bins", float(np.nanmean(r))))
                if "beta" in maps or name == "saliency":
                    beta = maps["beta"][chosen].mean(0, dtype=np.float64)[:, None] if name == "alpha" else 1.0
                    both = float(pearson((mean * beta).ravel(), (weights * of_marks).ravel()))
                    found.append((store.epigenome, model, name, label, "bins_and_marks", both))
    return pd.DataFrame(found, columns=TRUTH_COLUMNS)
