"""Hands that are likely to hold an object by the part that a task asks for, before the physics.

Two ways lead to a proposal: synthesis from open hands, and growth, which moves a hand that is
known to hold and optimises it again. Growth costs a third and succeeds more often, above all on
handles and rims.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
import trimesh
from scipy.spatial.transform import Rotation

from maskdexgrasp_core.dataset.sources.procedural.recipes import TaskRecipe
from maskdexgrasp_core.energies.total import ContactPlan, EnergyCfg, GraspScene
from maskdexgrasp_core.evaluation.hold_check import HandGraspPose
from maskdexgrasp_core.evaluation.squeeze_rules import BALANCED_CONTACT, BALANCED_GRIP
from maskdexgrasp_core.geometry.signed_distance import GridSignedDistance, cloud_distance_field
from maskdexgrasp_core.hands.hand_batch import HandBatch
from maskdexgrasp_core.hands.kinematics import HandKinematics
from maskdexgrasp_core.objects.model import ObjectModel
from maskdexgrasp_core.synthesis.contact_forces import ContactCfg, ForceSolver
from maskdexgrasp_core.synthesis.measurement import measure
from maskdexgrasp_core.synthesis.ranking import CandidateFacts
from maskdexgrasp_core.synthesis.refinement import GraspState, Refined
from maskdexgrasp_core.synthesis.squeeze import SqueezeCfg, squeeze_targets
from maskdexgrasp_core.synthesis.synthesiser import SynthesisCfg, Synthesiser
from maskdexgrasp_core.types import Array

_ON_SURFACE_M = 0.0015
_PART_SAMPLES = 4000
_NO_TABLE = -1.0
"""Height of the table in the object frame where there is none [m]."""


@dataclass(frozen=True, kw_only=True)
class ProposalCfg:
    """How hands are proposed; the numbers were chosen by valid grasps a second on all kinds."""

    batch_size: int = 64
    """Hands that are optimised together."""
    growth_steps: int = 30
    growth_shift_m: float = 0.006
    """Standard deviation of the move of a hand that is grown [m]."""
    growth_turn_rad: float = 0.12
    growth_bend_rad: float = 0.12
    max_penetration_m: float = 0.006
    """Of the hand's inner spheres in the object [m]."""
    max_self_penetration_m: float = 0.008
    max_gap_m: float = 0.004
    """Mean distance of the planned contacts to the surface [m]."""
    min_table_gap_m: float = 0.001
    min_part_share: float = 0.8
    """Least share of the contacts on the asked part."""
    max_residual: float = 0.25
    """Part of the grip that the contacts cannot balance."""
    contact: ContactCfg = BALANCED_CONTACT
    squeeze: SqueezeCfg = BALANCED_GRIP
    synthesis: SynthesisCfg = field(
        default_factory=lambda: SynthesisCfg(
            num_steps=60,
            energy=EnergyCfg(
                region=150.0,
                region_tolerance_m=0.002,
                gravity_share=0.0,
                posture=0.15,
                coupling=0.1,
            ),
        )
    )


class AskedPart(NamedTuple):
    """An object and the part of it that a task asks for."""

    surface: GridSignedDistance
    center: Array
    """(3,) centre of mass, object frame [m]."""
    part_points: Array
    """(M, 3) on the part's free surface [m]; empty when the part is the whole object."""

    @classmethod
    def of(cls, model: ObjectModel, part_name: str, surface: GridSignedDistance) -> 'AskedPart':
        """Return the part called `part_name`.

        Raises:
            InvalidInputError: If the object has no such part.
        """
        part = model.part(part_name)
        points = np.zeros((0, 3))
        if len(model.parts) > 1:
            mesh = trimesh.util.concatenate(list(part.pieces))
            sampled = np.asarray(trimesh.sample.sample_surface(mesh, _PART_SAMPLES, seed=0)[0])
            distance = surface.distance(torch.as_tensor(sampled, dtype=torch.float32))
            points = sampled[(distance.abs() < _ON_SURFACE_M).numpy()]
        return cls(surface, model.center_of_mass, points)

    def scene(self, *, on_table: bool) -> GraspScene:
        """Return what energies measure hands against, with or without the table below."""
        field_ = None
        if len(self.part_points):
            field_ = cloud_distance_field(self.part_points, self.surface.lower, self.surface.upper)
        center = torch.as_tensor(self.center, dtype=torch.float32)
        return GraspScene(self.surface, center, 0.0 if on_table else _NO_TABLE, field_)


class Proposal(NamedTuple):
    """A hand that should hold, and what it takes to grow it."""

    grasp: HandGraspPose
    candidates: torch.Tensor
    """(K,) planned contact candidates."""
    weights: torch.Tensor
    """(K,) of the plan."""
    raw_forces: torch.Tensor
    """(K, 3)."""


class Proposer:
    """Proposes hands for one task's recipe on one part of an object."""

    def __init__(
        self,
        kinematics: HandKinematics,
        recipe: TaskRecipe,
        asked: AskedPart,
        cfg: ProposalCfg | None = None,
    ) -> None:
        self.cfg = cfg or ProposalCfg()
        self._kinematics = kinematics
        self._asked = asked
        self._synthesiser = Synthesiser(
            kinematics,
            self.cfg.synthesis,
            templates=recipe.templates,
            approaches=recipe.approaches,
        )
        self._scenes = {
            on_table: asked.scene(on_table=on_table)
            for on_table in ({False, True} if recipe.on_table else {False})
        }

    def synthesise(
        self, generator: torch.Generator, *, on_table: bool, dropped: Counter[str]
    ) -> list[Proposal]:
        """Return the hands of one fresh batch that pass the geometric checks.

        Args:
            generator: Of the randomness.
            on_table: Keep clear of the table, where the recipe knows one.
            dropped: Reason -> count; increased by the hands that do not pass.
        """
        scene = self._scenes.get(on_table, self._scenes[False])
        made = self._synthesiser.synthesise(scene, self.cfg.batch_size, generator)
        return self._chosen(made.refined, made.plan, scene, dropped)

    def grow(
        self,
        parents: list[Proposal],
        rng: np.random.Generator,
        *,
        on_table: bool,
        dropped: Counter[str],
    ) -> list[Proposal]:
        """Return children of hands that hold, one for each, that pass the geometric checks."""
        cfg, count = self.cfg, len(parents)
        poses = np.stack([parent.grasp.T_object_wrist for parent in parents])
        joints = np.stack([parent.grasp.joint_positions for parent in parents])
        turns = Rotation.from_rotvec(cfg.growth_turn_rad * rng.standard_normal((count, 3)))
        shifts = cfg.growth_shift_m * rng.standard_normal((count, 3))
        bends = cfg.growth_bend_rad * rng.standard_normal(joints.shape)
        hands = HandBatch(
            _tensor(poses[:, :3, 3] + shifts),
            _tensor(turns.as_matrix() @ poses[:, :3, :3]),
            self._kinematics.clamp(_tensor(joints + bends)),
        )
        state = GraspState(hands, torch.stack([parent.raw_forces for parent in parents]))
        plan = ContactPlan(
            torch.stack([parent.candidates for parent in parents]),
            torch.stack([parent.weights for parent in parents]),
        )
        scene = self._scenes.get(on_table, self._scenes[False])
        refined = self._synthesiser.refiner(scene).refine(state, plan, cfg.growth_steps)
        return self._chosen(refined, plan, scene, dropped)

    def _chosen(
        self, refined: Refined, plan: ContactPlan, scene: GraspScene, dropped: Counter[str]
    ) -> list[Proposal]:
        hands, raw_forces = refined.state
        facts, index = measure(self._kinematics, hands, plan, scene, self._asked.part_points)
        rows, forces = [], []
        for row, fact in enumerate(facts):
            reason = self._reason(fact)
            if not reason:
                solver = ForceSolver(fact.contacts, self._asked.center, self.cfg.contact)
                grip = solver.grip(self.cfg.squeeze.total_force_n)
                reason = 'no balanced grip' if grip.residual > self.cfg.max_residual else ''
            if reason:
                dropped[reason] += 1
                continue
            rows.append(row)
            forces.append(grip.forces)
        if not rows:
            return []
        chosen = hands.select(torch.as_tensor(rows))
        squeeze = squeeze_targets(
            self._kinematics, chosen, [index[row] for row in rows], forces, self.cfg.squeeze
        )
        poses = chosen.poses().double().numpy()
        joints = chosen.joint_positions.double().numpy()
        grasps = map(HandGraspPose, poses, joints, squeeze.numpy().astype(float))
        return [
            Proposal(grasp, plan.candidates[row], plan.weights[row], raw_forces[row])
            for grasp, row in zip(grasps, rows, strict=True)
        ]

    def _reason(self, fact: CandidateFacts) -> str:
        cfg = self.cfg
        checks = {
            'touches the table': fact.table_gap_m < cfg.min_table_gap_m,
            'penetrates the object': fact.penetration_m > cfg.max_penetration_m,
            'penetrates itself': fact.self_penetration_m > cfg.max_self_penetration_m,
            'contacts too far': fact.contact_gap_m > cfg.max_gap_m,
            'too few contacts': len(fact.contacts.points) < 2,
            'off the asked part': fact.part_share < cfg.min_part_share,
        }
        return next((reason for reason, failed in checks.items() if failed), '')


def _tensor(values: Array) -> torch.Tensor:
    return torch.as_tensor(values, dtype=torch.float32)
