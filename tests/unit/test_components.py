"""Principal components are the training people's doing, and test people are projected one by one."""

import numpy as np
import pandas as pd
import pytest

from promoternets.audit.components import SPACING, common_sites, fit_components, project_components, standardised
from promoternets.errors import InputError
from promoternets.formats.components import read_components
from promoternets.formats.tables import write_table
from promoternets.formats.variant_store import VariantStore, write_variant_store

PEOPLE = 90


def calls(sites, *, seed=0, people=PEOPLE):
    """Return calls of two populations that differ in frequency, int8 [sites, people, 2]; odd people are the second."""
    random = np.random.default_rng(seed)
    frequency = random.uniform(0.2, 0.8, (2, sites))
    return (random.random((sites, people, 2)) < frequency[np.arange(people) % 2].T[:, :, None]).astype(np.int8)


@pytest.fixture
def cohort(tmp_path):
    """A cohort of two populations, two chromosomes; return a function that writes it, genotypes changed on request."""

    def write(*, change=None, contigs=("chr1", "chr2"), spacing=SPACING, folder="first"):
        names = [f"p{number:02d}" for number in range(PEOPLE)]
        stores = []
        for number, contig in enumerate(contigs):
            genotype = calls(200, seed=number)
            if change is not None:
                change(genotype)
            stores.append(tmp_path / folder / f"{contig}.zarr")
            stores[-1].parent.mkdir(exist_ok=True)
            positions = 1 + spacing * np.arange(len(genotype))
            alleles = [("A", "C")] * len(genotype)
            write_variant_store(stores[-1], sample_ids=names, contig=contig, positions=positions, alleles=alleles,
                                call_genotype=genotype, chunk_variants=64)  # fmt: skip
        write_table(pd.DataFrame({"sample": names, "phenotype": np.arange(PEOPLE) % 2}), tmp_path / "samples.tsv")
        folds = pd.DataFrame({"sample": names, "fold": np.arange(PEOPLE) // 2 % 3 + 1, "inner": 1})
        write_table(folds, tmp_path / "folds.tsv")
        return {"genotypes": stores, "samples": tmp_path / "samples.tsv", "folds": tmp_path / "folds.tsv", "fold": 1}

    return write


def project(given, tmp_path, name="pcs.tsv", **changed):
    project_components(**given, projected=tmp_path / name, **({"components": 3} | changed))
    people = VariantStore.open(given["genotypes"][0]).sample_ids
    return read_components(tmp_path / name, people)


TEST = np.arange(PEOPLE) // 2 % 3 == 0


def test_the_first_component_tells_two_populations_in_training_and_in_test_people(cohort, tmp_path):
    found = project(cohort(), tmp_path)
    second = np.arange(PEOPLE) % 2 == 1
    for who in (TEST, ~TEST):
        one, other = found["pc1"][who & second], found["pc1"][who & ~second]
        assert one.min() > other.max() or one.max() < other.min()
    assert found[~TEST].std(ddof=0).to_numpy() == pytest.approx([1, 1, 1], rel=0.05)


def test_changing_test_people_changes_nobody_else_s_components(cohort, tmp_path):
    before = project(cohort(), tmp_path)

    def scramble(genotype):
        genotype[:, TEST] = np.random.default_rng(9).integers(-1, 2, genotype[:, TEST].shape)

    after = project(cohort(change=scramble, folder="second"), tmp_path)
    assert (before[~TEST].to_numpy() == after[~TEST].to_numpy()).all()
    assert not np.allclose(before[TEST], after[TEST])


def test_changing_test_people_leaves_sites_frequencies_and_loadings_identical(cohort):
    def scramble(genotype):
        genotype[:, TEST] = 0

    training = np.flatnonzero(~TEST)
    fits = []
    for given in (cohort(), cohort(change=scramble, folder="second")):
        counts = common_sites([VariantStore.open(path) for path in given["genotypes"]], training, 150)
        fits.append(fit_components(counts[training], 3, seed=1))
    assert (fits[0].frequency == fits[1].frequency).all() and (fits[0].loadings == fits[1].loadings).all()


def test_a_person_s_components_do_not_depend_on_who_else_is_projected(cohort):
    training = np.flatnonzero(~TEST)
    counts = common_sites([VariantStore.open(path) for path in cohort()["genotypes"]], training, 1000)
    fitted = fit_components(counts[training], 3, seed=1)
    assert fitted.project(counts[:1])[0] == pytest.approx(fitted.project(counts)[0], rel=1e-4)


def test_components_are_those_of_an_exact_decomposition():
    counts = calls(300).sum(axis=2).T.astype(np.int8)
    fitted = fit_components(counts, 2, seed=1)
    left, lengths, _ = np.linalg.svd(standardised(counts, fitted.frequency).astype(float), full_matrices=False)
    exact = left[:, :2] * np.sqrt(PEOPLE)
    for number, least in ((0, 0.9999), (1, 0.98)):  # the second holds no structure: its axis is a choice among equals
        assert abs(np.corrcoef(fitted.project(counts)[:, number], exact[:, number])[0, 1]) > least
    assert fitted.scale == pytest.approx(lengths[:2] / np.sqrt(PEOPLE), rel=0.01)


def test_a_missing_call_counts_as_the_training_mean():
    counts = np.array([[0, 2], [1, -1], [2, 1], [1, 0]], dtype=np.int8)
    frequency = np.array([0.5, 0.5])
    values = standardised(counts, frequency)
    assert values[1, 1] == 0 and values[0] == pytest.approx([-np.sqrt(2), np.sqrt(2)])


def test_sites_are_common_called_spread_and_at_most_as_many_as_asked_for(cohort):
    def spoil(genotype):
        genotype[::2] = 0  # every other site does not vary
        genotype[1, :50] = -1  # and this one is hardly called

    stores = [VariantStore.open(path) for path in cohort(change=spoil)["genotypes"]]
    everybody = np.arange(PEOPLE)
    counts = common_sites(stores, everybody, 1000)
    assert counts.shape == (PEOPLE, 2 * 99) and (counts.max(axis=0) == 2).all()
    assert 30 <= common_sites(stores, everybody, 40).shape[1] <= 40
    close = [VariantStore.open(path) for path in cohort(spacing=SPACING // 2, folder="close")["genotypes"]]
    assert common_sites(close, everybody, 1000).shape[1] == 200


def test_sex_chromosomes_and_mitochondria_are_left_out(cohort):
    stores = [VariantStore.open(path) for path in cohort(contigs=("chr1", "chrX", "chrM"))["genotypes"]]
    assert common_sites(stores, np.arange(PEOPLE), 1000).shape[1] == 200


def test_a_cohort_without_a_common_site_has_no_components_and_goes_on(cohort, tmp_path):
    def rare(genotype):
        genotype[:] = 0

    found = project(cohort(change=rare), tmp_path)
    assert found.shape == (PEOPLE, 0)


def test_stores_of_different_people_are_refused(cohort, tmp_path):
    given, other = cohort(), tmp_path / "other.zarr"
    write_variant_store(other, sample_ids=["q1"], contig="chr3", positions=[1], alleles=[("A", "C")],
                        call_genotype=np.zeros((1, 1, 2), np.int8))  # fmt: skip
    with pytest.raises(InputError, match="its people are not those of"):
        project(given | {"genotypes": [*given["genotypes"], other]}, tmp_path)
