"""From human hands on an object to records: retargeting, refinement, squeeze, physics check.

Shared by the sources that convert recordings of human hands.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from maskdexgrasp_core.dataset.record import GraspChecks, GraspRecord, ObjectRecord
from maskdexgrasp_core.dataset.sentences import SentenceFacts, sentence_seed, write_sentences
from maskdexgrasp_core.dataset.sources.human_checks import (
    HeldGrasp,
    MakeCheck,
    check_grasp,
    fingers_of,
    measure_held,
)
from maskdexgrasp_core.dataset.sources.procedural.settling import approach_of
from maskdexgrasp_core.evaluation.hold_check import HandGraspPose, HoldResult
from maskdexgrasp_core.geometry.signed_distance import GridSignedDistance
from maskdexgrasp_core.hands.spec import PARTS
from maskdexgrasp_core.retargeting.human import (
    FitMeasures,
    HumanFitCfg,
    HumanRetargeter,
    ShadowPoses,
)
from maskdexgrasp_core.retargeting.human_squeeze import (
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
        poses = self._retargeter.refine(start, keypoints, surface)
        before = self._retargeter.measure(start, keypoints, surface)
        after = self._retargeter.measure(poses, keypoints, surface)
        pads = near_pads(self._retargeter.kinematics, poses, surface, self.cfg.grip)
        hands = self._hands(poses, pads, GripTarget(surface, target.model.center_of_mass))
        checker = self._make_check(target.model) if self._make_check else None
        dropped: Counter[str] = Counter()
        kept = []
        for row, (grasp, hand) in enumerate(zip(grasps, hands, strict=True)):
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

    def _hands(
        self, poses: ShadowPoses, pads: list[NearPads], target: GripTarget
    ) -> list[HandGraspPose]:
        squeezes = closing_squeeze(self._retargeter.kinematics, poses, pads, target, self.cfg.grip)
        joints = poses.joint_positions.double().numpy()
        return list(map(HandGraspPose, poses.transforms(), joints, squeezes))

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
    held = [
        HeldGrasp(grasp.pose, grasp.result, grasp.human.part)
        for grasp in kept
        if grasp.result is not None
    ]
    checks: list[GraspChecks | None] = [*measure_held(target.model, held)]
    return tuple(
        _record(target, grasp, check, seed)
        for grasp, check in zip(kept, checks or [None] * len(kept), strict=True)
    )


def _record(
    target: ObjectRecord, kept: _Kept, checks: GraspChecks | None, seed: int
) -> GraspRecord:
    grasp, pose = kept.human, kept.pose
    fingers = kept.near if kept.result is None else fingers_of(kept.result)
    approach = approach_of(pose.T_object_wrist)
    facts = SentenceFacts(
        task=grasp.task,
        category=target.category,
        part=grasp.part if len(target.parts) > 1 else '',
        color_name=target.color_name,
        fingers=fingers,
        approach=approach,
    )
    return GraspRecord(
        grasp_id=grasp.grasp_id,
        object_id=target.object_id,
        category=target.category,
        source=target.source,
        task=grasp.task,
        part=grasp.part,
        T_object_wrist=pose.T_object_wrist,
        joint_positions=pose.joint_positions,
        squeeze_positions=pose.squeeze_positions,
        fingers=fingers,
        approach=approach,
        texts=write_sentences(facts, sentence_seed(seed, grasp.grasp_id)),
        checks=checks,
    )
