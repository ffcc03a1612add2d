"""Arm control and simulation as processes: motion, cancel, stop, reset, refusals."""

import threading
import time

import numpy as np
import pytest
import trimesh
from scipy.spatial.transform import Rotation

pytest.importorskip('maskdexgrasp_ros.interfaces')

from maskdexgrasp_core import frames
from maskdexgrasp_core.arm.collision import CollisionScene
from maskdexgrasp_core.arm.xarm7 import XARM7
from maskdexgrasp_core.cell import CELL
from maskdexgrasp_core.errors import DriverError
from maskdexgrasp_core.hands import FREEDOM
from maskdexgrasp_core.outcome import Code
from maskdexgrasp_core.resources import resource_path
from maskdexgrasp_core.types import (
    Command,
    HandGrasp,
    JointTrajectory,
    ObjectObservation,
    ObservedCloud,
)
from maskdexgrasp_ros import qos, topics
from maskdexgrasp_ros.client import GraspClient
from maskdexgrasp_ros.conversions import time_from_msg
from maskdexgrasp_ros.drivers import RosArmDriver, RosClock, RosHandDriver
from maskdexgrasp_ros.graph_processes import GraphProcesses, graph_environment
from maskdexgrasp_ros.grasp_conversions import hand_grasps_to_msg, observation_to_msg
from maskdexgrasp_ros.interfaces import ArmState, Bool, GraspStatus, HandGrasps
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
    while (state := arm.read_state()).is_moving:
        assert time.monotonic() < deadline, 'the arm still moves'
        time.sleep(0.02)
    return state


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
    kinematics = CollisionScene(resource_path(XARM7.urdf), None)
    wait_until_still(arm)

    def agrees():
        measured = listener.wait_for(frames.BASE, frames.FREEDOM_ROOT, 5.0)
        expected = kinematics.hand_pose(arm.read_state().joint_positions)
        return np.allclose(measured, expected, atol=2e-3)

    wait_until(agrees, 20.0)


class StateLog:
    """Keeps every state that the simulated arm publishes: stamp, latch, joints."""

    def __init__(self, node):
        self._rows, self._lock = [], threading.Lock()
        node.create_subscription(ArmState, topics.ARM_STATE, self._hear, qos.SENSOR_DATA)

    def _hear(self, message):
        row = (time_from_msg(message.header.stamp), message.is_stopped, *message.positions)
        with self._lock:
            self._rows.append(row)

    def rows(self):
        """Return (N, 9): stamp [s], 1 if stopped, seven joints [rad]."""
        with self._lock:
            return np.array(sorted(self._rows), dtype=float).reshape(-1, 9)

    def stopped_for_s(self):
        """Return how long the newest states have been of a stopped arm [s]."""
        stamps = self.rows()[:, 0][self.rows()[:, 1] > 0.5]
        return np.ptp(stamps) if len(stamps) else 0.0


def test_stop_halts_at_once_and_latches_until_reset(client, arm, hand):
    log = StateLog(client.node)
    trajectory = swing(arm, angle=-0.5, duration_s=3.0)
    arm.start_trajectory(trajectory)
    wait_until(lambda: arm.read_state().joint_positions[0] < trajectory.positions[0, 0] - 0.1)
    client.stop()
    wait_until(lambda: log.stopped_for_s() > 0.4)
    with pytest.raises(DriverError, match='stopped'):
        arm.start_trajectory(swing(arm))
    with pytest.raises(DriverError, match='stopped'):
        hand.move(FREEDOM.open_positions, np.ones(6), 0.5)
    rows = log.rows()
    assert_frozen_within(rows, 0.05)
    client.reset()
    wait_until(lambda: not arm.read_state().is_stopped and not hand.read_state().is_stopped, 5.0)
    arm.start_trajectory(swing(arm, angle=0.05, duration_s=0.5))
    wait_until_still(arm)


def assert_frozen_within(rows, limit_s):
    """Stamps of the simulator only: the latch falls between two of its states."""
    first = int(np.argmax(rows[:, 1] > 0.5))
    before, after = rows[:first], rows[first:]
    assert len(before) > 5
    assert after[:, 1].all()
    assert after[0, 0] - before[-1, 0] <= limit_s + 1e-6
    speed = abs(before[-1, 2] - before[-4, 2]) / (before[-1, 0] - before[-4, 0])
    assert speed > 0.1, 'the arm was to be stopped while it moved'
    late = after[after[:, 0] >= after[0, 0] + limit_s]
    assert late[-1, 0] - late[0, 0] > 0.3
    assert np.ptp(late[:, 2:], axis=0).max() < 0.01  # the motion would have gone on by 0.1 rad


def reach_for_a_can():
    """Return a can that a camera could have seen, and a side grasp of it."""
    mesh = trimesh.creation.cylinder(0.0325, 0.12, sections=32)
    mesh.apply_translation([0.5, 0.0, CELL.table_height + 0.06])
    cloud = ObservedCloud(
        points=np.asarray(mesh.vertices), colors=None, camera_position=np.array([1.0, -0.3, 0.45])
    )
    observation = ObjectObservation(
        cloud=cloud,
        shape=mesh,
        label='can',
        part='',
        part_points=np.zeros((0, 3)),
        table_height=CELL.table_height,
        obstacles=(),
    )
    grasp = np.eye(4)
    turn = Rotation.from_euler('z', 0.4).as_matrix()
    grasp[:3, :3] = turn @ np.array([[0, -1, 0], [-1, 0, 0], [0, 0, -1]])
    can_in_hand = np.array([-0.062, -0.155, -0.015])
    grasp[:3, 3] = [0.5, 0.0, CELL.table_height + 0.065] - grasp[:3, :3] @ can_in_hand
    approach = grasp.copy()
    approach[:3, 3] += 0.1 * grasp[:3, 1] + [0.0, 0.0, 0.04]
    hand_grasp = HandGrasp(
        T_base_approach=approach,
        T_base_pregrasp=grasp,
        T_base_grasp=grasp,
        motor_names=FREEDOM.joint_names,
        pregrasp_positions=np.array([1.1, 0.0, 0.0, 0.0, 0.0, 0.0]),
        grasp_positions=np.array([1.1, 0.25, 0.7, 0.7, 0.7, 0.7]),
        squeeze_positions=np.array([1.1, 0.55, 1.1, 1.1, 1.1, 1.1]),
        force_limits=np.array([6.0, 6.0, 1.0, 1.0, 1.0, 1.0]),
        residual_m=0.0,
        score=1.0,
    )
    return observation, hand_grasp


def test_a_command_during_motion_is_refused_and_stop_ends_the_motion(client, arm):
    """The first command comes as hand grasps, as from the chain of a command on the topic."""
    observation, grasp = reach_for_a_can()
    stamp = client.node.get_clock().now().to_msg()
    message = hand_grasps_to_msg([grasp], {}, observation_to_msg(observation, stamp), stamp)
    message.object.command.command_id = 'moves'
    heard = []
    client.node.create_subscription(GraspStatus, topics.GRASP_STATUS, heard.append, qos.RELIABLE)
    publisher = client.node.create_publisher(HandGrasps, topics.HAND_GRASPS, qos.RELIABLE)
    wait_until(lambda: publisher.get_subscription_count() > 1)
    start = arm.read_state().joint_positions
    publisher.publish(message)
    wait_until(lambda: np.abs(arm.read_state().joint_positions - start).max() > 0.05)
    with GraspClient(watch_camera=False) as other:
        refused = other.execute(Command(command_id='meanwhile', text='pick up the mug'))
    assert refused.outcome.code is Code.BUSY
    assert 'moves' in refused.outcome.reason
    assert arm.read_state().is_moving  # the refusal disturbs nothing
    client.stop()
    wait_until(lambda: any(s.done and s.command_id == 'moves' for s in heard))
    end = next(s for s in heard if s.done and s.command_id == 'moves')
    assert Code(end.code) is Code.STOPPED, end.reason
    assert end.reason
    assert not arm.read_state().is_moving


def wait_until(is_true, timeout_s=60.0):
    deadline = time.monotonic() + timeout_s
    while not is_true():
        assert time.monotonic() < deadline, 'it has not happened'
        time.sleep(0.01)


def test_a_command_while_stopped_ends_with_stopped(client):
    heard = []
    client.node.create_subscription(Bool, topics.STOPPED, heard.append, qos.LATCHED)
    client.stop()
    wait_until(lambda: heard and heard[-1].data)
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
    wait_until(lambda: client.seen.statuses)
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
    wait_until(lambda: client.now_s() > before_s)
    with pytest.raises(DriverError, match='no_such_scene'):
        client.reset_world('no_such_scene')
    for scene in ('clutter3', 'table8:mug_1'):
        with pytest.raises(DriverError, match=r'seed .*-1'):
            client.reset_world(scene, seed=-1)
    assert len(client.reset_world('table8:mug_1', seed=2)) == 1


def test_the_clock_of_the_node_sleeps_in_simulated_time(client):
    clock = RosClock(client.node)
    began_s = clock.now_s()
    clock.sleep(0.5)
    assert 0.5 <= clock.now_s() - began_s < 2.0
