"""What one view proves: in front of the seen depth, and beside the silhouette, space is free."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from maskdexgrasp_core.types import Array, ObservedCloud

_LAYER_M = 0.006
"""Points within this of the nearest one in a cell are averaged against noise [m]."""
_PAD = 6
_MAX_CELLS = 400


def front_layer(cells: NDArray[np.int64], values: Array, size: int, *, layer: float) -> Array:
    """Return per cell the mean of the values near the smallest one.

    Args:
        cells: (N,) flat cell index of each point.
        values: (N,) e.g. depth [m].
        size: Number of cells.
        layer: Values up to the minimum plus this take part.

    Returns:
        (size,) means; inf where no point fell.
    """
    nearest = np.full(size, np.inf)
    np.minimum.at(nearest, cells, values)
    front = values < nearest[cells] + layer
    counts = np.bincount(cells[front], minlength=size)
    sums = np.bincount(cells[front], weights=values[front], minlength=size)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.inf)


def signed_cells(mask: NDArray[np.bool_]) -> Array:
    """Return the signed distance of cell centres to the border of `mask` [cells], negative in."""
    outside = ndimage.distance_transform_edt(~mask)
    inside = ndimage.distance_transform_edt(mask)
    return np.asarray(np.where(mask, 0.5 - inside, outside - 0.5))


def close_gaps(values: Array, *, iterations: int) -> tuple[NDArray[np.bool_], Array]:
    """Close small gaps of a map and extend its values to every cell.

    Args:
        values: (H, W), inf where unknown.
        iterations: Gaps up to twice this many cells are closed.

    Returns:
        (H, W) mask of the closed area and (H, W) values, each unknown cell taking the value of
        the nearest known one.
    """
    known = np.isfinite(values)
    closed = ndimage.binary_closing(known, np.ones((3, 3)), iterations=iterations) | known
    nearest = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    return closed, values[tuple(nearest)]


@dataclass(frozen=True, kw_only=True)
class ViewField:
    """Signed map of seen-free space of one view of one object."""

    R_view_base: Array
    """(3, 3); rows: right, down, forward of a virtual camera that looks at the object."""
    camera_position: Array
    """(3,) [m]."""
    origin: Array
    """(2,) tangent coordinates of the centre of cell (0, 0)."""
    cell: float
    """Size of a cell in tangent coordinates."""
    depth: Array
    """(H, W) depth of the seen surface [m], extended outward."""
    silhouette: Array
    """(H, W) signed distance to the silhouette [m at the object], positive outside."""

    @classmethod
    def from_cloud(cls, cloud: ObservedCloud) -> 'ViewField':
        """Build the maps from the visible points (N, 3), N >= 4, of one object."""
        centre = cloud.points.mean(axis=0)
        forward = centre - cloud.camera_position
        forward = forward / np.linalg.norm(forward)
        helper = np.array([0.0, 0.0, 1.0]) if abs(forward[2]) < 0.95 else np.array([1.0, 0, 0])
        right = np.cross(forward, helper)
        right /= np.linalg.norm(right)
        rotation = np.stack([right, np.cross(forward, right), forward])
        local = (cloud.points - cloud.camera_position) @ rotation.T
        tangent = local[:, :2] / local[:, 2:]
        cell = _cell_size(tangent)
        origin = tangent.min(axis=0) - _PAD * cell
        index = np.round((tangent - origin) / cell).astype(np.int64)
        shape = tuple(index.max(axis=0) + 1 + _PAD)
        flat = index[:, 0] * shape[1] + index[:, 1]
        layer = front_layer(flat, local[:, 2], shape[0] * shape[1], layer=_LAYER_M)
        closed, depth = close_gaps(layer.reshape(shape), iterations=2)
        metres = cell * float(np.median(local[:, 2]))
        return cls(
            R_view_base=rotation,
            camera_position=cloud.camera_position,
            origin=origin,
            cell=cell,
            depth=_smooth_layer(depth, closed),
            silhouette=signed_cells(closed) * metres,
        )

    def free_distance(self, points: Array) -> Array:
        """Return how deep points (N, 3) [m] lie in seen-free space (N,) [m].

        Positive: proven free. Negative: behind the seen surface or in the object's shadow, so
        nothing is known. Near the surface it is close to the distance along the ray.
        """
        return np.maximum(*self.evidence(points))

    def evidence(self, points: Array) -> tuple[Array, Array]:
        """Return what the view says of points (N, 3) [m], each (N,) [m].

        Returns:
            How far they lie in front of the seen surface along the ray (negative: behind), and
            outside the silhouette (negative: inside).
        """
        local = (points - self.camera_position) @ self.R_view_base.T
        depth = np.maximum(local[:, 2], 1e-6)
        index = ((local[:, :2] / depth[:, None] - self.origin) / self.cell).T
        seen = ndimage.map_coordinates(self.depth, index, order=1, mode='nearest')
        side = ndimage.map_coordinates(self.silhouette, index, order=1, mode='nearest')
        return seen - depth, side


def _cell_size(tangent: Array) -> float:
    """Return 1.3 times the usual spacing of the points, so that few cells stay empty."""
    if len(tangent) < 4:
        return 0.004
    distances, _ = cKDTree(tangent).query(tangent, k=3)
    spacing = 1.3 * float(np.percentile(distances[:, 2], 70))
    return max(spacing, float(np.ptp(tangent, axis=0).max()) / _MAX_CELLS, 1e-4)


def _smooth_layer(depth: Array, mask: NDArray[np.bool_]) -> Array:
    """Average noise away inside the silhouette without mixing near and far surfaces."""
    median = ndimage.median_filter(depth, size=3, mode='nearest')
    blurred = ndimage.gaussian_filter(median, 0.8, mode='nearest')
    flat = np.abs(blurred - median) < _LAYER_M / 2
    return np.where(mask & flat, blurred, median)
