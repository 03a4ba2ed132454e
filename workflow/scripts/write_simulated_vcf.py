"""VCF and index of the people drawn from a simulated population, for one chromosome."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *,
    trees: Path,
    samples: Path,
    chromosome: str,
    vcf: Path,
    index: Path,
    missing_rate: float = 0.0,
    truth: Path | None = None,
    artefact_rate: float = 0.0,
    seed: int = 42,
) -> None:
    """Write phased genotypes of the people in a sample table as a bgzipped, indexed VCF.

    Args:
        trees: tree sequence written by simulate_haplotypes.py
        samples: sample table written by simulate_phenotypes.py
        chromosome: name of the chromosome
        vcf: bgzipped VCF to write
        index: tabix index to write, the VCF's name with .tbi added
        missing_rate: mean share of missing calls; from 0 in the first batch to twice the mean in the last
        truth: truth table written by simulate_phenotypes.py; without it no call is wrong
        artefact_rate: share of heterozygotes that the batch with most cases has wrong in artefact promoters
        seed: base seed of the missing and of the wrong calls
    """
    from promoternets.simulation.vcf import write_vcf

    write_vcf(
        trees=trees,
        samples=samples,
        chromosome=chromosome,
        vcf=vcf,
        index=index,
        missing_rate=missing_rate,
        truth=truth,
        artefact_rate=artefact_rate,
        seed=seed,
    )


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
