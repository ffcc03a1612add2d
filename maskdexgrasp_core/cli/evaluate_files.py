"""Grasps of a file for `evaluate`, with the object that they are of."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import trimesh

from maskdexgrasp_core.cell import CELL
from maskdexgrasp_core.cli.array_file import UNREADABLE, numbers, read_arrays
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
    text = _text(arrays.get('text', ''), path)
    model, moved = _model(arrays, path, object_file)
    rows = np.arange(len(poses))
    if sample:
        rows = np.sort(np.random.default_rng(seed).permutation(len(poses))[:sample])
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
    return read_arrays(path)


def _json_arrays(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text())
        grasps = content['grasps']
        found = {
            'T_base_wrist': [grasp['T_base_wrist'] for grasp in grasps],
            'joint_positions': [grasp['joint_positions'] for grasp in grasps],
            'joint_names': content['joint_names'],
            'text': content.get('text', ''),
        }
    except UNREADABLE as error:
        raise InvalidInputError(
            f'{path.name} is not a grasps.json of `maskdexgrasp generate`: {error!r}'
        ) from error
    beside = path.with_suffix('.npz')
    if beside.is_file():
        shape = read_arrays(beside)
        found |= {name: shape[name] for name in ('vertices', 'faces') if name in shape}
    return found


def _grasps(arrays: Mapping[str, Any], path: Path) -> tuple[Array, Array, Array | None]:
    """Return poses (N, 4, 4), joints and squeezes (N, 22), in the order of the Shadow Hand."""
    name = 'T_object_wrist' if 'T_object_wrist' in arrays else 'T_base_wrist'
    for needed in (name, 'joint_positions'):
        if needed not in arrays:
            raise InvalidInputError(f'{path.name} has no {needed}; {FORMATS} can be evaluated')
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


def _joint_order(arrays: Mapping[str, Any], path: Path) -> list[int]:
    """Return where each joint of the Shadow Hand stands in the vectors of the file."""
    names = np.ravel(np.asarray(arrays.get('joint_names', SHADOW.joint_names), dtype=object))
    known = [str(one) for one in names]
    if sorted(known) != sorted(SHADOW.joint_names):
        raise InvalidInputError(
            f'{path.name} holds grasps of another hand: the evaluator knows the Shadow Hand, with '
            f'the joints {", ".join(SHADOW.joint_names)}'
        )
    return [known.index(one) for one in SHADOW.joint_names]


def _text(value: object, path: Path) -> str:
    """Return the sentence of a file, '' if it has none."""
    text = value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value
    if not isinstance(text, str):
        raise InvalidInputError(f'{path.name}: text is {type(value).__name__}, not a sentence')
    return text


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
        mesh = _mesh(arrays, path)
        name = path.parent.name if path.stem == 'grasps' else path.stem
    else:
        raise InvalidInputError(f'{path.name} does not hold its object: give it by --object MESH')
    return _one_part_model(mesh.apply_transform(moved), name or 'object'), moved


def _mesh(arrays: Mapping[str, Any], path: Path) -> trimesh.Trimesh:
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


def _one_part_model(mesh: trimesh.Trimesh, name: str) -> ObjectModel:
    if mesh.extents is None or mesh.extents.max() > _MAX_EDGE_M:
        raise InvalidInputError(
            f'{name}: the object must have faces and be in metres, at most {_MAX_EDGE_M} m long'
        )
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
