"""Which genes are expressed in an epigenome: by number, or as the published labels compare them, by text."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from promoternets.epigenomes.expression import read_expression
from promoternets.errors import InputError
from promoternets.formats.gene_table import read_genes
from promoternets.formats.labels import write_labels
from promoternets.formats.tables import read_table

logger = logging.getLogger(__name__)
Rule = Literal["median", "published_text"]
Threshold = Literal["all", "training"]


def label_genes(
    *,
    genes: Path,
    expression: Path,
    epigenome: str,
    labels: Path,
    summary: Path,
    without_signal: Path | None = None,
    rule: Rule = "median",
    threshold: Threshold = "all",
) -> None:
    """Write the labels of an epigenome's genes, in the order of `genes`, and a summary.

    A gene is expressed when its value is at least the median. The median is taken over all genes of the epigenome's
    column, as published: it says what "expressed" means and belongs to the question, not to a model's answer.
    ``training`` takes it over the training genes alone, for who would rather have nothing of the test genes in it.

    Parameters
    ----------
    genes : table of match_genes.
    labels : output TSV (gene_id, part, expression (as the file writes it), target (log2(value + 1)), label (0/1)).
    summary : output TSV (item, value, note); its counts are of the genes that are used.
    without_signal : TSV (gene_id, reason) of genes that this epigenome's signal says nothing of; they are left out.
    rule : ``median`` compares numbers; ``published_text`` compares texts (see `by_text`), for parity with the
        published labels only.

    Raises
    ------
    InputError
        See the readers; and when genes have no value, or all genes of a part get one label.
    """
    table = read_genes(genes)
    if without_signal is not None:
        silent = set(read_table(without_signal, columns=["gene_id"], what="table of genes without signal")["gene_id"])
        table = table[~table["gene_id"].isin(silent)].reset_index(drop=True)
    matrix = read_expression(expression, [epigenome])
    text, values = matrix.column(epigenome)
    row_of = {gene: row for row, gene in enumerate(matrix.gene_ids)}
    rows = np.array([row_of.get(gene, -1) for gene in table["gene_id"]])
    lacking = table.loc[(rows < 0) | np.isnan(values[rows]), "gene_id"]
    if len(lacking):
        raise InputError(
            f"{len(lacking)} genes have no expression in {epigenome}, {lacking.iloc[0]} for one",
            where=expression,
            fix="Make the table of genes again with match_genes",
        )
    fitted = values if threshold == "all" else values[rows[(table["part"] == "train").to_numpy()]]
    median = float(np.nanmedian(fitted))
    numeric = by_number(values[rows], median)
    textual = by_text(text[rows], median)
    mislabelled = int((numeric != textual).sum())
    result = pd.DataFrame(
        {
            "gene_id": table["gene_id"],
            "part": table["part"],
            "expression": text[rows],
            "target": np.log2(values[rows] + 1),
            "label": numeric if rule == "median" else textual,
        }
    )
    over = "all genes of the expression table" if threshold == "all" else "training genes"
    items: list[tuple[str, object, str]] = [
        ("rule", rule, "expressed = value >= threshold" + (", compared as text" if rule != "median" else "")),
        ("threshold", f"{median:.10g}", f"median of {int(np.isfinite(fitted).sum())} values, {over}"),
        ("mislabelled_by_text_rule", mislabelled, "genes the published comparison of texts calls differently"),
    ]
    write_labels(result, path=labels, summary=summary, items=items, where=expression)
    logger.info("%s: median %.6g; %s of %s genes expressed; a comparison of texts would mislabel %s", epigenome, median,
                f"{int(result['label'].sum()):,}", f"{len(result):,}", f"{mislabelled:,}")  # fmt: skip


def by_number(values: np.ndarray, median: float) -> np.ndarray:
    """Return 1 where the value is at least the median, int64 [genes]."""
    return (values >= median).astype(np.int64)


def by_text(text: np.ndarray, median: float) -> np.ndarray:
    """Return 1 where the value does not sort before the median, both as text (``10.575`` < ``3.33``), int64 [genes].

    This reproduces the labels of the published 56 epigenomes (all 30 of the toy set of E003, of which the comparison
    of numbers reproduces 24). It is wrong for values of more digits before the point than the median has.
    """
    threshold = f"{median:.10g}"
    return np.array([value >= threshold for value in text], dtype=np.int64)
