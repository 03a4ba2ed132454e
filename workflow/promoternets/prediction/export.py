"""A cohort's trained networks, gathered into a portable model folder without a genotype or a name of anybody."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.special import logit

from promoternets.auc import ranking_sums, ratio
from promoternets.bootstrap import interval, resample_weights
from promoternets.calibration import platt
from promoternets.errors import InputError
from promoternets.formats.model_folder import DESCRIPTION, FORMAT, KIND, WEIGHTS
from promoternets.formats.out_of_fold import Collected, collect
from promoternets.formats.outer_fold import read_outer_fold
from promoternets.formats.outputs import written
from promoternets.formats.selected_store import SelectedSites, SelectedStore
from promoternets.networks.saved import SavedNetworks, load_networks, tensors_of
from promoternets.networks.tensors import save_tensors
from promoternets.prediction.model import LEAST_PROBABILITY
from promoternets.provenance import versions
from promoternets.resampled import widened

logger = logging.getLogger(__name__)
INTENDED_USE = (
    "Research on people of the ancestry and genotyping that the training cohort had. Not a medical device, not for "
    "decisions about a person's health, insurance or employment."
)
LIMITS = (
    "Probabilities are calibrated to the training cohort's share of cases; where cases are rarer they are too high.",
    "Genotypes say little where ancestry, array or sequencing differ from the training cohort's, and a difference in "
    "batch can look like a difference in risk.",
    "The folder holds no list of the people trained on: predictions of somebody who was among them are too good.",
    "The AUC and its interval are cross-validated in the training cohort; expect less in another one.",
)


def export_model(
    *,
    folder: Path,
    cohort: str,
    build: str,
    selected: Sequence[Path],
    weights: Sequence[Path],
    models: Sequence[Path],
    predictions: Sequence[Path],
    samples: Path,
    folds: Path,
    preprocessing: dict[str, Any],
    bootstrap: int = 2000,
    seed: int = 42,
) -> None:
    """Write the portable model folder of a cohort.

    Parameters
    ----------
    folder : to write. cohort, build : what to call it, and the genome build of its sites.
    selected, weights, models, predictions : store, networks, description and test people's predictions of each fold.
    samples, folds : everybody's phenotype and fold.
    preprocessing : settings of the genotypes and blocks, for the record.
    bootstrap, seed : resamples behind the interval of the AUC.

    Raises
    ------
    InputError
        When a file is missing or torn, or a fold's networks were trained on other sites than the store has.
    """
    collected = collect(predictions, samples)
    tensors: dict[str, torch.Tensor] = {}
    entries, encodings = [], set()
    for store_path, weight, model in zip(selected, weights, models, strict=True):
        store, networks = SelectedStore.open(store_path), load_networks(weight, model)
        plain = json.loads(model.read_text())
        if plain["site_ids"] != store.site_ids.tolist() or plain["fold"] != store.fold:
            raise InputError("was trained on other sites than the store has", where=model, fix="Train that fold again")
        training = read_outer_fold(store.sample_ids, samples, folds, store.fold).training
        own = tensors_of(networks) | site_numbers(store, training)
        tensors |= {f"fold_{store.fold}/{name}": value for name, value in own.items()}
        entries.append(fold_entry(store, networks, plain, len(training)))
        encodings.add(networks.encoder.encoding)
    if len(encodings) != 1:
        raise InputError(f"the folds read {' and '.join(sorted(encodings))}", fix="Train all folds with one encoding")
    (run,) = collected.ensembles
    description = described(
        collected, run.probability[None], entries, cohort=cohort, build=build, encoding=encodings.pop(),
        preprocessing=preprocessing, bootstrap=bootstrap, seed=seed,
    )  # fmt: skip
    write_model(folder, tensors, description)


def described(
    collected: Collected,
    of_entry: np.ndarray,
    entries: Sequence[dict[str, Any]],
    *,
    cohort: str,
    build: str,
    encoding: str,
    preprocessing: dict[str, Any],
    bootstrap: int,
    seed: int,
) -> dict[str, Any]:
    """Return what ``model.json`` says.

    Parameters
    ----------
    collected : everybody's predictions by networks that had not seen them, of one model.
    of_entry : float [runs, people], the same by the networks of single entries, means over seeds.
    entries : of `fold_entry`.
    """
    return {
        "format": FORMAT,
        "kind": KIND,
        "cohort": cohort,
        "build": build,
        "encoding": encoding,
        "preprocessing": preprocessing,
        "calibration": calibration(of_entry, collected.case),
        "training_summary": training_summary(collected, entries, bootstrap, seed),
        "intended_use": INTENDED_USE,
        "limits": list(LIMITS),
        "versions": versions(),
        "folds": sorted(entries, key=lambda entry: entry["fold"]),
    }


def write_model(folder: Path, tensors: dict[str, torch.Tensor], description: dict[str, Any]) -> None:
    """Write a model folder, all of it or nothing."""
    with written(folder) as partial:
        partial.mkdir()
        save_tensors(tensors, partial / WEIGHTS)
        (partial / DESCRIPTION).write_text(json.dumps(description, indent=1) + "\n", encoding="utf-8")
        # safetensors writes for the owner alone
        (partial / WEIGHTS).chmod((partial / DESCRIPTION).stat().st_mode)
    numbers = sum(value.numel() for value in tensors.values())
    logger.info("%s: %d folds, %d numbers", folder, len(description["folds"]), numbers)


def site_numbers(store: SelectedSites, training: np.ndarray) -> dict[str, torch.Tensor]:
    """Return what training people have at each site, float32 [promoters * sites]; nobody else is looked at.

    ``mean_count`` of alternate alleles among people called, ``frequency`` of the alternate among alleles called; NaN
    where the site is absent or nobody is called.
    """
    counts, alleles = store.flat()[training], store.flat("haplotype")[training]
    if counts.dtype.kind == "f":
        raise InputError(
            "a model folder reads whole genotypes, and these networks were trained on dosages",
            fix="Train with `genotypes: {dosages: round}` to make one",
        )
    numbers = {}
    for name, values, axis in (("mean_count", counts, 0), ("frequency", alleles, (0, 2))):
        called = values >= 0
        sums, people = np.where(called, values, 0).sum(axis), called.sum(axis)
        numbers[name] = np.divide(sums, people, out=np.full(sums.shape, np.nan), where=people > 0)
    return {name: torch.from_numpy(values.astype(np.float32)) for name, values in numbers.items()}


def fold_entry(store: SelectedSites, networks: SavedNetworks, plain: dict[str, Any], people: int) -> dict[str, Any]:
    """Return what the description says of a fold; `people` trained it."""
    return {
        "fold": store.fold,
        "seeds": len(networks.weights),
        "prior": networks.prior,
        "training_people": people,
        "on_top_of_offset": plain["on_top_of_offset"],
        "preset": plain["preset"],
        "training": networks.settings,
        "promoter_ids": store.promoters.tolist(),
        "sites": store.site_ids.tolist(),
    }


def calibration(of_entry: np.ndarray, case: np.ndarray) -> dict[str, Any]:
    """Return Platt's slope and intercept of log-odds, fitted to out-of-fold predictions (see `calibration.platt`).

    of_entry : float [runs, people], means over seeds; each run counts as people of its own. case : bool [people].
    """
    score = logit(of_entry.clip(LEAST_PROBABILITY, 1 - LEAST_PROBABILITY))
    slope, intercept = platt(score.ravel(), np.tile(case, len(of_entry)))
    return {
        "method": "platt",
        "slope": slope,
        "intercept": intercept,
        "fitted_on": "out-of-fold predictions of the training cohort, mean over seeds, each person by networks that "
        "had not seen them",
        "people": len(case),
        "share_of_cases": float(case.mean()),
    }


def training_summary(
    collected: Collected, entries: Sequence[dict[str, Any]], bootstrap: int, seed: int
) -> dict[str, Any]:
    """Return who trained the model and how well it predicted people whom it had not seen.

    The AUC is that within folds, its interval that of `resampled.widened`, which allows for the fits.
    """
    (run,) = collected.ensembles
    people, cases = len(collected.case), int(collected.case.sum())
    value = float(auc_within_folds(run.probability, collected, np.ones((people, 1)))[0])
    draws = [
        auc_within_folds(run.probability, collected, weights)
        for weights in resample_weights(collected.cluster, bootstrap, seed)
    ]
    low, high = (float(bound) for bound in interval(np.concatenate(draws)))
    test = np.bincount(collected.fold)[1:]
    low, high = widened(value, low, high, people - test, test)
    return {
        "people": people,
        "cases": cases,
        "controls": people - cases,
        "folds": int(collected.fold.max()),
        "networks": sum(entry["seeds"] for entry in entries),
        "auc": {
            "value": value, "low": low, "high": high,
            "of": "out-of-fold predictions, within folds; 95% interval that allows for the fits",
        },
    }  # fmt: skip


def auc_within_folds(probability: np.ndarray, collected: Collected, weights: np.ndarray) -> np.ndarray:
    """Return the share of case-control pairs of the same fold that are ranked right, float64 [resamples]."""
    right, pairs = np.zeros(weights.shape[1]), np.zeros(weights.shape[1])
    for fold in np.unique(collected.fold):
        rows = np.flatnonzero(collected.fold == fold)
        right_here, pairs_here, _ = ranking_sums(probability[rows], collected.case[rows], weights[rows])
        right, pairs = right + right_here, pairs + pairs_here
    return ratio(right, pairs)
