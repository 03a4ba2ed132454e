"""The elastic net: a sparse linear score of standardised genotypes, by coordinate descent on squared loss.

Squared loss on 0 and 1 in place of the logistic one makes a whole path of penalties cheap, and ranks people the same
way where effects are small; Platt's method makes probabilities of the scores (Zou and Hastie 2005; Friedman, Hastie
and Tibshirani 2010).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.linear_model import enet_path

from promoternets.errors import InputError

SITES_AT_ONCE = 2_000
ITERATIONS = 1_000
LEAST_DEVIATION = 1e-6  # of counts; a smaller one is rounding of a site that is the same in everybody
TOLERANCE = 1e-3  # of the duality gap, relative to the variance of the phenotype


def site_moments(x: np.ndarray, case: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what standardising and screening need of int8 or float32 [people, sites], negative if missing or absent.

    Returns
    -------
    mean, deviation, strength : float64 [sites]. Missing counts are at the mean; strength is the size of the
    correlation with being a case, NaN at sites that are the same in everybody. Memory: 2,000 sites as numbers.
    """
    label = case - case.mean()
    found = [_moments(x[:, start : start + SITES_AT_ONCE], label) for start in range(0, x.shape[1], SITES_AT_ONCE)]
    return tuple(np.concatenate(named) for named in zip(*found, strict=True))


def _moments(x: np.ndarray, label: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    centred, mean, deviation = centred_counts(x)
    scale = np.where(deviation > LEAST_DEVIATION, deviation, np.nan) * label.std() * len(x)
    return mean, deviation, np.abs(label @ centred.astype(np.float64)) / scale


def centred_counts(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return int8 or float32 [people, sites] less the mean of known counts, as float32; mean and deviation.

    Missing counts are 0.
    """
    known = x >= 0
    called = known.sum(axis=0)
    total = x.sum(axis=0, where=known, dtype=np.float64)
    mean = np.divide(total, called, out=np.zeros(x.shape[1]), where=called > 0)
    centred = np.where(known, x - mean.astype(np.float32), np.float32(0))
    return centred, mean, np.sqrt(np.einsum("ps,ps->s", centred, centred, dtype=np.float64) / len(x))


def strongest(strength: np.ndarray, most: int) -> np.ndarray:
    """Return the rows of the `most` strongest finite strengths, ascending; of equal ones the first."""
    order = np.argsort(np.where(np.isfinite(strength), -strength, np.inf), kind="stable")
    return np.sort(order[: min(most, int(np.isfinite(strength).sum()))])


class ScreenedGenotypes(TransformerMixin, BaseEstimator):
    """The sites most associated with the phenotype among the people who fit, standardised; missing at the mean.

    Screening by marginal association keeps a problem small (Fan and Lv 2008). It looks at phenotypes, so it is done
    anew wherever the model is fitted, on the people who fit alone.

    Parameters
    ----------
    most : how many sites are kept.

    Attributes after `fit`
    ----------------------
    kept_ : bool [sites]. mean_, deviation_ : float32 [kept sites]. dropped_ : counts by reason.
    """

    def __init__(self, most: int = 20_000) -> None:
        self.most = most

    def fit(self, x: np.ndarray, y: np.ndarray) -> ScreenedGenotypes:
        """Choose sites of int8 or float32 [people, sites]; InputError when none differs between these people."""
        mean, deviation, strength = site_moments(x, np.asarray(y, dtype=np.float64))
        differs = np.isfinite(strength)
        if not differs.any():
            raise InputError("none of the sites differs between the training people", fix="Select more promoters")
        rows = strongest(strength, self.most)
        self.kept_ = np.zeros(x.shape[1], dtype=bool)
        self.kept_[rows] = True
        self.dropped_ = {"constant": int((~differs).sum()), "screened_out": int(differs.sum()) - len(rows)}
        self.mean_, self.deviation_ = mean[rows].astype(np.float32), deviation[rows].astype(np.float32)
        return self

    def transform(self, x: np.ndarray) -> np.ndarray:
        """Return float32 [people, kept sites], in columns: 4 bytes a person and kept site."""
        rows = np.flatnonzero(self.kept_)
        made = np.empty((len(x), len(rows)), dtype=np.float32, order="F")
        for start in range(0, len(rows), SITES_AT_ONCE):
            own = slice(start, start + SITES_AT_ONCE)
            values = x[:, rows[own]]
            made[:, own] = np.where(values >= 0, (values - self.mean_[own]) / self.deviation_[own], 0)
        return made


class ElasticNetScore(ClassifierMixin, BaseEstimator):
    """An elastic net whose penalty is a share of the smallest one that leaves no site.

    Parameters
    ----------
    l1_ratio : of the two penalties. share : of the penalty at which the last site leaves, 0 to 1.
    """

    def __init__(self, l1_ratio: float = 0.5, share: float = 0.1) -> None:
        self.l1_ratio = l1_ratio
        self.share = share

    def fit(self, x: np.ndarray, y: np.ndarray) -> ElasticNetScore:
        """Fit to float32 [people, sites] and bool [people], along a short path of penalties down to its own."""
        self.classes_ = np.array([False, True])
        self.path_ = follow(x, y, self.l1_ratio, np.geomspace(1, self.share, 5))
        self.n_iter_ = int(self.path_.iterations[-1])
        self.fit_status_ = int(not self.path_.converged[-1])
        self.sites_ = int((self.path_.coefficients[-1] != 0).sum())
        return self

    def decision_function(self, x: np.ndarray) -> np.ndarray:
        """Return scores, float64 [people], higher for cases."""
        return self.path_.score(x)[-1]


@dataclass(frozen=True)
class Path:
    """Fits along falling penalties: scores are ``intercept + (x - centre) @ coefficients``.

    coefficients: float32 [penalties, sites]. centre: float32 [sites]. iterations: int [penalties].
    """

    coefficients: np.ndarray
    intercept: float
    centre: np.ndarray
    iterations: np.ndarray

    @property
    def converged(self) -> np.ndarray:
        """Whether each penalty's fit ended before the last iteration allowed, bool [penalties]."""
        return self.iterations < ITERATIONS

    def score(self, x: np.ndarray) -> np.ndarray:
        """Return float64 [penalties, people]."""
        return self.coefficients.astype(np.float64) @ (x - self.centre).T.astype(np.float64) + self.intercept


def follow(x: np.ndarray, y: np.ndarray, l1_ratio: float, shares: Sequence[float]) -> Path:
    """Follow a path of falling penalties, shares of the one at which no site is left; each fit starts from the last.

    Parameters
    ----------
    x : float32 [people, sites]; one copy is made. y : bool [people]. l1_ratio : above 0. shares : falling, 0 to 1.
    """
    label = np.asarray(y, dtype=np.float32)
    intercept = float(label.mean())
    label = label - np.float32(intercept)
    centre = x.mean(axis=0)
    centred = np.asfortranarray(x - centre)
    largest = float(np.abs(label @ centred).max()) / (len(x) * l1_ratio)
    _, coefficients, _, iterations = enet_path(
        centred,
        label,
        l1_ratio=l1_ratio,
        alphas=largest * np.asarray(shares, dtype=np.float64),
        copy_X=False,
        max_iter=ITERATIONS,
        tol=TOLERANCE,
        return_n_iter=True,
    )
    return Path(coefficients.T, intercept, centre, np.asarray(iterations))
