"""From gene and transcript records to promoters: which TSS stand for a gene, and which are kept."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from promoternets.errors import InputError
from promoternets.formats.contigs import CHROMOSOMES, canonical, order
from promoternets.formats.tables import write_table
from promoternets.promoters.annotation import Records, read_annotation

logger = logging.getLogger(__name__)

COLUMNS = ["promoter", "gene_id", "symbol", "chrom", "tss", "strand", "biotype", "transcripts"]
GENE = [
    "gene_id",
    "symbol",
    "chrom",
    "strand",
]  # one gene: the same id and symbol on one strand of one contig
Policy = Literal["gene", "transcript"]


def extract_promoters(
    *,
    annotation: Path,
    promoters: Path,
    summary: Path | None = None,
    contigs: Sequence[str] | None = None,
    policy: Policy = "gene",
    biotypes: Sequence[str] | None = None,
    genes: Sequence[str] | None = None,
) -> None:
    """Write the table of promoters of an annotation, and a table of what was left out on the way.

    Parameters
    ----------
    annotation : GTF, GFF3, BED6 or UCSC gene table, plain or gzipped.
    promoters : output TSV (promoter, gene_id, symbol, chrom, tss (1-based), strand, biotype, transcripts),
        sorted by chromosome and TSS.
    summary : output TSV (item, count, note).
    contigs : contig names of the VCF; promoters elsewhere are left out. ``chr22`` and ``22`` are the same.
    policy : ``gene`` for one TSS a gene, ``transcript`` for each distinct TSS (see `choose_tss`).
    biotypes, genes : keep only these biotypes; only these gene ids or symbols.

    Raises
    ------
    InputError
        See `read_annotation`; and when names are not found, or nothing is left.
    """
    records = read_annotation(annotation)
    counts = _Counts()
    counts.add("rows read", records.rows, records.kind)
    counts.add("rows of other kinds", records.other, "exons, coding parts, regions and the like")
    counts.add("records without strand", records.strandless, "left out")
    found = choose_tss(records, policy, counts)
    found.insert(0, "promoter", unique_names(found, policy))
    named = of_genes(found, genes, annotation) if genes else None
    typed = of_biotypes(found, biotypes, annotation) if biotypes else None
    placed = on_contigs(found, contigs, annotation) if contigs else None
    if named is not None:
        counts.add("promoters of genes not asked for", (~named).sum())
        found = found[named]
    if typed is not None:
        counts.add(
            "promoters of a biotype not asked for",
            (~typed[found.index]).sum(),
            "kept: " + ", ".join(biotypes),
        )
        found = found[typed[found.index]]
    if placed is not None:
        found = _keep_placed(found, placed[found.index], counts)
    if found.empty:
        raise InputError(
            "no promoter is left: " + "; ".join(counts.removed()),
            where=annotation,
            fix="Relax `genes` or `biotypes`, or use a VCF that covers these genes",
        )
    found = found.iloc[_genome_order(found)][COLUMNS]
    counts.add("promoters kept", len(found), f"of {found['gene_id'].nunique()} genes, policy {policy}")
    write_table(found, promoters)
    if summary is not None:
        write_table(counts.table(), summary)


class _Counts:
    """What was found and left out, in order; each entry also goes to the log."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, int, str | None]] = []

    def add(self, item: str, count: int, note: str | None = None) -> None:
        self.rows.append((item, int(count), note or None))
        logger.info("%s: %s%s", item, f"{count:,}", f" ({note})" if note else "")

    def removed(self) -> list[str]:
        return [f"{count} {item}" for item, count, _ in self.rows if item.startswith("promoters ") and count]

    def table(self) -> pd.DataFrame:
        return pd.DataFrame(self.rows, columns=["item", "count", "note"])


def choose_tss(records: Records, policy: Policy, counts: _Counts | None = None) -> pd.DataFrame:
    """Return one row per TSS: gene_id, symbol, chrom, strand, tss, biotype, transcripts.

    Policy ``transcript``: each distinct TSS of a gene. Policy ``gene``: the TSS that most transcripts of the
    gene share; of equally common ones the most upstream. A gene without transcript records has the 5' end of
    its own record, with 0 in `transcripts`. A gene is one gene id and symbol on one strand of one contig, so
    the two copies of a pseudoautosomal gene, or a gene's copies on haplotype contigs, stay apart.
    """
    counts = counts or _Counts()
    genes = records.genes
    transcripts = _named_by_gene(records.transcripts, genes)
    counts.add("gene records", len(genes))
    counts.add("transcript records", len(transcripts))
    described = pd.MultiIndex.from_frame(transcripts[GENE])
    alone = genes[~pd.MultiIndex.from_frame(genes[GENE]).isin(described)]
    biotype = pd.concat([transcripts, alone])
    biotype = biotype.groupby(GENE, sort=False, dropna=False)["biotype"].first().rename("biotype").reset_index()
    starts = transcripts.groupby([*GENE, "tss"], sort=False).size().rename("transcripts").reset_index()
    alone = alone.drop_duplicates([*GENE, "tss"])[[*GENE, "tss"]].assign(transcripts=0)
    starts = pd.concat([starts, alone], ignore_index=True).astype({"tss": np.int64, "transcripts": np.int64})
    counts.add(
        "merged duplicates",
        len(transcripts) - int((starts["transcripts"] > 0).sum()),
        "transcripts that share a gene's TSS",
    )
    if policy == "gene":
        before = len(starts)
        upstream_first = np.where(starts["strand"] == "+", starts["tss"], -starts["tss"])
        starts = starts.assign(upstream_first=upstream_first)
        starts = starts.sort_values(["transcripts", "upstream_first"], ascending=[False, True], kind="stable")
        starts = starts.drop_duplicates(GENE).drop(columns="upstream_first").sort_index()
        counts.add(
            "further TSS of the same gene",
            before - len(starts),
            "the most used TSS stands for the gene; ties: the most upstream",
        )
    return starts.merge(biotype, on=GENE, how="left").reset_index(drop=True)


def _named_by_gene(transcripts: pd.DataFrame, genes: pd.DataFrame) -> pd.DataFrame:
    """Give transcripts the symbol and biotype of their gene record, where there is one."""
    if genes.empty or transcripts.empty:
        return transcripts
    key = ["gene_id", "chrom", "strand"]
    named = genes.drop_duplicates(key)[[*key, "symbol", "biotype"]]
    joined = transcripts.merge(named, on=key, how="left", suffixes=("", "_of_gene"))
    for column in ("symbol", "biotype"):
        joined[column] = joined.pop(f"{column}_of_gene").fillna(joined[column])
    return joined[transcripts.columns]


def unique_names(found: pd.DataFrame, policy: Policy) -> list[str]:
    """Return a name for each TSS: the gene id (policy ``gene``) or gene_id:tss, made unique.

    Where a name occurs more than once, the one on an assembled chromosome (1-22, X, Y, MT) keeps it if it is
    the only such one; the others get ``:chrom``, then ``:tss``, ``:strand``, ``:symbol``, at last a number.
    Names are given before anything is filtered, so they do not depend on what else is kept.
    """
    names = found["gene_id"].astype(str)
    if policy == "transcript":
        names = names + ":" + found["tss"].astype(str)
    assembled = found["chrom"].map(lambda name: canonical(name) in CHROMOSOMES)
    only = assembled & ~names.where(assembled).duplicated(keep=False)
    for column in ("chrom", "tss", "strand", "symbol"):
        doubled = names.duplicated(keep=False) & ~only
        names = names.where(~doubled, names + ":" + found[column].astype(str))
    number = names.groupby(names).cumcount()
    return names.where(number == 0, names + ":" + (number + 1).astype(str)).tolist()


def of_genes(found: pd.DataFrame, genes: Sequence[str], annotation: Path) -> pd.Series:
    """Return whether each promoter's gene id (with or without version) or symbol is in `genes`.

    Raises
    ------
    InputError
        When names are not in the annotation; lists them.
    """
    wanted = set(map(str, genes))
    bare = found["gene_id"].map(lambda name: re.sub(r"^(ENS\w*\d{11})\.\d+", r"\1", name))
    spellings = [found["gene_id"], bare, found["symbol"]]
    absent = wanted.difference(*map(set, spellings))
    if absent:
        shown = ", ".join(sorted(absent)[:20]) + (" ..." if len(absent) > 20 else "")
        raise InputError(
            f"{len(absent)} of {len(wanted)} genes asked for are not in the annotation: {shown}",
            where=annotation,
            fix="Names are gene ids or symbols, in the annotation's spelling",
        )
    return pd.concat([names.isin(wanted) for names in spellings], axis=1).any(axis=1)


def of_biotypes(found: pd.DataFrame, biotypes: Sequence[str], annotation: Path) -> pd.Series:
    """Return whether each promoter's gene is of one of these biotypes.

    Raises
    ------
    InputError
        When the annotation has no biotypes, or none of a name asked for; lists those it has.
    """
    present = sorted(found["biotype"].dropna().unique())
    if not present:
        raise InputError(
            "the annotation says no biotypes",
            where=annotation,
            fix="Leave out `biotypes`, or give a GTF or GFF3 file that has them",
        )
    absent = sorted(set(biotypes) - set(present))
    if absent:
        raise InputError(
            f"no gene has biotype {', '.join(absent)}; there are: {', '.join(present)}",
            where=annotation,
            fix="Mend `biotypes`",
        )
    return found["biotype"].isin(list(biotypes))


def on_contigs(found: pd.DataFrame, contigs: Sequence[str], annotation: Path) -> pd.Series:
    """Return each promoter's contig as the VCF writes it, missing where the VCF lacks it.

    Names are compared without ``chr``, and M means MT.

    Raises
    ------
    InputError
        When no contig of the annotation is in the VCF.
    """
    names = {canonical(name): name for name in contigs}
    target = found["chrom"].map(canonical).map(names)
    if target.isna().all():
        raise InputError(
            "no contig of the annotation is in the VCF: "
            f"the annotation has {_some(found['chrom'])}; the VCF has {_some(contigs)}",
            where=annotation,
            fix="Use an annotation of the same species and naming style as the VCF",
        )
    return target


def _keep_placed(found: pd.DataFrame, target: pd.Series, counts: _Counts) -> pd.DataFrame:
    """Keep the promoters whose contig the VCF has, and count contigs that it writes differently."""
    absent = found.loc[target.isna(), "chrom"]
    counts.add("promoters on contigs not in the VCF", len(absent), _some(absent))
    renamed = found["chrom"].where(target.notna() & (target != found["chrom"])).dropna()
    pairs = [f"{name} -> {target[renamed.index[renamed == name][0]]}" for name in order(set(renamed))]
    counts.add("promoters on contigs written differently in the VCF", len(renamed), ", ".join(pairs))
    return found[target.notna()]


def _some(names: Iterable[str], most: int = 6) -> str:
    distinct = order(set(names))
    return ", ".join(distinct[:most]) + (f" and {len(distinct) - most} more" if len(distinct) > most else "")


def _genome_order(found: pd.DataFrame) -> np.ndarray:
    rank = {name: number for number, name in enumerate(order(set(found["chrom"])))}
    keys = found.assign(rank=found["chrom"].map(rank)).reset_index(drop=True)
    return keys.sort_values(["rank", "tss", "strand", "promoter"]).index.to_numpy()
