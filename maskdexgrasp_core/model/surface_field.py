"""The surface of an object as seen, ready to be asked how far points of a hand are from it.

A grid holds, for each cell, the seen point nearest to its centre. A point of the hand takes that
of its cell: the distance to it is exact, the choice is nearly the nearest. No normals of the
object are needed, which one view does not give for what is thin: the side on which the surface
lies follows from the outward normal of the hand.

Symbols: G objects, N points of each, R cells along each axis, B grasps, Q points of a hand. Points
of hands come with their components first, (3, B, ..., Q): plain rows of numbers are what a
processor is fast with, and there are hundreds of thousands in a pass.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

_MARGIN_M = 0.03
"""Of the grid around the points."""
_CENTERS_M = (-0.012, -0.005, 0.0, 0.004, 0.010, 0.022)
_WIDTHS_M = (0.006, 0.004, 0.003, 0.004, 0.006, 0.012)
"""Of the bumps over the gap between hand and object: fine where they touch."""
_LEAST_EXPONENT = -60.0
"""Of the bumps: e to it is next to nothing, and still a normal number. Processors take many times
as long for subnormal ones."""
_NEAR_M = 0.02
"""Where the direction towards the surface begins to matter."""

_TABLE_M = (-0.03, 0.07)
"""Gaps that a table of bumps covers; beyond them they hardly change."""
_TABLE_ROWS = 1024
"""Of such a table, a tenth of a millimetre each."""

NUM_GAP_FEATURES = len(_CENTERS_M) + 1
"""Numbers that `gap_features` gives for a point of a hand."""


class SurfaceField(NamedTuple):
    """Nearest seen points on a grid over each object; the frame is the model frame."""

    lower: Tensor
    """Corner of the grid, (G, 3) [m]."""
    size: Tensor
    """Edges of the grid, (G, 3) [m]."""
    nearest: Tensor
    """Seen point nearest to each cell, (G, R, R, R, 3) [m]."""
    is_seen: Tensor
    """False where the object is left out of the conditions, (G,) bool."""

    def hidden(self, left_out: Tensor) -> 'SurfaceField':
        """Return the field with the objects left out where `left_out` (G,) bool says so."""
        return self._replace(is_seen=self.is_seen & ~left_out)

    def followed_by(self, other: 'SurfaceField') -> 'SurfaceField':
        """Return the fields of both batches of objects."""
        return SurfaceField(*(torch.cat(pair) for pair in zip(self, other, strict=True)))


@torch.no_grad()
def surface_field(points: Tensor, resolution: int) -> SurfaceField:
    """Return the field of clouds (G, N, 3) [m] with R = `resolution` cells along each axis."""
    lower = points.amin(dim=1) - _MARGIN_M
    size = points.amax(dim=1) + _MARGIN_M - lower
    steps = (torch.arange(resolution, device=points.device) + 0.5) / resolution
    cells = torch.cartesian_prod(steps, steps, steps)
    nearest = []
    for cloud, corner, edges in zip(points, lower, size, strict=True):  # a cloud fits the cache
        middle = corner + edges / 2  # squares of small numbers are exact enough
        near, places = cloud - middle, (cells - 0.5) * edges
        closeness = torch.addmm(-near.square().sum(dim=1), 2.0 * places, near.T)
        nearest.append(cloud[closeness.argmax(dim=1)])
    shape = (len(points), resolution, resolution, resolution, 3)
    is_seen = torch.ones(len(points), dtype=torch.bool, device=points.device)
    return SurfaceField(lower, size, torch.stack(nearest).reshape(shape), is_seen)


class Gaps(NamedTuple):
    """Between points of hands and the surface, each (B, ..., Q)."""

    gap: Tensor
    """[m], negative where the surface lies behind the skin."""
    cosine: Tensor
    """Between normal and direction to the surface, faded out with the distance."""


@torch.no_grad()
def measure_gaps(field: SurfaceField, objects: Tensor, points: Tensor, normals: Tensor) -> Gaps:
    """Measure the gaps between points of hands and the surface.

    Args:
        field: Of the objects.
        objects: Index of the object of each row, (B,) int64.
        points: On the skin, (3, B, ..., Q) [m] in the model frame.
        normals: Outward normals of the skin there, of the same shape.
    """
    away = nearest_points(field, objects, points).sub_(points)
    x, y, z = away.unbind()
    distance = x.square().addcmul_(y, y).addcmul_(z, z).sqrt_()
    ahead = (x * normals[0]).addcmul_(y, normals[1]).addcmul_(z, normals[2])
    cosine = ahead / (distance + 1e-6) * torch.exp(-distance / _NEAR_M)
    return Gaps(torch.copysign(distance, ahead), cosine)


@torch.no_grad()
def gap_features(gaps: Gaps) -> Tensor:
    """Return gaps as a layer takes them: (B, ..., Q * NUM_GAP_FEATURES).

    For each point bumps over the gap, then the cosine.
    """
    features = torch.cat([_bumps(gaps.gap), gaps.cosine[..., None]], dim=-1)
    return features.flatten(start_dim=-2)


@torch.no_grad()
def looked_up(gaps: Gaps, weight: Tensor, bias: Tensor) -> Tensor:
    """Return what a linear layer makes of `gap_features`, without computing these.

    What the bumps of a point add to the result depends on its gap alone: it is taken from a table
    whose rows are a tenth of a millimetre apart, which is three times as fast.

    Args:
        gaps: (B, ..., Q).
        weight: Of the layer, (H, Q * NUM_GAP_FEATURES).
        bias: Of the layer, (H,).

    Returns:
        (B, ..., H).
    """
    of_points = weight.unflatten(1, (-1, NUM_GAP_FEATURES))
    lower, upper = _TABLE_M
    steps = torch.arange(_TABLE_ROWS, dtype=weight.dtype, device=weight.device)
    middles = lower + (steps + 0.5) * ((upper - lower) / _TABLE_ROWS)
    table = torch.einsum('nf,hqf->qnh', _bumps(middles), of_points[..., :-1]).flatten(0, 1)
    row = (gaps.gap - lower).mul_(_TABLE_ROWS / (upper - lower)).clamp_(0, _TABLE_ROWS - 1).int()
    points = torch.arange(row.shape[-1], dtype=row.dtype, device=row.device)
    row = row.add_(points * _TABLE_ROWS).flatten(0, -2)
    said = functional.embedding_bag(row, table, mode='sum')
    said = said.addmm_(gaps.cosine.flatten(0, -2), of_points[..., -1].T).add_(bias)
    return said.unflatten(0, gaps.gap.shape[:-1])


def nearest_points(field: SurfaceField, objects: Tensor, points: Tensor) -> Tensor:
    """Return seen points about nearest to others.

    Args:
        field: Of the objects.
        objects: Index of the object of each row, (B,) int64.
        points: (3, B, ..., Q) [m]; those outside of the grid take the cell next to them.

    Returns:
        (3, B, ..., Q) [m].
    """
    resolution = field.nearest.shape[1]
    shape = (len(objects),) + (1,) * (points.ndim - 2)
    scale = resolution / field.size[objects]
    start = -field.lower[objects] * scale
    cell = (objects * resolution**3).int().reshape(shape)
    for axis, stride in enumerate((resolution**2, resolution, 1)):
        place = torch.addcmul(
            start[:, axis].reshape(shape), points[axis], scale[:, axis].reshape(shape)
        )
        cell = cell + place.clamp_(0, resolution - 1).int().mul_(stride)
    by_component = field.nearest.reshape(-1, 3).T.contiguous()
    return by_component.index_select(1, cell.reshape(-1)).reshape(points.shape)


def _bumps(gap: Tensor) -> Tensor:
    """Return exp(-((gap - center) / width)^2) of every bump, (..., 6)."""
    centers, widths = gap.new_tensor(_CENTERS_M), gap.new_tensor(_WIDTHS_M)
    bumps = torch.addcmul(-centers / widths, gap[..., None], 1.0 / widths)
    return bumps.square_().neg_().clamp_(min=_LEAST_EXPONENT).exp_()
