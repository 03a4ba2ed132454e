"""Attributions summed up: per site for cases and controls, and by rank to the TSS with a null band."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

GROUPS = (("case", 1), ("control", 0))
BAND = (2.5, 97.5)


def site_ranks(upstream: int, downstream: int) -> np.ndarray:
    """Return the rank of each place in a block: -upstream .. -1, then 1 .. downstream; int64 [sites]."""
    return np.concatenate([np.arange(-upstream, 0), np.arange(1, downstream + 1)])


def site_table(
    attribution: np.ndarray,
    labels: np.ndarray,
    *,
    method: str,
    fold: int,
    promoters: np.ndarray,
    site_ids: np.ndarray,
    distance: np.ndarray,
    upstream: int,
) -> pd.DataFrame:
    """Return one row per present site and group.

    Parameters
    ----------
    attribution : float [people, promoters * sites], signed.
    labels : int [people], 1 case, 0 control.
    promoters, site_ids, distance : as in the selected-sites store.

    Returns
    -------
    DataFrame: promoter, fold, site, rank, distance, method, group, value (mean absolute), signed (mean).
    """
    present = (site_ids != "").ravel()
    ranks = np.tile(site_ranks(upstream, site_ids.shape[1] - upstream), len(promoters))
    parts = []
    for group, label in GROUPS:
        own = attribution[labels == label][:, present]
        parts.append(
            pd.DataFrame(
                {
                    "promoter": np.repeat(promoters, site_ids.shape[1])[present],
                    "fold": fold,
                    "site": site_ids.ravel()[present],
                    "rank": ranks[present],
                    "distance": distance.ravel()[present],
                    "method": method,
                    "group": group,
                    "value": np.abs(own).mean(0),
                    "signed": own.mean(0),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def rank_profiles(
    attribution: np.ndarray, labels: np.ndarray, present: np.ndarray, *, upstream: int, permutations: int, seed: int
) -> pd.DataFrame:
    """Return the mean absolute attribution by rank to the TSS, observed and with permuted labels.

    Parameters
    ----------
    attribution : float [people, promoters * sites].
    labels : int [people].
    present : bool [promoters, sites], False for padding.
    permutations : how often case and control labels are dealt out anew among these people.

    Returns
    -------
    DataFrame: group, rank, permutation (0 is observed), value, sites (present sites of that rank).
    """
    promoters, sites = present.shape
    magnitude = np.abs(attribution).reshape(len(labels), promoters, sites) * present
    counted = np.maximum(present.sum(0), 1)
    by_person = magnitude.sum(1) / counted  # [people, sites]
    generator = np.random.default_rng(seed)
    dealt = np.stack(
        [labels, *(generator.permutation(labels) for _ in range(permutations))]
    )  # [1 + permutations, people]
    ranks = site_ranks(upstream, sites - upstream)
    parts = []
    for group, label in GROUPS:
        belongs = (dealt == label).astype(np.float64)
        curves = belongs @ by_person / belongs.sum(1, keepdims=True)
        parts.append(
            pd.DataFrame(
                {
                    "group": group,
                    "rank": np.tile(ranks, len(dealt)),
                    "permutation": np.repeat(np.arange(len(dealt)), sites),
                    "value": curves.ravel(),
                    "sites": np.tile(present.sum(0), len(dealt)),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def summarise_profiles(profiles: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Average the folds' profiles and draw the band between the 2.5 % and 97.5 % quantiles of the permutations.

    The n-th permutation of every fold is averaged like the observed labels, so that the band belongs to the mean.

    Returns
    -------
    DataFrame: method, group, rank, value, low, high (the null band), sites (mean over folds).
    """
    keys = ["method", "group", "rank"]
    mean = pd.concat(profiles).groupby([*keys, "permutation"], sort=True)[["value", "sites"]].mean().reset_index()
    observed = mean[mean["permutation"] == 0].set_index(keys)
    null = mean[mean["permutation"] > 0].groupby(keys)["value"]
    table = observed[["value"]].copy()
    table["low"] = null.quantile(BAND[0] / 100)
    table["high"] = null.quantile(BAND[1] / 100)
    table["sites"] = observed["sites"]
    return table.reset_index()
