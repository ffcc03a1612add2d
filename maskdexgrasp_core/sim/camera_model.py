"""Where the depth camera stands and how it projects."""

from dataclasses import dataclass

import numpy as np

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.types import Array


@dataclass(frozen=True, kw_only=True)
class CameraCfg:
    """A RealSense D435 in its 640x480 depth mode, fixed beside the table.

    Noise follows the tuning guide: rms_z = z^2 s / (f B) with baseline B = 50 mm and a subpixel
    error s of 0.032 px on well textured surfaces.
    """

    position: tuple[float, float, float] = (0.95, -0.25, 0.45)
    """Optical centre in the base frame [m]."""
    target: tuple[float, float, float] = (0.50, 0.0, -0.10)
    """Point on the optical axis, base frame [m]."""
    width: int = 640
    height: int = 480
    focal_length_px: float = 385.0
    """fx = fy; published for this mode. The principal point is the middle of the picture."""
    min_depth_m: float = 0.28
    max_depth_m: float = 3.0
    """Outside of these a pixel reads 0."""
    depth_unit_m: float = 0.001
    """Step of the 16 bit depth code."""
    subpixel_error_px: float = 0.032
    """Of the disparity: one part white, one part of the same size smooth over the picture."""
    baseline_m: float = 0.05
    smooth_scale_px: int = 24
    """Spacing of the knots of the smooth part."""
    edge_jump_ratio: float = 0.02
    """A depth step larger than this share of the depth is an edge."""
    edge_dropout: float = 0.5
    """Probability that a pixel next to an edge reads 0."""
    edge_mixing: float = 0.1
    """Probability that a pixel next to an edge reads a depth between both sides."""
    dead_pixels: float = 0.015
    """Probability that any pixel reads 0."""

    @property
    def intrinsics(self) -> Array:
        """(3, 3) pinhole matrix [px]; pixel centres have integer coordinates."""
        matrix = np.eye(3)
        matrix[0, 0] = matrix[1, 1] = self.focal_length_px
        matrix[:2, 2] = (self.width - 1) / 2, (self.height - 1) / 2
        return matrix

    @property
    def fovy_rad(self) -> float:
        """Vertical field of view [rad]."""
        return float(2 * np.arctan(self.height / 2 / self.focal_length_px))

    @property
    def T_base_camera(self) -> Array:  # noqa: N802 (frame-pair name)
        """(4, 4) pose of the optical frame (z forward, x right, y down)."""
        return look_at(np.array(self.position), np.array(self.target))


def look_at(position: Array, target: Array) -> Array:
    """Return the pose of an optical frame at `position` that looks at `target`, upright.

    Args:
        position: Optical centre, (3,) [m].
        target: Point on the optical axis, (3,) [m]; not straight above or below `position`.

    Returns:
        (4, 4) pose; z forward, x right, y down.

    Raises:
        InvalidInputError: If the viewing direction is vertical or has no length.
    """
    forward = np.asarray(target, dtype=float) - position
    right = np.cross(forward, [0.0, 0.0, 1.0])
    if np.linalg.norm(right) < 1e-9:
        raise InvalidInputError(f'no upright view from {position} to {target}')
    forward = forward / np.linalg.norm(forward)
    right = right / np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3, :3] = np.column_stack([right, np.cross(forward, right), forward])
    pose[:3, 3] = position
    return pose
