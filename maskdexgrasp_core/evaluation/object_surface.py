"""The surface of an object for metrics: exact distances, samples and the centre of its volume."""

from functools import cached_property
from typing import NamedTuple

import numpy as np
import open3d as o3d
import trimesh
from scipy.spatial import cKDTree

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.geometry.raycasting import make_scene, to_tensor
from maskdexgrasp_core.objects.model import ObjectModel
from maskdexgrasp_core.types import Array

NUM_SURFACE_SAMPLES = 4096
"""As in DexGYS."""
_DENSE_FACTOR = 3
_RAYS = 3
"""Cast to decide what is inside; one alone may graze an edge."""
_ON_SURFACE_M = 1e-6


class ClosestPoints(NamedTuple):
    """Where a surface is nearest to given points."""

    points: Array
    """(N, 3) on the surface [m]."""
    normals: Array
    """(N, 3) unit vectors out of the object: the gradient of the signed distance."""


class ObjectSurface:
    """A closed surface that answers exact distance queries on one thread.

    Args:
        solid: Watertight mesh without inner faces [m].
        num_samples: Samples of the surface; drawn when they are first asked for.
        seed: Of the samples.

    Raises:
        InvalidInputError: If the mesh is empty, not finite or not watertight.
    """

    def __init__(
        self, solid: trimesh.Trimesh, *, num_samples: int = NUM_SURFACE_SAMPLES, seed: int = 0
    ) -> None:
        if len(solid.faces) < 4 or not np.isfinite(solid.vertices).all():
            raise InvalidInputError(f'a solid needs finite vertices, got {len(solid.faces)} faces')
        if not solid.is_watertight or solid.volume <= 0.0:
            raise InvalidInputError(
                'the mesh is not a closed surface with outward faces, so it has no inside'
            )
        self.center: Array = np.asarray(solid.center_mass, dtype=float)
        """(3,) centre of the volume [m]; moves with the object, whatever its frame."""
        self._solid, self._num_samples, self._seed = solid, num_samples, seed
        self._lower, self._upper = np.asarray(solid.bounds, dtype=float)
        self._scene = make_scene([solid])

    @cached_property
    def samples(self) -> Array:
        """(N, 3) points spread evenly over the surface, farthest point by farthest point [m]."""
        count = _DENSE_FACTOR * self._num_samples
        dense, _ = trimesh.sample.sample_surface(self._solid, count, seed=self._seed)
        cloud = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(np.asarray(dense)))
        return np.asarray(cloud.farthest_point_down_sample(self._num_samples).points)

    @cached_property
    def tree(self) -> cKDTree:
        """Search tree of `samples`."""
        return cKDTree(self.samples)

    @classmethod
    def of_model(cls, model: ObjectModel) -> 'ObjectSurface':
        """Unite the pieces of an object, so that faces between them do not count."""
        return cls(model.solid)

    def distance(self, points: Array, *, reach_m: float = np.inf) -> Array:
        """Return the signed distance of points, positive outside.

        Args:
            points: (..., 3) [m].
            reach_m: Points further than this from the bounding box count as infinitely far.

        Returns:
            (...,) [m].
        """
        flat = points.reshape(-1, 3)
        beyond = np.maximum(np.maximum(self._lower - flat, flat - self._upper), 0.0)
        gap = np.linalg.norm(beyond, axis=1)
        near = gap <= reach_m
        distance = np.full(len(flat), np.inf)
        distance[near] = self._scene.compute_distance(to_tensor(flat[near]), nthreads=1).numpy()
        boxed = np.flatnonzero(gap == 0.0)
        inside = self._scene.compute_occupancy(to_tensor(flat[boxed]), nthreads=1, nsamples=_RAYS)
        distance[boxed[inside.numpy() > 0.5]] *= -1.0
        return distance.reshape(points.shape[:-1])

    def closest(self, points: Array, signed_distance: Array) -> ClosestPoints:
        """Return the nearest points of the surface and the outward normals there.

        The normal is the direction of steepest growth of the distance, not that of the face:
        near an edge it turns with the point.

        Args:
            points: (N, 3) [m].
            signed_distance: Of these points, (N,) [m]; only its sign is used.
        """
        found = self._scene.compute_closest_points(to_tensor(points), nthreads=1)
        nearest = found['points'].numpy().astype(float)
        away = (points - nearest) * np.where(signed_distance < 0.0, -1.0, 1.0)[:, None]
        length = np.linalg.norm(away, axis=1, keepdims=True)
        face_normals = found['primitive_normals'].numpy().astype(float)
        away = np.where(length > _ON_SURFACE_M, away / np.maximum(length, 1e-12), face_normals)
        return ClosestPoints(nearest, away)
