"""Keeps grasps that differ from each other."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from maskdexgrasp_core.types import Array, Grasp

_TRANSLATION_M = 0.015
_ROTATION_RAD = 0.35
_JOINTS_RAD = 0.25
_FAR = 6.0
"""Distance beyond which grasps count as nothing alike: 9 cm, or 120 deg."""


def pose_distances(
    T_frame_wrist: Array, joint_positions: Array, others: Array, other_joints: Array
) -> Array:
    """Return how far hands are from one, shape (N,); 1 is 15 mm, 20 deg or 0.25 rad rms.

    The three parts add up as squares.

    Args:
        T_frame_wrist: (4, 4) pose of the one hand in any frame [m].
        joint_positions: (J,) of the one hand [rad].
        others: (N, 4, 4) poses in the same frame [m].
        other_joints: (N, J) [rad].
    """
    shift = np.linalg.norm(others[:, :3, 3] - T_frame_wrist[:3, 3], axis=1)
    trace = np.einsum('nij,ij->n', others[:, :3, :3], T_frame_wrist[:3, :3])
    angle = np.arccos(np.clip(0.5 * (trace - 1.0), -1.0, 1.0))
    bend = np.sqrt(np.mean((other_joints - joint_positions) ** 2, axis=1))
    squares = (shift / _TRANSLATION_M) ** 2 + (angle / _ROTATION_RAD) ** 2
    return np.sqrt(squares + (bend / _JOINTS_RAD) ** 2)


def grasp_distances(grasp: Grasp, others: Sequence[Grasp]) -> Array:
    """Return how far grasps are from `grasp`, shape (N,); see `pose_distances`."""
    poses = np.stack([other.T_base_wrist for other in others])
    joints = np.stack([other.joint_positions for other in others])
    return pose_distances(grasp.T_base_wrist, grasp.joint_positions, poses, joints)


def keep_distinct(
    grasps: Sequence[Grasp], min_distance: float, dropped: Counter[str]
) -> list[Grasp]:
    """Return grasps, best first, without those nearer than `min_distance` to a better one."""
    kept: list[Grasp] = []
    for grasp in sorted(grasps, key=lambda g: -g.score):
        if kept and grasp_distances(grasp, kept).min() < min_distance:
            dropped['near-duplicate'] += 1
        else:
            kept.append(grasp)
    return kept


def choose_dissimilar(grasps: Sequence[Grasp], num: int, weight: float) -> list[Grasp]:
    """Return at most `num` grasps, one after the other by score and distance to those before.

    Args:
        grasps: To choose from.
        num: How many.
        weight: Score that the full distance (`_FAR`, as of `pose_distances`) outweighs; 0 takes
            the best first.
    """
    left = sorted(grasps, key=lambda grasp: -grasp.score)
    chosen: list[Grasp] = []
    while left and len(chosen) < num:
        values = np.array([grasp.score for grasp in left])
        if chosen and weight > 0.0:
            nearest = np.array([grasp_distances(grasp, chosen).min() for grasp in left])
            values += weight * np.minimum(nearest / _FAR, 1.0)
        chosen.append(left.pop(int(values.argmax())))
    return chosen
