"""A small cohort with trained ALS-Nets in two folds, and the arguments that export its model."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from promoternets.als_net.presets import PRESETS
from promoternets.als_net.train import predict_test_people, train_als_net
from promoternets.formats.outer_fold import read_outer_fold
from promoternets.formats.predictions import write_predictions
from promoternets.formats.selected_store import SelectedStore, write_selected_store
from promoternets.networks.saved import save_networks

PEOPLE, PROMOTERS, SITES, FOLDS = 60, 3, 6, (1, 2)
ALLELES = ["A:G", "C:T", "A:T", "G:A", "T:C", "C:G"]
IDS = np.array(
    [[f"chr20:{1000 * (row + 1) + 10 * at}:{ALLELES[at]}" for at in range(SITES)] for row in range(PROMOTERS)], object
)
IDS[2, 0] = ""  # padding


def haplotypes(scramble: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return int8 [people, promoters, sites, 2], of which those of `scramble` are drawn anew, and labels [people]."""
    random = np.random.default_rng(3)
    labels = np.tile([0, 1, 1, 0], PEOPLE // 4)
    frequency = random.uniform(0.1, 0.9, (PROMOTERS, SITES, 1))
    drawn = (random.random((PEOPLE, PROMOTERS, SITES, 2)) < frequency).astype(np.int8)
    drawn[:, 0, 2:4] = np.where(random.random((PEOPLE, 2, 2)) < 0.8, labels[:, None, None], drawn[:, 0, 2:4])
    drawn[random.random(drawn.shape[:3]) < 0.03] = -1
    if scramble is not None:
        drawn[scramble] = np.random.default_rng(8).integers(0, 2, (len(scramble), PROMOTERS, SITES, 2))
    drawn[:, IDS == ""] = -2
    return drawn, labels


def write_store(path: Path, fold: int, scramble: np.ndarray | None = None) -> SelectedStore:
    """Write the selected sites of a fold: promoters 1 and 2 in fold 1, 2 and 3 in fold 2."""
    drawn, _ = haplotypes(scramble)
    own = [fold - 1, fold]
    counts = np.where((drawn < 0).any(3), drawn.min(3), drawn.sum(3)).astype(np.int8)
    write_selected_store(
        path,
        sample_ids=np.array([f"person{number}" for number in range(PEOPLE)], object),
        genotype=counts[:, own],
        haplotype=drawn[:, own],
        promoters=np.array(["ENSG1", "ENSG2", "ENSG3"], object)[own],
        site_ids=IDS[own],
        distance=np.zeros((2, SITES), np.int32),
        fold=fold,
        upstream=4,
        downstream=2,
    )
    return SelectedStore.open(path)


def train(folder: Path, *, encoding: str = "one_hot", linear_path: bool = True, seeds: int = 2) -> dict[str, Any]:
    """Train all folds in `folder`; return the arguments of `prediction.export.export_model` without the folder."""
    labels = haplotypes()[1]
    names = [f"person{number}" for number in range(PEOPLE)]
    samples, folds = folder / "samples.tsv", folder / "folds.tsv"
    pd.DataFrame({"sample": names, "phenotype": labels}).to_csv(samples, sep="\t", index=False)
    fold_of, inner = np.arange(PEOPLE) // 2 % 2 + 1, np.arange(PEOPLE) // 4 % 3 + 1
    pd.DataFrame({"sample": names, "fold": fold_of, "inner": inner}).to_csv(folds, sep="\t", index=False)
    preset = PRESETS["default"].changed(encoding=encoding, linear_path=linear_path, epochs=1)
    made: dict[str, Any] = {"selected": [], "weights": [], "models": [], "predictions": []}
    for fold in FOLDS:
        store = write_store(folder / f"fold_{fold}.zarr", fold)
        people = read_outer_fold(store.sample_ids, samples, folds, fold)
        networks, _ = train_als_net(store, people, preset, seeds=seeds, seed=1, device=torch.device("cpu"))
        table = predict_test_people(networks, store, people, torch.device("cpu"))
        paths = {
            "selected": store.path,
            "weights": folder / f"{fold}.safetensors",
            "models": folder / f"{fold}.json",
            "predictions": folder / f"{fold}.tsv",
        }
        description = {
            "fold": fold,
            "site_ids": store.site_ids.tolist(),
            "on_top_of_offset": False,
            "preset": "default",
        }
        save_networks(networks, paths["weights"], paths["models"], description)
        write_predictions(
            paths["predictions"], samples=table["sample"], phenotype=table["phenotype"],
            probability=table["probability"], fold=fold, model="als_net", seed=table["seed"],
        )  # fmt: skip
        for name, path in paths.items():
            made[name].append(path)
    return made | {
        "samples": samples, "folds": folds, "cohort": "small", "build": "GRCh37", "preprocessing": {}, "bootstrap": 100,
    }  # fmt: skip


def distinct() -> tuple[list[str], np.ndarray]:
    """Return every site's id and everybody's alleles there, int8 [people, sites, 2]."""
    drawn, _ = haplotypes()
    return IDS[IDS != ""].tolist(), drawn[:, IDS != ""]
