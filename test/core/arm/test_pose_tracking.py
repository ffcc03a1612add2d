"""Inverse kinematics as planning uses it: what it reaches, what it refuses, what home is."""

from itertools import pairwise

import numpy as np
import pytest

from maskdexgrasp_core.arm.collision import CollisionScene
from maskdexgrasp_core.arm.pose_tracking import interpolate_poses, pose_error, solve_pose
from maskdexgrasp_core.arm.xarm7 import HOME, XARM7
from maskdexgrasp_core.geometry.urdf import RobotDescription
from maskdexgrasp_core.resources import resource_path


@pytest.fixture(scope='module')
def scene():
    return CollisionScene(resource_path(XARM7.urdf), None)


@pytest.fixture(scope='module')
def bounds(scene):
    return scene.model.jnt_range[:7].T.copy()


def postures(count, seed=0):
    return HOME + np.random.default_rng(seed).normal(0.0, 0.4, (count, 7))


def test_poses_near_the_start_are_reached_within_limits(scene, bounds):
    for goal in np.clip(postures(40), *bounds):
        target = scene.hand_pose(goal)
        start = np.clip(goal + np.random.default_rng(1).normal(0.0, 0.2, 7), *bounds)
        q = solve_pose(scene, target, start, bounds)
        assert q is not None
        error = pose_error(scene.hand_pose(q), target)
        assert np.linalg.norm(error[:3]) < 2e-4
        assert np.linalg.norm(error[3:]) < 1e-3
        assert (q >= bounds[0]).all()
        assert (q <= bounds[1]).all()


def test_a_start_that_is_there_already_stays(scene, bounds):
    q = solve_pose(scene, scene.hand_pose(HOME), HOME, bounds)
    np.testing.assert_array_equal(q, HOME)


def test_tight_limits_are_kept_and_make_a_pose_unreachable(scene, bounds):
    tight = np.stack([HOME - 0.05, HOME + 0.05])
    target = scene.hand_pose(HOME + 0.3)
    assert solve_pose(scene, target, HOME, bounds) is not None
    assert solve_pose(scene, target, HOME, tight) is None


def test_a_pose_out_of_reach_has_no_solution(scene, bounds):
    target = np.eye(4)
    target[:3, 3] = [1.5, 0.0, 0.3]
    assert all(solve_pose(scene, target, start, bounds) is None for start in postures(8))


def test_a_line_of_poses_ends_in_its_goal_by_small_even_steps(scene):
    start, goal = scene.hand_pose(HOME), scene.hand_pose(HOME + 0.2)
    poses = [start, *interpolate_poses(start, goal, step_m=0.01, step_rad=0.05)]
    np.testing.assert_allclose(poses[-1], goal, atol=1e-9)
    steps = np.array([pose_error(a, b) for a, b in pairwise(poses)])
    lengths = np.linalg.norm(steps[:, :3], axis=1)
    assert lengths.max() < 0.01 + 1e-9
    np.testing.assert_allclose(lengths, lengths[0], atol=1e-9)
    assert np.linalg.norm(steps[:, 3:], axis=1).max() < 0.05 + 1e-6


def test_home_is_within_limits_and_above_the_table(scene, bounds):
    assert np.all(bounds[0] + 0.1 < HOME)
    assert np.all(bounds[1] - 0.1 > HOME)
    pose = scene.hand_pose(HOME)
    fingertips = pose[:3, 3] - 0.22 * pose[:3, 1]
    assert fingertips[2] > 0.15
    assert abs(fingertips[1]) < 0.02


def test_motions_keep_the_speeds_that_the_robot_allows(scene):
    joints = RobotDescription(XARM7.urdf).joints
    allowed = [joints[name].velocity for name in scene.arm_joint_names]
    assert np.all(np.array(XARM7.max_velocity) <= allowed)
