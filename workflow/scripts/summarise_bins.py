"""How much of the genes' windows each signal file covers."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(*, bins: list[Path], coverage: Path) -> None:
    """Count covered zeros, gaps and absent bases of every epigenome and mark.

    Args:
        bins: bin stores (Zarr), one an epigenome
        coverage: table to write: epigenome, mark, genes, bases, zero, uncovered, absent, genes touched by each
    """
    from promoternets.bins.coverage import coverage as counted
    from promoternets.formats.tables import write_table

    write_table(counted(bins), coverage)


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
