"""The hand as the metrics see it: solid links with samples of their skin, posed in a batch.

The solids are the collision shapes of the URDF. The skin of a link is the surface of the union
of its shapes: what one shape hides inside another is no skin.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import open3d as o3d
import torch
import trimesh
from numpy.typing import NDArray

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.evaluation.shape_distance import shape_distance
from maskdexgrasp_core.geometry.transforms import invert_transform, transform_points
from maskdexgrasp_core.hands.grasp_check import JOINT_TOLERANCE_RAD, ROTATION_TOLERANCE
from maskdexgrasp_core.hands.kinematics import HandKinematics
from maskdexgrasp_core.hands.registry import load_hand
from maskdexgrasp_core.hands.spec import HandSpec
from maskdexgrasp_core.types import Array

NUM_SKIN_SAMPLES = 2048
"""Of the whole hand, twice those of DGTR and DexGYS: all skin is within 6 mm of one."""
_HIDDEN_M = -1e-6
_DENSE_PER_M2 = 500_000


@dataclass(frozen=True, kw_only=True, eq=False)
class PlacedHands:
    """B posed hands, in the frame that their wrists were given in."""

    Ts_object_shape: Array
    """(B, S, 4, 4) poses of the shapes."""
    skin: Array
    """(B, N, 3) samples of the skin [m]."""

    def __len__(self) -> int:
        return len(self.skin)


class HandSolid:
    """Solid links of one hand and where their skin is.

    Args:
        spec: The hand.
        num_samples: Samples of the skin, spread evenly over its area.
        seed: Of the samples.

    Raises:
        InvalidInputError: If there are so few samples that a link gets none.
    """

    def __init__(
        self, spec: HandSpec, *, num_samples: int = NUM_SKIN_SAMPLES, seed: int = 0
    ) -> None:
        self.spec = spec
        self.shapes = spec.description.collisions
        """The S shapes, in link frames."""
        self.links: tuple[str, ...] = tuple(dict.fromkeys(shape.link for shape in self.shapes))
        """Links that have a shape."""
        self._kinematics = HandKinematics(spec, torch.float64)
        local, of_link = self._sample_skin(num_samples, np.random.default_rng(seed))
        self._local_skin: Array = local
        self.skin_link: NDArray[np.int64] = of_link
        """(N,) index into `links` of each sample."""

    def place(self, Ts_object_wrist: Array, joint_positions: Array) -> PlacedHands:
        """Pose the hand.

        Args:
            Ts_object_wrist: Poses of the root link, (B, 4, 4) [m].
            joint_positions: (B, J) [rad], in the order of the hand's `joint_names`.

        Raises:
            InvalidInputError: If a shape is wrong, a value is not finite, a rotation is none, or
                a joint is more than `JOINT_TOLERANCE_RAD` outside its limits.
        """
        poses = np.asarray(Ts_object_wrist, dtype=float)
        joints = np.asarray(joint_positions, dtype=float)
        self._check(poses, joints)
        in_root = self._kinematics.link_transforms(torch.as_tensor(joints))
        of_links = {link: poses @ in_root[link].numpy() for link in self.links}
        skin = np.empty((len(poses), len(self._local_skin), 3))
        for index, link in enumerate(self.links):
            mine = self.skin_link == index
            skin[:, mine] = transform_points(of_links[link], self._local_skin[None, mine])
        shapes = [of_links[shape.link] @ shape.T_link_shape for shape in self.shapes]
        return PlacedHands(Ts_object_shape=np.stack(shapes, axis=1), skin=skin)

    def _check(self, poses: Array, joints: Array) -> None:
        spec = self.spec
        if poses.shape[1:] != (4, 4) or joints.shape != (len(poses), spec.num_joints):
            raise InvalidInputError(
                f'got poses {poses.shape} and joints {joints.shape}, expected (B, 4, 4) and '
                f'(B, {spec.num_joints})'
            )
        if not (np.isfinite(poses).all() and np.isfinite(joints).all()):
            raise InvalidInputError('poses and joints of the hand must be finite numbers')
        turns = poses[:, :3, :3]
        errors = np.abs(turns @ turns.swapaxes(1, 2) - np.eye(3))
        if (errors > ROTATION_TOLERANCE).any() or (np.linalg.det(turns) < 0).any():
            raise InvalidInputError('a pose of the hand does not hold a rotation matrix')
        outside = np.maximum(spec.lower - joints, joints - spec.upper)
        if (outside > JOINT_TOLERANCE_RAD).any():
            row, column = np.unravel_index(int(outside.argmax()), outside.shape)
            raise InvalidInputError(
                f'joint {spec.joint_names[column]} of grasp {row} is {joints[row, column]:.3f} '
                f'rad, its limits are {spec.lower[column]:.3f} to {spec.upper[column]:.3f}; give '
                'radians in the order of `joint_names`, clamped to the limits'
            )

    def _sample_skin(
        self, num_samples: int, rng: np.random.Generator
    ) -> tuple[Array, NDArray[np.int64]]:
        """Return evenly spread samples (N, 3) in link frames and the indices (N,) of their links.

        Each link has a share of the samples as large as its share of the area.
        """
        dense = [self._dense_skin(link, rng) for link in self.links]
        areas = np.array([area for _, area in dense])
        ends = np.round(num_samples * np.cumsum(areas) / areas.sum()).astype(int)
        counts = np.diff(ends, prepend=0)
        if counts.min() < 1:
            name = self.links[int(counts.argmin())]
            raise InvalidInputError(f'{num_samples} samples leave none for {name}; take more')
        points = []
        for (drawn, _), count in zip(dense, counts, strict=True):
            if count > len(drawn):
                raise InvalidInputError(f'more than {num_samples} samples were not prepared for')
            cloud = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(drawn))
            points.append(np.asarray(cloud.farthest_point_down_sample(int(count)).points))
        return np.concatenate(points), np.repeat(np.arange(len(self.links)), counts)

    def _dense_skin(self, link: str, rng: np.random.Generator) -> tuple[Array, float]:
        """Return points all over the skin of a link (K, 3), and its area [m^2]."""
        points, area = [], 0.0
        for index, shape in enumerate(self.shapes):
            if shape.link == link:
                mesh = shape.mesh()
                count = int(np.ceil(mesh.area * _DENSE_PER_M2))
                drawn = np.asarray(trimesh.sample.sample_surface(mesh, count, seed=rng)[0])
                visible = ~self._hidden(index, drawn)
                points.append(drawn[visible])
                area += mesh.area * float(visible.mean())
        return np.concatenate(points), area

    def _hidden(self, index: int, points: Array) -> NDArray[np.bool_]:
        """Return which points (N, 3) of shape `index` lie inside others of the same link."""
        hidden = np.zeros(len(points), dtype=bool)
        for other, shape in enumerate(self.shapes):
            if other != index and shape.link == self.shapes[index].link:
                local = transform_points(invert_transform(shape.T_link_shape), points)
                hidden |= shape_distance(shape, local) < _HIDDEN_M
        return hidden


@cache
def load_hand_solid(name: str = 'shadow') -> HandSolid:
    """Return the solid of a registered hand, built once.

    Raises:
        UnknownNameError: If there is no such hand.
    """
    return HandSolid(load_hand(name))
