"""Whether the numbers of a grasp are a pose of the Shadow Hand."""

import numpy as np

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.types import Grasp

JOINT_TOLERANCE_RAD = 0.1
"""Joints further out of their limits are taken for a wrong unit or order, not for a grasp."""
ROTATION_TOLERANCE = 1e-3
"""Largest entry of R R^T - 1 of a rotation."""


def check_grasp(grasp: Grasp) -> None:
    """Refuse a grasp that no Shadow Hand can take.

    Raises:
        InvalidInputError: If its joints are others or far outside their limits, its wrist has no
            rotation, or a number is not finite.
    """
    if tuple(grasp.joint_names) != SHADOW.joint_names:
        raise InvalidInputError(
            f'the grasp names the joints {", ".join(grasp.joint_names)[:200]}; '
            f'expected those of {SHADOW.name}: {", ".join(SHADOW.joint_names)}'
        )
    pose, joints = np.asarray(grasp.T_base_wrist), np.asarray(grasp.joint_positions)
    if not (np.isfinite(pose).all() and np.isfinite(joints).all()):
        raise InvalidInputError('the grasp holds a number that is not finite')
    turn = pose[:3, :3]
    if np.abs(turn @ turn.T - np.eye(3)).max() > ROTATION_TOLERANCE or np.linalg.det(turn) < 0:
        raise InvalidInputError('the pose of the wrist holds no rotation')
    excess = np.maximum(SHADOW.lower - joints, joints - SHADOW.upper)
    worst = int(excess.argmax())
    if excess[worst] > JOINT_TOLERANCE_RAD:
        raise InvalidInputError(
            f'joint {SHADOW.joint_names[worst]} is at {joints[worst]:.3g} rad; '
            f'expected {SHADOW.lower[worst]:.2f} to {SHADOW.upper[worst]:.2f}'
        )
