"""Inverse kinematics by continuation: follow poses of the hand root from a known configuration.

Damped least squares on the collision model's Jacobian; a step costs some 40 us, which is what
makes it possible to test straight approaches and lifts of many grasps within the time limit.
"""

import mujoco
import numpy as np
from scipy.spatial.transform import Rotation, Slerp

from maskdexgrasp_core.arm.collision import CollisionScene
from maskdexgrasp_core.types import Array

_POSITION_TOLERANCE_M = 2e-4
_ROTATION_TOLERANCE_RAD = 1e-3
_DAMPING = 1e-4
_PATIENCE = 8
"""Give up after this many iterations without 5 % of progress."""
_MAX_POSITION_STEP_M = 0.1
_MAX_ROTATION_STEP_RAD = 0.5


def solve_pose(
    scene: CollisionScene, T_base_hand: Array, seed: Array, bounds: Array, max_iterations: int = 60
) -> Array | None:
    """Return arm positions (7,) [rad] that bring the hand root to a pose, or None.

    Args:
        scene: Gives the kinematics; collisions are not looked at.
        T_base_hand: Wanted pose (4, 4).
        seed: Start of the iteration (7,) [rad].
        bounds: Lower and upper joint positions (2, 7) [rad].
        max_iterations: Of damped least squares.
    """
    q = np.clip(seed, *bounds)
    best, best_at = np.inf, 0
    for iteration in range(max_iterations):
        pose, jacobian = scene.hand_jacobian(q)
        error = pose_error(pose, T_base_hand)
        position, rotation = (float(np.linalg.norm(part)) for part in (error[:3], error[3:]))
        if position < _POSITION_TOLERANCE_M and rotation < _ROTATION_TOLERANCE_RAD:
            return q
        if position + rotation < 0.95 * best:
            best, best_at = position + rotation, iteration
        elif iteration - best_at > _PATIENCE:
            return None
        error[:3] *= min(1.0, _MAX_POSITION_STEP_M / max(position, 1e-12))
        error[3:] *= min(1.0, _MAX_ROTATION_STEP_RAD / max(rotation, 1e-12))
        damped = jacobian @ jacobian.T
        damped[np.diag_indices(6)] += _DAMPING
        q = np.clip(q + jacobian.T @ np.linalg.solve(damped, error), *bounds)
    return None


def pose_error(T_base_a: Array, T_base_b: Array) -> Array:
    """Return the twist (6,) from pose a to pose b in the base frame: [m], then [rad]."""
    quat = np.empty(4)
    twist = np.empty(6)
    mujoco.mju_mat2Quat(quat, (T_base_b[:3, :3] @ T_base_a[:3, :3].T).ravel())
    twist[:3] = T_base_b[:3, 3] - T_base_a[:3, 3]
    mujoco.mju_quat2Vel(twist[3:], quat, 1.0)
    return twist


def interpolate_poses(T_a: Array, T_b: Array, step_m: float, step_rad: float) -> Array:
    """Return poses (K, 4, 4) on the straight line from a to b, without a itself, b last."""
    rotations = Rotation.from_matrix(np.stack([T_a[:3, :3], T_b[:3, :3]]))
    angle = (rotations[0].inv() * rotations[1]).magnitude()
    distance = np.linalg.norm(T_b[:3, 3] - T_a[:3, 3])
    count = max(1, int(np.ceil(max(distance / step_m, angle / step_rad))))
    at = np.linspace(0.0, 1.0, count + 1)[1:]
    poses = np.tile(np.eye(4), (count, 1, 1))
    poses[:, :3, :3] = Slerp([0.0, 1.0], rotations)(at).as_matrix()
    poses[:, :3, 3] = T_a[:3, 3] + at[:, None] * (T_b[:3, 3] - T_a[:3, 3])
    return poses
