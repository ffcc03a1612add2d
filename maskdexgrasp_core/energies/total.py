"""The weighted sum of the energies, with every term beside it."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from maskdexgrasp_core.energies.contact import (
    contact_distance_energy,
    normal_alignment_energy,
    region_energy,
)
from maskdexgrasp_core.energies.force_closure import force_balance_energy, friction_cone_forces
from maskdexgrasp_core.energies.penetration import (
    penetration_energy,
    self_penetration_energy,
    table_clearance_energy,
)
from maskdexgrasp_core.energies.posture import (
    coupling_energy,
    joint_limit_energy,
    posture_energy,
)
from maskdexgrasp_core.geometry.signed_distance import GridField, GridSignedDistance


@dataclass(frozen=True, kw_only=True)
class EnergyCfg:
    """Weights of the energies and the numbers inside them; a weight of 0 drops a term."""

    force_closure: float = 2.0
    contact: float = 100.0
    """[1/m]."""
    penetration: float = 100.0
    """[1/m]."""
    alignment: float = 1.0
    self_penetration: float = 20.0
    """[1/m]."""
    table: float = 100.0
    """[1/m]."""
    region: float = 50.0
    """[1/m]."""
    limits: float = 10.0
    """[1/rad]."""
    posture: float = 0.3
    """[1/rad^2]."""
    coupling: float = 0.3
    """[1/rad^2]."""
    friction: float = 0.6
    """Sliding friction coefficient between fingers and object."""
    gravity_share: float = 0.1
    """Weight of the object as a share of the sum of normal forces."""
    torque_length_m: float = 0.05
    """Turns torques into forces [m]."""
    table_clearance_m: float = 0.004
    """Free space between hand and table [m]."""
    region_tolerance_m: float = 0.006
    """Contacts this near to the asked part are on it [m]."""
    sphere_margin_m: float = 0.0
    """Free space between hand spheres and object [m]; negative allows some depth."""


class GraspScene(NamedTuple):
    """What a grasp is measured against, in the base frame."""

    surface: GridSignedDistance
    center: Tensor
    """Centre of mass of the object, shape (3,) [m]."""
    table_height: float
    """z of the table [m]."""
    part: GridField | None
    """Distance to the asked part [m], or None when no part is asked for."""


class ContactPlan(NamedTuple):
    """Which contact candidates each grasp means to use."""

    candidates: Tensor
    """Indices of contact candidates, shape (B, K); any where the weight is 0."""
    weights: Tensor
    """1 where used, else 0, shape (B, K)."""


class PosturePrior(NamedTuple):
    """What joint positions a hand prefers."""

    lower: Tensor
    """(J,) [rad]."""
    upper: Tensor
    """(J,) [rad]."""
    rest: Tensor
    """(J,) [rad]."""
    weights: Tensor
    """(J,)."""
    couplings: Tensor
    """Rows that vanish when a finger bends evenly, (M, J)."""


class HandSurface(NamedTuple):
    """The points of a posed hand that energies look at, base frame."""

    contact_points: Tensor
    """(B, C, 3) [m]."""
    contact_normals: Tensor
    """(B, C, 3), outward."""
    sphere_centers: Tensor
    """(B, S, 3) [m]."""
    sphere_radii: Tensor
    """(S,) [m]."""
    self_pairs: Tensor
    """(P, 2) indices of spheres that may collide."""


class EnergyTerms(NamedTuple):
    """Energies of a batch."""

    total: Tensor
    """(B,)."""
    terms: dict[str, Tensor]
    """Unweighted, (B,) each, by the name of their weight in `EnergyCfg`."""


class GraspEnergy:
    """The weighted sum of all energies for one object and one hand."""

    def __init__(self, scene: GraspScene, prior: PosturePrior, cfg: EnergyCfg) -> None:
        self.scene = scene
        self.prior = prior
        self.cfg = cfg

    def __call__(
        self, hand: HandSurface, joint_positions: Tensor, raw_forces: Tensor, plan: ContactPlan
    ) -> EnergyTerms:
        """Return the energies of a batch of grasps.

        Args:
            hand: Points of the posed hand.
            joint_positions: Shape (B, J) [rad].
            raw_forces: Free vectors behind the contact forces, shape (B, K, 3).
            plan: The contacts that each grasp means to use.
        """
        terms = self._contact_terms(hand, raw_forces, plan)
        terms |= self._clearance_terms(hand)
        prior = self.prior
        terms['limits'] = joint_limit_energy(joint_positions, prior.lower, prior.upper)
        terms['posture'] = posture_energy(joint_positions, prior.rest, prior.weights)
        terms['coupling'] = coupling_energy(joint_positions, prior.couplings)
        weighted = [getattr(self.cfg, name) * term for name, term in terms.items()]
        return EnergyTerms(torch.stack(weighted).sum(0), terms)

    def _contact_terms(
        self, hand: HandSurface, raw_forces: Tensor, plan: ContactPlan
    ) -> dict[str, Tensor]:
        cfg, scene, weights = self.cfg, self.scene, plan.weights
        points = gather_contacts(hand.contact_points, plan)
        pads = gather_contacts(hand.contact_normals, plan)
        distance, normals = scene.surface.query(points)
        forces = friction_cone_forces(raw_forces, normals, weights, cfg.friction)
        terms = {
            'force_closure': force_balance_energy(
                points, forces, scene.center, cfg.torque_length_m, cfg.gravity_share
            ),
            'contact': contact_distance_energy(distance, weights),
            'alignment': normal_alignment_energy(pads, normals, weights),
        }
        if scene.part is not None:
            terms['region'] = region_energy(
                scene.part(points), weights, tolerance_m=cfg.region_tolerance_m
            )
        return terms

    def _clearance_terms(self, hand: HandSurface) -> dict[str, Tensor]:
        cfg, scene = self.cfg, self.scene
        centers, radii = hand.sphere_centers, hand.sphere_radii
        distance = scene.surface.distance(centers)
        return {
            'penetration': penetration_energy(distance, radii, margin_m=cfg.sphere_margin_m),
            'self_penetration': self_penetration_energy(
                centers, hand.self_pairs, radii[hand.self_pairs].sum(-1)
            ),
            'table': table_clearance_energy(
                centers, radii, scene.table_height, clearance_m=cfg.table_clearance_m
            ),
        }


def gather_contacts(values: Tensor, plan: ContactPlan) -> Tensor:
    """Pick the planned rows of `values` (B, C, 3), shape (B, K, 3)."""
    return values.gather(1, plan.candidates[..., None].expand(-1, -1, values.shape[-1]))
