"""Joint entropies of sets whose entropy is known."""

import numpy as np
import pytest

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.evaluation.entropy import EntropyCfg, joint_entropy
from maskdexgrasp_core.hands import SHADOW

LOWER, UPPER = np.array([0.0, -1.0, 2.0]), np.array([1.0, 1.0, 2.5])


def in_range(shares):
    """Return joint positions (N, 3) for shares (N, 3) of the ranges."""
    return LOWER + np.asarray(shares) * (UPPER - LOWER)


def test_one_value_has_no_entropy():
    found = joint_entropy(in_range(np.full((50, 3), 0.37)), LOWER, UPPER)
    assert found.h_mean == 0.0
    assert found.h_std == 0.0


def test_even_use_of_every_bin_has_the_logarithm_of_their_number():
    middles = (np.arange(100) + 0.5) / 100
    found = joint_entropy(in_range(np.stack([middles] * 3, axis=1)), LOWER, UPPER)
    assert found.h_mean == pytest.approx(np.log(100))
    assert found.h_std == pytest.approx(0.0, abs=1e-12)


def test_mean_and_spread_are_over_the_joints():
    still, two, four = np.full(8, 0.5), np.repeat([0.1, 0.9], 4), np.tile([0.1, 0.3, 0.5, 0.9], 2)
    found = joint_entropy(in_range(np.stack([still, two, four], axis=1)), LOWER, UPPER)
    np.testing.assert_allclose(found.per_joint, [0.0, np.log(2), np.log(4)])
    assert found.h_mean == pytest.approx(np.log(2))
    assert found.h_std == pytest.approx(np.log(2) * np.sqrt(2 / 3))


def test_uniform_samples_come_near_ln_100_but_for_the_bias_of_few():
    draws = np.random.default_rng(0).uniform(size=(4000, SHADOW.num_joints))
    joints = SHADOW.lower + draws * (SHADOW.upper - SHADOW.lower)
    found = joint_entropy(joints, SHADOW.lower, SHADOW.upper)
    assert found.expected_bias == pytest.approx(99 / 8000)
    assert found.h_mean + found.expected_bias == pytest.approx(np.log(100), abs=1e-3)


def test_values_outside_are_clamped_and_counted_and_the_limits_are_inside():
    joints = in_range([[0.0, 0.5, 1.0], [1.0, 0.5, 0.0]])
    assert joint_entropy(joints, LOWER, UPPER).num_clamped == 0
    joints[0, 0] -= 1e-6  # rounding of single precision
    joints[1, 1] = 7.0
    found = joint_entropy(joints, LOWER, UPPER)
    assert found.num_clamped == 1
    np.testing.assert_allclose(found.per_joint, np.log(2))


def test_order_of_grasps_does_not_matter_and_a_draw_repeats_with_its_seed():
    joints = in_range(np.random.default_rng(1).beta(2, 5, size=(300, 3)))
    shuffled = joints[np.random.default_rng(2).permutation(300)]
    whole = joint_entropy(joints, LOWER, UPPER)
    np.testing.assert_allclose(joint_entropy(shuffled, LOWER, UPPER).per_joint, whole.per_joint)
    drawn = [
        joint_entropy(joints, LOWER, UPPER, EntropyCfg(num_samples=100, seed=seed)).h_mean
        for seed in (0, 0, 1)
    ]
    assert drawn[0] == drawn[1] != drawn[2]
    assert drawn[0] < whole.h_mean


def test_fewer_grasps_than_asked_are_refused_unless_allowed():
    joints = in_range(np.random.default_rng(1).uniform(size=(30, 3)))
    with pytest.raises(InvalidInputError, match='only 30'):
        joint_entropy(joints, LOWER, UPPER, EntropyCfg(num_samples=31))
    cfg = EntropyCfg(num_samples=31, allow_fewer=True)
    assert joint_entropy(joints, LOWER, UPPER, cfg).num_samples == 30


def test_wrong_input_is_refused():
    joints = in_range(np.full((4, 3), 0.5))
    broken = joints.copy()
    broken[0, 0] = np.nan
    for values, lower, upper in (
        (joints[:0], LOWER, UPPER),
        (joints[0], LOWER, UPPER),
        (broken, LOWER, UPPER),
        (joints, LOWER[:2], UPPER[:2]),
        (joints, UPPER, LOWER),
        (joints, LOWER, UPPER * np.inf),
    ):
        with pytest.raises(InvalidInputError):
            joint_entropy(values, lower, upper)
    with pytest.raises(InvalidInputError):
        EntropyCfg(num_bins=1)
    with pytest.raises(InvalidInputError):
        EntropyCfg(num_samples=0)
