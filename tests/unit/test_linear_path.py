"""The linear path of ALS-Net: what it learns, how it is joined, and that the network computes it in every encoding."""

import numpy as np
import pytest
import torch

from promoternets.als_net.linear_path import Joined, fit_score, join, linear_weights, site_counts, with_linear_path
from promoternets.formats.outer_fold import OuterFold
from promoternets.networks.als_net import ALSNet
from promoternets.networks.encoding import ABSENT, MISSING, Encoder
from promoternets.training.ensemble import Member
from promoternets.training.settings import TrainingSettings

PEOPLE, PROMOTERS, SITES = 300, 2, 6
WIDTH = PROMOTERS * SITES


@pytest.fixture(scope="module")
def haplotypes():
    generator = np.random.default_rng(2)
    made = generator.integers(0, 2, (PEOPLE, WIDTH, 2)).astype(np.int8)
    made[generator.random((PEOPLE, WIDTH)) < 0.1] = MISSING
    made[:, 5] = ABSENT
    return made


@pytest.fixture(scope="module")
def counts(haplotypes):
    return np.where(haplotypes[..., 0] < 0, haplotypes[..., 0], haplotypes.sum(-1)).astype(np.int8)


@pytest.fixture(scope="module")
def people(counts):
    liability = counts[:, 0] + 0.8 * np.random.default_rng(3).normal(size=PEOPLE)
    labels = (liability > np.median(liability)).astype(np.int64)
    return OuterFold(np.arange(PEOPLE).astype(str), labels, np.tile([1, 2, 3], PEOPLE // 3), np.arange(200),
                     np.arange(200, PEOPLE))  # fmt: skip


@pytest.fixture(scope="module")
def validation(people):
    return people.split_training(1)[1]


def test_it_finds_the_site_that_matters(counts, people, validation):
    score = fit_score(counts, people, validation)
    assert np.abs(score.weight).argmax() == 0 and score.weight[0] > 0
    assert score.weight[5] == 0, "a site that is absent has no weight"


def test_validation_people_have_a_score_that_has_not_seen_them(counts, people, validation):
    """Turning their phenotypes round turns the weights, which see them, but hardly their own scores."""
    turned = people.labels.copy()
    turned[validation] = 1 - turned[validation]
    other = OuterFold(people.sample_ids, turned, people.inner, people.training, people.test)
    here, there = (fit_score(counts, who, validation) for who in (people, other))
    assert here.weight[0] > 1.5 * there.weight[0]
    assert np.corrcoef(here.held_out, there.held_out)[0, 1] > 0.9


def test_test_people_reach_nothing(counts, people, validation):
    changed, labels = counts.copy(), people.labels.copy()
    changed[people.test], labels[people.test] = 0, 1 - labels[people.test]
    other = OuterFold(people.sample_ids, labels, people.inner, people.training, people.test)
    here, there = fit_score(counts, people, validation), fit_score(changed, other, validation)
    for name in ("weight", "mean", "held_out"):
        np.testing.assert_array_equal(getattr(here, name), getattr(there, name))


def test_what_is_known_is_not_learned_again(counts, people, validation):
    known = 4.0 * (counts[:, 0] - 1.0)
    assert (
        np.abs(fit_score(counts, people, validation, known).weight[0])
        < 0.2 * fit_score(counts, people, validation).weight[0]
    )


@pytest.mark.parametrize("right", ["score", "deep"])
def test_whoever_is_right_is_believed(right):
    generator = np.random.default_rng(5)
    case = generator.random(400) < 0.3
    told, noise = case + generator.normal(size=400), generator.normal(size=400)
    given = {"score": noise, "deep": noise} | {right: told}
    joined = join(given["score"], given["deep"], case, balanced=True)
    factors = {"score": joined.linear, "deep": joined.deep}
    other = "deep" if right == "score" else "score"
    assert factors[right] > 0.7 and 0 <= factors[other] < 0.3


def test_factors_are_those_of_logistic_regression():
    """Against scikit-learn where no limit is reached."""
    from sklearn.linear_model import LogisticRegression

    generator = np.random.default_rng(6)
    both = generator.normal(size=(600, 2))
    case = generator.random(600) < 1 / (1 + np.exp(-(both @ [1.0, 0.5] - 1)))
    known = generator.normal(size=600)
    for balanced in (True, False):
        fitted = LogisticRegression(C=1e6, class_weight="balanced" if balanced else None).fit(both, case)
        joined = join(both[:, 0], both[:, 1], case, balanced=balanced)
        np.testing.assert_allclose([joined.linear, joined.deep], fitted.coef_[0], rtol=0.01)
        assert joined.intercept == pytest.approx(fitted.intercept_[0], abs=0.01)
    assert join(both[:, 0], both[:, 1], case, balanced=False, known=-known).linear != pytest.approx(joined.linear)


def test_two_classes_told_apart_without_error_settle():
    case = np.tile([True, False], 20)
    joined = join(case.astype(float), case.astype(float), case, balanced=True)
    assert np.isfinite([joined.linear, joined.deep, joined.intercept]).all()


@pytest.mark.parametrize("encoding", ["one_hot", "scalar", "haplotype", "standardised"])
def test_the_network_computes_the_score_in_every_encoding(haplotypes, counts, people, validation, encoding):
    score = fit_score(counts, people, validation)
    encoder = Encoder(encoding)
    stored = haplotypes if encoder.source == "haplotype" else counts
    encoder.fit(stored[people.training] if encoder.source == "genotype" else counts[people.training])
    plain = ALSNet(encoder.channels, PROMOTERS, SITES).eval()
    joined = ALSNet(encoder.channels, PROMOTERS, SITES, linear_path=True).eval()
    joined.load_state_dict(plain.state_dict() | linear_weights(score, Joined(3.0, 0.5, 0.25), encoder))
    with torch.no_grad():
        x = encoder(torch.from_numpy(stored))
        before, after = plain(x), joined(x)
    expected = np.where(counts >= 0, counts - score.mean, 0) @ score.weight * 3 + 0.25
    expected += 0.5 * (before[:, 1] - before[:, 0]).numpy()
    np.testing.assert_allclose((after[:, 1] - after[:, 0]).numpy(), expected, atol=2e-5)


def test_counts_of_haplotypes(haplotypes, counts):
    found = site_counts(haplotypes, "haplotype")
    np.testing.assert_array_equal(found >= 0, counts >= 0)
    np.testing.assert_array_equal(found[counts >= 0], counts[counts >= 0])


def test_each_network_gets_its_own_factors(counts, people, validation):
    told = people.labels[validation] * 2.0 - 1
    members = [
        Member(number, 1, [], (sign * told).astype(np.float32), {"x": torch.zeros(1)})
        for number, sign in enumerate([1, -1])
    ]
    weights, about = with_linear_path(members, counts, people, validation, Encoder("scalar"), TrainingSettings())
    assert weights[0]["linear.deep"] > weights[1]["linear.deep"] > 0 and "x" in weights[0]
    assert about["factors"][0]["deep"] > about["factors"][1]["deep"] and about["sites"] >= 1


def test_sites_that_are_the_same_in_everybody_say_nothing(people, validation, caplog):
    score = fit_score(np.ones((PEOPLE, WIDTH), dtype=np.int8), people, validation)
    assert not score.weight.any() and not score.held_out.any() and "says nothing" in caplog.text
