"""The physics check of grasps that came from human hands: settle, then hold."""

from collections.abc import Callable
from typing import NamedTuple

from maskdexgrasp_core.evaluation.hold_check import (
    HandGraspPose,
    HoldChecker,
    HoldResult,
    kind_of_failure,
)
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
    return Verdict(kind_of_failure(result.reason), grasp, result)
