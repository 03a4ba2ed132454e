"""The association study is the logistic score test, of training people only, and is kept whole for every round."""

import gzip

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit

from promoternets.errors import InputError
from promoternets.formats.associations import Associations
from promoternets.formats.tables import write_table
from promoternets.formats.variant_store import write_variant_store
from promoternets.gwas.associate import associate_sites
from promoternets.gwas.null_model import fit_null_model
from promoternets.gwas.score_test import ScoreTest

PEOPLE, SITES = 160, 40


@pytest.fixture
def cohort():
    """Counts int8 [sites, people] with missing ones, covariates, and cases by age, batch and the third site."""
    random = np.random.default_rng(3)
    counts = random.binomial(2, random.uniform(0.1, 0.9, (SITES, 1)), (SITES, PEOPLE)).astype(np.int8)
    covariates = pd.DataFrame({"age": random.normal(50, 10, PEOPLE).round(2).astype(str), "batch": "a"})
    covariates.loc[random.random(PEOPLE) < 0.4, "batch"] = "b"
    liability = 0.05 * (covariates["age"].astype(float) - 50) + (covariates["batch"] == "b") + counts[2] - 1.5
    case = random.random(PEOPLE) < expit(liability.to_numpy())
    counts[random.random(counts.shape) < 0.03] = -1
    counts[5] = 1
    return counts, covariates, case


def newton(columns: np.ndarray, case: np.ndarray) -> np.ndarray:
    """Return the fitted probabilities of logistic regression by iteratively reweighted least squares."""
    beta = np.zeros(columns.shape[1])
    for _ in range(50):
        fitted = expit(columns @ beta)
        weight = fitted * (1 - fitted)
        beta += np.linalg.solve((columns * weight[:, None]).T @ columns, columns.T @ (case - fitted))
    return expit(columns @ beta)


def textbook(count: np.ndarray, columns: np.ndarray, case: np.ndarray) -> tuple[float, float, float]:
    """Return effect, se and p of one site by Rao's score test as a textbook has it."""
    fitted = newton(columns, case)
    whole = np.column_stack([columns, count])
    information = (whole * (fitted * (1 - fitted))[:, None]).T @ whole
    score = whole.T @ (case - fitted)
    variance = 1 / np.linalg.inv(information)[-1, -1]
    return score[-1] / variance, variance**-0.5, stats.chi2.sf(score[-1] ** 2 / variance, 1)


def test_effect_error_and_p_are_those_of_the_textbook_in_each_group_of_people(cohort):
    counts, covariates, case = cohort
    groups = [np.arange(PEOPLE), np.arange(0, PEOPLE, 2), np.arange(30, PEOPLE)]
    found = ScoreTest([fit_null_model(covariates, case, group) for group in groups], np.arange(PEOPLE)).test(counts)
    plain = np.column_stack([np.ones(PEOPLE), covariates["age"].astype(float), covariates["batch"] == "b"])
    for fit, group in enumerate(groups):
        for site in (0, 2, 7):
            own = counts[site, group].astype(float)
            own[own < 0] = own[own >= 0].mean()
            wanted = textbook(own, plain[group], case[group].astype(float))
            got = found.effect[fit, site], found.se[fit, site], found.p[fit, site]
            assert got == pytest.approx(wanted, rel=2e-4), (fit, site)
    assert np.isnan(found.effect[:, 5]).all() and np.isnan(found.z[:, 5]).all()
    assert np.nanargmin(found.p[0]) == 2


def test_results_do_not_depend_on_how_many_sites_are_tested_at_once(cohort, monkeypatch):
    counts, covariates, case = cohort
    test = ScoreTest([fit_null_model(covariates, case, np.arange(PEOPLE))], np.arange(PEOPLE))
    whole = test.test(counts)
    monkeypatch.setattr("promoternets.gwas.score_test.BYTES_AT_ONCE", 8 * PEOPLE * 7)
    assert np.allclose(test.test(counts).z, whole.z, equal_nan=True)


def test_a_batch_of_one_class_leaves_the_test_to_the_others_and_is_said(cohort, caplog):
    counts, covariates, case = cohort
    covariates = covariates.copy()
    alone = np.flatnonzero(case)[:25]
    covariates.loc[alone, "batch"] = "only cases"
    found = ScoreTest([fit_null_model(covariates, case, np.arange(PEOPLE))], np.arange(PEOPLE)).test(counts)
    others = np.setdiff1d(np.arange(PEOPLE), alone)
    without = ScoreTest([fit_null_model(covariates, case, others)], others).test(counts[:, others])
    good = np.isfinite(without.z[0])
    assert np.corrcoef(found.z[0, good], without.z[0, good])[0, 1] > 0.999
    assert "covariates tell the phenotype of 25 of 160 people" in caplog.text


def test_people_of_one_class_cannot_be_tested_among(cohort):
    _, covariates, case = cohort
    with pytest.raises(InputError, match="are of one class"):
        fit_null_model(covariates, case, np.flatnonzero(case))


def write_cohort(folder, counts, covariates, case):
    """Write two chromosomes, the sample table and folds; return the arguments of associate_sites for fold 1."""
    names = [f"p{number:03d}" for number in range(PEOPLE)]
    calls = np.stack([np.minimum(counts, 1), np.where(counts < 0, -1, np.maximum(counts - 1, 0))], axis=-1)
    half = SITES // 2
    for chrom, rows in (("chr10", slice(half, None)), ("chr2", slice(0, half))):
        write_variant_store(
            folder / f"{chrom}.zarr",
            sample_ids=names,
            contig=chrom,
            positions=np.arange(half) * 1000 + 500,
            alleles=[("A", "G")] * half,
            call_genotype=calls[rows],
        )
    write_table(covariates.assign(sample=names, phenotype=case.astype(int)), folder / "samples.tsv")
    number = np.arange(PEOPLE)
    write_table(
        pd.DataFrame({"sample": names, "fold": number % 4 + 1, "inner": number // 4 % 3 + 1}), folder / "folds.tsv"
    )
    return {
        "genotypes": [folder / "chr10.zarr", folder / "chr2.zarr"],
        "samples": folder / "samples.tsv",
        "folds": folder / "folds.tsv",
        "fold": 1,
        "associations": folder / "out" / "fold_1.tsv.gz",
        "statistics": folder / "out" / "fold_1.zarr",
    }


def test_table_and_store_hold_every_site_in_genome_order_and_every_round(cohort, tmp_path):
    given = write_cohort(tmp_path, *cohort)
    associate_sites(**given)
    table = pd.read_csv(given["associations"], sep="\t")
    assert table["chrom"].drop_duplicates().tolist() == ["chr2", "chr10"] and len(table) == SITES
    assert table["site"].iloc[0] == "chr2:500:A:G"
    study = Associations.open(given["statistics"])
    assert study.rounds == 3 and len(study) == SITES and study.rows_of("chr10") == slice(SITES // 2, SITES)
    assert np.allclose(study.effect(0), table["effect"], rtol=1e-4, equal_nan=True)
    assert np.allclose(np.abs(study.z(0)), np.abs(table["effect"] / table["se"]), rtol=1e-4, equal_nan=True)
    assert not np.allclose(study.z(1), study.z(2), equal_nan=True)
    with pytest.raises(InputError, match="of fold 1, not of fold 2"):
        study.of_fold(2)


def test_people_of_the_test_fold_change_nothing_and_validation_people_nothing_in_their_round(cohort, tmp_path):
    counts, covariates, case = cohort
    number = np.arange(PEOPLE)
    test, validation = number % 4 == 0, (number // 4 % 3 == 0) & (number % 4 != 0)

    def study(folder, changed):
        own, label = counts.copy(), case.copy()
        folder.mkdir()
        own[:, changed], label[changed] = 2 - np.maximum(own[:, changed], 0), ~label[changed]
        given = write_cohort(folder, own, covariates, label)
        associate_sites(**given)
        made = Associations.open(given["statistics"])
        return gzip.decompress(given["associations"].read_bytes()), [made.z(fit) for fit in range(4)]

    before = study(tmp_path / "before", np.zeros(PEOPLE, bool))
    after = study(tmp_path / "after", test)
    assert after[0] == before[0]
    assert all(np.array_equal(one, two, equal_nan=True) for one, two in zip(before[1], after[1], strict=True))
    turned = study(tmp_path / "turned", validation)[1]
    same = [np.array_equal(one, two, equal_nan=True) for one, two in zip(before[1], turned, strict=True)]
    assert same == [False, True, False, False]


def test_stores_of_different_people_are_refused_and_nothing_is_written(cohort, tmp_path):
    given = write_cohort(tmp_path, *cohort)
    write_variant_store(
        tmp_path / "other.zarr", sample_ids=["x"], contig="chr3", positions=[1], alleles=[("A", "C")],
        call_genotype=np.zeros((1, 1, 2)),
    )  # fmt: skip
    with pytest.raises(InputError, match="its people are not those of"):
        associate_sites(**given | {"genotypes": [*given["genotypes"], tmp_path / "other.zarr"]})
    assert not (tmp_path / "out").exists()
