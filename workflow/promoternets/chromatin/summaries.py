"""Tables of attention over all epigenomes: maps, weights of marks, chosen genes, checks."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from promoternets.chromatin.maps import Part, mean_maps
from promoternets.chromatin.maps import gene_maps as maps_of_genes
from promoternets.chromatin.maps import mark_weights as weights_of_marks
from promoternets.chromatin.validation import COLUMNS, TRUTH_COLUMNS, validate
from promoternets.chromatin.validation import against_truth as correlate_with_truth
from promoternets.errors import InputError
from promoternets.formats.attention_store import AttentionStore
from promoternets.formats.bin_store import BinStore
from promoternets.formats.gene_table import without_version
from promoternets.formats.genes_and_bins import EpigenomeData, read_epigenome
from promoternets.formats.tables import read_table, write_table
from promoternets.progress import progress

logger = logging.getLogger(__name__)


def summarise_attention(
    *,
    attention: Sequence[Path],
    bins: Sequence[Path],
    labels: Sequence[Path],
    maps: Path,
    mark_weights: Path,
    gene_maps: Path,
    validation: Path,
    against_truth: Path,
    promoters: Path | None,
    genes: Sequence[str] | None,
    truth: Path | None,
    active_mark: str,
    part: Part,
    samples: int,
    seed: int,
) -> None:
    """Write the five tables; the script `map_attention.py` says what each argument is.

    Raises
    ------
    InputError
        When a chosen gene is in no epigenome, or the active mark is not among the inputs.
    """
    planted = None if truth is None else _read_truth(truth)
    tables: dict[Path, list[pd.DataFrame]] = {
        path: [] for path in (maps, mark_weights, gene_maps, validation, against_truth)
    }
    tables[validation].append(pd.DataFrame(columns=COLUMNS))
    tables[against_truth].append(pd.DataFrame(columns=TRUTH_COLUMNS))
    chosen: dict[str, str] | None = None
    every = list(zip(attention, bins, labels, strict=True))
    for files in progress(every, what="Averaging attention", unit="epigenomes"):
        store = AttentionStore.open(files[0])
        data = read_epigenome(*files[1:])
        chosen = chosen or _chosen(genes or [], promoters, every)
        tables[maps].append(mean_maps(store, data, part=part))
        tables[mark_weights].append(weights_of_marks(store, part=part))
        tables[gene_maps].append(maps_of_genes(store, chosen))
        held_back, mark = _held_back(files[1], data)
        if held_back is not None and mark is not None:
            tables[validation].append(
                validate(
                    store,
                    data,
                    held_back,
                    validation_mark=mark,
                    active_mark=active_mark,
                    samples=samples,
                    seed=seed,
                    part=part,
                )
            )
        if planted is not None:
            tables[against_truth].append(correlate_with_truth(store, planted, part=part))
    for path, frames in tables.items():
        full = [frame for frame in frames if not frame.empty] or frames[:1]
        write_table(pd.concat(full, ignore_index=True), path)


def _read_truth(path: Path) -> pd.DataFrame:
    numbers = {"bin": "int64", "weight": "float64", "mark_weight": "float64"}
    return read_table(path, columns=["mark", "bin", "weight"], what="table of planted weights", dtypes=numbers)


def _held_back(path: Path, data: EpigenomeData) -> tuple[np.ndarray | None, str | None]:
    """Return the held-back mark's signal in the order of `data`, and its name; None without one."""
    store = BinStore.open(path)
    if store.validation_signal is None:
        return None, None
    rows = pd.Index([str(gene) for gene in store.gene_ids]).get_indexer(data.gene_ids)
    return store.validation_signal[rows], store.validation_mark


def _chosen(genes: Sequence[str], promoters: Path | None, every: Sequence[tuple[Path, Path, Path]]) -> dict[str, str]:
    """Return symbol by gene id of the chosen genes, in their order."""
    known = set().union(*(AttentionStore.open(files[0]).gene_ids for files in every)) if genes else set()
    ids_of: dict[str, list[str]] = {}
    symbol_of: dict[str, str] = {}
    if promoters is not None:
        table = read_table(promoters, columns=["gene_id", "symbol"], what="promoter table")
        for symbol, gene in zip(table["symbol"], table["gene_id"].map(without_version), strict=True):
            symbol_of[gene] = symbol if isinstance(symbol, str) else gene
            ids_of.setdefault(symbol_of[gene], []).append(gene)
    chosen, unknown = {}, []
    for name in genes:
        candidates = ids_of.get(name, [without_version(name)])
        found = [gene for gene in candidates if gene in known]
        chosen |= {gene: symbol_of.get(gene, gene) for gene in found}
        if not found and any(gene in symbol_of for gene in candidates):
            logger.warning(
                "%s (chromatin.attention.genes) is not shown: no epigenome has bins and a label of it; see "
                "genes_excluded.tsv and genes_without_signal.tsv", name,
            )  # fmt: skip
        elif not found:
            unknown.append(name)
    if unknown:
        raise InputError(
            f"chromatin.attention.genes names {', '.join(unknown)}, which is no gene here",
            fix="Use symbols or identifiers as in results/chromatin/promoters.tsv",
        )
    return chosen
