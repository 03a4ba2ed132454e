"""One table of what the genotype filters removed, from those of all chromosomes."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge  # noqa: E402


def main(*, tables: list[Path], filters: Path) -> None:
    """Join the filter tables of all chromosomes; it is an error when no site is left on any of them.

    Args:
        tables: filter tables (TSV) written by parse_genotypes.py, one a chromosome
        filters: table to write (TSV): chrom, filter, records, note
    """
    from promoternets.formats.tables import write_table
    from promoternets.genotypes.summary import summarise_filters

    write_table(summarise_filters(tables), filters)


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
