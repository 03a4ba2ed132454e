"""The ranking: promoters of each fold in order of their scores, the best ones marked as selected."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *,
    scores: list[Path],
    null: list[Path],
    blocks: Path,
    block_stores: list[Path],
    ranking: Path,
    promoter_ranking: Path,
    null_summary: Path,
    screened: list[Path] | None = None,
    top: int = 32,
    per_chromosome: int | None = None,
    max_shared: float = 1.0,
    pairs: list[Path] | None = None,
    pair_places: int = 4,
) -> None:
    """Rank the promoters within each fold by score and select the best.

    Args:
        scores: tables of train_promoter_cnn.py, all folds and shards
        null: tables of train_promoter_cnn.py with the scores of permuted labels, all folds and shards
        blocks: table of all blocks (TSV)
        block_stores: block stores (Zarr), one per chromosome
        ranking: table to write (TSV: promoter, fold, score, rank, se, p_value, fdr, ..., rung, selected)
        promoter_ranking: table to write, all folds together (TSV: promoter, score, p_value, fdr, family_wise_p, ...)
        null_summary: table to write, what scores come by chance (TSV: fold, null_scores, mean, best_by_chance, ...)
        screened: tables of screen_promoters.py, all rungs, folds and shards; none without successive halving
        top: promoters to select per fold
        per_chromosome: select so many on each chromosome instead of `top` over all (published: 8)
        max_shared: skip a promoter that shares more than this share (0 to 1) of its sites with better ones
        pairs: tables of scan_promoter_pairs.py, all folds; none where pairs are not looked for
        pair_places: places for promoters of significant pairs, which are selected first, instead of promoters less sure
    """
    import pandas as pd

    from promoternets.formats.tables import read_table, write_table
    from promoternets.ranking.halving import with_those_dropped
    from promoternets.ranking.null import NOTES, promoters_over_folds, summarise_null, with_p_values
    from promoternets.ranking.promoters import Promoters
    from promoternets.ranking.select import rank_promoters

    numbers = {"fold": "int64", "score": "float64", "se": "float64", "sites": "int64", "movable": "float64"}
    columns = ["promoter", *numbers, "metric", "permuted_within"]
    found = [_read_pairs(path) for path in pairs or []]
    together = _read_scores(scores, columns, numbers)
    if screened:
        together = with_those_dropped(together, _read_scores(screened, [*columns, "rung"], numbers | {"rung": "int64"}))
    notes = together.iloc[0][NOTES].to_dict() | {"movable": together["movable"].min()}
    by_chance = pd.concat([_read_null(path) for path in null], ignore_index=True)
    table = rank_promoters(
        together,
        read_table(blocks, columns=["promoter", "chrom"], what="table of blocks", dtypes={"tss": "int64"}),
        Promoters(block_stores).site_names(),
        top=top,
        per_chromosome=per_chromosome,
        max_shared=max_shared,
        pairs=pd.concat(found, ignore_index=True) if found else None,
        pair_places=pair_places,
        null_scores=by_chance["score"].to_numpy(),
    )
    table = with_p_values(table, by_chance)
    over_all = promoters_over_folds(table, by_chance)
    write_table(table, ranking)
    write_table(over_all, promoter_ranking)
    write_table(summarise_null(over_all, table, by_chance, notes), null_summary)


def _read_scores(paths: list[Path], columns: list[str], numbers: dict[str, str]):
    import pandas as pd

    from promoternets.formats.tables import read_table

    parts = [read_table(path, columns=columns, what="table of scores", dtypes=numbers) for path in paths]
    return pd.concat([part[columns] for part in parts if len(part)], ignore_index=True)


def _read_null(path: Path):
    from promoternets.formats.tables import read_table

    numbers = {"fold": "int64", "permutation": "int64", "score": "float64"}
    return read_table(path, columns=["promoter", *numbers], what="table of null scores", dtypes=numbers)


def _read_pairs(path: Path):
    from promoternets.formats.tables import read_table

    numbers = {"fold": "int64", "p_value": "float64", "family_wise_p": "float64"}
    return read_table(path, columns=["promoters_1", "promoters_2", *numbers], what="table of pairs", dtypes=numbers)


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
