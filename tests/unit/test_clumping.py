"""Clumping keeps the strongest sites, and of linked ones only the strongest."""

import numpy as np

from promoternets.clumping import clump, filled


def linked(seed=0, people=400):
    """Return values of ten sites: 0 to 2 are nearly one site, 3 to 9 on their own."""
    random = np.random.default_rng(seed)
    values = random.binomial(2, 0.4, (10, people)).astype(np.float32)
    values[1] = values[2] = values[0]
    values[1, :5] = 2 - values[1, :5]
    return values


def test_of_linked_sites_the_strongest_stays_unless_they_lie_apart():
    values, position = linked(), np.arange(10) * 100
    strength = np.array([1.0, 3, 2, 9, 8, 7, 6, 5, 4, np.nan])
    assert clump(strength, position, values, r2=0.5, distance=1000).tolist() == [3, 4, 5, 6, 7, 8, 1]
    assert clump(strength, position, values, r2=0.5, distance=99).tolist() == [3, 4, 5, 6, 7, 8, 1, 2, 0]
    far = clump(strength, position, values, r2=0.5, distance=100)
    assert far.tolist() == [3, 4, 5, 6, 7, 8, 1]


def test_sites_kept_above_a_strength_are_those_of_the_stronger_sites_alone():
    random = np.random.default_rng(4)
    values = np.repeat(random.binomial(2, 0.3, (30, 200)), 3, axis=0).astype(np.float32)
    values[random.random(values.shape) < 0.1] = 1
    strength, position = random.random(90), np.arange(90) * 50
    whole = clump(strength, position, values, r2=0.2, distance=400)
    best = np.flatnonzero(strength > 0.6)
    alone = best[clump(strength[best], position[best], values[best], r2=0.2, distance=400)]
    assert alone.tolist() == whole[: len(alone)].tolist() and 0 < len(alone) < len(whole)


def test_sites_that_are_the_same_in_everybody_are_not_chosen_and_gaps_are_the_mean_of_those_who_train():
    counts = np.array([[0, 2, -1, 2], [1, 1, 1, 1], [-1, -1, -1, 2]], dtype=np.int8)
    values, mean = filled(counts, np.array([0, 1, 2]))
    assert values.tolist() == [[0, 2, 1], [1, 1, 1], [0, 0, 0]] and mean.tolist() == [1, 1, 0]
    assert clump(np.array([1.0, 5.0, 5.0]), np.arange(3), values, r2=0.5, distance=9).tolist() == [0]
