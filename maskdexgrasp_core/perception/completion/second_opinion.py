"""Where the network doubts its own surface: the body that the rules fit, if the network agrees.

A fitted body of revolution has walls and openings that samples several millimetres apart blur.
Alone it is worse than the network on most views; but where the network expects an error on its
own surface, and finds the body's surface within the error that it expects there, the body is
nearer to the truth.
"""

from dataclasses import dataclass

import numpy as np
import trimesh
from scipy import ndimage

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.outcome import StageError
from maskdexgrasp_core.perception.completion.union import solid_of_body
from maskdexgrasp_core.perception.completion.view_box import Box, ViewEvidence
from maskdexgrasp_core.types import Array

_NUM_SAMPLES = 1500
_ABOVE_TABLE_M = 0.004
"""Nearer to the table nothing was seen, and nothing is compared."""
_SINKS_M = 0.001
"""A solid that reaches deeper into the table than this is wrong [m]."""


@dataclass(frozen=True, kw_only=True)
class SecondOpinionCfg:
    """When the fitted body is taken.

    Raises:
        InvalidInputError: If a value is negative.
    """

    unsure_m: float = 0.0015
    """The network expects at least this error on its own surface, on average [m]."""
    agreement: float = 1.2
    """The network's distance on the body's surface is below so many times the error that it
    expects there, on average; 0 never takes the body."""

    def __post_init__(self) -> None:
        if min(self.unsure_m, self.agreement) < 0.0:
            raise InvalidInputError(f'unsure_m and agreement must be >= 0, got {self}')


@dataclass(frozen=True, kw_only=True)
class NetworkAnswer:
    """What the network says of every sample of a box."""

    box: Box
    distance: Array
    """Signed distance, (N, N, N) [m]."""
    scale: Array
    """Its expected error, (N, N, N) [m]."""


def preferred_body(
    own: trimesh.Trimesh,
    answer: NetworkAnswer,
    evidence: ViewEvidence,
    table_height: float,
    cfg: SecondOpinionCfg,
) -> trimesh.Trimesh | None:
    """Return the solid of the fitted body if it is preferred to the network's, else None.

    A body that cannot be closed, or that reaches into the table, is not preferred.

    Args:
        own: What the network made of the view, base frame.
        answer: Of the network.
        evidence: Of the view; holds the body.
        table_height: z of the table [m].
        cfg: When.
    """
    floor = table_height + _ABOVE_TABLE_M
    on_own = _samples(own, floor)
    if evidence.body is None or len(on_own) == 0:
        return None
    if float(_at(answer.scale, on_own, answer.box).mean()) < cfg.unsure_m:
        return None
    try:
        solid = solid_of_body(evidence.body, evidence.cloud, table_height)
    except StageError:
        return None
    if solid is None or not solid.is_watertight or solid.bounds[0, 2] < table_height - _SINKS_M:
        return None
    on_body = _samples(solid, floor)
    if len(on_body) == 0 or _relative_error(answer, on_body) >= cfg.agreement:
        return None
    return solid


def _relative_error(answer: NetworkAnswer, points: Array) -> float:
    """Return the mean distance to points (P, 3) as a multiple of the error expected there."""
    index = answer.box.index_of(points)
    inside = np.clip(index, 0.0, answer.box.resolution - 1.0)
    beyond = np.linalg.norm((index - inside) * answer.box.steps, axis=1)
    distance = np.abs(_at(answer.distance, points, answer.box)) + beyond
    return float((distance / _at(answer.scale, points, answer.box)).mean())


def _samples(shape: trimesh.Trimesh, floor: float) -> Array:
    """Return points (P, 3) of the surface above `floor` [m]."""
    points = np.asarray(trimesh.sample.sample_surface(shape, _NUM_SAMPLES, seed=0)[0])
    return points[points[:, 2] > floor]


def _at(values: Array, points: Array, box: Box) -> Array:
    """Return sampled values (N, N, N) at points (P, 3), shape (P,); outside, of the border."""
    return np.asarray(
        ndimage.map_coordinates(values, box.index_of(points).T, order=1, mode='nearest')
    )
