"""How much of the genes' windows each signal file covers: covered zeros, gaps and absent chromosomes kept apart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from promoternets.formats.bin_store import BinStore

COLUMNS = [
    "epigenome", "mark", "source", "genes", "bases", "zero", "uncovered", "absent", "genes_with_uncovered",
    "genes_with_absent", "genes_without_signal",
]  # fmt: skip


def coverage(stores: Sequence[Path]) -> pd.DataFrame:
    """Return a row for each epigenome and mark.

    Returns
    -------
    DataFrame: epigenome, mark, source, genes, bases (of all windows), zero, uncovered, absent (bases),
    genes_with_uncovered, genes_with_absent, genes_without_signal (no bin above 0).
    """
    rows = []
    for path in stores:
        store = BinStore.open(path)
        window = store.bin_count * store.bin_size
        for number, mark in enumerate(store.marks):
            zero, uncovered, absent = (
                values[:, number].astype(np.int64) for values in (store.zero, store.uncovered, store.absent)
            )
            silent = int((store.signal[:, number] == 0).all(1).sum())
            genes = len(store.gene_ids)
            rows.append(
                (
                    store.epigenome, mark, store.source, genes, genes * window, zero.sum(), uncovered.sum(),
                    absent.sum(), (uncovered > 0).sum(), (absent > 0).sum(), silent,
                )
            )  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)
