"""Proposals that physics confirms: settled, held, on the asked part, and unlike each other."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from maskdexgrasp_core.dataset.record import GraspChecks
from maskdexgrasp_core.dataset.sources.procedural.proposals import Proposal
from maskdexgrasp_core.evaluation.agreement import PartSurfaces
from maskdexgrasp_core.evaluation.geometric_scores import score_geometry
from maskdexgrasp_core.evaluation.hand_solid import load_hand_solid
from maskdexgrasp_core.evaluation.hold_check import HandGraspPose, HoldChecker, HoldResult
from maskdexgrasp_core.evaluation.object_surface import ObjectSurface
from maskdexgrasp_core.evaluation.penetration import object_depth
from maskdexgrasp_core.evaluation.protocols import load_protocol
from maskdexgrasp_core.evaluation.table_gap import table_gaps_m
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.hands.spec import PARTS
from maskdexgrasp_core.objects.model import ObjectModel
from maskdexgrasp_core.synthesis.diversity import pose_distances
from maskdexgrasp_core.types import Array

PROTOCOL = 'tdg-quick'
"""What every label has passed."""
_MIN_PART_SHARE = 0.7
_MIN_DISTANCE = 0.5
_MAX_PENETRATION_M = 0.004
_STEEP = 0.5
"""Sine of the angle above which an approach counts as from the top or from below."""


@dataclass(frozen=True, kw_only=True, eq=False)
class HeldGrasp:
    """A grasp that holds."""

    grasp: HandGraspPose
    checks: GraspChecks
    fingers: tuple[str, ...]
    """Parts of the hand in contact, in the order of `PARTS`."""
    approach: str
    """'top', 'side' or 'below'."""


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
        self._held: list[tuple[HandGraspPose, HoldResult, float]] = []

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

    def grasps(self) -> list[HeldGrasp]:
        """Return what holds, with its measures."""
        if not self._held:
            return []
        poses = np.stack([grasp.T_object_wrist for grasp, _, _ in self._held])
        joints = np.stack([grasp.joint_positions for grasp, _, _ in self._held])
        scores = score_geometry(load_hand_solid(), self._surface, poses, joints)
        gaps_m = table_gaps_m(load_hand_solid(), poses, joints)
        found = []
        for row, (grasp, result, share) in enumerate(self._held):
            links = set(result.touch.links)
            checks = GraspChecks(
                held=tuple(bool(held) for held in result.held),
                penetration_m=float(scores.penetration_m[row]),
                num_contacts=len(links),
                part_share=share,
                q1=float(scores.q1[row]),
                table_gap_m=float(gaps_m[row]),
            )
            touching = {SHADOW.part_of_link(link) for link in links}
            fingers = tuple(part for part in PARTS if part in touching)
            found.append(
                HeldGrasp(
                    grasp=grasp, checks=checks, fingers=fingers, approach=approach_of(poses[row])
                )
            )
        return found

    def _try(self, settled: HandGraspPose) -> str:
        """Keep a settled grasp, or return why not."""
        if self._is_known(settled):
            return 'near-duplicate'
        result = self._checker.check(settled, stop_at_first_failure=True)
        if not result.success:
            return result.reason.partition(' along')[0]
        if self._depth(settled) > _MAX_PENETRATION_M:
            return 'penetrates the object'
        share = float('nan')
        if len(self._parts.names) > 1:
            share = self._parts.share_on(self._part, result.touch.points)
            if share < _MIN_PART_SHARE:
                return 'settled off the asked part'
        self._held.append((settled, result, share))
        return ''

    def _depth(self, grasp: HandGraspPose) -> float:
        """Return how deep the object lies in the hand [m]."""
        solid = load_hand_solid()
        hands = solid.place(grasp.T_object_wrist[None], grasp.joint_positions[None])
        return float(object_depth(solid, hands, self._surface)[0])

    def _is_known(self, grasp: HandGraspPose) -> bool:
        if not self._held:
            return False
        poses = np.stack([other.T_object_wrist for other, _, _ in self._held])
        joints = np.stack([other.joint_positions for other, _, _ in self._held])
        distances = pose_distances(grasp.T_object_wrist, grasp.joint_positions, poses, joints)
        return bool(distances.min() < _MIN_DISTANCE)


def approach_of(T_object_wrist: Array) -> str:
    """Return where the hand comes from: 'top', 'side' or 'below'.

    The hand comes along the mean of the directions of its fingers and of its palm.
    """
    palm = Rotation.from_matrix(T_object_wrist[:3, :3]).apply(SHADOW.palm_normal)
    fingers = T_object_wrist[:3, 2]
    along = palm + fingers
    steep = along[2] / np.linalg.norm(along)
    return 'top' if steep < -_STEEP else 'below' if steep > _STEEP else 'side'
