"""Grasps of a file for `evaluate`, with the object that they are of."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import trimesh

from maskdexgrasp_core.cell import CELL
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.evaluation.grasp_under_test import GraspUnderTest, ObjectUnderTest
from maskdexgrasp_core.geometry.transforms import invert_transform
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.objects.decomposition import coacd_pieces
from maskdexgrasp_core.objects.mesh import FRICTION, presumed_mass_kg
from maskdexgrasp_core.objects.mesh_check import close_surface, read_mesh, require_volume
from maskdexgrasp_core.objects.model import ObjectModel, Part
from maskdexgrasp_core.objects.placement import table_pose
from maskdexgrasp_core.types import Array

FORMATS = (
    'a dataset directory; grasps.npz or grasps.json as `maskdexgrasp generate` writes them; or an '
    '.npz with T_object_wrist (N, 4, 4), joint_positions (N, 22), if there are any '
    'squeeze_positions (N, 22), and the object as vertices and faces or by --object'
)
_COLOR = (0.86, 0.45, 0.20)
_MAX_EDGE_M = 2.0


def file_items(
    path: Path, *, object_file: Path | None, sample: int, seed: int
) -> tuple[ObjectUnderTest, ...]:
    """Return the grasps of a file of one object.

    Args:
        path: An .npz or .json file, see `FORMATS`; nothing in it is unpickled.
        object_file: Mesh of the object in the frame of the grasps [m]; None: it is in the file.
        sample: Grasps drawn without replacement; 0 takes all.
        seed: Of the draw.

    Raises:
        InvalidInputError: If the file cannot be used; the text says what is wrong.
    """
    arrays = _arrays(path)
    poses, joints, squeezes = _grasps(arrays, path)
    model, moved = _model(arrays, path, object_file)
    rows = np.arange(len(poses))
    if sample:
        rows = np.sort(np.random.default_rng(seed).permutation(len(poses))[:sample])
    text = str(arrays.get('text', ''))
    grasps = tuple(
        GraspUnderTest(
            key=f'{path.stem}-{row:05d}',
            T_object_wrist=moved @ poses[row],
            joint_positions=joints[row],
            squeeze_positions=None if squeezes is None else squeezes[row],
            texts=(text,) if text else (),
            rank=int(row),
        )
        for row in rows.tolist()
    )
    item = ObjectUnderTest(
        object_id=model.name, category=model.category, model=model, grasps=grasps
    )
    return (item,)


def _arrays(path: Path) -> Mapping[str, Any]:
    """Return the content of a file of grasps by name."""
    if not path.is_file():
        raise InvalidInputError(f'{path} does not exist; {FORMATS} can be evaluated')
    if path.suffix == '.json':
        return _json_arrays(path)
    if path.suffix != '.npz':
        raise InvalidInputError(
            f'{path.name} is not taken: {FORMATS} can be evaluated. Pickled .npy and .pt files '
            'run code when they are loaded; convert them to .npz first'
        )
    return _npz_arrays(path)


def _npz_arrays(path: Path) -> dict[str, Any]:
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError) as error:
        raise InvalidInputError(f'{path.name} cannot be read: {error}') from error


def _json_arrays(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text())
        grasps = content['grasps']
        found = {
            'T_base_wrist': np.array([grasp['T_base_wrist'] for grasp in grasps], dtype=float),
            'joint_positions': np.array([g['joint_positions'] for g in grasps], dtype=float),
            'joint_names': tuple(content['joint_names']),
            'text': content.get('text', ''),
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidInputError(
            f'{path.name} is not a grasps.json of `maskdexgrasp generate`: {error!r}'
        ) from error
    beside = path.with_suffix('.npz')
    if beside.is_file():
        shape = _npz_arrays(beside)
        found |= {name: shape[name] for name in ('vertices', 'faces') if name in shape}
    return found


def _grasps(arrays: Mapping[str, Any], path: Path) -> tuple[Array, Array, Array | None]:
    """Return poses (N, 4, 4), joints and squeezes (N, 22), in the order of the Shadow Hand."""
    name = 'T_object_wrist' if 'T_object_wrist' in arrays else 'T_base_wrist'
    for needed in (name, 'joint_positions'):
        if needed not in arrays:
            raise InvalidInputError(f'{path.name} has no {needed}; {FORMATS} can be evaluated')
    poses = np.asarray(arrays[name], dtype=float)
    joints = np.asarray(arrays['joint_positions'], dtype=float)
    names = [str(one) for one in arrays.get('joint_names', SHADOW.joint_names)]
    if sorted(names) != sorted(SHADOW.joint_names):
        raise InvalidInputError(
            f'{path.name} holds grasps of another hand: the evaluator knows the Shadow Hand, with '
            f'the joints {", ".join(SHADOW.joint_names)}'
        )
    count = len(poses)
    if poses.shape != (count, 4, 4) or joints.shape != (count, SHADOW.num_joints) or not count:
        raise InvalidInputError(
            f'{path.name}: got {name} {poses.shape} and joint_positions {joints.shape}, expected '
            f'(N, 4, 4) and (N, {SHADOW.num_joints}) with N > 0'
        )
    order = [names.index(one) for one in SHADOW.joint_names]
    squeezes = None
    if 'squeeze_positions' in arrays:
        squeezes = np.asarray(arrays['squeeze_positions'], dtype=float)
        if squeezes.shape != joints.shape:
            raise InvalidInputError(
                f'{path.name}: squeeze_positions {squeezes.shape} differ from the joints'
            )
        squeezes = squeezes[:, order]
    return poses, joints[:, order], squeezes


def _model(
    arrays: Mapping[str, Any], path: Path, object_file: Path | None
) -> tuple[ObjectModel, Array]:
    """Return the object, and the pose (4, 4) of the frame of the grasps in the object's."""
    moved = np.eye(4)
    if 'T_object_wrist' not in arrays:  # the base frame, with the object where generate puts it
        moved = invert_transform(table_pose(*CELL.table_center, 0.0))
    if object_file is not None:
        mesh, name = read_mesh(object_file), object_file.stem
    elif 'vertices' in arrays and 'faces' in arrays:
        mesh = trimesh.Trimesh(arrays['vertices'], arrays['faces'])
        name = path.parent.name if path.stem == 'grasps' else path.stem
    else:
        raise InvalidInputError(f'{path.name} does not hold its object: give it by --object MESH')
    return _one_part_model(mesh.apply_transform(moved), name or 'object'), moved


def _one_part_model(mesh: trimesh.Trimesh, name: str) -> ObjectModel:
    if not np.isfinite(mesh.vertices).all() or mesh.extents.max() > _MAX_EDGE_M:
        raise InvalidInputError(f'{name}: the object must be finite and in metres')
    require_volume(mesh, name)
    pieces = coacd_pieces(close_surface(mesh, name, []))
    if not pieces:
        raise InvalidInputError(f'{name} has no volume that can be cut into convex pieces')
    return ObjectModel(
        name=name,
        category='object',
        parts=(Part(name='body', pieces=pieces, color=_COLOR),),
        mass_kg=presumed_mass_kg(mesh),
        friction=FRICTION,
    )
