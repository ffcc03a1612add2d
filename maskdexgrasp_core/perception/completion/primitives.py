"""Fitted bodies: box, sphere and bodies of revolution, and how well each explains the view."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import trimesh
from scipy.optimize import least_squares
from scipy.spatial import ConvexHull, QhullError

from maskdexgrasp_core.perception.completion.meshing import bad_shape
from maskdexgrasp_core.perception.completion.revolution import carve_revolution, fit_axis
from maskdexgrasp_core.perception.completion.view_field import ViewField
from maskdexgrasp_core.types import Array, ObservedCloud

EXPLAINED_M = 0.003
"""A visible point this close to a body's surface is explained by it."""
_FREE_MARGIN_M = 0.006
_FREE_WEIGHT = 1.0
_MIN_ROUNDNESS = 0.45
_CERTAIN = 0.97
"""No further body is tried after one with this score."""
_FREE_QUANTILES = (0.88, 0.72)
"""The second saves thin walls that a slightly wrong axis would carve away from both sides."""
_MIN_ELONGATION = 1.6


@dataclass(frozen=True, kw_only=True)
class Body:
    """A fitted body."""

    kind: str
    """'sphere', 'box', 'upright' or 'lying' (bodies of revolution)."""
    distance: Callable[[Array], Array]
    """Signed distance (N,) [m] of points (N, 3), base frame, negative inside."""
    build: Callable[[], trimesh.Trimesh]
    """Makes the closed mesh."""
    explained: float
    """Share of the visible points on its surface, 0..1."""
    in_free_space: float
    """Share of its surface that the view proves empty, 0..1."""

    @property
    def score(self) -> float:
        """Higher is better, at most 1."""
        return self.explained - _FREE_WEIGHT * self.in_free_space


def fit_bodies(cloud: ObservedCloud, view: ViewField, table_height: float) -> tuple[Body, ...]:
    """Fit every body that the view does not rule out early, best first.

    Args:
        cloud: Visible points of one object, base frame.
        view: Its free space.
        table_height: z of the table [m].
    """
    flat = cloud.points[:, :2] - cloud.points[:, :2].mean(axis=0)
    _, spread, axes = np.linalg.svd(flat, full_matrices=False)
    lying = np.array([axes[0, 0], axes[0, 1], 0.0])
    upright = np.array([0.0, 0.0, 1.0])
    fits: list[Callable[[], Body | None]] = [
        lambda: _sphere(cloud, view, table_height),
        lambda: _box(cloud, view, table_height),
        lambda: _revolution(cloud, view, table_height, 'upright', upright),
    ]
    if spread[0] > _MIN_ELONGATION * spread[1]:
        fits.append(lambda: _revolution(cloud, view, table_height, 'lying', lying))
    bodies: list[Body] = []
    for fit in fits:
        if len(bodies) and max(b.score for b in bodies) > _CERTAIN:
            break
        body = fit()
        if body is not None:
            bodies.append(body)
    return tuple(sorted(bodies, key=lambda b: -b.score))


class FittedPrimitives:
    """The one fitted body that explains the view best."""

    def __init__(self) -> None:
        self.name = 'primitives'

    def complete(self, cloud: ObservedCloud, table_height: float) -> trimesh.Trimesh:
        """Return the best body's mesh; see `protocols.ShapeCompletion`."""
        if len(cloud.points) < 8:
            raise bad_shape(f'{len(cloud.points)} points are too few to complete a shape')
        bodies = fit_bodies(cloud, ViewField.from_cloud(cloud), table_height)
        if not bodies:
            raise bad_shape('neither box, sphere nor body of revolution fits the points')
        return bodies[0].build()


def _judged(
    kind: str,
    build: Callable[[], trimesh.Trimesh],
    distance: Callable[[Array], Array],
    evidence: tuple[ObservedCloud, Array],
) -> Body:
    """Return the body with its shares; `evidence`: the cloud and the free distance of samples."""
    cloud, free = evidence
    return Body(
        kind=kind,
        distance=distance,
        build=build,
        explained=float((np.abs(distance(cloud.points)) < EXPLAINED_M).mean()),
        in_free_space=float((free > _FREE_MARGIN_M).mean()) if len(free) else 0.0,
    )


def _sphere(cloud: ObservedCloud, view: ViewField, table_height: float) -> Body | None:
    """Fit a sphere by robust least squares, started from the algebraic solution."""
    points = cloud.points[:: max(1, len(cloud.points) // 400)]
    design = np.column_stack([2 * points, np.ones(len(points))])
    solution = np.linalg.lstsq(design, (points**2).sum(axis=1), rcond=None)[0]
    radius = float(np.sqrt(max(solution[3] + solution[:3] @ solution[:3], 1e-8)))
    start = np.append(solution[:3], radius)
    fit = least_squares(
        lambda x: np.linalg.norm(points - x[:3], axis=1) - x[3],
        start,
        loss='soft_l1',
        f_scale=0.002,
        max_nfev=30,
    ).x
    centre, radius = fit[:3], float(fit[3])
    sinks = centre[2] - radius < table_height - 0.010
    if not 0.005 < radius < 0.15 or sinks:
        return None
    ball = trimesh.creation.icosphere(subdivisions=3, radius=radius)
    ball.apply_translation(centre)

    def distance(positions: Array) -> Array:
        return np.asarray(np.linalg.norm(positions - centre, axis=1) - radius)

    free = view.free_distance(np.asarray(ball.vertices))
    return _judged('sphere', lambda: ball, distance, (cloud, free))


def _box(cloud: ObservedCloud, view: ViewField, table_height: float) -> Body | None:
    """Fit an upright box: smallest rectangle around the footprint, top from the top layer."""
    points = cloud.points
    try:
        outline = points[ConvexHull(points[:, :2]).vertices, :2]
    except QhullError:
        return None
    edges = np.roll(outline, -1, axis=0) - outline
    angles = np.arctan2(edges[:, 1], edges[:, 0])
    cosines, sines = np.cos(angles), np.sin(angles)
    thin = points[:: max(1, len(points) // 500), :2]
    along = thin @ np.stack([cosines, sines])
    across = thin @ np.stack([-sines, cosines])
    areas = _span(along) * _span(across)
    yaw = float(angles[np.argmin(areas)])
    rotation = trimesh.transformations.rotation_matrix(yaw, [0, 0, 1])[:3, :3]
    turned = points @ rotation
    low = np.array([_side(turned[:, 0], -1), _side(turned[:, 1], -1), table_height])
    high = np.array([_side(turned[:, i], 1) for i in range(3)])
    if (high - low < 0.004).any():
        return None
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = rotation, rotation @ ((low + high) / 2)
    mesh = trimesh.creation.box(extents=high - low, transform=pose)

    def distance(positions: Array) -> Array:
        excess = np.abs(positions @ rotation - (low + high) / 2) - (high - low) / 2
        outside = np.linalg.norm(np.maximum(excess, 0), axis=1)
        return np.asarray(outside + np.minimum(excess.max(axis=1), 0))

    samples = trimesh.sample.sample_surface(mesh, 600, seed=0)[0]
    return _judged('box', lambda: mesh, distance, (cloud, view.free_distance(samples)))


def _span(values: Array) -> Array:
    """Return the robust extent of each column of (N, K)."""
    low, high = np.percentile(values, [1, 99], axis=0)
    return np.asarray(high - low)


def _side(values: Array, sign: int) -> float:
    """Return where a side of a box lies: on the seen face, or at the edge of the other faces.

    A face seen from the front gives a crowd of points at the outermost place, whose middle is
    averaged against noise; a hidden face is known by the edge of its neighbours only.
    """
    signed = sign * values
    edge = float(np.percentile(signed, 99.3))
    layer = signed[np.abs(signed - edge) < 0.003]
    behind = np.count_nonzero((signed < edge - 0.003) & (signed > edge - 0.009))
    return sign * (float(np.median(layer)) if len(layer) > 1.5 * behind else edge)


def _revolution(
    cloud: ObservedCloud, view: ViewField, table_height: float, kind: str, direction: Array
) -> Body | None:
    """Fit a body of revolution about an axis of this direction."""
    axis = fit_axis(cloud, direction)
    if axis.roundness < _MIN_ROUNDNESS:
        return None
    found = []
    for quantile in _FREE_QUANTILES:
        body = carve_revolution(cloud, view, axis, table_height, free_quantile=quantile)
        if (body.field < 0).any():
            found.append(_judged(kind, body.mesh, body.distance, (cloud, np.zeros(0))))
            if found[-1].explained > axis.roundness - 0.1:
                break
    return max(found, key=lambda b: b.score, default=None)
