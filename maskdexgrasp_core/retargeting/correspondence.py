"""Which joint and which point of the Shadow Hand stands for which of the six-motor hand."""

from functools import cache

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from maskdexgrasp_core.hands.kinematics import HandKinematics
from maskdexgrasp_core.types import Array

ROOT_JOINTS: dict[str, str] = {
    'thumb_proximal_yaw_joint': 'rh_THJ4',
    'thumb_proximal_pitch_joint': 'rh_THJ2',
    'index_proximal_joint': 'rh_FFJ3',
    'middle_proximal_joint': 'rh_MFJ3',
    'ring_proximal_joint': 'rh_RFJ3',
    'pinky_proximal_joint': 'rh_LFJ3',
}
"""Motor -> joint near the root of the same Shadow finger (MaskDexGrasp, Sec. E).

The thumb has two motors: its rotation about the palm follows THJ4 (opposition), its flexion
THJ2, the joint that bends the Shadow thumb towards the fingers."""

_FLEXION_SHARES = (0.2, 0.4, 0.6)
_OPPOSITION_SHARE = 0.9


def root_joint_motors(
    source: HandKinematics, target: HandKinematics, joint_positions: Array
) -> Array:
    """Map root joints to motors, range to range: the paper's rule.

    Args:
        source: The Shadow Hand.
        target: The six-motor hand.
        joint_positions: Of the source, (B, J) [rad].

    Returns:
        Motor positions of the target, (B, M) [rad], within its limits.
    """
    names = source.spec.joint_names
    columns = [names.index(ROOT_JOINTS[motor]) for motor in target.spec.joint_names]
    lower = np.maximum(source.spec.lower[columns], 0.0)
    upper = source.spec.upper[columns]
    share = np.clip((joint_positions[:, columns] - lower) / (upper - lower), 0.0, 1.0)
    return np.asarray(target.spec.lower + share * (target.spec.upper - target.spec.lower))


@cache
def root_alignment(source: HandKinematics, target: HandKinematics) -> Array:
    """Return T_source_target (4, 4): where the target's root sits when both hands look alike.

    Fits the fingertips and the palm of both hands over a few evenly flexed postures with
    opposed thumbs, so it needs no numbers of either hand.
    """
    a = np.concatenate([_keypoints(source, share) for share in _FLEXION_SHARES])
    b = np.concatenate([_keypoints(target, share) for share in _FLEXION_SHARES])
    rotation, _ = Rotation.align_vectors(a - a.mean(0), b - b.mean(0))
    pose = np.eye(4)
    pose[:3, :3] = rotation.as_matrix()
    pose[:3, 3] = a.mean(0) - pose[:3, :3] @ b.mean(0)
    return pose


def _keypoints(kinematics: HandKinematics, share: float) -> Array:
    """Return five fingertips and the palm (6, 3) in the root frame, flexed by `share`."""
    spec = kinematics.spec
    flexed = spec.open_positions + share * (spec.upper - spec.open_positions)
    swings = spec.lower < -0.3  # abduction and thumb twist stay where the open hand has them
    for motor, root in ROOT_JOINTS.items():
        for name in (motor, root):
            if name in spec.joint_names:
                swings[spec.joint_names.index(name)] = False
    positions = np.where(swings, spec.open_positions, flexed)
    for name in ('thumb_proximal_yaw_joint', 'rh_THJ4'):
        if name in spec.joint_names:
            index = spec.joint_names.index(name)
            positions[index] = _OPPOSITION_SHARE * spec.upper[index]
    dtype = kinematics.dtype
    with torch.no_grad():
        points = kinematics.forward(
            torch.zeros(1, 3, dtype=dtype),
            torch.eye(3, dtype=dtype)[None],
            torch.as_tensor(positions[None], dtype=dtype),
        )
    return np.vstack([points.fingertips[0].numpy(), points.palm.numpy()]).astype(float)
