"""The box of samples around a view, and what the view says of each: inputs of the network."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from maskdexgrasp_core.model.completion_cfg import CompletionCfg
from maskdexgrasp_core.model.completion_net import CHANNELS, CompletionInputs, squash
from maskdexgrasp_core.perception.completion.extrusion import Grid, column_maps, grid_around
from maskdexgrasp_core.perception.completion.primitives import Body, fit_bodies
from maskdexgrasp_core.perception.completion.view_field import ViewField
from maskdexgrasp_core.types import Array, ObservedCloud

_RASTER_CELLS = 60_000
"""As many as extrusion takes by default."""
_STRAY_NEIGHBOR = 3
_STRAY_RATIO = 3.0
"""A point whose third neighbour is further away than this many times the usual distance hangs
between two surfaces."""
_LEAST_SLOPE = 0.3
"""Flatter views than this would make the shadow endless."""


@dataclass(frozen=True, kw_only=True)
class Box:
    """Samples of a box that stands on the table, turned about z with the object."""

    T_base_box: Array
    """(4, 4); the frame of the box has its origin at sample (0, 0, 0)."""
    steps: Array
    """(3,) distance of neighbouring samples along each axis [m]."""
    resolution: int
    """Samples along each axis N."""

    def axes(self) -> tuple[Array, Array, Array]:
        """Return the places of the samples along each axis of the box, each (N,) [m]."""
        index = np.arange(self.resolution)
        x, y, z = (step * index for step in self.steps)
        return x, y, z

    def positions(self) -> Array:
        """Return the samples in the base frame, (N, N, N, 3) [m]."""
        local = np.stack(np.meshgrid(*self.axes(), indexing='ij'), axis=-1)
        return local @ self.T_base_box[:3, :3].T + self.T_base_box[:3, 3]

    @property
    def heights(self) -> Array:
        """(N,) z of the samples in the base frame [m]."""
        return self.axes()[2] + self.T_base_box[2, 3]

    def index_of(self, points: Array) -> Array:
        """Return points (P, 3) of the base frame [m] as fractional indices of samples (P, 3)."""
        local = (points - self.T_base_box[:3, 3]) @ self.T_base_box[:3, :3]
        return np.asarray(local / self.steps)

    def distance_to(self, points: Array) -> Array:
        """Return how far samples are from points (P, 3) of the base frame, (N, N, N) [m].

        Points that share a cell around a sample count as one, in their middle.
        """
        shape = (self.resolution,) * 3
        index = np.clip(np.rint(self.index_of(points)).astype(np.int64), 0, self.resolution - 1)
        cell = np.ravel_multi_index((index[:, 0], index[:, 1], index[:, 2]), shape)
        count = np.bincount(cell, minlength=self.resolution**3)
        sums = [np.bincount(cell, weights=w, minlength=len(count)) for w in points.T]
        middles = np.stack(sums, axis=1) / np.maximum(count, 1)[:, None]
        x, y, z = ndimage.distance_transform_edt(
            (count == 0).reshape(shape), self.steps, return_distances=False, return_indices=True
        )
        nearest = middles[np.ravel_multi_index((x, y, z), shape)]
        return np.asarray(np.linalg.norm(self.positions() - nearest, axis=-1))


@dataclass(frozen=True, kw_only=True)
class ViewEvidence:
    """What a view says of every sample of a box, each (N, N, N) [m]; see `CHANNELS`."""

    cloud: ObservedCloud
    """Visible points without those that hang between two surfaces."""
    front: Array
    side: Array
    extruded: Array
    fitted: Array
    seen: Array
    ray: Array
    """(3,) unit vector in the frame of the box along which the camera looks."""
    body: Body | None
    """The best fitted body, if any fits."""

    @property
    def explained(self) -> float:
        """Share of the view that the fitted body explains, 0..1."""
        return 0.0 if self.body is None else float(np.clip(self.body.score, 0.0, 1.0))

    @property
    def free(self) -> Array:
        """How deep each sample lies in proven free space; negative if nothing is proven."""
        return np.maximum(self.front, self.side)

    def network_inputs(self, box: Box) -> CompletionInputs:
        """Return a batch of one."""
        metres = np.stack([getattr(self, name) for name in CHANNELS])
        return CompletionInputs(
            channels=squash(torch.from_numpy(metres).float())[None],
            steps=torch.from_numpy(box.steps).float()[None],
            ray=torch.from_numpy(self.ray).float()[None],
            explained=torch.tensor([self.explained]),
        )


def look_around(
    cloud: ObservedCloud, table_height: float, cfg: CompletionCfg
) -> tuple[Box, ViewEvidence]:
    """Lay a box around the visible points and say what the view tells of its samples.

    Args:
        cloud: Visible points (N, 3), N >= 8, of one object, base frame.
        table_height: z of the table [m].
        cfg: Of the network that will see it.
    """
    points = cloud.points[~_strays(cloud.points)]
    cloud = ObservedCloud(points=points, colors=None, camera_position=cloud.camera_position)
    raster = grid_around(points, table_height, num_cells=_RASTER_CELLS)
    ray = raster.R_base_grid.T @ (points.mean(axis=0) - cloud.camera_position)
    ray /= np.linalg.norm(ray)
    box = _box_around(points @ raster.R_base_grid, raster.R_base_grid, table_height, ray, cfg)
    positions = box.positions()
    view = ViewField.from_cloud(cloud)
    shape, flat = positions.shape[:3], positions.reshape(-1, 3)
    front, side = (values.reshape(shape) for values in view.evidence(flat))
    below = table_height - box.heights
    outside, top = (_at_columns(image, raster, box) for image in column_maps(points, raster))
    columns = np.maximum(outside[:, :, None], box.heights - top[:, :, None])
    extruded = np.maximum(np.maximum(columns, below), np.maximum(front, side))
    body = next(iter(fit_bodies(cloud, view, table_height)), None)
    evidence = ViewEvidence(
        cloud=cloud,
        front=front,
        side=side,
        extruded=extruded,
        fitted=extruded if body is None else np.maximum(body.distance(flat).reshape(shape), below),
        seen=box.distance_to(points),
        ray=ray,
        body=body,
    )
    return box, evidence


def _strays(points: Array) -> NDArray[np.bool_]:
    """Return (N,) True for points that hang in the air."""
    distances, _ = cKDTree(points).query(points, k=_STRAY_NEIGHBOR + 1)
    reach = distances[:, _STRAY_NEIGHBOR]
    return np.asarray(reach > _STRAY_RATIO * np.percentile(reach, 70))


def _box_around(
    turned: Array, R_base_box: Array, table_height: float, ray: Array, cfg: CompletionCfg
) -> Box:
    """Return the box around points (N, 3) that are turned into its axes, and their shadow."""
    low, high = turned.min(axis=0), turned.max(axis=0)
    shadow = cfg.shadow_share * (high[2] - table_height) * ray[:2] / max(-ray[2], _LEAST_SLOPE)
    low[:2] += np.minimum(shadow, 0.0) - cfg.padding_m
    high[:2] += np.maximum(shadow, 0.0) + cfg.padding_m
    intervals = cfg.resolution - 1
    steps = (high - low) / intervals
    steps[2] = (high[2] + cfg.padding_m - table_height) / (intervals - 0.5)
    steps = np.maximum(steps, cfg.least_step_m)
    start = (low + high) / 2 - steps * intervals / 2
    start[2] = table_height - steps[2] / 2
    T_base_box = np.eye(4)
    T_base_box[:3, :3] = R_base_box
    T_base_box[:3, 3] = R_base_box @ start
    return Box(T_base_box=T_base_box, steps=steps, resolution=cfg.resolution)


def _at_columns(image: Array, raster: Grid, box: Box) -> Array:
    """Return the values of a map of the table at the columns of a box with the same turn."""
    start = raster.R_base_grid.T @ box.T_base_box[:3, 3]
    x, y, _ = box.axes()
    index = np.meshgrid(
        (start[0] + x - raster.origin[0]) / raster.voxel_m,
        (start[1] + y - raster.origin[1]) / raster.voxel_m,
        indexing='ij',
    )
    return np.asarray(ndimage.map_coordinates(image, np.stack(index), order=1, mode='nearest'))
