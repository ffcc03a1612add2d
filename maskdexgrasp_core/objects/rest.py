"""How a rigid object rests on a plane: the facet of its hull under its centre of mass."""

import numpy as np
import trimesh
from scipy.spatial import ConvexHull  # type: ignore[import-untyped]

from maskdexgrasp_core.types import Array

_LEAST_MARGIN_M = 0.0008
"""Nothing is set on a facet as narrow as a bevelled edge."""


def support_margin(vertices: Array, center_of_mass: Array, *, flat_m: float = 1e-4) -> float:
    """Return how far the centre of mass lies inside the footprint [m]; negative if it tips.

    Args:
        vertices: (N, 3) [m], z up, as the object stands.
        center_of_mass: (3,) [m] in the same frame.
        flat_m: Vertices this close to the lowest one carry the object [m].
    """
    low = vertices[vertices[:, 2] < vertices[:, 2].min() + flat_m][:, :2]
    footprint = np.unique(np.round(low, 7), axis=0)
    if len(footprint) < 3 or np.linalg.matrix_rank(footprint - footprint[0], tol=1e-7) < 2:
        return -np.inf
    equations = np.asarray(ConvexHull(footprint).equations)
    return float(-(equations[:, :2] @ center_of_mass[:2] + equations[:, 2]).max())


def resting_rotation(vertices: Array, center_of_mass: Array) -> Array:
    """Return the least turn that sets the object on a stable facet of its hull.

    Args:
        vertices: (N, 3) [m], z up, roughly as the object should rest.
        center_of_mass: (3,) [m] in the same frame.

    Returns:
        (4, 4) rotation about the origin; the identity if it rests already.
    """
    body = trimesh.convex.convex_hull(vertices)
    order = np.argsort(body.face_normals[:, 2])
    down = np.array([0.0, 0.0, -1.0])
    for face in order:
        turn = trimesh.geometry.align_vectors(body.face_normals[face], down)
        if np.allclose(body.face_normals[face], down, atol=1e-6):
            turn = np.eye(4)
        turned = trimesh.transform_points(body.vertices, turn)
        if support_margin(turned, turn[:3, :3] @ center_of_mass) > _LEAST_MARGIN_M:
            return turn
    return np.eye(4)


def grounding_offset(vertices: Array) -> Array:
    """Return the shift (3,) [m] that puts the footprint's middle and the lowest point at 0."""
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    return -np.array([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]])
