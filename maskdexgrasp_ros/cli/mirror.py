"""Follows joints and true object poses of the graph, for pictures and the window."""

import threading
from dataclasses import dataclass

import numpy as np
from rclpy.node import Node
from scipy.spatial.transform import Rotation

from maskdexgrasp_core.types import Array
from maskdexgrasp_ros import qos, topics
from maskdexgrasp_ros.interfaces import JointState, TFMessage


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
        poses = {}
        for item in message.transforms:
            move, turn = item.transform.translation, item.transform.rotation
            pose = np.eye(4)
            pose[:3, :3] = Rotation.from_quat([turn.x, turn.y, turn.z, turn.w]).as_matrix()
            pose[:3, 3] = move.x, move.y, move.z
            poses[item.child_frame_id] = pose
        with self._lock:
            self._poses.update(poses)
