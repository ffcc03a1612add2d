"""One grasp file of AffordPose: JSON with the hand's angles and pose and the labelled object.

Lengths of the hand's pose are in millimetres, those of the meshes in metres. The object's mesh
comes as lines of OBJ text whose vertices carry a fourth number, the label of their affordance.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray

from maskdexgrasp_core.dataset.sources import affordpose_hand
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.geometry.transforms import transform_points
from maskdexgrasp_core.types import Array

LABEL_TASKS: dict[int, str] = {
    1: 'handle-grasp', 3: 'press', 4: 'lift', 5: 'wrap-grasp',
    6: 'twist', 7: 'support', 8: 'pull', 9: 'lever',
}  # fmt: skip
"""Label of a vertex -> task that its part serves; 0 serves none, 2 is not used."""
UNLABELLED = 0
_MAX_BYTES = 256 * 2**20
_UNIT_ERROR = 0.01


@dataclass(frozen=True, kw_only=True, eq=False)
class AffordPoseGrasp:
    """What one file says of the hand."""

    task: str
    """One of `tasks.TASKS`."""
    keypoints: Array
    """(21, 3) [m] in the frame of the object's mesh."""
    mesh_lines: tuple[str, ...]
    """The object's mesh as it stands in the file; parsed by `parse_mesh`."""

    @property
    def mesh_digest(self) -> str:
        """Equal for files with the same object mesh and labels."""
        return hashlib.sha256('\n'.join(self.mesh_lines).encode()).hexdigest()


def read_grasp(path: Path) -> AffordPoseGrasp:
    """Read one file.

    Raises:
        InvalidInputError: If the file is missing or damaged; the message names file and key.
    """
    try:
        return _grasp(_load(path))
    except InvalidInputError as error:
        raise InvalidInputError(f'{path}: {error}') from error


def parse_mesh(lines: Sequence[str]) -> tuple[trimesh.Trimesh, NDArray[np.int64]]:
    """Return the mesh [m] and the label of each of its vertices.

    Raises:
        InvalidInputError: If a line is no vertex with a known label and no triangle.
    """
    vertices = _numbers([line.split()[1:] for line in lines if line.startswith('v ')], 4)
    faces = _numbers([line.split()[1:] for line in lines if line.startswith('f ')], 3)
    labels = vertices[:, 3].astype(np.int64)
    unknown = sorted(set(labels.tolist()) - {UNLABELLED, *LABEL_TASKS})
    if unknown:
        raise InvalidInputError(
            f"key 'object_mesh' has the label {unknown[0]}; known: 0 and "
            f'{", ".join(f"{label} ({task})" for label, task in LABEL_TASKS.items())}'
        )
    corners = faces.astype(np.int64) - 1
    if len(corners) == 0 or corners.min() < 0 or corners.max() >= len(vertices):
        raise InvalidInputError("key 'object_mesh' has no triangles, or one without its vertices")
    return trimesh.Trimesh(vertices[:, :3], corners, process=False), labels


def _load(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise InvalidInputError('there is no such file')
    if path.stat().st_size > _MAX_BYTES:
        raise InvalidInputError(f'has {path.stat().st_size} bytes, too many for one grasp')
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f'is no JSON: {error}') from error
    if not isinstance(content, dict):
        raise InvalidInputError(f'holds a {type(content).__name__}, expected an object')
    return content


def _grasp(content: dict[str, Any]) -> AffordPoseGrasp:
    task = _task(content)
    dofs = _vector(content, 'dofs', affordpose_hand.NUM_DOFS)
    try:
        affordpose_hand.check_dofs(dofs)
    except InvalidInputError as error:
        raise InvalidInputError(f"key 'dofs': {error}") from error
    quat_wxyz = _vector(content, 'rhand_quat', 4)
    if abs(np.linalg.norm(quat_wxyz) - 1.0) > _UNIT_ERROR:
        raise InvalidInputError(f"key 'rhand_quat' is no unit quaternion: {quat_wxyz.tolist()}")
    for key, rest in (('trans_obj', [0, 0, 0]), ('quat_obj', [1, 0, 0, 0])):
        if not np.allclose(_vector(content, key, len(rest)), rest, atol=1e-6):
            raise InvalidInputError(
                f'key {key!r} moves the object: {content[key]}; the release leaves it at {rest}'
            )
    pose = affordpose_hand.palm_pose(_vector(content, 'rhand_trans', 3), quat_wxyz)
    lines = content.get('object_mesh')
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise InvalidInputError("key 'object_mesh' is missing or no list of OBJ lines")
    return AffordPoseGrasp(
        task=task,
        keypoints=transform_points(pose, affordpose_hand.keypoints(dofs[None])[0]),
        mesh_lines=tuple(line.strip() for line in lines),
    )


def _task(content: dict[str, Any]) -> str:
    name = content.get('afford_name')
    if not isinstance(name, str):
        raise InvalidInputError("key 'afford_name' is missing or no text")
    task = name.strip().lower().replace('_', '-').replace(' ', '-')
    if task not in LABEL_TASKS.values():
        raise InvalidInputError(
            f"key 'afford_name' is {name!r}; known: {', '.join(LABEL_TASKS.values())}"
        )
    return task


def _vector(content: dict[str, Any], key: str, size: int) -> Array:
    if key not in content:
        raise InvalidInputError(f'key {key!r} is missing')
    try:
        vector = np.asarray(content[key], dtype=float)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f'key {key!r} holds no numbers: {error}') from error
    if vector.shape != (size,) or not np.isfinite(vector).all():
        raise InvalidInputError(f'key {key!r} must be {size} finite numbers, got {content[key]}')
    return vector


def _numbers(rows: list[list[str]], width: int) -> Array:
    try:
        table = np.array(rows, dtype=float).reshape(len(rows), width)
    except ValueError as error:
        raise InvalidInputError(
            f"key 'object_mesh' has a line without its {width} numbers: {error}"
        ) from error
    if not np.isfinite(table).all():
        raise InvalidInputError("key 'object_mesh' has numbers that are not finite")
    return table
