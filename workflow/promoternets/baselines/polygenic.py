"""The clumping-and-thresholding polygenic score: the sum over associated sites of effect times alternate alleles.

Of each fit of the association study (`formats.associations`) the best sites are clumped among the people of that fit,
and scores are made for several p-value thresholds. The rounds of the study score their validation people, whom their
sites, effects and clumps have not seen; these scores choose the threshold and calibrate. The fit to all training
people then scores the people tested. (International Schizophrenia Consortium 2009; Choi, Mak and O'Reilly 2020.)
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit, ndtr, ndtri
from sklearn.metrics import roc_auc_score

from promoternets.calibration import platt
from promoternets.clumping import clump, filled
from promoternets.errors import InputError
from promoternets.formats.associations import Associations
from promoternets.formats.outer_fold import OuterFold
from promoternets.formats.variant_store import VariantStore
from promoternets.progress import progress

logger = logging.getLogger(__name__)
THRESHOLDS = (5e-8, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.05, 0.1, 0.2, 0.5, 1.0)
SITES_AT_ONCE = 10_000


@dataclass(frozen=True)
class Clumping:
    """How sites are thinned: r2 and distance (bp) of `clumping.clump`, and how many of the best sites are looked at."""

    r2: float = 0.1
    distance: int = 250_000
    candidates: int = 50_000


@dataclass(frozen=True)
class Scores:
    """Scores of some people by one fit: float64 [thresholds, people], and sites used, int [thresholds]."""

    people: np.ndarray
    score: np.ndarray
    sites: np.ndarray


def fit_polygenic_score(
    genotypes: Sequence[Path], associations: Path, people: OuterFold, clumping: Clumping
) -> tuple[np.ndarray, dict[str, Any]]:
    """Return the probability of being a case of the people tested, float64 [test], and details for a record.

    `people` are in the order of the genotype stores. Counts are less the training mean, so that a missing one adds
    nothing and the score is that of counts with missing ones at the mean, up to a constant.

    Memory: of one chromosome, 1 byte a person and site that is among the best of any fit, and 8 bytes a person and
    site of one fit; 12 bytes a site of the study for each fit.

    Raises
    ------
    InputError
        When the study is of another fold or of other sites, or no round has both classes to validate on.
    """
    study = Associations.open(associations)
    rounds = people.validation_rounds(study.rounds)
    groups = [(people.training, people.test), *rounds]
    tested, *held = _scores([VariantStore.open(path) for path in genotypes], study, groups, clumping)
    auc = _inner_auc(held, people.labels)
    best = int(np.argmax(auc))
    calibration = platt(
        np.concatenate([one.score[best] for one in held]),
        np.concatenate([people.labels[one.people] == 1 for one in held]),
    )
    logger.info("inner AUC %.3f with p below %g: %d sites", auc[best], THRESHOLDS[best], tested.sites[best])
    details = {
        "chosen": {"threshold": THRESHOLDS[best]},
        "inner_auc": float(auc[best]),
        "inner_parts": study.rounds,
        "tried": [
            {"setting": {"threshold": threshold}, "auc": round(float(value), 5), "sites": int(sites)}
            for threshold, value, sites in zip(THRESHOLDS, auc, tested.sites, strict=True)
        ],
        "columns_given": len(study),
        "columns_used": int(tested.sites[best]),
        "converged": True,
        "clumping": {"r2": clumping.r2, "distance": clumping.distance, "candidates": clumping.candidates},
        "candidates_capped": bool(np.isfinite(study.z(0)).sum() > clumping.candidates),
        "calibration": {"method": "platt", "slope": calibration[0], "intercept": calibration[1]},
        "training_people": len(people.training),
        "training_cases": int(people.labels[people.training].sum()),
    }
    return expit(calibration[0] * tested.score[best] + calibration[1]), details


def _inner_auc(held: Sequence[Scores], labels: np.ndarray) -> np.ndarray:
    """Return the mean AUC of each threshold over the rounds that validate on both classes, float64 [thresholds]."""
    both = [one for one in held if len(np.unique(labels[one.people])) == 2]
    if not both:
        raise InputError("no round of validation has cases and controls", fix="Use fewer folds or inner parts")
    return np.mean([[roc_auc_score(labels[one.people], row) for row in one.score] for one in both], axis=0)


def _scores(
    stores: Sequence[VariantStore],
    study: Associations,
    groups: Sequence[tuple[np.ndarray, np.ndarray]],
    clumping: Clumping,
) -> list[Scores]:
    """Return the scores by each fit, (who fits, who is scored), of those who are scored."""
    strength, effect = [], []
    for fit in range(len(groups)):
        strength.append(best_alone(np.abs(study.z(fit)), clumping.candidates, said=fit == 0))
        effect.append(study.effect(fit))
    totals = [np.zeros((len(THRESHOLDS), len(scored))) for _, scored in groups]
    used = np.zeros((len(groups), len(THRESHOLDS)), dtype=np.int64)
    for store in progress(stores, total=len(stores), what="sites clumped", unit="chromosomes"):
        rows = study.rows_of(store.contig)
        if not np.array_equal(study.position[rows], store.positions):
            raise InputError(f"its sites are not those of {store.path}", where=study.path,
                             fix="Make it again with associate_sites")  # fmt: skip
        wanted = np.flatnonzero(np.any([np.isfinite(one[rows]) for one in strength], axis=0))
        counts = counts_at(store, wanted)
        for fit, (fitting, scored) in enumerate(groups):
            own = strength[fit][rows][wanted]
            at = np.flatnonzero(np.isfinite(own))
            values, mean = filled(counts[at], fitting)
            chosen = clump(own[at], store.positions[wanted[at]], values, r2=clumping.r2, distance=clumping.distance)
            del values
            bins = np.searchsorted(_limits(), -own[at[chosen]], side="left")  # the strictest threshold that takes it
            ours = counts[at[chosen]][:, scored]
            centred = np.where(ours >= 0, ours - mean[chosen, None], 0)
            weight = effect[fit][rows][wanted[at[chosen]]].astype(np.float64)
            for number in np.unique(bins):
                inside = bins == number
                totals[fit][number:] += weight[inside] @ centred[inside]
                used[fit, number:] += inside.sum()
    return [Scores(scored, total, sites) for (_, scored), total, sites in zip(groups, totals, used, strict=True)]


def _limits() -> np.ndarray:
    """Return minus the |z| that reaches each p-value threshold, ascending, float64 [thresholds]."""
    return ndtri(np.array(THRESHOLDS) / 2)


def best_alone(strength: np.ndarray, most: int, *, said: bool = True) -> np.ndarray:
    """Return strengths with all but the `most` strongest set to NaN; say so where sites are left out."""
    known = np.isfinite(strength)
    if known.sum() <= most:
        return strength
    limit = -np.partition(-strength[known], most - 1)[most - 1]
    if said:
        logger.info("only the best %d of %d sites are looked at, those with p up to %.2g", most, known.sum(),
                    2 * ndtr(-limit))  # fmt: skip
    return np.where(strength >= limit, strength, np.nan)


def counts_at(store: VariantStore, rows: np.ndarray) -> np.ndarray:
    """Return counts of alternate alleles at some sites, int8 or float32 [rows, people], -1 missing; rows ascend.

    Sites are read 10,000 neighbours at a time, so that each chunk of the store is read once.
    """
    parts = []
    for start in range(0, len(store), SITES_AT_ONCE):
        own = rows[np.searchsorted(rows, start) : np.searchsorted(rows, start + SITES_AT_ONCE)]
        if len(own):
            parts.append(store.counts(slice(int(own[0]), int(own[-1]) + 1))[own - own[0]])
    return np.concatenate(parts) if parts else np.empty((0, len(store.sample_ids)), dtype=np.int8)
