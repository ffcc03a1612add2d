"""Exact signed distance of the primitives that the links of a hand are made of."""

import numpy as np

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.geometry.urdf import Shape
from maskdexgrasp_core.types import Array


def shape_distance(shape: Shape, points: Array) -> Array:
    """Return the signed distance of points to the surface of a primitive, positive outside.

    Args:
        shape: Box, sphere, cylinder or capsule; its pose in the link does not matter here.
        points: In the frame of the shape (cylinders and capsules along z), (N, 3) [m].

    Returns:
        (N,) [m].

    Raises:
        InvalidInputError: If the kind of shape is unknown.
    """
    if shape.kind == 'sphere':
        return np.linalg.norm(points, axis=1) - shape.size[0]
    if shape.kind == 'capsule':
        radius, length = shape.size
        past_end = np.maximum(np.abs(points[:, 2]) - length / 2, 0.0)
        return np.sqrt(points[:, 0] ** 2 + points[:, 1] ** 2 + past_end**2) - radius
    if shape.kind == 'cylinder':
        radius, length = shape.size
        around = np.hypot(points[:, 0], points[:, 1]) - radius
        return _corner_distance(np.stack([around, np.abs(points[:, 2]) - length / 2], axis=1))
    if shape.kind == 'box':
        return _corner_distance(np.abs(points) - np.array(shape.size) / 2)
    raise InvalidInputError(
        f'shape of kind {shape.kind!r}; known: box, sphere, cylinder and capsule'
    )


def bounding_radius(shape: Shape) -> float:
    """Return the radius of the smallest ball about the shape's origin that holds it [m]."""
    if shape.kind == 'sphere':
        return shape.size[0]
    if shape.kind == 'capsule':
        return shape.size[0] + shape.size[1] / 2
    if shape.kind == 'cylinder':
        return float(np.hypot(shape.size[0], shape.size[1] / 2))
    return float(np.linalg.norm(shape.size) / 2)


def _corner_distance(beyond: Array) -> Array:
    """Return the distance to the region where all of `beyond` (N, K) are negative."""
    outside = np.linalg.norm(np.maximum(beyond, 0.0), axis=1)
    return np.asarray(outside + np.minimum(beyond.max(axis=1), 0.0))
