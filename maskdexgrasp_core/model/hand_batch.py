"""A batch of posed hands, as the networks take and give them, and its packed vector."""

from typing import NamedTuple

import torch
from torch import Tensor

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.geometry.rotations import matrix_to_rot6d, rot6d_to_matrix
from maskdexgrasp_core.hands.shadow import SHADOW

NUM_JOINTS = SHADOW.num_joints
VECTOR_SIZE = 9 + NUM_JOINTS
"""Translation 3, rot6d 6, joints 22."""
LENGTH_SCALE = 0.1
"""Networks see lengths in units of this [m]."""


class HandBatch(NamedTuple):
    """B posed Shadow Hands; the frame is the model frame (`model.frame`) unless said."""

    translation: Tensor
    """Position of `frames.SHADOW_ROOT`, (B, 3) [m]."""
    rotation: Tensor
    """Orientation of `frames.SHADOW_ROOT`, (B, 3, 3)."""
    joint_positions: Tensor
    """(B, 22) [rad], in the order of `SHADOW.joint_names`."""

    @property
    def num_hands(self) -> int:
        """Number of hands B."""
        return len(self.translation)

    def select(self, indices: Tensor) -> 'HandBatch':
        """Return the hands at `indices` (int64), or where a mask (bool) is True."""
        return HandBatch(*(field[indices] for field in self))

    def to(self, device: torch.device | str) -> 'HandBatch':
        """Return the same hands on `device`."""
        return HandBatch(*(field.to(device) for field in self))


def transform_hands(T_a_b: Tensor, hands: HandBatch) -> HandBatch:
    """Return hands given in frame b in frame a.

    Args:
        T_a_b: One pose (4, 4) for all, or one for each hand (B, 4, 4).
        hands: In frame b.
    """
    rotation = T_a_b[..., :3, :3]
    return HandBatch(
        translation=(rotation @ hands.translation[..., None])[..., 0] + T_a_b[..., :3, 3],
        rotation=rotation @ hands.rotation,
        joint_positions=hands.joint_positions,
    )


def hand_vector(hands: HandBatch) -> Tensor:
    """Pack hands into vectors whose entries are of order one.

    Returns:
        (B, 31): translation / 0.1 m, rot6d, joints scaled so that their limits are -1 and 1.
    """
    lower, upper = _joint_limits(hands.joint_positions)
    joints = 2.0 * (hands.joint_positions - lower) / (upper - lower) - 1.0
    return torch.cat(
        [hands.translation / LENGTH_SCALE, matrix_to_rot6d(hands.rotation), joints], dim=1
    )


def hands_of_vector(vector: Tensor) -> HandBatch:
    """Unpack vectors (B, 31) of `hand_vector`: orthonormal rotations, joints within limits.

    Raises:
        InvalidInputError: If the shape is wrong.
    """
    if vector.ndim != 2 or vector.shape[1] != VECTOR_SIZE:
        raise InvalidInputError(f'vector: got {tuple(vector.shape)}, expected (B, {VECTOR_SIZE})')
    lower, upper = _joint_limits(vector)
    shares = (vector[:, 9:].clamp(-1.0, 1.0) + 1.0) / 2.0
    return HandBatch(
        translation=LENGTH_SCALE * vector[:, :3],
        rotation=rot6d_to_matrix(vector[:, 3:9]),
        joint_positions=lower + shares * (upper - lower),
    )


def _joint_limits(like: Tensor) -> tuple[Tensor, Tensor]:
    """Return lower and upper joint limits, each (22,) [rad], with the kind of `like`."""
    return like.new_tensor(SHADOW.lower), like.new_tensor(SHADOW.upper)
