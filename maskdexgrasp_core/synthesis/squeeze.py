"""How far beyond the surface joints must be driven to press with given forces."""

import torch
from torch import Tensor

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.hands.kinematics import HandKinematics
from maskdexgrasp_core.synthesis.refinement import GraspState


def joint_torques(
    kinematics: HandKinematics, state: GraspState, contact_index: Tensor, forces: Tensor
) -> Tensor:
    """Return the torques `J^T f` with which the hand exerts forces at its contact candidates.

    Args:
        kinematics: Of the hand.
        state: Posed hands.
        contact_index: Which candidates press, shape (B, K).
        forces: That they exert on the object, base frame, shape (B, K, 3) [N].

    Returns:
        Shape (B, J) [N m]; positive turns a joint to larger values.
    """
    joints = state.joint_positions.detach().clone().requires_grad_()
    with torch.enable_grad():
        points = kinematics.forward(state.translation, state.rotation, joints).contact_points
        index = contact_index[..., None].expand(-1, -1, 3)
        work = (points.gather(1, index) * forces).sum()
        return torch.autograd.grad(work, joints)[0]


def squeeze_positions(
    joint_positions: Tensor, torques: Tensor, stiffness: float, max_offset_rad: float = 0.6
) -> Tensor:
    """Return servo targets at which springs of `stiffness` produce `torques`: q + J^T f / kp.

    Args:
        joint_positions: At contact, shape (B, J) [rad].
        torques: Wanted, shape (B, J) [N m].
        stiffness: Position gain kp of the servos, > 0 [N m/rad].
        max_offset_rad: Largest distance from `joint_positions` [rad].

    Raises:
        InvalidInputError: If the stiffness is not positive.
    """
    if not stiffness > 0.0:
        raise InvalidInputError(f'stiffness must be positive, got {stiffness}')
    return joint_positions + (torques / stiffness).clamp(-max_offset_rad, max_offset_rad)
