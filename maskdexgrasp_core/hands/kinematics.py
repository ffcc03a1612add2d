"""Forward kinematics of a hand: where its pads, spheres and fingertips are, with gradients.

Stands on pytorch_kinematics, whose backward pass is the geometric Jacobian.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
import trimesh
from numpy.typing import NDArray
from torch import Tensor

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.hands.self_collision import find_self_pairs
from maskdexgrasp_core.hands.spec import HandSpec


@dataclass(frozen=True, kw_only=True)
class HandPoints:
    """Points of B posed hands, in the frame that the given wrist poses are in [m]."""

    contact_points: Tensor
    """(B, C, 3)"""
    contact_normals: Tensor
    """(B, C, 3) unit vectors out of the fingers."""
    sphere_centers: Tensor
    """(B, S, 3)"""
    fingertips: Tensor
    """(B, 5, 3) thumb, index, middle, ring, little."""
    palm: Tensor
    """(B, 3) middle of the palm's skin."""


class LinkPoints(NamedTuple):
    """Points fixed to links of a hand."""

    links: tuple[str, ...]
    """Link of each point."""
    local: NDArray[np.float64]
    """(N, 3) in the frames of their links [m]."""


@dataclass(frozen=True, kw_only=True)
class _PointsByLink:
    """Local points grouped by their link, so that each link costs one matrix product."""

    groups: tuple[tuple[int, Tensor], ...]
    """Frame index and homogeneous local points (n, 4) of each link that carries points."""
    order: Tensor
    """(N,) where each point stands in the groups laid end to end."""

    @staticmethod
    def sort(links: Tensor, local: Tensor) -> '_PointsByLink':
        """Group points (N, 4) by their frame indices (N,)."""
        chosen = torch.argsort(links, stable=True)
        present = torch.unique(links).tolist()
        groups = tuple((link, local[links == link]) for link in present)
        return _PointsByLink(groups=groups, order=torch.argsort(chosen, stable=True))

    def place(self, transforms: Tensor) -> Tensor:
        """Return the points (B, N, 3) for frame poses (L, B, 4, 4)."""
        transposed = transforms[:, :, :3].transpose(2, 3)
        placed = [local @ transposed[link] for link, local in self.groups]
        return torch.cat(placed, dim=1).index_select(1, self.order)


class HandKinematics:
    """Batched, differentiable kinematics of one hand.

    Args:
        spec: The hand.
        dtype: float32 for optimisation, float64 for exact comparison.
        device: Where joint positions are and points will be.
    """

    def __init__(
        self,
        spec: HandSpec,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = 'cpu',
    ) -> None:
        self.spec = spec
        self.dtype = dtype
        self._device = torch.device(device)
        self._chain = spec.description.chain(dtype).to(device=self._device)
        self._frames: dict[str, int] = dict(self._chain.frame_to_idx)
        self._expansion, self._offset = self._joint_expansion()
        self.lower = torch.tensor(spec.lower, dtype=dtype, device=device)
        """(J,) [rad]"""
        self.upper = torch.tensor(spec.upper, dtype=dtype, device=device)
        """(J,) [rad]"""
        radii = [sphere.radius for sphere in spec.spheres]
        self.sphere_radii = torch.tensor(radii, dtype=dtype, device=device)
        """(S,) [m]"""
        self.contact_parts: tuple[str, ...] = tuple(c.part for c in spec.contact_candidates)
        """Part of each of the C candidates."""
        self._points = _PointsByLink.sort(*self._gather_points())

    @cached_property
    def self_pairs(self) -> Tensor:
        """(P, 2) int64 indices of spheres that can meet when the fingers move."""
        return find_self_pairs(self)

    def _joint_expansion(self) -> tuple[Tensor, Tensor]:
        """Return the matrix (A, J) and offset (A,) that give all A joints from the J motors."""
        names = self._chain.get_joint_parameter_names()
        motors = list(self.spec.joint_names)
        expansion, offset = torch.zeros(len(names), len(motors)), torch.zeros(len(names))
        expansion, offset = (e.to(self._device, self.dtype) for e in (expansion, offset))
        for row, name in enumerate(names):
            rule = self.spec.mimic.get(name)
            if rule is None:
                expansion[row, motors.index(name)] = 1.0
            else:
                expansion[row, motors.index(rule.source)] = rule.multiplier
                offset[row] = rule.offset
        return expansion, offset

    def _gather_points(self) -> tuple[Tensor, Tensor]:
        """Stack contacts, spheres, fingertips, palm and normals as homogeneous local points."""
        spec = self.spec
        points = [(c.link, c.position, 1.0) for c in spec.contact_candidates]
        points += [(s.link, s.center, 1.0) for s in spec.spheres]
        points += [(link, (0.0, 0.0, 0.0), 1.0) for link in spec.fingertip_links]
        points += [(spec.root_link, spec.palm_point, 1.0)]
        points += [(c.link, c.normal, 0.0) for c in spec.contact_candidates]
        links = torch.tensor([self._frames[link] for link, _, _ in points], device=self._device)
        local = [[*p, w] for _, p, w in points]
        return links, torch.tensor(local, dtype=self.dtype, device=self._device)

    def _frame_transforms(self, joint_positions: Tensor) -> Tensor:
        """Return poses (L, B, 4, 4) of every frame of the chain in the root frame."""
        if joint_positions.ndim != 2 or joint_positions.shape[1] != self.spec.num_joints:
            got = tuple(joint_positions.shape)
            raise InvalidInputError(
                f'joint_positions: got {got}, need (B, {self.spec.num_joints})'
            )
        all_joints = joint_positions @ self._expansion.T + self._offset
        transforms: Tensor = self._chain.forward_kinematics_tensor(all_joints)
        return transforms

    def link_transforms(self, joint_positions: Tensor) -> dict[str, Tensor]:
        """Return the pose of every link in the root frame, each (B, 4, 4).

        Args:
            joint_positions: (B, J) [rad] in the order of `spec.joint_names`.

        Raises:
            InvalidInputError: If the shape is wrong.
        """
        transforms = self._frame_transforms(joint_positions)
        return {name: transforms[index] for name, index in self._frames.items()}

    def forward(
        self, translation: Tensor, rotation: Tensor, joint_positions: Tensor
    ) -> HandPoints:
        """Return pads, spheres, fingertips and palm of posed hands.

        Args:
            translation: Position of the root link, (B, 3) [m].
            rotation: Orientation of the root link, (B, 3, 3).
            joint_positions: (B, J) [rad].

        Returns:
            Points in the frame of `translation` and `rotation`; differentiable in all three.

        Raises:
            InvalidInputError: If the shape of the joints is wrong.
        """
        in_root = self._points.place(self._frame_transforms(joint_positions))
        turned = in_root @ rotation.transpose(1, 2)
        num_contacts, num_spheres = len(self.contact_parts), len(self.sphere_radii)
        sizes = [num_contacts, num_spheres, 5, 1]
        split = (turned[:, : sum(sizes)] + translation[:, None]).split(sizes, dim=1)
        return HandPoints(
            contact_points=split[0],
            contact_normals=turned[:, sum(sizes) :],
            sphere_centers=split[1],
            fingertips=split[2],
            palm=split[3][:, 0],
        )

    def clamp(self, joint_positions: Tensor) -> Tensor:
        """Return joint positions (..., J) [rad] pulled into the limits."""
        return torch.minimum(torch.maximum(joint_positions, self.lower), self.upper)

    def surface_points(self, joint_positions: Tensor, num_points: int) -> Tensor:
        """Return points spread over the hand's surface, (B, num_points, 3) in the root frame [m].

        The same points of the skin are returned at every call; differentiable in the joints.

        Args:
            joint_positions: (B, J) [rad].
            num_points: How many.

        Raises:
            InvalidInputError: If the shape is wrong.
        """
        return self.attach(self.skin(num_points))(joint_positions)

    def attach(self, points: LinkPoints) -> Callable[[Tensor], Tensor]:
        """Return a function from joint positions (B, J) [rad] to `points` in the root frame.

        Its result is (B, N, 3) [m] and differentiable; the points are sorted once, here.
        """
        links = torch.tensor([self._frames[link] for link in points.links], device=self._device)
        local = torch.as_tensor(points.local, dtype=self.dtype, device=self._device)
        by_link = _PointsByLink.sort(links, torch.cat([local, torch.ones_like(local[:, :1])], 1))
        return lambda joint_positions: by_link.place(self._frame_transforms(joint_positions))

    def skin(self, num_points: int) -> LinkPoints:
        """Return points spread evenly over the outer shapes; the same ones at every call."""
        shapes = self.spec.description.collisions
        meshes = [shape.mesh() for shape in shapes]
        areas = np.array([mesh.area for mesh in meshes])
        rng = np.random.default_rng(0)
        counts = rng.multinomial(num_points, areas / areas.sum())
        links: list[str] = []
        points = []
        for shape, mesh, count in zip(shapes, meshes, counts, strict=True):
            sampled, _ = trimesh.sample.sample_surface(mesh, int(count), seed=rng)
            points.append(np.asarray(sampled, dtype=float).reshape(-1, 3))
            links += [shape.link] * int(count)
        return LinkPoints(tuple(links), np.concatenate(points))
