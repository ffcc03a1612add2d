"""Which points of a completed surface belong to the part that the sentence names."""

import numpy as np
import trimesh
from numpy.typing import NDArray
from scipy import ndimage

from maskdexgrasp_core.perception.completion.revolution import fit_axis
from maskdexgrasp_core.types import Array, ObservedCloud

_NUM_SAMPLES = 3000
_NUM_SLICES = 40
_TOP_SHARE = 0.15
_VESSELS = ('mug', 'cup', 'bowl', 'pan', 'teapot', 'jar', 'kettle', 'pitcher')
_THIN_HANDLE = ('hammer', 'spoon', 'spatula', 'wrench', 'toothbrush', 'pan', 'ladle', 'brush')
_THICK_HANDLE = ('screwdriver', 'knife', 'flashlight', 'scissors')
_BY_SHAPE = ('handle', 'head', 'blade', 'body')
_MIN_POINTS = 12
_ROUND_SHARE = 0.6
_ELONGATED = 2.2


def find_part(
    shape: trimesh.Trimesh, part: str, table_height: float, *, category: str = '', seed: int = 0
) -> Array:
    """Return points of the surface on the named part.

    Handles are what sticks out of a round body, or the long side of a tool beyond its head;
    rim, lid, cap and neck are fractions of the height. A rule of shape, not a trained model.

    Args:
        shape: Completed surface, base frame [m].
        part: Key of `vocabulary.PARTS`, or ''.
        table_height: z of the table [m].
        category: Key of `vocabulary.CATEGORIES`, or '' when the sentence named none.
        seed: Of the surface samples.

    Returns:
        (M, 3) points [m]; (0, 3) when no part is asked or the shape shows none.
    """
    if not part:
        return np.zeros((0, 3))
    points = np.asarray(trimesh.sample.sample_surface(shape, _NUM_SAMPLES, seed=seed)[0])
    share = (points[:, 2] - table_height) / max(np.ptp(points[:, 2]), 1e-6)
    mask = _by_height(part, share)
    if mask is None:
        mask = _by_shape(part, points, category, share)
    if category in ('bottle', 'spray_bottle') and part in ('body', 'head', 'neck', 'cap'):
        mask = _by_neck(part, points, share)
    return points[mask] if mask.sum() >= _MIN_POINTS else np.zeros((0, 3))


def _by_height(part: str, share: Array) -> NDArray[np.bool_] | None:
    """Select parts that are a fraction of the height; None for those that stick out.

    Parts that no rule knows, such as a lever, are nowhere.
    """
    if part in ('rim', 'top', 'lid', 'cap'):
        return np.asarray(share > 1 - _TOP_SHARE)
    if part == 'bottom':
        return np.asarray(share < _TOP_SHARE)
    if part == 'neck':
        return np.asarray(share > 0.7)
    return None if part in _BY_SHAPE else np.zeros(len(share), dtype=bool)


def _by_neck(part: str, points: Array, share: Array) -> NDArray[np.bool_]:
    """Cut a bottle where it narrows: shoulder below, then neck, cap or head above."""
    upper = np.linspace(0.3, 0.95, 27)
    widths = np.array([_width(points[np.abs(share - s) < 0.03]) for s in upper])
    full = max(_width(points[(share > 0.1) & (share < 0.5)]), 1e-6)
    narrow = np.flatnonzero(widths < 0.75 * full)
    shoulder = float(upper[narrow[0]]) if len(narrow) else 0.85
    if part == 'body':
        return np.asarray(share < shoulder)
    if part == 'cap':
        return np.asarray(share > 1 - 0.6 * (1 - shoulder))
    return np.asarray(share >= shoulder)


def _width(points: Array) -> float:
    """Return the mean horizontal extent of points (N, 3) [m]."""
    return float(np.ptp(points[:, :2], axis=0).mean()) if len(points) > 2 else 0.0


def _by_shape(part: str, points: Array, category: str, share: Array) -> NDArray[np.bool_]:
    """Select handle, head, blade or body."""
    outside, roundness = _outside_of_round_body(points)
    flat = points[:, :2] - points[:, :2].mean(axis=0)
    spread = np.linalg.svd(flat, compute_uv=False)
    long = spread[0] > _ELONGATED * spread[1] and np.ptp(points[:, 2]) < 0.6 * _length(flat)
    vessel = category in _VESSELS or (not category and not long and roundness > _ROUND_SHARE)
    if vessel:
        return outside if part == 'handle' else ~outside
    if category == 'power_drill' and part in ('handle', 'head', 'body'):
        return _drill(part, points, share)
    if category == 'box' or not long:
        return np.full(len(points), part == 'body')
    heavy = _heavy_end(flat, points[:, 2], width_counts=category != 'knife')
    handle_is_heavy = category in _THICK_HANDLE or (
        category not in _THIN_HANDLE and heavy.mean() > 0.5
    )
    if part == 'body':
        return heavy if category == 'flashlight' else np.ones(len(points), dtype=bool)
    return heavy if (part == 'handle') == handle_is_heavy else ~heavy


def _length(flat: Array) -> float:
    """Return the extent of (N, 2) along its main axis [m]."""
    _, _, axes = np.linalg.svd(flat, full_matrices=False)
    return float(np.ptp(flat @ axes[0]))


def _outside_of_round_body(points: Array) -> tuple[NDArray[np.bool_], float]:
    """Return what sticks out of the upright round body (N,), and the share that is round."""
    centre = np.append(np.median(points[:, :2], axis=0), points[:, 2].max())
    cloud = ObservedCloud(
        points=points, colors=None, camera_position=centre + np.array([2.0, 0.0, 1.0])
    )
    axis = fit_axis(cloud, np.array([0.0, 0.0, 1.0]))
    radius, along = axis.cylindrical(points)
    slices = np.clip((along / max(axis.length, 1e-6) * 12).astype(int), 0, 11)
    angle = np.arctan2(*(points[:, :2] - axis.origin[:2]).T)
    sector = ((angle + np.pi) / (2 * np.pi) * 24).astype(int) % 24
    reach = np.zeros((12, 24))
    np.maximum.at(reach, (slices, sector), radius)
    usual = np.array([np.median(row[row > 0]) if (row > 0).any() else 0.0 for row in reach])
    usual = np.maximum(usual, ndimage.minimum_filter1d(ndimage.maximum_filter1d(usual, 3), 3))
    return radius > usual[slices] + 0.004, axis.roundness


def _heavy_end(flat: Array, z: Array, *, width_counts: bool) -> NDArray[np.bool_]:
    """Return the thick end of an elongated shape: cut where two cross-sections differ most.

    The blade of a knife is wider than its handle, so there only the height counts.
    """
    _, _, axes = np.linalg.svd(flat, full_matrices=False)
    along, across = flat @ axes[0], flat @ axes[1]
    low, high = along.min(), along.max()
    slices = np.clip(((along - low) / (high - low) * _NUM_SLICES).astype(int), 0, _NUM_SLICES - 1)
    section = np.zeros(_NUM_SLICES)
    for i in range(_NUM_SLICES):
        mine = slices == i
        if mine.sum() > 2:
            section[i] = width_counts * np.ptp(across[mine]) + np.ptp(z[mine])
    section = ndimage.median_filter(section, size=3)
    best, cut, heavy_first = -1.0, _NUM_SLICES // 2, True
    for i in range(4, _NUM_SLICES - 3):
        first, second = section[:i], section[i:]
        between = i * (_NUM_SLICES - i) * (first.mean() - second.mean()) ** 2
        if between > best:
            best, cut, heavy_first = between, i, bool(first.mean() > second.mean())
    return np.asarray((slices < cut) == heavy_first)


def _drill(part: str, points: Array, share: Array) -> NDArray[np.bool_]:
    """Select the grip of a drill that stands on its battery, or the motor above it."""
    handle = (share > 0.15) & (share < 0.62)
    return handle if part == 'handle' else np.asarray(share >= 0.62)
