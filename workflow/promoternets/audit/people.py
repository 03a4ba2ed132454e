"""What is audited: people, their out-of-fold scores by every model, their strata."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from promoternets.audit.joint import joint_score
from promoternets.errors import InputError
from promoternets.formats.confounders import CONFOUNDERS
from promoternets.formats.left_out import read_left_out
from promoternets.formats.out_of_fold import FIRST_MODEL, collect
from promoternets.formats.strata import Strata, read_strata

LEFT_OUT_MODEL = "logistic_regression"


@dataclass(frozen=True)
class Audited:
    """The people of a cohort, sorted by name, and all that is known of their scores.

    Attributes
    ----------
    case : bool [people]. fold : int [people], 1..K. cluster : int [people], the family.
    score : probability of being a case, float64 [people], by model; seeds averaged, ALS-Net first.
    strata : the ways to cut the cohort, each with two strata or more.
    joint : log-odds of the confounders and a model together, float64 [people], by (model, confounder model).
    left_out : a score from fits without the person's stratum, NaN where there is none, for each of `strata`.
    left_out_model : the model of `left_out`.
    """

    case: np.ndarray
    fold: np.ndarray
    cluster: np.ndarray
    score: dict[str, np.ndarray]
    strata: list[Strata]
    joint: dict[tuple[str, str], np.ndarray]
    left_out: list[tuple[Strata, np.ndarray]]
    left_out_model: str = LEFT_OUT_MODEL

    @property
    def folds(self) -> int:
        """How many folds there are."""
        return int(self.fold.max())

    @property
    def confounders(self) -> list[str]:
        """The models that see confounders alone."""
        return [name for name in CONFOUNDERS if name in self.score]

    @property
    def models(self) -> list[str]:
        """The models that see genotypes, ALS-Net first."""
        return [name for name in self.score if name not in CONFOUNDERS]

    @property
    def first(self) -> str:
        """The model that the verdict is about."""
        return FIRST_MODEL if FIRST_MODEL in self.score else self.models[0]


def read_audited(
    *, predictions: Sequence[Path], left_out: Sequence[Path], samples: Path, strata: Sequence[str] | None
) -> Audited:
    """Read predictions, strata and the predictions of people whose stratum was left out.

    Raises
    ------
    InputError
        As `out_of_fold.collect`, `strata.read_strata` and `left_out.read_left_out`; when no model sees genotypes, or
        none sees confounders alone.
    """
    collected = collect(predictions, samples)
    score = {run.model: run.probability for run in collected.ensembles}
    models = [name for name in score if name not in CONFOUNDERS]
    if not models or len(models) == len(score):
        raise InputError(
            f"an audit needs a model that sees genotypes and one of {', '.join(CONFOUNDERS)}; "
            f"there are {', '.join(score)}",
            fix="Give the predictions of both",
        )
    ways = read_strata(samples, collected.sample, strata)
    return Audited(
        case=collected.case,
        fold=collected.fold,
        cluster=collected.cluster,
        score=score,
        strata=ways,
        joint={
            (model, name): joint_score(score[name], score[model], collected.case, collected.fold)
            for name in CONFOUNDERS
            if name in score
            for model in models
        },
        left_out=_left_out(left_out, ways, collected.sample),
    )


def _left_out(paths: Sequence[Path], strata: list[Strata], people: np.ndarray) -> list[tuple[Strata, np.ndarray]]:
    table = read_left_out(paths)
    made = []
    for one in strata:
        own = table[table["column"] == one.column].set_index("sample")["probability"]
        made.append((one, own.reindex(list(people)).to_numpy(dtype=np.float64)))
    return made
