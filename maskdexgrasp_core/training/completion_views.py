"""Samples for the completion network: views of random objects, and their true distances."""

import functools
import zlib
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
import trimesh
from numpy.typing import NDArray
from torch.nn import functional

from maskdexgrasp_core.cell import CELL
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.evaluation.object_surface import ObjectSurface
from maskdexgrasp_core.geometry.point_cloud import deproject
from maskdexgrasp_core.model.completion_cfg import CompletionCfg
from maskdexgrasp_core.objects.catalog import make_object
from maskdexgrasp_core.objects.placement import table_pose
from maskdexgrasp_core.perception.completion.view_box import Box, look_around
from maskdexgrasp_core.perception.raycast_view import ViewCfg, look_at_pose, render_view
from maskdexgrasp_core.sim.camera_model import CameraCfg
from maskdexgrasp_core.types import Array, ObservedCloud

LEVELS = 127
"""Quantisation of the stored values: -127..127 stand for -1..1."""
_PICTURE = ViewCfg(width=320, height=320)
"""The camera of the cell, cut to what is around the object: rays are what a view costs."""
_COLOR = (200, 120, 60)
_MIN_HEIGHT_M = 0.004
"""Of points that count as the object's: those nearer to the table are taken for the table."""
_MAX_POINTS = 5000
_EXACT_M = 0.007
"""Nearer to the surface than this, true distances are exact [m]."""
_TRIES = 8


class ObjectKey(NamedTuple):
    """A member of a procedural family."""

    category: str
    seed: int

    @property
    def object_id(self) -> str:
        """As datasets call it."""
        return f'{self.category}_{self.seed}'


@dataclass(frozen=True, kw_only=True)
class CompletionViewsCfg:
    """How objects are shown to the network.

    Raises:
        InvalidInputError: If a value is out of its range.
    """

    stretch: tuple[float, float] = (0.85, 1.2)
    """Bounds of a random factor along each axis of a training object: shapes between those of
    the families."""
    camera_shift_m: float = 0.04
    """Standard deviation of the camera's place along each axis [m]: another cell, another
    camera."""
    table_error_m: float = 0.0007
    """Standard deviation of the table's height as perception finds it [m]."""
    min_points: int = 100
    """Views with fewer visible points are drawn again."""

    def __post_init__(self) -> None:
        if not 0.0 < self.stretch[0] <= self.stretch[1]:
            raise InvalidInputError(f'stretch must be rising and > 0, got {self.stretch}')
        if min(self.camera_shift_m, self.table_error_m) < 0.0 or self.min_points < 8:
            raise InvalidInputError(f'shifts must be >= 0 and min_points >= 8, got {self}')


class CompletionSample(NamedTuple):
    """One view and the truth, small enough to be kept by the thousand."""

    channels: NDArray[np.int8]
    """(C, N, N, N) inputs of the network in `LEVELS`."""
    target: NDArray[np.int8]
    """(N, N, N) true signed distance over the reach, in `LEVELS`."""
    steps: NDArray[np.float32]
    """(3,) [m]."""
    ray: NDArray[np.float32]
    """(3,) unit vector."""
    explained: NDArray[np.float32]
    """() share of the view that the fitted body explains."""


def make_sample(
    key: ObjectKey, number: int, seed: int, net: CompletionCfg, cfg: CompletionViewsCfg
) -> CompletionSample:
    """Return one view of an object; the same arguments, the same sample.

    Args:
        key: The object.
        number: Of the view of this object, from 0; decides the pose together with `seed`.
        seed: Of the data.
        net: Whose boxes are filled.
        cfg: How the object is shown.

    Raises:
        InvalidInputError: If the object cannot be seen from anywhere.
    """
    rng = np.random.default_rng([seed, zlib.crc32(key.category.encode()), key.seed, number])
    factors = rng.uniform(*cfg.stretch, size=3)
    solid = solid_of(key).copy().apply_transform(np.diag([*factors, 1.0]))
    truth, cloud = seen_somewhere(solid, cfg, rng)
    table = CELL.table_height + float(rng.normal(0.0, cfg.table_error_m))
    box, evidence = look_around(cloud, table, net)
    inputs = evidence.network_inputs(box)
    target = near_distance(ObjectSurface(truth), box, reach_m=net.reach_m) / net.reach_m
    return CompletionSample(
        channels=quantised(inputs.channels[0].numpy()),
        target=quantised(target),
        steps=inputs.steps[0].numpy(),
        ray=inputs.ray[0].numpy(),
        explained=inputs.explained[0].numpy(),
    )


def quantised(values: NDArray[np.floating]) -> NDArray[np.int8]:
    """Return values of -1..1 as whole `LEVELS`."""
    return np.rint(LEVELS * np.clip(values, -1.0, 1.0)).astype(np.int8)


def observed(
    truth: trimesh.Trimesh, camera_position: Array, rng: np.random.Generator
) -> ObservedCloud:
    """Return the points that a noisy camera sees of an object that stands alone.

    Args:
        truth: Closed surface in the base frame [m].
        camera_position: (3,) [m].
        rng: Of the noise.
    """
    T_base_camera = look_at_pose(camera_position, truth.bounds.mean(axis=0))
    frame, seen = render_view([(truth, _COLOR)], T_base_camera, cfg=_PICTURE, rng=rng)
    points = deproject(frame.depth_m, frame.intrinsics, T_base_camera)
    mine = (seen.ravel() == 0) & (frame.depth_m.ravel() > 0.0)
    mine &= points[:, 2] > CELL.table_height + _MIN_HEIGHT_M
    visible = rng.permutation(points[mine])[:_MAX_POINTS]
    return ObservedCloud(points=visible, colors=None, camera_position=camera_position)


@functools.lru_cache(maxsize=2)
def solid_of(key: ObjectKey) -> trimesh.Trimesh:
    """Return an object as one closed surface in its own frame [m]; not to be changed."""
    return make_object(*key).solid


def seen_somewhere(
    solid: trimesh.Trimesh, cfg: CompletionViewsCfg, rng: np.random.Generator
) -> tuple[trimesh.Trimesh, ObservedCloud]:
    """Place an object on the table at random until the camera sees enough of it.

    Args:
        solid: Closed surface in the frame of the object [m].
        cfg: How it is shown.
        rng: Of the pose, the camera's place and the noise.

    Returns:
        The surface in the base frame, and its visible points.

    Raises:
        InvalidInputError: If too few points are seen every time.
    """
    for _ in range(_TRIES):
        x, y = rng.uniform(*CELL.placement_x), rng.uniform(*CELL.placement_y)
        pose = table_pose(float(x), float(y), float(rng.uniform(0.0, 2.0 * np.pi)))
        truth = solid.copy().apply_transform(pose)
        shift = rng.normal(0.0, cfg.camera_shift_m, 3)
        cloud = observed(truth, np.array(CameraCfg().position) + shift, rng)
        if len(cloud.points) >= cfg.min_points:
            return truth, cloud
    raise InvalidInputError(
        f'the object shows fewer than {cfg.min_points} points in {_TRIES} views'
    )


def near_distance(surface: ObjectSurface, box: Box, *, reach_m: float) -> Array:
    """Return the signed distance (N, N, N) [m] of a box's samples, cut off at +-`reach_m`.

    Exact near the surface; further out interpolated between every second sample, which saves
    most of the time.

    Args:
        surface: Of the object, base frame.
        box: Its resolution is at least 4.
        reach_m: Larger distances do not matter [m].
    """
    half = box.resolution // 2
    wide = box.steps * (box.resolution - 1) / (half - 1)
    coarse = surface.distance(replace(box, steps=wide, resolution=half).positions())
    values: Array = functional.interpolate(
        torch.from_numpy(coarse)[None, None],
        [box.resolution] * 3,
        mode='trilinear',
        align_corners=True,
    )[0, 0].numpy()
    near = np.abs(values) < _EXACT_M + 0.5 * float(np.linalg.norm(wide))
    values[near] = surface.distance(box.positions()[near])
    return np.clip(values, -reach_m, reach_m)
