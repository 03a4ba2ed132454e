"""Mean attention maps of every epigenome, chosen genes, and the check against a mark no model saw."""

import sys
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *,
    attention: list[Path],
    bins: list[Path],
    labels: list[Path],
    maps: Path,
    mark_weights: Path,
    gene_maps: Path,
    validation: Path,
    against_truth: Path,
    promoters: Path | None = None,
    genes: list[str] | None = None,
    truth: Path | None = None,
    active_mark: str = "H3K4me3",
    part: Literal["test", "all"] = "test",
    samples: int = 1000,
    seed: int = 42,
) -> None:
    """Average attention over the genes of each epigenome, and see whether it falls where it should.

    Args:
        attention: attention stores (Zarr), one an epigenome
        bins: bin stores (Zarr), in the same order
        labels: labels (TSV), in the same order
        maps: written: mean maps by model, class, mark and bin (TSV)
        mark_weights: written: mean beta of each mark by model and class (TSV)
        gene_maps: written: alpha and beta of the chosen genes (TSV)
        validation: written: correlation with the held-back mark, its interval and null (TSV; no rows without one)
        against_truth: written: correlation with planted weights (TSV; no rows where none are known)
        promoters: promoter table, to find chosen genes by symbol
        genes: symbols or identifiers of genes to show one by one
        truth: planted weights of a simulation (TSV: mark, bin, weight)
        active_mark: the mark whose map is compared with the held-back mark
        part: the genes averaged: test genes, which no network learned from, or all
        samples: resamples of genes behind an interval, and shuffles behind a null
        seed: base seed
    """
    from promoternets.chromatin.summaries import summarise_attention

    summarise_attention(
        attention=attention, bins=bins, labels=labels, maps=maps, mark_weights=mark_weights, gene_maps=gene_maps,
        validation=validation, against_truth=against_truth, promoters=promoters, genes=genes, truth=truth,
        active_mark=active_mark, part=part, samples=samples, seed=seed,
    )  # fmt: skip


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
