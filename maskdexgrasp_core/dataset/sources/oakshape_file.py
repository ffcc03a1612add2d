"""The files of OakInk-Shape: MANO parameters of a hand, what it did, and the mesh that it holds.

Folders as in the release, below `$OAKINK_DIR/shape`:
metaV2/object_id.json, metaV2/virtual_object_id.json      object id -> name
oakink_shape_v2/<category>/<source id>/<grasp>/hand_param.pkl              a recorded grasp
oakink_shape_v2/<category>/<source id>/<grasp>/source.txt                  where it was recorded
oakink_shape_v2/<category>/<source id>/<grasp>/<target id>/hand_param.pkl  moved to an alike object
OakInkObjectsV2/<name>/align/*.obj|ply, OakInkVirtualObjectsV2/...         meshes
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import trimesh
from scipy.spatial.transform import Rotation

from maskdexgrasp_core.dataset.sources.plain_pickle import load_plain_dict
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.geometry.rotations import quat_wxyz_to_matrix
from maskdexgrasp_core.objects.mesh_check import read_mesh
from maskdexgrasp_core.types import Array

INTENT_TASKS: dict[str, str] = {'0001': 'use', '0002': 'hold', '0003': 'lift-up'}
"""Code in `source.txt` -> task."""
HANDOVER = '0004'
"""The one intent that is left out: it takes two people."""
_SOURCE = re.compile(r'.+/.{6}_(?P<intent>\d{4})_[_0-9]+/[-0-9]+')
_META_FILES: tuple[tuple[tuple[str, ...], str], ...] = (
    (('object_id.json',), 'OakInkObjectsV2'),
    (('virtual_object_id.json', 'virtual_obj_id.json'), 'OakInkVirtualObjectsV2'),
)
"""Names of the files that list objects (the release has had two for one), and their meshes."""
_MESH_FOLDERS = ('align', 'align_ds')
_MAX_BYTES = 2**20
_UNIT_ERROR = 0.02
_FARTHEST_M = 1.0


class ManoParameters(NamedTuple):
    """A MANO hand in the frame of the object's mesh, its bounding box centred on the origin."""

    rotations: Array
    """Of the wrist and the 15 joints, each relative to its parent, (16, 3, 3)."""
    shapes: Array
    """(10,)."""
    wrist: Array
    """Position of the wrist, (3,) [m]."""


def read_hand(path: Path) -> ManoParameters:
    """Read `hand_param.pkl`; nothing that the file asks for is run.

    `pose` may be 48 numbers (axis-angle, as the release's own loader takes them) or 64
    (quaternions wxyz, as its documentation says).

    Raises:
        InvalidInputError: If the file is missing or damaged; the message names file and key.
    """
    entries = load_plain_dict(path, max_bytes=_MAX_BYTES)
    pose = _vector(entries, path, 'pose', (48, 64))
    shapes = _vector(entries, path, 'shape', (10,))
    wrist = _vector(entries, path, 'tsl', (3,))
    if np.linalg.norm(wrist) > _FARTHEST_M:
        raise InvalidInputError(f"{path}: key 'tsl' is {wrist.tolist()}; is it in metres?")
    if len(pose) == 48:
        return ManoParameters(Rotation.from_rotvec(pose.reshape(16, 3)).as_matrix(), shapes, wrist)
    quats_wxyz = pose.reshape(16, 4)
    if np.abs(np.linalg.norm(quats_wxyz, axis=1) - 1.0).max() > _UNIT_ERROR:
        raise InvalidInputError(f"{path}: key 'pose' has 64 numbers but no unit quaternions")
    return ManoParameters(quat_wxyz_to_matrix(quats_wxyz), shapes, wrist)


def read_intent(path: Path) -> str:
    """Return the code of the intent that `source.txt` names, such as '0001'.

    Raises:
        InvalidInputError: If the file is missing, or says something else than
            '<stage>/<object>_<intent>_<subject>/<time>' with a known intent.
    """
    try:
        text = path.read_text(encoding='utf-8', errors='replace')[:4096]
    except OSError as error:
        raise InvalidInputError(f'{path} cannot be read: {error.strerror}') from error
    match = _SOURCE.search(text)
    known = (*INTENT_TASKS, HANDOVER)
    if match is None or match['intent'] not in known:
        raise InvalidInputError(
            f'{path} says {text[:80]!r}; expected <stage>/<object>_<intent>_<subject>/<time> with '
            f'an intent of {", ".join(known)}'
        )
    return match['intent']


@dataclass(frozen=True, kw_only=True)
class ObjectFolders:
    """Object id -> folder of its meshes."""

    by_id: dict[str, Path]

    @classmethod
    def read(cls, shape_folder: Path) -> 'ObjectFolders':
        """Read the lists of objects in `metaV2`.

        Raises:
            InvalidInputError: If a list is missing or damaged.
        """
        by_id: dict[str, Path] = {}
        for file_names, meshes in reversed(_META_FILES):  # recorded objects win
            places = [shape_folder / 'metaV2' / name for name in file_names]
            path = next((place for place in places if place.is_file()), None)
            if path is None:
                raise InvalidInputError(f'no file {" or ".join(map(str, places))}')
            for object_id, name in _names(path).items():
                by_id[object_id] = shape_folder / meshes / name
        return cls(by_id=by_id)

    def mesh(self, object_id: str) -> trimesh.Trimesh:
        """Return the mesh [m], its bounding box centred on the origin as the grasps expect it.

        Raises:
            InvalidInputError: If the object is not listed or has not exactly one mesh.
        """
        if object_id not in self.by_id:
            raise InvalidInputError(f'object {object_id!r} is in no list of metaV2')
        mesh = read_mesh(_mesh_file(self.by_id[object_id]))
        mesh.apply_translation(-np.asarray(mesh.bounds).mean(axis=0))
        return mesh


def _names(path: Path) -> dict[str, str]:
    try:
        content = json.loads(path.read_bytes())
        names = {str(key): entry['name'] for key, entry in content.items()}
    except (ValueError, RecursionError, AttributeError, TypeError, KeyError) as error:
        raise InvalidInputError(f'{path} is no list of objects with names: {error!r}') from error
    for name in names.values():
        if not isinstance(name, str) or Path(name).name != name:
            raise InvalidInputError(f'{path} has the name {name!r}, which is no folder')
    return names


def _mesh_file(folder: Path) -> Path:
    """Return the one mesh: in `align` or else `align_ds`; of several the one named 'align'."""
    for inner in _MESH_FOLDERS:
        found = sorted(p for p in (folder / inner).glob('*') if p.suffix in ('.obj', '.ply'))
        if len(found) > 1:
            found = [path for path in found if 'align' in path.name]
        if len(found) == 1:
            return found[0]
    raise InvalidInputError(f'{folder} has not exactly one mesh in {" or ".join(_MESH_FOLDERS)}')


def _vector(entries: dict[str, object], path: Path, key: str, sizes: tuple[int, ...]) -> Array:
    if key not in entries:
        raise InvalidInputError(f'{path}: key {key!r} is missing')
    try:
        vector = np.asarray(entries[key], dtype=float).ravel()
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f'{path}: key {key!r} holds no numbers: {error}') from error
    if vector.size not in sizes or not np.isfinite(vector).all():
        wanted = ' or '.join(map(str, sizes))
        raise InvalidInputError(
            f'{path}: key {key!r} has {vector.size} numbers, expected {wanted} finite ones'
        )
    return vector
