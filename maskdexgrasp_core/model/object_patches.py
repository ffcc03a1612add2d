"""Overlapping patches of a cloud: farthest points and their nearest neighbours.

They depend on distances only. Found once for a view, they hold however it is turned.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from maskdexgrasp_core.errors import InvalidInputError


class Patches(NamedTuple):
    """Indices of points of a cloud (B, N, 3)."""

    centers: Tensor
    """(B, P) int64."""
    neighbors: Tensor
    """The points of each patch, nearest to its centre first, (B, P, S) int64."""


@torch.no_grad()
def find_patches(points: Tensor, num_patches: int, patch_size: int) -> Patches:
    """Cover clouds by patches.

    The centres spread over the whole cloud, so that a thin handle gets its share of them. Their
    order does not depend on the order of the points.

    Args:
        points: (B, N, 3) [m].
        num_patches: P, 1 ... N.
        patch_size: Points S of a patch, 1 ... N.

    Raises:
        InvalidInputError: If the clouds have too few points.
    """
    if points.ndim != 3 or points.shape[-1] != 3 or points.shape[1] < max(num_patches, patch_size):
        raise InvalidInputError(
            f'points: got {tuple(points.shape)}, expected (B, N, 3) with N >= '
            f'{max(num_patches, patch_size)}'
        )
    centers = _farthest_points(points, num_patches)
    distances = torch.cdist(
        take_points(points, centers), points, compute_mode='donot_use_mm_for_euclid_dist'
    )
    return Patches(centers, distances.topk(patch_size, dim=-1, largest=False).indices)


def take_points(points: Tensor, index: Tensor) -> Tensor:
    """Return `points` (B, N, 3) at `index` (B, ...): (B, ..., 3)."""
    flat = index.flatten(start_dim=1)
    taken = points.gather(1, flat[..., None].expand(-1, -1, 3))
    return taken.reshape(*index.shape, 3)


def _farthest_points(points: Tensor, num: int) -> Tensor:
    """Return indices (B, num): the point farthest from the mean, then from all before."""
    rows = torch.arange(len(points), device=points.device)
    distances = _squared_distances(points, points.mean(dim=1))
    nearest = torch.full_like(distances, torch.inf)
    chosen = [distances.argmax(dim=1)]
    for _ in range(num - 1):
        distances = _squared_distances(points, points[rows, chosen[-1]])
        nearest = torch.minimum(nearest, distances)
        chosen.append(nearest.argmax(dim=1))
    return torch.stack(chosen, dim=1)


def _squared_distances(points: Tensor, origin: Tensor) -> Tensor:
    return (points - origin[:, None]).square().sum(dim=-1)
