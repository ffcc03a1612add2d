"""How far a hand stays above the plane on which the object rests."""

import numpy as np

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.evaluation.hand_solid import HandSolid
from maskdexgrasp_core.geometry.urdf import Shape
from maskdexgrasp_core.types import Array


def table_gaps_m(solid: HandSolid, Ts_object_wrist: Array, joint_positions: Array) -> Array:
    """Return the height of the lowest point of each hand above the table.

    Exact for the solid links; the table is the plane z = 0 of the object frame.

    Args:
        solid: The hand.
        Ts_object_wrist: (B, 4, 4) poses of the hand's root in the object frame [m].
        joint_positions: (B, J) [rad].

    Returns:
        (B,) [m], negative where a part of the hand would be in the table.

    Raises:
        InvalidInputError: If `HandSolid.place` refuses the poses.
    """
    poses = solid.place(Ts_object_wrist, joint_positions).Ts_object_shape
    lowest = [
        poses[:, index, 2, 3] - _reach_down(shape, poses[:, index, 2, :3])
        for index, shape in enumerate(solid.shapes)
    ]
    return np.asarray(np.min(lowest, axis=0))


def _reach_down(shape: Shape, up: Array) -> Array:
    """Return how far a shape reaches below its centre, (B,) [m]; `up` is z as it sees it."""
    along = np.abs(up[:, 2])
    if shape.kind == 'box':
        return np.asarray(np.abs(up) @ np.array(shape.size) / 2)
    if shape.kind == 'sphere':
        return np.full(len(up), shape.size[0])
    radius, length = shape.size
    if shape.kind == 'capsule':
        return np.asarray(radius + along * length / 2)
    if shape.kind == 'cylinder':
        return np.asarray(np.hypot(up[:, 0], up[:, 1]) * radius + along * length / 2)
    raise InvalidInputError(
        f'shape of kind {shape.kind!r}; known: box, sphere, cylinder and capsule'
    )
