"""In simulated epigenomes attention falls on the bins and marks that were planted, and not where labels are "
"shuffled."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from promoternets.chromatin.explain import explain
from promoternets.chromatin.presets import preset
from promoternets.chromatin.train import train_expression_networks
from promoternets.chromatin.validation import against_truth
from promoternets.formats.attention_store import AttentionStore, write_attention_store
from promoternets.formats.genes_and_bins import read_epigenome

pytestmark = pytest.mark.slow
CPU = torch.device("cpu")
MODEL = "cnn_alpha_beta"


@pytest.fixture(scope="module")
def simulated(script, tmp_path_factory):
    """Nine hundred genes of one epigenome, binned and labelled as the workflow does it, and the planted weights."""
    folder = tmp_path_factory.mktemp("truth")
    at = {name: folder / name for name in ("signal", "sheet", "rpkm", "promoters", "genes", "excluded", "bins.zarr")}
    script("simulate_epigenomes").main(
        folder=at["signal"], sheet=at["sheet"], expression=at["rpkm"], annotation=folder / "genes.gtf.gz",
        truth=folder / "truth.tsv", epigenomes=1, genes=900, seed=2,
    )  # fmt: skip
    script("extract_promoters").main(annotation=folder / "genes.gtf.gz", promoters=at["promoters"])
    script("match_genes").main(
        epigenomes=at["sheet"], expression=at["rpkm"], promoters=at["promoters"], genes=at["genes"],
        excluded=at["excluded"], validation_mark="H3K27ac",
    )  # fmt: skip
    script("bin_histone").main(
        genes=at["genes"], epigenomes=at["sheet"], epigenome="S001", bins=at["bins.zarr"], validation_mark="H3K27ac"
    )
    script("label_genes").main(
        genes=at["genes"], expression=at["rpkm"], epigenome="S001", labels=folder / "labels.tsv",
        summary=folder / "summary.tsv",
    )  # fmt: skip
    return read_epigenome(at["bins.zarr"], folder / "labels.tsv"), pd.read_csv(folder / "truth.tsv", sep="\t")


def agreement(data, truth, folder):
    """Return r between the mean attention of three networks and the planted bins, in genes called expressed."""
    networks, _ = train_expression_networks(
        [data], MODEL, preset("default", MODEL), target="label", seeds=3, seed=1, device=CPU
    )
    write_attention_store(
        folder / "attention.zarr", epigenome=data.epigenome, target="label", gene_ids=data.gene_ids, part=data.part,
        marks=data.marks, label=data.label, models={MODEL: explain(networks, data, seed=1, device=CPU)},
    )  # fmt: skip
    found = against_truth(AttentionStore.open(folder / "attention.zarr"), truth)
    return found.set_index(["class", "level"])["r"]


def test_attention_falls_on_what_was_planted(simulated, tmp_path):
    data, truth = simulated
    found = agreement(data, truth, tmp_path)
    print(found)
    assert found[("expressed", "bins")] > 0.8
    assert found[("expressed", "bins_and_marks")] > 0.7


def test_attention_learned_from_shuffled_labels_does_not(simulated, tmp_path):
    data, truth = simulated
    shuffled = replace(data, label=np.random.default_rng(5).permutation(data.label))
    found = agreement(shuffled, truth, tmp_path)
    print(found)
    assert found.xs("bins_and_marks", level="level").max() < 0.4
    assert found.xs("bins", level="level").max() < 0.7, "attention that learned nothing may still fall anywhere"
