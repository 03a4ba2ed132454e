"""One table of blocks from the chromosomes' tables."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(*, tables: list[Path], blocks: Path) -> None:
    """Join the chromosomes' tables of blocks; an error when no block is kept at all.

    Args:
        tables: tables of build_blocks, one a chromosome
        blocks: table to write, in genome order
    """
    from promoternets.blocks.build import summarise_blocks

    summarise_blocks(tables=tables, blocks=blocks)


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
