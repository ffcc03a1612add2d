"""From a cloud of the table to the clusters that stand on it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from maskdexgrasp_core.geometry.point_cloud import deproject, flying_pixels, voxel_clusters
from maskdexgrasp_core.outcome import Code, Stage, StageError
from maskdexgrasp_core.perception.cfg import PerceptionCfg
from maskdexgrasp_core.perception.table import TablePlane
from maskdexgrasp_core.types import Array, CameraFrame, ObservedCloud

_MAX_PLANE_DISTANCE_M = 0.008


def refuse(code: Code, reason: str) -> StageError:
    """Return the error of perception with this code."""
    return StageError(Stage.PERCEIVE, code, reason)


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """Points of one thing on the table, base frame."""

    points: Array
    """(N, 3) [m]."""
    colors: NDArray[np.uint8] | None
    """(N, 3) RGB or None."""

    @property
    def centre(self) -> Array:
        """Middle of the bounding box, single strays left out (3,) [m]."""
        return np.asarray(np.percentile(self.points, [1, 99], axis=0).mean(axis=0))

    @property
    def extent(self) -> Array:
        """Sides of the bounding box, single strays left out (3,) [m]."""
        return np.asarray(np.ptp(np.percentile(self.points, [1, 99], axis=0), axis=0))


def cropped_cloud(source: CameraFrame | ObservedCloud, cfg: PerceptionCfg) -> ObservedCloud:
    """Return the finite points inside the crop box.

    Raises:
        StageError: `NO_CLOUD`, `CLOUD_TOO_LARGE`, `BAD_CLOUD` or `EMPTY_CROP`.
    """
    is_frame = isinstance(source, CameraFrame)
    count = source.depth_m.size if isinstance(source, CameraFrame) else len(source.points)
    if count == 0:
        raise refuse(Code.NO_CLOUD, 'the cloud holds no points')
    if count > cfg.max_points:
        raise refuse(Code.CLOUD_TOO_LARGE, f'{count} points, at most {cfg.max_points}')
    cloud = _frame_points(source, cfg) if isinstance(source, CameraFrame) else source
    if cloud.points.ndim != 2 or cloud.points.shape[1] != 3:
        raise refuse(Code.BAD_CLOUD, f'points have shape {cloud.points.shape}, expected (N, 3)')
    finite = np.isfinite(cloud.points.sum(axis=1))
    if not finite.any():
        reason = 'no pixel holds a depth' if is_frame else f'none of {count} points is finite'
        raise refuse(Code.BAD_CLOUD, reason)
    if not np.isfinite(cloud.camera_position).all():
        raise refuse(Code.BAD_CLOUD, 'the position of the camera is not finite')
    inside = finite.copy()
    for values, low, high in zip(cloud.points.T, cfg.crop_low, cfg.crop_high, strict=True):
        inside &= (values >= low) & (values <= high)
    if not inside.any():
        box = f'{list(cfg.crop_low)} to {list(cfg.crop_high)} m'
        reason = f'none of {int(finite.sum())} finite points lies in the crop box {box}'
        raise refuse(Code.EMPTY_CROP, reason)
    colors = None if cloud.colors is None else cloud.colors[inside]
    return ObservedCloud(
        points=np.ascontiguousarray(cloud.points[inside], dtype=np.float64),
        colors=colors,
        camera_position=cloud.camera_position,
    )


def _frame_points(frame: CameraFrame, cfg: PerceptionCfg) -> ObservedCloud:
    """Deproject a frame; unmeasured and flying pixels become NaN."""
    if frame.color is not None and frame.color.shape[:2] != frame.depth_m.shape:
        shapes = f'{frame.color.shape[:2]} and {frame.depth_m.shape}'
        raise refuse(Code.BAD_CLOUD, f'colour and depth pictures differ in size: {shapes}')
    if not (np.isfinite(frame.intrinsics).all() and np.isfinite(frame.T_base_camera).all()):
        raise refuse(Code.BAD_CLOUD, 'intrinsics or camera pose are not finite')
    depth = np.where(frame.depth_m > 0, frame.depth_m, np.nan).astype(np.float32)
    depth[flying_pixels(depth, jump_m=cfg.flying_jump_m)] = np.nan
    return ObservedCloud(
        points=deproject(depth, frame.intrinsics, frame.T_base_camera),
        colors=None if frame.color is None else frame.color.reshape(-1, 3),
        camera_position=frame.T_base_camera[:3, 3],
    )


def find_clusters(
    cloud: ObservedCloud, table: TablePlane, cfg: PerceptionCfg
) -> tuple[Cluster, ...]:
    """Return what stands on the table, by falling number of points.

    Raises:
        StageError: `NO_OBJECT` when nothing stands out of the table's noise,
            `OBJECT_TOO_SMALL` when only crumbs do.
    """
    distance = np.clip(3.0 * table.noise_m, cfg.plane_distance_m, _MAX_PLANE_DISTANCE_M)
    height = cloud.points[:, 2] - table.height_at(cloud.points[:, :2])
    above = height > distance
    points, height = cloud.points[above], height[above]
    colors = None if cloud.colors is None else cloud.colors[above]
    labels = voxel_clusters(points, distance_m=cfg.cluster_distance_m)
    labels = _join_fragments(points, labels, cfg)
    clusters, largest = [], 0
    for label in np.unique(labels[labels >= 0]):
        member = labels == label
        if height[member].max() < cfg.min_height_m:
            continue
        largest = max(largest, int(member.sum()))
        if member.sum() >= cfg.min_points:
            picked = None if colors is None else colors[member]
            clusters.append(Cluster(points=points[member], colors=picked))
    if not clusters and largest == 0:
        reason = f'nothing rises more than {1000 * cfg.min_height_m:.0f} mm above the table'
        raise refuse(Code.NO_OBJECT, reason)
    if not clusters:
        reason = f'the largest object shows {largest} points, at least {cfg.min_points} needed'
        raise refuse(Code.OBJECT_TOO_SMALL, reason)
    return tuple(sorted(clusters, key=lambda c: -len(c.points)))


def _join_fragments(
    points: Array, labels: NDArray[np.int64], cfg: PerceptionCfg
) -> NDArray[np.int64]:
    """Give small clusters the label of the large one next to them."""
    counts = np.bincount(labels) if len(labels) else np.zeros(0, dtype=int)
    large = np.flatnonzero(counts >= cfg.fragment_points)
    small = np.flatnonzero((counts < cfg.fragment_points) & (counts >= 3))
    if len(large) == 0 or len(small) == 0:
        return labels
    joined = labels.copy()
    in_large = np.isin(labels, large)
    tree, owners = cKDTree(points[in_large]), labels[in_large]
    in_small = np.flatnonzero(np.isin(labels, small))
    gap, nearest = tree.query(points[in_small], distance_upper_bound=cfg.fragment_distance_m)
    for label in small:
        mine = labels[in_small] == label
        best = np.argmin(np.where(mine, gap, np.inf))
        if np.isfinite(gap[best]):
            joined[labels == label] = owners[nearest[best]]
    return joined
