"""Out-of-fold predictions of all models, brought together and checked."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from promoternets.errors import InputError
from promoternets.formats.predictions import read_predictions
from promoternets.formats.tables import read_table

logger = logging.getLogger(__name__)
FIRST_MODEL = "als_net"
ALL = "all"
REDO = "Run that model again in every fold"


@dataclass(frozen=True)
class Run:
    """One model's out-of-fold probabilities; seed is a number, or `all` for the mean over the seeds."""

    model: str
    seed: int | str
    probability: np.ndarray


@dataclass(frozen=True)
class Collected:
    """The people, sorted by name, and every run's probabilities in that order.

    sample: str [people]; case: bool [people]; fold: int [people], 1..K; cluster: int [people], the family.
    runs: for each model first the mean over its seeds, then, where it has several, each seed.
    """

    sample: np.ndarray
    case: np.ndarray
    fold: np.ndarray
    cluster: np.ndarray
    runs: list[Run]

    @property
    def ensembles(self) -> list[Run]:
        """The runs averaged over seeds: one a model."""
        return [run for run in self.runs if run.seed == ALL]


def collect(predictions: Sequence[Path], samples: Path) -> Collected:
    """Read all predictions and the sample table.

    Raises
    ------
    InputError
        When a person is not predicted exactly once by a model and seed over the folds, is not in the sample
        table, is a case in one table and a control in the other, or is tested in different folds by different
        models.
    """
    people = read_table(samples, columns=["sample", "phenotype"], what="sample table", dtypes={"phenotype": "int64"})
    people = people.sort_values("sample", kind="stable").reset_index(drop=True)
    if not predictions:
        raise InputError("there are no predictions to evaluate", fix="Train at least one model")
    frame = pd.concat([read_predictions(path) for path in predictions], ignore_index=True)
    _check_people(frame, people, samples)
    index = pd.Index(people["sample"])
    runs: list[Run] = []
    for model in sorted(frame["model"].unique(), key=lambda name: (name != FIRST_MODEL, name)):
        table = _by_seed(frame[frame["model"] == model], index, str(model))
        runs.append(Run(str(model), ALL, table.mean(axis=1).to_numpy()))
        if table.shape[1] > 1:
            runs += [Run(str(model), int(seed), table[seed].to_numpy()) for seed in table.columns]
    fold = _folds(frame, index)
    case = people["phenotype"].to_numpy() == 1
    logger.info(
        "%d models, %d people (%d cases, %d controls), %d folds",
        frame["model"].nunique(), len(people), case.sum(), (~case).sum(), fold.max(),
    )  # fmt: skip
    return Collected(people["sample"].to_numpy(dtype=object), case, fold, _clusters(people), runs)


def _check_people(frame: pd.DataFrame, people: pd.DataFrame, samples: Path) -> None:
    doubled = people["sample"][people["sample"].duplicated()]
    if not doubled.empty:
        raise InputError(f"{doubled.iloc[0]} is there twice", where=samples, fix="Keep one row a person")
    wrong = people.loc[~people["phenotype"].isin([0, 1]), "sample"]
    if not wrong.empty:
        raise InputError(f"the phenotype of {wrong.iloc[0]} is neither 1 (case) nor 0 (control)", where=samples)
    phenotype = people.set_index("sample")["phenotype"]
    unknown = frame.loc[~frame["sample"].isin(phenotype.index)]
    if not unknown.empty:
        row = unknown.iloc[0]
        raise InputError(
            f"{row['model']} predicts {unknown['sample'].nunique()} people who are not in the sample table, "
            f"{row['sample']} the first",
            where=samples,
            fix=REDO,
        )
    differs = frame.loc[frame["phenotype"].to_numpy() != phenotype.loc[frame["sample"]].to_numpy()]
    if not differs.empty:
        row = differs.iloc[0]
        raise InputError(
            f"the predictions of {row['model']} have phenotype {row['phenotype']} for {row['sample']}, "
            "the sample table has another",
            where=samples,
            fix=REDO,
        )


def _by_seed(frame: pd.DataFrame, index: pd.Index, model: str) -> pd.DataFrame:
    """Return the model's probabilities, people by seeds, when each person is there once."""
    doubled = frame[frame.duplicated(["sample", "seed"])]
    if not doubled.empty:
        row = doubled.iloc[0]
        raise InputError(
            f"{model} (seed {row['seed']}) predicts {row['sample']} more than once over the folds", fix=REDO
        )
    table = frame.pivot(index="sample", columns="seed", values="probability").reindex(index)
    absent = table.isna()
    if absent.to_numpy().any():
        seed = absent.columns[absent.any()][0]
        who = list(index[absent[seed]])
        named = ", ".join(who[:5]) + (", ..." if len(who) > 5 else "")
        raise InputError(f"{model} (seed {seed}) does not predict {len(who)} of {len(index)} people: {named}", fix=REDO)
    return table


def _folds(frame: pd.DataFrame, index: pd.Index) -> np.ndarray:
    pairs = frame[["sample", "fold", "model"]].drop_duplicates(["sample", "fold"])
    moved = pairs[pairs["sample"].duplicated()]
    if not moved.empty:
        sample = moved["sample"].iloc[0]
        where = pairs[pairs["sample"] == sample]
        said = " and ".join(f"fold {row.fold} by {row.model}" for row in where.itertuples())
        raise InputError(f"{sample} is tested in {said}", fix="Run all models again with the same folds")
    folds = pairs.set_index("sample")["fold"].reindex(index)
    if folds.min() < 1:
        raise InputError(f"fold {folds.min()} is no fold: they are numbered from 1", fix="Run all models again")
    return folds.to_numpy(dtype=np.int64)


def _clusters(people: pd.DataFrame) -> np.ndarray:
    """Number the families in the order of the people; a person without a family is one alone."""
    own = "person " + people["sample"].astype(str)
    if "family" not in people.columns:
        return np.arange(len(people))
    named = people["family"].where(people["family"].isna(), "family " + people["family"].astype(str))
    codes, families = pd.factorize(named.fillna(own))
    logger.info("resampling %d families of %d people", len(families), len(people))
    return codes
