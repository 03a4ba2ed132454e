"""The linear path beside ALS-Net's deep layers: an elastic net of the sites, joined with them on people unseen by both.

Where effects are additive a deep network of a few hundred people stays behind a sparse linear score; where they are
not, the score says nothing. Which of them to believe is learned from the people who decide when training stops.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import ElasticNet, ElasticNetCV

from promoternets.formats.outer_fold import OuterFold
from promoternets.formats.variant_store import alternate_counts
from promoternets.networks.als_net import LinearPath
from promoternets.networks.encoding import Encoder
from promoternets.training.ensemble import Member, centred_offset
from promoternets.training.settings import TrainingSettings

logger = logging.getLogger(__name__)
L1_RATIOS = (0.9, 0.5, 0.1)
PENALTIES = 20  # along each path, from the one that leaves no site
WEAKEST = 0.01  # penalty, as a share of the one that leaves no site
ITERATIONS = 2_000
TOLERANCE = 1e-3
LEAST_DEVIATION = 1e-6  # of counts; a smaller one is rounding of a site that is the same in everybody
LEAST_DEEP = 0.05  # factor of the deep layers in units of one deviation: people never all get the same answer
SHRINKAGE = 0.01  # of squared factors, against a person's loss: settles classes that are told apart without error


@dataclass(frozen=True)
class Score:
    """A linear score of counts, ``(count - mean) @ weight`` with no call at the mean.

    weight, mean : float64 [sites]; weight is 0 where a site is absent or the same in all training people.
    held_out : float64 [validation people], from the fit that left them out.
    l1_ratio, penalty : what inner cross-validation chose.
    """

    weight: np.ndarray
    mean: np.ndarray
    held_out: np.ndarray
    l1_ratio: float
    penalty: float


@dataclass(frozen=True)
class Joined:
    """The log-odds ``intercept + linear * score + deep * log-odds of the deep layers``."""

    linear: float
    deep: float
    intercept: float


def fit_score(counts: np.ndarray, people: OuterFold, validation: np.ndarray, known: np.ndarray | None = None) -> Score:
    """Fit an elastic net to all training people; the penalties are those of least error over the inner parts.

    Parameters
    ----------
    counts : int8 or float32 [people, sites], alternate alleles; negative where missing or absent.
    people : labels, training people and their inner parts.
    validation : int64, training people, in the order of `people.training`, who are scored by a fit without them.
    known : float [people], log-odds known beforehand; what they leave of the phenotype is then learned.

    Returns
    -------
    Score; test people reach nothing of it. Squared loss (Zou and Hastie 2005), by scikit-learn.
    """
    training = people.training
    case = people.labels[training].astype(np.float64)
    target = case - (case.mean() if known is None else expit(known[training]))
    called = counts[training] >= 0
    mean = np.where(called, counts[training], 0).sum(0) / np.maximum(called.sum(0), 1)
    centred = np.where(called, counts[training] - mean, 0.0)
    deviation = centred.std(0)
    kept = deviation > LEAST_DEVIATION
    weight = np.zeros(len(kept))
    if not kept.any():
        logger.warning("none of the sites differs between the training people: the linear path says nothing")
        return Score(weight, mean, np.zeros(len(validation)), np.nan, np.nan)
    columns = np.asfortranarray((centred[:, kept] / deviation[kept]).astype(np.float32))
    inner = people.inner[training]
    parts = [(np.flatnonzero(inner != part), np.flatnonzero(inner == part)) for part in np.unique(inner)]
    left_out = np.isin(training, validation)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        found = ElasticNetCV(
            l1_ratio=L1_RATIOS, alphas=PENALTIES, eps=WEAKEST, cv=parts, max_iter=ITERATIONS, tol=TOLERANCE
        ).fit(columns, target)
        without = ElasticNet(alpha=found.alpha_, l1_ratio=found.l1_ratio_, max_iter=ITERATIONS, tol=TOLERANCE)
        without.fit(columns[~left_out], target[~left_out])
    unsettled = sum(issubclass(warning.category, ConvergenceWarning) for warning in caught)
    if unsettled:
        logger.warning("%d fits of the linear path stopped before they had settled", unsettled)
    weight[kept] = found.coef_ / deviation[kept]
    held_out = without.predict(columns[left_out])
    score = Score(weight, mean, held_out, float(found.l1_ratio_), float(found.alpha_))
    logger.info("linear path: %d of %d sites, L1 ratio %g", (weight != 0).sum(), kept.sum(), score.l1_ratio)
    return score


def join(
    score: np.ndarray, deep: np.ndarray, case: np.ndarray, *, balanced: bool, known: np.ndarray | None = None
) -> Joined:
    """Return the factors of least logistic loss; none is negative.

    Parameters
    ----------
    score, deep : float [people], of people that neither was fitted to.
    case : bool [people], of both classes. balanced : whether the classes count the same.
    known : float [people], log-odds that are added to both.
    """
    case = np.asarray(case, dtype=bool)
    scales = [float(values.std()) or 1.0 for values in (score, deep)]
    columns = np.column_stack([score / scales[0], deep / scales[1], np.ones(len(case))])
    beside = np.zeros(len(case)) if known is None else np.asarray(known, dtype=np.float64)
    weights = np.where(case, 0.5 / case.sum(), 0.5 / (~case).sum()) if balanced else np.full(len(case), 1 / len(case))
    sign, shrunk = np.where(case, 1.0, -1.0), np.array([SHRINKAGE, SHRINKAGE, 0.0]) / len(case)

    def loss(factors: np.ndarray) -> tuple[float, np.ndarray]:
        margin = sign * (columns @ factors + beside)
        slope = -weights * sign * expit(-margin)
        value = weights @ np.logaddexp(0, -margin) + 0.5 * shrunk @ factors**2
        return float(value), columns.T @ slope + shrunk * factors

    limits = [(0.0, None), (LEAST_DEEP, None), (None, None)]
    linear, factor, intercept = minimize(loss, [0.5, 0.5, 0.0], jac=True, method="L-BFGS-B", bounds=limits).x
    return Joined(float(linear / scales[0]), float(factor / scales[1]), float(intercept))


def linear_weights(score: Score, joined: Joined, encoder: Encoder) -> dict[str, torch.Tensor]:
    """Return the buffers of `networks.als_net.LinearPath` under the names they have in an ALS-Net."""
    weight, mean = joined.linear * score.weight, score.mean
    bias = joined.intercept - weight @ mean
    least = 0.0
    if encoder.encoding == "one_hot":  # is 0, is 1, is 2, is missing
        channels, missing = np.stack([0 * weight, weight, 2 * weight, mean * weight]), np.zeros((4, len(weight)))
    elif encoder.encoding == "haplotype":
        channels, missing = np.stack([weight, weight]), np.stack([mean / 2, mean / 2])
    elif encoder.encoding == "scalar":
        channels, missing = weight[None], mean[None]
    else:  # standardised, where no call is the mean already
        centre, scale = encoder.mean.double().cpu().numpy(), encoder.scale.double().cpu().numpy()
        bias += weight @ centre
        channels, missing, least = (weight * scale)[None], np.zeros((1, len(weight))), -np.inf
    named = {
        "weight": channels, "missing": missing, "least": [least], "bias": [bias], "deep": [joined.deep],
    }  # fmt: skip
    return {f"linear.{name}": torch.tensor(np.asarray(values), dtype=torch.float32) for name, values in named.items()}


def site_counts(stored: np.ndarray, source: str) -> np.ndarray:
    """Return counts of alternate alleles, int8 or float32 [people, sites], that an encoding reads; -1 if not called."""
    if source == "genotype":
        return stored
    return alternate_counts(stored)


def with_linear_path(
    members: Sequence[Member],
    counts: np.ndarray,
    people: OuterFold,
    validation: np.ndarray,
    encoder: Encoder,
    settings: TrainingSettings,
    known: np.ndarray | None = None,
) -> tuple[list[dict[str, torch.Tensor]], dict[str, Any]]:
    """Return the weights of trained networks with a linear path each, and what there is to say of it.

    Parameters
    ----------
    members : networks trained without the validation people. encoder, settings : theirs.
    counts, people, validation, known : as for `fit_score`; validation people join both parts.
    """
    score = fit_score(counts, people, validation, known)
    offset = centred_offset(known, people.labels[people.training], settings)
    beside = None if offset is None else offset.numpy()[validation]
    weights, factors = [], []
    for member in members:
        joined = join(
            score.held_out,
            member.validation_scores,
            people.labels[validation] == 1,
            balanced=settings.class_weights,
            known=beside,
        )
        logger.info("linear path: factors %.3g of the score, %.3g of the deep layers", joined.linear, joined.deep)
        weights.append((member.weights or {}) | linear_weights(score, joined, encoder))
        factors.append({"linear": joined.linear, "deep": joined.deep})
    about = {
        "sites": int((score.weight != 0).sum()), "l1_ratio": score.l1_ratio, "penalty": score.penalty,
        "factors": factors,
    }  # fmt: skip
    return weights, about


def rejoined(
    weights: dict[str, torch.Tensor],
    encoder: Encoder,
    stored: np.ndarray,
    deep: np.ndarray,
    case: np.ndarray,
    settings: TrainingSettings,
) -> dict[str, torch.Tensor]:
    """Return the buffers of a trained network's linear path, joined anew with deep layers that were fine-tuned.

    Parameters
    ----------
    weights : the network's before; nothing is returned where it has no linear path. encoder : its encoding.
    stored : int8 [people, sites(, 2)], of people that neither was fitted to. deep : float [people], the deep layers'
        log-odds now. case : bool [people]. settings : how the deep layers were fine-tuned.
    """
    own = {name: value for name, value in weights.items() if name.startswith("linear.")}
    if not own:
        return {}
    path = LinearPath(*own["linear.weight"].shape)
    path.load_state_dict({name.removeprefix("linear."): value for name, value in own.items()})
    encoded = encoder(torch.from_numpy(stored))
    score = path(encoded, torch.zeros(len(encoded), 2))[:, 1].double().numpy()
    joined = join(score, deep, case, balanced=settings.class_weights)
    logger.info("linear path: factors %.3g of the score as it was, %.3g of the deep layers", joined.linear, joined.deep)
    return own | {
        "linear.weight": joined.linear * own["linear.weight"],
        "linear.bias": joined.linear * own["linear.bias"] + joined.intercept,
        "linear.deep": torch.full_like(own["linear.deep"], joined.deep),
    }
