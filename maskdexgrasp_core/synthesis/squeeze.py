"""Squeeze targets from balanced contact forces: where servos must aim so that the hand grips.

The pose of a grasp touches; the squeeze holds. Forces inside the friction cones that cancel each
other are found by a quadratic program, and a servo of stiffness kp exerts them if its target
lies J^T f / kp beyond the present position.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.hands.hand_batch import HandBatch
from maskdexgrasp_core.hands.kinematics import HandKinematics
from maskdexgrasp_core.types import Array


@dataclass(frozen=True, kw_only=True)
class SqueezeCfg:
    """How hard a hand grips.

    Raises:
        InvalidInputError: If a number is not positive.
    """

    total_force_n: float = 30.0
    """Sum of the normal forces of all contacts [N]; see `ForceSolver.grip`."""
    kp: float = 3.0
    """Stiffness of the servos [N m / rad]."""
    max_step_rad: float = 0.5
    """Furthest that a target lies beyond the present position [rad]."""

    def __post_init__(self) -> None:
        if not min(self.total_force_n, self.kp, self.max_step_rad) > 0.0:
            raise InvalidInputError(f'force, stiffness and step must be positive, got {self}')


def squeeze_targets(
    kinematics: HandKinematics,
    hands: HandBatch,
    contact_index: Sequence[NDArray[np.int64]],
    forces: Sequence[Array],
    cfg: SqueezeCfg,
) -> Tensor:
    """Return servo targets (B, J) [rad] that exert given contact forces: q + J^T f / kp.

    Args:
        kinematics: Of the hand.
        hands: B of them.
        contact_index: Which contact candidates bear a force, (C,) for each hand.
        forces: On the object, (C, 3) [N] for each hand, frame of the hands' poses.
        cfg: Stiffness and largest step.

    Returns:
        Targets; they may lie beyond the joint limits, which servos allow.
    """
    joints = hands.joint_positions.detach().clone().requires_grad_()
    points = kinematics.forward(hands.translation, hands.rotation, joints).contact_points
    weights = torch.zeros_like(points)
    for row, (index, force) in enumerate(zip(contact_index, forces, strict=True)):
        weights[row, torch.as_tensor(index)] += torch.as_tensor(force, dtype=points.dtype)
    (torques,) = torch.autograd.grad((points * weights).sum(), joints)
    step = (torques / cfg.kp).clamp(-cfg.max_step_rad, cfg.max_step_rad)
    return joints.detach() + step
