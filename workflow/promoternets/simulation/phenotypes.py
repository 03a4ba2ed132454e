"""Case/control cohorts under a liability-threshold model, drawn from a simulated population.

Liability = genetic value (variance: the heritability) + noise (the rest). The share `prevalence` of the
population with the highest liability is affected; `cases` of them and `controls` of the others are drawn at
random.

The batch effect is one of sampling only: batches differ in their share of cases, never in their allele
frequencies. Technical differences between batches can be added when the VCF is written: missing calls, and
miscalls in promoters that are chosen, and marked in the truth, here.

Source: Falconer 1965, Ann Hum Genet 29 (liability and threshold); Lee et al. 2011, AJHG 88 (ascertained
    samples).
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import tskit

from promoternets.errors import InputError
from promoternets.seeds import derive
from promoternets.simulation.effects import (
    ACROSS,
    ADDITIVE,
    ARTEFACT,
    CORE_DOWNSTREAM,
    CORE_UPSTREAM,
    WEAK,
    WITHIN,
    Candidates,
    Term,
    across_term,
    additive_term,
    block_sites,
    genetic_value,
    within_term,
)
from promoternets.simulation.genes import Gene, place_genes
from promoternets.simulation.haplotypes import (
    alternate_counts,
    alternate_frequencies,
    load_haplotypes,
    site_names,
    site_positions,
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Cohort:
    """A simulated cohort and everything that is known about it.

    samples : the sample table: sample, phenotype (1 case, 0 control), sex, batch, age (years).
    truth : one row per gene: gene_id, symbol, chrom, tss, strand, effect, strength, sites, partner.
    genes : the genes, by chromosome and TSS.
    genetic, liability : float64 [population], of every person simulated.
    affected : bool [population].
    values : the genetic value and liability of the people drawn: sample, genetic, liability.
    """

    samples: pd.DataFrame
    truth: pd.DataFrame
    genes: list[Gene]
    genetic: np.ndarray
    liability: np.ndarray
    affected: np.ndarray
    values: pd.DataFrame


def simulate_cohort(
    *,
    trees: Sequence[Path],
    chromosomes: Sequence[str],
    genes: int,
    gene_spacing: int,
    cases: int,
    controls: int,
    prevalence: float,
    heritability: float,
    additive_promoters: int,
    epistatic_within: int,
    epistatic_across: int,
    weak_promoters: int,
    min_maf: float,
    batch_effect: float,
    batches: int,
    seed: int,
    artefact_promoters: int = 0,
) -> Cohort:
    """Plant effects in promoters, give everyone in a population a liability, draw cases and controls.

    Parameters
    ----------
    trees, chromosomes : files of :func:`simulate_haplotypes` and their chromosomes, in the same order.
    genes, gene_spacing : as the haplotypes were simulated; genes per chromosome, bp.
    cases, controls : people to draw.
    prevalence : share of the population that is affected, in (0, 1).
    heritability : share of the liability's variance that is genetic, in [0, 1]; 0 for a cohort without any
        effect.
    additive_promoters, weak_promoters : promoters with additive sites; a weak one has a tenth of the
        variance.
    epistatic_within, epistatic_across : pairs of interacting sites within one promoter, and over two.
    min_maf : lowest minor allele frequency in the population of a site that counts for a block.
    batch_effect : 0, batches hold the same share of cases; 1, the first holds cases only and the last
        controls only.
    batches : number of batches.
    seed : base seed.
    artefact_promoters : promoters without a planted effect that are marked as miscalled in one batch, see
        :func:`promoternets.simulation.vcf.write_vcf`; everything else is the same for any number.

    Returns
    -------
    The cohort; in its truth table `strength` is the share of the genetic variance, summing to 1.

    Raises
    ------
    InputError
        When a number is out of range, the files do not fit together, the population is too small for the
        people asked for, or too few promoters can carry an effect.
    """
    _check_ranges(prevalence=prevalence, heritability=heritability, batch_effect=batch_effect, min_maf=min_maf)
    _check_batches(batches, batch_effect, cases + controls, artefact_promoters)
    wanted = {
        ADDITIVE: additive_promoters,
        WITHIN: epistatic_within,
        ACROSS: epistatic_across,
        WEAK: weak_promoters,
    }
    _check_wanted(wanted, heritability, genes * len(chromosomes), artefact_promoters)
    population = _Population(trees, chromosomes, genes, gene_spacing, min_maf, seed)
    _check_population(population.people, cases, controls, prevalence)

    terms = _plant(population, wanted, min_maf, np.random.default_rng(derive(seed, "simulation", "effects")))
    genetic, shares = np.zeros(population.people), np.zeros(0)
    if terms:
        genetic, shares = genetic_value(terms)
    genetic = genetic * math.sqrt(heritability)
    random = np.random.default_rng(derive(seed, "simulation", "liability"))
    liability = genetic + random.normal(0.0, math.sqrt(1 - heritability), size=population.people)
    affected = highest(liability, round(prevalence * population.people), random)
    logger.info(
        "%d people simulated, %d affected; the genetic part has %.3f of the variance of the liability",
        population.people, affected.sum(), genetic.var() / liability.var(),
    )  # fmt: skip
    samples = draw_people(
        affected, cases=cases, controls=controls, batches=batches, batch_effect=batch_effect, seed=seed
    )
    artefacts = _artefacts(population, terms, artefact_promoters, seed)
    truth = _truth_table(population, terms, shares, artefacts)
    return Cohort(samples, truth, population.genes, genetic, liability, affected, _values(samples, genetic, liability))


class _Population:
    """The simulated chromosomes: genes over all of them, and the genotypes near any one of them."""

    def __init__(
        self,
        trees: Sequence[Path],
        chromosomes: Sequence[str],
        genes: int,
        gene_spacing: int,
        min_maf: float,
        seed: int,
    ) -> None:
        if len(trees) != len(chromosomes) or not trees or len(set(chromosomes)) != len(chromosomes):
            raise InputError(
                f"{len(trees)} tree files for chromosomes {', '.join(chromosomes) or '(none)'}",
                fix="Give one file per chromosome, in the same order, each chromosome once",
            )
        self.per_chromosome = genes
        self.trees = [
            load_haplotypes(Path(path), chromosome=name, length=genes * gene_spacing)
            for path, name in zip(trees, chromosomes, strict=True)
        ]
        sizes = {chromosome.num_individuals for chromosome in self.trees}
        if len(sizes) != 1:
            raise InputError(
                f"the chromosomes were simulated for different numbers of people ({sorted(sizes)})",
                where=trees[0],
                fix="Simulate every chromosome for the same people",
            )
        self.people = sizes.pop()
        self.genes: list[Gene] = []
        for index, name in enumerate(chromosomes):
            first = 1 + index * genes
            self.genes += place_genes(chromosome=name, genes=genes, gene_spacing=gene_spacing, seed=seed, first=first)
        self._common = [np.flatnonzero(_minor(chromosome) >= min_maf) for chromosome in self.trees]
        self._positions = [
            site_positions(chromosome)[common] for chromosome, common in zip(self.trees, self._common, strict=True)
        ]

    def haplotypes(self, gene: int) -> tskit.TreeSequence:
        return self.trees[gene // self.per_chromosome]

    def candidates(self, gene: int) -> Candidates:
        """Return the sites of a promoter's block, with everyone's genotypes."""
        chromosome, place = gene // self.per_chromosome, self.genes[gene]
        upstream, downstream = block_sites(self._positions[chromosome], tss=place.tss, strand=place.strand)
        rows = np.sort(np.concatenate([upstream, downstream]))
        sites = self._common[chromosome][rows]
        inner = np.isin(rows, np.concatenate([upstream[:CORE_UPSTREAM], downstream[:CORE_DOWNSTREAM]]))
        return Candidates(sites, alternate_counts(self.trees[chromosome], sites), inner)

    def neighbours(self, gene: int) -> set[int]:
        """Return a gene and those beside it on its chromosome, whose blocks may share sites with its own."""
        first = gene // self.per_chromosome * self.per_chromosome
        return {other for other in (gene - 1, gene, gene + 1) if first <= other < first + self.per_chromosome}


def _minor(trees: tskit.TreeSequence) -> np.ndarray:
    frequency = alternate_frequencies(trees)
    return np.minimum(frequency, 1 - frequency)


def _plant(population: _Population, wanted: dict[str, int], min_maf: float, random: np.random.Generator) -> list[Term]:
    """Plant effects in promoters taken at random: one in each, and none in its neighbours if possible."""
    terms: list[Term] = []
    free = list(map(int, random.permutation(len(population.genes))))
    for effect, number in wanted.items():
        for done in range(number):
            term = _first_that_fits(population, effect, free, terms, min_maf, random)
            if term is None:
                raise InputError(
                    f"only {done} of {number} effects of kind {effect} can be planted: "
                    "no other promoter has suitable common sites",
                    fix="Simulate more genes or people, raise mutation_rate or gene_spacing, or plant fewer",
                )
            terms.append(term)
            free = [gene for gene in free if gene not in term.genes]
    return terms


def _first_that_fits(
    population: _Population,
    effect: str,
    free: list[int],
    terms: list[Term],
    min_maf: float,
    random: np.random.Generator,
) -> Term | None:
    beside = set().union(*(population.neighbours(gene) for term in terms for gene in term.genes))
    apart = [gene for gene in free if gene not in beside] + [gene for gene in free if gene in beside]
    make = _makers(population, min_maf, random)[effect]
    return next((term for term in make(apart) if term is not None), None)


def _makers(
    population: _Population, min_maf: float, random: np.random.Generator
) -> dict[str, Callable[[list[int]], Iterator[Term | None]]]:
    """Return, for each kind of effect, a function that tries promoters in the order given."""

    def additive(effect: str) -> Callable[[list[int]], Iterator[Term | None]]:
        return lambda genes: (
            additive_term(effect, gene, population.candidates(gene), random, min_maf) for gene in genes
        )

    def within(genes: list[int]) -> Iterator[Term | None]:
        return (within_term(gene, population.candidates(gene), random, min_maf) for gene in genes)

    def across(genes: list[int]) -> Iterator[Term | None]:
        for number, first in enumerate(genes):
            beside = population.neighbours(first)
            for second in (gene for gene in genes[number + 1 :] if gene not in beside):
                pair = population.candidates(first), population.candidates(second)
                yield across_term((first, second), pair, random, min_maf)

    return {ADDITIVE: additive(ADDITIVE), WEAK: additive(WEAK), WITHIN: within, ACROSS: across}


def highest(liability: np.ndarray, number: int, random: np.random.Generator) -> np.ndarray:
    """Return bool [people]: the `number` people of highest liability; ties are broken at random."""
    order = np.lexsort((random.permutation(liability.size), liability))
    affected = np.zeros(liability.size, dtype=bool)
    affected[order[liability.size - number :]] = True
    return affected


def draw_people(
    affected: np.ndarray, *, cases: int, controls: int, batches: int, batch_effect: float, seed: int
) -> pd.DataFrame:
    """Draw cases and controls from the population.

    Parameters
    ----------
    affected : bool [population].
    cases, controls : people to draw.
    batches, batch_effect : see :func:`simulate_cohort`.
    seed : base seed.

    Returns
    -------
    The sample table in random order. Sample ``S000123`` is person 123 (from 0) of the population. Sex and age
    (years) have nothing to do with the phenotype.
    """
    random = np.random.default_rng(derive(seed, "simulation", "people"))
    people = np.concatenate(
        [
            random.choice(np.flatnonzero(affected), cases, replace=False),
            random.choice(np.flatnonzero(~affected), controls, replace=False),
        ]
    )
    leaning = np.linspace(1, -1, batches) if batches > 1 else np.zeros(1)
    batch = np.concatenate(
        [
            random.permutation(_quotas(cases, 1 + batch_effect * leaning)),
            random.permutation(_quotas(controls, 1 - batch_effect * leaning)),
        ]
    )
    samples = pd.DataFrame(
        {
            "sample": [sample_name(person) for person in people],
            "phenotype": affected[people].astype(int),
            "sex": random.choice(["female", "male"], size=people.size),
            "batch": [f"b{number + 1}" for number in batch],
            "age": np.clip(random.normal(60, 10, size=people.size).round().astype(int), 20, 95),
        }
    )
    return samples.iloc[random.permutation(people.size)].reset_index(drop=True)


def sample_name(person: int) -> str:
    """Return the sample name of a person of the population (numbered from 0)."""
    return f"S{person:06d}"


def _quotas(people: int, weights: np.ndarray) -> np.ndarray:
    """Return the batch number of each of `people`: as near to the weights as whole people allow."""
    exact = people * weights / weights.sum()
    counts = np.floor(exact).astype(int)
    remainder = np.argsort(counts - exact, kind="stable")
    counts[remainder[: people - counts.sum()]] += 1
    return np.repeat(np.arange(weights.size), counts)


def _values(samples: pd.DataFrame, genetic: np.ndarray, liability: np.ndarray) -> pd.DataFrame:
    """Return the genetic value and liability of the people drawn, in the order of the sample table."""
    people = samples["sample"].str.removeprefix("S").astype(int).to_numpy()
    return pd.DataFrame({"sample": samples["sample"], "genetic": genetic[people], "liability": liability[people]})


def _artefacts(population: _Population, terms: list[Term], number: int, seed: int) -> dict[int, np.ndarray]:
    """Return promoters to miscall and the rows of their sites, apart from planted ones if possible.

    Sites that a planted promoter's block holds too are left out: its genotypes shall stay as they are.
    """
    random = np.random.default_rng(derive(seed, "simulation", "artefacts"))
    planted = {gene for term in terms for gene in term.genes}
    beside = set().union(*map(population.neighbours, planted))
    free = [gene for gene in map(int, random.permutation(len(population.genes))) if gene not in planted]
    chosen = sorted(free, key=beside.__contains__)[:number]
    spared = {
        gene: [population.candidates(other).sites for other in population.neighbours(gene) & planted] for gene in chosen
    }
    sites = {
        gene: np.setdiff1d(population.candidates(gene).sites, np.concatenate([[], *spared[gene]])) for gene in chosen
    }
    empty = [population.genes[gene].gene_id for gene in chosen if sites[gene].size == 0]
    if empty:
        raise InputError(
            f"promoter {empty[0]} has no site to miscall that is not in a planted promoter's block",
            fix="Simulate more genes, raise gene_spacing, or miscall fewer promoters",
        )
    return sites


def _truth_table(
    population: _Population, terms: list[Term], shares: np.ndarray, artefacts: dict[int, np.ndarray]
) -> pd.DataFrame:
    """Return one row per gene; a pair across promoters is two rows with half of its share each."""
    truth = pd.DataFrame(
        {
            "gene_id": [gene.gene_id for gene in population.genes],
            "symbol": [gene.symbol for gene in population.genes],
            "chrom": [gene.chromosome for gene in population.genes],
            "tss": [gene.tss for gene in population.genes],
            "strand": [gene.strand for gene in population.genes],
            "effect": "none",
            "strength": 0.0,
            "sites": None,
            "partner": None,
        }
    )
    for term, share in zip(terms, shares, strict=True):
        for place, (gene, sites) in enumerate(zip(term.genes, term.sites, strict=True)):
            truth.loc[gene, "effect"] = term.effect
            truth.loc[gene, "strength"] = share / len(term.genes)
            truth.loc[gene, "sites"] = ",".join(site_names(population.haplotypes(gene), sites))
            if len(term.genes) == 2:
                truth.loc[gene, "partner"] = population.genes[term.genes[1 - place]].gene_id
    for gene, sites in artefacts.items():
        truth.loc[gene, "effect"] = ARTEFACT
        truth.loc[gene, "sites"] = ",".join(site_names(population.haplotypes(gene), sites))
    return truth


def _check_ranges(*, prevalence: float, heritability: float, batch_effect: float, min_maf: float) -> None:
    if not 0 < prevalence < 1:
        raise InputError(f"prevalence is {prevalence}", fix="It is a share of the population, above 0 and below 1")
    for name, value, top in (
        ("heritability", heritability, 1.0),
        ("batch_effect", batch_effect, 1.0),
        ("min_maf", min_maf, 0.5),
    ):
        if not 0 <= value <= top:
            raise InputError(f"{name} is {value}", fix=f"It has to be between 0 and {top:g}")


def _check_batches(batches: int, batch_effect: float, people: int, artefact_promoters: int) -> None:
    if not 1 <= batches <= max(people, 1):
        raise InputError(f"{people} people cannot be put into {batches} batches", fix="Ask for at least one batch")
    if batches == 1 and batch_effect > 0:
        raise InputError("a batch effect needs two batches or more", fix="Raise batches, or set batch_effect to 0")
    if batches == 1 and artefact_promoters > 0:
        raise InputError(
            "miscalls in one of the batches need two batches or more",
            fix="Raise batches, or set artefact_promoters to 0",
        )


def _check_wanted(wanted: dict[str, int], heritability: float, genes: int, artefact_promoters: int) -> None:
    if min(*wanted.values(), artefact_promoters) < 0:
        raise InputError("a number of planted effects or artefacts is negative", fix="Use 0 for none")
    promoters = sum(wanted.values()) + wanted[ACROSS]
    if promoters + artefact_promoters > genes:
        raise InputError(
            f"{promoters + artefact_promoters} promoters shall carry an effect or an artefact, "
            f"but there are {genes} genes",
            fix="Simulate more genes or plant fewer effects",
        )
    if heritability > 0 and promoters == 0:
        raise InputError(
            f"heritability is {heritability}, but no effect is planted",
            fix="Set heritability to 0 for a cohort without effects, or plant some",
        )


def _check_population(people: int, cases: int, controls: int, prevalence: float) -> None:
    if cases < 1 or controls < 1:
        raise InputError(f"{cases} cases and {controls} controls are asked for", fix="Ask for at least one of each")
    affected = round(prevalence * people)
    if affected >= cases and people - affected >= controls:
        return
    needed = max(math.ceil(cases / prevalence), math.ceil(controls / (1 - prevalence)))
    raise InputError(
        f"a population of {people} with a prevalence of {prevalence:g} holds {affected} affected and "
        f"{people - affected} unaffected people, but {cases} cases and {controls} controls are asked for",
        fix=f"Simulate at least {needed} people, or ask for fewer",
    )
