"""Completion without learning: a fitted body with what sticks out of it, else extrusion."""

import manifold3d
import numpy as np
import trimesh
from scipy.spatial import cKDTree

from maskdexgrasp_core.geometry.point_cloud import voxel_clusters
from maskdexgrasp_core.outcome import StageError
from maskdexgrasp_core.perception.completion.extrusion import Extrusion, grid_around
from maskdexgrasp_core.perception.completion.meshing import (
    bad_shape,
    mesh_of_field,
    mesh_of_solid,
    solid,
)
from maskdexgrasp_core.perception.completion.primitives import Body, fit_bodies
from maskdexgrasp_core.perception.completion.view_field import ViewField
from maskdexgrasp_core.types import Array, ObservedCloud

_WHOLE = 0.93
"""A body that explains this share of the points is the whole object."""
_CORE = 0.55
"""A body of revolution that explains this share is the core of the object."""
_OUTSIDE_M = 0.004
_MIN_ATTACHED = 15
_GRID_CELLS = 60_000
_SHELL_M = 0.005
_NEIGHBORHOOD_M = 0.010


class VisibleOnly:
    """A 5 mm shell behind the visible points: no completion, the yardstick for the others."""

    def __init__(self) -> None:
        self.name = 'visible'

    def complete(self, cloud: ObservedCloud, table_height: float) -> trimesh.Trimesh:
        """Return the shell; see `protocols.ShapeCompletion`."""
        if len(cloud.points) < 8:
            raise bad_shape(f'{len(cloud.points)} points are too few to complete a shape')
        return thickened(cloud, _SHELL_M, table_height)


class Union:
    """Best fitted body, joined with what it leaves unexplained; extrusion when none fits."""

    def __init__(self) -> None:
        self.name = 'union'
        self._extrusion = Extrusion()

    def complete(self, cloud: ObservedCloud, table_height: float) -> trimesh.Trimesh:
        """Return the completed solid; see `protocols.ShapeCompletion`."""
        if len(cloud.points) < 8:
            raise bad_shape(f'{len(cloud.points)} points are too few to complete a shape')
        view = ViewField.from_cloud(cloud)
        bodies = fit_bodies(cloud, view, table_height)
        shape = solid_of_body(bodies[0], cloud, table_height) if bodies else None
        return self._extrusion.complete(cloud, table_height) if shape is None else shape


def solid_of_body(body: Body, cloud: ObservedCloud, table_height: float) -> trimesh.Trimesh | None:
    """Return the solid that a fitted body makes of a view, None if it explains too little.

    One that explains nearly all of the points is the whole object; one of revolution that
    explains most of them is its core, joined with the points that stick out of it.

    Args:
        body: Fitted to the cloud.
        cloud: Visible points, base frame.
        table_height: z of the table [m].

    Raises:
        StageError: `BAD_SHAPE` if the body cannot be closed.
    """
    if body.score > _WHOLE:
        return body.build()
    if body.score > _CORE and body.kind in ('upright', 'sphere'):
        return _with_attachments(body, cloud, table_height)
    return None


def _with_attachments(
    body: Body, cloud: ObservedCloud, table_height: float
) -> trimesh.Trimesh | None:
    """Join a body with the points that stick out of it; None if that is no valid solid."""
    whole = solid(body.build())
    out = np.flatnonzero(body.distance(cloud.points) > _OUTSIDE_M)
    labels = voxel_clusters(cloud.points[out], distance_m=0.006)
    for label in np.unique(labels):
        member = out[labels == label]
        if len(member) < _MIN_ATTACHED:
            continue
        piece = ObservedCloud(
            points=cloud.points[member], colors=None, camera_position=cloud.camera_position
        )
        try:
            whole += solid(thickened(piece, strip_width(piece.points), table_height))
        except StageError:
            continue
    if whole.status() != manifold3d.Error.NoError or whole.is_empty():
        return None
    mesh = mesh_of_solid(whole)
    return mesh if mesh.is_watertight else None


def strip_width(points: Array) -> float:
    """Return the usual width [m] of a strip-like cloud (N, 3), within 6 to 18 mm."""
    neighbors = cKDTree(points).query_ball_point(points[::3], _NEIGHBORHOOD_M)
    widths = []
    for index in neighbors:
        if len(index) >= 6:
            spread = np.linalg.eigvalsh(np.cov(points[index].T))
            widths.append(np.sqrt(12 * max(spread[1], 0.0)))
    return float(np.clip(np.median(widths) if widths else 0.008, 0.006, 0.018))


def thickened(cloud: ObservedCloud, width_m: float, table_height: float) -> trimesh.Trimesh:
    """Return a rounded solid of about `width_m` behind the visible points.

    Args:
        cloud: Visible points of a thin part.
        width_m: Its assumed thickness along the line of sight [m].
        table_height: Nothing lies below this z [m].

    Raises:
        StageError: `BAD_SHAPE` if no volume remains.
    """
    rays = cloud.points - cloud.camera_position
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    middle = cloud.points + 0.5 * width_m * rays
    floor = max(table_height, float(middle[:, 2].min()) - width_m)
    both = np.concatenate([cloud.points, cloud.points + width_m * rays])
    grid = grid_around(both, floor, num_cells=_GRID_CELLS)
    samples = grid.positions()
    distance, _ = cKDTree(middle).query(samples, distance_upper_bound=2.5 * width_m)
    reach = max(0.55 * width_m, 0.9 * grid.voxel_m)
    field = np.minimum(distance, 2.5 * width_m) - reach
    free = ViewField.from_cloud(cloud).free_distance(samples)
    field = np.maximum(field, free - grid.voxel_m / 2)
    field = np.maximum(field, table_height - samples[:, 2])
    mesh = mesh_of_field(field.reshape(grid.shape), origin=grid.origin, voxel_m=grid.voxel_m)
    mesh.vertices = mesh.vertices @ grid.R_base_grid.T
    return mesh
