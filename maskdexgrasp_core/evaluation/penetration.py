"""Penetration depths: the object inside the hand, the hand inside the object, the hand in itself.

All depths are in metres, at least zero, zero when nothing overlaps; tables report centimetres.

- `object_depth` is Pen of the paper's tables as DGTR and DexGYS compute it (`cal_pen`): the
  deepest of 4096 samples of the object's surface inside any link; knuckles and the two inner
  links of the thumb's base are left out.
- `hand_depth` is the number of DRO-Grasp: the deepest skin sample inside the object.
- `self_depth` is the deepest skin sample inside another link.

Depth in a link is depth in the deepest of its shapes: exact for the capsules of the fingers, a
lower bound where boxes of the palm overlap. A mean of depths over grasps is one over all grasps,
those without overlap included.
"""

from functools import cache

import numpy as np

from maskdexgrasp_core.evaluation.hand_solid import HandSolid, PlacedHands
from maskdexgrasp_core.evaluation.object_surface import ObjectSurface
from maskdexgrasp_core.evaluation.shape_distance import bounding_radius, shape_distance
from maskdexgrasp_core.types import Array

LEFT_OUT = ('knuckle', 'thbase', 'thhub')
"""Endings of the links that `object_depth` and `self_depth` leave out."""
_BUILT_IN_M = 1e-4
"""Links that overlap deeper than this in the open hand are built that way."""


def object_depth(solid: HandSolid, hands: PlacedHands, surface: ObjectSurface) -> Array:
    """Return how deep the object's surface lies inside the links of each hand.

    Args:
        solid: The hand.
        hands: B poses, object frame.
        surface: The object.

    Returns:
        (B,) [m].
    """
    depth = np.zeros(len(hands))
    for index, shape in enumerate(solid.shapes):
        if shape.link.endswith(LEFT_OUT):
            continue
        poses = hands.Ts_object_shape[:, index]
        hits = surface.tree.query_ball_point(poses[:, :3, 3], bounding_radius(shape))
        counts = np.array([len(found) for found in hits])
        if not counts.any():
            continue
        grasp = np.repeat(np.arange(len(hands)), counts)
        points = surface.samples[np.concatenate(hits).astype(np.int64)]
        local = _in_frames(poses[grasp], points)
        np.maximum.at(depth, grasp, -shape_distance(shape, local))
    return depth


def hand_depth(distances: Array) -> Array:
    """Return how deep the skin of each hand lies inside the object, (B,) [m].

    Args:
        distances: From `link_contacts.skin_distances`, (B, N) [m].
    """
    return np.maximum(-distances.min(axis=1), 0.0)


def self_depth(solid: HandSolid, hands: PlacedHands) -> Array:
    """Return how deep links of different parts of each hand lie inside each other, (B,) [m].

    Pairs that a joint connects, that are nested by design, or that overlap in the open hand are
    not compared.
    """
    depth = np.zeros(len(hands))
    for link, shape in _comparable(solid):
        depth = np.maximum(depth, _skin_in_shape(solid, hands, link, shape))
    return depth


@cache
def _comparable(solid: HandSolid) -> tuple[tuple[int, int], ...]:
    """Return pairs of a link and a shape, both by index, whose overlap means something."""
    spec = solid.spec
    apart = {frozenset((j.parent, j.child)) for j in spec.description.joints.values()}
    apart |= {frozenset(pair) for pair in spec.nested_links}
    rest = solid.place(np.eye(4)[None], spec.open_positions[None])
    pairs = [
        (link, shape)
        for link, name in enumerate(solid.links)
        for shape, other in enumerate(s.link for s in solid.shapes)
        if not name.endswith(LEFT_OUT)
        and not other.endswith(LEFT_OUT)
        and spec.part_of_link(name) != spec.part_of_link(other)
        and frozenset((name, other)) not in apart
    ]
    return tuple(p for p in pairs if _skin_in_shape(solid, rest, *p)[0] < _BUILT_IN_M)


def _skin_in_shape(solid: HandSolid, hands: PlacedHands, link: int, shape: int) -> Array:
    """Return how deep the skin of a link lies inside one shape, (B,) [m]."""
    depth = np.zeros(len(hands))
    skin = hands.skin[:, solid.skin_link == link]
    poses = hands.Ts_object_shape[:, shape]
    middle = skin.mean(axis=1)
    reach = bounding_radius(solid.shapes[shape])
    reach += np.linalg.norm(skin[0] - middle[0], axis=1).max()
    near = np.flatnonzero(np.linalg.norm(middle - poses[:, :3, 3], axis=1) < reach)
    if len(near):
        frames = np.repeat(poses[near], skin.shape[1], axis=0)
        local = _in_frames(frames, skin[near].reshape(-1, 3))
        distance = shape_distance(solid.shapes[shape], local).reshape(len(near), -1)
        depth[near] = np.maximum(-distance.min(axis=1), 0.0)
    return depth


def _in_frames(poses: Array, points: Array) -> Array:
    """Return points (K, 3), each in its own one of the frames (K, 4, 4)."""
    return np.einsum('kji,kj->ki', poses[:, :3, :3], points - poses[:, :3, 3])
