"""The hand of AffordPose: joint positions from its 16 angles.

AffordPose was recorded with GraspIt's "HumanHand16DOF", a rigid hand in the proportions of MANO.
The numbers are those published with the dataset (AffordPose, ManoHand/hand.xml and
kinematics.json); the chains are standard Denavit-Hartenberg ones, so no MANO file is needed.
Each joint moves its frame by Rz(theta) Tz(d) Tx(a) Rx(alpha).
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.geometry.rotations import quat_wxyz_to_matrix
from maskdexgrasp_core.types import Array

NUM_DOFS = 16
_MM = 1e-3


@dataclass(frozen=True, kw_only=True)
class DhJoint:
    """One revolute joint, lengths in mm and angles in degrees, as published."""

    dof: int
    """Index of the angle that drives it."""
    offset_deg: float
    d_mm: float
    a_mm: float
    alpha_deg: float
    gain: float = 1.0
    """Of the angle: the last joint of a finger follows the one before."""

    def transforms(self, dofs: Array) -> Array:
        """Return the motion of the frame (B, 4, 4) [m] for angles (B, 16) [rad]."""
        theta = self.gain * dofs[:, self.dof] + np.radians(self.offset_deg)
        alpha = np.radians(self.alpha_deg)
        turn = Rotation.from_rotvec(theta[:, None] * np.array([0.0, 0.0, 1.0])).as_matrix()
        motion = np.tile(np.eye(4), (len(dofs), 1, 1))
        motion[:, :3, :3] = turn @ Rotation.from_rotvec([alpha, 0.0, 0.0]).as_matrix()
        motion[:, :3, 3] = turn @ np.array([self.a_mm, 0.0, 0.0]) * _MM
        motion[:, 2, 3] += self.d_mm * _MM
        return motion


@dataclass(frozen=True, kw_only=True)
class DhFinger:
    """A finger: where it starts in the palm, its four joints, its tip."""

    base_mm: tuple[float, float, float]
    """Of the first joint in the palm's frame."""
    base_rows: tuple[tuple[float, float, float], ...]
    """Rotation of the first joint's frame in the palm's frame, by rows."""
    joints: tuple[DhJoint, ...]
    tip_mm: tuple[float, float, float]
    """End of the fingertip in the frame of the last joint, measured on the published mesh."""


_FINGER_ROWS = ((1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0))
"""-90 degrees about x."""
_DISTAL_GAIN = 0.6


def _finger(
    first_dof: int,
    base_mm: tuple[float, float, float],
    proximal: tuple[float, float, float],
    middle: tuple[float, float, float],
    tip_mm: tuple[float, float, float],
) -> DhFinger:
    """Return a finger whose proximal and middle joints are given as (offset, d, a)."""
    rows = [(0.0, 0.0, 0.0), proximal, middle, (0.0, 0.0, 0.0)]
    return DhFinger(
        base_mm=base_mm,
        base_rows=_FINGER_ROWS,
        joints=tuple(
            DhJoint(
                dof=first_dof + min(index, 2),
                offset_deg=offset,
                d_mm=d,
                a_mm=a,
                alpha_deg=90.0 if index == 0 else 0.0,
                gain=_DISTAL_GAIN if index == 3 else 1.0,
            )
            for index, (offset, d, a) in enumerate(rows)
        ),
        tip_mm=tip_mm,
    )


_INDEX = _finger(
    0,
    (7.57268428388, 1.18307178906, 26.8722943172),
    (-6.15184417882, -4.97160968264, -32.6218355376),
    (10.5075190962, -4.94209809876, -21.6369831415),
    (-24.1, 1.8, -4.6),
)
_MIDDLE = _finger(
    3,
    (1.00948953223, 4.90446550652, 2.82876446582),
    (-3.41599577826, -5.59450851798, -31.2381753773),
    (6.54501038212, -3.94451400274, -22.938838446),
    (-25.6, 2.6, -3.6),
)
_RING = _finger(
    6,
    (13.9343764953, 2.4260077046, -20.486887753),
    (-4.67201860644, -1.17250594604, -28.8199759292),
    (8.08480527371, -4.33813699941, -24.4032771102),
    (-24.9, 4.2, -2.4),
)
_LITTLE = _finger(
    9,
    (26.8829588642, -3.55689996299, -37.0230367231),
    (-2.25605580285, -1.77017440149, -21.0375798237),
    (2.22544549947, -0.514063654922, -18.9399128695),
    (-19.9, 0.0, -0.3),
)
_THUMB = DhFinger(
    base_mm=(71.5802241214, -9.13890568441, 31.9991525682),
    base_rows=((-0.1486, 0.2665, -0.9522), (-0.9003, 0.3618, 0.2418), (0.4089, 0.8933, 0.1862)),
    joints=(
        DhJoint(dof=12, offset_deg=0.0, d_mm=0.0, a_mm=0.0, alpha_deg=90.0),
        DhJoint(
            dof=13,
            offset_deg=49.739143349,
            d_mm=2.43978456911,
            a_mm=30.6879759181,
            alpha_deg=44.0,
        ),
        DhJoint(
            dof=14,
            offset_deg=20.5020590162,
            d_mm=7.71929615296,
            a_mm=25.9682796576,
            alpha_deg=30.0,
        ),
        DhJoint(dof=15, offset_deg=0.0, d_mm=0.0, a_mm=0.0, alpha_deg=0.0),
    ),
    tip_mm=(33.7, -0.5, 5.8),
)
FINGERS: tuple[DhFinger, ...] = (_THUMB, _INDEX, _MIDDLE, _RING, _LITTLE)
"""In the order of `retargeting.human.KEYPOINTS`."""
WRIST_MM = (95.66993092407175, 6.383428857461437, 6.186305280135195)
"""In the palm's frame."""
LIMITS_DEG: tuple[tuple[float, float], ...] = (
    (-20, 20), (-10, 90), (-10, 90),
    (-10, 10), (-10, 90), (-10, 90),
    (-20, 20), (-10, 90), (-10, 90),
    (-30, 30), (-10, 90), (-10, 90),
    (-10, 70), (-50, 25), (0, 90), (0, 100),
)  # fmt: skip
"""Of the 16 angles: index, middle, ring, little (abduction, proximal, middle), thumb."""
_TOLERANCE_DEG = 0.5


def check_dofs(dofs: Array) -> None:
    """Refuse angles that the hand cannot have.

    Args:
        dofs: (16,) [rad].

    Raises:
        InvalidInputError: If one is not finite or out of its limits; degrees would be.
    """
    if dofs.shape != (NUM_DOFS,) or not np.isfinite(dofs).all():
        raise InvalidInputError(f'needs {NUM_DOFS} finite angles, got shape {dofs.shape}')
    lower, upper = np.asarray(LIMITS_DEG).T
    outside = (np.degrees(dofs) < lower - _TOLERANCE_DEG) | (
        np.degrees(dofs) > upper + _TOLERANCE_DEG
    )
    if outside.any():
        index = int(outside.argmax())
        raise InvalidInputError(
            f'angle {index} is {dofs[index]:.4g} rad ({np.degrees(dofs[index]):.4g} degrees), '
            f'outside of {LIMITS_DEG[index]} degrees'
        )


def palm_pose(trans_mm: Array, quat_wxyz: Array) -> Array:
    """Return T_object_palm (4, 4) [m] from `rhand_trans` (3,) [mm] and `rhand_quat` (4,)."""
    pose = np.eye(4)
    pose[:3, :3] = quat_wxyz_to_matrix(quat_wxyz)
    pose[:3, 3] = trans_mm * _MM
    return pose


def keypoints(dofs: Array) -> Array:
    """Return the 21 keypoints (B, 21, 3) [m] in the palm's frame, named by `human.KEYPOINTS`.

    Args:
        dofs: (B, 16) [rad].
    """
    points = [np.broadcast_to(np.array(WRIST_MM) * _MM, (len(dofs), 3))]
    for finger in FINGERS:
        pose = np.tile(np.eye(4), (len(dofs), 1, 1))
        pose[:, :3, :3] = np.asarray(finger.base_rows)
        pose[:, :3, 3] = np.array(finger.base_mm) * _MM
        points.append(pose[:, :3, 3].copy())
        for index, joint in enumerate(finger.joints):
            pose = pose @ joint.transforms(dofs)
            if index in (1, 2):
                points.append(pose[:, :3, 3].copy())
        tip = np.array([*finger.tip_mm, 1000.0]) * _MM
        points.append((pose @ tip)[:, :3])
    return np.stack(points, axis=1)
