"""Labels that mean nothing: out-of-fold AUC stays at 0.5, also when thousands of promoters were ranked first."""

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "unit"))
from stores import write_blocks

from promoternets.als_net.presets import PRESETS
from promoternets.als_net.train import predict_test_people, train_als_net
from promoternets.evaluation.evaluate import evaluate
from promoternets.folds.assign import partition
from promoternets.formats.outer_fold import OuterFold
from promoternets.formats.predictions import write_predictions
from promoternets.formats.selected_store import SelectedStore
from promoternets.formats.tables import read_table, write_table
from promoternets.ranking.gather import gather_selected
from promoternets.ranking.promoters import Promoters
from promoternets.ranking.score import Scoring, score_promoters
from promoternets.ranking.select import rank_promoters
from promoternets.training.settings import TrainingSettings

pytestmark = pytest.mark.slow
PEOPLE, PROMOTERS, FOLDS = 150, 2000, 2
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def noise(tmp_path_factory):
    """2,000 promoters of people whose labels were drawn by lot."""
    folder = tmp_path_factory.mktemp("noise")
    stores = write_blocks(folder, people=PEOPLE, promoters=(PROMOTERS // 2, PROMOTERS // 2), planted=None)
    labels = np.random.default_rng(11).permutation(np.tile([0, 1], PEOPLE // 2))
    samples = pd.DataFrame({"sample": [f"p{n}" for n in range(PEOPLE)], "phenotype": labels})
    return folder, stores, samples, partition(samples.astype(str), count=FOLDS, inner=3, seed=5)


def of_fold(samples, folds, fold):
    table = folds.set_index("sample").loc[samples["sample"]]
    tested = table["fold"].to_numpy() == fold
    return OuterFold(samples["sample"].to_numpy(object), samples["phenotype"].to_numpy(np.int64).copy(),
                     table["inner"].to_numpy(np.int64), np.flatnonzero(~tested), np.flatnonzero(tested))  # fmt: skip


def ranked(promoters, people, fold):
    settings = TrainingSettings(epochs=2, patience=None, learning_rate=0.003, batch_size=64)
    scoring = Scoring("one_hot", "auc", rounds=1, settings=settings, memory_mb=2000)
    scores, _ = score_promoters(promoters, people, scoring, fold=fold, shard=1, shards=1, seed=1, device=CPU)
    blocks = pd.DataFrame({"promoter": promoters.ids, "gene_id": promoters.ids, "symbol": promoters.ids,
                           "chrom": "1", "tss": 1, "strand": "+"})  # fmt: skip
    return rank_promoters(scores, blocks, {promoter: frozenset([promoter]) for promoter in promoters.ids}, top=32)


def regression(selected, people):
    model = LogisticRegression(C=0.01, max_iter=2000).fit(
        selected.flat()[people.training], people.labels[people.training]
    )
    return model.predict_proba(selected.flat()[people.test])[:, 1]


def network(selected, people):
    preset = PRESETS["default"]
    preset = dataclasses.replace(preset, training=preset.training.changed(epochs=4))
    networks, _ = train_als_net(selected, people, preset, seeds=1, seed=1, device=CPU)
    return predict_test_people(networks, selected, people, CPU)["probability"].to_numpy()


def test_with_labels_drawn_by_lot_the_interval_of_the_auc_holds_a_half(noise):
    folder, stores, samples, folds = noise
    promoters = Promoters(stores)
    predictions = []
    for fold in range(1, FOLDS + 1):
        people = of_fold(samples, folds, fold)
        gather_selected(ranked(promoters, people, fold), stores, fold, folder / f"{fold}.zarr")
        selected = SelectedStore.open(folder / f"{fold}.zarr")
        for model, predict in (("logistic_regression", regression), ("als_net", network)):
            predictions.append(folder / f"{model}.{fold}.tsv")
            write_predictions(
                predictions[-1], samples=people.sample_ids[people.test], phenotype=people.labels[people.test],
                probability=predict(selected, people), fold=fold, model=model,
            )  # fmt: skip
    write_table(samples, folder / "samples.tsv")
    tables = {name: folder / f"{name}.tsv" for name in ("metrics", "comparisons", "curves", "variance")}
    evaluate(predictions=predictions, samples=folder / "samples.tsv", cohort="noise", bootstrap=1000, seed=1, **tables)
    metrics = read_table(tables["metrics"], dtypes=dict.fromkeys(["value", "low", "high"], "float64"))
    for model in ("logistic_regression", "als_net"):
        rows = metrics[(metrics["model"] == model) & (metrics["fold"] == "all") & (metrics["seed"] == "all")]
        row = rows[rows["metric"] == "auc_within_fold"].iloc[0]
        print(f"{model}: {row['value']:.3f} [{row['low']:.3f}, {row['high']:.3f}]")
        assert row["low"] <= 0.5 <= row["high"], model


def test_the_same_labels_would_look_predictable_if_test_people_took_part_in_the_selection(noise):
    """The check above can fail: promoters chosen by everybody's labels make noise look like signal."""
    folder, stores, samples, folds = noise
    promoters = Promoters(stores)
    labels = samples["phenotype"].to_numpy()
    dose = np.concatenate([promoters.read(range(at, at + 200), "genotype") for at in range(0, PROMOTERS, 200)])
    contrast = np.abs(dose[:, labels == 1].mean(1) - dose[:, labels == 0].mean(1)).mean(1)
    best = pd.DataFrame({"promoter": [promoters.ids[index] for index in np.argsort(-contrast)[:32]], "fold": 1,
                         "rank": range(1, 33), "selected": 1})  # fmt: skip
    gather_selected(best, stores, 1, folder / "leaky.zarr")
    selected = SelectedStore.open(folder / "leaky.zarr")
    areas = []
    for fold in range(1, FOLDS + 1):
        people = of_fold(samples, folds, fold)
        areas.append(roc_auc_score(people.labels[people.test], regression(selected, people)))
    assert np.mean(areas) > 0.65
