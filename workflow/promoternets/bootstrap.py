"""The bootstrap over people: weights, intervals and paired differences."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from promoternets.seeds import derive

LEVEL = 0.95
LEAST_DEFINED = 0.5  # an interval needs the metric to be defined in at least this share of the resamples
WEIGHTS_AT_ONCE = 1_000_000  # numbers in one chunk of weights: 8 MB, which stays near the processor


def resample_weights(
    clusters: np.ndarray, resamples: int, seed: int, *, at_once: int | None = None
) -> Iterator[np.ndarray]:
    """Yield how often each person is drawn, a chunk of resamples at a time.

    Whole clusters (families) are drawn with replacement, as many as there are, so that relatives stay
    together (Davison and Hinkley 1997, section 3.8). The draws depend on the seed and the number of clusters
    only, not on the chunks.

    Parameters
    ----------
    clusters : int [people], 0..clusters-1; a person without relatives is a cluster of one.
    resamples : how many.
    seed : of the draws.
    at_once : resamples in a chunk; chosen by memory when not given.

    Yields
    ------
    float64 [people, resamples of this chunk].
    """
    count = int(clusters.max()) + 1
    at_once = at_once or chunk_size(len(clusters))
    random = np.random.default_rng(derive(seed, "bootstrap"))
    for start in range(0, resamples, at_once):
        size = min(at_once, resamples - start)
        draws = random.integers(count, size=(size, count)) + count * np.arange(size)[:, None]
        times = np.bincount(draws.ravel(), minlength=size * count).reshape(size, count)
        yield np.ascontiguousarray(times.T[clusters], dtype=np.float64)


def chunk_size(people: int) -> int:
    """Return how many resamples are weighed at once, so that the weights need about 8 MB."""
    return max(8, min(256, WEIGHTS_AT_ONCE // people))


def interval(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the 95% percentile interval over the last axis.

    Resamples in which the metric is not defined (NaN) are left out; where they are more than half, the
    interval is NaN.
    """
    some = np.isfinite(values).mean(axis=-1) >= LEAST_DEFINED
    tail = (1 - LEVEL) / 2
    bounds = np.full((2, *values.shape[:-1]), np.nan)
    if some.any():
        bounds[:, some] = np.nanquantile(values[some], [tail, 1 - tail], axis=-1)
    return bounds[0], bounds[1]


def p_value(differences: np.ndarray) -> np.ndarray:
    """Return the two-sided bootstrap p-value of a difference, over the last axis.

    Twice the share of resamples on the rarer side of zero, counted with one added to both numbers (Davison
    and Hinkley 1997, section 4.2), so that it is never 0: ``min(1, 2 (1 + k) / (B + 1))``. It is under 0.05
    when the 95% percentile interval leaves out zero. NaN resamples are left out as in `interval`.
    """
    defined = np.isfinite(differences)
    count = defined.sum(axis=-1)
    rarer = np.minimum((defined & (differences <= 0)).sum(axis=-1), (defined & (differences >= 0)).sum(axis=-1))
    value = np.minimum(1.0, 2 * (1 + rarer) / (count + 1))
    return np.where(count >= LEAST_DEFINED * differences.shape[-1], value, np.nan)
