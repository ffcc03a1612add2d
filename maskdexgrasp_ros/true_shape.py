"""The experiment 'true shape given': the simulator's own meshes in place of a completion.

It tells how much of what fails is the fault of perception's guess about unseen sides. Only a
perception node whose parameter `completion` is 'true' listens here; every other one is left with
what the camera sees.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
import trimesh
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from scipy.spatial import cKDTree

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.objects.model import ObjectModel
from maskdexgrasp_core.outcome import Code, Stage, StageError
from maskdexgrasp_core.types import Array, ObservedCloud
from maskdexgrasp_ros import qos, topics
from maskdexgrasp_ros.conversions import point_to_msg, points_from_msgs, transform_from_msg
from maskdexgrasp_ros.interfaces import Marker, MarkerArray, TFMessage, TimeMsg

TRUE_SHAPE = 'true'
"""Value of perception's parameter `completion`."""
_SAMPLES = 2000
_SAME_M = 0.02
"""A cloud whose points lie further from a mesh than this shows something else [m]."""


class TrueShape:
    """Satisfies `protocols.ShapeCompletion` with the mesh of the object that the cloud shows."""

    name = TRUE_SHAPE

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._meshes: dict[str, trimesh.Trimesh] = {}
        self._poses: dict[str, Array] = {}

    def see_meshes(self, meshes: Mapping[str, trimesh.Trimesh]) -> None:
        """Take the closed meshes of all objects, by name, object frames [m]."""
        with self._lock:
            self._meshes = dict(meshes)

    def see_poses(self, poses: Mapping[str, Array]) -> None:
        """Take where they are: T_base_object (4, 4) by name."""
        with self._lock:
            self._poses = dict(poses)

    def complete(self, cloud: ObservedCloud, table_height: float) -> trimesh.Trimesh:
        """Return the true surface of the object nearest to the cloud, base frame [m].

        Raises:
            StageError: `BAD_SHAPE` if the simulator tells of no object there.
        """
        with self._lock:
            posed = [
                mesh.copy().apply_transform(self._poses[name])
                for name, mesh in self._meshes.items()
                if name in self._poses
            ]
        distances = [_distance(mesh, cloud.points) for mesh in posed]
        if not distances or min(distances) > _SAME_M:
            text = f'{1e3 * min(distances):.0f} mm away' if distances else 'not known'
            reason = f'the true object is {text}; is this the simulator?'
            raise StageError(Stage.PERCEIVE, Code.BAD_SHAPE, reason)
        return posed[int(np.argmin(distances))]


def true_shape(node: Node) -> TrueShape:
    """Return a completion that listens to the simulator through `node`."""
    completion, group = TrueShape(), MutuallyExclusiveCallbackGroup()
    log = node.get_logger()

    def hear_shapes(message: MarkerArray) -> None:
        try:
            completion.see_meshes(shapes_from_msg(message))
        except InvalidInputError as error:
            log.warning(f'shapes were ignored: {error}')

    def hear_poses(message: TFMessage) -> None:
        transforms = message.transforms
        try:
            completion.see_poses({t.child_frame_id: transform_from_msg(t) for t in transforms})
        except InvalidInputError as error:
            log.warning(f'poses were ignored: {error}')

    node.create_subscription(
        MarkerArray, topics.OBJECT_SHAPES, hear_shapes, qos.LATCHED, callback_group=group
    )
    node.create_subscription(
        TFMessage, topics.OBJECT_POSES, hear_poses, qos.RELIABLE, callback_group=group
    )
    log.warning('completion: true - shapes come from the simulator, not the camera')
    return completion


def shapes_to_msg(models: Sequence[ObjectModel], stamp: TimeMsg) -> MarkerArray:
    """Return one marker for each closed piece of each object, in the object's frame."""
    return MarkerArray(
        markers=[
            _piece_to_msg(model.name, number, piece, stamp)
            for model in models
            for number, piece in enumerate(p for part in model.parts for p in part.pieces)
        ]
    )


def shapes_from_msg(message: MarkerArray) -> dict[str, trimesh.Trimesh]:
    """Return the closed pieces of each object as one mesh, by its name, object frames [m].

    Raises:
        InvalidInputError: If corners are missing or not finite.
    """
    pieces: dict[str, list[trimesh.Trimesh]] = {}
    for marker in message.markers:
        corners = points_from_msgs(marker.points)
        if not len(corners) or len(corners) % 3:
            raise InvalidInputError(f'{len(corners)} corners of {marker.ns!r} are no triangles')
        vertices, index = np.unique(corners, axis=0, return_inverse=True)
        piece = trimesh.Trimesh(vertices, index.reshape(-1, 3), process=False)
        pieces.setdefault(str(marker.ns), []).append(piece)
    return {name: cast(trimesh.Trimesh, trimesh.util.concatenate(p)) for name, p in pieces.items()}


def _piece_to_msg(name: str, number: int, piece: trimesh.Trimesh, stamp: TimeMsg) -> Marker:
    marker = Marker(ns=name, id=number, type=Marker.TRIANGLE_LIST, action=Marker.ADD)
    marker.header.frame_id, marker.header.stamp = name, stamp
    marker.pose.orientation.w = 1.0
    marker.scale.x = marker.scale.y = marker.scale.z = marker.color.a = 1.0
    corners = np.asarray(piece.triangles, dtype=float).reshape(-1, 3)
    marker.points = [point_to_msg(corner) for corner in corners]
    return marker


def _distance(mesh: trimesh.Trimesh, points: Array) -> float:
    """Return the usual distance of points (N, 3) to the surface [m]."""
    samples, _ = trimesh.sample.sample_surface(mesh, _SAMPLES, seed=0)
    distances, _ = cKDTree(samples).query(points)
    return float(np.median(distances))
