"""A grasp that holds its object, and what its record says of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from maskdexgrasp_core.dataset.record import GraspChecks
from maskdexgrasp_core.dataset.sentences.facts import FROM_BELOW, FROM_SIDE, FROM_TOP
from maskdexgrasp_core.evaluation.geometric_scores import score_geometry
from maskdexgrasp_core.evaluation.hand_solid import load_hand_solid
from maskdexgrasp_core.evaluation.hold_check import HandGraspPose, HoldResult
from maskdexgrasp_core.evaluation.object_surface import ObjectSurface
from maskdexgrasp_core.evaluation.table_gap import table_gaps_m
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.hands.spec import PARTS
from maskdexgrasp_core.types import Array

_STEEP = 0.5
"""Sine of the angle above which an approach counts as from the top or from below."""


@dataclass(frozen=True, kw_only=True, eq=False)
class HeldGrasp:
    """A settled grasp that holds."""

    settled: HandGraspPose
    result: HoldResult
    """Of the check from there."""
    part_share: float
    """Share of its contacts on the asked part, 0..1; NaN where none is asked, or there is only
    one."""

    @property
    def fingers(self) -> tuple[str, ...]:
        """Parts of the hand in contact, in the order of `PARTS`."""
        touching = {SHADOW.part_of_link(link) for link in self.result.touch.links}
        return tuple(part for part in PARTS if part in touching)


def measure_held(
    surface: ObjectSurface, grasps: Sequence[HeldGrasp], *, on_table: bool
) -> list[GraspChecks]:
    """Measure grasps of one object that hold: depth, Q1, contacts, height above the table.

    Args:
        surface: Of the object.
        grasps: What holds.
        on_table: Whether the object rests on a table; the height is NaN where it does not.
    """
    if not grasps:
        return []
    poses = np.stack([grasp.settled.T_object_wrist for grasp in grasps])
    joints = np.stack([grasp.settled.joint_positions for grasp in grasps])
    scores = score_geometry(load_hand_solid(), surface, poses, joints)
    gaps_m = np.full(len(grasps), np.nan)
    if on_table:
        gaps_m = table_gaps_m(load_hand_solid(), poses, joints)
    return [
        GraspChecks(
            held=tuple(bool(held) for held in grasp.result.held),
            penetration_m=float(scores.penetration_m[row]),
            num_contacts=len(set(grasp.result.touch.links)),
            part_share=grasp.part_share,
            q1=float(scores.q1[row]),
            table_gap_m=float(gaps_m[row]),
        )
        for row, grasp in enumerate(grasps)
    ]


def approach_of(T_object_wrist: Array) -> str:
    """Return where the hand comes from: one of `sentences.APPROACHES`.

    The hand comes along the mean of the directions of its fingers and of its palm.
    """
    palm = Rotation.from_matrix(T_object_wrist[:3, :3]).apply(SHADOW.palm_normal)
    fingers = T_object_wrist[:3, 2]
    along = palm + fingers
    steep = along[2] / np.linalg.norm(along)
    return FROM_TOP if steep < -_STEEP else FROM_BELOW if steep > _STEEP else FROM_SIDE
