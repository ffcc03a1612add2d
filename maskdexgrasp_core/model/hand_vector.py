"""Posed Shadow Hands in the model frame (`model.frame`) as vectors for the networks."""

import torch
from torch import Tensor

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.geometry.rotations import matrix_to_rot6d, rot6d_to_matrix
from maskdexgrasp_core.hands.hand_batch import HandBatch
from maskdexgrasp_core.hands.shadow import SHADOW

NUM_JOINTS = SHADOW.num_joints
VECTOR_SIZE = 9 + NUM_JOINTS
"""Translation 3, rot6d 6, joints 22."""
LENGTH_SCALE = 0.1
"""Networks see lengths in units of this [m]."""


def hand_vector(hands: HandBatch) -> Tensor:
    """Pack hands of the model frame into vectors whose entries are of order one.

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
