"""Core types to messages and back: stamps, poses, meshes, commands, status.

Clouds are in `cloud_conversions`, pictures in `image_conversions`, observations and grasps in
`grasp_conversions`, states and motions of devices in `state_conversions`. Quaternions are wxyz
in the core; only here they become xyzw.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import trimesh
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from maskdexgrasp_core import frames
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.outcome import Code, Outcome, Stage, StageError
from maskdexgrasp_core.types import Array, Command
from maskdexgrasp_ros.interfaces import (
    GraspCommand,
    GraspStatus,
    Header,
    Mesh,
    MeshTriangle,
    Point,
    Pose,
    Quaternion,
    TimeMsg,
    Transform,
    TransformStamped,
    Vector3,
)


def time_to_msg(stamp_s: float) -> TimeMsg:
    """Return a stamp from seconds."""
    whole = math.floor(stamp_s)
    carry, nanoseconds = divmod(round((stamp_s - whole) * 1e9), 1_000_000_000)
    return TimeMsg(sec=whole + carry, nanosec=nanoseconds)


def time_from_msg(message: TimeMsg) -> float:
    """Return seconds from a stamp (a float resolves 0.3 us today)."""
    return float(message.sec) + float(message.nanosec) * 1e-9


def header_to_msg(frame_id: str, stamp_s: float) -> Header:
    """Return a header from a frame name and a stamp [s]."""
    return Header(frame_id=frame_id, stamp=time_to_msg(stamp_s))


def base_header(stamp: TimeMsg) -> Header:
    """Return a header in the base frame."""
    return Header(frame_id=frames.BASE, stamp=stamp)


def require_base_frame(header: Header, stage: Stage) -> None:
    """Refuse a message that is not in the base frame.

    Raises:
        StageError: With `WRONG_FRAME`.
    """
    if header.frame_id != frames.BASE:
        raise StageError(
            stage,
            Code.WRONG_FRAME,
            f'the message is in frame {header.frame_id!r}; expected {frames.BASE!r}',
        )


def finite_array(name: str, values: Sequence[float], length: int | None = None) -> Array:
    """Return `values` as an array after checking them.

    Args:
        name: For the error text.
        values: Numbers of a message field.
        length: How many there must be; None: any number.

    Raises:
        InvalidInputError: If the count differs or a value is not finite.
    """
    array = np.array(values, dtype=float)
    if length is not None and len(array) != length:
        raise InvalidInputError(f'{name} has {len(array)} values; expected {length}')
    if not np.isfinite(array).all():
        raise InvalidInputError(f'{name} holds a value that is not finite')
    return array


def pose_to_msg(T_a_b: Array) -> Pose:
    """Return a pose message from a 4x4 pose [m]."""
    x, y, z, w = Rotation.from_matrix(T_a_b[:3, :3]).as_quat()
    return Pose(
        position=point_to_msg(T_a_b[:3, 3]),
        orientation=Quaternion(x=float(x), y=float(y), z=float(z), w=float(w)),
    )


def pose_from_msg(message: Pose) -> Array:
    """Return the 4x4 pose of a message [m]; the quaternion is normalised.

    Raises:
        InvalidInputError: If a value is not finite or the quaternion is not of unit length
            (within 1 %).
    """
    orientation = message.orientation
    quat_xyzw = finite_array(
        'orientation', [orientation.x, orientation.y, orientation.z, orientation.w]
    )
    norm = float(np.linalg.norm(quat_xyzw))
    if abs(norm - 1.0) > 0.01:
        raise InvalidInputError(f'the quaternion has length {norm:.3f}; expected 1')
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_quat(quat_xyzw).as_matrix()
    pose[:3, 3] = point_from_msg(message.position)
    return pose


def transform_to_msg(
    T_parent_child: Array, parent: str, child: str, stamp: TimeMsg
) -> TransformStamped:
    """Return the transform that TF wants for the pose of `child` in `parent` [m]."""
    pose = pose_to_msg(T_parent_child)
    return TransformStamped(
        header=Header(frame_id=parent, stamp=stamp),
        child_frame_id=child,
        transform=Transform(
            translation=vector_to_msg(T_parent_child[:3, 3]), rotation=pose.orientation
        ),
    )


def transform_from_msg(message: TransformStamped) -> Array:
    """Return the 4x4 pose of the child frame in the header's frame [m].

    Raises:
        InvalidInputError: As `pose_from_msg`.
    """
    moved = message.transform.translation
    position = Point(x=moved.x, y=moved.y, z=moved.z)
    return pose_from_msg(Pose(position=position, orientation=message.transform.rotation))


def point_to_msg(point: Array) -> Point:
    """Return a point message from (3,) [m]."""
    return Point(x=float(point[0]), y=float(point[1]), z=float(point[2]))


def vector_to_msg(vector: Array) -> Vector3:
    """Return a vector message from (3,)."""
    return Vector3(x=float(vector[0]), y=float(vector[1]), z=float(vector[2]))


def point_from_msg(message: Point | Vector3) -> Array:
    """Return (3,) of a point or vector message.

    Raises:
        InvalidInputError: If a value is not finite.
    """
    return finite_array('x, y, z', [message.x, message.y, message.z])


def points_from_msgs(messages: Sequence[Point | Vector3]) -> Array:
    """Return (N, 3) of point or vector messages.

    Raises:
        InvalidInputError: If a value is not finite.
    """
    values = [coordinate for m in messages for coordinate in (m.x, m.y, m.z)]
    return finite_array('points', values).reshape(-1, 3)


def mesh_to_msg(mesh: trimesh.Trimesh) -> Mesh:
    """Return a mesh message; vertices stay in the mesh's frame [m]."""
    triangles: NDArray[np.uint32] = np.asarray(mesh.faces, dtype=np.uint32)
    return Mesh(
        vertices=[Point(x=x, y=y, z=z) for x, y, z in np.asarray(mesh.vertices, float).tolist()],
        triangles=[MeshTriangle(vertex_indices=triangle) for triangle in triangles],
    )


def mesh_from_msg(message: Mesh) -> trimesh.Trimesh:
    """Return the mesh of a message, vertices and triangles as they are.

    Raises:
        InvalidInputError: If it is empty, a vertex is not finite or a triangle names a vertex
            that does not exist.
    """
    vertices = points_from_msgs(message.vertices)
    triangles = np.array([t.vertex_indices for t in message.triangles], dtype=np.int64)
    if len(triangles) == 0:
        raise InvalidInputError('the mesh has no triangle')
    if triangles.max() >= len(vertices):
        raise InvalidInputError(
            f'a triangle names vertex {triangles.max()}; the mesh has {len(vertices)}'
        )
    return trimesh.Trimesh(vertices=vertices, faces=triangles, process=False)


def command_to_msg(command: Command, header: Header | None = None) -> GraspCommand:
    """Return a command message."""
    return GraspCommand(
        header=Header() if header is None else header,
        command_id=command.command_id,
        text=command.text,
        task=command.task,
        seed=command.seed,
        plan_only=command.plan_only,
        place_after_hold=command.place_after_hold,
    )


def command_from_msg(message: GraspCommand) -> Command:
    """Return the command of a message as it came; what it says is checked in the core."""
    return Command(
        command_id=message.command_id,
        text=message.text,
        task=message.task,
        seed=message.seed,
        plan_only=message.plan_only,
        place_after_hold=message.place_after_hold,
    )


def status_to_msg(
    outcome: Outcome,
    command_id: str,
    stamp: TimeMsg,
    *,
    stage_seconds: Mapping[str, float] | None = None,
    attempt: int = 0,
    done: bool = False,
) -> GraspStatus:
    """Return a status message.

    Args:
        outcome: Stage, code and reason.
        command_id: Of the command that it is about.
        stamp: Time of the report.
        stage_seconds: Wall time of the stages begun so far [s], in order.
        attempt: 0 for the first grasp tried.
        done: Whether the command has ended.
    """
    times = {} if stage_seconds is None else stage_seconds
    return GraspStatus(
        header=base_header(stamp),
        command_id=command_id,
        stage=outcome.stage.value,
        code=outcome.code.value,
        reason=outcome.reason,
        done=done,
        stage_names=list(times),
        stage_seconds=[float(value) for value in times.values()],
        attempt=attempt,
    )


def outcome_from_msg(message: GraspStatus) -> Outcome:
    """Return the outcome that a status message carries.

    Raises:
        InvalidInputError: If its stage or code is not in the table, or a failure has no reason.
    """
    try:
        return Outcome(stage=Stage(message.stage), code=Code(message.code), reason=message.reason)
    except ValueError as error:
        raise InvalidInputError(str(error)) from error
