"""Drops optimised hands that cannot serve and turns the others into ranked grasps."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from maskdexgrasp_core.energies.total import ContactPlan, GraspScene
from maskdexgrasp_core.hands.hand_batch import HandBatch
from maskdexgrasp_core.hands.kinematics import HandKinematics
from maskdexgrasp_core.synthesis.contact_forces import ContactCfg, Contacts, ForceSolver
from maskdexgrasp_core.synthesis.grip import (
    Grip,
    GripCfg,
    GripTarget,
    closing_squeeze,
    near_pads,
)
from maskdexgrasp_core.synthesis.measurement import measure
from maskdexgrasp_core.synthesis.ranking import (
    GRAVITY,
    CandidateFacts,
    RankingCfg,
    Verdict,
    geometric_reason,
    judge,
)
from maskdexgrasp_core.types import Array, Grasp

_PRELOAD_N = 2.0


class GraspSelector:
    """Judges batches of optimised hands; works on the results of any generator."""

    def __init__(
        self,
        kinematics: HandKinematics,
        ranking: RankingCfg,
        contact: ContactCfg,
        grip: GripCfg,
    ) -> None:
        """Keep the limits."""
        self._kinematics = kinematics
        self._grip = grip
        self._ranking = ranking
        self._contact = contact

    def select(
        self,
        hands: HandBatch,
        plan: ContactPlan,
        scene: GraspScene,
        part_points: Array,
        dropped: Counter[str],
    ) -> list[Grasp]:
        """Return the grasps that pass, best first; see `judged`."""
        judged = self.judged(hands, plan, scene, part_points, dropped)
        return sorted((grasp for _, grasp in judged), key=lambda grasp: -grasp.score)

    def judged(
        self,
        hands: HandBatch,
        plan: ContactPlan,
        scene: GraspScene,
        part_points: Array,
        dropped: Counter[str],
    ) -> list[tuple[int, Grasp]]:
        """Return the grasps that pass, each with its row in the batch.

        Args:
            hands: B optimised ones, in the base frame.
            plan: Contacts that they meant to use.
            scene: Object and table.
            part_points: Of the asked part, (M, 3) [m]; empty when none is asked.
            dropped: Reason -> count; increased by those that do not pass.
        """
        rows = _finite_rows(hands)
        if len(rows) < hands.num_hands:
            dropped['not finite'] += hands.num_hands - len(rows)
            hands = hands.select(rows)
            plan = ContactPlan(plan.candidates[rows], plan.weights[rows])
        if len(rows) == 0:
            return []
        facts, _ = measure(self._kinematics, hands, plan, scene, part_points)
        possible = self._possible(facts, dropped)
        if not possible:
            return []
        rows, hands = rows[possible], hands.select(torch.tensor(possible))
        center = scene.center.numpy().astype(np.float64)
        grip = self._grips(hands, GripTarget(scene.surface, center))
        poses = hands.poses().double().numpy()
        joints = hands.joint_positions.double().numpy()
        grasps = []
        for index, fact in enumerate(facts[place] for place in possible):
            residual = float(grip.residuals[index])
            verdict = judge(fact, residual, center, self._ranking, self._contact)
            if verdict.dropped:
                dropped[verdict.dropped] += 1
                continue
            placed = _Placed(poses[index], joints[index], grip.targets[index], fact.contacts)
            grasps.append((int(rows[index]), self._grasp(placed, verdict, center)))
        return grasps

    def _possible(self, facts: Sequence[CandidateFacts], dropped: Counter[str]) -> list[int]:
        """Return the candidates that no cheap check drops."""
        reasons = [geometric_reason(fact, self._ranking) for fact in facts]
        dropped.update(reason for reason in reasons if reason)
        return [index for index, reason in enumerate(reasons) if not reason]

    def _grips(self, hands: HandBatch, target: GripTarget) -> Grip:
        pads = near_pads(self._kinematics, hands, target.surface, self._grip)
        return closing_squeeze(self._kinematics, hands, pads, target, self._grip)

    def _grasp(self, placed: '_Placed', verdict: Verdict, center: Array) -> Grasp:
        return Grasp(
            T_base_wrist=placed.T_base_wrist,
            joint_names=self._kinematics.spec.joint_names,
            joint_positions=placed.joint_positions,
            squeeze_positions=placed.squeeze_positions,
            contact_points=placed.contacts.points,
            contact_forces=self._forces(placed.contacts, center),
            score=verdict.score,
            scores=verdict.scores,
        )

    def _forces(self, contacts: Contacts, center: Array) -> Array:
        if len(contacts.points) == 0:
            return np.zeros((0, 3))
        gravity = np.array([0.0, 0.0, -self._ranking.mass_kg * GRAVITY, 0.0, 0.0, 0.0])
        solver = ForceSolver(contacts, center, self._contact)
        return solver.balance(gravity, preload_n=_PRELOAD_N).forces


class _Placed(NamedTuple):
    T_base_wrist: Array
    joint_positions: Array
    squeeze_positions: Array
    contacts: Contacts


def _finite_rows(hands: HandBatch) -> Tensor:
    """Return the rows of a batch whose numbers can be used."""
    flat = [hands.translation, hands.rotation.flatten(1), hands.joint_positions]
    return torch.cat(flat, dim=1).isfinite().all(1).nonzero()[:, 0]
