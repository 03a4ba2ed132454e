"""Simulated haplotypes: valid sites, linkage disequilibrium, and the same again from the same seed."""

import msprime
import numpy as np
import pytest

from promoternets.errors import InputError
from promoternets.simulation.haplotypes import (
    alternate_counts,
    alternate_frequencies,
    load_haplotypes,
    simulate_haplotypes,
    site_names,
    site_positions,
)

SETTINGS = {
    "chromosome": "chr1",
    "people": 100,
    "genes": 5,
    "gene_spacing": 20_000,
    "effective_size": 10_000,
    "mutation_rate": 5e-8,
    "recombination_rate": 3e-8,
    "seed": 1,
}


@pytest.fixture(scope="module")
def haplotypes():
    return simulate_haplotypes(**SETTINGS)


def test_the_same_seed_gives_the_same_haplotypes(haplotypes):
    assert simulate_haplotypes(**SETTINGS).tables.equals(haplotypes.tables, ignore_provenance=True)


@pytest.mark.parametrize("change", [{"seed": 2}, {"chromosome": "chr2"}])
def test_another_seed_or_chromosome_gives_other_haplotypes(haplotypes, change):
    other = simulate_haplotypes(**SETTINGS | change)
    assert not np.array_equal(other.sites_position, haplotypes.sites_position)


def test_sites_are_snvs_of_two_bases_on_whole_positions(haplotypes):
    bases = [(site.ancestral_state, site.mutations[0].derived_state) for site in haplotypes.sites()]
    assert {base for pair in bases for base in pair} == set("ACGT")
    assert all(reference != alternative for reference, alternative in bases)
    assert all(len(site.mutations) == 1 for site in haplotypes.sites())
    positions = site_positions(haplotypes)
    assert np.all(np.diff(positions) > 0) and positions[0] >= 1 and positions[-1] <= 100_000
    assert np.all(haplotypes.sites_position == np.floor(haplotypes.sites_position))


def test_sites_that_mutated_twice_are_taken_out():
    crowded = simulate_haplotypes(**SETTINGS | {"mutation_rate": 1e-5, "genes": 1, "gene_spacing": 2000})
    assert crowded.num_sites == crowded.num_mutations < 2000


def test_frequencies_and_counts_agree_with_the_haplotypes(haplotypes):
    matrix = haplotypes.genotype_matrix()
    np.testing.assert_allclose(alternate_frequencies(haplotypes), matrix.mean(axis=1))
    sites = np.array([3, 0, 7])
    counts = alternate_counts(haplotypes, sites)
    assert counts.dtype == np.int8
    for person, individual in enumerate(haplotypes.individuals()):
        np.testing.assert_array_equal(counts[:, person], matrix[sites][:, individual.nodes].sum(axis=1))


def test_a_site_is_named_by_its_one_based_position(haplotypes):
    site = haplotypes.site(0)
    expected = f"chr1:{int(site.position) + 1}:{site.ancestral_state}:{site.mutations[0].derived_state}"
    assert site_names(haplotypes, np.array([0])) == [expected]


def test_neighbouring_sites_are_linked_and_distant_ones_are_not(haplotypes):
    frequency = alternate_frequencies(haplotypes)
    common = np.flatnonzero(np.minimum(frequency, 1 - frequency) >= 0.1)
    positions = site_positions(haplotypes)[common]
    squared = np.corrcoef(haplotypes.genotype_matrix()[common]) ** 2
    distance = np.abs(positions[:, None] - positions)
    near, far = (distance > 0) & (distance < 2000), distance > 60_000
    assert squared[near].mean() > 0.15 > 0.05 > squared[far].mean()


@pytest.mark.parametrize("name", ["people", "genes", "effective_size", "mutation_rate"])
def test_a_size_or_rate_that_is_not_positive_is_refused(name):
    with pytest.raises(InputError, match=name):
        simulate_haplotypes(**SETTINGS | {name: 0})


def test_a_chromosome_without_sites_is_refused():
    with pytest.raises(InputError, match="no site of chr1 varies"):
        simulate_haplotypes(**SETTINGS | {"mutation_rate": 1e-15})


def test_a_file_of_another_chromosome_or_length_is_refused(haplotypes, tmp_path):
    path = tmp_path / "chr1.trees"
    haplotypes.dump(path)
    assert load_haplotypes(path, chromosome="chr1", length=100_000).num_sites == haplotypes.num_sites
    with pytest.raises(InputError, match="holds chr1, not chr2"):
        load_haplotypes(path, chromosome="chr2")
    with pytest.raises(InputError, match="100000 bp long"):
        load_haplotypes(path, chromosome="chr1", length=90_000)


def test_a_file_that_is_missing_broken_or_not_ours_is_refused(haplotypes, tmp_path):
    with pytest.raises(InputError, match="do not exist"):
        load_haplotypes(tmp_path / "none.trees", chromosome="chr1")
    whole = tmp_path / "whole.trees"
    haplotypes.dump(whole)
    for name, content in (("cut", whole.read_bytes()[:5000]), ("text", b"not trees"), ("empty", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match="not a whole tree sequence"):
            load_haplotypes(tmp_path / name, chromosome="chr1")
    foreign = tmp_path / "foreign.trees"
    msprime.sim_ancestry(2, random_seed=1).dump(foreign)
    with pytest.raises(InputError, match="not made by simulate_haplotypes"):
        load_haplotypes(foreign, chromosome="chr1")
