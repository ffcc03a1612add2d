import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from maskdexgrasp_core.cell import CELL
from maskdexgrasp_core.errors import UnknownNameError
from maskdexgrasp_core.objects.catalog import CATEGORIES, make_object
from maskdexgrasp_core.sim.world import World

GOAL = np.array([0.6, -0.5, 0.4, 1.2, 0.3, 1.6, -0.5])


def turn_deg(a, b):
    return np.rad2deg(Rotation.from_matrix(a[:3, :3].T @ b[:3, :3]).magnitude())


@pytest.mark.parametrize('category', sorted(CATEGORIES))
def test_objects_come_to_rest_and_stay(category):
    pose = np.eye(4)
    pose[:3, 3] = 0.5, 0.05, CELL.table_height
    model = make_object(category, 3)
    world = World([(model, pose)])
    assert world.settle()
    before = world.object_poses()[model.name]
    world.run(1.0)
    after = world.object_poses()[model.name]
    assert np.linalg.norm(after[:3, 3] - before[:3, 3]) < 0.003
    assert turn_deg(before, after) < 3.0
    assert turn_deg(pose, after) < 15.0  # it did not topple from the pose it was placed in
    assert abs(after[2, 3] - CELL.table_height) < 0.01


def test_arm_tracks_a_trajectory(can_world, quintic):
    home = np.array(can_world.cfg.home)
    trajectory = quintic(can_world.joints.arm, np.array([home, GOAL]), 1.0)
    can_world.start_trajectory(trajectory)
    start, worst = can_world.time_s, 0.0
    while can_world.arm_state().is_moving:
        can_world.step(5)
        elapsed = can_world.time_s - start
        reference = [np.interp(elapsed, trajectory.times_s, q) for q in trajectory.positions.T]
        worst = max(worst, np.abs(can_world.arm_state().joint_positions - reference).max())
    assert np.abs(trajectory.velocities).max() > 1.0
    assert worst < 0.02
    can_world.run(0.3)
    np.testing.assert_allclose(can_world.arm_state().joint_positions, GOAL, atol=2e-3)


def test_stop_halts_the_arm_at_once(can_world, quintic):
    home = np.array(can_world.cfg.home)
    can_world.start_trajectory(quintic(can_world.joints.arm, np.array([home, GOAL]), 1.0))
    can_world.run(0.5)
    assert np.abs(can_world.arm_state().joint_velocities).max() > 1.0
    can_world.stop_arm()
    at_stop = can_world.arm_state().joint_positions
    assert can_world.arm_state().is_stopped
    assert not can_world.arm_state().is_moving
    for _ in range(50):  # never further than the braking distance, at rest after half a second
        can_world.run(0.01)
        assert np.abs(can_world.arm_state().joint_positions - at_stop).max() < 0.015
    assert np.abs(can_world.arm_state().joint_velocities).max() < 0.02


def test_motor_stalls_at_its_force_limit(can_world):
    # The thumb lies across the curling index finger: the finger cannot reach its target.
    limits = np.array([1.0, 1.0, 0.4, 1.0, 1.0, 1.0])
    can_world.move_hand(np.array([1.1, 0.5, 0.0, 0.0, 0.0, 0.0]), limits, 0.3)
    can_world.run(0.6)
    can_world.move_hand(np.array([1.1, 0.5, 1.4, 0.0, 0.0, 0.0]), limits, 0.5)
    can_world.run(1.5)
    state = can_world.hand_state()
    assert state.stalled[2]
    assert state.motor_efforts[2] == pytest.approx(0.4, abs=0.02)
    assert state.motor_positions[2] < 1.3
    assert not state.stalled[3:].any()
    assert not state.is_moving


def test_same_start_same_course(can, quintic):
    courses = []
    for _ in range(2):
        world = World([can])
        home = np.array(world.cfg.home)
        world.start_trajectory(quintic(world.joints.arm, np.array([home, GOAL]), 0.5))
        world.run(0.7)
        courses.append(world.data.qpos.copy())
    np.testing.assert_array_equal(courses[0], courses[1])


def test_reset_returns_to_the_start(can_world, can):
    start = can_world.data.qpos.copy()
    can_world.move_hand(np.array([1.0, 0.3, 1.0, 1.0, 1.0, 1.0]), np.ones(6), 0.2)
    can_world.run(0.4)
    can_world.stop_arm()
    can_world.stop_hand()
    can_world.reset()
    np.testing.assert_array_equal(can_world.data.qpos, start)
    assert can_world.time_s == 0.0
    assert not can_world.arm_state().is_stopped
    assert not can_world.hand_state().is_stopped
    can_world.reset([])
    assert can_world.object_poses() == {}


def test_unknown_body_is_named(can_world):
    with pytest.raises(UnknownNameError, match='mug'):
        can_world.body_pose('mug')
