"""The inputs of every classifier of one fold: everyone's genotypes at the selected promoters' sites."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(*, ranking: Path, block_stores: list[Path], fold: int, selected: Path) -> None:
    """Gather the genotypes at the sites of the promoters that a fold selected.

    Args:
        ranking: table of rank_promoters.py
        block_stores: block stores (Zarr), one per chromosome
        fold: the outer fold, from 1
        selected: store to write (Zarr): genotype [people, promoters, sites], haplotype, site and promoter names
    """
    from promoternets.formats.tables import read_table
    from promoternets.ranking.gather import gather_selected

    numbers = {"fold": "int64", "rank": "int64", "selected": "int64"}
    table = read_table(ranking, columns=["promoter", *numbers], what="ranking", dtypes=numbers)
    gather_selected(table, block_stores, fold, selected)


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
