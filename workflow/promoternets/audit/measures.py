"""AUCs of scores within folds and strata, for many weightings of the people at once.

Every AUC here is over pairs of people of the same fold: two folds were scored by different fits, and comparing them
would make the AUC of a model that tells nothing fall under 0.5 (`evaluation.metrics`). For the same reason a model
that knows the batch alone has an AUC of exactly 0.5 within batches, where a pooled one would be pushed off it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from promoternets.auc import ranking_sums, ratio
from promoternets.audit.people import Audited
from promoternets.formats.strata import Strata

EVERYBODY = "all"
OVERALL, WITHIN, LEFT_OUT, PREDICTS, INCREMENT = (
    "overall", "within_strata", "stratum_left_out", "score_predicts_stratum", "increment",
)  # fmt: skip


class Key(NamedTuple):
    """What one row of the audit is about."""

    check: str
    stratum: str
    model: str
    metric: str


Measured = dict[Key, np.ndarray]


def pair_sums(
    score: np.ndarray, positive: np.ndarray, cell: np.ndarray, cells: int, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return, by cell, the weight of pairs in the right order and that of all pairs of a positive and another.

    Parameters
    ----------
    score : float [people]. positive : bool [people].
    cell : int [people], pairs are of one cell; -1 for people in no pair. cells : how many there are.
    weights : float [people, resamples].

    Returns
    -------
    Two float64 [cells, resamples]; a tie counts one half.
    """
    sums = np.zeros((2, cells, weights.shape[1]))
    order = np.argsort(cell, kind="stable")
    starts = np.searchsorted(cell[order], np.arange(cells + 1))
    for number in range(cells):
        rows = order[starts[number] : starts[number + 1]]
        here = positive[rows]
        if here.any() and not here.all():
            sums[0, number], sums[1, number], _ = ranking_sums(score[rows], here, weights[rows])
    return sums[0], sums[1]


def within_folds(audited: Audited, score: np.ndarray, positive: np.ndarray, who: np.ndarray, weights: np.ndarray):
    """Return the AUC over pairs of the same fold among `who` (bool [people]), float64 [resamples]."""
    right, pairs = pair_sums(score, positive, np.where(who, audited.fold - 1, -1), audited.folds, weights)
    return ratio(right.sum(axis=0), pairs.sum(axis=0))


def within_strata(
    audited: Audited, score: np.ndarray, strata: Strata, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the AUC of a score between cases and controls of the same stratum and fold.

    The pooled one is that of all such pairs: the mean over the strata, weighted by their numbers of pairs.

    Parameters
    ----------
    score : float [people], NaN for people without one, who are left out.

    Returns
    -------
    pooled : float64 [resamples]. each : float64 [levels, resamples]; NaN where there is no pair.
    """
    levels = len(strata.levels)
    usable = (strata.level >= 0) & np.isfinite(score)
    cell = np.where(usable, strata.level * audited.folds + audited.fold - 1, -1)
    right, pairs = pair_sums(score, audited.case, cell, levels * audited.folds, weights)
    right, pairs = (sums.reshape(levels, audited.folds, -1).sum(axis=1) for sums in (right, pairs))
    return ratio(right.sum(axis=0), pairs.sum(axis=0)), ratio(right, pairs)


def measure(audited: Audited, weights: np.ndarray) -> Measured:
    """Return every AUC of the audit, float64 [resamples], for weights [people, resamples]."""
    everybody = np.ones(len(audited.case), dtype=bool)
    measured: Measured = {}
    for model, score in audited.score.items():
        key = Key(OVERALL, EVERYBODY, model, "auc")
        measured[key] = within_folds(audited, score, audited.case, everybody, weights)
        for strata in audited.strata:
            measured |= _by_stratum(WITHIN, model, strata, within_strata(audited, score, strata, weights))
            measured |= predicts_stratum(audited, model, strata, weights)
    for (model, confounders), score in audited.joint.items():
        key = Key(INCREMENT, EVERYBODY, model, f"joint_auc_with_{confounders}")
        measured[key] = within_folds(audited, score, audited.case, everybody, weights)
    for strata, score in audited.left_out:
        measured |= _by_stratum(
            LEFT_OUT, audited.left_out_model, strata, within_strata(audited, score, strata, weights)
        )
    return measured


def predicts_stratum(audited: Audited, model: str, strata: Strata, weights: np.ndarray) -> Measured:
    """Return how well a score tells controls of one stratum from those of the others.

    By stratum the plain AUC of that stratum against the rest: under 0.5 its people have low scores. `macro_auc` is
    the mean over strata of that AUC whichever way it points (at least 0.5, also by chance), since with two strata
    the two AUCs are each other's mirror images and their mean says nothing.
    """
    controls = ~audited.case & (strata.level >= 0)
    measured: Measured = {}
    for number in range(len(strata.levels)):
        auc = within_folds(audited, audited.score[model], strata.level == number, controls, weights)
        measured[Key(PREDICTS, strata.name(number), model, "auc")] = auc
    each = np.stack(list(measured.values()))
    known = np.isfinite(each)
    total = np.where(known, np.abs(each - 0.5), 0).sum(axis=0)
    measured[Key(PREDICTS, strata.column, model, "macro_auc")] = 0.5 + ratio(total, known.sum(axis=0))
    return measured


def _by_stratum(check: str, model: str, strata: Strata, auc: tuple[np.ndarray, np.ndarray]) -> Measured:
    measured = {Key(check, strata.column, model, "auc"): auc[0]}
    return measured | {
        Key(check, strata.name(number), model, "auc"): auc[1][number] for number in range(len(strata.levels))
    }


def differences(measured: Measured, models: list[str], confounders: list[str]) -> Measured:
    """Return what is a difference of two AUCs: model minus confounders, and joint minus confounders."""
    made: Measured = {}
    for against in confounders:
        base = measured[Key(OVERALL, EVERYBODY, against, "auc")]
        for model in models:
            own = measured[Key(OVERALL, EVERYBODY, model, "auc")]
            made[Key("model_minus_confounders", EVERYBODY, model, f"auc_minus_{against}")] = own - base
            joint = measured[Key(INCREMENT, EVERYBODY, model, f"joint_auc_with_{against}")]
            made[Key(INCREMENT, EVERYBODY, model, f"auc_gain_over_{against}")] = joint - base
    return made


def resampled(
    measures: Callable[[np.ndarray], Measured], people: int, chunks: Iterator[np.ndarray]
) -> tuple[dict[Key, float], Measured]:
    """Return every measure as it is, and in all resamples, float64 [bootstrap]."""
    plain = {key: float(value[0]) for key, value in measures(np.ones((people, 1))).items()}
    drawn = [measures(weights) for weights in chunks]
    return plain, {key: np.concatenate([one[key] for one in drawn]) for key in plain}
