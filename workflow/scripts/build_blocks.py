"""One chromosome's blocks: the sites nearest to each promoter's TSS, and their genotypes."""

import sys
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
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
    """Write the blocks of one chromosome: for each promoter the nearest sites by rank, oriented 5' to 3'.

    Args:
        genotypes: variant store (Zarr) of parse_genotypes
        promoters: table of promoters of extract_promoters
        chrom: the chromosome; 22 and chr22 are the same
        blocks: block store (Zarr) to write
        table: table to write, one row per promoter of the chromosome, with what became of it
        upstream: sites upstream of the TSS
        downstream: sites downstream of the TSS; a site on the TSS is one of them
        max_distance: how far from the TSS a site may lie, in bp
        incomplete: pad = mark absent sites, leave_out = drop a promoter with fewer sites
        min_sites: the fewest sites of a padded block
        oriented: turn blocks on the minus strand so that they run 5' to 3'
        legacy: cut blocks as the published system did (no limit of distance, genome order, 55/9 on plus)
    """
    from promoternets.blocks.build import build_blocks

    build_blocks(
        genotypes=genotypes,
        promoters=promoters,
        chrom=chrom,
        blocks=blocks,
        table=table,
        upstream=upstream,
        downstream=downstream,
        max_distance=max_distance,
        incomplete=incomplete,
        min_sites=min_sites,
        oriented=oriented,
        legacy=legacy,
    )


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
