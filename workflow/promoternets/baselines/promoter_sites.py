"""All promoter sites of a cohort for a linear model, a few thousand at a time: screened, or as products of people."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import linalg

from promoternets.baselines.elastic_net import LEAST_DEVIATION, centred_counts, site_moments, strongest
from promoternets.errors import InputError
from promoternets.formats.block_store import BlockStore
from promoternets.progress import progress

logger = logging.getLogger(__name__)
SITES_AT_ONCE = 5_000
LEAST_LENGTH = 1e-4  # of an axis, to the mean one; what is shorter is rounding of 4-byte products


class PromoterSites:
    """The distinct sites of all blocks of a cohort, chromosome by chromosome; genotypes are read when asked for.

    Parameters
    ----------
    stores : block stores, one a chromosome. people : text [people], whose genotypes are given, in this order.

    Raises
    ------
    InputError
        When a store lacks one of the people, or there is no site.
    """

    def __init__(self, stores: Sequence[Path], people: np.ndarray) -> None:
        self.stores = [BlockStore.open(path) for path in stores]
        self.rows = []
        for store in self.stores:
            rows = pd.Index(store.sample_ids).get_indexer(people)
            if (rows < 0).any():
                raise InputError(
                    f"the blocks lack {(rows < 0).sum()} of {len(rows)} people, {people[rows < 0][0]} the first",
                    where=store.path,
                    fix="Run build_blocks again with this sample table",
                )
            self.rows.append(rows)
        self.starts = np.cumsum([0, *(len(store.positions) for store in self.stores)])
        if len(self) == 0:
            raise InputError("no promoter has a site", fix="Look at blocks.tsv")

    def __len__(self) -> int:
        """Return the number of sites."""
        return int(self.starts[-1])

    def chunks(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield which sites, at most 5,000 at a time, and their counts, int8 or float32 [people, sites], -1 missing."""
        parts = [
            (number, start)
            for number, store in enumerate(self.stores)
            for start in range(0, len(store.positions), SITES_AT_ONCE)
        ]
        for number, start in progress(parts, total=len(parts), what="promoter sites", unit="chunks"):
            store, first = self.stores[number], int(self.starts[number])
            counts = store.counts(slice(start, min(start + SITES_AT_ONCE, len(store.positions))))
            yield slice(first + start, first + start + len(counts)), counts[:, self.rows[number]].T

    def read(self, wanted: np.ndarray) -> np.ndarray:
        """Return counts at some sites, int8 or float32 [people, wanted], wanted ascending.

        Memory: 1 byte a person and site, 4 where dosages are kept.
        """
        found = np.empty((len(self.rows[0]), len(wanted)), dtype=self.stores[0].count_dtype)
        for rows, counts in self.chunks():
            inside = slice(*np.searchsorted(wanted, [rows.start, rows.stop]))
            found[:, inside] = counts[:, wanted[inside] - rows.start]
        return found


def screened(sites: PromoterSites, case: np.ndarray, groups: Sequence[np.ndarray], most: int) -> np.ndarray:
    """Return counts at every site that is among the `most` most associated in some group of people.

    Whoever screens one of the groups again finds the sites that screening all sites would have found.

    Parameters
    ----------
    case : bool [people]. groups : int indices of people who fit, one entry a fit.

    Returns
    -------
    int8 or float32 [people, sites found]. Memory: 8 bytes a site and group; 1 byte a person
    and site found, which are at most `most` a group.
    """
    strength = np.empty((len(groups), len(sites)))
    for rows, counts in sites.chunks():
        for group, people in enumerate(groups):
            strength[group, rows] = site_moments(counts[people], case[people].astype(np.float64))[2]
    found = np.unique(np.concatenate([strongest(own, most) for own in strength]))
    differ = int(np.isfinite(strength[0]).sum())
    if differ > most:
        logger.info("screened %d promoter sites to the %d most associated of those who fit", differ, most)
    return sites.read(found)


def coordinates(sites: PromoterSites, train: np.ndarray) -> np.ndarray:
    """Return everybody's coordinates on the axes that training people span, float64 [people, rank].

    Sites are standardised by the training people, missing ones at their mean. A model with an L2 penalty has its
    coefficients in the training people's span, so in these coordinates it is the model on all sites (Hastie and
    Tibshirani 2004), though no larger than people by people. Columns have a mean square of about 1: lengths are
    divided by the number of sites and multiplied by that of training people. A phenotype has no part in this.

    Memory: 8 bytes a person and training person, a few times; 5,000 sites as 4-byte numbers.
    """
    products = np.zeros((len(sites.rows[0]), len(train)))
    used = 0
    for _, counts in sites.chunks():
        _, mean, deviation = centred_counts(counts[train])
        kept = deviation > LEAST_DEVIATION
        scaled = (counts[:, kept] - mean[kept].astype(np.float32)) / deviation[kept].astype(np.float32)
        scaled[counts[:, kept] < 0] = 0
        products += scaled @ scaled[train].T
        used += int(kept.sum())
    if not used:
        raise InputError("none of the promoter sites differs between the training people")
    products *= len(train) / used
    length, vectors = linalg.eigh(products[train])
    kept = length > LEAST_LENGTH * length.mean()
    return products @ (vectors[:, kept] / np.sqrt(length[kept]))
