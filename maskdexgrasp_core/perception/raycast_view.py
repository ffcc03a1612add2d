"""A depth picture of meshes by ray casting, with the errors of a stereo camera.

Independent of the simulator: for tests, benchmarks and partial views of a dataset.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import open3d as o3d
import trimesh
from numpy.typing import NDArray
from scipy import ndimage

from maskdexgrasp_core.geometry.raycasting import make_scene
from maskdexgrasp_core.types import Array, CameraFrame


@dataclass(frozen=True, kw_only=True)
class ViewCfg:
    """A D435-like camera in its 640x480 mode."""

    width: int = 640
    height: int = 480
    focal_length_px: float = 385.0
    disparity_noise_px: float = 0.03
    """Standard deviation of the white and of the smooth part alike; 0 gives a clean picture."""
    baseline_m: float = 0.05
    edge_dropout: float = 0.5
    """Probability that a pixel beside a depth step is lost."""
    edge_mixing: float = 0.1
    """Probability that it reads a depth between both sides."""
    dead_pixels: float = 0.015

    @property
    def intrinsics(self) -> Array:
        """(3, 3) pinhole matrix [px]."""
        matrix = np.diag([self.focal_length_px, self.focal_length_px, 1.0])
        matrix[:2, 2] = (self.width - 1) / 2, (self.height - 1) / 2
        return matrix


def look_at_pose(position: Array, target: Array) -> Array:
    """Return the (4, 4) pose of an upright optical frame at `position` (3,) facing `target`."""
    forward = (target - position) / np.linalg.norm(target - position)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3, :3] = np.column_stack([right, np.cross(forward, right), forward])
    pose[:3, 3] = position
    return pose


def render_view(
    meshes: Sequence[tuple[trimesh.Trimesh, tuple[int, int, int]]],
    T_base_camera: Array,
    *,
    cfg: ViewCfg | None = None,
    rng: np.random.Generator | None = None,
) -> tuple[CameraFrame, NDArray[np.int64]]:
    """Render meshes with their colours.

    Args:
        meshes: Surfaces in the base frame [m] with RGB 0..255.
        T_base_camera: (4, 4) pose of the optical frame.
        cfg: Camera; None takes the defaults.
        rng: Of the noise; None gives a clean picture.

    Returns:
        The frame, and (H, W) index of the mesh seen by each pixel, -1 for none.
    """
    cfg = cfg or ViewCfg()
    scene = make_scene(mesh for mesh, _ in meshes)
    corner_intrinsics = cfg.intrinsics
    corner_intrinsics[:2, 2] += 0.5  # Open3D counts from the corner of a pixel, we from its centre
    rays = o3d.t.geometry.RaycastingScene.create_rays_pinhole(
        o3d.core.Tensor.from_numpy(corner_intrinsics),
        o3d.core.Tensor.from_numpy(np.linalg.inv(T_base_camera)),
        cfg.width,
        cfg.height,
    )
    hit = scene.cast_rays(rays)
    forward = rays.numpy()[..., 3:] @ T_base_camera[:3, 2]
    depth = np.nan_to_num(hit['t_hit'].numpy() * forward, posinf=0.0)
    raw = hit['geometry_ids'].numpy()
    seen = np.where(raw == scene.INVALID_ID, -1, raw.astype(np.int64))
    palette = np.array([color for _, color in meshes] + [(0, 0, 0)], dtype=np.float64)
    shade = 0.6 + 0.4 * np.abs(hit['primitive_normals'].numpy()[..., 2:])
    frame = CameraFrame(
        depth_m=(depth if rng is None else _with_noise(depth, cfg, rng)).astype(np.float32),
        color=(palette[seen] * shade).astype(np.uint8),
        intrinsics=cfg.intrinsics,
        T_base_camera=T_base_camera,
        stamp_s=0.0,
    )
    return frame, seen


def _with_noise(depth: Array, cfg: ViewCfg, rng: np.random.Generator) -> Array:
    """Add disparity noise, mixed and lost pixels at edges, and dead pixels."""
    knots = (cfg.height // 24 + 2, cfg.width // 24 + 2)
    rows, columns = np.mgrid[: cfg.height, : cfg.width] / 24.0
    coarse = rng.normal(size=knots)
    smooth = ndimage.map_coordinates(coarse, [rows, columns], order=1) * 1.5
    error = cfg.disparity_noise_px * (rng.normal(size=depth.shape) + smooth)
    noisy = depth + depth**2 * error / (cfg.focal_length_px * cfg.baseline_m)
    high, low = ndimage.maximum_filter(depth, 3), ndimage.minimum_filter(depth, 3)
    edge = high - low > 0.02 * depth
    draw = rng.uniform(size=(3, *depth.shape))
    mixed = edge & (low > 0) & (draw[0] < cfg.edge_mixing)
    noisy = np.where(mixed, low + (high - low) * draw[1], noisy)
    lost = edge & ~mixed & (draw[1] < cfg.edge_dropout) | (draw[2] < cfg.dead_pixels)
    return np.where(lost | (depth <= 0), 0.0, noisy)
