"""A small epigenome for tests: bins of three marks and labels that two of them decide, as the stages write them."""

from pathlib import Path

import numpy as np
import pandas as pd

from promoternets.formats.bin_store import write_bin_store
from promoternets.formats.tables import write_table

MARKS = ("H3K27me3", "H3K4me3", "H3K9me3")
BINS = 25


def write_epigenome(
    folder: Path, name: str = "E001", *, genes: int = 240, seed: int = 0, effect: float = 1.5
) -> tuple[Path, Path]:
    """Write bins.zarr and labels.tsv of one epigenome; half of the genes train, a quarter each validates and tests.

    H3K4me3 around the middle bin raises expression, H3K27me3 anywhere lowers it, H3K9me3 is noise.
    """
    random = np.random.default_rng(seed)
    strength = random.normal(size=(genes, len(MARKS), 1))
    peak = np.exp(-(((np.arange(BINS) - BINS // 2) / 3) ** 2))
    shape = np.stack([np.ones(BINS), peak, np.ones(BINS)])
    signal = random.gamma(2.0, 0.5 * np.exp(strength * shape), (genes, len(MARKS), BINS)).astype(np.float32)
    activity = effect * (strength[:, 1, 0] - strength[:, 0, 0]) + random.normal(size=genes)
    expression = np.exp(activity).round(3)
    ids = [f"ENSG{number:011d}" for number in range(genes)]
    nothing = np.zeros((genes, len(MARKS)), dtype=np.int32)
    bins, labels = folder / name / "bins.zarr", folder / name / "labels.tsv"
    write_bin_store(
        bins, gene_ids=ids, marks=MARKS, signal=signal, zero=nothing, uncovered=nothing, absent=nothing,
        epigenome=name, bin_size=100, oriented=True, statistic="mean", fill="zero", source="bigwig",
    )  # fmt: skip
    table = pd.DataFrame({"gene_id": ids, "part": np.resize(["train", "valid", "train", "test"], genes)})
    table["expression"], table["target"] = expression, np.log2(expression + 1)
    table["label"] = (expression >= np.median(expression)).astype(int)
    write_table(table, labels)
    return bins, labels
