"""One chromosome's block store and table, and the summary over chromosomes."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from promoternets.blocks.sites import ABSENT, first_uses, nearest_sites, published_sites, site_uses
from promoternets.errors import InputError
from promoternets.formats.block_store import write_block_store
from promoternets.formats.contigs import canonical, order
from promoternets.formats.tables import read_table, write_table
from promoternets.formats.variant_store import VariantStore

logger = logging.getLogger(__name__)

PROMOTER_COLUMNS = ["promoter", "gene_id", "symbol", "chrom", "tss", "strand"]
COLUMNS = [
    *PROMOTER_COLUMNS, "sites_upstream", "sites_downstream", "width", "status", "distinct_share",
    "sites_first_used",
]  # fmt: skip
COUNTS = {"tss": "int64", "sites_upstream": "int64", "sites_downstream": "int64", "sites_first_used": "int64"}
LEFT_OUT = "left_out"


def build_blocks(
    *,
    genotypes: Path,
    promoters: Path,
    chrom: str,
    blocks: Path,
    table: Path,
    upstream: int = 56,
    downstream: int = 8,
    max_distance: int | None = 50_000,
    incomplete: Literal["pad", "leave_out"] = "pad",
    min_sites: int = 16,
    oriented: bool = True,
    legacy: bool = False,
) -> None:
    """Write the block store and the table of blocks of one chromosome.

    Parameters
    ----------
    genotypes : variant store (Zarr) that holds `chrom`.
    promoters : table of promoters; those on `chrom` are used, whichever way it is written there.
    upstream, downstream : sites on each side of the TSS, nearest by rank.
    max_distance : bp from the TSS a site may lie, or None for no limit.
    incomplete : what becomes of a block with fewer sites: ``pad`` marks sites absent, ``leave_out`` drops it.
    min_sites : the fewest sites of a block that is kept when padded.
    oriented : whether blocks on the minus strand are turned to run 5' to 3'.
    legacy : cut blocks as the published system did; overrules the four above (see `published_sites`):
        incomplete blocks are left out, and of promoters with the same sites the first is kept.

    Raises
    ------
    InputError
        When a setting makes no sense, or the stores do not hold what they should.
    """
    _check(upstream, downstream, max_distance, min_sites)
    if legacy:
        max_distance, incomplete, oriented = None, "leave_out", False
        logger.info(
            "published choices: no limit of distance, genome order, %d/%d on plus",
            upstream - 1,
            downstream + 1,
        )
    rows, positions = chromosome_positions(genotypes, chrom)
    chosen = promoters_of(promoters, chrom)
    tss, plus = chosen["tss"].to_numpy(), (chosen["strand"] == "+").to_numpy()
    if legacy:
        site, distance = published_sites(positions, tss, plus, upstream=upstream, downstream=downstream)
    else:
        site, distance = nearest_sites(
            positions,
            tss,
            plus,
            upstream=upstream,
            downstream=downstream,
            max_distance=max_distance,
            oriented=oriented,
        )
    status = block_status(site, max_distance=max_distance, incomplete=incomplete, min_sites=min_sites, distinct=legacy)
    kept = ~status.str.startswith(LEFT_OUT).to_numpy(dtype=bool)
    described = describe_blocks(chosen, positions, site, distance, status, kept)
    log_counts(described)
    write_block_store(
        blocks,
        genotypes=genotypes,
        promoters=chosen["promoter"].to_numpy(dtype=object)[kept],
        variant=_store_rows(site[kept], rows),
        distance=distance[kept],
        upstream=upstream,
        downstream=downstream,
        max_distance=max_distance,
        oriented=oriented,
        legacy=legacy,
    )
    write_table(described, table)


def _check(upstream: int, downstream: int, max_distance: int | None, min_sites: int) -> None:
    if upstream < 0 or downstream < 0 or upstream + downstream < 1:
        raise InputError(
            f"a block of {upstream} upstream and {downstream} downstream sites is empty",
            fix="Ask for at least one site",
        )
    if max_distance is not None and max_distance < 1:
        raise InputError(f"max_distance is {max_distance} bp", fix="Give at least 1 bp")
    if not 1 <= min_sites <= upstream + downstream:
        raise InputError(
            f"min_sites is {min_sites}, but a block has {upstream + downstream} sites",
            fix=f"Choose min_sites from 1 to {upstream + downstream}",
        )


def chromosome_positions(genotypes: Path, chrom: str) -> tuple[np.ndarray, np.ndarray]:
    """Return (rows of the variant store on `chrom`, their 1-based positions, sorted).

    Raises
    ------
    InputError
        When there is no store, it does not know the contig, or its positions are not sorted.
    """
    store = VariantStore.open(genotypes)
    same = [number for number, name in enumerate(store.contigs) if canonical(name) == canonical(chrom)]
    if not same and len(store):
        raise InputError(
            f"the genotypes hold {', '.join(store.contigs)}, not {chrom}",
            where=genotypes,
            fix="Give the store of this chromosome",
        )
    rows = np.flatnonzero(np.isin(store.variant_contigs, same))
    positions = store.positions[rows]
    if (np.diff(positions) < 0).any():
        raise InputError(
            f"the positions on {chrom} are not sorted", where=genotypes, fix="Sort the VCF and parse it again"
        )
    return rows, positions


def promoters_of(promoters: Path, chrom: str) -> pd.DataFrame:
    """Return the promoters on a chromosome, in the table's order.

    Raises
    ------
    InputError
        When the table lacks columns, a strand is neither + nor -, or a name occurs twice.
    """
    found = read_table(promoters, columns=PROMOTER_COLUMNS, what="promoter table", dtypes={"tss": "int64"})
    strange = found.loc[~found["strand"].isin(["+", "-"]), "promoter"]
    if len(strange):
        raise InputError(
            f"promoter {strange.iloc[0]} has no strand + or -",
            where=promoters,
            fix="Make the table again with extract_promoters",
        )
    doubled = found.loc[found["promoter"].duplicated(), "promoter"]
    if len(doubled):
        raise InputError(
            f"promoter {doubled.iloc[0]} occurs twice",
            where=promoters,
            fix="Names of promoters must be unique",
        )
    here = found["chrom"].map(canonical) == canonical(chrom)
    return found.loc[here.astype(bool), PROMOTER_COLUMNS].reset_index(drop=True)


def block_status(
    site: np.ndarray, *, max_distance: int | None, incomplete: str, min_sites: int, distinct: bool
) -> pd.Series:
    """Return each block's status: ``complete``, ``padded`` or ``left_out: <reason>``; text [promoters].

    With ``distinct=True`` a block whose sites are those of an earlier kept block is left out.
    """
    present = (site != ABSENT).sum(axis=1)
    full = site.shape[1]
    within = "" if max_distance is None else f" within {max_distance} bp"
    if incomplete == "leave_out":
        short, reason = present < full, f"{LEFT_OUT}: fewer than {full} sites{within}"
    else:
        short, reason = present < min_sites, f"{LEFT_OUT}: fewer than {min_sites} sites{within}"
    status = np.select([present == full, ~short], ["complete", "padded"], reason).astype(object)
    if distinct and len(site):
        same = pd.DataFrame(site).duplicated().to_numpy() & ~short
        status[same] = f"{LEFT_OUT}: the same sites as another promoter"
    return pd.Series(status, dtype=object)


def describe_blocks(
    promoters: pd.DataFrame,
    positions: np.ndarray,
    site: np.ndarray,
    distance: np.ndarray,
    status: pd.Series,
    kept: np.ndarray,
) -> pd.DataFrame:
    """Return the table of blocks (`COLUMNS`): width in bp; the share is among kept blocks, else NA."""
    present = site != ABSENT
    number = present.sum(axis=1)
    there = positions[np.where(present, site, 0)].astype(np.int64) if len(positions) else np.zeros(site.shape, np.int64)
    last = np.where(present, there, np.iinfo(np.int64).min).max(axis=1, initial=np.iinfo(np.int64).min)
    first = np.where(present, there, np.iinfo(np.int64).max).min(axis=1, initial=np.iinfo(np.int64).max)
    kept_sites = np.where(kept[:, None], site, ABSENT)
    alone = (site_uses(kept_sites) == 1).sum(axis=1)
    described = promoters.assign(
        sites_upstream=(present & (distance < 0)).sum(axis=1),
        sites_downstream=(present & (distance >= 0)).sum(axis=1),
        width=pd.Series(np.where(number > 0, last - first, 0), dtype="Int64").mask(number == 0),
        status=status,
        distinct_share=np.where(kept, alone / np.maximum(number, 1), np.nan),
        sites_first_used=first_uses(kept_sites).sum(axis=1),
    )
    return described[COLUMNS]


def _store_rows(site: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return rows of the variant store for indices among the chromosome's sites."""
    if not len(rows):
        return site
    return np.where(site == ABSENT, ABSENT, rows[np.maximum(site, 0)])


def log_counts(table: pd.DataFrame) -> None:
    """Log how many blocks have each status, and how many of the sites used are distinct."""
    for status, count in table["status"].value_counts().items():
        logger.info("%s blocks: %s", f"{count:,}", status)
    used, distinct = sites_used(table)
    share = f" ({distinct / used:.0%})" if used else ""
    logger.info("%s sites in blocks, %s distinct%s", f"{used:,}", f"{distinct:,}", share)


def sites_used(table: pd.DataFrame) -> tuple[int, int]:
    """Return (sites in the kept blocks, how many of them are distinct)."""
    kept = table[~table["status"].str.startswith(LEFT_OUT).astype(bool)]
    used = int((kept["sites_upstream"] + kept["sites_downstream"]).sum())
    return used, int(kept["sites_first_used"].sum())


def summarise_blocks(*, tables: Sequence[Path], blocks: Path) -> None:
    """Join the chromosomes' tables of blocks into one, in genome order.

    Raises
    ------
    InputError
        When no block is kept on any chromosome; says why, and what to change.
    """
    parts = [read_table(path, columns=COLUMNS, what="table of blocks", dtypes=COUNTS) for path in tables]
    whole = pd.concat(parts, ignore_index=True)
    rank = {name: number for number, name in enumerate(order(set(whole["chrom"])))}
    whole = whole.assign(rank=whole["chrom"].map(rank)).sort_values(["rank", "tss", "strand", "promoter"])[COLUMNS]
    if whole.empty:
        raise InputError(
            "no promoter lies on a chromosome of the VCF",
            fix="Check that annotation and VCF are of the same species and naming style",
        )
    left_out = whole["status"].str.startswith(LEFT_OUT).astype(bool)
    if left_out.all():
        reasons = whole["status"].str.removeprefix(f"{LEFT_OUT}: ").value_counts()
        raise InputError(
            f"no block is kept: of {len(whole)} promoters "
            + "; ".join(f"{count} have {reason}" for reason, count in reasons.items()),
            fix="Raise max_distance, lower min_sites, choose incomplete: pad, relax the genotype filters, "
            "or check that annotation and VCF are of the same build",
        )
    log_counts(whole)
    write_table(whole, blocks)
