"""Networks that predict expression from histone marks: one kind of network, several epigenomes and seeds."""

import sys
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *,
    bins: list[Path],
    labels: list[Path],
    weights: Path,
    network: Path,
    history: Path,
    predictions: Path,
    model: Literal[
        "attentivechrome",
        "lstm_alpha",
        "lstm_attn",
        "lstm",
        "cnn_attn",
        "cnn_alpha_beta",
        "deepchrome",
        "attentivechrome_joint",
    ] = "attentivechrome",
    target: Literal["label", "expression"] = "label",
    preset: Literal["default", "published"] = "default",
    seeds: int = 1,
    epochs: int | None = None,
    patience: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    weight_decay: float | None = None,
    dropout: float | None = None,
    seed: int = 42,
    gpu: int = 0,
    threads: int = 1,
    checkpoints: Path | None = None,
) -> None:
    """Train a network for each epigenome and seed on training genes, and predict validation and test genes.

    Args:
        bins: bin stores (Zarr), one an epigenome
        labels: labels (TSV: gene_id, part, label, target), in the same order
        weights: written: weights of all networks (safetensors)
        network: written: architecture, scaling and training settings (JSON)
        history: written: losses by epoch (TSV)
        predictions: written: epigenome, model, seed, gene_id, part, label, score (TSV)
        model: the network; attentivechrome is LSTM-alpha,beta, attentivechrome_joint one network for all epigenomes
        target: what is predicted: label (expressed or not) or expression (log2 of the value + 1)
        preset: input scaling, starting weights and training settings: default or published
        seeds: networks trained for each epigenome
        epochs: passes over the training genes, at most (the preset's if not given)
        patience: stop after so many epochs without improvement on validation genes (the preset's if not given)
        batch_size: genes per step (the preset's if not given)
        learning_rate: step size (the preset's if not given)
        weight_decay: strength of the decay of weights (the preset's if not given)
        dropout: share of features dropped before the last layers while training (the preset's if not given)
        seed: base seed
        gpu: 1 to train on a GPU (an error if there is none), 0 for the CPU
        threads: CPU threads; 1 is usually fastest
        checkpoints: folder to save progress in and to resume from; removed at the end
    """
    from dataclasses import replace

    from promoternets.chromatin.presets import preset as preset_of
    from promoternets.chromatin.train import predict_genes, train_expression_networks
    from promoternets.formats.gene_predictions import write_gene_predictions
    from promoternets.formats.genes_and_bins import read_epigenome
    from promoternets.formats.outputs import remove
    from promoternets.formats.tables import write_table
    from promoternets.networks.saved_expression import save_expression_networks
    from promoternets.training.device import choose_device

    device = choose_device(gpu, threads)
    data = [read_epigenome(*files) for files in zip(bins, labels, strict=True)]
    chosen = preset_of(preset, model)
    training = chosen.training.changed(
        epochs=epochs, patience=patience, batch_size=batch_size, learning_rate=learning_rate,
        weight_decay=weight_decay, unit_dropout=dropout,
    )  # fmt: skip
    networks, table = train_expression_networks(
        data, model, replace(chosen, training=training),
        target=target, seeds=seeds, seed=seed, device=device, checkpoints=checkpoints,
    )  # fmt: skip
    predicted = [predict_genes(networks, one, device) for one in data]
    save_expression_networks(networks, weights, network, preset=preset, seed=seed, training=training.as_dict())
    write_table(table, history)
    write_gene_predictions(predictions, predicted, target=target)
    if checkpoints is not None:
        remove(checkpoints)


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
