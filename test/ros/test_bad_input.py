"""The whole graph, fed with clouds that no grasp can come of: a code, a sentence, no motion."""

import threading
import time
from dataclasses import dataclass

import numpy as np
import pytest

pytest.importorskip('maskdexgrasp_ros.interfaces')

from maskdexgrasp_core import frames
from maskdexgrasp_core.cell import CELL
from maskdexgrasp_core.outcome import Code, Stage
from maskdexgrasp_core.types import Command
from maskdexgrasp_ros import qos, topics
from maskdexgrasp_ros.client import GraspClient
from maskdexgrasp_ros.cloud_conversions import points_to_msg
from maskdexgrasp_ros.conversions import header_to_msg
from maskdexgrasp_ros.drivers import RosArmDriver
from maskdexgrasp_ros.graph_processes import GraphProcesses, graph_environment
from maskdexgrasp_ros.interfaces import PointCloud2

pytestmark = [pytest.mark.ros, pytest.mark.timeout(240)]
MAX_POINTS = 500_000
FAR_CODES = (Code.NO_GRASP_FOUND, Code.RETARGETING_FAILED, Code.UNREACHABLE)
"""Whichever stage notices first that the arm cannot get there."""
OVERRIDES = {
    'sim': {'scene': 'empty', 'camera_rate_hz': 0.0, 'busy_camera_rate_hz': 0.0},
    'perception': {
        'input': 'points',
        'wait_s': 3.0,
        'crop_max_x_m': 1.9,
        'max_points': MAX_POINTS,
    },
    'generator': {'num_grasps': 4, 'time_budget_s': 20.0},
}


class CloudPlayer:
    """Publishes a cloud again and again, stamped anew, as a camera would."""

    def __init__(self, node):
        self._node = node
        self._publisher = node.create_publisher(PointCloud2, topics.POINTS, qos.SENSOR_DATA)
        self._message, self._lock = None, threading.Lock()
        node.create_timer(0.2, self._tick)

    def play(self, message):
        with self._lock:
            self._message = message

    def _tick(self):
        with self._lock:
            if self._message is not None:
                self._message.header.stamp = self._node.get_clock().now().to_msg()
                self._publisher.publish(self._message)


@dataclass
class Bench:
    client: GraspClient
    arm: RosArmDriver
    clouds: CloudPlayer
    graph: GraphProcesses

    def perception_memory_mib(self):
        """Return the most memory that perception has had so far."""
        status = f'/proc/{self.graph.process_ids["perception"]}/status'
        with open(status) as lines:
            peak = next(line for line in lines if line.startswith('VmHWM'))
        return int(peak.split()[1]) / 1024


@pytest.fixture(scope='module')
def bench(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv('ROS_DOMAIN_ID', raising=False)
        for name, value in graph_environment().items():
            patch.setenv(name, value)
        folder = tmp_path_factory.mktemp('graph')
        with (
            GraphProcesses(folder, overrides=OVERRIDES) as graph,
            GraspClient(watch_camera=False) as client,
        ):
            client.wait_ready(120.0, check=graph.check)
            arm = RosArmDriver(client.node, timeout_s=5.0)
            yield Bench(client, arm, CloudPlayer(client.node), graph)


@pytest.fixture(autouse=True)
def nothing_moves_and_nobody_dies(bench):
    before = bench.arm.read_state().joint_positions
    yield
    bench.clouds.play(None)  # waits for the one that is being sent
    sent_s, deadline = bench.client.now_s(), time.monotonic() + 20.0
    while bench.client.now_s() < sent_s + 0.3:  # a command takes no picture older than itself
        assert time.monotonic() < deadline, 'the clock stands still'
        time.sleep(0.02)
    state = bench.arm.read_state()
    assert not state.is_moving
    np.testing.assert_allclose(state.joint_positions, before, atol=1e-3)
    bench.graph.check()


def cloud(points, frame_id=frames.BASE):
    return points_to_msg(np.asarray(points, float).reshape(-1, 3), header_to_msg(frame_id, 0.0))


def table(max_x=0.7):
    grid = np.meshgrid(np.arange(0.3, max_x, 0.005), np.arange(-0.3, 0.3, 0.005))
    return np.column_stack([*(axis.ravel() for axis in grid), np.full(grid[0].size, TABLE_Z)])


TABLE_Z = CELL.table_height


def box(x, size=0.05, height=0.12):
    """Return the top and the near side of a box at (x, 0) on the table."""
    a, b = np.meshgrid(np.linspace(-size / 2, size / 2, 26), np.linspace(0.0, 1.0, 26))
    a, b = a.ravel(), b.ravel()
    top = np.column_stack([x + size * (b - 0.5), a, np.full(a.size, TABLE_Z + height)])
    side = np.column_stack([np.full(a.size, x - size / 2), a, TABLE_Z + height * b])
    return np.vstack([top, side])


def outcome_of(bench, name, text='pick up the box', **fields):
    result = bench.client.execute(Command(command_id=name, text=text, **fields))
    assert result.first_motion_s is None
    return result.outcome


def refused(outcome, stage, *codes):
    assert outcome.stage is stage
    assert outcome.code in codes, outcome
    assert len(outcome.reason) > 10
    assert len(outcome.reason) < 500
    return outcome.reason


def test_one_point_is_no_object(bench):
    bench.clouds.play(cloud([[0.5, 0.0, TABLE_Z + 0.05]]))
    refused(outcome_of(bench, 'one-point'), Stage.PERCEIVE, Code.NO_OBJECT, Code.OBJECT_TOO_SMALL)


def test_one_point_above_a_table_is_no_object(bench):
    bench.clouds.play(cloud(np.vstack([table(), [[0.5, 0.0, TABLE_Z + 0.05]]])))
    outcome = outcome_of(bench, 'one-point-on-table')
    refused(outcome, Stage.PERCEIVE, Code.NO_OBJECT, Code.OBJECT_TOO_SMALL)


def test_nothing_on_the_topic_is_no_cloud_or_a_stale_one(bench):
    reason = refused(outcome_of(bench, 'silence'), Stage.PERCEIVE, Code.NO_CLOUD, Code.STALE_CLOUD)
    assert 'points' in reason or 'old' in reason


@pytest.mark.parametrize(('frame_id', 'said'), [('', 'frame_id'), ('nowhere', 'nowhere')])
def test_a_frame_that_is_missing_or_unknown(bench, frame_id, said):
    bench.clouds.play(cloud(np.vstack([table(), box(0.5)]), frame_id))
    reason = refused(outcome_of(bench, f'frame-{frame_id}'), Stage.PERCEIVE, Code.WRONG_FRAME)
    assert said in reason


def flat_cloud(count):
    points = np.zeros((count, 3), dtype=np.float32)
    points[:, 0], points[:, 2] = 0.5, TABLE_Z
    return cloud(points)


def test_too_many_points_are_refused_before_they_are_read(bench):
    count = MAX_POINTS + 1
    bench.clouds.play(flat_cloud(count))
    reason = refused(outcome_of(bench, 'too-many'), Stage.PERCEIVE, Code.CLOUD_TOO_LARGE)
    assert str(count) in reason


def test_ten_million_points_do_not_exhaust_the_memory(bench):
    """They exceed shared memory: whether they arrive or not, the command ends and says why."""
    before_mib = bench.perception_memory_mib()
    bench.clouds.play(flat_cloud(10_000_000))
    outcome = outcome_of(bench, 'ten-million')
    refused(outcome, Stage.PERCEIVE, Code.CLOUD_TOO_LARGE, Code.NO_CLOUD, Code.STALE_CLOUD)
    assert bench.perception_memory_mib() - before_mib < 1000.0


@pytest.mark.parametrize(
    ('fields', 'code'),
    [
        ({'text': ''}, Code.EMPTY_TEXT),
        ({'text': 'box ' * 2560}, Code.TEXT_TOO_LONG),
        ({'task': 'juggle'}, Code.UNKNOWN_TASK),
        ({'seed': -1}, Code.INVALID_COMMAND),
    ],
    ids=['empty', 'ten-kilobytes', 'unknown-task', 'negative-seed'],
)
def test_a_command_that_cannot_be_understood(bench, fields, code):
    bench.clouds.play(cloud(np.vstack([table(), box(0.5)])))
    outcome = outcome_of(bench, code.name.lower(), **fields)
    assert outcome.code is code
    assert len(outcome.reason) < 500


def test_an_object_out_of_reach(bench):
    """The last one: perception and generation still work after all the others."""
    bench.clouds.play(cloud(np.vstack([table(max_x=1.7), box(1.5)])))
    outcome = outcome_of(bench, 'far-away')
    assert outcome.code in FAR_CODES, outcome
    assert 'reach' in outcome.reason
