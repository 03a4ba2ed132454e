"""The evaluation of the chromatin branch: metrics with intervals, paired comparisons, the papers' table."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from promoternets.bootstrap import chunk_size, interval, p_value, resample_weights
from promoternets.errors import InputError
from promoternets.evaluation.chromatin_metrics import METRICS, measure_of
from promoternets.evaluation.chromatin_scores import BASELINES, ChromatinScores, collect_scores
from promoternets.evaluation.chromatin_summary import REFERENCE, summary_table
from promoternets.evaluation.curves import curves as curves_of
from promoternets.evaluation.evaluate import FEWEST_RESAMPLES
from promoternets.formats.gene_predictions import Target
from promoternets.formats.tables import write_table
from promoternets.progress import progress

logger = logging.getLogger(__name__)
COMPARED_WITH = ("logistic_regression", "max_mark", REFERENCE)  # a network; a baseline with the last only


def evaluate_chromatin(
    *,
    predictions: Sequence[Path],
    metrics: Path,
    summary: Path,
    comparisons: Path,
    curves: Path | None = None,
    bootstrap: int = 2000,
    target: Target = "label",
    seed: int = 42,
) -> None:
    """Evaluate all models on the test genes of all epigenomes and write the tables.

    `metrics`: epigenome, model, seed, metric, value, low, high; seed `all` is the mean of a model's scores over
    its seeds. `comparisons`: epigenome, model, against, difference, low, high, p_value, of AUC or of Pearson's
    correlation, seeds averaged. `summary`: see `chromatin_summary.summary_table`. `curves`: epigenome, model,
    curve (`roc`), x, y, genes, seeds averaged; without rows where expression was predicted.

    Intervals are 95% percentile bootstrap intervals over test genes, with the same draws for all models and
    epigenomes; the fitted models are held fixed.

    Raises
    ------
    InputError
        As `collect_scores`, and when fewer than 100 resamples are asked for.
    """
    if bootstrap < FEWEST_RESAMPLES:
        raise InputError(
            f"{bootstrap} bootstrap resamples are too few for an interval", fix=f"Use at least {FEWEST_RESAMPLES}"
        )
    scores = collect_scores(predictions, target=target)
    values, resampled = measure(scores, target=target, bootstrap=bootstrap, seed=seed)
    tables = {
        metrics: metrics_table(scores, values, resampled, METRICS[target]),
        summary: summary_table(scores, values[:, :, 0], resampled[:, :, 0]),
        comparisons: comparisons_table(scores, values[:, :, 0], resampled[:, :, 0]),
    }
    if curves is not None:
        tables[curves] = curves_table(scores, target)
    for path, table in tables.items():
        write_table(table, path)


def measure(scores: ChromatinScores, *, target: Target, bootstrap: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return every metric of every run, as it is and in each resample of the genes.

    A resample draws from all genes that are tested anywhere, so that a gene counts equally often in every
    epigenome and for every model: differences and means over epigenomes are paired.

    Returns
    -------
    values : float64 [epigenome, run, metric].
    resampled : float32 [epigenome, run, metric, bootstrap]; 16 kB a run and epigenome with 2000 resamples.
    """
    distinct, run = np.unique(scores.first_alike, return_inverse=True)
    measures = [measure_of(one.score[distinct], one.outcome, target) for one in scores.epigenomes]
    shape = (len(scores.epigenomes), len(scores.runs), len(METRICS[target]))
    values = np.empty(shape)
    for number, one in enumerate(scores.epigenomes):
        values[number] = measures[number](np.ones((len(one.row), 1)))[run, :, 0]
    resampled = np.empty((*shape, bootstrap), dtype=np.float32)
    genes = len(scores.genes)
    done = 0
    chunks = resample_weights(np.arange(genes), bootstrap, seed)
    for drawn in progress(chunks, total=-(-bootstrap // chunk_size(genes)), what="bootstrap", unit="chunks"):
        weights = drawn.astype(np.float32)
        for number, one in enumerate(scores.epigenomes):
            own = weights if len(one.row) == genes else weights[one.row]
            resampled[number, :, :, done : done + weights.shape[1]] = measures[number](own)[run]
        done += weights.shape[1]
    return values, resampled


def metrics_table(
    scores: ChromatinScores, values: np.ndarray, resampled: np.ndarray, names: Sequence[str]
) -> pd.DataFrame:
    """Return the tidy table of metrics: epigenome, model, seed, metric, value, low, high."""
    low, high = interval(resampled)
    rows = [
        (one.epigenome, model, seed, metric, values[at], low[at], high[at])
        for epigenome, one in enumerate(scores.epigenomes)
        for run, (model, seed) in enumerate(scores.runs)
        for number, metric in enumerate(names)
        for at in [(epigenome, run, number)]
    ]
    return pd.DataFrame(rows, columns=["epigenome", "model", "seed", "metric", "value", "low", "high"])


def comparisons_table(scores: ChromatinScores, values: np.ndarray, resampled: np.ndarray) -> pd.DataFrame:
    """Return the paired differences of one metric: epigenome, model, against, difference, low, high, p_value.

    Each network minus `logistic_regression`, `max_mark` and `deepchrome`, each baseline minus `deepchrome`.

    Parameters
    ----------
    values : float64 [epigenome, run]. resampled : float [epigenome, run, resample].
    """
    number = scores.ensembles
    absent = [name for name in COMPARED_WITH if name not in number]
    if absent:
        logger.warning("no predictions of %s: no model is compared with it", " and ".join(absent))
    pairs = [
        (model, against)
        for model in number
        for against in ((REFERENCE,) if model in BASELINES else COMPARED_WITH)
        if against in number and against != model
    ]
    rows = []
    for epigenome, one in enumerate(scores.epigenomes):
        for model, against in pairs:
            first, second = number[model], number[against]
            differences = resampled[epigenome, first] - resampled[epigenome, second]
            low, high = interval(differences)
            difference = values[epigenome, first] - values[epigenome, second]
            rows.append(
                (one.epigenome, model, against, difference, float(low), float(high), float(p_value(differences)))
            )
    return pd.DataFrame(rows, columns=["epigenome", "model", "against", "difference", "low", "high", "p_value"])


def curves_table(scores: ChromatinScores, target: Target) -> pd.DataFrame:
    """Return at most 200 points of each model's ROC curve: epigenome, model, curve, x, y, genes."""
    columns = ["epigenome", "model", "curve", "x", "y", "genes"]
    if target != "label":
        logger.warning("expression was predicted, which has no ROC curve: the table of curves is empty")
        return pd.DataFrame(columns=columns)
    tables = []
    for one in scores.epigenomes:
        for model, number in scores.ensembles.items():
            table = curves_of(one.score[number], one.outcome == 1).rename(columns={"people": "genes"})
            tables.append(table[table["curve"] == "roc"].assign(epigenome=one.epigenome, model=model))
    return pd.concat(tables, ignore_index=True)[columns]
