"""Inverse kinematics: round trips, limits, order, failure."""

import numpy as np
import pytest
import torch

from maskdexgrasp_core.arm.kinematics import ArmKinematics
from maskdexgrasp_core.arm.xarm7 import HOME, XARM7
from maskdexgrasp_core.errors import InvalidInputError


@pytest.fixture(scope='module')
def arm():
    return ArmKinematics()


def _reachable(arm, count, seed=0):
    rng = np.random.default_rng(seed)
    joints = rng.uniform(np.maximum(arm.lower, -3), np.minimum(arm.upper, 3), (count, 7))
    return arm.tip_poses(joints)


def test_solutions_reach_the_pose_within_limits_and_are_sorted(arm):
    targets = _reachable(arm, 32)
    solutions = arm.solve_ik(targets, num_seeds=8)
    assert all(len(found) > 0 for found in solutions)
    for target, found in zip(targets, solutions, strict=True):
        poses = arm.tip_poses(found)
        assert np.linalg.norm(poses[:, :3, 3] - target[:3, 3], axis=1).max() < 1e-4
        turn = np.trace(poses[:, :3, :3] @ target[:3, :3].T, axis1=1, axis2=2)
        assert np.arccos(np.clip((turn - 1) / 2, -1, 1)).max() < 1e-3
        assert np.all(found >= arm.lower)
        assert np.all(found <= arm.upper)
        distance = np.linalg.norm(found - HOME, axis=1)
        assert np.all(np.diff(distance) >= 0)


def test_solutions_differ_from_each_other(arm):
    for found in arm.solve_ik(_reachable(arm, 4), num_seeds=12):
        for i, q in enumerate(found):
            assert all(np.abs(q - other).max() > arm.ik.distinct_rad for other in found[:i])


def test_reference_that_is_a_solution_comes_first(arm):
    target = arm.tip_pose(HOME)
    found = arm.solve_ik(target[None], reference=HOME)[0]
    np.testing.assert_allclose(found[0], HOME, atol=1e-3)


def test_joints_turn_to_the_side_of_the_reference(arm):
    reference = HOME + np.array([0, 0, 0, 0, 0, 0, 5.0])
    target = arm.tip_pose(HOME + np.array([0, 0, 0, 0, 0, 0, 5.1 - 2 * np.pi]))
    found = arm.solve_ik(target[None], reference=reference)[0]
    assert found[0][6] == pytest.approx(HOME[6] + 5.1, abs=0.1)


def test_same_seed_gives_the_same_solutions(arm):
    targets = _reachable(arm, 3)
    first, second = (arm.solve_ik(targets, seed=4) for _ in range(2))
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


def test_pose_out_of_reach_has_no_solution(arm):
    target = np.eye(4)
    target[:3, 3] = [1.5, 0, 0.3]
    found = arm.solve_ik(target[None])
    assert found[0].shape == (0, 7)


def test_given_seeds_are_used(arm):
    goal = np.array([0.3, -0.4, 0.2, 1.1, -0.3, 1.2, 0.5])
    found = arm.solve_ik(arm.tip_pose(goal)[None], seeds=goal[None], num_seeds=2)[0]
    assert min(np.abs(found - goal).max(axis=1)) < 1e-3


@pytest.mark.parametrize('bad', [np.eye(4), np.full((1, 4, 4), np.nan)])
def test_bad_poses_are_refused(arm, bad):
    with pytest.raises(InvalidInputError, match='T_base_tip'):
        arm.solve_ik(bad)


def test_unknown_tip_lists_the_links():
    with pytest.raises(InvalidInputError, match='link_eef'):
        ArmKinematics(tip='gripper')


def test_forward_gives_every_link_up_to_the_tip(arm):
    poses = arm.forward(torch.tensor(HOME)[None])
    expected = ['link_base', *(f'link{i}' for i in range(1, 8)), 'link_eef', 'hand_adapter']
    assert list(poses) == [*expected, 'hand_base_link']
    np.testing.assert_allclose(poses['hand_base_link'][0].numpy(), arm.tip_pose(HOME))


def test_home_is_within_limits_and_above_the_table(arm):
    assert np.all(arm.lower + 0.1 < HOME)
    assert np.all(arm.upper - 0.1 > HOME)
    pose = arm.tip_pose(HOME)
    fingertips = pose[:3, 3] - 0.22 * pose[:3, 1]
    assert fingertips[2] > 0.15
    assert abs(fingertips[1]) < 0.02
    assert np.all(np.array(XARM7.max_velocity) <= arm.velocity_limits)
