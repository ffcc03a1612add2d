"""Hears what a graph says about one command at a time, for clients."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.outcome import Stage
from maskdexgrasp_ros import qos, topics
from maskdexgrasp_ros.conversions import outcome_from_msg, time_from_msg
from maskdexgrasp_ros.frame_buffer import FrameBuffer
from maskdexgrasp_ros.gate import root_id
from maskdexgrasp_ros.interfaces import (
    CameraInfo,
    GraspCandidates,
    GraspStatus,
    HandGrasps,
    Image,
    SegmentedObject,
    TFMessage,
)
from maskdexgrasp_ros.scoring import LiftWatch

Feedback = Callable[[Stage, str, int], None]
"""Called with stage, detail and attempt (0 = first) as a command goes on."""


@dataclass(kw_only=True)
class Seen:
    """The newest messages of a command, for pictures and reports."""

    segmented: SegmentedObject | None = None
    candidates: GraspCandidates | None = None
    hand_grasps: HandGrasps | None = None
    statuses: list[GraspStatus] = field(default_factory=list)


class GraphListener:
    """Subscribes to everything that tells about a command.

    Args:
        node: Spun by other threads.
        watch_camera: Whether to keep the newest pictures.
    """

    def __init__(self, node: Node, *, watch_camera: bool) -> None:
        self._log = node.get_logger()
        self.seen = Seen()
        self.lifts = LiftWatch()
        self.pictures = FrameBuffer()
        self.moved_at: float | None = None
        """`time.perf_counter` at the first motion of the command, or None."""
        self._feedback: Feedback | None = None
        self._command_id = ''
        subscribe = node.create_subscription
        sensors, reports = MutuallyExclusiveCallbackGroup(), MutuallyExclusiveCallbackGroup()
        for kind, name, hear in (
            (SegmentedObject, topics.SEGMENTED_OBJECT, self._on_segmented),
            (GraspCandidates, topics.GRASP_CANDIDATES, self._on_candidates),
            (HandGrasps, topics.HAND_GRASPS, self._on_hand_grasps),
            (GraspStatus, topics.GRASP_STATUS, self._on_status),
            (TFMessage, topics.OBJECT_POSES, self._on_objects),
        ):
            subscribe(kind, name, hear, qos.RELIABLE, callback_group=reports)
        if not watch_camera:
            return
        for kind, name, hear in (
            (Image, topics.DEPTH_IMAGE, self.pictures.add_depth),
            (Image, topics.COLOR_IMAGE, self.pictures.add_color),
            (CameraInfo, topics.DEPTH_INFO, self.pictures.add_info),
        ):
            subscribe(kind, name, hear, qos.SENSOR_DATA, callback_group=sensors)

    @property
    def end(self) -> GraspStatus | None:
        """The status that says that the command is done, or None."""
        for status in self.seen.statuses:
            if status.done and status.command_id == self._command_id:  # not that of one look
                return status
        return None

    def begin(self, command_id: str, feedback: Feedback | None) -> None:
        """Forget the last command and listen to this one."""
        self.seen = Seen()
        self.moved_at = None
        self._command_id, self._feedback = command_id, feedback
        self.lifts.start()

    def _on_segmented(self, message: SegmentedObject) -> None:
        self.seen.segmented = message

    def _on_candidates(self, message: GraspCandidates) -> None:
        self.seen.candidates = message

    def _on_hand_grasps(self, message: HandGrasps) -> None:
        self.seen.hand_grasps = message

    def _on_status(self, message: GraspStatus) -> None:
        if root_id(message.command_id) != self._command_id:
            return
        try:
            stage = outcome_from_msg(message).stage
        except InvalidInputError as error:  # of a foreign sender
            self._log.warning(f'a status was ignored: {error}')
            return
        self.seen.statuses.append(message)
        if stage is Stage.APPROACH and self.moved_at is None:
            self.moved_at = time.perf_counter()
        if self._feedback is not None and not message.done and not message.stage_names:
            self._feedback(stage, '', message.attempt)

    def _on_objects(self, message: TFMessage) -> None:
        for transform in message.transforms:
            height_m = transform.transform.translation.z
            stamp_s = time_from_msg(transform.header.stamp)
            self.lifts.see(transform.child_frame_id, height_m, stamp_s)
