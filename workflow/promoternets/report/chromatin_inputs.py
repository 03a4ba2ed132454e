"""What the chromatin report is made from: every table of the epigenomes, read and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from promoternets.errors import InputError
from promoternets.formats.benchmarks import read_benchmarks
from promoternets.formats.tables import read_table
from promoternets.report.inputs import optional_table, read_settings

_ESTIMATE = {"value": "float64", "low": "float64", "high": "float64"}
_SUMMARY_NUMBERS = (
    "mean", "median", "max", "min", "wins_over_deepchrome", "compared", "mean_difference", "difference_low",
    "difference_high", "p_value", "mean_of_single_seeds", "sd_between_seeds",
)  # fmt: skip
_COVERAGE_NUMBERS = (
    "genes", "bases", "zero", "uncovered", "absent", "genes_with_uncovered", "genes_with_absent",
    "genes_without_signal",
)  # fmt: skip


@dataclass(frozen=True)
class ChromatinInputs:
    """Tables of all epigenomes; the columns are those of the files of the same names.

    `excluded` is None where published files bring their genes; `validation` is None without a held-back
    mark, `against_truth` and `truth` outside of a simulation, `gene_maps` when no gene was chosen. `labels` has the
    epigenome first; `silent` counts genes without signal: epigenome, reason, genes.
    """

    metrics: pd.DataFrame
    across: pd.DataFrame
    comparisons: pd.DataFrame
    coverage: pd.DataFrame
    labels: pd.DataFrame
    maps: pd.DataFrame
    mark_weights: pd.DataFrame
    excluded: pd.DataFrame | None = None
    silent: pd.DataFrame | None = None
    gene_maps: pd.DataFrame | None = None
    validation: pd.DataFrame | None = None
    against_truth: pd.DataFrame | None = None
    truth: pd.DataFrame | None = None
    history: pd.DataFrame | None = None
    parameters: pd.DataFrame | None = None
    benchmarks: pd.DataFrame | None = None
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def epigenomes(self) -> list[str]:
        """Return the epigenomes in the order of the metrics."""
        return list(dict.fromkeys(self.metrics["epigenome"]))

    @property
    def measure(self) -> str:
        """Return the metric that models are compared by: auc, or pearson where expression was predicted."""
        return "auc" if (self.metrics["metric"] == "auc").any() else "pearson"


def read_chromatin_inputs(
    *,
    metrics: Path,
    across: Path,
    comparisons: Path,
    coverage: Path,
    labels: Sequence[Path],
    maps: Path,
    mark_weights: Path,
    gene_maps: Path | None = None,
    validation: Path | None = None,
    against_truth: Path | None = None,
    truth: Path | None = None,
    excluded: Path | None = None,
    without_signal: Sequence[Path] | None = None,
    history: Sequence[Path] | None = None,
    parameters: Sequence[Path] | None = None,
    settings: Path | None = None,
    benchmarks: Sequence[Path] | None = None,
) -> ChromatinInputs:
    """Read every table of the epigenomes; the script `build_chromatin_report.py` says what each is.

    Raises
    ------
    InputError
        When a file is missing, lacks a column or holds text where a number belongs, and when nothing was measured.
    """
    measured = read_table(
        metrics, columns=["epigenome", "model", "seed", "metric", "value", "low", "high"], what="metrics",
        dtypes=_ESTIMATE,
    )  # fmt: skip
    if not measured["metric"].isin(["auc", "pearson"]).any():
        raise InputError("the metrics hold neither AUC nor Pearson's r", where=metrics, fix="Rerun evaluate_chromatin")
    correlation = {name: "float64" for name in ("r", "low", "high", "null_low", "null_high", "p_value", "genes")}
    map_columns = ("epigenome", "model", "map", "mark", "bin", "value")
    return ChromatinInputs(
        metrics=measured,
        across=read_table(
            across, columns=["model", "epigenomes", *_SUMMARY_NUMBERS], what="table over epigenomes",
            dtypes={"epigenomes": "int64"} | dict.fromkeys(_SUMMARY_NUMBERS, "float64"),
        ),
        comparisons=read_table(
            comparisons, columns=["epigenome", "model", "against", "difference", "low", "high", "p_value"],
            what="comparisons", dtypes=_ESTIMATE | {"difference": "float64", "p_value": "float64"},
        ),
        coverage=read_table(
            coverage, columns=["epigenome", "mark", "source", *_COVERAGE_NUMBERS], what="coverage",
            dtypes=dict.fromkeys(_COVERAGE_NUMBERS, "float64"),
        ),
        labels=_read_labels(labels),
        maps=read_table(
            maps, columns=[*map_columns, "class", "genes"], what="attention maps",
            dtypes={"bin": "int64", "genes": "int64", "value": "float64"},
        ),
        mark_weights=read_table(
            mark_weights, columns=["epigenome", "model", "class", "genes", "mark", "beta", "low", "high"],
            what="weights of marks", dtypes={"genes": "int64", "beta": "float64"} | _ESTIMATE,
        ),
        excluded=optional_table(excluded, ("gene_id", "reason"), "table of excluded genes", {}),
        silent=_read_silent(without_signal or []),
        gene_maps=optional_table(
            gene_maps, ("symbol", "gene_id", "label", "score", "part", *map_columns), "attention of chosen genes",
            {"bin": "float64", "value": "float64", "score": "float64", "label": "int64"},
        ),
        validation=optional_table(
            validation, ("epigenome", "model", "map", "mark", "validation_mark", *correlation), "attention check",
            correlation,
        ),
        against_truth=optional_table(
            against_truth, ("epigenome", "model", "map", "class", "level", "r"), "check against the planted weights",
            {"r": "float64"},
        ),
        truth=optional_table(
            truth, ("mark", "bin", "weight"), "table of planted weights", {"bin": "int64", "weight": "float64"}
        ),
        history=_read_history(history or []),
        parameters=_read_parameters(parameters or []),
        benchmarks=read_benchmarks(benchmarks or []),
        settings=read_settings(settings),
    )  # fmt: skip


def _read_labels(paths: Sequence[Path]) -> pd.DataFrame:
    """Return epigenome, item, value, note; the epigenome is the folder of its file."""
    frames = [
        read_table(path, columns=["item", "value", "note"], what="summary of labels").assign(
            epigenome=Path(path).parent.name
        )
        for path in paths
    ]
    return pd.concat(frames, ignore_index=True)[["epigenome", "item", "value", "note"]]


def _read_silent(paths: Sequence[Path]) -> pd.DataFrame | None:
    """Return epigenome, reason, genes: how many genes had too little signal, or None where none had."""
    frames = [
        read_table(path, columns=["gene_id", "reason"], what="table of genes without signal").assign(
            epigenome=Path(path).parent.name
        )
        for path in paths
    ]
    table = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    return None if table.empty else table.groupby(["epigenome", "reason"], sort=False).size().reset_index(name="genes")


def _read_history(paths: Sequence[Path]) -> pd.DataFrame | None:
    """Return the training histories of all networks: model, epigenome, seed, epoch, losses, measure, kept.

    The model is in the path, ``training/<model>/group_<k>/history.tsv``.
    """
    names = ("epoch", "train_loss", "validation_loss", "validation_measure", "kept")
    frames = [
        read_table(
            path, columns=["epigenome", "seed", *names], what="training history", dtypes=dict.fromkeys(names, "float64")
        ).assign(model=Path(path).parent.parent.name)
        for path in paths
    ]
    frames = [frame for frame in frames if not frame.empty]
    return pd.concat(frames, ignore_index=True)[["model", "epigenome", "seed", *names]] if frames else None


def _read_parameters(paths: Sequence[Path]) -> pd.DataFrame | None:
    """Return what the baselines settled on: epigenome, model, setting, selected_by, valid_value, converged."""
    columns = ["epigenome", "model", "setting", "selected_by", "valid_value", "converged"]
    numbers = {"valid_value": "float64"}
    frames = [read_table(path, columns=columns, what="settings of a baseline", dtypes=numbers) for path in paths]
    return pd.concat(frames, ignore_index=True)[columns] if frames else None
