"""Metrics of many models on the same genes, for many weightings of the genes at once.

Weights [gene, resample] say how often each gene was drawn; ones give the plain metric. Values equal
scikit-learn's with `sample_weight`, ties included. Arithmetic is in the dtype of the weights: with float32,
which takes a third of the time, metrics are right to about 1e-5, enough for an interval; point values take
float64. A metric is NaN where it is not defined: without genes of both classes, or where
everything predicted or observed is the same.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from promoternets.formats.gene_predictions import Target

CLASSIFICATION = ("auc", "auprc", "accuracy", "f1")
REGRESSION = ("pearson", "spearman", "r2", "mse")
METRICS: dict[Target, tuple[str, ...]] = {"label": CLASSIFICATION, "expression": REGRESSION}
THRESHOLD = 0.5
Measure = Callable[[np.ndarray], np.ndarray]
Places = tuple[np.ndarray, np.ndarray, np.ndarray]


def measure_of(score: np.ndarray, outcome: np.ndarray, target: Target) -> Measure:
    """Return a function from weights [gene, resample] to metrics [run, metric, resample].

    Sorting is done once here, not once a call.

    Parameters
    ----------
    score : float64 [run, gene]. outcome : float64 [gene], 0 or 1, or log2(expression + 1).
    target : which of the two; metrics are in the order of `METRICS[target]`.
    """
    return _classification(score, outcome == 1) if target == "label" else _regression(score, outcome)


def _classification(score: np.ndarray, expressed: np.ndarray) -> Measure:
    rankings = [_ranking(row, expressed) for row in score]
    called = (score >= THRESHOLD).astype(np.float64)
    terms = np.concatenate([[np.ones(len(expressed)), expressed], called, called * expressed])

    def measure(weights: np.ndarray) -> np.ndarray:
        ranked = np.stack([ranking(weights) for ranking in rankings])
        genes, positives, *rest = terms.astype(weights.dtype) @ weights
        calls, hits = np.split(np.array(rest), 2)
        accuracy = _ratio(genes - positives - calls + 2 * hits, genes)
        return np.stack([ranked[:, 0], ranked[:, 1], accuracy, _ratio(2 * hits, positives + calls)], axis=1)

    return measure


def _ranking(score: np.ndarray, expressed: np.ndarray) -> Measure:
    """Return a function from weights to AUC and average precision, [2, resample].

    The AUC is the weight of pairs of an expressed and another gene in which the expressed one has the higher
    score, ties a half, over the weight of all pairs (Mann and Whitney 1947). With the expressed genes sorted,
    how many of them outrank another gene is a cumulative weight at a place that is the same in every resample.
    """
    order = np.argsort(-score, kind="stable")
    positive, negative = order[expressed[order]], order[~expressed[order]]
    down, down_negative = -score[positive], -score[negative]
    above, not_below = (np.searchsorted(down, down_negative, side) for side in ("left", "right"))
    tied = bool((above != not_below).any())
    hits_at = np.searchsorted(down, down, "right")
    others_at = np.searchsorted(down_negative, down, "right")

    def measure(weights: np.ndarray) -> np.ndarray:
        own, other = weights[positive], weights[negative]
        hits, others = _cumulative(own), _cumulative(other)
        right = np.einsum("gr,gr->r", other, hits[above])
        if tied:
            right = (right + np.einsum("gr,gr->r", other, hits[not_below])) / 2
        so_far = hits[hits_at]
        precision = np.divide(so_far, so_far + others[others_at], out=so_far, where=so_far > 0)
        average = np.einsum("gr,gr->r", own, precision)
        return np.stack([_ratio(right, hits[-1] * others[-1]), _ratio(average, hits[-1])])

    return measure


def _regression(score: np.ndarray, outcome: np.ndarray) -> Measure:
    # Centred, so that no digits are lost in a variance; a median makes what is constant exactly 0.
    predicted = score - np.median(score, axis=1, keepdims=True)
    observed = outcome - np.median(outcome)
    moments = np.stack([predicted, predicted**2, predicted * observed, (score - outcome) ** 2])
    moments = moments.reshape(-1, len(outcome))
    own = np.stack([observed, observed**2])
    places, outcome_place = [_places(row) for row in score], _places(outcome)

    def measure(weights: np.ndarray) -> np.ndarray:
        genes = weights.sum(axis=0)
        means = (moments.astype(weights.dtype) @ weights / genes).reshape(4, len(score), -1)
        mean, square, product, error = means
        mean_observed, square_observed = own.astype(weights.dtype) @ weights / genes
        variance, variance_observed = square - mean**2, square_observed - mean_observed**2
        return np.stack(
            [
                _correlation(product - mean * mean_observed, variance, variance_observed),
                _rank_correlations(places, outcome_place, weights),
                1 - _ratio(error, np.broadcast_to(variance_observed, error.shape)),
                error,
            ],
            axis=1,
        )

    return measure


def _rank_correlations(places: list[Places], outcome_place: Places, weights: np.ndarray) -> np.ndarray:
    """Return Spearman's correlation of each run, its ranks made anew in each resample; [run, resample]."""
    observed = _ranks(outcome_place, weights)
    weighted = weights * observed
    variance_observed = np.einsum("gr,gr->r", weighted, observed)
    values = []
    for place in places:
        ranks = _ranks(place, weights)
        product = np.einsum("gr,gr->r", weighted, ranks)
        np.multiply(ranks, ranks, out=ranks)
        values.append(_correlation(product, np.einsum("gr,gr->r", weights, ranks), variance_observed))
    return np.stack(values)


def _places(values: np.ndarray) -> Places:
    """Return the sorting order, and how many values lie below, and not above, each value."""
    order = np.argsort(values, kind="stable")
    return order, *(np.searchsorted(values[order], values, side) for side in ("left", "right"))


def _ranks(places: Places, weights: np.ndarray) -> np.ndarray:
    """Return each gene's mid-rank in each resample, as a share of the genes and less their mean; [gene, resample]."""
    order, below, not_above = places
    so_far = _cumulative(weights[order])
    return (so_far[below] + so_far[not_above]) / (2 * so_far[-1]) - np.asarray(0.5, weights.dtype)


def _correlation(covariance: np.ndarray, one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Divide a covariance by the roots of two variances; rounding may have left a variance under 0."""
    return _ratio(covariance, np.sqrt(np.maximum(one, 0)) * np.sqrt(np.maximum(two, 0)))


def _cumulative(weights: np.ndarray) -> np.ndarray:
    """Return cumulative sums over genes with a row of zeros before the first; [gene + 1, resample]."""
    sums = np.zeros((len(weights) + 1, weights.shape[1]), weights.dtype)
    np.cumsum(weights, axis=0, out=sums[1:])
    return sums


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Divide, with NaN where there is nothing to divide by."""
    return np.divide(above, below, out=np.full(np.shape(above), np.nan, np.asarray(above).dtype), where=below > 0)
