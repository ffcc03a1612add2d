"""Follows what a report shows: joints, true object poses, the picture that was answered."""

import threading
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rclpy.node import Node

from maskdexgrasp_core.types import Array
from maskdexgrasp_ros import qos, topics
from maskdexgrasp_ros.conversions import time_from_msg, transform_from_msg
from maskdexgrasp_ros.interfaces import Image, JointState, SegmentedObject, TFMessage

_KEPT = 12
_SAME_S = 0.02
"""Stamps that differ by less belong to one picture [s]."""


@dataclass(frozen=True, kw_only=True)
class CellState:
    """Where everything is at one moment."""

    joint_positions: dict[str, float]
    """By the joint's name [rad]."""
    object_poses: dict[str, Array]
    """T_base_object (4, 4) by the object's name."""


class CellMirror:
    """Keeps the newest state; the node must be spun by another thread."""

    def __init__(self, node: Node) -> None:
        self._lock = threading.Lock()
        self._joints: dict[str, float] = {}
        self._poses: dict[str, Array] = {}
        node.create_subscription(JointState, topics.JOINT_STATES, self._on_joints, qos.SENSOR_DATA)
        node.create_subscription(TFMessage, topics.OBJECT_POSES, self._on_poses, qos.SENSOR_DATA)

    def state(self) -> CellState:
        """Return the newest state."""
        with self._lock:
            return CellState(joint_positions=dict(self._joints), object_poses=dict(self._poses))

    def _on_joints(self, message: JointState) -> None:
        with self._lock:
            self._joints.update(zip(message.name, message.position, strict=True))

    def _on_poses(self, message: TFMessage) -> None:
        poses = {item.child_frame_id: transform_from_msg(item) for item in message.transforms}
        with self._lock:
            self._poses.update(poses)


class AnsweredPicture:
    """Finds the colours of the picture in which perception found the object.

    The node must be spun by another thread.
    """

    def __init__(self, node: Node) -> None:
        self._lock = threading.Lock()
        self._images: deque[Image] = deque(maxlen=_KEPT)
        self._wanted_s: float | None = None
        self._found: Image | None = None
        node.create_subscription(Image, topics.COLOR_IMAGE, self._on_image, qos.SENSOR_DATA)
        node.create_subscription(
            SegmentedObject, topics.SEGMENTED_OBJECT, self._on_segmented, qos.RELIABLE
        )

    def picture(self) -> NDArray[np.uint8] | None:
        """Return (H, W, 3) RGB; the newest picture if nothing was found in any, else None."""
        with self._lock:
            image = self._found or (self._images[-1] if self._images else None)
        if image is None:
            return None
        return np.array(image.data, dtype=np.uint8).reshape(image.height, image.width, 3)

    def _on_image(self, message: Image) -> None:
        with self._lock:
            self._images.append(message)
            if self._wanted_s is not None and self._distance_s(message) < _SAME_S:
                self._found = message

    def _on_segmented(self, message: SegmentedObject) -> None:
        with self._lock:
            self._wanted_s = time_from_msg(message.header.stamp)
            if self._images:
                self._found = min(self._images, key=self._distance_s)

    def _distance_s(self, image: Image) -> float:
        return abs(time_from_msg(image.header.stamp) - (self._wanted_s or 0.0))
