"""Servo targets that turn the pose of a hand into a grip.

A pose that was drawn, or copied from a human hand, leaves gaps of millimetres. Servos first aim
where the nearest pad of each finger meets the surface, and then beyond it by what a balanced grip
takes.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.geometry.signed_distance import GridSignedDistance
from maskdexgrasp_core.hands.hand_batch import HandBatch
from maskdexgrasp_core.hands.kinematics import HandKinematics
from maskdexgrasp_core.hands.spec import PARTS
from maskdexgrasp_core.synthesis.contact_forces import (
    ContactCfg,
    Contacts,
    ForceBalance,
    ForceSolver,
)
from maskdexgrasp_core.synthesis.squeeze import SqueezeCfg, squeeze_targets
from maskdexgrasp_core.types import Array

_FACING = -0.2
"""A pad faces the object if its normal and the object's have a smaller product than this."""


@dataclass(frozen=True, kw_only=True)
class GripCfg:
    """Which pads grip, and how hard.

    Raises:
        InvalidInputError: If no pad could take part, or a length is negative.
    """

    touch_gap_m: float = 0.015
    """Pads nearer to the object than this take part [m]."""
    pads_per_part: int = 2
    """The nearest pads of every finger and of the palm."""
    max_closing_rad: float = 0.5
    """Furthest that a joint goes to bring a pad to the surface [rad]."""
    squeeze: SqueezeCfg = field(default_factory=SqueezeCfg)
    contact: ContactCfg = field(default_factory=ContactCfg)

    def __post_init__(self) -> None:
        if self.pads_per_part < 1 or min(self.touch_gap_m, self.max_closing_rad) < 0.0:
            raise InvalidInputError(
                f'pads_per_part must be >= 1, touch_gap_m and max_closing_rad >= 0, got {self}'
            )


def cautious_grip() -> GripCfg:
    """Return the grip of generated grasps: its forces keep well inside the friction cones."""
    return GripCfg(contact=ContactCfg(friction=0.3))


class NearPads(NamedTuple):
    """Pads of one hand that take part in its grip; of each part the nearest first."""

    candidates: NDArray[np.int64]
    """Indices of the hand's contact candidates, (C,)."""
    contacts: Contacts
    """Where they meet the surface, in the frame that hands and object share."""
    parts: tuple[str, ...]
    """Part of the hand of each."""


class GripTarget(NamedTuple):
    """What is gripped, in the frame that hands and object share."""

    surface: GridSignedDistance
    center: Array
    """Centre of mass, (3,) [m]."""


class Grip(NamedTuple):
    """How B hands grip."""

    targets: Array
    """(B, 22) of the servos [rad]."""
    residuals: Array
    """(B,) norm of the force and torque that the pads leave, as a share of the sum of their
    normal forces, torques by `ContactCfg.torque_length_m`: 0 where forces inside the friction
    cones cancel each other, 1 where fewer than two pads share the grip."""


def near_pads(
    kinematics: HandKinematics, hands: HandBatch, surface: GridSignedDistance, cfg: GripCfg
) -> list[NearPads]:
    """Return the pads of each hand that face the object from near."""
    with torch.no_grad():
        posed = kinematics.forward(*hands)
        distance, normals = surface.query(posed.contact_points)
        on_surface = (posed.contact_points - distance[..., None] * normals).double().numpy()
        facing = (posed.contact_normals * normals).sum(-1) < _FACING
    near = ((distance.abs() < cfg.touch_gap_m) & facing).numpy()
    away, outward = distance.abs().numpy(), normals.double().numpy()
    all_parts = np.array(kinematics.contact_parts)
    found = []
    for row in range(len(away)):
        index = np.nonzero(near[row])[0]
        index = index[np.argsort(away[row, index], kind='stable')]
        named = all_parts[index]
        index = np.concatenate([index[named == part][: cfg.pads_per_part] for part in PARTS])
        contacts = Contacts(on_surface[row, index], outward[row, index])
        found.append(NearPads(index, contacts, tuple(map(str, all_parts[index]))))
    return found


def closing_squeeze(
    kinematics: HandKinematics,
    hands: HandBatch,
    pads: list[NearPads],
    target: GripTarget,
    cfg: GripCfg,
) -> Grip:
    """Return how hands grip; those with fewer than two pads only close.

    Args:
        kinematics: Of the Shadow Hand.
        hands: B of them, in the frame that they share with the object.
        pads: Of each hand, see `near_pads`.
        target: The object.
        cfg: Force and limits.
    """
    balances = [_balance(pad.contacts, target.center, cfg) for pad in pads]
    forces = [balance.forces for balance in balances]
    index = [pad.candidates for pad in pads]
    pressing = squeeze_targets(kinematics, hands, index, forces, cfg.squeeze)
    closing = closing_steps(kinematics, hands, pads, target.surface)
    limit = cfg.max_closing_rad
    targets = (pressing + closing.clamp(-limit, limit)).double().numpy()
    return Grip(targets, np.array([balance.residual for balance in balances]))


def _balance(contacts: Contacts, center: Array, cfg: GripCfg) -> ForceBalance:
    if len(contacts.points) < 2:
        return ForceBalance(np.zeros((len(contacts.points), 3)), 1.0)
    return ForceSolver(contacts, center, cfg.contact).grip(cfg.squeeze.total_force_n)


def closing_steps(
    kinematics: HandKinematics,
    hands: HandBatch,
    pads: list[NearPads],
    surface: GridSignedDistance,
) -> Tensor:
    """Return the least motion of the joints (B, 22) [rad] that closes the fingers' gaps.

    To first order: the nearest pad of each finger moves along the slope of its distance.
    """
    joints = hands.joint_positions.clone().requires_grad_()
    points = kinematics.forward(hands.translation, hands.rotation, joints).contact_points
    distance = surface.distance(points)
    steps = torch.zeros_like(joints)
    for part in PARTS[1:]:
        nearest = [
            (row, int(pad.candidates[pad.parts.index(part)]))
            for row, pad in enumerate(pads)
            if part in pad.parts
        ]
        if not nearest:
            continue
        row, column = torch.tensor(nearest).T
        gap = distance[row, column]
        (slope,) = torch.autograd.grad(gap.sum(), joints, retain_graph=True)
        slope = slope[row]
        size = slope.square().sum(1, keepdim=True).clamp_min(1e-6)
        steps[row] -= gap.detach().clamp_min(0.0)[:, None] * slope / size
    return steps
