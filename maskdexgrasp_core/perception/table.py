"""The table plane under the objects."""

from dataclasses import dataclass

import numpy as np
import open3d as o3d

from maskdexgrasp_core.perception.cfg import PerceptionCfg
from maskdexgrasp_core.types import Array

_RANSAC_POINTS = 2000
_RANSAC_STEPS = 150
_LEAST_SQUARES_POINTS = 20_000
_SEED_RANGE = 2**31
"""Open3D takes seeds below this."""
_MIN_PLANE_POINTS = 150


@dataclass(frozen=True, kw_only=True)
class TablePlane:
    """z = a x + b y + c in the base frame, with the spread of the points around it."""

    coefficients: Array
    """(3,) a, b, c."""
    noise_m: float
    """Robust standard deviation of the table's points [m]; 0 when the table was not seen."""
    seen: bool
    """False when the expected height had to be used because the cloud shows no table."""

    def height_at(self, xy: Array) -> Array:
        """Return z of the plane [m] (N,) at positions (N, 2) [m]."""
        return np.asarray(xy @ self.coefficients[:2] + self.coefficients[2])


def fit_table(points: Array, cfg: PerceptionCfg, *, seed: int) -> TablePlane:
    """Fit the near-horizontal plane near the expected height.

    Only points within `table_search_m` of the expected height take part, so a box's lid cannot
    win. RANSAC (Open3D) finds the plane, least squares on its inliers refines it twice.

    Args:
        points: (N, 3) [m] in the base frame, cropped.
        cfg: Settings.
        seed: Of the random generator.

    Returns:
        The plane; `seen` is False and the expected height is used when fewer than 150 points or
        no plane within `plane_max_tilt_rad` is there (an object cut out beforehand).
    """
    expected = TablePlane(
        coefficients=np.array([0.0, 0.0, cfg.table_height_m]), noise_m=0.0, seen=False
    )
    near = points[np.abs(points[:, 2] - cfg.table_height_m) < cfg.table_search_m]
    if len(near) < _MIN_PLANE_POINTS:
        return expected
    coefficients = _ransac(near, cfg, seed)
    if np.arctan(np.hypot(*coefficients[:2])) > cfg.plane_max_tilt_rad:
        return expected
    near = near[:: max(1, len(near) // _LEAST_SQUARES_POINTS)]
    noise = 0.0
    for _ in range(2):
        residual = near[:, 2] - near[:, :2] @ coefficients[:2] - coefficients[2]
        inliers = near[np.abs(residual) < cfg.plane_distance_m]
        if len(inliers) < _MIN_PLANE_POINTS:
            return expected
        design = np.column_stack([inliers[:, :2], np.ones(len(inliers))])
        coefficients = np.linalg.lstsq(design, inliers[:, 2], rcond=None)[0]
        deviation = np.abs(inliers[:, 2] - design @ coefficients)
        noise = float(1.4826 * np.median(deviation))
    return TablePlane(coefficients=coefficients, noise_m=noise, seen=True)


def _ransac(near: Array, cfg: PerceptionCfg, seed: int) -> Array:
    """Return a, b, c of the plane with most inliers; a steep plane has a huge slope."""
    step = max(1, len(near) // _RANSAC_POINTS)
    cloud = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(near[::step]))
    o3d.utility.random.seed(seed % _SEED_RANGE)
    model, _ = cloud.segment_plane(
        distance_threshold=cfg.plane_distance_m, ransac_n=3, num_iterations=_RANSAC_STEPS
    )
    a, b, c, d = model
    return -np.array([a, b, d]) / (c if abs(c) > 1e-9 else 1e-9)
