"""Extrusion: solid columns from the visible points down to the table, minus seen-free space."""

from dataclasses import dataclass

import numpy as np
import trimesh
from scipy import ndimage

from maskdexgrasp_core.perception.completion.meshing import bad_shape, mesh_of_field
from maskdexgrasp_core.perception.completion.view_field import (
    ViewField,
    close_gaps,
    front_layer,
    signed_cells,
)
from maskdexgrasp_core.types import Array, ObservedCloud

_PAD_CELLS = 4
_LAYER_M = 0.004


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Samples of a box that stands on the table, turned about z with the object."""

    yaw: float
    """Angle of the grid's x axis in the base frame [rad]."""
    origin: Array
    """(3,) of sample (0, 0, 0), in the turned frame [m]."""
    voxel_m: float
    shape: tuple[int, int, int]

    @property
    def R_base_grid(self) -> Array:  # noqa: N802
        """(3, 3) rotation of the turned frame in the base frame."""
        c, s = np.cos(self.yaw), np.sin(self.yaw)
        return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])

    def positions(self) -> Array:
        """Return the samples in the base frame, (X * Y * Z, 3) [m]."""
        axes = [
            o + self.voxel_m * np.arange(n) for o, n in zip(self.origin, self.shape, strict=True)
        ]
        samples = np.stack(np.meshgrid(*axes, indexing='ij'), axis=-1).reshape(-1, 3)
        return samples @ self.R_base_grid.T


def grid_around(points: Array, table_height: float, *, num_cells: int) -> Grid:
    """Return a grid of about `num_cells` samples around points (N, 3), yaw by their PCA."""
    flat = points[:, :2] - points[:, :2].mean(axis=0)
    _, _, axes = np.linalg.svd(flat, full_matrices=False)
    grid = Grid(
        yaw=float(np.arctan2(axes[0, 1], axes[0, 0])),
        origin=np.zeros(3),
        voxel_m=1.0,
        shape=(1, 1, 1),
    )
    turned = points @ grid.R_base_grid
    low, high = turned.min(axis=0), turned.max(axis=0)
    low[2] = table_height
    extent = np.maximum(high - low, 0.002)
    voxel = max(0.0012, float((np.prod(extent + 0.012) / num_cells) ** (1 / 3)))
    shape = np.ceil(extent / voxel).astype(int) + 1 + 2 * _PAD_CELLS
    return Grid(
        yaw=grid.yaw,
        origin=low - _PAD_CELLS * voxel,
        voxel_m=voxel,
        shape=(int(shape[0]), int(shape[1]), int(shape[2])),
    )


class Extrusion:
    """Fills the columns under the visible points; right for what stands flat on the table."""

    def __init__(self, *, num_cells: int = 60_000) -> None:
        """Use about `num_cells` samples of the field; the smallest step is 1.2 mm."""
        self.name = 'extrusion'
        self.num_cells = num_cells

    def complete(self, cloud: ObservedCloud, table_height: float) -> trimesh.Trimesh:
        """Return the extruded solid; see `protocols.ShapeCompletion`."""
        if len(cloud.points) < 8:
            raise bad_shape(f'{len(cloud.points)} points are too few to complete a shape')
        grid = grid_around(cloud.points, table_height, num_cells=self.num_cells)
        free = ViewField.from_cloud(cloud).free_distance(grid.positions()).reshape(grid.shape)
        heights = grid.origin[2] + grid.voxel_m * np.arange(grid.shape[2])
        field = np.maximum(free, _column_field(cloud.points, grid, heights))
        field = np.maximum(field, table_height - heights)
        mesh = mesh_of_field(field, origin=grid.origin, voxel_m=grid.voxel_m)
        mesh.vertices = mesh.vertices @ grid.R_base_grid.T
        return mesh


def _column_field(points: Array, grid: Grid, heights: Array) -> Array:
    """Return the field (X, Y, Z) of columns under the points: negative under the top of one."""
    side, top = column_maps(points, grid)
    return np.asarray(np.maximum(side[:, :, None], heights - top[:, :, None]))


def column_maps(points: Array, grid: Grid) -> tuple[Array, Array]:
    """Return where columns under points (N, 3) stand and how high they are.

    Returns:
        (X, Y) signed distance to the area that they cover, negative inside, and (X, Y) z of their
        tops [m], each place outside taking that of the nearest column.
    """
    turned = points @ grid.R_base_grid
    index = np.round((turned[:, :2] - grid.origin[:2]) / grid.voxel_m).astype(np.int64)
    shape = grid.shape[:2]
    flat = index[:, 0] * shape[1] + index[:, 1]
    layer = front_layer(flat, -turned[:, 2], shape[0] * shape[1], layer=_LAYER_M)
    gap = max(1, round(0.004 / grid.voxel_m))
    closed, negative_top = close_gaps(layer.reshape(shape), iterations=gap)
    top = -ndimage.median_filter(negative_top, size=3, mode='nearest')
    return signed_cells(closed) * grid.voxel_m, top
