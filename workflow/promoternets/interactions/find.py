"""The interactions of one outer fold: pairs chosen in its training people, checked in its test people."""

from __future__ import annotations

import logging
from pathlib import Path

from promoternets.covariate_score import covariate_score
from promoternets.errors import InputError
from promoternets.formats.covariate_columns import read_covariates
from promoternets.formats.outer_fold import read_outer_fold
from promoternets.formats.selected_store import SelectedStore
from promoternets.formats.tables import write_table
from promoternets.interactions.check import Group, check
from promoternets.interactions.sites import read_sites
from promoternets.pair_scan import ScanLimits, scan

logger = logging.getLogger(__name__)


def find_interactions(
    *,
    selected: Path,
    samples: Path,
    folds: Path,
    components: Path,
    fold: int,
    pairs: int,
    limits: ScanLimits,
    interactions: Path,
) -> None:
    """Write the table of a fold's claimed pairs, columns as `verdicts.COLUMNS`.

    Raises
    ------
    InputError
        As the readers of the inputs; when the training or the test people are all of one class.
    """
    store = SelectedStore.open(selected)
    outer = read_outer_fold(store.sample_ids, samples, folds, fold)
    case = outer.labels == 1
    for name, chosen in (("training", outer.training), ("test", outer.test)):
        if case[chosen].all() or not case[chosen].any():
            raise InputError(
                f"the {name} people of fold {fold} are all of one class", where=folds, fix="Use fewer folds"
            )
    score = covariate_score(read_covariates(samples, store.sample_ids, components), case, outer.training)
    sites = read_sites(store)
    chosen, scanned = scan(sites, case, score, outer.training, pairs=pairs, limits=limits)
    logger.info("%d pairs of %d sites scanned in %d people", scanned, len(sites.names), len(outer.training))
    table = check(sites, chosen, Group(case, score, outer.training, outer.test), fold, scanned)
    for name, number in table["verdict"].value_counts().items():
        logger.info("%s: %d of %d pairs", name, number, len(table))
    write_table(table, interactions)
