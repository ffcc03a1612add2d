"""How much grasps for one and the same condition differ: the diversity of DexGYS.

A condition is an object with a sentence (or a task). For each condition with two grasps or more
the spread is measured, and the conditions are averaged, each counting once:

- translation [cm]: root of the mean over x, y, z of the variance of the wrist's position;
- rotation [deg]: the same of the rotation vectors from the mean rotation to each rotation, the
  mean being that on SO(3). DexGYS takes Euler angles, whose spread depends on the axes and jumps
  at 180 degrees;
- joints [deg]: mean over the joints of their standard deviation.

Variances are those of a sample (divided by n - 1), so that conditions with few and with many
grasps can be averaged.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.types import Array


@dataclass(frozen=True, kw_only=True)
class Diversity:
    """Mean spread within a condition; NaN when no condition has two grasps."""

    translation_cm: float
    rotation_deg: float
    joints_deg: float
    num_conditions: int
    """Conditions with two grasps or more."""


def within_condition_diversity(
    conditions: Sequence[Hashable], Ts_object_wrist: Array, joint_positions: Array
) -> Diversity:
    """Return the mean spread of grasps that share their condition.

    Args:
        conditions: What each of N grasps was asked for; equal keys, same condition.
        Ts_object_wrist: (N, 4, 4) poses in the object frame [m].
        joint_positions: (N, J) [rad].

    Raises:
        InvalidInputError: If the numbers differ or a value is not finite.
    """
    poses = np.asarray(Ts_object_wrist, dtype=float)
    joints = np.asarray(joint_positions, dtype=float)
    if poses.shape != (len(conditions), 4, 4) or joints.shape[:1] != (len(conditions),):
        raise InvalidInputError(
            f'got {len(conditions)} conditions, poses {poses.shape} and joints {joints.shape}; '
            'expected N, (N, 4, 4) and (N, J)'
        )
    if not (np.isfinite(poses).all() and np.isfinite(joints).all()):
        raise InvalidInputError('poses and joints must be finite numbers')
    groups: dict[Hashable, list[int]] = {}
    for index, condition in enumerate(conditions):
        groups.setdefault(condition, []).append(index)
    spreads = [_spread(poses[g], joints[g]) for g in groups.values() if len(g) > 1]
    means = np.mean(spreads, axis=0) if spreads else np.full(3, np.nan)
    return Diversity(
        translation_cm=float(means[0]),
        rotation_deg=float(means[1]),
        joints_deg=float(means[2]),
        num_conditions=len(spreads),
    )


def _spread(poses: Array, joints: Array) -> tuple[float, float, float]:
    """Return the spread of translation [cm], rotation [deg] and joints [deg] of a group."""
    rotations = Rotation.from_matrix(poses[:, :3, :3])
    turns = (rotations.mean().inv() * rotations).as_rotvec()
    turned = np.sqrt((turns**2).sum() / (3 * (len(turns) - 1)))
    moved = np.sqrt(poses[:, :3, 3].var(axis=0, ddof=1).mean())
    bent = joints.std(axis=0, ddof=1).mean()
    return float(100.0 * moved), float(np.degrees(turned)), float(np.degrees(bent))
