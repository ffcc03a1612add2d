"""Signed distance of closed meshes on a grid, for batched and differentiable queries.

Positive outside, negative inside, in metres.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
import trimesh
from scipy.spatial import cKDTree
from torch import Tensor
from torch.nn import functional

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.geometry.raycasting import make_scene, to_tensor
from maskdexgrasp_core.types import Array

_CRUMB_M3 = 1e-12
"""Pieces of less volume are flat: they bound nothing [m^3]."""


@dataclass(frozen=True, kw_only=True)
class GridCfg:
    """Resolution of a distance grid."""

    resolution: int = 64
    """Samples along each axis, >= 4."""
    padding_m: float = 0.03
    """Free space around the bounding box [m]; further out distances are extrapolated."""
    exact_band_m: float = 0.006
    """Samples nearer to the surface than this are exact [m]; others are interpolated between
    every second one, which saves four fifths of the time."""

    def __post_init__(self) -> None:
        if self.resolution < 4 or not self.padding_m > 0.0:
            raise InvalidInputError(
                f'grid needs resolution >= 4 and padding > 0, got {self.resolution} and '
                f'{self.padding_m}'
            )


class SurfaceQuery(NamedTuple):
    """Distance to a surface and the direction away from it."""

    distance: Tensor
    """(...,) [m], positive outside."""
    normal: Tensor
    """(..., 3) unit outward direction."""


class GridField:
    """A scalar field on a box-shaped grid with trilinear interpolation.

    Beyond the box the value at the nearest point of the box grows by the distance to it.
    """

    def __init__(self, values: Tensor, lower: Tensor, upper: Tensor) -> None:
        """Keep `values` of shape (X, Y, Z), whose corner samples lie at `lower`, `upper` (3,)."""
        self.lower = lower
        self.upper = upper
        self.values = values
        self._volume = values.permute(2, 1, 0)[None, None].contiguous()

    def __call__(self, points: Tensor) -> Tensor:
        """Return the field at `points` (..., 3), shape (...,); differentiable."""
        inside = torch.maximum(torch.minimum(points, self.upper), self.lower)
        value = _sample(self._volume, inside, self.lower, self.upper)[..., 0]
        return value + _norm(points - inside)


class GridSignedDistance:
    """Signed distance to a closed surface, sampled once on a grid."""

    def __init__(self, values: Tensor, lower: Tensor, upper: Tensor) -> None:
        """Keep signed distances `values` (X, Y, Z) [m] on the box `lower`..`upper` (3,) [m]."""
        self._field = GridField(values, lower, upper)
        spacing = (upper - lower) / (torch.tensor(values.shape) - 1)
        slopes = torch.gradient(values, spacing=[float(s) for s in spacing])
        self._slopes = torch.stack(slopes).permute(0, 3, 2, 1)[None].contiguous()

    @property
    def lower(self) -> Tensor:
        """Lower corner of the grid, shape (3,) [m]."""
        return self._field.lower

    @property
    def upper(self) -> Tensor:
        """Upper corner of the grid, shape (3,) [m]."""
        return self._field.upper

    @classmethod
    def from_mesh(
        cls, mesh: trimesh.Trimesh, cfg: GridCfg | None = None, dtype: torch.dtype = torch.float32
    ) -> 'GridSignedDistance':
        """Sample the signed distance of `mesh` [m].

        Overlapping closed pieces are united first, because a ray that leaves two pieces at once
        would count as outside. Flat pieces bound nothing and are left out.

        Raises:
            InvalidInputError: If the mesh is empty, not finite, or not watertight.
        """
        cfg = cfg or GridCfg()
        solid = _united(_checked(mesh))
        lower = solid.bounds[0] - cfg.padding_m
        upper = solid.bounds[1] + cfg.padding_m
        values = _sampled_distance(solid, lower, upper, cfg)
        return cls(*(torch.as_tensor(array, dtype=dtype) for array in (values, lower, upper)))

    def distance(self, points: Tensor) -> Tensor:
        """Return signed distances at `points` (..., 3) [m], shape (...,) [m]; differentiable."""
        return self._field(points)

    def query(self, points: Tensor) -> SurfaceQuery:
        """Return distances and unit outward normals at `points` (..., 3) [m]; differentiable."""
        inside = torch.maximum(torch.minimum(points, self.upper), self.lower)
        slope = _sample(self._slopes, inside, self.lower, self.upper)
        normal = slope / _norm(slope)[..., None].clamp_min(1e-6)
        return SurfaceQuery(self._field(points), normal)

    def interior_points(self) -> Tensor:
        """Return the grid samples inside the surface, shape (N, 3) [m]."""
        values = self._field.values
        index = (values < 0).nonzero()
        spacing = (self.upper - self.lower) / (torch.tensor(values.shape) - 1)
        return self.lower + index * spacing


def cloud_distance_field(points: Array, lower: Tensor, upper: Tensor) -> GridField:
    """Return the unsigned distance to `points` (N, 3) [m] within the box, on 32^3 samples.

    Raises:
        InvalidInputError: If there is no point.
    """
    if len(points) == 0:
        raise InvalidInputError('a distance field needs at least one point, got none')
    grid = _grid_points(lower.numpy(), upper.numpy(), 32)
    values, _ = cKDTree(points).query(grid.reshape(-1, 3))
    return GridField(torch.as_tensor(values.reshape(32, 32, 32), dtype=lower.dtype), lower, upper)


def _checked(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    if len(mesh.vertices) < 4 or len(mesh.faces) < 4:
        raise InvalidInputError(f'a solid needs at least 4 faces, got {len(mesh.faces)}')
    if not np.isfinite(mesh.vertices).all():
        raise InvalidInputError('the mesh has vertices that are not finite')
    if not mesh.is_watertight:
        raise InvalidInputError('the mesh is not watertight, so it has no inside')
    return mesh


def _united(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    """Return the union of the mesh's pieces without flat crumbs; as it is if one is a cavity."""
    pieces = mesh.split(only_watertight=False)
    if len(pieces) < 2:
        return mesh
    with np.errstate(divide='ignore', invalid='ignore'):  # trimesh divides by the volume
        volumes = [float(piece.volume) for piece in pieces]
    if min(volumes) < -_CRUMB_M3:
        return mesh
    solids = [p for p, volume in zip(pieces, volumes, strict=True) if volume > _CRUMB_M3]
    if not solids or not all(piece.is_volume for piece in solids):
        return mesh
    return trimesh.boolean.union(solids, engine='manifold') if len(solids) > 1 else solids[0]


def _sampled_distance(solid: trimesh.Trimesh, lower: Array, upper: Array, cfg: GridCfg) -> Array:
    scene = make_scene([solid])

    def exact(points: Array) -> Array:
        distance = scene.compute_signed_distance(to_tensor(points), nthreads=1)
        return np.asarray(distance.numpy(), dtype=np.float64)

    coarse = torch.as_tensor(exact(_grid_points(lower, upper, cfg.resolution // 2)))
    size = [cfg.resolution] * 3
    upsampled = functional.interpolate(
        coarse[None, None], size, mode='trilinear', align_corners=True
    )
    values = upsampled[0, 0].numpy()
    step = (upper - lower).max() / (cfg.resolution // 2 - 1)
    near = np.abs(values) < cfg.exact_band_m + 0.5 * step
    values[near] = exact(_grid_points(lower, upper, cfg.resolution)[near])
    return values


def _grid_points(lower: Array, upper: Array, resolution: int) -> Array:
    axes = [np.linspace(lower[i], upper[i], resolution) for i in range(3)]
    return np.stack(np.meshgrid(*axes, indexing='ij'), axis=-1)


def _sample(volume: Tensor, points: Tensor, lower: Tensor, upper: Tensor) -> Tensor:
    """Interpolate `volume` (1, C, Z, Y, X) at `points` (..., 3), shape (..., C)."""
    scaled = 2.0 * (points - lower) / (upper - lower) - 1.0
    grid = scaled.reshape(1, 1, 1, -1, 3)
    sampled = functional.grid_sample(volume, grid, padding_mode='border', align_corners=True)
    return sampled.reshape(volume.shape[1], -1).T.reshape(*points.shape[:-1], volume.shape[1])


def _norm(vectors: Tensor) -> Tensor:
    """Return lengths whose gradient at the zero vector is zero rather than NaN."""
    squared = vectors.square().sum(-1)
    return torch.where(squared > 0, squared, torch.ones_like(squared)).sqrt() * (squared > 0)
