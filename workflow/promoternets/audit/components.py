"""Genotype principal components, fitted on the training people of an outer fold and projected on everybody.

Sites are standardised as by Price et al. 2006 (EIGENSTRAT): ``(count - 2 p) / sqrt(2 p (1 - p))`` with the training
people's allele frequency p, missing calls at the mean. Sites, frequencies and axes are the training people's doing
alone. Projected components of people outside the fit are a little nearer to 0 than those inside (Lee et al. 2010),
the more so the less structure a component holds; nothing is done against it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.utils.extmath import randomized_svd
from threadpoolctl import threadpool_limits

from promoternets.errors import InputError
from promoternets.formats import contigs
from promoternets.formats.components import write_components
from promoternets.formats.outer_fold import read_outer_fold
from promoternets.formats.variant_store import VariantStore
from promoternets.progress import progress
from promoternets.seeds import derive

logger = logging.getLogger(__name__)
COMMON = 0.05  # least minor allele frequency among training people
LEAST_CALLED = 0.9  # least share of training people with a call
SPACING = 2_000  # bp between two sites at least
SITES_AT_ONCE = 10_000  # a chunk of the store
ITERATIONS = 7  # of the power method: enough for components that stand out little
NOT_AUTOSOMES = ("X", "Y", "MT")  # men and women differ there, and sex is a covariate


@dataclass(frozen=True)
class Components:
    """Principal components of training people.

    Attributes
    ----------
    frequency : of the alternate allele among training people, float64 [sites].
    loadings : float64 [sites, components], columns of length 1.
    scale : standard deviation of each component over the training people, float64 [components].
    """

    frequency: np.ndarray
    loadings: np.ndarray
    scale: np.ndarray

    def project(self, counts: np.ndarray) -> np.ndarray:
        """Return components, float64 [people, components], of counts, int8 or float32 [people, sites], -1 missing.

        A person's components depend on that person's genotypes alone. Training people have a standard deviation of 1.
        """
        return standardised(counts, self.frequency) @ self.loadings / self.scale


def project_components(
    *,
    genotypes: Sequence[Path],
    samples: Path,
    folds: Path,
    fold: int,
    projected: Path,
    components: int = 10,
    sites: int = 20_000,
    seed: int = 42,
) -> None:
    """Fit principal components on the training people of a fold; write everybody's (`formats.components`).

    Fewer components are written where training people or sites are few, and none, with a warning, where no site is
    common.

    Raises
    ------
    InputError
        As `VariantStore.open` and `read_outer_fold`; when stores are of different people.
    """
    stores = [VariantStore.open(path) for path in genotypes]
    people = stores[0].sample_ids
    for store in stores[1:]:
        if not np.array_equal(store.sample_ids, people):
            raise InputError(f"its people are not those of {stores[0].path}", where=store.path,
                             fix="Make all genotype stores again with parse_genotypes")  # fmt: skip
    training = read_outer_fold(people, samples, folds, fold).training
    counts = common_sites(stores, training, sites)
    count = min(components, counts.shape[1], len(training) - 1)
    if count < 1:
        logger.warning("no site is common enough for principal components: there are none")
        write_components(projected, samples=people, components=np.empty((len(people), 0)))
        return
    fitted = fit_components(counts[training], count, seed=derive(seed, "components", fold))
    write_components(projected, samples=people, components=fitted.project(counts))
    logger.info("%d components of %d sites and %d training people", count, counts.shape[1], len(training))


def common_sites(stores: Sequence[VariantStore], training: np.ndarray, most: int) -> np.ndarray:
    """Return counts of alternate alleles, int8 or float32 [people, sites], -1 missing, at thinned common sites.

    All sites of the autosomes are cut, in order, into `most` windows of equally many; the first site of a window is
    taken that is common and called among training people and lies at least 2 kb from the last one taken. That
    thins linkage disequilibrium by distance; correlations over longer stretches stay.

    Parameters
    ----------
    stores : genotypes, one store a chromosome. training : int indices of people. most : sites at most.
    """
    stores = _autosomes(stores)
    total = sum(len(store) for store in stores)
    parts = [(store, start) for store in stores for start in range(0, len(store), SITES_AT_ONCE)]
    kept, first, window, at = [], 0, -1, None
    for store, start in progress(parts, total=len(parts), what="genotypes", unit="chunks"):
        rows = slice(start, min(start + SITES_AT_ONCE, len(store)))
        counts = store.counts(rows)
        good, place = _common(counts[:, training]), store.positions[rows]
        chosen = []
        for row in np.flatnonzero(good):
            own = (first + row) * most // max(total, most)
            near = at is not None and at[0] is store and place[row] - at[1] < SPACING
            if own > window and not near:
                chosen.append(row)
                window, at = own, (store, place[row])
        kept.append(counts[chosen])
        first += len(counts)
    found = np.concatenate(kept) if kept else np.empty((0, 0), dtype=np.int8)
    logger.info("%d of %d sites are common and far enough apart", len(found), total)
    return np.ascontiguousarray(found.T)


def fit_components(counts: np.ndarray, components: int, *, seed: int) -> Components:
    """Return the principal components of training people, counts int8 or float32 [people, sites], -1 missing.

    By randomised singular value decomposition (Halko et al. 2011), in one thread so that it is always the same.
    """
    with threadpool_limits(1):
        frequency = _frequency(counts)
        values = standardised(counts, frequency)
        _, lengths, axes = randomized_svd(
            values, components, n_oversamples=10, n_iter=ITERATIONS, random_state=seed % 2**32
        )
        scale = np.maximum(lengths / np.sqrt(len(counts)), np.finfo(np.float32).eps)
    return Components(frequency, axes.T.astype(np.float64), scale)


def standardised(counts: np.ndarray, frequency: np.ndarray) -> np.ndarray:
    """Return float32 [people, sites] of mean 0 and variance 1 where alleles are independent; missing calls are 0."""
    deviation = np.sqrt(2 * frequency * (1 - frequency))
    values = counts - (2 * frequency).astype(np.float32)
    values /= deviation.astype(np.float32)  # in place: this array is the largest
    values[counts < 0] = 0
    return values


def _frequency(counts: np.ndarray) -> np.ndarray:
    known = counts >= 0
    return counts.sum(axis=0, where=known, dtype=np.float64) / (2 * known.sum(axis=0))


def _common(counts: np.ndarray) -> np.ndarray:
    """Return which sites, rows of int8 or float32 [sites, people], are common and called."""
    called = (counts >= 0).sum(axis=1)
    alternate = counts.sum(axis=1, where=counts >= 0, dtype=np.float64)
    frequency = np.divide(alternate, 2 * called, out=np.zeros(len(counts)), where=called > 0)
    return (np.minimum(frequency, 1 - frequency) >= COMMON) & (called >= LEAST_CALLED * counts.shape[1])


def _autosomes(stores: Sequence[VariantStore]) -> Sequence[VariantStore]:
    chosen = [store for store in stores if contigs.canonical(store.contig) not in NOT_AUTOSOMES]
    if not chosen:
        logger.warning("there are no autosomes: components are of %s", ", ".join(store.contig for store in stores))
    return chosen or stores
