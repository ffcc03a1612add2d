"""The frame in which the networks see points and hands.

Its z axis is up and its axes are parallel to those of the frame that the points come in (the
base frame at run time). Its origin lies at the height of the table, under the middle of the
box around the points. Yaw is whatever it is: training turns everything about z at random.
"""

import numpy as np
import torch
from torch import Tensor

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.types import Array


def model_frame(points: Array, table_height: float) -> Array:
    """Return `T_base_model` (4, 4), the pose of the model frame in the frame of the points.

    Args:
        points: The points that the network sees, (N, 3) [m], z up.
        table_height: z of the table in the same frame [m].

    Raises:
        InvalidInputError: If there are no points, or values that are not finite.
    """
    if points.ndim != 2 or points.shape[1] != 3 or len(points) == 0:
        raise InvalidInputError(f'points: got {points.shape}, expected (N, 3) with N > 0')
    if not (np.isfinite(points).all() and np.isfinite(table_height)):
        raise InvalidInputError('points and table height must be finite')
    transform = np.eye(4)
    transform[:2, 3] = (points[:, :2].min(axis=0) + points[:, :2].max(axis=0)) / 2
    transform[2, 3] = table_height
    return transform


def yaw_transforms(yaw: Tensor) -> Tensor:
    """Return turns about z, (B, 4, 4), by angles (B,) [rad]."""
    cosine, sine = yaw.cos(), yaw.sin()
    transforms = torch.eye(4, dtype=yaw.dtype, device=yaw.device).repeat(len(yaw), 1, 1)
    transforms[:, 0, 0], transforms[:, 0, 1] = cosine, -sine
    transforms[:, 1, 0], transforms[:, 1, 1] = sine, cosine
    return transforms
