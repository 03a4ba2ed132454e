"""Which genes have both a promoter and expression, and to which part of the split each belongs."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from promoternets.epigenomes.expression import Expression, read_expression
from promoternets.epigenomes.splits import Split, split_genes
from promoternets.errors import InputError
from promoternets.formats.contigs import CHROMOSOMES, canonical
from promoternets.formats.epigenome_sheet import listed, read_sheet
from promoternets.formats.gene_table import COLUMNS, PARTS, without_version
from promoternets.formats.tables import read_table, write_table

logger = logging.getLogger(__name__)
NO_PROMOTER = "no promoter in the annotation"
NO_EXPRESSION = "not in the expression table"
NO_VALUE = "no expression value"
SEVERAL_PLACES = "annotated at several places"


def match_genes(
    *,
    epigenomes: Path,
    expression: Path,
    promoters: Path,
    genes: Path,
    excluded: Path,
    validation_mark: str | None = None,
    split: Split = "chromosome",
    test_chromosomes: Sequence[str] | None = None,
    valid_chromosomes: Sequence[str] | None = None,
    train_share: float = 0.6,
    valid_share: float = 0.2,
    seed: int = 42,
) -> None:
    """Check the sheet against the expression table and write the genes that are used, and those left out.

    Parameters
    ----------
    epigenomes : the sheet (see `read_sheet`).
    expression : genes x epigenomes (see `read_expression`).
    promoters : table of extract_promoters, policy gene.
    genes : output TSV (gene_id without version, symbol, chrom, tss (1-based), strand, part), sorted by gene_id.
    excluded : output TSV (gene_id, reason).
    split, test_chromosomes, valid_chromosomes, train_share, valid_share, seed : see `split_genes`.

    Raises
    ------
    InputError
        See the readers and `split_genes`; and when the tables share no gene.
    """
    sheet = read_sheet(epigenomes, validation_mark=validation_mark)
    names = list(dict.fromkeys(sheet["epigenome"]))
    logger.info("%d epigenomes, %d marks", len(names), sheet["mark"].nunique())
    values = read_expression(expression, names)
    starts = read_table(
        promoters,
        columns=["gene_id", "symbol", "chrom", "tss", "strand"],
        what="table of promoters",
        dtypes={"tss": "int64"},
    )
    for column in ("gene_id", "chrom", "strand"):
        if starts[column].isna().any():
            row = int(starts[column].isna().to_numpy().argmax())
            raise InputError(f"column {column} is empty", where=f"{promoters}, line {row + 2}",
                             fix="Make the table again with extract_promoters")  # fmt: skip
    placed, several = one_promoter_a_gene(starts, promoters)
    found, reasons = with_expression(placed, values, promoters)
    reasons |= {gene: reason for gene, reason in several.items() if gene not in set(found["gene_id"])}
    found["part"] = split_genes(
        found, split=split, test_chromosomes=test_chromosomes, valid_chromosomes=valid_chromosomes,
        train_share=train_share, valid_share=valid_share, seed=seed, where=promoters,
    )  # fmt: skip
    _log(found, reasons)
    left_out = pd.DataFrame(sorted(reasons.items()), columns=["gene_id", "reason"])
    write_table(found[COLUMNS], genes)
    write_table(left_out, excluded)


def one_promoter_a_gene(promoters: pd.DataFrame, where: Path) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return one promoter for each gene, and the genes that have none, with the reason.

    Copies on contigs that are not assembled chromosomes give way to one on a chromosome, and a pseudoautosomal
    gene's copy on Y to that on X (most alignments mask it). A gene that is still at several places is left out,
    since its expression cannot be given to one of them.

    Raises
    ------
    InputError
        When genes have several promoters on one strand of one chromosome: the table is one of transcripts.
    """
    starts = promoters.assign(gene_id=promoters["gene_id"].map(without_version))
    doubled = starts[starts["gene_id"].duplicated(keep=False)]
    if doubled.empty:
        return starts, {}
    starts_of_one = doubled[doubled.duplicated(["gene_id", "symbol", "chrom", "strand"])]["gene_id"].unique()
    if len(starts_of_one):
        raise InputError(
            f"{len(starts_of_one)} gene(s) more than once in the table of promoters: {listed(starts_of_one, 10)}",
            where=where,
            fix="Take one promoter a gene: run extract_promoters with policy `gene`",
        )
    name = starts["chrom"].map(canonical)
    rank = np.where(~name.isin(CHROMOSOMES), 2, np.where(name == "Y", 1, 0))
    best = pd.Series(rank, index=starts.index).groupby(starts["gene_id"]).transform("min")
    kept = starts[rank == best]
    several = kept.loc[kept["gene_id"].duplicated(keep=False)]
    reasons = {
        gene: f"{SEVERAL_PLACES}: " + listed([f"{row.chrom}:{row.tss}:{row.strand}" for row in own.itertuples()], 6)
        for gene, own in several.groupby("gene_id")
    }
    return kept[~kept["gene_id"].isin(reasons)], reasons


def with_expression(
    promoters: pd.DataFrame, expression: Expression, where: Path
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the promoters of genes with expression in every epigenome, sorted by gene_id, and why others are out.

    Raises
    ------
    InputError
        When the two tables share no gene, or no gene has expression in every epigenome.
    """
    measured = set(expression.gene_ids)
    shared = promoters["gene_id"].isin(measured)
    if not shared.any():
        raise InputError(
            f"the annotation and the expression table share no gene: {where} has {listed(promoters['gene_id'], 3)}, "
            f"{expression.path} has {listed(expression.gene_ids, 3)}",
            where=where,
            fix="Use the same kind of identifier in both; versions do not matter",
        )
    reasons = {gene: NO_EXPRESSION for gene in promoters.loc[~shared, "gene_id"]}
    reasons |= {gene: NO_PROMOTER for gene in measured.difference(promoters["gene_id"])}
    missing = np.isnan(expression.values)
    for row in np.flatnonzero(missing.any(axis=1)):
        gene = expression.gene_ids[row]
        if gene not in reasons:
            lacking = [name for name, out in zip(expression.epigenomes, missing[row], strict=True) if out]
            reasons[gene] = f"{NO_VALUE}: {listed(lacking, 5)}"
    found = promoters[~promoters["gene_id"].isin(reasons)].sort_values("gene_id").reset_index(drop=True)
    if found.empty:
        raise InputError("no gene has expression in every epigenome", where=expression.path,
                         fix="Take out the epigenomes whose column is NA")  # fmt: skip
    return found, reasons


def _log(genes: pd.DataFrame, reasons: dict[str, str]) -> None:
    kinds = pd.Series([reason.split(":")[0] for reason in reasons.values()], dtype=object)
    for reason, count in kinds.value_counts().items():
        logger.info("%s genes left out: %s", f"{count:,}", reason)
    for part in PARTS:
        own = genes[genes["part"] == part]
        chromosomes = ", ".join(dict.fromkeys(own["chrom"])) if own["chrom"].nunique() < 20 else "many chromosomes"
        logger.info("%s: %s genes (%.0f%%), %s", part, f"{len(own):,}", 100 * len(own) / len(genes), chromosomes)
