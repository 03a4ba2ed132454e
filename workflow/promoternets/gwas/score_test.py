"""Logistic score tests of many sites, among several groups of people at once, by matrix products."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from promoternets.gwas.null_model import NullModel

LEAST_VARIANCE = 1e-9  # of a site's weighted square: below it nothing is left once covariates are taken out
BYTES_AT_ONCE = 64 * 2**20


@dataclass(frozen=True)
class Tests:
    """Results, float64 [fits, sites]; NaN where a site tells nobody apart. `mean` is of counts of alternate alleles."""

    mean: np.ndarray
    effect: np.ndarray
    se: np.ndarray
    z: np.ndarray

    @property
    def p(self) -> np.ndarray:
        """Two-sided p-values by the normal distribution."""
        return 2 * ndtr(-np.abs(self.z))


class ScoreTest:
    """The score test of a site's additive effect, given covariates, among the people of each of some null models.

    With g the counts less their weighted regression on covariates, the score is g'(y - m) and its variance g'Wg
    (Cox and Hinkley 1974, section 9.3); the effect is one Newton step from none, score over variance, with standard
    error 1 / sqrt(variance). A missing count is the mean of the people of that model. One pass over genotypes serves
    every model: all sums are products of counts, their squares and their gaps with vectors over people.

    Parameters
    ----------
    models : one a fit. people : int indices of everybody in one of the models: the rows of counts given later.
    """

    def __init__(self, models: Sequence[NullModel], people: np.ndarray) -> None:
        self.models = list(models)
        place = {int(person): row for row, person in enumerate(people)}
        self.weight = np.zeros((len(people), len(self.models)))
        self.member = np.zeros_like(self.weight)
        blocks = []
        for fit, model in enumerate(self.models):
            rows = np.array([place[int(person)] for person in model.people])
            self.weight[rows, fit] = model.weight
            self.member[rows, fit] = 1.0
            block = np.zeros((len(people), 1 + model.design.shape[1]))
            block[rows, 0] = model.residual
            block[rows, 1:] = model.design * model.weight[:, None]
            blocks.append(block)
        self.ends = np.cumsum([block.shape[1] for block in blocks])
        self.vectors = np.hstack(blocks)

    @property
    def sites_at_once(self) -> int:
        """How many sites take about 64 MB as numbers; three such arrays are held."""
        return max(1, BYTES_AT_ONCE // (8 * len(self.weight)))

    def test(self, counts: np.ndarray) -> Tests:
        """Test sites: int8 or float32 [sites, people] of 0, 1, 2, negative where missing."""
        step = self.sites_at_once
        parts = [self._test(counts[start : start + step]) for start in range(0, len(counts), step)]
        if not parts:
            return Tests(*np.empty((4, len(self.models), 0)))
        return Tests(*(np.concatenate(named, axis=1) for named in zip(*parts, strict=True)))

    def _test(self, counts: np.ndarray) -> tuple[np.ndarray, ...]:
        values = counts.astype(np.float64)
        gaps = values < 0
        values[gaps] = 0.0
        gap = gaps.any(axis=1)
        called = np.broadcast_to(self.member.sum(axis=0), (len(counts), len(self.models))).copy()
        totals, products = values @ self.member, values @ self.vectors
        squares = np.square(values, out=values) @ self.weight
        if gap.any():
            missing = gaps[gap].astype(np.float64)
            called[gap] -= missing @ self.member
        mean = np.divide(totals, called, out=np.zeros_like(totals), where=called > 0)
        if gap.any():
            widths = np.diff(self.ends, prepend=0)
            products[gap] += (missing @ self.vectors) * np.repeat(mean[gap], widths, axis=1)
            squares[gap] += (missing @ self.weight) * mean[gap] ** 2
        results = [self._statistics(fit, products, squares[:, fit]) for fit in range(len(self.models))]
        effect, se, z = (np.stack(named) for named in zip(*results, strict=True))
        return mean.T, effect, se, z

    def _statistics(self, fit: int, products: np.ndarray, squares: np.ndarray) -> tuple[np.ndarray, ...]:
        model = self.models[fit]
        own = products[:, self.ends[fit] - 1 - model.design.shape[1] : self.ends[fit]]
        weighted = own[:, 1:]
        score = own[:, 0] - weighted @ (model.inverse @ (model.design.T @ model.residual))
        variance = squares - np.einsum("sc,cd,sd->s", weighted, model.inverse, weighted, optimize=True)
        variance = np.where(variance > LEAST_VARIANCE * squares, variance, np.nan)
        return score / variance, 1 / np.sqrt(variance), score / np.sqrt(variance)
