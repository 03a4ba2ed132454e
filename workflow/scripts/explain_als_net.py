"""Saliency of one fold's ALS-Nets: per site, and by rank to the TSS with permuted labels."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *,
    selected: Path,
    weights: Path,
    model: Path,
    samples: Path,
    folds: Path,
    fold: int,
    saliency: Path,
    profile: Path,
    methods: list[str] | None = None,
    steps: int = 32,
    permutations: int = 200,
    seed: int = 42,
    gpu: int = 0,
    threads: int = 1,
) -> None:
    """Explain the predictions of a fold's test people: how much each site moves the log-odds of being a case.

    Args:
        selected: store of gather_selected.py (Zarr)
        weights: trained weights (safetensors)
        model: their description (JSON)
        samples: matched people (TSV: sample, phenotype 0/1)
        folds: folds (TSV: sample, fold, inner)
        fold: the outer fold, from 1
        saliency: table to write (TSV, a row per site, method and group)
        profile: table to write (TSV, a row per rank to the TSS, method, group and permutation)
        methods: gradient and/or integrated_gradients (both if not given)
        steps: steps of integrated gradients
        permutations: permuted labelings for the null band
        seed: base seed
        gpu: 1 to compute on a GPU (an error if there is none), 0 for the CPU
        threads: CPU threads
    """
    import pandas as pd
    import torch

    from promoternets.formats.outer_fold import read_outer_fold
    from promoternets.formats.selected_store import SelectedStore
    from promoternets.formats.tables import write_table
    from promoternets.networks.saved import load_networks
    from promoternets.saliency.attributions import METHODS, attribute_sites
    from promoternets.saliency.profile import rank_profiles, site_table
    from promoternets.seeds import derive
    from promoternets.training.device import choose_device

    device = choose_device(gpu, threads)
    store = SelectedStore.open(selected)
    people = read_outer_fold(store.sample_ids, samples, folds, fold)
    networks = load_networks(weights, model)
    stored = store.flat(networks.encoder.source)
    encoder = networks.encoder.to(device)
    inputs = encoder(torch.from_numpy(stored[people.test]).to(device))
    baseline = encoder(torch.from_numpy(stored[people.training]).to(device)).mean(0)
    labels = people.labels[people.test]
    tables, profiles = [], []
    for method in methods or METHODS:
        attribution = attribute_sites(networks.networks(device), inputs, baseline, method, steps=steps)
        table = site_table(
            attribution, labels, method=method, fold=fold, promoters=store.promoters, site_ids=store.site_ids,
            distance=store.distance, upstream=store.upstream,
        )  # fmt: skip
        tables.append(table)
        curve = rank_profiles(
            attribution, labels, store.present, upstream=store.upstream, permutations=permutations,
            seed=derive(seed, "saliency", fold),
        )  # fmt: skip
        profiles.append(curve.assign(method=method, fold=fold))
    write_table(pd.concat(tables), saliency)
    write_table(pd.concat(profiles), profile)


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
