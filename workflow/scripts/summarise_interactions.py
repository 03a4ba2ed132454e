"""Interactions of all folds: one table, pairs of promoters over folds, and what to say of them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(*, tables: list[Path], blocks: Path, interactions: Path, summary: Path) -> None:
    """Join the folds' claimed pairs, combine those of the same promoters, and say what is left of them.

    Args:
        tables: tables of find_interactions.py, one a fold
        blocks: table of all blocks (TSV), for gene symbols
        interactions: table to write (TSV): a row a fold and claimed pair; fold all combines folds
        summary: text to write, one to three sentences, one a line
    """
    import pandas as pd

    from promoternets.formats.outputs import written
    from promoternets.formats.tables import write_table
    from promoternets.interactions.summarise import pairs_over_folds, read_folds, sentences, with_symbols

    each = read_folds(tables)
    combined = pairs_over_folds(each)
    table = with_symbols(pd.concat([each, combined], ignore_index=True) if len(combined) else each, blocks)
    write_table(table, interactions)
    with written(summary) as partial:
        partial.write_text("\n".join(sentences(table)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
