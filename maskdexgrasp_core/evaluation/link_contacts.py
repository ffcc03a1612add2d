"""Where a posed hand touches an object, at most once with each link.

The rule is that of DGTR and DexGYS (`cal_q1`, `nms: true`, threshold 1 cm), which MaskDexGrasp
names for its Q1: of the skin samples of a link, the one deepest in the object or nearest to it is
its contact if it is closer than the threshold or inside. The contact lies at the closest point of
the object, with the gradient of the signed distance as its normal. Nothing is simulated: a link
hovering 9 mm above the surface counts as touching.
"""

import itertools
from dataclasses import dataclass

import numpy as np

from maskdexgrasp_core.evaluation.hand_solid import HandSolid, PlacedHands
from maskdexgrasp_core.evaluation.object_surface import ObjectSurface
from maskdexgrasp_core.types import Array

CONTACT_THRESHOLD_M = 0.01


@dataclass(frozen=True, kw_only=True, eq=False)
class LinkContacts:
    """The contacts of one grasp, object frame."""

    links: tuple[str, ...]
    """The C links that touch, each once."""
    points: Array
    """(C, 3) on the surface of the object [m]."""
    normals: Array
    """(C, 3) unit vectors out of the object."""
    distances: Array
    """(C,) signed distance of the link's deepest or nearest sample [m], negative inside."""


def skin_distances(
    hands: PlacedHands, surface: ObjectSurface, *, reach_m: float = CONTACT_THRESHOLD_M
) -> Array:
    """Return the signed distance of the hands' skin samples to the object.

    Args:
        hands: B placed hands with N samples each, object frame.
        surface: The object.
        reach_m: Samples further than this from the object's bounding box are not measured.

    Returns:
        (B, N) [m], positive outside, infinite where not measured.
    """
    return surface.distance(hands.skin, reach_m=reach_m)


def find_link_contacts(
    solid: HandSolid,
    hands: PlacedHands,
    distances: Array,
    surface: ObjectSurface,
    *,
    threshold_m: float = CONTACT_THRESHOLD_M,
) -> tuple[LinkContacts, ...]:
    """Return the contacts of each of B grasps.

    Args:
        solid: The hand.
        hands: Its poses, object frame.
        distances: From `skin_distances` with a reach of `threshold_m` or more, (B, N) [m].
        surface: The object.
        threshold_m: A link closer than this touches [m].
    """
    num_links = len(solid.links)
    nearest = np.empty((len(hands), num_links), dtype=np.int64)
    for column in range(num_links):
        samples = np.flatnonzero(solid.skin_link == column)
        nearest[:, column] = samples[distances[:, samples].argmin(axis=1)]
    gaps = np.take_along_axis(distances, nearest, axis=1)
    grasp, link = np.nonzero(gaps < threshold_m)
    where = hands.skin[grasp, nearest[grasp, link]]
    found = surface.closest(where, gaps[grasp, link])
    ends = np.searchsorted(grasp, np.arange(len(hands) + 1))
    return tuple(
        LinkContacts(
            links=tuple(solid.links[i] for i in link[start:end]),
            points=found.points[start:end],
            normals=found.normals[start:end],
            distances=gaps[grasp[start:end], link[start:end]],
        )
        for start, end in itertools.pairwise(ends)
    )
