"""The physics check of grasps that came from human hands: settle, hold, measure."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from maskdexgrasp_core.dataset.record import GraspChecks
from maskdexgrasp_core.evaluation.agreement import PartSurfaces
from maskdexgrasp_core.evaluation.geometric_scores import score_geometry
from maskdexgrasp_core.evaluation.hand_solid import load_hand_solid
from maskdexgrasp_core.evaluation.hold_check import HandGraspPose, HoldChecker, HoldResult
from maskdexgrasp_core.evaluation.object_surface import ObjectSurface
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.hands.spec import PARTS
from maskdexgrasp_core.objects.model import ObjectModel

MakeCheck = Callable[[ObjectModel], HoldChecker]
"""Makes the check of one object; picklable, such as `partial(HoldChecker, protocol=...)`."""


class Verdict(NamedTuple):
    """What the physics says of one grasp."""

    reason: str
    """Why it does not hold, without numbers; '' where it does."""
    settled: HandGraspPose
    """Where hand and object came to rest; as given where it does not hold."""
    result: HoldResult | None
    """Of the check from there; None where it did not settle."""


def check_grasp(checker: HoldChecker, grasp: HandGraspPose) -> Verdict:
    """Let a grasp settle on its object, and try from there whether it holds."""
    settled = checker.settle(grasp)
    if settled is None:
        return Verdict('does not settle', grasp, None)
    result = checker.check(settled)
    if result.success:
        return Verdict('', settled, result)
    return Verdict(result.reason.partition(' along')[0], grasp, result)


def fingers_of(result: HoldResult) -> tuple[str, ...]:
    """Return the parts of the hand in contact, in the order of `PARTS`."""
    touching = {SHADOW.part_of_link(link) for link in result.touch.links}
    return tuple(part for part in PARTS if part in touching)


class HeldGrasp(NamedTuple):
    """A settled grasp that holds."""

    settled: HandGraspPose
    result: HoldResult
    part: str
    """Part of the object that it is about, '' when unknown."""


def measure_held(model: ObjectModel, grasps: Sequence[HeldGrasp]) -> list[GraspChecks]:
    """Measure grasps of one object that hold: depth, Q1, contacts, their share on the part."""
    if not grasps:
        return []
    poses = np.stack([grasp.settled.T_object_wrist for grasp in grasps])
    joints = np.stack([grasp.settled.joint_positions for grasp in grasps])
    scores = score_geometry(load_hand_solid(), ObjectSurface.of_model(model), poses, joints)
    surfaces = PartSurfaces(model)
    return [
        GraspChecks(
            held=tuple(bool(held) for held in grasp.result.held),
            penetration_m=float(scores.penetration_m[row]),
            num_contacts=len(set(grasp.result.touch.links)),
            part_share=(
                surfaces.share_on(grasp.part, grasp.result.touch.points)
                if grasp.part and len(surfaces.names) > 1
                else float('nan')
            ),
            q1=float(scores.q1[row]),
            table_gap_m=float('nan'),  # hands of people were recorded without a table
        )
        for row, grasp in enumerate(grasps)
    ]
