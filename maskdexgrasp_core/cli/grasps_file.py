"""Files of Shadow Hand grasps of one object, as `generate` and `edit` write them."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import trimesh

from maskdexgrasp_core.cli.array_file import UNREADABLE, numbers, read_arrays
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.types import Array

GRASPS_FILE = (
    'grasps.npz or grasps.json as `maskdexgrasp generate` and `edit` write them; or an .npz with '
    'T_object_wrist (N, 4, 4), joint_positions (N, 22), and the object as vertices and faces'
)
_OBJECT_ARRAYS = ('vertices', 'faces', 'points', 'completed')


def read_grasps_file(path: Path) -> Mapping[str, Any]:
    """Return the content of a file of grasps by name; that of a .json with the .npz beside it.

    Raises:
        InvalidInputError: If there is no such file, or it cannot be read.
    """
    if not path.is_file():
        raise InvalidInputError(f'{path} does not exist; expected {GRASPS_FILE}')
    if path.suffix == '.json':
        return _json_arrays(path)
    if path.suffix != '.npz':
        raise InvalidInputError(
            f'{path.name} is not taken; expected {GRASPS_FILE}. Pickled .npy and .pt files run '
            'code when they are loaded; convert them to .npz first'
        )
    return read_arrays(path)


def grasps_of(arrays: Mapping[str, Any], path: Path) -> tuple[Array, Array, Array | None]:
    """Return poses (N, 4, 4), joints and squeezes (N, 22), in the order of the Shadow Hand.

    Args:
        arrays: Content of a file; the poses are T_object_wrist, or else T_base_wrist.
        path: The file, for messages.

    Raises:
        InvalidInputError: If something is missing, of another shape, or of another hand.
    """
    name = 'T_object_wrist' if 'T_object_wrist' in arrays else 'T_base_wrist'
    for needed in (name, 'joint_positions'):
        if needed not in arrays:
            raise InvalidInputError(f'{path.name} has no {needed}; expected {GRASPS_FILE}')
    order = _joint_order(arrays, path)
    poses = numbers(arrays[name], f'{path.name}: {name}')
    joints = numbers(arrays['joint_positions'], f'{path.name}: joint_positions')
    count = len(poses) if poses.ndim else 0
    if poses.shape != (count, 4, 4) or joints.shape != (count, SHADOW.num_joints) or not count:
        raise InvalidInputError(
            f'{path.name}: got {name} {poses.shape} and joint_positions {joints.shape}, expected '
            f'(N, 4, 4) and (N, {SHADOW.num_joints}) with N > 0'
        )
    squeezes = None
    if 'squeeze_positions' in arrays:
        squeezes = numbers(arrays['squeeze_positions'], f'{path.name}: squeeze_positions')
        if squeezes.shape != joints.shape:
            raise InvalidInputError(
                f'{path.name}: squeeze_positions {squeezes.shape} differ from the joints'
            )
        squeezes = squeezes[:, order]
    return poses, joints[:, order], squeezes


def word_of(arrays: Mapping[str, Any], name: str, path: Path) -> str:
    """Return the text of a file under `name`, '' if it has none.

    Raises:
        InvalidInputError: If it is something else.
    """
    value = arrays.get(name, '')
    text = value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value
    if not isinstance(text, str):
        raise InvalidInputError(f'{path.name}: {name} is {type(value).__name__}, not a sentence')
    return text


def shape_of(arrays: Mapping[str, Any], path: Path) -> trimesh.Trimesh | None:
    """Return the surface of the object in the frame of the grasps [m]; None if it is not there.

    Raises:
        InvalidInputError: If vertices or faces are none.
    """
    if 'vertices' not in arrays or 'faces' not in arrays:
        return None
    vertices = numbers(arrays['vertices'], f'{path.name}: vertices')
    faces = numbers(arrays['faces'], f'{path.name}: faces')
    count = len(vertices) if vertices.ndim else 0
    if vertices.shape != (count, 3) or faces.shape[1:] != (3,) or not faces.size:
        raise InvalidInputError(
            f'{path.name}: got vertices {vertices.shape} and faces {faces.shape}, expected (V, 3) '
            'and (F, 3)'
        )
    if not np.isfinite(vertices).all():
        raise InvalidInputError(f'{path.name}: vertices are not finite')
    if not np.isin(faces, np.arange(count)).all():
        raise InvalidInputError(
            f'{path.name}: faces must hold numbers of vertices, 0 to {count - 1}'
        )
    return trimesh.Trimesh(vertices, faces.astype(np.int64))


def _json_arrays(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text())
        grasps = content['grasps']
        found = {
            'T_base_wrist': [grasp['T_base_wrist'] for grasp in grasps],
            'joint_positions': [grasp['joint_positions'] for grasp in grasps],
            'joint_names': content['joint_names'],
            'score': [grasp.get('score', math.nan) for grasp in grasps],
            'text': content.get('text', ''),
            'task': content.get('task', ''),
        }
        if all('squeeze_positions' in grasp for grasp in grasps):
            found['squeeze_positions'] = [grasp['squeeze_positions'] for grasp in grasps]
    except UNREADABLE as error:
        raise InvalidInputError(
            f'{path.name} is not a grasps.json of `maskdexgrasp generate`: {error!r}'
        ) from error
    beside = path.with_suffix('.npz')
    if beside.is_file():
        arrays = read_arrays(beside)
        found |= {name: arrays[name] for name in _OBJECT_ARRAYS if name in arrays}
    return found


def _joint_order(arrays: Mapping[str, Any], path: Path) -> list[int]:
    """Return where each joint of the Shadow Hand stands in the vectors of the file."""
    names = np.ravel(np.asarray(arrays.get('joint_names', SHADOW.joint_names), dtype=object))
    known = [str(one) for one in names]
    if sorted(known) != sorted(SHADOW.joint_names):
        raise InvalidInputError(
            f'{path.name} holds grasps of another hand; expected the Shadow Hand, with the joints '
            f'{", ".join(SHADOW.joint_names)}'
        )
    return [known.index(one) for one in SHADOW.joint_names]
