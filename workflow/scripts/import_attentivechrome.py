"""Published AttentiveChrome weights, scored on our bins beside our own networks."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *, states: list[Path], bins: list[Path], labels: list[Path], weights: Path, network: Path, predictions: Path
) -> None:
    """Read the published network of each epigenome and predict validation and test genes with it.

    Args:
        states: published weights (PyTorch state dicts), one an epigenome
        bins: bin stores (Zarr), in the same order; the published networks read raw counts in genome order
        labels: labels (TSV), in the same order
        weights: written: weights of all networks (safetensors)
        network: written: their description (JSON)
        predictions: written: epigenome, model, seed, gene_id, part, label, score (TSV)
    """
    import torch

    from promoternets.chromatin.published import import_published_networks
    from promoternets.chromatin.train import predict_genes
    from promoternets.formats.gene_predictions import write_gene_predictions
    from promoternets.formats.genes_and_bins import read_epigenome
    from promoternets.networks.saved_expression import save_expression_networks

    data = [read_epigenome(*files) for files in zip(bins, labels, strict=True)]
    networks = import_published_networks(states, data)
    save_expression_networks(networks, weights, network, preset="imported")
    write_gene_predictions(predictions, [predict_genes(networks, one, torch.device("cpu")) for one in data])


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
