"""Arm control and simulation as processes: motion, cancel, stop, reset, refusals."""

import threading
import time

import numpy as np
import pytest

pytest.importorskip('maskdexgrasp_ros.interfaces')

from maskdexgrasp_core.arm.kinematics import ArmKinematics
from maskdexgrasp_core.errors import DriverError
from maskdexgrasp_core.hands import FREEDOM
from maskdexgrasp_core.outcome import Code
from maskdexgrasp_core.types import Command, JointTrajectory
from maskdexgrasp_ros.client import GraspClient
from maskdexgrasp_ros.drivers import RosArmDriver, RosClock, RosHandDriver
from maskdexgrasp_ros.graph_processes import GraphProcesses, graph_environment
from maskdexgrasp_ros.transform_listener import TransformListener

pytestmark = [pytest.mark.ros, pytest.mark.timeout(240)]
JOINTS = tuple(f'joint{number}' for number in range(1, 8))


@pytest.fixture(scope='module')
def client(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv('ROS_DOMAIN_ID', raising=False)
        for name, value in graph_environment().items():
            patch.setenv(name, value)
        folder = tmp_path_factory.mktemp('graph')
        overrides = {'sim': {'real_time_factor': 1.0}}
        with GraphProcesses(folder, overrides=overrides, only=('sim', 'arm_control')) as graph:
            with GraspClient(watch_camera=False) as client:
                wait_for_services(client, graph)
                yield client
            graph.check()


def wait_for_services(client, graph):
    deadline = time.monotonic() + 120.0
    while [lack for lack in client.missing() if 'reader' not in lack]:
        graph.check()
        assert time.monotonic() < deadline, client.missing()
        time.sleep(0.1)


@pytest.fixture(scope='module')
def arm(client):
    return RosArmDriver(client.node, timeout_s=5.0)


@pytest.fixture(scope='module')
def hand(client):
    return RosHandDriver(client.node, FREEDOM.joint_names, timeout_s=5.0)


@pytest.fixture(autouse=True)
def free(client):
    yield
    client.reset()


def swing(arm, angle=0.3, duration_s=2.0):
    start = arm.read_state().joint_positions
    times = np.linspace(0.0, duration_s, 41)
    share = (1 - np.cos(np.pi * times / duration_s)) / 2
    positions = np.tile(start, (41, 1))
    positions[:, 0] += angle * share
    return JointTrajectory(
        joint_names=JOINTS,
        times_s=times,
        positions=positions,
        velocities=np.gradient(positions, times, axis=0),
    )


def wait_until_still(arm, timeout_s=20.0):
    deadline = time.monotonic() + timeout_s
    while arm.read_state().is_moving:
        assert time.monotonic() < deadline, 'the arm still moves'
        time.sleep(0.02)
    return arm.read_state()


def test_a_trajectory_ends_where_it_should(client, arm):
    trajectory = swing(arm)
    arm.start_trajectory(trajectory)
    assert arm.read_state().is_moving
    state = wait_until_still(arm)
    assert np.allclose(state.joint_positions, trajectory.positions[-1], atol=0.03)


def test_a_trajectory_that_starts_elsewhere_is_refused(arm):
    trajectory = swing(arm)
    trajectory.positions[:, 1] += 0.2
    with pytest.raises(DriverError, match='refused'):
        arm.start_trajectory(trajectory)
    assert not arm.read_state().is_moving


def test_links_are_where_the_kinematics_says(client, arm):
    listener = TransformListener(client.node)
    wait_until_still(arm)
    time.sleep(0.5)
    listener.wait_for('link_base', 'hand_base_link', 5.0)
    time.sleep(0.5)
    measured = listener.wait_for('link_base', 'hand_base_link', 5.0)
    expected = ArmKinematics().tip_pose(arm.read_state().joint_positions)
    assert np.allclose(measured, expected, atol=2e-3)


def test_stop_halts_at_once_and_latches_until_reset(client, arm, hand):
    arm.start_trajectory(swing(arm, angle=-0.5, duration_s=3.0))
    time.sleep(1.0)
    client.stop()
    pressed = time.monotonic()
    while not arm.read_state().is_stopped:
        assert time.monotonic() - pressed < 2.0
    halted_after_s = time.monotonic() - pressed
    place = arm.read_state().joint_positions
    time.sleep(0.3)
    assert np.allclose(arm.read_state().joint_positions, place, atol=0.02)
    with pytest.raises(DriverError, match='stopped'):
        arm.start_trajectory(swing(arm))
    with pytest.raises(DriverError, match='stopped'):
        hand.move(FREEDOM.open_positions, np.ones(6), 0.5)
    client.reset()
    time.sleep(0.3)  # a state of before may be on its way
    assert not arm.read_state().is_stopped
    assert not hand.read_state().is_stopped
    arm.start_trajectory(swing(arm, angle=0.05, duration_s=0.5))
    wait_until_still(arm)
    assert halted_after_s < 1.0  # of a loaded machine; the node alone needs a few milliseconds


def test_a_command_while_stopped_ends_with_stopped(client):
    client.stop()
    time.sleep(0.5)
    result = client.execute(Command(command_id='while-stopped', text='pick up the mug'))
    assert result.outcome.code is Code.STOPPED
    assert result.first_motion_s is None


def test_a_waiting_command_can_be_cancelled_and_another_one_is_refused_meanwhile(client):
    results = {}

    def run():
        command = Command(command_id='waits', text='pick up the mug')
        results['waits'] = client.execute(command)

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(1.0)
    with GraspClient(watch_camera=False) as other:
        refused = other.execute(Command(command_id='too-much', text='pick up the mug'))
    assert refused.outcome.code is Code.BUSY
    assert 'waits' in refused.outcome.reason
    client.cancel()
    thread.join(timeout=20.0)
    assert results['waits'].outcome.code is Code.CANCELLED


def test_the_world_is_reset_with_other_objects_while_time_goes_on(client):
    before_s = client.now_s()
    names = client.reset_world('clutter3', seed=4)
    assert len(names) == 3
    time.sleep(0.3)
    assert client.now_s() > before_s
    with pytest.raises(DriverError, match='no_such_scene'):
        client.reset_world('no_such_scene')
    assert len(client.reset_world('table8:mug_1', seed=2)) == 1


def test_the_clock_of_the_node_sleeps_in_simulated_time(client):
    clock = RosClock(client.node)
    began_s = clock.now_s()
    clock.sleep(0.5)
    assert 0.5 <= clock.now_s() - began_s < 2.0
