"""The fine-tuned networks of all folds as a model folder, and whether fine-tuning helped, in figures and words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from safetensors.torch import load_file

from promoternets.bootstrap import interval, p_value, resample_weights
from promoternets.fine_tuning.train import FINE_TUNED, FROM_SCRATCH, MODELS, UNCHANGED
from promoternets.formats.model_folder import read_description
from promoternets.formats.out_of_fold import ALL, Collected, collect
from promoternets.formats.tables import write_table
from promoternets.prediction.export import auc_within_folds, described, write_model
from promoternets.resampled import widened

NAMES = {
    FINE_TUNED: "the fine-tuned model",
    UNCHANGED: "the model as it was",
    FROM_SCRATCH: "networks of the model's sites trained anew on these people alone",
}
COLUMNS = ("cohort", "model", "against", "auc", "low", "high", "p_value")


def export_fine_tuned(
    *,
    folder: Path,
    cohort: str,
    source: Path,
    weights: Sequence[Path],
    descriptions: Sequence[Path],
    predictions: Sequence[Path],
    samples: Path,
    bootstrap: int = 2000,
    seed: int = 42,
) -> None:
    """Write the model folder of the fine-tuned networks of all folds.

    Parameters
    ----------
    folder : to write. cohort : whose people fine-tuned. source : the model folder that was gone on from.
    weights, descriptions, predictions : what `fine_tune_fold` wrote of each fold.
    samples : people of known phenotype. bootstrap, seed : resamples behind the interval of the AUC.
    """
    tensors, entries = {}, []
    for weight, path in zip(weights, descriptions, strict=True):
        own = load_file(weight)
        for entry in json.loads(path.read_text(encoding="utf-8")):
            number, prefix = len(entries) + 1, f"{entry['model_fold']}/"
            tensors |= {
                f"fold_{number}/{name.removeprefix(prefix)}": value
                for name, value in own.items()
                if name.startswith(prefix)
            }
            entries.append(entry | {"fold": number, "people_fold": entry["fold"]})
    before = read_description(source)
    collected = collect(predictions, samples)
    tuned = replace(collected, runs=[run for run in collected.runs if run.model == FINE_TUNED])
    description = described(
        tuned, by_model_fold(tuned, entries), entries, cohort=cohort, build=before["build"],
        encoding=before["encoding"], preprocessing=before["preprocessing"], bootstrap=bootstrap, seed=seed,
    )  # fmt: skip
    history = {key: before[key] for key in ("cohort", "training_summary", "versions")}
    write_model(folder, tensors, description | {"fine_tuned_from": history})


def by_model_fold(tuned: Collected, entries: Sequence[dict[str, Any]]) -> np.ndarray:
    """Return predictions of the networks that go on from each fold of the model, float64 [model folds, people]."""
    by_seed = {run.seed: run.probability for run in tuned.runs if run.seed != ALL} or {0: tuned.runs[0].probability}
    seeds = {entry["model_fold"]: entry["seeds"] for entry in entries}
    ends = np.cumsum(list(seeds.values()))
    every = np.stack([by_seed[number] for number in range(ends[-1])])
    return np.stack([part.mean(0) for part in np.split(every, ends[:-1])])


def compare_fine_tuning(
    *,
    predictions: Sequence[Path],
    samples: Path,
    cohort: str,
    comparison: Path,
    summary: Path,
    bootstrap: int = 2000,
    seed: int = 42,
) -> None:
    """Write how well each model predicts the same test people, and the differences to the fine-tuned one.

    `comparison` has `COLUMNS`: a row a model (against is NA) with its AUC, and a row for fine-tuned minus each other.
    The AUC is that within folds, since each fold's networks were fitted apart; intervals are 95%, over people or
    families, those of models fitted here widened to allow for the fits (`resampled.widened`). Differences are paired:
    the same people in each resample, the fits held fixed. `summary` says it in words.
    """
    collected = collect(predictions, samples)
    table = comparison_table(collected, cohort, bootstrap, seed)
    write_table(table, comparison)
    summary.parent.mkdir(parents=True, exist_ok=True)
    summary.write_text(words(table, collected, cohort), encoding="utf-8")


def comparison_table(collected: Collected, cohort: str, bootstrap: int, seed: int) -> pd.DataFrame:
    """Return the table of `compare_fine_tuning`."""
    probability = {run.model: run.probability for run in collected.ensembles}
    once = np.ones((len(collected.case), 1))
    value = {name: float(auc_within_folds(probability[name], collected, once)[0]) for name in MODELS}
    drawn: dict[str, list[np.ndarray]] = {name: [] for name in MODELS}
    for weights in resample_weights(collected.cluster, bootstrap, seed):
        for name in MODELS:
            drawn[name].append(auc_within_folds(probability[name], collected, weights))
    draws = {name: np.concatenate(parts) for name, parts in drawn.items()}
    test = np.bincount(collected.fold)[1:]
    rows: list[tuple[Any, ...]] = []
    for name in MODELS:
        low, high = (float(bound) for bound in interval(draws[name]))
        if name in (FINE_TUNED, FROM_SCRATCH):
            low, high = widened(value[name], low, high, len(collected.case) - test, test)
        rows.append((cohort, name, None, value[name], low, high, np.nan))
    for name in MODELS[1:]:
        apart = draws[FINE_TUNED] - draws[name]
        low, high = (float(bound) for bound in interval(apart))
        rows.append((cohort, FINE_TUNED, name, value[FINE_TUNED] - value[name], low, high, float(p_value(apart))))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def words(table: pd.DataFrame, collected: Collected, cohort: str) -> str:
    """Return the comparison, one sentence a line; the first says whether fine-tuning helped."""
    models = table[table["against"].isna()].set_index("model")
    differences = table[table["against"].notna()].set_index("against")
    low, high = differences.loc[UNCHANGED, ["low", "high"]]
    verdict = "helped" if low > 0 else "harmed" if high < 0 else "cannot be told from leaving the model as it was"
    people, cases = len(collected.case), int(collected.case.sum())
    lines = [
        f"Fine-tuning on {cohort} {verdict}: {people:,} people, {cases:,} cases, each predicted by networks that had "
        f"not seen them, {collected.fold.max()} folds."
    ]
    for name in MODELS:
        row = models.loc[name]
        lines.append(f"AUC {row['auc']:.3f} [{row['low']:.3f}, {row['high']:.3f}]: {NAMES[name]}.")
    for name in MODELS[1:]:
        row = differences.loc[name]
        lines.append(
            f"Fine-tuned minus {NAMES[name]}: {row['auc']:+.3f} [{row['low']:+.3f}, {row['high']:+.3f}], "
            f"p {row['p_value']:.2g}."
        )
    lines.append("People who also trained the model itself would make the first two AUCs too high, the second most.")
    return "\n".join(lines) + "\n"
