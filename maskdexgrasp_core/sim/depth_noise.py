"""What a D435 does to depth: steps, noise, holes at edges, dead pixels.

Numbers and their sources are in `CameraCfg`. Everything is vectorised over the picture.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from maskdexgrasp_core.sim.camera_model import CameraCfg

FloatImage = NDArray[np.float32]


def corrupt_depth(
    depth_m: FloatImage, camera: CameraCfg, generator: np.random.Generator
) -> FloatImage:
    """Return `depth_m` (H, W) [m] as the camera would report it; 0 where it reports nothing."""
    low, high = _neighbourhood_range(depth_m)
    near_edge = high - low > camera.edge_jump_ratio * low
    sigma = _noise_sigma(depth_m, camera)
    noise = generator.standard_normal(depth_m.shape, dtype=np.float32)
    noise += _smooth_noise(depth_m.shape, camera.smooth_scale_px, generator)
    measured = depth_m + sigma * noise
    chance = generator.random(depth_m.shape, dtype=np.float32)
    mixed = near_edge & (chance < camera.edge_mixing)
    blend = generator.random(int(mixed.sum()), dtype=np.float32)
    measured[mixed] = low[mixed] + blend * (high[mixed] - low[mixed])
    missing = near_edge & (chance > 1.0 - camera.edge_dropout)
    missing |= generator.random(depth_m.shape, dtype=np.float32) < camera.dead_pixels
    missing |= (depth_m < camera.min_depth_m) | (depth_m > camera.max_depth_m)
    measured[missing] = 0.0
    unit = np.float32(camera.depth_unit_m)
    return (np.round(measured / unit) * unit).astype(np.float32)


def _noise_sigma(depth_m: FloatImage, camera: CameraCfg) -> FloatImage:
    """Standard deviation [m] of one noise part: z^2 s / (f B)."""
    scale = camera.subpixel_error_px / (camera.focal_length_px * camera.baseline_m)
    bounded = np.minimum(depth_m, np.float32(camera.max_depth_m))
    return (np.float32(scale) * bounded * bounded).astype(np.float32)


def _neighbourhood_range(depth_m: FloatImage) -> tuple[FloatImage, FloatImage]:
    """Least and greatest depth in the 3x3 pixels around each pixel."""
    padded = np.pad(depth_m, 1, mode='edge')
    columns = (padded[:, :-2], padded[:, 1:-1], padded[:, 2:])
    low = np.minimum(np.minimum(columns[0], columns[1]), columns[2])
    high = np.maximum(np.maximum(columns[0], columns[1]), columns[2])
    low = np.minimum(np.minimum(low[:-2], low[1:-1]), low[2:])
    high = np.maximum(np.maximum(high[:-2], high[1:-1]), high[2:])
    return low, high


def _smooth_noise(
    shape: tuple[int, ...], spacing_px: int, generator: np.random.Generator
) -> FloatImage:
    """Unit variance noise that changes over `spacing_px`: knots, linearly interpolated."""
    rows, columns = (_interpolation(size, spacing_px) for size in shape)
    knots = generator.standard_normal((rows.shape[1], columns.shape[1]), dtype=np.float32)
    return np.asarray(rows @ knots @ columns.T, dtype=np.float32)


@lru_cache(maxsize=8)
def _interpolation(size: int, spacing_px: int) -> FloatImage:
    """(size, knots) weights whose rows have unit norm, so that variance stays one."""
    position = np.arange(size, dtype=np.float32) / spacing_px
    knots = np.arange(int(position[-1]) + 2, dtype=np.float32)
    weights = np.maximum(0.0, 1.0 - np.abs(position[:, None] - knots))
    return (weights / np.linalg.norm(weights, axis=1, keepdims=True)).astype(np.float32)
