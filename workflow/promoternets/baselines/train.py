"""A baseline of one outer fold, from the files of the workflow to predictions of its test people."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sklearn

from promoternets.baselines.columns import CovariateColumns
from promoternets.baselines.fit import SCREENED_SITES, Fitted, fit, fit_splits
from promoternets.baselines.inputs import People, read_genotypes, read_people, with_components
from promoternets.baselines.polygenic import Clumping, fit_polygenic_score
from promoternets.baselines.promoter_sites import PromoterSites, coordinates, screened
from promoternets.baselines.search import rows
from promoternets.baselines.settings import Baseline, baseline
from promoternets.errors import InputError
from promoternets.formats.associations import Associations
from promoternets.formats.covariate_columns import informative
from promoternets.formats.outer_fold import read_outer_fold
from promoternets.formats.outputs import written
from promoternets.formats.predictions import write_predictions
from promoternets.formats.variant_store import VariantStore
from promoternets.seeds import derive

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sources:
    """The files a baseline may learn from beside people and folds; a model needs one kind of genotypes or none.

    selected: of a fold, sites of promoters or of a GWAS. block_stores: sites of all promoters, one store a chromosome.
    genotypes, statistics: every site, one store a chromosome, and the association study of the fold. components:
    principal components of the fold.
    """

    selected: Path | None = None
    block_stores: Sequence[Path] | None = None
    genotypes: Sequence[Path] | None = None
    statistics: Path | None = None
    components: Path | None = None


def train_baseline(
    sources: Sources,
    *,
    samples: Path,
    folds: Path,
    fold: int,
    model: str,
    predictions: Path,
    details: Path,
    clumping: Clumping | None = None,
    screened_sites: int = SCREENED_SITES,
    seed: int = 42,
    threads: int = 1,
) -> None:
    """Fit one baseline on the training people of a fold; write its test people's probabilities and its
    details (JSON).

    Of `sources` only those are read that the model needs: none for `covariates`, components for `covariates_pcs`.

    Raises
    ------
    InputError
        As `inputs.read_people`, `inputs.read_genotypes`, `inputs.with_components`, `settings.baseline`, `fit.fit` and
        `polygenic.fit_polygenic_score`; when a source that the model needs is not given.
    """
    known = baseline(model)
    people = read_people(samples, folds, fold)
    train, test = np.flatnonzero(~people.test), np.flatnonzero(people.test)
    logger.info("%s, fold %d: %d people to train on, %d to predict", model, fold, len(train), len(test))
    own = derive(seed, "baseline", model, fold)
    if known.sites == "genome":
        probability, about = _polygenic(sources, people, samples, folds, fold, clumping or Clumping())
    else:
        x = _columns_of(sources, known, people, train, model, own, screened_sites)
        probability, about = _fitted(known, model, people, x, own, threads, screened_sites)
    about = {
        "fold": fold,
        "seed": seed,
        "test_people": len(test),
        "scikit_learn": sklearn.__version__,
        **about,
        "model": model,
        "notes": list(known.notes),
    }
    with written(details) as partial:
        partial.write_text(json.dumps(about, indent=2) + "\n")
    write_predictions(
        predictions,
        samples=people.sample[test],
        phenotype=people.case[test].astype(int),
        probability=probability,
        fold=fold,
        model=model,
    )


def _columns_of(
    sources: Sources, known: Baseline, people: People, train: np.ndarray, model: str, seed: int, screened_sites: int
) -> Any:
    """Return what the model is given of everybody: covariates, genotypes or coordinates, a row a person."""
    if known.columns == "covariates":
        x = informative(people.covariates)
        return with_components(x, sources.components, people) if known.components else x
    if known.sites == "selected":
        if sources.selected is None:
            raise InputError(f"{model} needs the selected sites of the fold", fix="Give them with --selected")
        return read_genotypes(sources.selected, people)
    if not sources.block_stores:
        raise InputError(f"{model} needs the sites of all promoters", fix="Give them with --block-stores")
    sites = PromoterSites(sources.block_stores, people.sample)
    if known.columns == "coordinates":
        return coordinates(sites, train)
    splits = fit_splits(known, people.case[train], people.family[train], seed)
    return screened(sites, people.case, [train, *(train[fitting] for fitting, _ in splits)], screened_sites)


def _fitted(
    known: Baseline, model: str, people: People, x: Any, seed: int, threads: int, screened_sites: int
) -> tuple[np.ndarray, dict[str, Any]]:
    """Fit to the training people; return the probabilities of those tested, and details."""
    train, test = np.flatnonzero(~people.test), np.flatnonzero(people.test)
    if known.columns == "covariates" and not len(informative(rows(x, train)).columns):
        logger.warning("no covariate tells anybody apart: everybody gets the probability 0.5")
        return np.full(len(test), 0.5), {"covariates": "none"}
    case, family = people.case[train], people.family[train]
    fitted = fit(model, rows(x, train), case, family, seed=seed, threads=threads, screened_sites=screened_sites)
    if known.columns == "covariates":
        _log_unknown(fitted, rows(x, test))
    return fitted.probability(rows(x, test)), fitted.details


def _polygenic(
    sources: Sources, people: People, samples: Path, folds: Path, fold: int, clumping: Clumping
) -> tuple[np.ndarray, dict[str, Any]]:
    """Return the probabilities of those tested, in the order of `people`, and details."""
    if not sources.genotypes or sources.statistics is None:
        raise InputError("a polygenic score needs all genotypes and the association study of the fold",
                         fix="Give them with --genotypes and --statistics")  # fmt: skip
    sample_ids = VariantStore.open(sources.genotypes[0]).sample_ids
    outer = read_outer_fold(sample_ids, samples, folds, fold)
    Associations.open(sources.statistics).of_fold(fold)
    probability, about = fit_polygenic_score(sources.genotypes, sources.statistics, outer, clumping)
    place = pd.Index(outer.sample_ids[outer.test]).get_indexer(people.sample[people.test])
    if (place < 0).any():
        raise InputError(f"the genotypes lack {(place < 0).sum()} of the people tested", where=sources.genotypes[0],
                         fix="Run the stages again from match_samples")  # fmt: skip
    return probability[place], about


def _log_unknown(fitted: Fitted, covariates: Any) -> None:
    """Say how many test people have a category unknown in training, or text in place of a number."""
    columns: CovariateColumns = fitted.pipeline["columns"]
    for name, count in columns.unknown(covariates).items():
        logger.warning("covariate %s: the values of %d test people are unknown in training", name, count)
