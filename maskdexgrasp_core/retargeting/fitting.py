"""Fits the six-motor hand to Shadow grasps: same fingertips and palm, fingers on the object.

The energy has the form of Eq. (10), MaskDexGrasp: keypoints of the source hand (L_tip), joint
limits (L_reg), self-penetration (L_spen) and penetration (L_pen). To it come the contact, force
balance and table terms of the synthesis, since a hand with shorter fingers that only copies
fingertips would stop short of the object.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from maskdexgrasp_core.energies.keypoints import fingertip_energy
from maskdexgrasp_core.energies.total import (
    ContactPlan,
    EnergyCfg,
    EnergyTerms,
    GraspEnergy,
    HandSurface,
)
from maskdexgrasp_core.hands.hand_batch import HandBatch
from maskdexgrasp_core.hands.kinematics import HandKinematics
from maskdexgrasp_core.hands.spec import PARTS
from maskdexgrasp_core.retargeting.correspondence import root_alignment, root_joint_motors
from maskdexgrasp_core.synthesis.refinement import GraspState, RefinementCfg, Refiner
from maskdexgrasp_core.types import Array, Grasp

TOUCHING_M = 0.015
"""A fingertip of the Shadow Hand this near to the surface is one that means to touch it [m]."""
ALWAYS_USED = ('thumb', 'index', 'middle')


@dataclass(frozen=True, kw_only=True)
class FittingCfg:
    """Weights and steps of the fit."""

    fingertip_weight: float = 1.0
    """Of Eq. (11) [1/m]; the fingertips weigh 30, 10, 1.2, 1.0 and 0.2 in it."""
    palm_weight: float = 4.0
    """Of the distance of the palms [1/m]."""
    num_steps: int = 48
    energy: EnergyCfg = field(
        default_factory=lambda: EnergyCfg(posture=0.1, coupling=0.0, contact=60.0)
    )
    refinement: RefinementCfg = field(default_factory=RefinementCfg)


class Keypoints(NamedTuple):
    """Where the pads of the fingertips and the palm of posed hands are, base frame."""

    fingertips: Tensor
    """(B, 5, 3) [m], thumb to little finger."""
    palm: Tensor
    """(B, 3) [m]."""


class FollowingEnergy(GraspEnergy):
    """The energies of a grasp, and the distance to the keypoints of another hand."""

    def __init__(
        self, base: GraspEnergy, target: Keypoints, indices: tuple[Tensor, Tensor], cfg: FittingCfg
    ) -> None:
        """Add to `base` the distances to `target`.

        Args:
            base: Energies of the target hand.
            target: Of the source hand, one row a grasp.
            indices: Contact candidates of the target hand that lie on its five fingertips, (5,),
                and on its palm, (P,).
            cfg: Weights.
        """
        super().__init__(base.scene, base.prior, base.cfg)
        self._target, self._cfg = target, cfg
        self._tips, self._palm = indices

    def __call__(
        self, hand: HandSurface, joint_positions: Tensor, raw_forces: Tensor, plan: ContactPlan
    ) -> EnergyTerms:
        """Return the energies of a batch of grasps, see `GraspEnergy`."""
        total, terms = super().__call__(hand, joint_positions, raw_forces, plan)
        palm = hand.contact_points[:, self._palm].mean(1)
        terms['fingertips'] = fingertip_energy(
            hand.contact_points[:, self._tips], self._target.fingertips
        )
        terms['palm'] = (palm - self._target.palm).norm(dim=-1)
        total = total + self._cfg.fingertip_weight * terms['fingertips']
        return EnergyTerms(total + self._cfg.palm_weight * terms['palm'], terms)


class Fit(NamedTuple):
    """Fitted grasps of the target hand."""

    hands: HandBatch
    """In the base frame."""
    plan: ContactPlan
    energies: EnergyTerms
    residual_m: Array
    """Mean distance of fingertips and palm to those of the source, (B,) [m]."""


def tip_and_palm_candidates(kinematics: HandKinematics) -> tuple[Tensor, Tensor]:
    """Return the contact candidates nearest to the five fingertips (5,), and the palm's (P,)."""
    spec, dtype = kinematics.spec, kinematics.dtype
    opened = torch.as_tensor(spec.open_positions, dtype=dtype)[None]
    with torch.no_grad():
        points = kinematics.forward(
            torch.zeros(1, 3, dtype=dtype), torch.eye(3, dtype=dtype)[None], opened
        )
    distance = torch.cdist(points.fingertips[0], points.contact_points[0])
    palm = [i for i, part in enumerate(kinematics.contact_parts) if part == 'palm']
    return distance.argmin(1), torch.tensor(palm)


def hands_of(grasps: tuple[Grasp, ...], dtype: torch.dtype) -> HandBatch:
    """Return the hands of `grasps` as one batch in the base frame."""
    poses = torch.as_tensor(np.stack([g.T_base_wrist for g in grasps]), dtype=dtype)
    joints = torch.as_tensor(np.stack([g.joint_positions for g in grasps]), dtype=dtype)
    return HandBatch.at(poses, joints)


def keypoints(kinematics: HandKinematics, hands: HandBatch) -> Keypoints:
    """Return the keypoints of posed hands, in the frame of their poses."""
    tips, palm = tip_and_palm_candidates(kinematics)
    with torch.no_grad():
        points = kinematics.forward(*hands).contact_points
    return Keypoints(points[:, tips], points[:, palm].mean(1))


def starting_hands(source: HandKinematics, target: HandKinematics, hands: HandBatch) -> HandBatch:
    """Return target hands where the source hands are, motors by the paper's rule."""
    T_source_target = torch.as_tensor(root_alignment(source, target), dtype=target.dtype)
    motors = root_joint_motors(source, target, hands.joint_positions.double().numpy())
    return HandBatch.at(
        hands.poses() @ T_source_target, torch.as_tensor(motors, dtype=target.dtype)
    )


def plan_target_contacts(
    target: HandKinematics, target_points: Keypoints, energy: GraspEnergy, seed: int
) -> ContactPlan:
    """Choose a pad on each finger that means to touch: thumb, index, middle, and those near.

    Args:
        target: The six-motor hand.
        target_points: Keypoints of the source hand.
        energy: Knows the object's surface.
        seed: Of the choice of pads.
    """
    generator = torch.Generator().manual_seed(seed)
    spec = target.spec
    distance = energy.scene.surface.distance(target_points.fingertips)
    index, weights = [], []
    for column, part in enumerate(PARTS[1:]):
        last = spec.parts[part][-1]
        pads = [i for i, c in enumerate(spec.contact_candidates) if c.link == last]
        drawn = torch.randint(len(pads), (len(distance),), generator=generator)
        index.append(torch.tensor(pads)[drawn])
        near = (distance[:, column] < TOUCHING_M) | (part in ALWAYS_USED)
        weights.append(near.to(target.dtype))
    return ContactPlan(torch.stack(index, 1), torch.stack(weights, 1))


def fit_hand(
    source: HandKinematics,
    target: HandKinematics,
    grasps: tuple[Grasp, ...],
    energy: GraspEnergy,
    cfg: FittingCfg,
    seed: int = 0,
) -> Fit:
    """Fit the target hand to grasps of the source hand.

    Args:
        source: The Shadow Hand.
        target: The six-motor hand.
        grasps: B grasps of the source in the base frame, at least one.
        energy: Of the target hand at the observed object.
        cfg: Weights and steps.
        seed: Of the choice of pads.
    """
    source_hands = hands_of(grasps, target.dtype)
    wanted = keypoints(source, source_hands)
    plan = plan_target_contacts(target, wanted, energy, seed)
    following = FollowingEnergy(energy, wanted, tip_and_palm_candidates(target), cfg)
    hands = starting_hands(source, target, source_hands)
    start = GraspState(hands, _pushing_forces(target, hands, plan, energy))
    refiner = Refiner(target, following, cfg.refinement)
    state, energies = refiner.refine(start, plan, cfg.num_steps)
    reached = keypoints(target, state.hands)
    gaps = [(reached.fingertips - wanted.fingertips).norm(dim=-1)]
    gaps.append((reached.palm - wanted.palm).norm(dim=-1, keepdim=True))
    return Fit(state.hands, plan, energies, torch.cat(gaps, 1).mean(1).double().numpy())


def _pushing_forces(
    target: HandKinematics, hands: HandBatch, plan: ContactPlan, energy: GraspEnergy
) -> Tensor:
    """Return raw forces that push straight into the surface, (B, K, 3)."""
    with torch.no_grad():
        points = target.forward(*hands).contact_points
        chosen = points.gather(1, plan.candidates[..., None].expand(-1, -1, 3))
        return -energy.scene.surface.query(chosen).normal
