"""Small cohorts with LD made by hand: two promoters whose sites lie on haplotypes, and what decides the phenotype."""

from __future__ import annotations

import numpy as np

from promoternets.interactions.check import Group, check
from promoternets.pair_scan import ScanLimits, Sites, scan

SITES = 12  # of a promoter
LIMITS = ScanLimits(min_maf=0.05, min_carriers=10, max_r2=0.8)


def haplotypes(random: np.random.Generator, people: int, *, promoters: int = 2, ld: float = 0.7) -> np.ndarray:
    """Return alleles, int8 [people, promoters * SITES, 2]: a Gaussian chain along each promoter, cut at a frequency."""
    alleles = np.empty((people, promoters * SITES, 2), np.int8)
    chain = np.zeros((people, 2))
    for site in range(promoters * SITES):
        noise = random.normal(size=(people, 2))
        chain = noise if site % SITES == 0 else ld * chain + np.sqrt(1 - ld**2) * noise
        alleles[:, site] = chain > random.uniform(0.0, 0.6)
    return alleles


def sites_of(alleles: np.ndarray) -> Sites:
    """Return sites of promoters a, b, ..., each on a chromosome of its own."""
    promoters = alleles.shape[1] // SITES
    letters = [chr(ord("a") + number) for number in range(promoters)]
    return Sites(
        names=np.array([f"chr{p}:{s + 1}:A:C" for p in letters for s in range(SITES)], object),
        chrom=np.array([f"chr{p}" for p in letters for _ in range(SITES)], object),
        promoters=np.array(letters, object),
        member=np.kron(np.eye(promoters), np.ones((SITES, 1))) > 0,
        genotype=alleles.sum(axis=2).astype(np.int8),
        haplotype=alleles,
    )


def tagged_jointly(random: np.random.Generator, people: int) -> tuple[np.ndarray, np.ndarray]:
    """Return alleles of independent sites but two, and the copies of an untyped causal allele, int [people].

    The causal allele lies on the haplotypes that carry both alternate alleles of the sites 2 and 8 of promoter a, and
    on no other: neither site tags it alone, both together do.
    """
    alleles = haplotypes(random, people, ld=0.0)
    alleles[:, [2, 8]] = random.random((people, 2, 2)) < 0.4
    causal = alleles[:, 2] & alleles[:, 8]
    return alleles, causal.sum(axis=1)


def cases(random: np.random.Generator, value: np.ndarray) -> np.ndarray:
    """Return who is a case, bool [people], by log-odds around their mean."""
    return random.random(len(value)) < 1 / (1 + np.exp(value.mean() - value))


def group(case: np.ndarray, training: int) -> Group:
    """Return people of whom the first ones train, without covariates."""
    return Group(case, np.zeros(len(case)), np.arange(training), np.arange(training, len(case)))


def found(sites: Sites, people: Group, *, pairs: int = 3):
    """Return the table of a fold: the scan, then the check."""
    chosen, scanned = scan(sites, people.case, people.score, people.training, pairs=pairs, limits=LIMITS)
    return check(sites, chosen, people, 1, scanned)
