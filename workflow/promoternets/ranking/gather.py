"""Gather the sites of a fold's selected promoters: the inputs of every classifier."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from promoternets.errors import InputError
from promoternets.formats.selected_store import write_selected_store
from promoternets.ranking.promoters import Promoters

logger = logging.getLogger(__name__)


def gather_selected(ranking: pd.DataFrame, stores: Sequence[Path], fold: int, path: Path) -> None:
    """Write the genotypes of everyone at the sites of the promoters selected in `fold`, best promoter first.

    Raises
    ------
    InputError
        When nothing was selected in that fold.
    """
    chosen = ranking[(ranking["fold"] == fold) & (ranking["selected"] == 1)].sort_values("rank")
    if chosen.empty:
        raise InputError(f"no promoter is selected in fold {fold}", fix="Look at ranking.tsv")
    promoters = Promoters(stores)
    place = {promoter: index for index, promoter in enumerate(promoters.ids)}
    indices = [place[promoter] for promoter in chosen["promoter"]]
    haplotype = promoters.read(indices, "haplotype").swapaxes(0, 1)
    counts = promoters.read(indices, "genotype").swapaxes(0, 1)
    site_ids = np.full((len(indices), promoters.sites), "", dtype=object)
    distance = np.zeros(site_ids.shape, dtype=np.int32)
    for at, index in enumerate(indices):
        number, row = promoters.place[index]
        store, variants = promoters.stores[number], promoters.site_rows(index)
        present = variants >= 0
        site_ids[at, present] = store.site_ids[variants[present]]
        distance[at] = store.distance[row]
    write_selected_store(
        path,
        sample_ids=promoters.sample_ids,
        genotype=counts,
        haplotype=haplotype,
        promoters=chosen["promoter"].to_numpy(object),
        site_ids=site_ids,
        distance=distance,
        fold=fold,
        upstream=promoters.stores[0].upstream,
        downstream=promoters.stores[0].downstream,
    )
    distinct = len(set(site_ids.ravel()) - {""})
    logger.info("fold %d: %d promoters, %d sites, %d distinct", fold, len(indices), (site_ids != "").sum(), distinct)
