"""Fine-tune a model in one outer fold of another cohort, beside the same model unchanged and networks made anew."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from promoternets.als_net.presets import PRESETS
from promoternets.als_net.train import Layers, fine_tune_als_net, history_table, predict_test_people, train_als_net
from promoternets.errors import InputError
from promoternets.fine_tuning.sites import model_sites
from promoternets.formats.model_folder import refuse_other_build
from promoternets.formats.outer_fold import OuterFold, read_outer_fold
from promoternets.formats.outputs import written
from promoternets.formats.predictions import write_predictions
from promoternets.formats.tables import read_table, write_table
from promoternets.networks.saved import tensors_of
from promoternets.networks.tensors import save_tensors
from promoternets.prediction.export import fold_entry, site_numbers
from promoternets.prediction.matching import Ambiguous
from promoternets.prediction.model import AbsentSites, load_model, refuse_low_coverage
from promoternets.prediction.predict import read_genotypes
from promoternets.seeds import derive
from promoternets.training.settings import TrainingSettings

logger = logging.getLogger(__name__)
FINE_TUNED, UNCHANGED, FROM_SCRATCH = MODELS = ("fine_tuned", "unchanged", "from_scratch")

# of the settings of ALS-Net, what a preset takes; sites, and so offsets, encoding and their choice, are the model's
CHANGES = ("linear_path", "epochs", "patience", "batch_size", "learning_rate", "weight_decay")


def fine_tune_fold(
    *,
    model: Path,
    genotypes: Sequence[Path],
    samples: Path,
    folds: Path,
    fold: int,
    cohort: str,
    build: str,
    weights: Path,
    description: Path,
    history: Path,
    predictions: Path,
    layers: Layers,
    epochs: int,
    patience: int,
    learning_rate: float,
    scratch: dict[str, Any],
    device: torch.device,
    seed: int = 42,
    min_coverage: float = 0.8,
    ambiguous: Ambiguous = "absent",
    absent_sites: AbsentSites = "mean",
    checkpoints: Path | None = None,
) -> None:
    """Train a model further on a fold's training people and predict its test people, whom nothing fitted has seen.

    Every network of the model is fine-tuned, so that `FINE_TUNED` and `UNCHANGED`, the whole model as it predicts
    anybody, are ensembles of the same networks. `FROM_SCRATCH` are networks that start anew at the sites of one of the
    model's folds, by turns.

    Parameters
    ----------
    model : portable model folder. genotypes : variant stores with its positions, one a chromosome.
    samples, folds : tables of the people of known phenotype. fold : which outer fold, from 1.
    cohort, build : what the people are called, and the genome build of their positions.
    weights, description : to write, the fine-tuned networks by fold of the model (safetensors, and a JSON list), as a
        model folder holds them.
    history : to write, losses by fold of the model, seed and epoch; epoch 0 is the network unchanged.
    predictions : to write, probabilities of the test people.
    layers, epochs, patience, learning_rate : how networks are fine-tuned.
    scratch : settings of ALS-Net that the networks which start anew are trained with.
    min_coverage, ambiguous, absent_sites : as for `prediction.model.Model.predict`.
    checkpoints : folder to save progress in and to resume from.

    Raises
    ------
    InputError
        When the build differs, too few of the model's sites are there, people of the tables have no genotypes, or the
        model learned on top of confounders.
    """
    loaded = load_model(model)
    refuse_other_build(loaded.description, build, model)
    entries = loaded.description["folds"]
    if any(entry["on_top_of_offset"] for entry in entries):
        raise InputError(
            "the model learned on top of confounders' log-odds, which this cohort does not have",
            where=model,
            fix="Train it without `als_net: {offset: ...}`",
        )
    read = read_genotypes(genotypes)
    matching = loaded.match(read.site_ids, ambiguous=ambiguous)
    refuse_low_coverage(matching, min_coverage, where=cohort)
    rows = _rows_of(samples, read.people, genotypes)
    people = read_outer_fold(read.people[rows], samples, folds, fold)
    calls = read.alleles[rows]
    tables, histories, tensors, made = [], [], {}, []
    for own, entry in zip(loaded.folds, entries, strict=True):
        sites = model_sites(own, entry, calls, matching, absent_sites=absent_sites, fold=fold)
        logger.info("fold %d goes on from the networks of the model's fold %s; layers: %s", fold, entry["fold"], layers)
        tuned, members = fine_tune_als_net(
            sites, people, own.networks,
            fine_tuning_settings(epochs, patience, learning_rate, class_weights=own.networks.prior is not None),
            layers=layers, seed=derive(seed, "model_fold", entry["fold"]), device=device,
            checkpoint=checkpoints and checkpoints / f"model_fold_{entry['fold']}",
        )  # fmt: skip
        table = predict_test_people(tuned, sites, people, device)
        tables.append(table.assign(model=FINE_TUNED, seed=table["seed"] + sum(one["seeds"] for one in made)))
        histories.append(history_table(members).assign(model_fold=entry["fold"]))
        own_tensors = tensors_of(tuned) | site_numbers(sites, people.training)
        tensors |= {f"{entry['fold']}/{name}": value for name, value in own_tensors.items()}
        said = fold_entry(sites, tuned, {"on_top_of_offset": False, "preset": entry["preset"]}, len(people.training))
        best = [member.best_epoch for member in members]
        made.append(said | {"model_fold": entry["fold"], "best_epochs": best})
    unchanged = loaded.uncalibrated(calls[people.test], matching, absent_sites=absent_sites)
    tables.append(_one_row_each(people, loaded.calibrated(unchanged).mean(0)).assign(model=UNCHANGED))
    turn = (fold - 1) % len(entries)
    sites = model_sites(loaded.folds[turn], entries[turn], calls, matching, absent_sites=absent_sites, fold=fold)
    preset = PRESETS[scratch["preset"]].changed(
        encoding=loaded.description["encoding"], **{key: scratch[key] for key in CHANGES}
    )
    anew, _ = train_als_net(
        sites, people, preset, seeds=scratch["seeds"], seed=seed, device=device,
        checkpoint=checkpoints and checkpoints / FROM_SCRATCH,
    )  # fmt: skip
    tables.append(predict_test_people(anew, sites, people, device).assign(model=FROM_SCRATCH))
    with written(weights) as partial:
        save_tensors(tensors, partial)
    with written(description) as partial:
        partial.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    write_table(pd.concat(histories, ignore_index=True), history)
    table = pd.concat(tables, ignore_index=True)
    write_predictions(
        predictions, samples=table["sample"], phenotype=table["phenotype"], probability=table["probability"],
        fold=fold, model=table["model"], seed=table["seed"],
    )  # fmt: skip


def fine_tuning_settings(epochs: int, patience: int, learning_rate: float, *, class_weights: bool) -> TrainingSettings:
    """Return how networks are fine-tuned: as ALS-Net's default, but gently and briefly."""
    return PRESETS["default"].training.changed(
        epochs=epochs, patience=patience, learning_rate=learning_rate, class_weights=class_weights, start=0.0
    )


def _rows_of(samples: Path, people: np.ndarray, genotypes: Sequence[Path]) -> np.ndarray:
    """Return where the people of a table are among those of the genotypes, in the genotypes' order."""
    wanted = set(read_table(samples, columns=["sample"], what="table of labelled people")["sample"])
    absent = wanted - set(people.tolist())
    if absent:
        raise InputError(f"{len(absent)} people have no genotypes, {min(absent)} for one", where=samples,
                         fix=f"Run the stages again from match_samples; genotypes: {genotypes[0]}")  # fmt: skip
    return np.flatnonzero(np.isin(people.astype(str), sorted(wanted)))


def _one_row_each(people: OuterFold, probability: np.ndarray) -> pd.DataFrame:
    own = people.test
    return pd.DataFrame({"sample": people.sample_ids[own], "phenotype": people.labels[own], "seed": 0,
                         "probability": probability})  # fmt: skip
