"""An object for `generate`: a mesh file, or a file of points that a camera saw."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import open3d as o3d
import trimesh

from maskdexgrasp_core.cell import CELL
from maskdexgrasp_core.cli.array_file import UNREADABLE, numbers, read_arrays
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.objects.mesh import load_mesh_object
from maskdexgrasp_core.objects.placement import table_pose
from maskdexgrasp_core.perception.completion import load_completion
from maskdexgrasp_core.perception.parts import find_part
from maskdexgrasp_core.perception.sentence import check_command, parse_sentence
from maskdexgrasp_core.sim.camera_model import CameraCfg
from maskdexgrasp_core.types import Array, Command, ObjectObservation, ObservedCloud

_NUM_POINTS = 2000
_MAX_SIZE_M = 2.0
_MIN_POINTS = 50
_ARRAY_KEYS = ('points', 'xyz', 'pc', 'arr_0')


def observe_mesh(path: Path, command: Command) -> tuple[ObjectObservation, list[str]]:
    """Return a mesh as an object whose shape is fully known, in the middle of the table.

    Args:
        path: Mesh file (.obj, .stl, .ply, .glb, .off).
        command: Text, task and seed.

    Returns:
        The observation, and sentences about what was changed in the mesh.

    Raises:
        InvalidInputError: If the mesh cannot be used.
        StageError: If the command is empty, too long, or its task is unknown.
    """
    check_command(command)
    model, warnings = load_mesh_object(path)
    pieces = [piece for part in model.parts for piece in part.pieces]
    shape = trimesh.boolean.union(pieces) if len(pieces) > 1 else pieces[0].copy()
    shape.apply_transform(table_pose(*CELL.table_center, 0.0))
    points = np.asarray(trimesh.sample.sample_surface(shape, _NUM_POINTS, seed=command.seed)[0])
    colors = None
    if model.color_name != 'gray':  # gray: the file has no colours
        color = np.round(255 * np.array(model.parts[0].color)).astype(np.uint8)
        colors = np.tile(color, (len(points), 1))
    camera = np.array(CameraCfg().position)
    cloud = ObservedCloud(points=points, colors=colors, camera_position=camera)
    return observation_of(cloud, shape, CELL.table_height, command), warnings


def observe_cloud(
    path: Path, command: Command, *, completion: str, camera_position: Array | None
) -> tuple[ObjectObservation, list[str]]:
    """Return one view of an object, completed, moved to the middle of the table.

    Args:
        path: Points of one object on a table, z up, in metres or millimetres: .ply, .pcd, .xyz,
            .npy (N, 3), or .npz with `points`.
        command: Text, task and seed.
        completion: Name of the method that closes the side that was not seen.
        camera_position: (3,) where the camera was, in the file's frame and unit; None: as far
            and as high from the object as the D435 of the cell.

    Raises:
        InvalidInputError: If the file cannot be read or holds no usable points.
        StageError: If the command cannot be followed or the shape cannot be completed.
    """
    check_command(command)
    method = load_completion(completion)
    points, warnings = _usable_points(read_points(path), path.name)
    scale = 1.0 if np.ptp(points, axis=0).max() <= _MAX_SIZE_M else 0.001
    if scale != 1.0:
        warnings.append(f'{path.name} is {np.ptp(points, axis=0).max():.0f} units long: '
                        'taken as millimetres')  # fmt: skip
    middle = (points.min(0) + points.max(0)) / 2
    middle[2] = points[:, 2].min()
    target = np.array([*CELL.table_center, CELL.table_height])
    camera = np.array(CameraCfg().position)
    if camera_position is not None:
        camera = scale * (camera_position - middle) + target
    picked = np.random.default_rng(command.seed).permutation(len(points))
    moved = scale * (points - middle) + target
    cloud = ObservedCloud(points=moved[picked], colors=None, camera_position=camera)
    shape = method.complete(replace(cloud, points=cloud.points[:5000]), CELL.table_height)
    cloud = replace(cloud, points=cloud.points[:_NUM_POINTS])
    return observation_of(cloud, shape, CELL.table_height, command), warnings


def read_points(path: Path) -> Array:
    """Return the points of a file, (N, 3), as they stand in it.

    Raises:
        InvalidInputError: If the file is missing, unreadable or holds something else.
    """
    if not path.is_file():
        raise InvalidInputError(f'{path} does not exist')
    try:
        points = _load(path)
    except InvalidInputError:
        raise
    except UNREADABLE as error:
        raise InvalidInputError(f'{path.name} cannot be read: {error}') from error
    if points.ndim != 2 or points.shape[1] < 3 or len(points) == 0:
        raise InvalidInputError(f'{path.name} holds no points (N, 3), got {points.shape}')
    return points[:, :3]


def _load(path: Path) -> Array:
    suffix = path.suffix.lower()
    if suffix == '.npy':
        return np.asarray(np.load(path, allow_pickle=False), dtype=float)
    if suffix == '.npz':
        arrays = read_arrays(path)
        for key in _ARRAY_KEYS:
            if key in arrays:
                return numbers(arrays[key], key)
        raise ValueError(f'none of {_ARRAY_KEYS} among its arrays {list(arrays)}')
    if suffix in ('.xyz', '.txt', '.csv'):
        text = path.read_text().replace(',', ' ')
        return np.array([line.split()[:3] for line in text.splitlines() if line.strip()], float)
    if suffix in ('.ply', '.pcd'):
        with o3d.utility.VerbosityContextManager(o3d.utility.VerbosityLevel.Error):
            return np.asarray(o3d.io.read_point_cloud(path).points)
    raise ValueError(f'{suffix or "no suffix"} is not one of .ply .pcd .xyz .txt .csv .npy .npz')


def _usable_points(points: Array, name: str) -> tuple[Array, list[str]]:
    finite = points[np.isfinite(points).all(axis=1)]
    warnings = []
    if len(finite) < len(points):
        warnings.append(f'{name}: {len(points) - len(finite)} points are not finite: left out')
    if len(np.unique(finite, axis=0)) < _MIN_POINTS:
        raise InvalidInputError(
            f'{name} has {len(np.unique(finite, axis=0))} different finite points, needs '
            f'{_MIN_POINTS}'
        )
    return finite, warnings


def observation_of(
    cloud: ObservedCloud, shape: trimesh.Trimesh, table_height: float, command: Command
) -> ObjectObservation:
    """Return an object with the part that the sentence names; everything in the base frame."""
    query = parse_sentence(command.text)
    return ObjectObservation(
        cloud=cloud,
        shape=shape,
        label=query.label,
        part=query.part,
        part_points=find_part(
            shape, query.part, table_height, category=query.category, seed=command.seed
        ),
        table_height=table_height,
        command=command,
    )
