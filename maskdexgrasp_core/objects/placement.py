"""Random places on the table where objects do not touch each other."""

from collections.abc import Sequence

import numpy as np
from scipy.spatial import ConvexHull  # type: ignore[import-untyped]

from maskdexgrasp_core.cell import CELL, CellCfg
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.objects.model import ObjectModel
from maskdexgrasp_core.types import Array

_RESTARTS, _TRIES = 10, 50
"""Fresh starts for all objects, and tries for each object within one start."""


def table_pose(x: float, y: float, yaw_rad: float, cell: CellCfg = CELL) -> Array:
    """Return T_base_object (4, 4) of an object at x, y [m] on the table, turned about z."""
    cos, sin = np.cos(yaw_rad), np.sin(yaw_rad)
    return np.array(
        [[cos, -sin, 0, x], [sin, cos, 0, y], [0, 0, 1, cell.table_height], [0, 0, 0, 1]]
    )


def footprint(model: ObjectModel, T_base_object: Array) -> Array:
    """Return the convex outline (N, 2) [m], base frame, counter-clockwise, seen from above."""
    corners = np.asarray(model.mesh.vertices)[:, :2]
    return _placed(corners[ConvexHull(corners).vertices], T_base_object)


def _placed(outline: Array, T_base_object: Array) -> Array:
    """Move an outline (N, 2) of the object frame into the base frame."""
    return outline @ T_base_object[:2, :2].T + T_base_object[:2, 3]


def outline_gap(outline: Array, other: Array) -> float:
    """Return a lower bound of the distance [m] of two convex outlines; negative if they overlap.

    Exact up to sign when an edge separates best; two facing corners are further apart than it
    says (separating axis theorem).
    """
    gaps = []
    for first, second in ((outline, other), (other, outline)):
        edges = np.roll(first, -1, axis=0) - first
        normals = np.stack([edges[:, 1], -edges[:, 0]], axis=1)
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        offsets = (normals * first).sum(axis=1)
        gaps.append(((second @ normals.T).min(axis=0) - offsets).max())
    return float(max(gaps))


def random_placement(
    models: Sequence[ObjectModel],
    rng: np.random.Generator,
    *,
    cell: CellCfg = CELL,
    gap_m: float = 0.03,
    standing: Sequence[tuple[ObjectModel, Array]] = (),
) -> list[Array]:
    """Return T_base_object (4, 4) of every model: anywhere in the region, any turn about z.

    Args:
        models: Objects to place.
        rng: Source of chance.
        cell: Table and region.
        gap_m: Least distance between the outlines of two objects [m], >= 0.
        standing: Objects that stand already, with their T_base_object.

    Raises:
        InvalidInputError: If the objects do not fit into the region.
    """
    taken = [footprint(model, pose) for model, pose in standing]
    shapes = [footprint(model, np.eye(4)) for model in models]
    for _ in range(_RESTARTS):
        outlines = list(taken)
        poses = []
        for shape in shapes:
            pose = _free_pose(shape, outlines, rng, cell, gap_m)
            if pose is None:
                break
            poses.append(pose)
            outlines.append(_placed(shape, pose))
        if len(poses) == len(models):
            return poses
    names = ', '.join(model.name for model in models)
    raise InvalidInputError(
        f'{names} do not fit into x {cell.placement_x} m, y {cell.placement_y} m with gaps of '
        f'{gap_m} m'
    )


def _free_pose(
    shape: Array,
    outlines: Sequence[Array],
    rng: np.random.Generator,
    cell: CellCfg,
    gap_m: float,
) -> Array | None:
    for _ in range(_TRIES):
        x, y = rng.uniform(*cell.placement_x), rng.uniform(*cell.placement_y)
        pose = table_pose(x, y, rng.uniform(-np.pi, np.pi), cell)
        outline = _placed(shape, pose)
        if all(outline_gap(outline, other) >= gap_m for other in outlines):
            return pose
    return None
