"""Which point of the Shadow Hand stands for which joint of a human hand, and where they start.

Human hands come as 21 keypoints in the order of OpenPose: the wrist, then four for each finger
from its root to its tip.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.hands.kinematics import HandKinematics
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.types import Array

KEYPOINTS: tuple[str, ...] = (
    'wrist',
    *(f'thumb_{name}' for name in ('cmc', 'mcp', 'ip', 'tip')),
    *(
        f'{finger}_{name}'
        for finger in ('index', 'middle', 'ring', 'little')
        for name in ('mcp', 'pip', 'dip', 'tip')
    ),
)
"""The 21 joints J_k of Eq. (9), MaskDexGrasp."""
TIPS: tuple[int, ...] = (4, 8, 12, 16, 20)
"""Rows of the fingertips, thumb to little finger."""
SHADOW_LINKS: tuple[str, ...] = (
    'rh_palm',
    *(f'rh_th{name}' for name in ('proximal', 'middle', 'distal', 'tip')),
    *(
        f'rh_{finger}{name}'
        for finger in ('ff', 'mf', 'rf', 'lf')
        for name in ('proximal', 'middle', 'distal', 'tip')
    ),
)
"""Link of the Shadow Hand whose origin is f_k of Eq. (9): each begins at the joint of its name."""
_PALM_ROWS = (0, 1, 5, 9, 13, 17)
"""Keypoints that hardly move against each other: wrist and roots of the fingers."""
_FINGER_CODES = ('FF', 'MF', 'RF', 'LF')
_LONGEST_BONE_M = 0.2
THUMB_STARTS: tuple[tuple[float, float], ...] = ((0.0, 0.3), (0.0, 1.0), (0.8, 1.0))
"""Positions of THJ5 and THJ4 [rad] to start from: beside the palm, opposed, far across."""


def check_keypoints(keypoints: Array) -> Array:
    """Return human keypoints as an array (B, 21, 3) [m].

    Raises:
        InvalidInputError: If the shape is wrong, a value is not finite, or a bone is longer than
            20 cm (keypoints in millimetres would have such).
    """
    points = np.asarray(keypoints, dtype=float)
    if points.ndim != 3 or points.shape[1:] != (len(KEYPOINTS), 3):
        raise InvalidInputError(f'human keypoints: got shape {points.shape}, need (B, 21, 3)')
    if not np.isfinite(points).all():
        raise InvalidInputError('human keypoints must be finite')
    previous = [0 if k % 4 == 1 else k - 1 for k in range(1, len(KEYPOINTS))]
    longest = np.linalg.norm(points[:, 1:] - points[:, previous], axis=-1).max(initial=0.0)
    if longest > _LONGEST_BONE_M:
        raise InvalidInputError(
            f'human keypoints have a bone of {longest:.3g} m; are they in metres?'
        )
    return points


def align_palms(kinematics: HandKinematics, keypoints: Tensor) -> tuple[Tensor, Tensor]:
    """Lay the Shadow palm over human palms by the least squares of their six rigid keypoints.

    Args:
        kinematics: Of the Shadow Hand.
        keypoints: Human, (B, 21, 3) [m].

    Returns:
        Rotation (B, 3, 3) and translation (B, 3) [m] of the Shadow root in the keypoints' frame.
    """
    opened = torch.as_tensor(kinematics.spec.open_positions, dtype=keypoints.dtype)[None]
    links = kinematics.link_transforms(opened)
    rows = list(_PALM_ROWS)
    source = torch.stack([links[SHADOW_LINKS[row]][0, :3, 3] for row in rows])
    target = keypoints[:, rows]
    source_center, target_center = source.mean(0), target.mean(1)
    covariance = (target - target_center[:, None]).transpose(1, 2) @ (source - source_center)
    u, _, v_transposed = torch.linalg.svd(covariance)
    handedness = torch.ones_like(target_center)
    handedness[:, 2] = torch.linalg.det(u @ v_transposed).sign()
    rotation = (u * handedness[:, None]) @ v_transposed
    return rotation, target_center - rotation @ source_center


def finger_positions(keypoints_in_palm: Tensor) -> Tensor:
    """Read joint positions (B, 22) [rad] of the fingers off the bones; those of the thumb are 0.

    Args:
        keypoints_in_palm: Human keypoints in the Shadow root's frame, (B, 21, 3) [m].
    """
    positions = keypoints_in_palm.new_zeros(len(keypoints_in_palm), SHADOW.num_joints)
    for finger, code in enumerate(_FINGER_CODES):
        root = 5 + 4 * finger
        bones = functional.normalize(keypoints_in_palm[:, root : root + 4].diff(dim=1), dim=-1)
        x, y, z = bones[:, 0].unbind(1)
        sideways = 1.0 if code in ('RF', 'LF') else -1.0
        angles = {
            'J4': sideways * torch.atan(x / z.abs().clamp_min(0.1)),
            'J3': torch.atan2(-y, torch.hypot(x, z) * z.sign()),
            'J2': _angle(bones[:, 0], bones[:, 1]),
            'J1': _angle(bones[:, 1], bones[:, 2]),
        }
        for name, angle in angles.items():
            positions[:, SHADOW.joint_names.index(f'rh_{code}{name}')] = angle
    return positions


def _angle(first: Tensor, second: Tensor) -> Tensor:
    return torch.acos((first * second).sum(-1).clamp(-1.0, 1.0))
