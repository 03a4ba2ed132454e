"""Order the promoters of each fold by score and select the best."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import pandas as pd

from promoternets.errors import InputError
from promoternets.formats.contigs import canonical

logger = logging.getLogger(__name__)
FROM_BLOCKS = ["gene_id", "symbol", "chrom", "tss", "strand"]
COLUMNS = ["promoter", "fold", "score", "rank", "se", *FROM_BLOCKS, "sites", "selected", "skipped_because"]


def rank_promoters(
    scores: pd.DataFrame,
    blocks: pd.DataFrame,
    sites: Mapping[str, frozenset[str]],
    *,
    top: int,
    per_chromosome: int | None = None,
    max_shared: float = 1.0,
) -> pd.DataFrame:
    """Rank promoters within each fold and mark the selected ones.

    Parameters
    ----------
    scores : promoter, fold, score, se, sites (from score_promoters).
    blocks : promoter, gene_id, symbol, chrom, tss, strand.
    sites : the sites of each promoter.
    top : how many to select in a fold.
    per_chromosome : select so many on each chromosome instead of `top` over all (published: 8 on each of 4).
    max_shared : skip a promoter that shares more than this share of its sites with those selected before it.

    Returns
    -------
    DataFrame with promoter, fold, score, rank (1 is best; ties in genome order), se, gene_id, symbol, chrom, tss,
    strand, sites, selected (1/0), skipped_because; sorted by fold and rank.
    """
    doubled = scores.duplicated(["promoter", "fold"])
    if doubled.any():
        raise InputError(
            f"promoter {scores.loc[doubled, 'promoter'].iloc[0]} has two scores in one fold",
            fix="Run the ranking again",
        )
    place = {promoter: number for number, promoter in enumerate(blocks["promoter"])}
    table = scores.merge(blocks[["promoter", *FROM_BLOCKS]], on="promoter", how="left", validate="many_to_one")
    table["place"] = table["promoter"].map(place)
    table = table.sort_values(["fold", "score", "place"], ascending=[True, False, True], ignore_index=True)
    table["rank"] = table.groupby("fold").cumcount() + 1
    parts = [_select(part, sites, top, per_chromosome, max_shared) for _, part in table.groupby("fold", sort=True)]
    return pd.concat(parts, ignore_index=True)[COLUMNS]


def _select(
    ranked: pd.DataFrame, sites: Mapping[str, frozenset[str]], top: int, per_chromosome: int | None, max_shared: float
) -> pd.DataFrame:
    """Walk down one fold's ranked promoters and take the `top` best, or the best of each chromosome."""
    if per_chromosome is not None:
        top = per_chromosome * ranked["chrom"].map(canonical).nunique()
    taken: set[str] = set()
    from_chromosome: dict[str, int] = {}
    selected, reasons = [], []
    for row in ranked.itertuples():
        own, chrom = sites[row.promoter], canonical(row.chrom)
        reason = None
        if sum(selected) >= top:
            pass
        elif per_chromosome is not None and from_chromosome.get(chrom, 0) >= per_chromosome:
            reason = f"{per_chromosome} of this chromosome already selected"
        elif taken and len(own & taken) > max_shared * len(own):
            reason = f"shares {len(own & taken) / len(own):.0%} of its sites with better ones"
        take = reason is None and sum(selected) < top
        if take:
            taken |= own
            from_chromosome[chrom] = from_chromosome.get(chrom, 0) + 1
        selected.append(int(take))
        reasons.append(reason)
    fold, count = ranked["fold"].iloc[0], sum(selected)
    logger.info("fold %s: %d of %d promoters selected, %d distinct sites", fold, count, len(ranked), len(taken))
    if count < top:
        logger.warning("fold %s: only %d promoters could be selected, not %d", fold, count, top)
    return ranked.assign(selected=selected, skipped_because=reasons)
