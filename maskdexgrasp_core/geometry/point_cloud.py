"""Point clouds: deprojection, edge pixels, clusters, outliers, uniform subsets."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.types import Array


def deproject(depth_m: NDArray[np.float32], intrinsics: Array, T_base_camera: Array) -> Array:
    """Turn a depth picture into points of the base frame.

    Args:
        depth_m: (H, W) [m] along the optical axis.
        intrinsics: (3, 3) pinhole matrix [px].
        T_base_camera: (4, 4) pose of the optical frame in the base frame.

    Returns:
        (H * W, 3) points [m], row by row; pixels without a measurement stay where the depth
        puts them (NaN stays NaN, 0 lands on the optical centre).
    """
    height, width = depth_m.shape
    x_ray = (np.arange(width) - intrinsics[0, 2]) / intrinsics[0, 0]
    y_ray = (np.arange(height) - intrinsics[1, 2]) / intrinsics[1, 1]
    along_x, along_y, along_z = T_base_camera[:3, :3].T[:, :, None, None]
    rays = along_x * x_ray + along_y * y_ray[:, None] + along_z
    points = depth_m.astype(np.float64) * rays + T_base_camera[:3, 3, None, None]
    return points.reshape(3, -1).T


def flying_pixels(depth_m: NDArray[np.float32], *, jump_m: float) -> NDArray[np.bool_]:
    """Mark pixels that hang in the air between a near and a far surface.

    Such a pixel has fewer than two of its eight neighbours at about its own depth.

    Args:
        depth_m: (H, W) [m]; 0 or NaN where nothing was measured.
        jump_m: A neighbour within this depth supports a pixel [m].

    Returns:
        (H, W) True where a measured pixel flies.
    """
    depth = np.pad(np.nan_to_num(depth_m, nan=0.0, posinf=0.0, neginf=0.0), 1)
    centre = depth[1:-1, 1:-1]
    rows, columns = centre.shape
    support = np.zeros(centre.shape, dtype=np.uint8)
    for dy, dx in np.ndindex(3, 3):
        if (dy, dx) != (1, 1):
            neighbor = depth[dy : dy + rows, dx : dx + columns]
            support += np.abs(neighbor - centre) < jump_m
    return (support < 2) & (centre > 0)


def voxel_clusters(points: Array, *, distance_m: float) -> NDArray[np.int64]:
    """Label points by connected components of the occupied voxels.

    Points closer than `distance_m` always share a label. Memory grows with the volume of the
    bounding box, so crop first.

    Args:
        points: (N, 3) [m], finite.
        distance_m: Edge of a voxel [m]; the 26 neighbours connect.

    Returns:
        (N,) labels from 0, by falling number of points.

    Raises:
        InvalidInputError: If the grid would exceed 50 million voxels.
    """
    if len(points) == 0:
        return np.zeros(0, dtype=np.int64)
    cells = np.floor((points - points.min(axis=0)) / distance_m).astype(np.int64)
    shape = cells.max(axis=0) + 1
    if np.prod(shape.astype(np.float64)) > 50e6:
        raise InvalidInputError(f'{shape.tolist()} voxels of {distance_m} m; crop the cloud first')
    grid = np.zeros(shape, dtype=bool)
    grid[tuple(cells.T)] = True
    labels, _ = ndimage.label(grid, structure=np.ones((3, 3, 3)))
    raw = labels[tuple(cells.T)] - 1
    rank = np.argsort(np.argsort(-np.bincount(raw), kind='stable'), kind='stable')
    return rank[raw].astype(np.int64)


def statistical_inliers(points: Array, *, num_neighbors: int, sigma: float) -> NDArray[np.bool_]:
    """Keep points whose mean distance to their neighbours is usual for this cloud.

    Args:
        points: (N, 3) [m].
        num_neighbors: How many nearest neighbours are averaged.
        sigma: Points further than mean + `sigma` standard deviations are dropped.

    Returns:
        (N,) True for the points to keep; all True for tiny clouds.
    """
    if len(points) <= num_neighbors + 1:
        return np.ones(len(points), dtype=bool)
    distances, _ = cKDTree(points).query(points, k=num_neighbors + 1)
    mean = distances[:, 1:].mean(axis=1)
    return np.asarray(mean <= mean.mean() + sigma * mean.std() + 1e-9)


def random_subset(count: int, size: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return at most `size` of the indices 0..count-1, sorted, without repetition."""
    if count <= size:
        return np.arange(count)
    return np.sort(rng.choice(count, size=size, replace=False))
