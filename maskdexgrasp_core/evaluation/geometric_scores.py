"""Q1 and penetration of many grasps of one object, in one go."""

from dataclasses import dataclass

import numpy as np

from maskdexgrasp_core.evaluation.hand_solid import HandSolid
from maskdexgrasp_core.evaluation.link_contacts import (
    LinkContacts,
    find_link_contacts,
    skin_distances,
)
from maskdexgrasp_core.evaluation.object_surface import ObjectSurface
from maskdexgrasp_core.evaluation.penetration import hand_depth, object_depth, self_depth
from maskdexgrasp_core.evaluation.wrench_quality import WrenchCfg, q1, valid_q1
from maskdexgrasp_core.types import Array

_GRASPS_AT_ONCE = 256


@dataclass(frozen=True, kw_only=True, eq=False)
class GeometricScores:
    """What the poses alone tell of B grasps; no physics."""

    contacts: tuple[LinkContacts, ...]
    """Of each grasp, object frame."""
    q1: Array
    """(B,) in 0..1, higher is better; see `wrench_quality`."""
    valid_q1: Array
    """(B,) the same, 0 where `penetration_m` is 5 mm or more."""
    penetration_m: Array
    """(B,) Pen of the paper [m]: the object's surface inside the hand; see `penetration`."""
    hand_depth_m: Array
    """(B,) the hand's skin inside the object [m]."""
    self_depth_m: Array
    """(B,) the hand inside itself [m]."""


def score_geometry(
    solid: HandSolid,
    surface: ObjectSurface,
    Ts_object_wrist: Array,
    joint_positions: Array,
    cfg: WrenchCfg | None = None,
) -> GeometricScores:
    """Measure grasps of one object.

    Args:
        solid: The hand.
        surface: The object.
        Ts_object_wrist: (B, 4, 4) poses of the hand's root in the object frame [m].
        joint_positions: (B, J) [rad].
        cfg: Friction and scale of Q1.

    Raises:
        InvalidInputError: If `HandSolid.place` refuses the poses.
    """
    contacts: list[LinkContacts] = []
    depths = [np.zeros((3, 0))]
    for start in range(0, len(Ts_object_wrist), _GRASPS_AT_ONCE):
        chunk = slice(start, start + _GRASPS_AT_ONCE)
        hands = solid.place(Ts_object_wrist[chunk], joint_positions[chunk])
        distances = skin_distances(hands, surface)
        contacts += find_link_contacts(solid, hands, distances, surface)
        pen = object_depth(solid, hands, surface)
        depths.append(np.stack([pen, hand_depth(distances), self_depth(solid, hands)]))
    pen, inside, own = np.concatenate(depths, axis=1)
    quality = np.array([q1(c.points, c.normals, surface.center, cfg) for c in contacts])
    return GeometricScores(
        contacts=tuple(contacts),
        q1=quality,
        valid_q1=valid_q1(quality, pen),
        penetration_m=pen,
        hand_depth_m=inside,
        self_depth_m=own,
    )
