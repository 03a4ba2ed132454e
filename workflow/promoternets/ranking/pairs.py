"""Promoters that tell something only together: all pairs of their sites scanned in the training people of a fold.

A Promoter-CNN sees one promoter. Where two sites of two promoters interact and neither tells anything by itself, no
score of a single promoter can find them; a scan of products can, at the price of its many tests (Cordell 2009).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.stats import chi2

from promoternets.covariate_score import covariate_score
from promoternets.formats.outer_fold import OuterFold
from promoternets.pair_scan import ACROSS, ScanLimits, Sites, allele_frequency, scan
from promoternets.progress import progress
from promoternets.ranking.promoters import Promoters

logger = logging.getLogger(__name__)
PROMOTERS_AT_ONCE = 64
PAIRS = 50  # written a fold, the most significant first
SIGNIFICANT = 0.05  # family-wise, over all pairs scanned in the fold
COLUMNS = ["fold", "promoters_1", "promoters_2", "site_1", "site_2", "r2", "statistic", "p_value", "family_wise_p",
           "scanned"]  # fmt: skip
SEPARATOR = ","


def scan_promoter_pairs(
    promoters: Promoters,
    people: OuterFold,
    covariates: pd.DataFrame,
    *,
    fold: int,
    limits: ScanLimits,
    most_sites: int,
) -> pd.DataFrame:
    """Return the most significant pairs of sites that no promoter holds both of, columns as `COLUMNS`.

    Sites correlated above the limit with another of their promoter are left out; of more than `most_sites` the rarest.

    Parameters
    ----------
    people : the fold; test people are not looked at.
    covariates : as `formats.covariate_columns.read_covariates` returns them; their log-odds, fitted on training
        people, are what a product is tested beside, with both sites.
    most_sites : sites scanned at most; time grows with its square.

    Returns
    -------
    promoters_1, promoters_2 : names of all promoters that hold the site, separated by commas.
    family_wise_p : Bonferroni over the pairs scanned.
    """
    sites = independent_sites(promoters, people.training, limits, most_sites)
    case = people.labels == 1
    score = covariate_score(covariates, case, people.training)
    found, scanned = scan(sites, case, score, people.training, pairs=PAIRS, limits=limits)
    rows = [
        {
            "fold": fold,
            "promoters_1": SEPARATOR.join(sites.promoters[sites.member[pair.one]]),
            "promoters_2": SEPARATOR.join(sites.promoters[sites.member[pair.other]]),
            "site_1": sites.names[pair.one],
            "site_2": sites.names[pair.other],
            "r2": pair.r2,
            "statistic": pair.statistic,
            "p_value": chi2.sf(pair.statistic, 1),
            "family_wise_p": min(1.0, chi2.sf(pair.statistic, 1) * scanned),
            "scanned": scanned,
        }
        for pair in found
        if pair.kind == ACROSS
    ]
    table = pd.DataFrame(rows, columns=COLUMNS)
    logger.info(
        "fold %d: %d sites, %d pairs scanned, %d significant over all of them",
        fold, len(sites.names), scanned, (table["family_wise_p"] <= SIGNIFICANT).sum(),
    )  # fmt: skip
    return table


def independent_sites(promoters: Promoters, training: np.ndarray, limits: ScanLimits, most: int) -> Sites:
    """Return common sites of all promoters, none correlated with another of its promoter above `limits.max_r2`."""
    kept: dict[tuple[int, int], np.ndarray] = {}
    held: dict[tuple[int, int], list[int]] = {}
    for start in progress(range(0, len(promoters), PROMOTERS_AT_ONCE), what="reading sites", unit="chunks"):
        indices = list(range(start, min(start + PROMOTERS_AT_ONCE, len(promoters))))
        for index, counts in zip(indices, promoters.read(indices, "genotype"), strict=True):
            store = promoters.place[index][0]
            for column in _independent(counts[training], limits):
                key = (store, int(promoters.site_rows(index)[column]))
                kept.setdefault(key, counts[:, column].copy())
                held.setdefault(key, []).append(index)
    keys = sorted(kept)
    genotype = (
        np.stack([kept[key] for key in keys], axis=1) if keys else np.zeros((len(promoters.sample_ids), 0), np.int8)
    )
    if len(keys) > most:
        frequency = allele_frequency(genotype[training])
        chosen = np.sort(np.argsort(-np.minimum(frequency, 1 - frequency), kind="stable")[:most])
        logger.warning("%d of %d sites are scanned for pairs, the most common", most, len(keys))
        keys, genotype = [keys[row] for row in chosen], genotype[:, chosen]
    names = np.array([promoters.stores[store].site_ids[row] for store, row in keys], dtype=object)
    member = np.zeros((len(keys), len(promoters)), dtype=bool)
    for row, key in enumerate(keys):
        member[row, held[key]] = True
    return Sites(
        names=names,
        chrom=np.array([name.rsplit(":", 3)[0] for name in names], dtype=object),
        promoters=np.array(promoters.ids, dtype=object),
        member=member,
        genotype=genotype,
    )


def _independent(counts: np.ndarray, limits: ScanLimits) -> list[int]:
    """Return columns of int8 [people, sites], common ones, each correlated at most so much with those before it."""
    frequency = allele_frequency(counts)
    common = np.flatnonzero(
        (np.minimum(frequency, 1 - frequency) >= limits.min_maf) & (frequency > 0) & (frequency < 1)
    )
    known = counts[:, common] >= 0
    centred = np.where(known, counts[:, common] - 2 * frequency[common], 0.0)
    spread = np.maximum(np.linalg.norm(centred, axis=0), 1e-12)
    r2 = (centred.T @ centred / np.outer(spread, spread)) ** 2
    chosen: list[int] = []
    for column in range(len(common)):
        if (r2[column, chosen] <= limits.max_r2).all():
            chosen.append(column)
    return common[chosen].tolist()


def promoters_of_pairs(
    pairs: pd.DataFrame, rank: Mapping[str, int], p_value: Mapping[str, float], *, places: int, top: int
) -> list[str]:
    """Return the promoters of the significant pairs of one fold, the most significant first, at most `places`.

    A pair takes places only where both its promoters get one, and only from promoters that are less sure than it is:
    where additive effects are strong some pairs are significant that are none, and would push those effects out.

    pairs : the table of one fold. rank : of each promoter; of several that hold a site the best ranked stands for it.
    p_value : of each promoter's own score, NaN where it has none; compared with a pair's family-wise p-value, which
        favours the single promoter. top : places in all.
    """
    chosen: list[str] = []
    for row in pairs[pairs["family_wise_p"] <= SIGNIFICANT].sort_values("p_value", kind="stable").itertuples():
        both = [
            min(names.split(SEPARATOR), key=lambda name: rank[name]) for names in (row.promoters_1, row.promoters_2)
        ]
        together = chosen + [promoter for promoter in both if promoter not in chosen]
        surer = sum(value <= row.family_wise_p for name, value in p_value.items() if name not in together)
        if len(together) > min(places, top - surer):
            break
        chosen = together
    return chosen
