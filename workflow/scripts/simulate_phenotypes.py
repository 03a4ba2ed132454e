"""Sample table, gene annotation and truth table of a simulated cohort, from its haplotypes."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *,
    trees: list[Path],
    chromosomes: list[str],
    samples: Path,
    annotation: Path,
    truth: Path,
    liability: Path,
    genes: int,
    gene_spacing: int,
    cases: int,
    controls: int,
    prevalence: float,
    heritability: float,
    additive_promoters: int,
    epistatic_within: int,
    epistatic_across: int,
    weak_promoters: int = 0,
    min_maf: float,
    batch_effect: float,
    batches: int,
    artefact_promoters: int = 0,
    seed: int,
) -> None:
    """Plant effects in promoters and draw cases and controls from a simulated population by their liability.

    Args:
        trees: tree sequences written by simulate_haplotypes.py, one per chromosome
        chromosomes: names of the chromosomes, in the order of the tree sequences
        samples: sample table to write (sample, phenotype 1 case 0 control, sex, batch, age in years)
        annotation: gene annotation to write (GTF, bgzipped)
        truth: truth table to write (one row per gene: its effect, share of the genetic variance, sites)
        liability: table to write of the people drawn: sample, genetic value, liability (variance 1 in the population)
        genes: genes per chromosome, as in simulate_haplotypes.py
        gene_spacing: bp for each gene, as in simulate_haplotypes.py
        cases: affected people to draw
        controls: unaffected people to draw
        prevalence: share of the population that is affected, above 0 and below 1
        heritability: share of the variance of the liability that is genetic, 0 to 1
        additive_promoters: promoters with a strong additive effect
        epistatic_within: pairs of interacting sites within one promoter
        epistatic_across: pairs of interacting sites in two promoters
        weak_promoters: promoters with a tenth of the variance of a strong one
        min_maf: lowest minor allele frequency of a site that counts for a block; as in parse_genotypes.py
        batch_effect: 0, batches hold equal shares of cases; 1, the first only cases, the last only controls
        batches: number of batches
        artefact_promoters: promoters without an effect that the batch with most cases has miscalled
        seed: base seed
    """
    from promoternets.formats.tables import write_table
    from promoternets.simulation.genes import write_gtf
    from promoternets.simulation.phenotypes import simulate_cohort

    cohort = simulate_cohort(
        trees=trees,
        chromosomes=chromosomes,
        genes=genes,
        gene_spacing=gene_spacing,
        cases=cases,
        controls=controls,
        prevalence=prevalence,
        heritability=heritability,
        additive_promoters=additive_promoters,
        epistatic_within=epistatic_within,
        epistatic_across=epistatic_across,
        weak_promoters=weak_promoters,
        min_maf=min_maf,
        batch_effect=batch_effect,
        batches=batches,
        seed=seed,
        artefact_promoters=artefact_promoters,
    )
    write_gtf(cohort.genes, annotation)
    write_table(cohort.truth, truth)
    write_table(cohort.values, liability)
    write_table(cohort.samples, samples)


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
