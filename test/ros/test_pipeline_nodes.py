"""Perception and generator as processes of their own, fed over DDS with a recorded picture."""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip('maskdexgrasp_ros.interfaces')

import rclpy
from rclpy.executors import MultiThreadedExecutor
from rclpy.node import Node

from maskdexgrasp_core import frames
from maskdexgrasp_core.objects.scenes import load_scene
from maskdexgrasp_core.outcome import Code
from maskdexgrasp_core.sim.camera import SimCamera
from maskdexgrasp_core.sim.world import World
from maskdexgrasp_ros import qos, topics
from maskdexgrasp_ros.conversions import time_to_msg
from maskdexgrasp_ros.graph_processes import GraphProcesses, graph_environment
from maskdexgrasp_ros.image_conversions import camera_frame_to_msgs
from maskdexgrasp_ros.interfaces import (
    CameraInfo,
    ClockMsg,
    GraspCandidates,
    GraspCommand,
    GraspStatus,
    Header,
    Image,
    SegmentedObject,
    TFMessage,
)
from maskdexgrasp_ros.recording import BagRecorder, read_bag
from maskdexgrasp_ros.sim_camera import camera_transforms

pytestmark = [pytest.mark.ros, pytest.mark.timeout(240)]
CAMERA = (topics.DEPTH_IMAGE, topics.DEPTH_INFO, topics.COLOR_IMAGE)


class Player(Node):
    """Plays /clock and camera messages, and hears what the nodes say."""

    def __init__(self):
        super().__init__('player')
        self.messages, self.stamp_s, self.is_playing = {}, 10.0, False
        self.frame_id = frames.CAMERA_DEPTH_OPTICAL
        self.heard, self.news = [], threading.Condition()
        advertise = self.create_publisher
        self._clock_publisher = advertise(ClockMsg, topics.CLOCK, qos.CLOCK)
        self._commands = advertise(GraspCommand, topics.GRASP_COMMAND, qos.RELIABLE)
        self._static = advertise(TFMessage, topics.TF_STATIC, qos.LATCHED)
        self._camera = {
            name: advertise(kind, name, qos.SENSOR_DATA)
            for name, kind in zip(CAMERA, (Image, CameraInfo, Image), strict=True)
        }
        for kind, name in (
            (GraspStatus, topics.GRASP_STATUS),
            (SegmentedObject, topics.SEGMENTED_OBJECT),
            (GraspCandidates, topics.GRASP_CANDIDATES),
        ):
            self.create_subscription(kind, name, self._hear, qos.RELIABLE)
        self.create_timer(0.1, self._tick)

    def publish_static(self, message):
        self._static.publish(message)

    def _tick(self):
        self.stamp_s += 0.1
        self._clock_publisher.publish(ClockMsg(clock=time_to_msg(self.stamp_s)))
        if self.is_playing:
            for name, message in self.messages.items():
                message.header.stamp = time_to_msg(self.stamp_s)
                message.header.frame_id = self.frame_id
                self._camera[name].publish(message)

    def _hear(self, message):
        with self.news:
            self.heard.append(message)
            self.news.notify_all()

    def wait_for(self, wanted, timeout_s=60.0):
        """Return the first message for which `wanted` is true."""

        def found():
            return next((message for message in self.heard if wanted(message)), None)

        with self.news:
            message = self.news.wait_for(found, timeout_s)
        assert message is not None, f'not heard; heard {[type(m).__name__ for m in self.heard]}'
        return message

    def command(self, command_id, text='pick up the mug', **fields):
        header = Header(stamp=time_to_msg(self.stamp_s + 0.05))  # no picture of another test
        message = GraspCommand(header=header, command_id=command_id, text=text, **fields)
        self._commands.publish(message)

    def end_of(self, command_id):
        def is_end(message):
            return (
                isinstance(message, GraspStatus)
                and message.command_id == command_id
                and message.done
            )

        return self.wait_for(is_end)

    def result_of(self, kind, command_id):
        def is_it(message):
            if isinstance(message, GraspStatus) and message.command_id == command_id:
                assert not message.done, message.reason
            if not isinstance(message, kind):
                return False
            observed = message if kind is SegmentedObject else message.object
            return observed.command.command_id == command_id

        return self.wait_for(is_it, 120.0)


@pytest.fixture(scope='module')
def frame():
    scene = load_scene('mug', 0)
    world = World([(p.model, p.T_base_object) for p in scene.placements])
    world.settle()
    camera = SimCamera(world, seed=1)
    try:
        return camera.read_frame()
    finally:
        camera.close()


@pytest.fixture(scope='module')
def player():
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv('ROS_DOMAIN_ID', raising=False)
        for name, value in graph_environment().items():
            patch.setenv(name, value)
        rclpy.init(args=[])
        node = Player()
        executor = MultiThreadedExecutor(num_threads=2)
        executor.add_node(node)
        spinning = threading.Thread(target=executor.spin, daemon=True)
        spinning.start()
        yield node
        executor.shutdown(timeout_sec=2.0)
        spinning.join(timeout=5.0)  # a callback must not meet a node that is gone
        node.destroy_node()
        rclpy.try_shutdown()


@pytest.fixture(scope='module')
def graph(player, frame, tmp_path_factory):
    overrides = {
        'perception': {'wait_s': 3.0, 'max_age_s': 1.0},
        'generator': {'num_grasps': 4, 'time_budget_s': 600.0},
    }
    folder = tmp_path_factory.mktemp('graph')
    with GraphProcesses(folder, overrides=overrides, only=('perception', 'generator')) as graph:

        def is_ready():
            graph.check()
            readers = player.count_subscribers
            return readers(topics.GRASP_COMMAND) > 0 and readers(topics.SEGMENTED_OBJECT) > 1

        wait_until(is_ready, 120.0)
        yield graph
        graph.check()  # whatever the tests sent: the nodes live on


@pytest.fixture
def playing(player, graph, frame):
    """Play the good picture."""
    transforms = camera_transforms(frame.T_base_camera)
    player.publish_static(TFMessage(transforms=transforms))
    set_picture(player, frame)
    player.frame_id = frames.CAMERA_DEPTH_OPTICAL
    player.is_playing = True
    yield player
    player.is_playing = False


def set_picture(player, frame, encoding='16UC1'):
    depth, info, color = camera_frame_to_msgs(frame, player.frame_id, encoding=encoding)
    player.messages = dict(zip(CAMERA, (depth, info, color), strict=True))


def test_without_a_camera_the_command_ends_with_no_cloud(player, graph):
    player.command('no-camera')
    status = player.end_of('no-camera')
    assert status.code == Code.NO_CLOUD
    assert topics.DEPTH_IMAGE in status.reason


def test_a_picture_without_a_transform_is_in_the_wrong_frame(playing):
    playing.frame_id = 'nowhere'
    playing.command('wrong-frame')
    status = playing.end_of('wrong-frame')
    assert status.code == Code.WRONG_FRAME
    assert 'nowhere' in status.reason


def test_a_camera_that_has_stopped_is_stale(playing):
    playing.command('fresh')
    playing.result_of(SegmentedObject, 'fresh')
    finish(playing, 'fresh')
    playing.is_playing = False
    ended_s = playing.stamp_s
    wait_until(lambda: playing.stamp_s > ended_s + 1.5)
    playing.command('stale')
    assert playing.end_of('stale').code == Code.STALE_CLOUD


@pytest.mark.parametrize('value', [np.nan, np.inf, 0.0])
def test_a_picture_without_a_measurement_ends_with_a_code(playing, frame, value):
    bad = replace(frame, depth_m=np.full_like(frame.depth_m, value))
    set_picture(playing, bad)
    for message in playing.messages.values():  # infinities travel in metres only
        if getattr(message, 'encoding', '') == '16UC1':
            assert not np.any(message.data)
    playing.command(f'empty-{value}')
    assert playing.end_of(f'empty-{value}').code in (Code.EMPTY_CROP, Code.BAD_CLOUD)


@pytest.mark.parametrize(
    ('fields', 'code'),
    [
        ({'text': ''}, Code.EMPTY_TEXT),
        ({'text': 'mug ' * 2500}, Code.TEXT_TOO_LONG),
        ({'task': 'juggle'}, Code.UNKNOWN_TASK),
        ({'text': 'pick up the blue mug'}, Code.TEXT_MATCHES_NOTHING),
    ],
    ids=['empty', 'ten-kilobytes', 'unknown-task', 'no-such-colour'],
)
def test_a_command_that_cannot_be_understood_ends_with_its_code(playing, fields, code):
    name = f'bad-{code.name}'
    playing.command(name, **fields)
    status = playing.end_of(name)
    assert status.code == code
    assert status.reason


def test_two_commands_at_once_and_the_same_bag_twice(playing, tmp_path):
    """One recorded picture: the second command is refused, a replay gives the same grasps."""
    recorder = BagRecorder(playing, tmp_path / 'bag', (*CAMERA, topics.TF_STATIC))
    heard = {name: [] for name in CAMERA}
    for name, kind in zip(CAMERA, (Image, CameraInfo, Image), strict=True):
        playing.create_subscription(kind, name, heard[name].append, qos.SENSOR_DATA)
    wait_until(lambda: all(len(messages) > 2 for messages in heard.values()))
    playing.is_playing = False
    recorder.close()
    recorded = {topic.lstrip('/'): message for topic, _, message in read_bag(tmp_path / 'bag')}
    assert set(recorded) == {*CAMERA, topics.TF_STATIC.lstrip('/')}
    playing.messages = {name: recorded[name] for name in CAMERA}
    playing.is_playing = True

    playing.command('first', seed=5)
    playing.command('second', seed=5)
    assert playing.end_of('second').code == Code.BUSY
    first = playing.result_of(GraspCandidates, 'first')
    finish(playing, 'first')
    playing.command('replay', seed=5)
    replay = playing.result_of(GraspCandidates, 'replay')
    finish(playing, 'replay')
    assert len(first.grasps) == len(replay.grasps) > 0
    for ours, theirs in zip(first.grasps, replay.grasps, strict=True):
        assert ours.wrist == theirs.wrist
        assert ours.joint_positions == theirs.joint_positions


def wait_until(is_true, timeout_s=30.0):
    deadline = time.monotonic() + timeout_s
    while not is_true():
        assert time.monotonic() < deadline, 'it has not happened'
        time.sleep(0.05)


def finish(player, command_id):
    """Say, in the place of the arm's node, that a command has ended."""
    publisher = player.create_publisher(GraspStatus, topics.GRASP_STATUS, qos.RELIABLE)
    wait_until(lambda: publisher.get_subscription_count() > 1)
    publisher.publish(GraspStatus(command_id=command_id, done=True))
