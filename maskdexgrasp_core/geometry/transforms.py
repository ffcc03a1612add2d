"""Rigid transforms as 4x4 matrices, batched, for numpy arrays and torch tensors alike.

`T_a_b` is the pose of frame b in frame a: `p_a = T_a_b @ p_b`. Every function takes any leading
batch dimensions and returns the kind that it was given.
"""

from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from maskdexgrasp_core.errors import InvalidInputError

Batch = TypeVar('Batch', NDArray[np.float64], Tensor)


def make_transform(rotation: Batch, translation: Batch) -> Batch:
    """Join rotations (..., 3, 3) and translations (..., 3) [m] into transforms (..., 4, 4).

    Raises:
        InvalidInputError: If the shapes do not fit together.
    """
    if rotation.shape[-2:] != (3, 3) or translation.shape != (*rotation.shape[:-2], 3):
        raise InvalidInputError(
            f'got rotation {tuple(rotation.shape)} and translation {tuple(translation.shape)}, '
            'expected (..., 3, 3) and (..., 3) with the same leading dimensions'
        )
    if isinstance(rotation, Tensor):
        upper = torch.cat([rotation, translation[..., None]], dim=-1)
        bottom = upper.new_tensor([[0.0, 0.0, 0.0, 1.0]]).expand(*rotation.shape[:-2], 1, 4)
        return torch.cat([upper, bottom], dim=-2)
    transform = np.zeros((*rotation.shape[:-2], 4, 4))
    transform[..., :3, :3] = rotation
    transform[..., :3, 3] = translation
    transform[..., 3, 3] = 1.0
    return transform


def invert_transform(transform: Batch) -> Batch:
    """Return `T_b_a` (..., 4, 4) for `T_a_b` (..., 4, 4)."""
    rotation = transform[..., :3, :3].swapaxes(-1, -2)
    return make_transform(rotation, -(rotation @ transform[..., :3, 3:])[..., 0])


def transform_points(transform: Batch, points: Batch) -> Batch:
    """Return points (..., N, 3) [m] of frame b in frame a, given `T_a_b` (..., 4, 4)."""
    return points @ transform[..., :3, :3].swapaxes(-1, -2) + transform[..., None, :3, 3]


def rotate_vectors(transform: Batch, vectors: Batch) -> Batch:
    """Return directions (..., N, 3) of frame b in frame a, given `T_a_b` (..., 4, 4)."""
    return vectors @ transform[..., :3, :3].swapaxes(-1, -2)
