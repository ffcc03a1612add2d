from dataclasses import replace

import numpy as np
import pytest

from maskdexgrasp_core.errors import DriverError, InvalidInputError
from maskdexgrasp_core.protocols import ArmDriver, Camera, Clock, HandDriver
from maskdexgrasp_core.sim.camera import SimCamera
from maskdexgrasp_core.sim.drivers import SimArmDriver, SimClock, SimHandDriver

OPEN = np.zeros(6)
FORCES = np.ones(6)


@pytest.fixture
def short_move(can_world, quintic):
    home = np.array(can_world.cfg.home)
    return quintic(can_world.joints.arm, np.array([home, home + 0.2]), 0.5)


def test_drivers_keep_the_protocols(can_world):
    assert isinstance(SimArmDriver(can_world), ArmDriver)
    assert isinstance(SimHandDriver(can_world), HandDriver)
    assert isinstance(SimClock(can_world), Clock)
    assert isinstance(SimCamera(can_world), Camera)


def test_sleeping_steps_the_world(can_world):
    clock = SimClock(can_world)
    clock.sleep(0.25)
    assert clock.now_s() == pytest.approx(0.25)


def test_arm_moves_and_reports(can_world, short_move):
    arm, clock = SimArmDriver(can_world), SimClock(can_world)
    arm.start_trajectory(short_move)
    assert arm.read_state().is_moving
    with pytest.raises(DriverError, match='still'):
        arm.start_trajectory(short_move)
    clock.sleep(0.8)
    state = arm.read_state()
    assert not state.is_moving
    np.testing.assert_allclose(state.joint_positions, short_move.positions[-1], atol=2e-3)


def test_joint_order_of_a_trajectory_does_not_matter(can_world, short_move):
    order = [3, 0, 6, 1, 5, 2, 4]
    shuffled = replace(
        short_move,
        joint_names=tuple(short_move.joint_names[i] for i in order),
        positions=short_move.positions[:, order] + [0.0, 0.05, 0, 0, 0, 0, 0] * np.ones((101, 7)),
        velocities=short_move.velocities[:, order],
    )
    arm = SimArmDriver(can_world)
    arm.start_trajectory(shuffled)
    SimClock(can_world).sleep(0.8)
    final = short_move.positions[-1] + [0.05, 0, 0, 0, 0, 0, 0]
    np.testing.assert_allclose(arm.read_state().joint_positions, final, atol=2e-3)


def test_arm_refuses_a_start_elsewhere(can_world, short_move):
    far = replace(short_move, positions=short_move.positions + 0.1)
    with pytest.raises(DriverError, match='away'):
        SimArmDriver(can_world).start_trajectory(far)


@pytest.mark.parametrize('broken', ['nan', 'limit', 'names', 'times', 'shape', 'velocity'])
def test_arm_refuses_a_broken_trajectory(can_world, short_move, broken):
    positions = short_move.positions.copy()
    change = {'positions': positions}
    if broken == 'nan':
        positions[50, 2] = np.nan
    elif broken == 'limit':
        positions[-1, 3] = 4.5
    elif broken == 'names':
        change = {'joint_names': ('a', 'b', 'c', 'd', 'e', 'f', 'g')}
    elif broken == 'times':
        change = {'times_s': short_move.times_s[::-1]}
    elif broken == 'shape':
        change = {'positions': positions[:-1]}
    else:
        change = {'velocities': np.full_like(positions, np.inf)}
    arm = SimArmDriver(can_world)
    with pytest.raises(InvalidInputError):
        arm.start_trajectory(replace(short_move, **change))
    assert not arm.read_state().is_moving


def test_stopped_arm_refuses_until_reset(can_world, short_move):
    arm = SimArmDriver(can_world)
    arm.stop()
    with pytest.raises(DriverError, match='stopped'):
        arm.start_trajectory(short_move)
    arm.reset()
    arm.start_trajectory(short_move)
    assert arm.read_state().is_moving


def test_stopped_hand_refuses_until_reset(can_world):
    hand = SimHandDriver(can_world)
    hand.move(np.array([0.5, 0.2, 1.0, 1.0, 1.0, 1.0]), FORCES, 1.0)
    SimClock(can_world).sleep(0.5)
    hand.stop()
    at_stop = hand.read_state().motor_positions
    SimClock(can_world).sleep(0.5)
    assert np.abs(hand.read_state().motor_positions - at_stop).max() < 0.1
    assert hand.read_state().is_stopped
    with pytest.raises(DriverError, match='stopped'):
        hand.move(OPEN, FORCES, 0.5)
    hand.reset()
    hand.move(OPEN, FORCES, 0.5)
    SimClock(can_world).sleep(1.0)
    np.testing.assert_allclose(hand.read_state().motor_positions, OPEN, atol=0.01)


@pytest.mark.parametrize(
    ('positions', 'forces', 'duration_s'),
    [
        (np.full(6, np.nan), FORCES, 0.5),
        (np.full(6, 2.0), FORCES, 0.5),
        (np.zeros(5), FORCES, 0.5),
        (OPEN, np.full(6, np.inf), 0.5),
        (OPEN, np.zeros(6), 0.5),
        (OPEN, FORCES, -1.0),
        (OPEN, FORCES, np.nan),
    ],
)
def test_hand_refuses_bad_values(can_world, positions, forces, duration_s):
    with pytest.raises(InvalidInputError):
        SimHandDriver(can_world).move(positions, forces, duration_s)
