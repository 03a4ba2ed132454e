"""What the networks of one epigenome look at, gene by gene."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *,
    bins: Path,
    labels: Path,
    weights: list[Path],
    networks: list[Path],
    attention: Path,
    seed: int = 42,
    gpu: int = 0,
    threads: int = 1,
) -> None:
    """Write attention over bins (alpha) and marks (beta) for every gene; saliency and class optimisation of DeepChrome.

    Args:
        bins: bin store of the epigenome (Zarr)
        labels: its labels (TSV)
        weights: weights of the trained models (safetensors)
        networks: their descriptions (JSON), in the same order
        attention: attention store to write (Zarr): a group for each model, means over its seeds
        seed: of the starts of class optimisation
        gpu: 1 to use a GPU (an error if there is none), 0 for the CPU
        threads: CPU threads
    """
    from promoternets.chromatin.explain import explain
    from promoternets.formats.attention_store import write_attention_store
    from promoternets.formats.genes_and_bins import read_epigenome
    from promoternets.networks.saved_expression import load_expression_networks
    from promoternets.training.device import choose_device

    device = choose_device(gpu, threads)
    data = read_epigenome(bins, labels)
    loaded = [load_expression_networks(*files) for files in zip(weights, networks, strict=True)]
    write_attention_store(
        attention,
        epigenome=data.epigenome,
        target=loaded[0].architecture.target,
        gene_ids=data.gene_ids,
        part=data.part,
        marks=data.marks,
        label=data.label,
        models={one.architecture.model: explain(one, data, seed=seed, device=device) for one in loaded},
    )


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
