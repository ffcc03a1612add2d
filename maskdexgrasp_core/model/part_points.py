"""Fixed points on the skin of each part of the hand, and where they are for posed hands."""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
import trimesh
from torch import Tensor

from maskdexgrasp_core.hands.hand_batch import HandBatch
from maskdexgrasp_core.hands.kinematics import HandKinematics, LinkPoints
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.hands.spec import PARTS
from maskdexgrasp_core.types import Array

_OVERSAMPLING = 32
"""Points drawn for each that is kept: the more, the more even."""

PART_JOINTS: dict[str, tuple[int, ...]] = {
    part: tuple(
        index
        for index, name in enumerate(SHADOW.joint_names)
        if SHADOW.description.joints[name].child in links
    )
    for part, links in SHADOW.parts.items()
}
"""Part -> indices of the joints that move a link of it against the part before."""


class PartSkin(NamedTuple):
    """Points spread over the skin of each part; the parts follow each other as in `PARTS`."""

    points: LinkPoints
    """Where they are."""
    normals: Array
    """Outward directions in the frames of their links, (N, 3)."""


class PartPoints:
    """Surface points of the six parts, the same points of the skin at every call.

    Args:
        points_per_part: Points P of each part.
    """

    def __init__(self, points_per_part: int) -> None:
        self.points_per_part = points_per_part
        self._placements: dict[torch.device, Callable[[Tensor], Tensor]] = {}

    def __call__(self, hands: HandBatch) -> Tensor:
        """Return the points in the frame of the hands, (B, 6, P, 3) [m], differentiable."""
        in_root = self.in_root(hands.joint_positions)
        return place_points(in_root, hands.translation, hands.rotation)

    def in_root(self, joint_positions: Tensor) -> Tensor:
        """Return the points in the frame of the hand's root, (B, 6, P, 3) [m].

        Args:
            joint_positions: (B, 22) [rad].

        Raises:
            InvalidInputError: If the shape is wrong.
        """
        device = joint_positions.device
        if device not in self._placements:
            kinematics = HandKinematics(SHADOW, device=device)
            self._placements[device] = kinematics.attach(part_skin(self.points_per_part).points)
        with torch.autocast(device.type, enabled=False):
            points = self._placements[device](joint_positions.float())
        return points.unflatten(1, (len(PARTS), self.points_per_part))


def place_points(points: Tensor, translation: Tensor, rotation: Tensor) -> Tensor:
    """Move points of a frame b to frame a.

    Args:
        points: (B, G, P, 3) in frame b [m].
        translation: Origin of b in a, (B, 3) [m].
        rotation: Orientation of b in a, (B, 3, 3).

    Returns:
        (B, G, P, 3) in frame a [m].
    """
    return points @ rotation.transpose(1, 2)[:, None] + translation[:, None, None]


def unplace_points(points: Tensor, translation: Tensor, rotation: Tensor) -> Tensor:
    """Move points (B, G, P, 3) of frame a to frame b: the inverse of `place_points`."""
    return (points - translation[:, None, None]) @ rotation[:, None]


def point_distances(hands: HandBatch, others: HandBatch, part_points: PartPoints) -> Tensor:
    """Return the mean distance of the points of each part in two poses, (B, 6) [m]."""
    return (part_points(hands) - part_points(others)).norm(dim=-1).mean(dim=-1)


def points_and_normals(joint_positions: Tensor, points_per_part: int) -> tuple[Tensor, Tensor]:
    """Return points of the skin and their outward normals in the frame of the hand's root.

    Args:
        joint_positions: (B, 22) [rad].
        points_per_part: Points P of each part.

    Returns:
        Points (B, 6, P, 3) [m] and unit normals (B, 6, P, 3).
    """
    kinematics = HandKinematics(SHADOW, device=joint_positions.device)
    skin = part_skin(points_per_part)
    ahead = LinkPoints(skin.points.links, skin.points.local + skin.normals)
    shape = (len(PARTS), points_per_part)
    points = kinematics.attach(skin.points)(joint_positions).unflatten(1, shape)
    return points, kinematics.attach(ahead)(joint_positions).unflatten(1, shape) - points


@cache
def part_skin(points_per_part: int) -> PartSkin:
    """Return points spread evenly over the skin of each part of the open hand.

    What one shape of a link hides inside another is no skin.

    Args:
        points_per_part: Points of each part; they follow each other in the order of `PARTS`.
    """
    opened = torch.as_tensor(SHADOW.open_positions[None], dtype=torch.float64)
    poses = HandKinematics(SHADOW, torch.float64).link_transforms(opened)
    rng = np.random.default_rng(0)
    links: list[str] = []
    local: list[Array] = []
    normals: list[Array] = []
    for part in PARTS:
        (drawn_links, drawn), directions = _sample_part(part, _OVERSAMPLING * points_per_part, rng)
        Ts_root_link = torch.stack([poses[link][0] for link in drawn_links]).numpy()
        in_root = np.einsum('nij,nj->ni', Ts_root_link[:, :3, :3], drawn) + Ts_root_link[:, :3, 3]
        kept = _farthest(in_root, points_per_part)
        links += [drawn_links[index] for index in kept]
        local.append(drawn[kept])
        normals.append(directions[kept])
    return PartSkin(LinkPoints(tuple(links), np.concatenate(local)), np.concatenate(normals))


def _sample_part(part: str, count: int, rng: np.random.Generator) -> PartSkin:
    """Draw about `count` points over the skin of a part."""
    shapes = SHADOW.description.collisions
    skins = {
        link: trimesh.boolean.union(meshes)
        for link in SHADOW.parts[part]
        if (meshes := [shape.mesh() for shape in shapes if shape.link == link])
    }
    area = sum(skin.area for skin in skins.values())
    links: list[str] = []
    points: list[Array] = []
    normals: list[Array] = []
    for link, skin in skins.items():
        share = int(np.ceil(count * skin.area / area))
        drawn, faces = trimesh.sample.sample_surface(skin, share, seed=rng)
        links += [link] * share
        points.append(np.asarray(drawn, dtype=float))
        normals.append(np.asarray(skin.face_normals[faces], dtype=float))
    return PartSkin(LinkPoints(tuple(links), np.concatenate(points)), np.concatenate(normals))


def _farthest(points: Array, count: int) -> list[int]:
    """Return indices of `count` points that lie far from each other."""
    chosen = [0]
    distance = np.linalg.norm(points - points[0], axis=1)
    for _ in range(count - 1):
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return chosen
