"""The baselines of the chromatin branch: each epigenome's own classifier or regression on its bins.

A baseline has the data budget of a network: training genes fit it, validation genes choose its settings and
calibrate its probabilities, test genes are only predicted. It is not fitted again on training and validation
genes together, since a network that stops early cannot be either.

Settings are chosen by AUC, which sees the order of genes only: among few validation genes a penalty can win
that draws every probability to the share of expressed genes, so that no gene is called. Hence the scores of
logistic regression, as those of the support vector machine, which has no probabilities, are calibrated by
Platt's method; a forest's votes are left as they are. Calibration keeps the order.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from scipy.special import expit
from sklearn.base import BaseEstimator
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import train_test_split
from threadpoolctl import threadpool_limits

from promoternets.baselines.chromatin_models import ChromatinBaseline, chromatin_baseline
from promoternets.baselines.settings import Setting
from promoternets.calibration import platt
from promoternets.errors import InputError
from promoternets.formats.gene_predictions import Target, gene_predictions, write_gene_predictions
from promoternets.formats.genes_and_bins import EpigenomeData, SignalScaling, read_epigenome
from promoternets.formats.tables import write_table
from promoternets.progress import progress
from promoternets.seeds import derive

logger = logging.getLogger(__name__)
KERNEL_SEARCH_GENES = 2000  # training genes that compare the settings of a kernel machine: its cost is quadratic
PREDICTED = ("valid", "test")


@dataclass(frozen=True)
class FittedBaseline:
    """A baseline fitted to one epigenome.

    calibration : slope and intercept from decision values to log-odds; None for forests and for expression.
    about : the settings chosen and how, as one row of the table of parameters.
    """

    model: ChromatinBaseline
    scaling: SignalScaling
    estimator: BaseEstimator
    calibration: tuple[float, float] | None
    about: dict[str, Any]

    def predict(self, signal: np.ndarray) -> np.ndarray:
        """Return scores, float64 [gene], of stored signal, float32 [gene, mark, bin]; each from its gene only."""
        values = _scores(self.estimator, self.model.columns(self.scaling(signal)))
        if self.calibration is None:
            return values
        slope, intercept = self.calibration
        return expit(slope * values + intercept)


def train_chromatin_baseline(
    *,
    bins: Sequence[Path],
    labels: Sequence[Path],
    epigenomes: Sequence[str],
    model: str,
    predictions: Path,
    parameters: Path | None = None,
    target: Target = "label",
    seed: int = 42,
    threads: int = 1,
) -> None:
    """Fit one baseline to every epigenome; write scores of validation and test genes, and the settings chosen.

    Epigenomes are fitted in `threads` threads, each of which does its linear algebra in one, so that results do
    not depend on their number.

    Raises
    ------
    InputError
        As `read_epigenome` and `EpigenomeData.outcome`; when files and epigenomes do not correspond.
    """
    chromatin_baseline(model)
    if not len(bins) == len(labels) == len(epigenomes):
        raise InputError(
            f"{len(bins)} files of bins and {len(labels)} of labels for {len(epigenomes)} epigenomes",
            fix="Give one of each for every epigenome, in the same order",
        )

    def one(where: Path, labelled: Path, epigenome: str) -> tuple[pd.DataFrame, dict[str, Any]]:
        data = read_epigenome(where, labelled)
        if data.epigenome != epigenome:
            raise InputError(f"these bins are of {data.epigenome}, not of {epigenome}", where=where,
                             fix="Give bins, labels and epigenomes in the same order")  # fmt: skip
        return fit_and_predict(model, data, target=target, seed=seed)

    jobs = (delayed(one)(*files) for files in zip(bins, labels, epigenomes, strict=True))
    with threadpool_limits(1):
        done = Parallel(n_jobs=threads, prefer="threads", return_as="generator")(jobs)
        results = list(progress(done, total=len(epigenomes), what=model, unit="epigenomes"))
    write_gene_predictions(predictions, [table for table, _ in results], target=target)
    if parameters is not None:
        write_table(pd.DataFrame([about for _, about in results]), parameters)


def fit_and_predict(
    name: str, data: EpigenomeData, *, target: Target, seed: int
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Fit a baseline to one epigenome.

    Returns
    -------
    The rows of the predictions table (`gene_predictions`) and the row of the table of parameters: epigenome,
    model, target, seed, setting, selected_by, valid_value, settings, converged, search_genes, training_genes,
    valid_genes.
    """
    start = time.perf_counter()
    outcome = data.outcome(target)
    train, valid = data.indices("train"), data.indices("valid")
    own = derive(seed, "chromatin_baseline", name, data.epigenome)
    fitted = fit_chromatin(
        name, (data.signal[train], outcome[train]), (data.signal[valid], outcome[valid]), target=target, seed=own
    )
    tables = []
    for part in PREDICTED:
        rows = data.indices(part)
        tables.append(
            gene_predictions(
                epigenome=data.epigenome,
                model=name,
                seed=seed,
                part=data.part[rows],
                gene_ids=data.gene_ids[rows],
                label=outcome[rows],
                score=fitted.predict(data.signal[rows]),
            )
        )
    about = {"epigenome": data.epigenome, "model": name, "target": target, "seed": seed, **fitted.about}
    logger.info(
        "%s, %s: %s of validation genes %.4f with %s, %.1f s",
        data.epigenome, name, about["selected_by"], about["valid_value"], about["setting"], time.perf_counter() - start,
    )  # fmt: skip
    if not about["converged"]:
        logger.warning("%s, %s: the fit has not converged", data.epigenome, name)
    return pd.concat(tables, ignore_index=True), about


def fit_chromatin(
    name: str,
    train: tuple[np.ndarray, np.ndarray],
    valid: tuple[np.ndarray, np.ndarray],
    *,
    target: Target,
    seed: int,
) -> FittedBaseline:
    """Fit a baseline to training genes with the setting that ranks validation genes best.

    Parameters
    ----------
    name : a key of `chromatin_models.MODELS`.
    train, valid : signal float32 [gene, mark, bin] as stored, and outcome [gene]: labels 0/1, or
        log2(expression + 1).
    target : which of the two the outcome is; settings are chosen by AUC or by R squared.
    seed : of forests, and of the genes that compare a kernel machine's settings.
    """
    model = chromatin_baseline(name)
    scaling = SignalScaling.fit(train[0])
    x, x_valid = (model.columns(scaling(signal)) for signal in (train[0], valid[0]))
    y, y_valid = train[1], valid[1]
    settings = model.grid(x.shape[1], target)
    rows = _search_rows(name, model, y, target, seed)
    search = _search_kernel if model.kernel else _search
    chosen = settings[search(model, settings, (x[rows], y[rows]), (x_valid, y_valid), target, seed)]
    estimator = model.build(chosen, target, seed % 2**32).fit(x, y)
    scores = _scores(estimator, x_valid)
    calibrated = target == "label" and hasattr(estimator, "decision_function")
    by, measure = SELECTION[target]
    about = {
        "setting": ", ".join(f"{key}={value:g}" for key, value in chosen.items()),
        "selected_by": by,
        "valid_value": measure(y_valid, scores),
        "settings": len(settings),
        "converged": converged(estimator),
        "search_genes": len(rows),
        "training_genes": len(y),
        "valid_genes": len(y_valid),
    }
    return FittedBaseline(model, scaling, estimator, platt(scores, y_valid == 1) if calibrated else None, about)


SELECTION: dict[str, tuple[str, Callable[[np.ndarray, np.ndarray], float]]] = {
    "label": ("auc", roc_auc_score),
    "expression": ("r2", r2_score),
}


def _search(
    model: ChromatinBaseline,
    settings: list[Setting],
    train: tuple[np.ndarray, np.ndarray],
    valid: tuple[np.ndarray, np.ndarray],
    target: Target,
    seed: int,
) -> int:
    """Return which setting is best on validation genes, the first of equals."""
    values = []
    for setting in settings:
        estimator = model.build(model.search | setting, target, seed % 2**32).fit(*train)
        values.append(SELECTION[target][1](valid[1], _scores(estimator, valid[0])))
    return int(np.argmax(values))


def _search_kernel(
    model: ChromatinBaseline,
    settings: list[Setting],
    train: tuple[np.ndarray, np.ndarray],
    valid: tuple[np.ndarray, np.ndarray],
    target: Target,
    seed: int,
) -> int:
    """Do as `_search`, with the kernel between genes made once for all C; 8 bytes of memory a pair of genes."""
    values = np.empty(len(settings))
    for gamma in {setting["gamma"] for setting in settings}:
        own, held = rbf_kernel(train[0], gamma=gamma), rbf_kernel(valid[0], train[0], gamma=gamma)
        for number, setting in enumerate(settings):
            if setting["gamma"] == gamma:
                estimator = model.build(model.search | {"C": setting["C"]}, target, seed % 2**32).fit(own, train[1])
                values[number] = SELECTION[target][1](valid[1], _scores(estimator, held))
    return int(np.argmax(values))


def _search_rows(name: str, model: ChromatinBaseline, y: np.ndarray, target: Target, seed: int) -> np.ndarray:
    """Return which training genes compare settings: all, or a random part of many for a kernel machine."""
    if not model.kernel or len(y) <= KERNEL_SEARCH_GENES:
        return np.arange(len(y))
    classes = y if target == "label" else None
    rows, _ = train_test_split(
        np.arange(len(y)), train_size=KERNEL_SEARCH_GENES, stratify=classes, random_state=derive(seed, "search") % 2**32
    )
    logger.info(
        "%s: settings are compared on %d of %d training genes, the chosen one is fitted to all", name, len(rows), len(y)
    )
    return np.sort(rows)


def _scores(estimator: BaseEstimator, x: np.ndarray) -> np.ndarray:
    """Return decision values where there are any, else probabilities, else predictions; float64 [gene]."""
    if hasattr(estimator, "decision_function"):
        return estimator.decision_function(x).astype(np.float64)
    if hasattr(estimator, "predict_proba"):
        return estimator.predict_proba(x)[:, 1].astype(np.float64)
    return estimator.predict(x).astype(np.float64)


def converged(estimator: BaseEstimator) -> bool:
    """Return whether an iterative fit ended by itself."""
    last = estimator[-1] if hasattr(estimator, "steps") else getattr(estimator, "regressor_", estimator)
    most, used = getattr(last, "max_iter", None), getattr(last, "n_iter_", None)
    stopped = most is not None and used is not None and np.max(used) >= most
    return getattr(last, "fit_status_", 0) == 0 and not stopped
