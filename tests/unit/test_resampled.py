"""Intervals that allow for the fits: worked by hand, and how often they cover."""

import sys
from pathlib import Path

import numpy as np
import pytest

from promoternets.resampled import over_folds, widened

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))
import interval_coverage


def test_the_corrected_t_interval_is_the_one_worked_by_hand():
    # AUCs 0.6, 0.7, 0.8: mean 0.7, variance 0.01; (1/3 + 20/40) 0.01 = 0.0083333; t(0.975, 2) = 4.302653.
    found = over_folds([0.6, 0.7, 0.8], [40, 40, 40], [20, 20, 20])
    assert found.mean == pytest.approx(0.7)
    assert found.se == pytest.approx(0.0912871, abs=1e-7)
    assert (found.low, found.high) == (pytest.approx(0.7 - 0.3927767, abs=1e-6), 1.0)  # 1.0928 is no AUC


def test_repeated_folds_narrow_the_interval_but_never_below_what_the_shared_people_allow():
    # Two repeats of three folds: (1/6 + 1/2) s^2, s^2 = 0.04 / 5, t(0.975, 5) = 2.570582.
    once = over_folds([0.6, 0.7, 0.8], [40] * 3, [20] * 3)
    twice = over_folds([0.6, 0.7, 0.8] * 2, [40] * 6, [20] * 6)
    assert twice.se == pytest.approx(np.sqrt((1 / 6 + 1 / 2) * 0.008))
    assert twice.low == pytest.approx(0.7 - 2.570582 * twice.se, abs=1e-6) and twice.low > once.low
    endless = over_folds([0.6, 0.7, 0.8] * 1000, [40] * 3000, [20] * 3000)
    assert endless.se == pytest.approx(np.sqrt(0.5 * 0.02 / 3), rel=1e-3)


def test_the_order_of_the_folds_does_not_matter_and_their_sizes_do():
    one = over_folds([0.6, 0.7, 0.8], [40, 50, 60], [20, 10, 30])
    other = over_folds([0.8, 0.6, 0.7], [60, 40, 50], [30, 20, 10])
    assert one == pytest.approx(other)
    assert one.se == pytest.approx(np.sqrt((1 / 3 + 0.4) * 0.01))  # 20/40, 10/50 and 30/60: 0.4 on average


def test_folds_without_an_auc_are_left_out_and_counted(caplog):
    found = over_folds([0.6, np.nan, 0.8], [40] * 3, [20] * 3)
    assert found.mean == pytest.approx(0.7) and found.se == pytest.approx(np.sqrt((1 / 2 + 1 / 2) * 0.02))
    assert "1 of 3 folds have no AUC" in caplog.text


def test_one_fold_has_a_mean_but_no_interval_and_none_has_neither():
    alone = over_folds([0.7], [40], [20])
    assert alone.mean == 0.7 and np.isnan(alone[1:]).all()
    assert np.isnan(over_folds([np.nan, np.nan], [40, 40], [20, 20])).all()


@pytest.mark.parametrize(
    ("auc", "train", "test", "message"),
    [
        ([0.6], [40, 40], [20, 20], "1 AUCs, but numbers of people of 2 folds"),
        ([0.6, 0.7], [40], [20, 20], "train on in 1 folds, but to test in 2"),
        ([0.6, 0.7], [40, 0], [20, 20], "nobody to train on"),
    ],
)
def test_folds_that_do_not_fit_together_are_refused(auc, train, test, message):
    with pytest.raises(ValueError, match=message):
        over_folds(auc, train, test)


def test_both_arms_are_widened_by_the_factor_of_the_correction_and_kept_within_bounds():
    # Five folds: 1 + 5 * 20/80 = 2.25, so 1.5 times each arm.
    assert widened(0.7, 0.66, 0.72, [80] * 5, [20] * 5) == pytest.approx((0.64, 0.73))
    assert widened(0.9, 0.1, 0.99, [80] * 5, [20] * 5) == (0.0, 1.0)
    assert np.isnan(widened(0.9, np.nan, np.nan, [80] * 5, [20] * 5)).all()


def test_with_nothing_to_learn_only_the_intervals_that_allow_for_the_fits_cover_as_often_as_they_say():
    found, auc = interval_coverage.study(
        folds=5, learner="ridge", effect=0.0, replicates=150, people=160, sites=120, resamples=200
    )
    coverage = dict(zip(interval_coverage.INTERVALS, found[:, 0], strict=True))
    width = dict(zip(interval_coverage.INTERVALS, found[:, 1], strict=True))
    assert abs(auc.mean() - 0.5) < 0.02
    assert coverage["people"] < 0.9 and coverage["plus excess"] < 0.93
    assert coverage["widened"] >= 0.94 and coverage["corrected t"] >= 0.92
    assert width["people"] < width["widened"] < width["corrected t"]
