"""Proposals that physics confirms: settled, held, on the asked part, and unlike each other."""

from collections import Counter

import numpy as np

from maskdexgrasp_core.dataset.record import GraspChecks
from maskdexgrasp_core.dataset.sources.held_grasp import HeldGrasp, measure_held
from maskdexgrasp_core.dataset.sources.procedural.proposals import Proposal
from maskdexgrasp_core.evaluation.agreement import PartSurfaces
from maskdexgrasp_core.evaluation.hand_solid import load_hand_solid
from maskdexgrasp_core.evaluation.hold_check import HandGraspPose, HoldChecker, kind_of_failure
from maskdexgrasp_core.evaluation.object_surface import ObjectSurface
from maskdexgrasp_core.evaluation.penetration import object_depth
from maskdexgrasp_core.evaluation.protocols import load_protocol
from maskdexgrasp_core.objects.model import ObjectModel
from maskdexgrasp_core.synthesis.diversity import pose_distances

PROTOCOL = 'tdg-quick'
"""What every label has passed."""
_MIN_PART_SHARE = 0.7
_MIN_DISTANCE = 0.5
_MAX_PENETRATION_M = 0.004


class Settler:
    """Collects the grasps of one task of one object until enough hold."""

    def __init__(self, model: ObjectModel, part: str, wanted: int, dropped: Counter[str]) -> None:
        """Prepare the physics.

        Args:
            model: The object.
            part: The part that the task asks for.
            wanted: Grasps after which `is_full`.
            dropped: Reason -> count; increased by proposals that fail.
        """
        self._checker = HoldChecker(model, load_protocol(PROTOCOL))
        self._surface = ObjectSurface.of_model(model)
        self._parts = PartSurfaces(model)
        self._part = part
        self._wanted = wanted
        self._dropped = dropped
        self._held: list[HeldGrasp] = []

    @property
    def is_full(self) -> bool:
        """Whether enough grasps hold."""
        return len(self._held) >= self._wanted

    def take(self, proposals: list[Proposal]) -> list[Proposal]:
        """Check proposals until enough hold; return those that do, settled, to grow them."""
        held = []
        for proposal in proposals:
            if self.is_full:
                break
            settled = self._checker.settle(proposal.grasp)
            if settled is None:
                self._dropped['pushed away while closing'] += 1
                continue
            reason = self._try(settled)
            if reason:
                self._dropped[reason] += 1
            else:
                held.append(proposal._replace(grasp=settled))
        return held

    def grasps(self) -> list[tuple[HeldGrasp, GraspChecks]]:
        """Return what holds, with its measures."""
        checks = measure_held(self._surface, self._held, on_table=True)
        return list(zip(self._held, checks, strict=True))

    def _try(self, settled: HandGraspPose) -> str:
        """Keep a settled grasp, or return why not."""
        if self._is_known(settled):
            return 'near-duplicate'
        result = self._checker.check(settled, stop_at_first_failure=True)
        if not result.success:
            return kind_of_failure(result.reason)
        if self._depth(settled) > _MAX_PENETRATION_M:
            return 'penetrates the object'
        share = self._parts.share_if_asked(self._part, result.touch.points)
        if share < _MIN_PART_SHARE:
            return 'settled off the asked part'
        self._held.append(HeldGrasp(settled=settled, result=result, part_share=share))
        return ''

    def _depth(self, grasp: HandGraspPose) -> float:
        """Return how deep the object lies in the hand [m]."""
        solid = load_hand_solid()
        hands = solid.place(grasp.T_object_wrist[None], grasp.joint_positions[None])
        return float(object_depth(solid, hands, self._surface)[0])

    def _is_known(self, grasp: HandGraspPose) -> bool:
        if not self._held:
            return False
        poses = np.stack([other.settled.T_object_wrist for other in self._held])
        joints = np.stack([other.settled.joint_positions for other in self._held])
        distances = pose_distances(grasp.T_object_wrist, grasp.joint_positions, poses, joints)
        return bool(distances.min() < _MIN_DISTANCE)
