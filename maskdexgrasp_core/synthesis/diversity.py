"""Keeps grasps that differ from each other."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from maskdexgrasp_core.types import Array, Grasp

_TRANSLATION_M = 0.015
_ROTATION_RAD = 0.35
_JOINTS_RAD = 0.25


def grasp_distances(grasp: Grasp, others: Sequence[Grasp]) -> Array:
    """Return how far grasps are from `grasp`, shape (N,); 1 is 15 mm, 20 deg or 0.25 rad rms.

    The three parts add up as squares.
    """
    poses = np.stack([other.T_base_wrist for other in others])
    joints = np.stack([other.joint_positions for other in others])
    shift = np.linalg.norm(poses[:, :3, 3] - grasp.T_base_wrist[:3, 3], axis=1)
    trace = np.einsum('nij,ij->n', poses[:, :3, :3], grasp.T_base_wrist[:3, :3])
    angle = np.arccos(np.clip(0.5 * (trace - 1.0), -1.0, 1.0))
    bend = np.sqrt(np.mean((joints - grasp.joint_positions) ** 2, axis=1))
    squares = (shift / _TRANSLATION_M) ** 2 + (angle / _ROTATION_RAD) ** 2
    return np.sqrt(squares + (bend / _JOINTS_RAD) ** 2)


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
