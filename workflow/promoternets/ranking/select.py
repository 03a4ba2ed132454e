"""Order the promoters of each fold by score and select the best."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from promoternets.errors import InputError
from promoternets.formats.contigs import canonical
from promoternets.ranking.null import tail_p_values
from promoternets.ranking.pairs import promoters_of_pairs

logger = logging.getLogger(__name__)
FROM_BLOCKS = ["gene_id", "symbol", "chrom", "tss", "strand"]
COLUMNS = [
    "promoter",
    "fold",
    "score",
    "rank",
    "se",
    *FROM_BLOCKS,
    "sites",
    "rung",
    "selected",
    "selected_by",
    "skipped_because",
]


def rank_promoters(
    scores: pd.DataFrame,
    blocks: pd.DataFrame,
    sites: Mapping[str, frozenset[str]],
    *,
    top: int,
    per_chromosome: int | None = None,
    max_shared: float = 1.0,
    pairs: pd.DataFrame | None = None,
    pair_places: int = 0,
    null_scores: Sequence[float] = (),
) -> pd.DataFrame:
    """Rank promoters within each fold and mark the selected ones.

    Parameters
    ----------
    scores : promoter, fold, score, se, sites (from score_promoters); rung, that a promoter was dropped after (NaN:
        trained to the end), where there was successive halving.
    blocks : promoter, gene_id, symbol, chrom, tss, strand.
    sites : the sites of each promoter.
    top : how many to select in a fold.
    per_chromosome : select so many on each chromosome instead of `top` over all (published: 8 on each of 4).
    max_shared : skip a promoter that shares more than this share of its sites with those selected before it.
    pairs : pairs of sites of two promoters in all folds (`ranking.pairs`), or None.
    pair_places : the promoters of the most significant pairs are selected first, at most so many, and instead of
        promoters of larger p-values only (`ranking.pairs.promoters_of_pairs`); with `per_chromosome` none are.
    null_scores : scores from permuted labels, all folds, that these p-values come from; without any a pair displaces
        whom it may.

    Returns
    -------
    DataFrame with promoter, fold, score, rank (1 is best; ties in genome order; those dropped after a rung behind
    those that went on), se, gene_id, symbol, chrom, tss, strand, sites, rung, selected (1/0), selected_by (score,
    pair or nothing), skipped_because; sorted by fold and rank.
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
    if "rung" not in table:
        table["rung"] = np.nan
    order = ["fold", "rung", "score", "place"]
    table = table.sort_values(order, ascending=[True, False, False, True], na_position="first", ignore_index=True)
    table["rank"] = table.groupby("fold").cumcount() + 1
    p_value = tail_p_values(table["score"].to_numpy(), np.asarray(null_scores, dtype=np.float64))
    table["p_value"] = np.where(table["rung"].notna(), np.nan, p_value)
    parts = []
    for fold, part in table.groupby("fold", sort=True):
        first: list[str] = []
        if pairs is not None and per_chromosome is None:
            own = part.set_index("promoter")[["rank", "p_value"]].to_dict()
            first = promoters_of_pairs(
                pairs[pairs["fold"] == fold], own["rank"], own["p_value"], places=pair_places, top=top
            )
        parts.append(_select(part, sites, top, per_chromosome, max_shared, first))
    return pd.concat(parts, ignore_index=True)[COLUMNS]


def _select(
    ranked: pd.DataFrame,
    sites: Mapping[str, frozenset[str]],
    top: int,
    per_chromosome: int | None,
    max_shared: float,
    first: Sequence[str],
) -> pd.DataFrame:
    """Take the promoters in `first`, then the best of one fold's ranked ones: `top`, or so many a chromosome."""
    if per_chromosome is not None:
        top = per_chromosome * ranked["chrom"].map(canonical).nunique()
    taken: set[str] = set()
    from_chromosome: dict[str, int] = {}
    selected: dict[str, str] = {}
    reasons: dict[str, str] = {}
    place = {promoter: number for number, promoter in enumerate(first)}
    chrom_of = dict(zip(ranked["promoter"], ranked["chrom"].map(canonical), strict=True))
    dropped = {
        promoter: f"dropped after rung {rung:.0f} of halving"
        for promoter, rung in zip(ranked["promoter"], ranked["rung"], strict=True)
        if rung == rung and promoter not in place
    }
    reasons |= dropped
    for promoter in sorted(ranked["promoter"], key=lambda name: place.get(name, len(first))):
        own, chrom = sites[promoter], chrom_of[promoter]
        if len(selected) >= top:
            break
        if promoter in dropped:
            continue
        if per_chromosome is not None and from_chromosome.get(chrom, 0) >= per_chromosome:
            reasons[promoter] = f"{per_chromosome} of this chromosome already selected"
        elif taken and len(own & taken) > max_shared * len(own):
            reasons[promoter] = f"shares {len(own & taken) / len(own):.0%} of its sites with better ones"
        else:
            taken |= own
            from_chromosome[chrom] = from_chromosome.get(chrom, 0) + 1
            selected[promoter] = "pair" if promoter in place else "score"
    fold, count = ranked["fold"].iloc[0], len(selected)
    logger.info("fold %s: %d of %d promoters selected, %d distinct sites", fold, count, len(ranked), len(taken))
    if count < top:
        hint = "; those dropped by halving are not looked at" if dropped else ""
        logger.warning("fold %s: only %d promoters could be selected, not %d%s", fold, count, top, hint)
    return ranked.assign(
        selected=[int(promoter in selected) for promoter in ranked["promoter"]],
        selected_by=[selected.get(promoter) for promoter in ranked["promoter"]],
        skipped_because=[reasons.get(promoter) for promoter in ranked["promoter"]],
    )
