"""Which genes are expressed in an epigenome, and their expression as a number to predict."""

import sys
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *,
    genes: Path,
    expression: Path,
    epigenome: str,
    labels: Path,
    summary: Path,
    without_signal: Path | None = None,
    rule: Literal["median", "published_text"] = "median",
    threshold: Literal["all", "training"] = "all",
) -> None:
    """Label the genes of an epigenome: expressed when the value is at least the epigenome's median.

    Args:
        genes: table of match_genes
        expression: genes by epigenomes, TSV or GCT
        epigenome: name of the epigenome, a column of the expression table
        labels: table to write: gene_id, part, expression (as given), target (log2(expression + 1)), label (0/1)
        summary: table to write: rule, threshold, genes, expressed, genes the published rule mislabels
        without_signal: genes that bin_histone left out in this epigenome; they get no label
        rule: median = compare numbers; published_text = compare texts, as the published labels do (parity only)
        threshold: whose median: all = all genes of the expression table, as published; training = training genes
    """
    from promoternets.epigenomes.labels import label_genes

    label_genes(
        genes=genes,
        expression=expression,
        epigenome=epigenome,
        labels=labels,
        summary=summary,
        without_signal=without_signal,
        rule=rule,
        threshold=threshold,
    )


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
