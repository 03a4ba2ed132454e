"""What a chromatin model learns from: one epigenome's genes, their histone bins and their expression."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from promoternets.errors import InputError
from promoternets.formats.bin_store import BinStore
from promoternets.formats.gene_predictions import Target
from promoternets.formats.gene_table import PARTS
from promoternets.formats.labels import read_labels, refuse_one_class

logger = logging.getLogger(__name__)
Kind = Literal["arcsinh", "raw"]


@dataclass(frozen=True)
class EpigenomeData:
    """The genes of one epigenome that have both bins and a label, in the order of the labels.

    Attributes
    ----------
    epigenome : its name, as the bin store has it.
    gene_ids : text [gene], without version.
    marks : names of the histone marks, in the order of `signal`.
    signal : float32 [gene, mark, bin], as stored; bins 5'->3' where the store is oriented.
    label : int64 [gene], 1 expressed, 0 not.
    target : float32 [gene], log2(expression + 1); NaN where the source has labels only.
    part : text [gene], train, valid or test.
    only_in_bins, only_in_labels : genes left out because the other file lacks them.
    """

    epigenome: str
    gene_ids: np.ndarray
    marks: tuple[str, ...]
    signal: np.ndarray = field(repr=False)
    label: np.ndarray
    target: np.ndarray
    part: np.ndarray
    only_in_bins: int = 0
    only_in_labels: int = 0

    def indices(self, part: str) -> np.ndarray:
        """Return the row numbers of a part's genes, int64, ascending."""
        if part not in PARTS:
            raise ValueError(f"{part!r} is not one of {', '.join(PARTS)}")
        return np.flatnonzero(self.part == part)

    def outcome(self, target: Target) -> np.ndarray:
        """Return what is to be predicted: `label` as int64 [gene], or log2(expression + 1) as float32 [gene].

        Raises
        ------
        InputError
            When expression is asked for and a gene has none, as in the published CSV files.
        """
        if target == "label":
            return self.label
        without = int(np.isnan(self.target).sum())
        if without:
            raise InputError(
                f"{without} of {len(self.target)} genes of {self.epigenome} have a label but no expression value",
                fix="Give an expression table, or predict the label",
            )
        return self.target


def read_epigenome(bins: Path, labels: Path) -> EpigenomeData:
    """Join an epigenome's bins with its labels by gene.

    Genes that only one of the two has are left out and counted.

    Parameters
    ----------
    bins : `bins.zarr`. labels : `labels.tsv`.

    Raises
    ------
    InputError
        As `BinStore.open` and `labels.read_labels`; when no gene is in both files, or a part lacks one of the
        two classes once they are joined.
    """
    store = BinStore.open(bins)
    stored = pd.Index([str(gene) for gene in store.gene_ids])
    if not stored.is_unique:
        doubled = stored[stored.duplicated()][0]
        raise InputError(f"gene {doubled} is there twice", where=bins, fix="Keep one row a gene")
    table = read_labels(labels)
    row = stored.get_indexer(table["gene_id"])
    joined = row >= 0
    if not joined.any():
        raise InputError(
            f"none of its {len(table)} genes is among the {len(stored)} of {bins}",
            where=labels,
            fix="Make both from the same list of genes; identifiers are without version",
        )
    only_in_bins, only_in_labels = len(stored) - int(joined.sum()), int((~joined).sum())
    if only_in_bins or only_in_labels:
        logger.warning(
            "%s: %d genes are used; %d have bins and no label, %d a label and no bins",
            store.epigenome, joined.sum(), only_in_bins, only_in_labels,
        )  # fmt: skip
    table = table[joined]
    refuse_one_class(table, labels)
    return EpigenomeData(
        epigenome=str(store.epigenome),
        gene_ids=table["gene_id"].to_numpy(dtype=object),
        marks=tuple(str(mark) for mark in store.marks),
        signal=store.signal[row[joined]],
        label=table["label"].to_numpy(dtype=np.int64),
        target=table["target"].to_numpy(dtype=np.float32),
        part=table["part"].to_numpy(dtype=object),
        only_in_bins=only_in_bins,
        only_in_labels=only_in_labels,
    )


@dataclass(frozen=True)
class SignalScaling:
    """How stored signal becomes a model's input; learned from training genes only.

    `arcsinh` takes log(x + sqrt(x^2 + 1)), which is linear near 0 and logarithmic above, then gives every mark
    mean 0 and standard deviation 1 over the training genes and their bins; a mark that is the same everywhere
    becomes 0. `raw` changes nothing, as in the published systems.

    Attributes
    ----------
    kind : arcsinh or raw.
    mean, deviation : float64 [mark]; of arcsinh(signal). Empty for `raw`.
    """

    kind: Kind
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()

    @classmethod
    def fit(cls, training_signal: np.ndarray, kind: Kind = "arcsinh") -> SignalScaling:
        """Learn from float [gene, mark, bin] of the training genes.

        Raises
        ------
        InputError
            When the kind is unknown.
        """
        if kind not in get_args(Kind):
            raise InputError(f"{kind!r} is no scaling of signal", fix=f"Choose one of {', '.join(get_args(Kind))}")
        if kind == "raw":
            return cls(kind)
        values = np.arcsinh(training_signal)
        mean = values.mean(axis=(0, 2), dtype=np.float64)
        deviation = values.std(axis=(0, 2), dtype=np.float64)
        constant = values.min(axis=(0, 2)) == values.max(axis=(0, 2))
        deviation[constant] = 1.0
        return cls(kind, tuple(mean.tolist()), tuple(deviation.tolist()))

    def __call__(self, signal: np.ndarray) -> np.ndarray:
        """Return float32 [gene, mark, bin] as a model sees it.

        Raises
        ------
        ValueError
            When there are other marks than in training.
        """
        if self.kind == "raw":
            return np.asarray(signal, dtype=np.float32)
        if signal.shape[1] != len(self.mean):
            raise ValueError(f"signal of {signal.shape[1]} marks for a scaling of {len(self.mean)}")
        mean, deviation = (np.array(values, dtype=np.float32)[:, None] for values in (self.mean, self.deviation))
        return (np.arcsinh(signal, dtype=np.float32) - mean) / deviation

    def as_dict(self) -> dict[str, Any]:
        """Return the scaling as JSON can hold it; floats survive exactly."""
        return {"kind": self.kind, "mean": list(self.mean), "deviation": list(self.deviation)}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> SignalScaling:
        """Return the scaling that `as_dict` described."""
        return cls(plain["kind"], tuple(plain["mean"]), tuple(plain["deviation"]))
