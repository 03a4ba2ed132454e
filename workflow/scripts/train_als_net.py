"""ALS-Net of one outer fold: trained networks (one per seed), their history, and the test people's predictions."""

import sys
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *,
    selected: Path,
    samples: Path,
    folds: Path,
    fold: int,
    network: Literal["als_net", "als_net_gwas"] = "als_net",
    weights: Path,
    model: Path,
    history: Path,
    predictions: Path,
    offset: Path | None = None,
    preset: Literal["default", "published"] = "default",
    encoding: Literal["one_hot", "scalar", "haplotype", "standardised"] | None = None,
    linear_path: bool | None = None,
    seeds: int = 3,
    epochs: int | None = None,
    patience: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    weight_decay: float | None = None,
    seed: int = 42,
    gpu: int = 0,
    threads: int = 1,
    checkpoints: Path | None = None,
) -> None:
    """Train ALS-Net on the training people of a fold and predict the people left out.

    Args:
        selected: store of gather_selected.py or gather_gwas_sites.py (Zarr)
        samples: matched people (TSV: sample, phenotype 0/1)
        folds: folds (TSV: sample, fold, inner)
        fold: the outer fold whose people are tested, from 1
        network: the model's name in the predictions: als_net_gwas where a GWAS selected the sites
        weights: trained weights to write (safetensors)
        model: architecture, encoding and settings to write (JSON)
        history: losses per seed and epoch to write (TSV)
        predictions: probabilities of the test people to write (TSV)
        offset: log-odds known beforehand (TSV: sample, log_odds); the networks learn and predict what is left
        preset: training settings: default, or published (Adagrad, 30 epochs, last weights)
        encoding: how genotypes become input (the preset's if not given)
        linear_path: whether an elastic net of the sites runs beside the deep layers (the preset's if not given)
        seeds: networks to train from different starting weights; their mean is the ensemble
        epochs: passes over the training people, at most (the preset's if not given)
        patience: stop after so many epochs without a lower validation loss (the preset's if not given)
        batch_size: people per step (the preset's if not given)
        learning_rate: step size (the preset's if not given)
        weight_decay: decoupled weight decay (the preset's if not given)
        seed: base seed
        gpu: 1 to train on a GPU (an error if there is none), 0 for the CPU
        threads: CPU threads; 1 is usually fastest
        checkpoints: folder to save progress in and to resume from; removed at the end
    """
    from promoternets.als_net.presets import PRESETS
    from promoternets.als_net.train import history_table, predict_test_people, train_als_net
    from promoternets.formats.offsets import read_offsets
    from promoternets.formats.outer_fold import read_outer_fold
    from promoternets.formats.outputs import remove
    from promoternets.formats.predictions import write_predictions
    from promoternets.formats.selected_store import SelectedStore
    from promoternets.formats.tables import write_table
    from promoternets.networks.saved import save_networks
    from promoternets.training.device import choose_device

    device = choose_device(gpu, threads)
    store = SelectedStore.open(selected)
    people = read_outer_fold(store.sample_ids, samples, folds, fold)
    chosen = PRESETS[preset].changed(
        encoding=encoding,
        linear_path=linear_path,
        epochs=epochs,
        patience=patience,
        batch_size=batch_size,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
    )
    networks, members = train_als_net(
        store,
        people,
        chosen,
        seeds=seeds,
        seed=seed,
        device=device,
        offset=read_offsets(offset, store.sample_ids),
        checkpoint=checkpoints and checkpoints / "networks",
    )
    table = predict_test_people(networks, store, people, device)
    description = {
        "preset": preset,
        "fold": fold,
        "on_top_of_offset": offset is not None,
        "training_people": len(people.training),
        "promoter_ids": list(store.promoters),
        "site_ids": store.site_ids.tolist(),
        "best_epochs": [member.best_epoch for member in members],
    }
    save_networks(networks, weights, model, description)
    write_table(history_table(members), history)
    write_predictions(
        predictions,
        samples=table["sample"],
        phenotype=table["phenotype"],
        probability=table["probability"],
        fold=fold,
        model=network,
        seed=table["seed"],
    )
    if checkpoints is not None:
        remove(checkpoints)


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
