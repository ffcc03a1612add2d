"""Perception node: a command and the newest picture in, the segmented object out.

It is also the gate of the chain: one command at a time.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup
from rclpy.node import Node

from maskdexgrasp_core import frames
from maskdexgrasp_core.errors import MaskDexGraspError
from maskdexgrasp_core.outcome import Code, Outcome, Stage, StageError
from maskdexgrasp_core.perception.cfg import PerceptionCfg
from maskdexgrasp_core.perception.completion import DEFAULT_COMPLETION, load_completion
from maskdexgrasp_core.perception.pipeline import Perceiver
from maskdexgrasp_core.perception.selectors import (
    DEFAULT_SELECTOR,
    SELECTOR_NAMES,
    load_selector,
)
from maskdexgrasp_core.protocols import ShapeCompletion
from maskdexgrasp_core.types import Array, CameraFrame, Command, ObjectObservation, ObservedCloud
from maskdexgrasp_ros import qos, topics
from maskdexgrasp_ros.cloud_conversions import cloud_from_msg
from maskdexgrasp_ros.conversions import command_from_msg, time_from_msg
from maskdexgrasp_ros.diagnostics import DiagnosticsPublisher
from maskdexgrasp_ros.frame_buffer import FrameBuffer, Picture
from maskdexgrasp_ros.gate import CommandGate, new_command_id
from maskdexgrasp_ros.grasp_conversions import observation_to_msg
from maskdexgrasp_ros.image_conversions import camera_frame_from_msgs
from maskdexgrasp_ros.interfaces import (
    CameraInfo,
    GraspCommand,
    GraspStatus,
    Image,
    MarkerArray,
    PointCloud2,
    SegmentedObject,
)
from maskdexgrasp_ros.markers import object_markers
from maskdexgrasp_ros.parameters import CfgParameters
from maskdexgrasp_ros.runner import run_node
from maskdexgrasp_ros.status import StatusReporter, outcome_of
from maskdexgrasp_ros.transform_listener import TransformListener
from maskdexgrasp_ros.transforms import TransformError
from maskdexgrasp_ros.true_shape import TRUE_SHAPE, true_shape

_CLOCK_SLACK_S = 0.2


@dataclass(frozen=True, kw_only=True)
class PerceptionNodeCfg:
    """Parameters of the node beside those of perception itself."""

    input: str = field(
        default='depth', metadata={'choices': ('depth', 'points'), 'read_only': True}
    )
    """'depth': depth and colour pictures; 'points': sensor_msgs/PointCloud2."""
    completion: str = field(default=DEFAULT_COMPLETION, metadata={'read_only': True})
    """Method that closes the side of the object that the camera does not see; 'true' asks the
    simulator instead, an experiment."""
    selector: str = field(
        default=DEFAULT_SELECTOR, metadata={'choices': SELECTOR_NAMES, 'read_only': True}
    )
    """What chooses the object that the sentence means: 'learned' compares the sentence with how
    objects look, 'rules' knows the words of the objects in the catalogue."""
    max_age_s: float = field(default=1.0, metadata={'range': (0.01, 60.0)})
    """Oldest picture that a command may be answered with [s]."""
    wait_s: float = field(default=5.0, metadata={'range': (0.0, 30.0)})
    """Wall time that a command waits for a picture and its transform [s]."""
    command_timeout_s: float = field(
        default=120.0, metadata={'range': (1.0, 3600.0), 'read_only': True}
    )
    """A command of which nothing is heard for this wall time has ended [s]."""
    end_wait_s: float = field(default=2.0, metadata={'range': (0.0, 60.0), 'read_only': True})
    """A command that finds another one under way waits for its end up to this wall time, for it
    may have overtaken it, and is refused then; only one waits [s]."""


class PerceptionNode(Node):
    """Finds the object that a command means.

    Subscribes: grasp_command, grasp_status, camera/... (or camera/points), tf, tf_static.
    Publishes: segmented_object, grasp_status, markers, diagnostics.
    """

    def __init__(self) -> None:
        super().__init__('perception')
        self._node_parameters = CfgParameters(self, PerceptionNodeCfg())
        selector = load_selector(self._node_parameters.cfg.selector)
        self._perceiver = Perceiver(completion=self._completion(), selector=selector)
        self._settings = CfgParameters(self, PerceptionCfg(), on_change=self._set_perception)
        self._set_perception(self._settings.cfg)
        self._diagnostics = DiagnosticsPublisher(self)
        self._status = StatusReporter(self, self._diagnostics)
        cfg = self._node_parameters.cfg
        self._gate = CommandGate(cfg.command_timeout_s, time.monotonic, patience_s=cfg.end_wait_s)
        self._pictures = FrameBuffer()
        self._transforms = TransformListener(self)
        self._idle_since_s = 0.0
        self._objects = self.create_publisher(
            SegmentedObject, topics.SEGMENTED_OBJECT, qos.RELIABLE
        )
        self._markers = self.create_publisher(MarkerArray, topics.MARKERS, qos.RELIABLE)
        self._subscribe()
        self.create_timer(1.0, self._watch)
        self.get_logger().info(f'ready: reads {self._node_parameters.cfg.input}')

    def _completion(self) -> ShapeCompletion:
        name = self._node_parameters.cfg.completion
        return true_shape(self) if name == TRUE_SHAPE else load_completion(name)

    def _subscribe(self) -> None:
        commands, sensors = ReentrantCallbackGroup(), MutuallyExclusiveCallbackGroup()
        reports = MutuallyExclusiveCallbackGroup()  # large clouds in a row must not hold them up
        subscribe = self.create_subscription
        if self._node_parameters.cfg.input == 'points':
            sources = [(PointCloud2, topics.POINTS, self._pictures.add_cloud)]
        else:
            sources = [
                (Image, topics.DEPTH_IMAGE, self._pictures.add_depth),
                (Image, topics.COLOR_IMAGE, self._pictures.add_color),
                (CameraInfo, topics.DEPTH_INFO, self._pictures.add_info),
            ]
        for kind, name, add in sources:
            subscribe(kind, name, add, qos.SENSOR_DATA, callback_group=sensors)
        subscribe(
            GraspStatus, topics.GRASP_STATUS, self._on_status, qos.RELIABLE, callback_group=reports
        )
        subscribe(
            GraspCommand,
            topics.GRASP_COMMAND,
            self._on_command,
            qos.RELIABLE,
            callback_group=commands,
        )

    def _set_perception(self, cfg: PerceptionCfg) -> None:
        self._perceiver = Perceiver(cfg, self._perceiver.completion, self._perceiver.selector)

    def _on_status(self, message: GraspStatus) -> None:
        if message.done and message.command_id == self._gate.active:
            self._idle_since_s = self._now_s()
        self._gate.hear(message.command_id, done=message.done)

    def _on_command(self, message: GraspCommand) -> None:
        command = command_from_msg(message)
        command = replace(command, command_id=command.command_id or new_command_id())
        admitted = self._gate.enter(command.command_id)
        if admitted.code is Code.BUSY:
            self._status.publish(admitted, command.command_id, done=True)
            return
        if not admitted.ok:  # a report would end another command, or one a second time
            self.get_logger().warning(admitted.reason)
            return
        self._status.begin(Stage.PERCEIVE, command.command_id)
        start = time.perf_counter()
        outcome = self._perceive(command, time_from_msg(message.header.stamp))
        self._status.finish(outcome, command.command_id, time.perf_counter() - start)
        if not outcome.ok:  # after the report: it comes before those of the next command
            self._gate.hear(command.command_id, done=True)

    def _perceive(self, command: Command, not_before_s: float) -> Outcome:
        try:
            picture, pose = self._fresh_picture(not_before_s)
            source = self._source(picture, pose)
            with self._diagnostics.timer.measure('segment'):
                observation = self._perceiver.perceive(source, command)
        except MaskDexGraspError as error:
            return outcome_of(error, Stage.PERCEIVE)
        except Exception as error:  # a defect must not end the node
            self._status.log_defect(error)
            return outcome_of(error, Stage.PERCEIVE)
        self._publish(observation, picture)
        return Outcome(stage=Stage.PERCEIVE)

    def _fresh_picture(self, not_before_s: float) -> tuple[Picture, Array]:
        """Return a picture that is fresh, and the pose of its frame in the base frame."""
        cfg = self._node_parameters.cfg
        now_s = self._now_s()
        not_before_s = max(not_before_s, now_s - cfg.max_age_s, self._idle_since_s)
        picture = self._pictures.wait_for(not_before_s, cfg.wait_s)
        if picture is None:
            raise self._no_picture(not_before_s)
        ahead_s = picture.stamp_s - self._now_s()
        if ahead_s > cfg.max_age_s + _CLOCK_SLACK_S:
            raise _refusal(Code.STALE_CLOUD, f'the picture is {ahead_s:.1f} s in the future')
        frame = picture.header.frame_id
        if not frame:
            raise _refusal(Code.WRONG_FRAME, 'header.frame_id of the picture is empty')
        try:
            return picture, self._transforms.wait_for(frames.BASE, frame, cfg.wait_s)
        except TransformError as error:
            raise _refusal(Code.WRONG_FRAME, str(error)) from error

    def _no_picture(self, not_before_s: float) -> StageError:
        cfg = self._node_parameters.cfg
        newest = self._pictures.newest()
        if newest is None:
            topic = topics.POINTS if cfg.input == 'points' else topics.DEPTH_IMAGE
            name = self.resolve_topic_name(topic)
            return _refusal(Code.NO_CLOUD, f'nothing on {name} within {cfg.wait_s:.1f} s')
        age_s, missing_s = self._now_s() - newest.stamp_s, not_before_s - newest.stamp_s
        return _refusal(
            Code.STALE_CLOUD,
            f'the newest picture is {age_s:.2f} s old, {missing_s:.2f} s too old for this command',
        )

    def _source(self, picture: Picture, pose: Array) -> CameraFrame | ObservedCloud:
        if picture.depth is not None and picture.info is not None:
            return camera_frame_from_msgs(picture.depth, picture.info, pose, picture.color)
        assert picture.cloud is not None  # a picture is one or the other
        return cloud_from_msg(
            picture.cloud, T_base_frame=pose, max_points=self._settings.cfg.max_points
        )

    def _publish(self, observation: ObjectObservation, picture: Picture) -> None:
        message = observation_to_msg(observation, picture.header.stamp)
        self._objects.publish(message)
        self._markers.publish(object_markers(message))

    def _watch(self) -> None:
        expired = self._gate.pop_expired()
        if expired:
            limit_s = self._node_parameters.cfg.command_timeout_s
            reason = f'nothing was heard of the command for {limit_s:.0f} s'
            outcome = Outcome(stage=Stage.COMMAND, code=Code.TIMEOUT, reason=reason)
            self._status.publish(outcome, expired, done=True)

    def _now_s(self) -> float:
        return float(self.get_clock().now().nanoseconds) * 1e-9


def _refusal(code: Code, reason: str) -> StageError:
    return StageError(Stage.PERCEIVE, code, reason)


def main(args: Sequence[str] | None = None) -> None:
    """Run the node until it is shut down."""
    run_node(PerceptionNode, args)


if __name__ == '__main__':
    main()
