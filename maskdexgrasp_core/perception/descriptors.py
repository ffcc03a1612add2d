"""Numbers that tell household objects apart, from the visible points of one cluster."""

from dataclasses import astuple, dataclass

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from maskdexgrasp_core.perception.completion.revolution import fit_axis
from maskdexgrasp_core.types import Array, ObservedCloud

_MAX_POINTS = 1000


@dataclass(frozen=True, kw_only=True)
class Descriptors:
    """Shape of a cluster; lengths in millimetres, shares in percent."""

    height: float
    length: float
    """Longer side of the smallest rectangle around the footprint."""
    width: float
    """Shorter side."""
    roundness: float
    """Share of points on arcs about a vertical axis."""
    lying_roundness: float
    """Share of points on arcs about the long horizontal axis."""
    filling: float
    """Area of the footprint's hull in the rectangle: 100 for a box, 79 for a disc."""
    taper: float
    """Width of the upper fifth in the whole width."""
    opening: float
    """How deep the middle lies under the top, in the height: large for open vessels."""
    evenness: float
    """Narrow half's width in the other half's, along the length: small for hammer and pan."""
    flat_top: float
    """Share of points within 5 mm of the top."""

    def vector(self) -> Array:
        """Return all numbers in the order of the fields."""
        return np.array(astuple(self))


def describe(cloud: ObservedCloud, table_height: float) -> Descriptors:
    """Measure a cluster (N >= 20 points, base frame) that stands on the table."""
    step = max(1, len(cloud.points) // _MAX_POINTS)
    points = cloud.points[::step]
    thin = ObservedCloud(points=points, colors=None, camera_position=cloud.camera_position)
    turned, filling = _turned_to_length(points)
    low, high = np.percentile(turned, [1, 99], axis=0)
    size = np.maximum(high - low, 1e-3)
    height = max(float(high[2]) - table_height, 1e-3)
    upper = turned[turned[:, 2] > table_height + 0.8 * height]
    upper_width = float(np.ptp(upper[:, :2], axis=0).max()) if len(upper) else 0.0
    middle = (low[:2] + high[:2]) / 2
    inner = (np.abs(turned[:, :2] - middle) < 0.22 * size[1]).all(axis=1)
    sunk = float(high[2] - np.median(turned[inner, 2])) if inner.any() else 0.0
    direction = np.linalg.lstsq(points - points.mean(axis=0), turned[:, 0], rcond=None)[0]
    direction[2] = 0.0
    halves = [turned[(turned[:, 0] > middle[0]) == side, 1] for side in (False, True)]
    widths = [float(np.ptp(np.percentile(h, [3, 97]))) if len(h) > 3 else 0.0 for h in halves]
    return Descriptors(
        height=1000 * height,
        length=1000 * float(size[0]),
        width=1000 * float(size[1]),
        roundness=100 * fit_axis(thin, np.array([0.0, 0.0, 1.0])).roundness,
        lying_roundness=100 * fit_axis(thin, direction).roundness,
        filling=100 * filling,
        taper=100 * upper_width / float(size[0]),
        opening=100 * sunk / height,
        evenness=100 * min(widths) / max(*widths, 1e-6),
        flat_top=100 * float((turned[:, 2] > high[2] - 0.005).mean()),
    )


def _turned_to_length(points: Array) -> tuple[Array, float]:
    """Turn points about z so that the smallest rectangle's long side lies along x.

    Returns:
        The points (N, 3) and the share of the rectangle that the footprint's hull fills.
    """
    try:
        hull = ConvexHull(points[:, :2])
    except QhullError:
        return points, 1.0
    outline = points[hull.vertices, :2]
    edges = np.roll(outline, -1, axis=0) - outline
    angles = np.arctan2(edges[:, 1], edges[:, 0])
    along = np.ptp(outline @ np.stack([np.cos(angles), np.sin(angles)]), axis=0)
    across = np.ptp(outline @ np.stack([-np.sin(angles), np.cos(angles)]), axis=0)
    best = int(np.argmin(along * across))
    yaw = float(angles[best]) + (0.0 if along[best] >= across[best] else np.pi / 2)
    c, s = np.cos(yaw), np.sin(yaw)
    rotation = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    filling = float(hull.volume / max(along[best] * across[best], 1e-9))
    return points @ rotation, filling
