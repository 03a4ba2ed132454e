"""Bins and labels of one epigenome from the published CSV files of DeepChrome and AttentiveChrome."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *,
    train: Path,
    valid: Path,
    test: Path,
    epigenome: str,
    bins: Path,
    labels: Path,
    labels_summary: Path,
    marks: list[str] | None = None,
    bin_size: int = 100,
) -> None:
    """Read the published CSV files of an epigenome: gene, bin, a count per mark, label; gzipped or not.

    Args:
        train: CSV of the genes to train on
        valid: CSV of the genes to validate on
        test: CSV of the genes to test on
        epigenome: name of the epigenome
        bins: bin store to write (Zarr): signal [genes, marks, bins]
        labels: table to write: gene_id, part, expression (NA), target (NA), label (0/1)
        labels_summary: table to write: item, value, note
        marks: names of the mark columns; H3K27me3, H3K36me3, H3K4me1, H3K4me3, H3K9me3 by default
        bin_size: bp of a bin, which the files do not say
    """
    from promoternets.bins.published_csv import import_published_bins

    import_published_bins(
        train=train,
        valid=valid,
        test=test,
        epigenome=epigenome,
        bins=bins,
        labels=labels,
        labels_summary=labels_summary,
        marks=marks,
        bin_size=bin_size,
    )


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
