"""Grasps of a file for `evaluate`, with the object that they are of."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import trimesh

from maskdexgrasp_core.cell import CELL
from maskdexgrasp_core.cli.grasps_file import (
    GRASPS_FILE,
    grasps_of,
    read_grasps_file,
    shape_of,
    word_of,
)
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.evaluation.grasp_under_test import GraspUnderTest, ObjectUnderTest
from maskdexgrasp_core.geometry.transforms import invert_transform
from maskdexgrasp_core.objects.decomposition import coacd_pieces
from maskdexgrasp_core.objects.mesh import FRICTION, presumed_mass_kg
from maskdexgrasp_core.objects.mesh_check import close_surface, read_mesh, require_volume
from maskdexgrasp_core.objects.model import ObjectModel, Part
from maskdexgrasp_core.objects.placement import table_pose
from maskdexgrasp_core.types import Array

FORMATS = (
    f'a dataset directory; {GRASPS_FILE} or by --object, and squeeze_positions (N, 22) if there '
    'are any'
)
_COLOR = (0.86, 0.45, 0.20)
_MAX_EDGE_M = 2.0


def file_items(
    path: Path, *, object_file: Path | None, sample: int, seed: int
) -> tuple[ObjectUnderTest, ...]:
    """Return the grasps of a file of one object.

    Args:
        path: An .npz or .json file, see `GRASPS_FILE`; nothing in it is unpickled.
        object_file: Mesh of the object in the frame of the grasps [m]; None: it is in the file.
        sample: Grasps drawn without replacement; 0 takes all.
        seed: Of the draw.

    Raises:
        InvalidInputError: If the file cannot be used; the text says what is wrong.
    """
    arrays = read_grasps_file(path)
    poses, joints, squeezes = grasps_of(arrays, path)
    text = word_of(arrays, 'text', path)
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


def _model(
    arrays: Mapping[str, Any], path: Path, object_file: Path | None
) -> tuple[ObjectModel, Array]:
    """Return the object, and the pose (4, 4) of the frame of the grasps in the object's."""
    moved = np.eye(4)
    if 'T_object_wrist' not in arrays:  # the base frame, with the object where generate puts it
        moved = invert_transform(table_pose(*CELL.table_center, 0.0))
    if object_file is not None:
        mesh, name = read_mesh(object_file), object_file.stem
    elif (shape := shape_of(arrays, path)) is not None:
        mesh, name = shape, path.parent.name if path.stem == 'grasps' else path.stem
    else:
        raise InvalidInputError(f'{path.name} does not hold its object: give it by --object MESH')
    return _one_part_model(mesh.apply_transform(moved), name or 'object'), moved


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
