"""What the grasp planner returns."""

from dataclasses import dataclass

from maskdexgrasp_core.types import HandGrasp, JointTrajectory


@dataclass(frozen=True, kw_only=True)
class ExecutablePlan:
    """All motions of one grasp; each trajectory starts where the one before ends."""

    index: int
    """Of the grasp in the list that was given."""
    hand_grasp: HandGrasp
    to_approach: JointTrajectory
    """Through free space, fingers already preshaped."""
    approach: JointTrajectory
    """Straight to the pregrasp pose, fingers open around the object."""
    advance: JointTrajectory | None
    """Straight to the grasp pose while the fingers close; None if both poses are the same."""
    lift: JointTrajectory
    """Straight up."""
    planning_s: float
    """Wall time spent [s]."""
    rejected: dict[str, int]
    """Name of a `Code` -> number of better-ranked grasps that were given up for it."""
