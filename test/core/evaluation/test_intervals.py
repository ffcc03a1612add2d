"""Intervals: known values, coverage, and what JSON gets."""

import json

import numpy as np
import pytest

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.evaluation.intervals import Rate, estimate_mean


def test_wilson_interval_is_that_of_the_closed_form():
    rate, z = Rate(successes=45, total=50), 1.959963985
    share = 0.9
    middle = (share + z**2 / 100) / (1 + z**2 / 50)
    half = z / (1 + z**2 / 50) * np.sqrt(share * (1 - share) / 50 + z**2 / 10000)
    assert rate.value == share
    assert rate.interval == pytest.approx((middle - half, middle + half), abs=1e-9)


@pytest.mark.parametrize('successes', [0, 20])
def test_intervals_of_nothing_and_everything_have_width_and_stay_in_range(successes):
    low, high = Rate(successes=successes, total=20).interval
    assert 0.0 <= low < high <= 1.0
    assert high - low > 0.1


def test_a_rate_of_no_trials_is_unknown():
    rate = Rate(successes=0, total=0)
    assert np.isnan(rate.value)
    expected = {'value': None, 'interval': [0.0, 1.0], 'successes': 0, 'total': 0}
    assert json.loads(json.dumps(rate.to_json(), allow_nan=False)) == expected


def test_mean_of_normal_samples_has_the_width_of_its_standard_error():
    values = np.random.default_rng(0).normal(3.0, 1.0, 400)
    found = estimate_mean(values, seed=1)
    low, high = found.interval
    assert found.value == pytest.approx(values.mean())
    assert low < found.value < high
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)
    assert found == estimate_mean(values, seed=1)


def test_alike_samples_of_a_group_widen_the_interval_to_that_of_the_groups():
    levels = np.random.default_rng(3).normal(size=25)
    values, groups = np.repeat(levels, 40), np.repeat(np.arange(25), 40).tolist()
    alone, grouped = estimate_mean(values), estimate_mean(values, groups=groups)
    assert grouped.value == pytest.approx(alone.value)
    width = grouped.interval[1] - grouped.interval[0]
    assert width > 4 * (alone.interval[1] - alone.interval[0])
    assert width == pytest.approx(2 * 1.96 * levels.std() / 5, rel=0.15)


def test_groups_weigh_by_their_samples():
    found = estimate_mean(np.array([1.0, 1.0, 1.0, 5.0]), groups=['a', 'a', 'a', 'b'])
    assert found.value == 2.0
    assert found.interval == (1.0, 5.0)


def test_equal_samples_few_samples_and_none():
    assert estimate_mean(np.full(10, 0.5)).interval == (0.5, 0.5)
    assert estimate_mean(np.array([0.5])).interval is None
    assert estimate_mean(np.arange(4.0), groups=['a'] * 4).interval is None
    empty = estimate_mean(np.zeros(0)).to_json()
    assert json.loads(json.dumps(empty, allow_nan=False)) == {
        'value': None,
        'interval': None,
        'count': 0,
    }


def test_wrong_input_is_refused():
    for successes, total in ((3, 2), (-1, 2)):
        with pytest.raises(InvalidInputError):
            Rate(successes=successes, total=total)
    for values in (np.array([1.0, np.nan]), np.zeros((2, 2))):
        with pytest.raises(InvalidInputError):
            estimate_mean(values)
    with pytest.raises(InvalidInputError):
        estimate_mean(np.zeros(3), groups=['a'])
