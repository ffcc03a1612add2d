"""A fixed number of batched gradient steps that pull given grasps onto an object."""

import math
import time
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from maskdexgrasp_core.energies.total import (
    ContactPlan,
    EnergyTerms,
    GraspEnergy,
    HandSurface,
)
from maskdexgrasp_core.geometry.rotations import matrix_to_rot6d, rot6d_to_matrix
from maskdexgrasp_core.hands.hand_batch import HandBatch
from maskdexgrasp_core.hands.kinematics import HandKinematics


@dataclass(frozen=True, kw_only=True)
class RefinementCfg:
    """Adam with a cosine schedule; one rate for each kind of variable."""

    translation_rate: float = 0.004
    """[m] a step."""
    rotation_rate: float = 0.03
    """Of the 6D rotation, a step."""
    joint_rate: float = 0.03
    """[rad] a step."""
    force_rate: float = 0.1
    betas: tuple[float, float] = (0.9, 0.98)
    final_share: float = 0.05
    """Rates end at this share of their start, 0..1."""


class GraspState(NamedTuple):
    """A batch of grasps while they are optimised."""

    hands: HandBatch
    """In the frame of the scene."""
    raw_forces: Tensor
    """Free vectors behind the contact forces, (B, K, 3)."""

    def select(self, index: Tensor) -> 'GraspState':
        """Return the grasps at `index` (N,) of the batch."""
        return GraspState(self.hands.select(index), self.raw_forces[index])


class Movable(NamedTuple):
    """What a refinement may change."""

    wrist: bool
    """Whether the hand root may move."""
    joints: Tensor
    """(J,) bool, the joints that may move."""


class Refined(NamedTuple):
    """Refined grasps and their energies."""

    state: GraspState
    energies: EnergyTerms


def hand_surface(kinematics: HandKinematics, hands: HandBatch) -> HandSurface:
    """Return the points of the hands in the frame of their poses; differentiable."""
    points = kinematics.forward(*hands)
    return HandSurface(
        points.contact_points,
        points.contact_normals,
        points.sphere_centers,
        kinematics.sphere_radii,
        kinematics.self_pairs,
    )


class Refiner:
    """Lowers the energy of grasps of one hand on one object; joints stay in their limits."""

    def __init__(
        self, kinematics: HandKinematics, energy: GraspEnergy, cfg: RefinementCfg | None = None
    ) -> None:
        self.kinematics = kinematics
        self.energy = energy
        self.cfg = cfg or RefinementCfg()

    def refine(
        self,
        state: GraspState,
        plan: ContactPlan,
        num_steps: int,
        deadline_s: float | None = None,
        movable: Movable | None = None,
    ) -> Refined:
        """Take `num_steps` batched steps.

        Args:
            state: Where to begin; it is not changed.
            plan: The contacts that each grasp means to use.
            num_steps: Steps, >= 0.
            deadline_s: Stop early when `time.monotonic()` passes this [s].
            movable: What may change; None: everything.
        """
        variables = _Variables.of(state)
        shares = variables.shares(movable)
        rates = self._rates()
        groups = [{'params': [v], 'lr': r} for v, r in zip(variables, rates, strict=True)]
        optimizer = torch.optim.Adam(groups, betas=self.cfg.betas, foreach=False)
        for step in range(num_steps):
            if deadline_s is not None and time.monotonic() > deadline_s:
                break
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group['lr'] = rate * self._decay(step / num_steps)
            total = self.energies(variables.state(), plan).total.sum()
            gradients = torch.autograd.grad(total, list(variables))
            for variable, gradient, share in zip(variables, gradients, shares, strict=True):
                variable.grad = gradient * share
            optimizer.step()
            with torch.no_grad():
                prior = self.energy.prior
                variables.joint_positions.clamp_(prior.lower, prior.upper)
        with torch.no_grad():
            final = variables.detached().state()
            return Refined(final, self.energies(final, plan))

    def energies(self, state: GraspState, plan: ContactPlan) -> EnergyTerms:
        """Return the energies of a batch of grasps; differentiable."""
        surface = hand_surface(self.kinematics, state.hands)
        return self.energy(surface, state.hands.joint_positions, state.raw_forces, plan)

    def _rates(self) -> tuple[float, float, float, float]:
        cfg = self.cfg
        return cfg.translation_rate, cfg.rotation_rate, cfg.joint_rate, cfg.force_rate

    def _decay(self, progress: float) -> float:
        cosine = 0.5 * (1.0 + math.cos(math.pi * progress))
        return self.cfg.final_share + (1.0 - self.cfg.final_share) * cosine


class _Variables(NamedTuple):
    """The leaves that Adam changes."""

    translation: Tensor
    rot6d: Tensor
    joint_positions: Tensor
    raw_forces: Tensor

    @classmethod
    def of(cls, state: GraspState) -> '_Variables':
        hands = state.hands
        values = (
            hands.translation,
            matrix_to_rot6d(hands.rotation),
            hands.joint_positions,
            state.raw_forces,
        )
        return cls(*(value.detach().clone().requires_grad_() for value in values))

    def detached(self) -> '_Variables':
        return _Variables(*(value.detach() for value in self))

    def shares(self, movable: Movable | None) -> tuple[float, float, float | Tensor, float]:
        """Return what the gradients are multiplied by: 0 where nothing may change."""
        if movable is None:
            return 1.0, 1.0, 1.0, 1.0
        wrist = float(movable.wrist)
        return wrist, wrist, movable.joints.to(self.joint_positions.dtype), 1.0

    def state(self) -> GraspState:
        rotation = rot6d_to_matrix(self.rot6d)
        hands = HandBatch(self.translation, rotation, self.joint_positions)
        return GraspState(hands, self.raw_forces)
