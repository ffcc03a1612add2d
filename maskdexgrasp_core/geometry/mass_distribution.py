"""Where the weight of a shape presumably sits, when only its surface and its name are known.

Many long household things carry their weight where they are thick: the head of a hammer, the
handle of a screwdriver, the body of a pan. So for elongated shapes the density is taken to grow
with the area of the cross-section; compact shapes count as uniform. The name tells more: the head
of a hammer is of steel and its handle is not, a wrench is of one piece.
"""

from collections.abc import Sequence

import numpy as np
import trimesh
from scipy.spatial import cKDTree

from maskdexgrasp_core.geometry.raycasting import make_scene, to_tensor
from maskdexgrasp_core.types import Array

DENSITY_CONTRASTS = {'hammer': 2.5, 'wrench': 0.0, 'crowbar': 0.0, 'ladle': 0.0, 'spoon': 0.0}
"""Category word -> power of the area of the cross-section that the density of an elongated
shape grows with; 0: the same material all through. A hammer is taken for one of steel and wood;
words for mallets mean the same category."""
DEFAULT_CONTRAST = 1.0
"""That of other things: between one material and a heavy head."""
ELONGATED = 1.8
"""Spread along the longest axis over that along the next, from which a shape is elongated."""
_RESOLUTION = 32
_NUM_SECTIONS = 16


def presumed_center_of_mass(shape: trimesh.Trimesh, label: str = '') -> Array:
    """Return the presumed centre of mass (3,) [m], in the frame of `shape`.

    Args:
        shape: Closed surface [m].
        label: Category word, if it is known what it is.
    """
    points, weights = _weighted_interior(shape, label)
    return np.asarray(weights @ points)


def presumed_mass_shares(
    shape: trimesh.Trimesh, pieces: Sequence[trimesh.Trimesh], label: str = ''
) -> Array:
    """Return the share of the mass in each of the pieces that make up `shape`, (P,), sum 1.

    Args:
        shape: Closed surface [m].
        pieces: Convex pieces that cover it, same frame [m].
        label: Category word, if it is known what it is.
    """
    points, weights = _weighted_interior(shape, label)
    centers = np.stack([piece.vertices.mean(axis=0) for piece in pieces])
    _, nearest = cKDTree(centers).query(points)
    shares = np.bincount(nearest, weights=weights, minlength=len(pieces))
    shares = np.maximum(shares, 1e-3)  # a piece between grid points has a weight too
    return np.asarray(shares / shares.sum())


def _weighted_interior(shape: trimesh.Trimesh, label: str) -> tuple[Array, Array]:
    """Return points inside (N, 3) and weights (N,) that add up to one."""
    points = _interior(shape)
    offsets = points - points.mean(axis=0)
    _, spreads, axes = np.linalg.svd(offsets, full_matrices=False)
    weights = np.ones(len(points))
    if spreads[0] > ELONGATED * spreads[1]:
        along = offsets @ axes[0]
        edges = np.linspace(along.min(), along.max(), _NUM_SECTIONS + 1)
        section = np.clip(np.digitize(along, edges) - 1, 0, _NUM_SECTIONS - 1)
        areas = np.bincount(section, minlength=_NUM_SECTIONS) / len(points)
        weights = areas[section] ** DENSITY_CONTRASTS.get(label, DEFAULT_CONTRAST)
    return points, weights / weights.sum()


def _interior(shape: trimesh.Trimesh) -> Array:
    scene = make_scene([shape])
    low, high = shape.bounds
    middles = (np.arange(_RESOLUTION) + 0.5) / _RESOLUTION
    axes = [low[i] + (high[i] - low[i]) * middles for i in range(3)]
    grid = np.stack(np.meshgrid(*axes, indexing='ij'), axis=-1).reshape(-1, 3)
    inside = scene.compute_occupancy(to_tensor(grid), nthreads=1, nsamples=3).numpy() > 0.5
    return grid[inside] if inside.any() else np.asarray(shape.vertices)
