"""MuJoCo model of robot, table, obstacles and target, for collision checks only."""

from enum import IntEnum
from functools import cache
from pathlib import Path

import mujoco
import numpy as np
import trimesh
from numpy.typing import NDArray
from scipy.spatial import ConvexHull

from maskdexgrasp_core import frames
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.geometry.raycasting import make_scene, to_tensor
from maskdexgrasp_core.types import Array, ObjectObservation

TARGET_BODY = 'target'
OBSTACLE_PREFIX = 'obstacle_'
TABLE_GEOM = 'table'
CAMERA_GEOM = 'camera'
_DETECTION_MARGIN_M = 0.02
"""Distances above this are not measured; no clearance may be larger."""
_ARM, _HAND, _FIXED, _OBSTACLE = 1, 2, 4, 8
"""Collision bits. Arm links meet all, hand links all but each other; the target stands on the
table and only meets obstacles."""


class GeomClass(IntEnum):
    """What a collision geometry belongs to."""

    ARM = 0
    HAND = 1
    TABLE = 2
    OBSTACLE = 3
    TARGET = 4


def build_scene_model(
    urdf: Path,
    observation: ObjectObservation | None,
    *,
    voxel_m: float,
    obstacle_padding_m: float,
    camera_radius_m: float,
) -> mujoco.MjModel:
    """Compile robot and surroundings.

    Args:
        urdf: The robot; its collision shapes are used, capsules where they are declared.
        observation: Adds table plane, obstacles, camera and target; None: the robot alone.
        voxel_m: Edge of the boxes that stand for the target [m].
        obstacle_padding_m: Obstacle hulls grow by this [m].
        camera_radius_m: Keep-out sphere around the camera [m]; 0: none.

    Raises:
        InvalidInputError: If the target's shape encloses no volume.
    """
    spec = _robot_spec(urdf).copy()
    if observation is not None:
        _add_table(spec, observation.table_height)
        if camera_radius_m > 0.0:
            _add_camera(spec, observation.cloud.camera_position, camera_radius_m)
        for index, points in enumerate(observation.obstacles):
            hull = obstacle_hull(points, observation.table_height, obstacle_padding_m)
            _add_obstacle(spec, f'{OBSTACLE_PREFIX}{index}', hull)
        _add_target(spec, observation.shape, voxel_m)
    return spec.compile()


def classify_geoms(model: mujoco.MjModel) -> NDArray[np.int64]:
    """Return the `GeomClass` of every geometry of a model of `build_scene_model`."""
    classes = np.full(model.ngeom, GeomClass.ARM, dtype=np.int64)
    hand_root = model.body(frames.FREEDOM_ROOT).id
    for geom in range(model.ngeom):
        body = int(model.geom_bodyid[geom])
        name = model.body(body).name
        if model.geom(geom).name == TABLE_GEOM:
            classes[geom] = GeomClass.TABLE
        elif name == TARGET_BODY:
            classes[geom] = GeomClass.TARGET
        elif body == 0:
            classes[geom] = GeomClass.OBSTACLE
        elif _is_below(model, body, hand_root):
            classes[geom] = GeomClass.HAND
    return classes


def obstacle_hull(points: Array, table_height: float, padding_m: float) -> Array:
    """Return the corners of a convex body around points and all that they may hide below.

    Args:
        points: Visible points (K, 3) [m], base frame.
        table_height: The body reaches down to this z [m].
        padding_m: Added in the six axis directions [m], > 0.

    Returns:
        Corners (C, 3) [m]; its hull has volume whatever the points are.
    """
    ground = points.copy()
    ground[:, 2] = table_height
    offsets = padding_m * np.vstack([np.eye(3), -np.eye(3)])
    cloud = np.vstack([points, ground])
    if len(cloud) > 8:
        jittered = np.vstack([cloud, cloud.mean(axis=0) + offsets])
        cloud = jittered[ConvexHull(jittered).vertices]
    padded = (cloud[:, None, :] + offsets[None]).reshape(-1, 3)
    return np.asarray(padded[ConvexHull(padded).vertices])


def voxel_boxes(shape: trimesh.Trimesh, voxel_m: float) -> tuple[Array, Array]:
    """Fill a closed surface with boxes: columns of cells whose centres lie inside.

    Returns:
        Centres (N, 3) and half sizes (N, 3) [m].

    Raises:
        InvalidInputError: If no cell centre lies inside.
    """
    scene = make_scene([shape])
    low, high = shape.bounds
    if (high - low).min() <= 0.0:
        raise InvalidInputError(f'the shape of extents {high - low} m encloses no volume')
    counts = np.maximum(np.round((high - low) / voxel_m).astype(int), 1)
    cell = (high - low) / counts
    axes = [low[i] + cell[i] * (np.arange(counts[i]) + 0.5) for i in range(3)]
    grid = np.stack(np.meshgrid(*axes, indexing='ij'), axis=-1)
    filled = scene.compute_occupancy(to_tensor(grid), nthreads=1, nsamples=3).numpy() > 0.5
    edges = np.diff(np.pad(filled, ((0, 0), (0, 0), (1, 1))).astype(np.int8), axis=2)
    starts, ends = np.argwhere(edges == 1), np.argwhere(edges == -1)
    if len(starts) == 0:
        raise InvalidInputError(f'the shape of extents {high - low} m encloses no volume')
    lower = low + starts * cell
    upper = low + (ends + np.array([1, 1, 0])) * cell
    return (lower + upper) / 2.0, (upper - lower) / 2.0


@cache
def _robot_spec(urdf: Path) -> mujoco.MjSpec:
    """Return the robot alone: collision shapes only, bits set, declared capsules rebuilt."""
    spec = mujoco.MjSpec.from_file(str(urdf))
    spec.compiler.fusestatic = False
    for geom in list(spec.geoms):
        is_visual = geom.contype == 0 and geom.conaffinity == 0
        if is_visual or ('_collision' in geom.name and '_cap' in geom.name):
            spec.delete(geom)
        elif geom.name.endswith('_body'):
            geom.type = mujoco.mjtGeom.mjGEOM_CAPSULE
    for body in spec.bodies:
        in_hand = _spec_is_below(body, frames.FREEDOM_ROOT)
        for geom in body.geoms:
            geom.contype = _HAND if in_hand else _ARM
            geom.conaffinity = _FIXED if in_hand else _ARM | _HAND | _FIXED
    return spec


def _spec_is_below(body: mujoco.MjsBody, ancestor: str) -> bool:
    while body is not None and body.name != 'world':
        if body.name == ancestor:
            return True
        body = body.parent
    return False


def _is_below(model: mujoco.MjModel, body: int, ancestor: int) -> bool:
    while body not in (0, ancestor):
        body = int(model.body_parentid[body])
    return body == ancestor


def _add_table(spec: mujoco.MjSpec, height: float) -> None:
    spec.worldbody.add_geom(
        name=TABLE_GEOM,
        type=mujoco.mjtGeom.mjGEOM_PLANE,
        size=[2.0, 2.0, 0.1],
        pos=[0.0, 0.0, height],
        **_fixed(_FIXED),
    )


def _add_camera(spec: mujoco.MjSpec, position: Array, radius_m: float) -> None:
    spec.worldbody.add_geom(
        name=CAMERA_GEOM,
        type=mujoco.mjtGeom.mjGEOM_SPHERE,
        size=[radius_m, 0.0, 0.0],
        pos=position,
        **_fixed(_FIXED),
    )


def _add_obstacle(spec: mujoco.MjSpec, name: str, corners: Array) -> None:
    mesh = spec.add_mesh(name=name)
    mesh.uservert = corners.ravel()
    mesh.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_CONVEX
    spec.worldbody.add_geom(
        name=name, type=mujoco.mjtGeom.mjGEOM_MESH, meshname=name, **_fixed(_OBSTACLE)
    )


def _add_target(spec: mujoco.MjSpec, shape: trimesh.Trimesh, voxel_m: float) -> None:
    """Add the target as a free body, so that it can be moved along with the hand."""
    body = spec.worldbody.add_body(name=TARGET_BODY)
    body.add_freejoint(name=TARGET_BODY)
    for centre, half in zip(*voxel_boxes(shape, voxel_m), strict=True):
        body.add_geom(
            type=mujoco.mjtGeom.mjGEOM_BOX,
            pos=centre,
            size=half,
            contype=_FIXED,
            conaffinity=_ARM | _HAND | _OBSTACLE,
            margin=_DETECTION_MARGIN_M,
        )


def _fixed(bit: int) -> dict[str, float]:
    return {'contype': bit, 'conaffinity': _ARM | _HAND, 'margin': _DETECTION_MARGIN_M}
