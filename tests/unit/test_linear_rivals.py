"""Elastic net, ridge on all promoter sites and the polygenic score learn from training people only and find signal."""

import math

import numpy as np
import pytest
from sklearn.linear_model import ElasticNet, LogisticRegression
from sklearn.metrics import roc_auc_score
from stores import write_blocks

from promoternets.baselines.columns import GenotypeColumns
from promoternets.baselines.elastic_net import ElasticNetScore, ScreenedGenotypes, follow, site_moments, strongest
from promoternets.baselines.fit import fit
from promoternets.baselines.polygenic import THRESHOLDS, Clumping, best_alone, fit_polygenic_score
from promoternets.baselines.promoter_sites import PromoterSites, coordinates, screened
from promoternets.clumping import filled
from promoternets.errors import InputError
from promoternets.formats.associations import Associations, Piece, write_associations
from promoternets.formats.outer_fold import OuterFold
from promoternets.formats.variant_store import write_variant_store

PEOPLE = 240


def genotypes(sites=150, people=PEOPLE, seed=0):
    """Return int8 [people, sites] with gaps, and cases by the first three sites."""
    random = np.random.default_rng(seed)
    x = random.binomial(2, random.uniform(0.2, 0.5, sites), (people, sites)).astype(np.int8)
    liability = 1.2 * (x[:, :3] - x[:, :3].mean(axis=0)).sum(axis=1) + random.logistic(size=people)
    x[random.random(x.shape) < 0.02] = -1
    x[:, -1] = 1
    return x, liability > np.median(liability)


def test_screening_keeps_the_sites_most_correlated_with_the_phenotype_and_standardises_them():
    x, case = genotypes()
    columns = ScreenedGenotypes(10).fit(x, case)
    plain = GenotypeColumns().fit(x)
    every = np.abs([np.corrcoef(column, case)[0, 1] for column in plain.transform(x).T])
    assert set(np.flatnonzero(columns.kept_)) == set(np.flatnonzero(plain.kept_)[np.argsort(-every)[:10]])
    assert columns.dropped_ == {"constant": 1, "screened_out": x.shape[1] - 11}
    made = columns.transform(x)
    assert made.dtype == np.float32 and made.flags.f_contiguous
    assert np.allclose(made, plain.transform(x)[:, np.isin(np.flatnonzero(plain.kept_), np.flatnonzero(columns.kept_))],
                       atol=1e-5)  # fmt: skip
    with pytest.raises(InputError, match="none of the sites differs"):
        ScreenedGenotypes(10).fit(x[:, -1:], case)


def test_the_path_is_scikit_learn_s_elastic_net_and_begins_where_no_site_is_left():
    x, case = genotypes()
    values = ScreenedGenotypes().fit(x, case).transform(x)
    path = follow(values, case, 0.5, [1.0, 0.5, 0.2])
    assert not path.coefficients[0].any() and path.coefficients[1].any()
    largest = np.abs((case - case.mean()) @ values).max() / (len(case) * 0.5)
    model = ElasticNet(alpha=0.2 * largest, l1_ratio=0.5, tol=1e-6).fit(values.astype(float), case.astype(float))
    assert np.corrcoef(model.predict(values), path.score(values)[2])[0, 1] > 0.9999
    assert np.allclose(model.predict(values), path.score(values)[2], atol=5e-3)
    alone = ElasticNetScore(0.5, 0.2).fit(values, case)
    assert np.allclose(alone.decision_function(values), path.score(values)[2], atol=5e-3)


def test_elastic_net_finds_the_planted_sites_and_ranks_people_it_has_not_seen():
    x, case = genotypes(people=2 * PEOPLE)
    train, test = np.arange(PEOPLE), np.arange(PEOPLE, 2 * PEOPLE)
    fitted = fit("elastic_net", x[train], case[train], train, seed=1)
    assert roc_auc_score(case[test], fitted.probability(x[test])) > 0.75
    assert fitted.details["converged"] and len(fitted.details["tried"]) == 36
    assert "squared loss" in " ".join(fitted.details["notes"])
    probability = fitted.probability(x[test])
    assert abs(probability.mean() - case[test].mean()) < 0.1  # calibrated


def test_with_labels_drawn_by_lot_screening_makes_no_inner_auc():
    """Were sites screened by everybody's labels, the held-out people would look predictable (AUC above 0.7)."""
    random = np.random.default_rng(5)
    x = random.binomial(2, 0.4, (PEOPLE, 3000)).astype(np.int8)
    case = random.permutation(np.tile([True, False], PEOPLE // 2))
    fitted = fit("elastic_net", x, case, np.arange(PEOPLE), seed=1, screened_sites=20)
    assert fitted.details["inner_auc"] < 0.62
    leaky = x[:, strongest(site_moments(x, case.astype(float))[2], 20)]
    assert fit("elastic_net", leaky, case, np.arange(PEOPLE), seed=1).details["inner_auc"] > 0.7


@pytest.fixture
def blocks(tmp_path):
    """All promoter sites of two chromosomes, the same as int8 [people, sites], and cases: odd numbers."""
    stores = write_blocks(tmp_path, people=80, promoters=(3, 2), planted=(0, 1))
    names = np.array([f"p{number}" for number in np.random.default_rng(0).permutation(80)], object)
    sites = PromoterSites(stores, names)
    case = np.array([int(name[1:]) % 2 == 1 for name in names])
    return sites, sites.read(np.arange(len(sites))), case


def test_promoter_sites_are_read_for_the_people_asked_for_in_any_chunks(blocks, monkeypatch):
    sites, x, _ = blocks
    assert x.shape == (80, 40 * 5 + 48) and len(sites) == x.shape[1]
    monkeypatch.setattr("promoternets.baselines.promoter_sites.SITES_AT_ONCE", 17)
    wanted = np.array([0, 5, 100, 144, 145, 247])
    assert np.array_equal(sites.read(wanted), x[:, wanted])
    number = int(np.flatnonzero(sites.stores[0].sample_ids == "p7")[0])
    person = sites.rows[0].tolist().index(number)
    assert np.array_equal(x[person, :144], sites.stores[0].counts()[:, number])
    with pytest.raises(InputError, match="the blocks lack 1 of 2 people, nobody the first"):
        PromoterSites([store.path for store in sites.stores], np.array(["p1", "nobody"], object))


def test_screening_beforehand_is_screening_all_sites_in_every_inner_part(blocks):
    sites, x, case = blocks
    groups = [np.arange(60), np.arange(40), np.arange(20, 60)]
    found = screened(sites, case, groups, 15)
    assert 15 < found.shape[1] <= 45
    for group in groups:
        few, all_ = (ScreenedGenotypes(15).fit(part[group], case[group]) for part in (found, x))
        assert np.array_equal(found[:, few.kept_], x[:, all_.kept_])


def test_labels_and_genotypes_of_people_outside_every_group_choose_no_site(blocks):
    sites, x, case = blocks
    groups = [np.arange(60), np.arange(40)]
    turned = case.copy()
    turned[60:] = ~turned[60:]
    assert np.array_equal(screened(sites, case, groups, 15), screened(sites, turned, groups, 15))


def test_ridge_in_coordinates_of_people_is_ridge_on_all_sites(blocks):
    sites, x, case = blocks
    train, test = np.arange(60), np.arange(60, 80)
    made = coordinates(sites, train)
    columns = GenotypeColumns().fit(x[train])
    plain = columns.transform(x) * np.sqrt(len(train) / columns.kept_.sum())
    for c in (0.001, 0.1):
        few, all_ = (
            LogisticRegression(C=c, tol=1e-8, max_iter=5000).fit(part[train], case[train]) for part in (made, plain)
        )
        assert np.allclose(few.decision_function(made[test]), all_.decision_function(plain[test]), atol=2e-3)
    fitted = fit("ridge_all", made[train], case[train], train, seed=1)
    assert roc_auc_score(case[test], fitted.probability(made[test])) > 0.9


def study_of(folder, counts, case, people, rounds):
    """Write two chromosomes and the study of z by correlation in each group of people; return the paths."""
    names = [f"p{number}" for number in range(len(case))]
    calls = np.stack([np.minimum(counts, 1), np.where(counts < 0, -1, np.maximum(counts - 1, 0))], axis=-1)
    paths, pieces, half = [], [], len(counts) // 2
    groups = [people.training, *(fitting for fitting, _ in people.validation_rounds(rounds))]
    for number, rows in enumerate((slice(0, half), slice(half, None))):
        paths.append(folder / f"chr{number + 1}.zarr")
        place = np.arange(half, dtype=np.int32) * 10_000 + 1
        alleles = np.array([["A", "G"]] * half, object)
        write_variant_store(paths[-1], sample_ids=names, contig=f"chr{number + 1}", positions=place, alleles=alleles,
                            call_genotype=calls[rows])  # fmt: skip
        z = []
        for group in groups:
            values = filled(counts[rows], group)[0]
            with np.errstate(invalid="ignore"):  # the site that is the same in everybody has none
                z.append([np.corrcoef(one, case[group])[0, 1] * np.sqrt(len(group)) for one in values])
        z = np.array(z)
        pieces.append(Piece(f"chr{number + 1}", place, alleles, z[0], z / 5, z[0], z, z[0]))
    write_associations(folder / "t.tsv.gz", folder / "study.zarr", pieces, fold=1, rounds=rounds)
    return paths, folder / "study.zarr"


def outer_fold(case):
    number = np.arange(len(case))
    test = number % 3 == 0
    return OuterFold(np.array([f"p{n}" for n in number], object), case.astype(np.int64), number // 3 % 4 + 1,
                     np.flatnonzero(~test), np.flatnonzero(test))  # fmt: skip


def test_a_polygenic_score_is_the_sum_of_effects_of_clumped_sites_below_its_threshold(tmp_path):
    x, case = genotypes(sites=60, people=600)
    people = outer_fold(case)
    paths, study = study_of(tmp_path, np.ascontiguousarray(x.T), case, people, 4)
    probability, details = fit_polygenic_score(paths, study, people, Clumping(r2=0.1, distance=50_000))
    z = Associations.open(study).z(0)
    limit = details["chosen"]["threshold"]
    taken = np.flatnonzero(2 * (1 - 0.5 * (1 + np.vectorize(math.erf)(np.abs(z) / 2**0.5))) <= limit)
    assert {0, 1, 2} <= set(taken) and len(taken) == details["columns_used"]  # independent sites: no clump takes any
    mean = filled(np.ascontiguousarray(x.T), people.training)[1]
    own = np.where(x >= 0, x, mean)[people.test][:, taken] @ (z[taken] / 5)
    logit = np.log(probability / (1 - probability))
    assert np.corrcoef(own, logit)[0, 1] == pytest.approx(1, abs=1e-6)
    assert roc_auc_score(case[people.test], probability) > 0.75
    assert [row["setting"]["threshold"] for row in details["tried"]] == list(THRESHOLDS)
    assert details["tried"][-1]["sites"] >= 50 and details["candidates_capped"] is False


def test_labels_of_test_people_change_no_polygenic_score(tmp_path):
    x, case = genotypes(sites=40)
    turned = case.copy()
    turned[::3] = ~turned[::3]
    scores = []
    for name, labels in (("as_is", case), ("turned", turned)):
        (tmp_path / name).mkdir()
        people = outer_fold(labels)
        paths, study = study_of(tmp_path / name, np.ascontiguousarray(x.T), labels, people, 3)
        scores.append(fit_polygenic_score(paths, study, people, Clumping())[0])
    assert np.array_equal(*scores)


def test_with_labels_drawn_by_lot_no_threshold_makes_an_inner_auc(tmp_path):
    random = np.random.default_rng(8)
    case = random.permutation(np.tile([True, False], 150))
    people = outer_fold(case)
    paths, study = study_of(tmp_path, random.binomial(2, 0.4, (400, 300)).astype(np.int8), case, people, 4)
    _, details = fit_polygenic_score(paths, study, people, Clumping())
    assert details["inner_auc"] < 0.6  # in the people who make it, the score of all sites has an AUC above 0.9


def test_only_the_best_candidates_are_looked_at_and_that_is_said(caplog):
    caplog.set_level("INFO")
    kept = best_alone(np.array([1.0, np.nan, 3, 2, 0.5]), 2)
    assert np.flatnonzero(np.isfinite(kept)).tolist() == [2, 3]
    assert "only the best 2 of 4 sites are looked at, those with p up to 0.046" in caplog.text
    assert best_alone(np.array([1.0, np.nan]), 2).tolist()[0] == 1.0


def test_a_study_of_other_sites_is_refused(tmp_path):
    x, case = genotypes(sites=40)
    people = outer_fold(case)
    paths, study = study_of(tmp_path, np.ascontiguousarray(x.T), case, people, 3)
    write_variant_store(tmp_path / "chr3.zarr", sample_ids=people.sample_ids.tolist(), contig="chr3", positions=[5],
                        alleles=[("A", "C")], call_genotype=np.zeros((1, len(case), 2)))  # fmt: skip
    with pytest.raises(InputError, match=r"its sites are not those of .*chr3.zarr"):
        fit_polygenic_score([*paths, tmp_path / "chr3.zarr"], study, people, Clumping())
