"""Rotations in the forms that the project stores: rot6d and wxyz quaternions.

`rot6d` holds the first two columns of the matrix, column by column (Zhou et al. 2019, the layout
of DexGraspNet). Quaternions are `wxyz`; conversions to ROS messages reorder them at the edge.
"""

import numpy as np
import pytorch_kinematics
from scipy.spatial.transform import Rotation
from torch import Tensor

from maskdexgrasp_core.types import Array


def rot6d_to_matrix(rot6d: Tensor) -> Tensor:
    """Orthonormalise two columns (Gram-Schmidt) into a rotation matrix.

    Args:
        rot6d: (..., 6); the two columns need not be unit or orthogonal, but not parallel.

    Returns:
        (..., 3, 3), differentiable.
    """
    # The library keeps the two vectors in the rows of the matrix.
    return pytorch_kinematics.rotation_6d_to_matrix(rot6d).transpose(-1, -2)


def matrix_to_rot6d(rotation: Tensor) -> Tensor:
    """Return the first two columns (..., 6) of rotation matrices (..., 3, 3)."""
    return pytorch_kinematics.matrix_to_rotation_6d(rotation.transpose(-1, -2))


def quat_wxyz_to_matrix(quat_wxyz: Array) -> Array:
    """Return rotation matrices (..., 3, 3) of quaternions (..., 4), normalised first.

    Raises:
        ValueError: If a quaternion is zero.
    """
    xyzw = np.roll(np.asarray(quat_wxyz, dtype=float), -1, axis=-1)
    flat = Rotation.from_quat(xyzw.reshape(-1, 4)).as_matrix()
    return flat.reshape(*xyzw.shape[:-1], 3, 3)


def matrix_to_quat_wxyz(rotation: Array) -> Array:
    """Return unit quaternions (..., 4) with w >= 0 of rotation matrices (..., 3, 3)."""
    rotation = np.asarray(rotation, dtype=float)
    xyzw = Rotation.from_matrix(rotation.reshape(-1, 3, 3)).as_quat(canonical=True)
    return np.roll(xyzw, 1, axis=-1).reshape(*rotation.shape[:-2], 4)
