"""Saliency of all folds: one table of sites, one profile by rank to the TSS with its null band."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(*, tables: list[Path], profiles: list[Path], blocks: Path, saliency: Path, profile: Path) -> None:
    """Join the folds' tables and average their profiles.

    Args:
        tables: site tables of explain_als_net.py, one per fold
        profiles: profiles of explain_als_net.py, one per fold
        blocks: table of all blocks (TSV), for gene symbols
        saliency: table to write (TSV, a row per site, fold, method and group)
        profile: table to write (TSV, a row per rank to the TSS, method and group)
    """
    import pandas as pd

    from promoternets.formats.tables import read_table, write_table
    from promoternets.saliency.profile import summarise_profiles

    numbers = {"fold": "int64", "rank": "int64", "distance": "int64", "value": "float64", "signed": "float64"}
    parts = [read_table(path, columns=["promoter", *numbers], what="saliency table", dtypes=numbers) for path in tables]
    table = pd.concat(parts, ignore_index=True)
    symbols = read_table(blocks, columns=["promoter", "symbol"], what="table of blocks").set_index("promoter")["symbol"]
    table.insert(1, "symbol", table["promoter"].map(symbols))
    counted = {"rank": "int64", "permutation": "int64", "value": "float64", "sites": "float64"}
    curves = [
        read_table(path, columns=["method", "group", *counted], what="profile", dtypes=counted) for path in profiles
    ]
    write_table(table, saliency)
    write_table(summarise_profiles(curves), profile)


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
