"""Scores of test genes by all models in all epigenomes, brought together and checked."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from promoternets.errors import InputError
from promoternets.formats.gene_predictions import Target, read_gene_predictions
from promoternets.formats.out_of_fold import ALL

logger = logging.getLogger(__name__)
NETS = ("attentivechrome", "lstm_alpha", "lstm_attn", "lstm", "cnn_attn", "cnn_alpha_beta", "deepchrome")
BASELINES = ("logistic_regression", "svc", "random_forest", "max_mark")
REDO = "Train that model again, on the same genes as the others"
Key = tuple[str, str, int]  # epigenome, model, seed
Run = tuple[str, int | str]
NAMED = 10  # epigenomes or genes written out in a message


@dataclass(frozen=True)
class EpigenomeScores:
    """The test genes of one epigenome and what every run says of them.

    row : int64 [gene], its place among the genes of `ChromatinScores`, ascending.
    outcome : float64 [gene], what was predicted: 0 or 1, or log2(expression + 1).
    score : float64 [run, gene].
    """

    epigenome: str
    row: np.ndarray
    outcome: np.ndarray
    score: np.ndarray


@dataclass(frozen=True)
class ChromatinScores:
    """All epigenomes; every one has the same runs.

    genes : text [gene], sorted: those that are tested in any epigenome.
    runs : (model, seed) in the order of the scores; for each model first `all`, the mean over its seeds, then
        each seed. Networks come before baselines, in the published order.
    """

    genes: np.ndarray
    runs: list[Run]
    epigenomes: list[EpigenomeScores]

    @property
    def ensembles(self) -> dict[str, int]:
        """Number of each model's run `all`, by model."""
        return {model: number for number, (model, seed) in enumerate(self.runs) if seed == ALL}

    @property
    def first_alike(self) -> np.ndarray:
        """The first run with the same scores, int64 [run]: a model's only seed is its mean."""
        seeds = Counter(model for model, _ in self.runs)
        return np.array(
            [self.ensembles[model] if seeds[model] == 2 else number for number, (model, _) in enumerate(self.runs)]
        )


def collect_scores(predictions: Sequence[Path], *, target: Target) -> ChromatinScores:
    """Read the test genes' rows of all predictions.

    Raises
    ------
    InputError
        When a model lacks an epigenome, or a seed in one, that others have; when in one epigenome two runs
        score different genes or disagree on what was to be predicted; when a gene is scored twice by a run; or
        when an epigenome's test genes are all expressed or all not.
    """
    if not predictions:
        raise InputError("there are no predictions to evaluate", fix="Train at least one model")
    found: dict[Key, np.ndarray] = {}
    first: dict[str, tuple[Key, pd.DataFrame]] = {}
    for path in predictions:
        table = read_gene_predictions(path, target=target)
        table = table[table["part"] == "test"]
        if table.empty:
            raise InputError("no prediction is of a test gene", where=path, fix=REDO)
        for key, rows in table.groupby(["epigenome", "model", "seed"], sort=False):
            if key in found:
                raise InputError(f"{_said(key)} is predicted in another table too", where=path, fix="Give each once")
            own = _by_gene(rows, key, path)
            _check_same(first.setdefault(key[0], (key, own)), (key, own))
            found[key] = own["score"].to_numpy(copy=True)
    runs = _runs(found)
    genes = pd.Index(sorted(set().union(*(table.index for _, table in first.values()))))
    epigenomes = []
    for epigenome, (_, table) in sorted(first.items()):
        if target == "label" and table["label"].nunique() < 2:
            raise InputError(f"the test genes of {epigenome} all have the label {table['label'].iloc[0]:g}", fix=REDO)
        row, outcome = genes.get_indexer(table.index), table["label"].to_numpy()
        epigenomes.append(EpigenomeScores(epigenome, row, outcome, _scores(found, epigenome, runs)))
    models = len({model for model, _ in runs})
    logger.info("%d models in %d epigenomes, %d test genes", models, len(epigenomes), len(genes))
    return ChromatinScores(genes.to_numpy(dtype=object), runs, epigenomes)


def _by_gene(rows: pd.DataFrame, key: Key, path: Path) -> pd.DataFrame:
    table = rows.set_index("gene_id")[["label", "score"]].sort_index()
    doubled = table.index[table.index.duplicated()]
    if len(doubled):
        raise InputError(f"{_said(key)} scores {doubled[0]} twice", where=path, fix=REDO)
    return table


def _runs(found: dict[Key, np.ndarray]) -> list[Run]:
    """Return the runs, when every model has all epigenomes with all its seeds."""
    epigenomes = {epigenome for epigenome, _, _ in found}
    order = {model: number for number, model in enumerate((*NETS, *BASELINES))}
    models = sorted({model for _, model, _ in found}, key=lambda model: (order.get(model, len(order)), model))
    absent: list[str] = []
    runs: list[Run] = []
    for model in models:
        seeds = sorted({seed for _, other, seed in found if other == model})
        for seed in seeds:
            lacking = sorted(epigenomes - {name for name, other, own in found if (other, own) == (model, seed)})
            if lacking:
                absent.append(f"{model}{f' (seed {seed})' if len(seeds) > 1 else ''}: {_named(lacking)}")
        runs += [(model, ALL), *((model, int(seed)) for seed in seeds)]
    if absent:
        raise InputError(
            f"not every model has predictions for all {len(epigenomes)} epigenomes; missing are {'; '.join(absent)}",
            fix="Train those models on those epigenomes, or leave them out for all",
        )
    return runs


def _scores(found: dict[Key, np.ndarray], epigenome: str, runs: list[Run]) -> np.ndarray:
    """Return an epigenome's scores, float64 [run, gene]."""
    rows = []
    for model, seed in runs:
        if seed == ALL:
            seeds = [other for name, other in runs if name == model and other != ALL]
            rows.append(np.mean([found[(epigenome, model, other)] for other in seeds], axis=0))
        else:
            rows.append(found[(epigenome, model, seed)])
    return np.stack(rows)


def _check_same(first: tuple[Key, pd.DataFrame], other: tuple[Key, pd.DataFrame]) -> None:
    (one, genes), (two, own) = first, other
    if not genes.index.equals(own.index):
        differing = genes.index.symmetric_difference(own.index)
        raise InputError(
            f"{_said(one)} and {_said(two)} have different test genes, such as {_named(list(differing))}", fix=REDO
        )
    wrong = ~np.isclose(genes["label"], own["label"])
    if wrong.any():
        gene = genes.index[wrong][0]
        raise InputError(f"{_said(one)} and {_said(two)} differ in {wrong.sum()} labels, {gene} the first", fix=REDO)


def _named(names: list[str]) -> str:
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")


def _said(key: Key) -> str:
    epigenome, model, seed = key
    return f"{model} (seed {seed}) of {epigenome}"
