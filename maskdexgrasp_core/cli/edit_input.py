"""The grasp that `edit` changes, and the object that it was made for."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import trimesh

from maskdexgrasp_core.cell import CELL
from maskdexgrasp_core.cli.array_file import numbers
from maskdexgrasp_core.cli.grasps_file import grasps_of, read_grasps_file, shape_of, word_of
from maskdexgrasp_core.cli.object_input import observation_of
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.hands.grasp_check import check_grasp
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.sim.camera_model import CameraCfg
from maskdexgrasp_core.types import Command, Grasp, ObjectObservation, ObservedCloud

_MAX_SIZE_M = 2.0


@dataclass(frozen=True, kw_only=True, eq=False)
class GivenGrasp:
    """One grasp of a file."""

    observation: ObjectObservation
    """The object, with the sentence and task that the grasp was made for."""
    grasp: Grasp
    """Its score is not a number where the file has none."""
    completed: bool
    """Whether the shape was completed from a view."""
    source: Path
    """The file that was read."""


def read_grasp(path: Path, number: int, seed: int) -> GivenGrasp:
    """Return one grasp of a file that `generate` or `edit` wrote.

    Args:
        path: grasps.json, grasps.npz, or the folder of both; nothing in it is unpickled.
        number: Of the grasp, from 1: its rank.
        seed: Of the points on the part that the sentence asks for.

    Raises:
        InvalidInputError: If the file cannot be used or has no such grasp.
    """
    source = path / 'grasps.json' if path.is_dir() else path
    arrays = read_grasps_file(source)
    if 'T_base_wrist' not in arrays:
        raise InvalidInputError(
            f'{source.name} has no T_base_wrist: edit takes what `maskdexgrasp generate` writes'
        )
    grasp = _grasp(arrays, source, number)
    shape = shape_of(arrays, source)
    if shape is None or 'points' not in arrays:
        raise InvalidInputError(
            f'{source.name} does not hold its object: keep grasps.npz beside it, which has '
            'points, vertices and faces'
        )
    _check_size(shape, source)
    command = Command(
        command_id='edit',
        text=word_of(arrays, 'text', source),
        task=word_of(arrays, 'task', source),
        seed=seed,
    )
    return GivenGrasp(
        observation=observation_of(_cloud(arrays, source), shape, CELL.table_height, command),
        grasp=grasp,
        completed=bool(np.any(arrays.get('completed', False))),
        source=source,
    )


def _grasp(arrays: Mapping[str, Any], source: Path, number: int) -> Grasp:
    poses, joints, _ = grasps_of(arrays, source)
    if number > len(poses):
        raise InvalidInputError(f'{source.name} has the grasps 1 to {len(poses)}, not {number}')
    scores = np.ravel(numbers(arrays.get('score', np.full(len(poses), np.nan)), 'score'))
    if len(scores) != len(poses):
        raise InvalidInputError(f'{source.name}: {len(scores)} scores of {len(poses)} grasps')
    grasp = Grasp(
        T_base_wrist=poses[number - 1],
        joint_names=SHADOW.joint_names,
        joint_positions=joints[number - 1],
        contact_points=np.zeros((0, 3)),
        contact_forces=np.zeros((0, 3)),
        score=float(scores[number - 1]),
    )
    check_grasp(grasp)
    return grasp


def _cloud(arrays: Mapping[str, Any], source: Path) -> ObservedCloud:
    points = numbers(arrays['points'], f'{source.name}: points')
    if points.ndim != 2 or points.shape[1] != 3 or not np.isfinite(points).all():
        raise InvalidInputError(
            f'{source.name}: got points {points.shape}, expected (N, 3), all of them finite'
        )
    camera = np.array(CameraCfg().position)
    return ObservedCloud(points=points, colors=None, camera_position=camera)


def _check_size(shape: trimesh.Trimesh, source: Path) -> None:
    if shape.extents is None or shape.extents.max() > _MAX_SIZE_M:
        raise InvalidInputError(
            f'{source.name}: the object must have faces and be in metres, at most '
            f'{_MAX_SIZE_M} m long'
        )
