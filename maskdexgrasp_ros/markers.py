"""What RViz shows of a command: the object, the candidates, the chosen grasp."""

from collections.abc import Iterable

import numpy as np
import torch

from maskdexgrasp_core.hands import FREEDOM, SHADOW, HandKinematics, HandSpec
from maskdexgrasp_core.types import Array
from maskdexgrasp_ros.conversions import point_to_msg, pose_from_msg
from maskdexgrasp_ros.interfaces import (
    ColorRGBA,
    GraspCandidates,
    HandGrasp,
    Header,
    Marker,
    MarkerArray,
    SegmentedObject,
)

_SHOWN_CANDIDATES = 12
_LINE_WIDTH_M = 0.002
_SEGMENT_COLOR = ColorRGBA(r=0.10, g=0.65, b=0.95, a=0.45)
_PART_COLOR = ColorRGBA(r=0.95, g=0.35, b=0.10, a=0.9)
_CANDIDATE_COLOR = ColorRGBA(r=0.95, g=0.75, b=0.15, a=0.55)
_CHOSEN_COLOR = ColorRGBA(r=0.15, g=0.80, b=0.30, a=1.0)


class HandSkeleton:
    """Line segments from each joint of a hand to the next."""

    def __init__(self, spec: HandSpec) -> None:
        self._spec = spec
        self._kinematics = HandKinematics(spec, torch.float64)
        joints = spec.description.joints.values()
        links = {link for part in spec.parts.values() for link in part}
        links |= {spec.root_link, *spec.fingertip_links}
        self._bones = [(j.parent, j.child) for j in joints if {j.parent, j.child} <= links]

    def segments(self, T_base_root: Array, joint_positions: Array) -> Array:
        """Return (S, 2, 3) end points in the base frame [m].

        Args:
            T_base_root: (4, 4) pose of the hand's root.
            joint_positions: (J,) [rad] in the order of `spec.joint_names`.
        """
        poses = self._kinematics.link_transforms(torch.tensor(joint_positions[None]))
        origins = {link: pose[0, :3, 3].numpy() for link, pose in poses.items()}
        bones = np.array([[origins[a], origins[b]] for a, b in self._bones])
        moved: Array = bones @ T_base_root[:3, :3].T + T_base_root[:3, 3]
        return moved

    def from_names(self, pose: Array, names: list[str], positions: list[float]) -> Array:
        """As `segments`, joints by name; those that are not given stay open."""
        given = dict(zip(names, positions, strict=True))
        ordered = [
            given.get(name, default)
            for name, default in zip(
                self._spec.joint_names, self._spec.open_positions, strict=True
            )
        ]
        return self.segments(pose, np.array(ordered, dtype=float))


_skeletons: dict[str, HandSkeleton] = {}


def object_markers(message: SegmentedObject) -> MarkerArray:
    """Return the completed shape, the points of the asked part, and the command's text.

    The candidates and the chosen grasp of an earlier command disappear.
    """
    header = message.header
    shape = _marker(header, 'object', Marker.TRIANGLE_LIST, _SEGMENT_COLOR)
    vertices = message.shape.vertices
    shape.points = [vertices[i] for t in message.shape.triangles for i in t.vertex_indices]
    shape.scale.x = shape.scale.y = shape.scale.z = 1.0
    text = _marker(header, 'text', Marker.TEXT_VIEW_FACING, _PART_COLOR)
    text.text = message.command.text[:80]
    text.scale.z = 0.03
    if vertices:
        text.pose.position.x = float(np.mean([v.x for v in vertices]))
        text.pose.position.y = float(np.mean([v.y for v in vertices]))
        text.pose.position.z = max(v.z for v in vertices) + 0.06
    old = [_deleted(header, name) for name in ('candidates', 'chosen')]
    return MarkerArray(markers=[shape, text, *old])


def candidate_markers(message: GraspCandidates) -> MarkerArray:
    """Return the skeletons of the best candidates."""
    skeleton = _skeleton(SHADOW)
    segments = [
        skeleton.from_names(
            pose_from_msg(grasp.wrist), list(grasp.joint_names), list(grasp.joint_positions)
        )
        for grasp in message.grasps[:_SHOWN_CANDIDATES]
    ]
    return MarkerArray(markers=[_lines(message.header, 'candidates', segments, _CANDIDATE_COLOR)])


def chosen_markers(grasp: HandGrasp) -> MarkerArray:
    """Return the skeleton of the real hand as it will hold the object."""
    segments = _skeleton(FREEDOM).from_names(
        pose_from_msg(grasp.grasp), list(grasp.motor_names), list(grasp.grasp_positions)
    )
    return MarkerArray(markers=[_lines(grasp.header, 'chosen', [segments], _CHOSEN_COLOR)])


def _skeleton(spec: HandSpec) -> HandSkeleton:
    if spec.name not in _skeletons:
        _skeletons[spec.name] = HandSkeleton(spec)
    return _skeletons[spec.name]


def _lines(header: Header, name: str, segments: Iterable[Array], color: ColorRGBA) -> Marker:
    marker = _marker(header, name, Marker.LINE_LIST, color)
    marker.scale.x = _LINE_WIDTH_M
    marker.points = [point_to_msg(end) for group in segments for ends in group for end in ends]
    return marker


def _marker(header: Header, name: str, kind: int, color: ColorRGBA) -> Marker:
    marker = Marker(header=header, ns=name, id=0, type=kind, action=Marker.ADD, color=color)
    marker.pose.orientation.w = 1.0
    return marker


def _deleted(header: Header, name: str) -> Marker:
    return Marker(header=header, ns=name, id=0, action=Marker.DELETE)
