"""Simulated haplotypes of one chromosome, from population-genetic parameters."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *,
    trees: Path,
    chromosome: str,
    people: int,
    genes: int,
    gene_spacing: int,
    effective_size: float,
    mutation_rate: float,
    recombination_rate: float,
    seed: int,
) -> None:
    """Simulate one chromosome of a population and write it as a tree sequence (tskit).

    Args:
        trees: tree sequence to write
        chromosome: name of the chromosome, such as chr1
        people: diploid people in the population from which cases and controls will be drawn
        genes: genes on the chromosome
        gene_spacing: bp for each gene; the chromosome is genes x gene_spacing long
        effective_size: effective population size (diploid people)
        mutation_rate: mutations per bp and generation
        recombination_rate: crossovers per bp and generation
        seed: base seed; each chromosome derives its own
    """
    from promoternets.formats.outputs import written
    from promoternets.simulation.haplotypes import simulate_haplotypes

    haplotypes = simulate_haplotypes(
        chromosome=chromosome,
        people=people,
        genes=genes,
        gene_spacing=gene_spacing,
        effective_size=effective_size,
        mutation_rate=mutation_rate,
        recombination_rate=recombination_rate,
        seed=seed,
    )
    with written(trees) as partial:
        haplotypes.dump(partial)


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
