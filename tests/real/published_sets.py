"""The 600-gene sets of two epigenomes (DeepDiff's files) in the form of the chromatin branch."""

import numpy as np
import pandas as pd

from promoternets.formats.genes_and_bins import EpigenomeData

MARKS = ("H3K27me3", "H3K36me3", "H3K4me1", "H3K4me3", "H3K9me3")
COLUMNS = [3, 4, 0, 1, 2]  # where the published order of marks is in these files
CELLS = {"E123": "cell1-E123/Cell1", "E003": "cell2-E003/Cell2"}
PARTS = ("train", "valid", "test")
WINDOW, INNER = 200, slice(50, 150)


def expressed(folder, epigenome):
    """Return label (RPKM at or above the median, as numbers) and RPKM by gene."""
    genes = pd.read_csv(folder / "labels-shallowchrome" / "gene_list.txt.gz", header=None)[0]
    rpkm = pd.read_csv(folder / "labels-shallowchrome" / f"{epigenome}.T.csv.gz", header=None).iloc[:, -1]
    values = pd.Series(rpkm.astype(float).to_numpy(), index=genes.astype(str).str.strip()).groupby(level=0).first()
    return (values >= values.median()).astype(int), values


def read_published_set(folder, epigenome):
    """Return the set of one epigenome: 200 genes to train on, 200 to choose by, 200 to test."""
    label, rpkm = expressed(folder, epigenome)
    genes, signals, parts = [], [], []
    for part in PARTS:
        table = pd.read_csv(folder / f"{CELLS[epigenome]}.{part}.csv.gz", header=None)
        names = table[0].str.split("_").str[0].to_numpy().reshape(-1, WINDOW)[:, 0]
        counts = table.iloc[:, 1:].to_numpy(dtype=np.float32).reshape(-1, WINDOW, len(MARKS))
        genes.append(names)
        signals.append(counts[:, INNER, COLUMNS].transpose(0, 2, 1))
        parts += [part] * len(names)
    genes = np.concatenate(genes)
    return EpigenomeData(
        epigenome=epigenome, gene_ids=genes.astype(object), marks=MARKS,
        signal=np.ascontiguousarray(np.concatenate(signals)), label=label[genes].to_numpy(dtype=np.int64),
        target=np.log2(rpkm[genes].to_numpy(dtype=np.float32) + 1), part=np.array(parts, dtype=object),
    )  # fmt: skip
