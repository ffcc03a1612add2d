"""From human hands on an object to records: retargeting, refinement, squeeze, physics check.

Shared by the sources that convert recordings of human hands.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from maskdexgrasp_core.dataset.record import GraspChecks, GraspRecord, ObjectRecord
from maskdexgrasp_core.dataset.sources.described_grasp import MadeGrasp, describe_grasp
from maskdexgrasp_core.dataset.sources.held_grasp import HeldGrasp, measure_held
from maskdexgrasp_core.dataset.sources.human_checks import MakeCheck, check_grasp
from maskdexgrasp_core.evaluation.agreement import PartSurfaces
from maskdexgrasp_core.evaluation.hold_check import HandGraspPose, HoldResult
from maskdexgrasp_core.evaluation.object_surface import ObjectSurface
from maskdexgrasp_core.geometry.signed_distance import GridSignedDistance
from maskdexgrasp_core.hands.hand_batch import HandBatch
from maskdexgrasp_core.hands.spec import PARTS
from maskdexgrasp_core.retargeting.human import FitMeasures, HumanFitCfg, HumanRetargeter
from maskdexgrasp_core.synthesis.grip import (
    GripCfg,
    GripTarget,
    NearPads,
    closing_squeeze,
    near_pads,
)
from maskdexgrasp_core.types import Array


@dataclass(frozen=True, kw_only=True, eq=False)
class HumanGrasp:
    """A human hand on an object."""

    grasp_id: str
    task: str
    """One of `tasks.TASKS`."""
    part: str
    """Part of the object that the task is about, '' if unknown."""
    keypoints: Array
    """(21, 3) [m] in the object frame, named by `retargeting.human_hand.KEYPOINTS`."""


@dataclass(frozen=True, kw_only=True)
class ConversionCfg:
    """How human grasps become grasps of the Shadow Hand, and which are dropped."""

    fit: HumanFitCfg = field(default_factory=HumanFitCfg)
    grip: GripCfg = field(default_factory=GripCfg)
    max_fingertip_error_m: float = 0.03
    """Grasps whose fingertips end further from the human ones are dropped [m]."""
    max_penetration_m: float = 0.015
    """Grasps that end deeper in the object are dropped [m]."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Conversion:
    """What came of the human grasps of one object."""

    records: tuple[GraspRecord, ...]
    dropped: dict[str, int]
    """Reason -> number of grasps."""
    before: FitMeasures
    """After Eq. (9), one row for each human grasp."""
    after: FitMeasures
    """After Eq. (10)."""


class HumanGraspConverter:
    """Converts the human grasps of one object after another.

    Args:
        cfg: Weights, steps and limits.
        make_check: Makes the physics check of an object; None leaves grasps unchecked.
    """

    def __init__(
        self, cfg: ConversionCfg | None = None, make_check: MakeCheck | None = None
    ) -> None:
        self.cfg = cfg or ConversionCfg()
        self._make_check = make_check
        self._retargeter = HumanRetargeter(self.cfg.fit)

    def convert(self, target: ObjectRecord, grasps: Sequence[HumanGrasp], seed: int) -> Conversion:
        """Return records of the grasps that could be converted, in their order.

        Args:
            target: The object.
            grasps: At least one.
            seed: Of the sentences.
        """
        keypoints = np.stack([grasp.keypoints for grasp in grasps])
        surface = GridSignedDistance.from_mesh(target.model.mesh)
        start = self._retargeter.initialise(keypoints)
        hands = self._retargeter.refine(start, keypoints, surface)
        before = self._retargeter.measure(start, keypoints, surface)
        after = self._retargeter.measure(hands, keypoints, surface)
        pads = near_pads(self._retargeter.kinematics, hands, surface, self.cfg.grip)
        poses = self._poses(hands, pads, GripTarget(surface, target.model.center_of_mass))
        checker = self._make_check(target.model) if self._make_check else None
        dropped: Counter[str] = Counter()
        kept = []
        for row, (grasp, hand) in enumerate(zip(grasps, poses, strict=True)):
            reason, pose, result = self._refusal(after, pads[row], row), hand, None
            if not reason and checker is not None:
                reason, pose, result = check_grasp(checker, hand)
            if reason:
                dropped[reason] += 1
            else:
                near = tuple(part for part in PARTS if part in pads[row].parts)
                kept.append(_Kept(grasp, pose, result, near))
        return Conversion(
            records=_records(target, kept, seed),
            dropped=dict(dropped),
            before=before,
            after=after,
        )

    def _poses(
        self, hands: HandBatch, pads: list[NearPads], target: GripTarget
    ) -> list[HandGraspPose]:
        kinematics = self._retargeter.kinematics
        grip = closing_squeeze(kinematics, hands, pads, target, self.cfg.grip)
        poses, joints = hands.poses().double().numpy(), hands.joint_positions.double().numpy()
        return list(map(HandGraspPose, poses, joints, grip.targets))

    def _refusal(self, measures: FitMeasures, pads: NearPads, row: int) -> str:
        """Return why a fitted grasp is dropped before any check, '' if it is not."""
        cfg = self.cfg
        if measures.fingertip_error_m[row] > cfg.max_fingertip_error_m:
            return 'fingertips far from the human ones'
        if measures.penetration_m[row] > cfg.max_penetration_m:
            return 'hand inside the object'
        if len(pads.candidates) < 2:
            return 'fewer than two pads touch'
        return ''


class _Kept(NamedTuple):
    """A grasp that becomes a record."""

    human: HumanGrasp
    pose: HandGraspPose
    result: HoldResult | None
    """None when it was not checked."""
    near: tuple[str, ...]
    """Parts of the hand near the object before any check."""


def _records(target: ObjectRecord, kept: list[_Kept], seed: int) -> tuple[GraspRecord, ...]:
    held = _held(target, kept)
    checks: list[GraspChecks | None] = [None] * len(kept)
    if held:
        surface = ObjectSurface.of_model(target.model)
        checks = [*measure_held(surface, held, on_table=False)]
    made = [
        MadeGrasp(
            grasp_id=grasp.human.grasp_id,
            task=grasp.human.task,
            part=grasp.human.part,
            pose=grasp.pose,
            fingers=held[row].fingers if held else grasp.near,
            checks=checks[row],
        )
        for row, grasp in enumerate(kept)
    ]
    return tuple(describe_grasp(target, grasp, seed) for grasp in made)


def _held(target: ObjectRecord, kept: list[_Kept]) -> list[HeldGrasp]:
    """Return the grasps that were checked: all of them, or none."""
    parts = PartSurfaces(target.model)
    return [
        HeldGrasp(
            settled=grasp.pose,
            result=grasp.result,
            part_share=parts.share_if_asked(grasp.human.part, grasp.result.touch.points),
        )
        for grasp in kept
        if grasp.result is not None
    ]
