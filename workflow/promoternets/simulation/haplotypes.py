"""Haplotypes of a population, one chromosome at a time, by coalescent simulation."""

from __future__ import annotations

import logging
from pathlib import Path

import msprime
import numpy as np
import tskit

from promoternets.errors import InputError
from promoternets.seeds import derive

logger = logging.getLogger(__name__)
logging.getLogger("msprime").setLevel(logging.WARNING)  # its own steps say nothing to our users
LARGEST_SEED = 2**32 - 2  # msprime takes 1 .. 2**32 - 1


def simulate_haplotypes(
    *,
    chromosome: str,
    people: int,
    genes: int,
    gene_spacing: int,
    effective_size: float,
    mutation_rate: float,
    recombination_rate: float,
    seed: int,
) -> tskit.TreeSequence:
    """Simulate one chromosome of `people` diploid people from a population of constant size.

    The chromosome is ``genes * gene_spacing`` bp long. Linkage disequilibrium is that of the coalescent with
    uniform recombination. Sites lie on whole bases, and the few that mutated twice are taken out, so each
    site has one reference (the ancestral base) and one alternative allele, both A, C, G or T.

    Parameters
    ----------
    chromosome : name of the chromosome; it is part of the seed, so chromosomes are independent.
    people : diploid people; person i has the nodes 2 i and 2 i + 1.
    genes, gene_spacing : number of genes and bp for each.
    effective_size : diploid effective population size.
    mutation_rate, recombination_rate : per bp and generation.
    seed : base seed.

    Returns
    -------
    Tree sequence whose metadata holds the chromosome's name. Site positions are 0-based.

    Raises
    ------
    InputError
        When a size or rate is not positive, or no site came out.

    Source: Baumdicker et al. 2022, Genetics 220 (msprime 1.0); Jukes and Cantor 1969 for the bases.
    """
    sizes = {"people": people, "genes": genes, "gene_spacing": gene_spacing, "effective_size": effective_size}
    for name, value in (sizes | {"mutation_rate": mutation_rate}).items():
        if not value > 0:
            raise InputError(f"{name} of the simulation is {value}", fix="It has to be above zero")
    if recombination_rate < 0:
        raise InputError(f"recombination_rate of the simulation is {recombination_rate}", fix="It cannot be negative")
    trees = msprime.sim_ancestry(
        samples=people,
        population_size=effective_size,
        sequence_length=genes * gene_spacing,
        recombination_rate=recombination_rate,
        random_seed=_msprime_seed(seed, "ancestry", chromosome),
    )
    trees = msprime.sim_mutations(
        trees,
        rate=mutation_rate,
        model=msprime.JC69(),
        random_seed=_msprime_seed(seed, "mutations", chromosome),
    )
    trees = _one_mutation_a_site(trees, chromosome)
    if trees.num_sites == 0:
        raise InputError(
            f"no site of {chromosome} varies among {people} simulated people",
            fix="Raise mutation_rate, effective_size, gene_spacing or people",
        )
    logger.info("%s: %d people, %d sites, %d trees", chromosome, people, trees.num_sites, trees.num_trees)
    return trees


def _msprime_seed(seed: int, *names: str) -> int:
    return 1 + derive(seed, "simulation", *names) % LARGEST_SEED


def _one_mutation_a_site(trees: tskit.TreeSequence, chromosome: str) -> tskit.TreeSequence:
    """Take out sites with several mutations (they may have three alleles), and name the chromosome."""
    tables = trees.dump_tables()
    mutations = np.bincount(tables.mutations.site, minlength=trees.num_sites)
    several = np.flatnonzero(mutations != 1)
    tables.delete_sites(several)
    tables.metadata_schema = tskit.MetadataSchema.permissive_json()
    tables.metadata = {"chromosome": chromosome}
    logger.info("%s: %d sites that mutated more than once were taken out", chromosome, several.size)
    return tables.tree_sequence()


def load_haplotypes(path: Path, *, chromosome: str, length: int | None = None) -> tskit.TreeSequence:
    """Open a tree sequence written from :func:`simulate_haplotypes`.

    Parameters
    ----------
    path : the file.
    chromosome : the name it must have been simulated under.
    length : the length in bp that it must have.

    Raises
    ------
    InputError
        When the file is missing, is not a tree sequence of this simulation, or is of another chromosome or
        length.
    """
    if not path.is_file():
        raise InputError(
            "the simulated haplotypes do not exist", where=path, fix="Write them with simulate_haplotypes.py"
        )
    try:
        trees = tskit.load(path)
    except (tskit.FileFormatError, tskit.LibraryError, EOFError, OSError) as error:
        raise InputError(
            f"not a whole tree sequence ({error})",
            where=path,
            fix="Remove it and run simulate_haplotypes.py again",
        ) from error
    simulated = trees.metadata.get("chromosome") if isinstance(trees.metadata, dict) else None
    if simulated is None or trees.num_sites != trees.num_mutations:
        raise InputError("not made by simulate_haplotypes.py", where=path, fix="Write it with simulate_haplotypes.py")
    if simulated != chromosome:
        raise InputError(
            f"holds {simulated}, not {chromosome}",
            where=path,
            fix="Give trees and chromosomes in the same order",
        )
    if length is not None and trees.sequence_length != length:
        raise InputError(
            f"{chromosome} is {trees.sequence_length:.0f} bp long, but genes x gene_spacing is {length}",
            where=path,
            fix="Use the same genes and gene_spacing for haplotypes and phenotypes",
        )
    return trees


def alternate_frequencies(trees: tskit.TreeSequence) -> np.ndarray:
    """Return the frequency of the alternative allele of every site, float64 [sites]."""
    counts = [tree.num_samples(site.mutations[0].node) for tree in trees.trees() for site in tree.sites()]
    return np.array(counts, dtype=np.float64) / trees.num_samples


def site_positions(trees: tskit.TreeSequence) -> np.ndarray:
    """Return the 1-based position of every site, int64 [sites], increasing."""
    return trees.sites_position.astype(np.int64) + 1


def alternate_counts(trees: tskit.TreeSequence, sites: np.ndarray) -> np.ndarray:
    """Return how many alternative alleles each person carries at some sites.

    Parameters
    ----------
    sites : int [n], row numbers of sites.

    Returns
    -------
    int8 [n, people], 0, 1 or 2.
    """
    counts = np.empty((len(sites), trees.num_individuals), dtype=np.int8)
    variant = tskit.Variant(trees)
    for row, site in enumerate(sites):
        variant.decode(int(site))
        counts[row] = variant.genotypes.reshape(-1, 2).sum(axis=1)
    return counts


def site_names(trees: tskit.TreeSequence, sites: np.ndarray) -> list[str]:
    """Return chrom:pos:ref:alt of some sites, position 1-based."""
    chromosome = trees.metadata["chromosome"]
    rows = (trees.site(int(site)) for site in sites)
    return [
        f"{chromosome}:{int(row.position) + 1}:{row.ancestral_state}:{row.mutations[0].derived_state}" for row in rows
    ]
