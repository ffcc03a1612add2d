"""The surface of an object as seen, ready to be asked how far points of a hand are from it.

A grid holds, for each cell, the seen point nearest to its centre. A point of the hand takes that
of its cell: the distance to it is exact, the choice is nearly the nearest. No normals of the
object are needed, which one view does not give for what is thin: the side on which the surface
lies follows from the outward normal of the hand.

Symbols: G objects, N points of each, R cells along each axis, B grasps, Q points of a hand.
"""

from typing import NamedTuple

import torch
from torch import Tensor

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


@torch.no_grad()
def gap_features(field: SurfaceField, objects: Tensor, points: Tensor, normals: Tensor) -> Tensor:
    """Describe the gaps between points of hands and the surface.

    Args:
        field: Of the objects.
        objects: Index of the object of each row, (B,) int64.
        points: On the skin, (B, ..., Q, 3) [m] in the model frame.
        normals: Outward normals of the skin there, of the same shape.

    Returns:
        (B, ..., Q * NUM_GAP_FEATURES): for each point bumps over the gap, which is negative where
        the surface lies behind the skin, and the cosine between normal and direction to the
        surface, faded out with the distance.
    """
    away = nearest_points(field, objects, points) - points
    distance = away.norm(dim=-1)
    ahead = (away * normals).sum(dim=-1)
    gap = torch.where(ahead < 0.0, -distance, distance)
    centers, widths = points.new_tensor(_CENTERS_M), points.new_tensor(_WIDTHS_M)
    # exp(-((gap - center) / width)^2) in place: these are the largest arrays of a pass
    bumps = torch.addcmul(-centers / widths, gap[..., None], 1.0 / widths)
    bumps = bumps.square_().neg_().clamp_(min=_LEAST_EXPONENT).exp_()
    cosine = ahead / (distance + 1e-6) * torch.exp(-distance / _NEAR_M)
    return torch.cat([bumps, cosine[..., None]], dim=-1).flatten(start_dim=-2)


def nearest_points(field: SurfaceField, objects: Tensor, points: Tensor) -> Tensor:
    """Return seen points about nearest to others.

    Args:
        field: Of the objects.
        objects: Index of the object of each row, (B,) int64.
        points: (B, ..., 3) [m]; those outside of the grid take the cell next to them.

    Returns:
        (B, ..., 3) [m].
    """
    resolution = field.nearest.shape[1]
    rows = points.flatten(1, -2)
    place = (rows - field.lower[objects, None]) / field.size[objects, None] * resolution
    x, y, z = place.long().clamp_(0, resolution - 1).unbind(dim=-1)
    flat = ((objects[:, None] * resolution + x) * resolution + y) * resolution + z
    found = field.nearest.reshape(-1, 3).index_select(0, flat.reshape(-1))
    return found.reshape(points.shape)
