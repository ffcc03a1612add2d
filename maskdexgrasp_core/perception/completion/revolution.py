"""Surface of revolution: what was seen free at one azimuth is free at all of them."""

from dataclasses import dataclass

import manifold3d
import numpy as np
import trimesh
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import find_contours

from maskdexgrasp_core.perception.completion.meshing import bad_shape, mesh_of_solid
from maskdexgrasp_core.perception.completion.view_field import ViewField
from maskdexgrasp_core.types import Array, ObservedCloud

_FIT_POINTS = 1200
_FIT_SLICES = 24
_FIT_STEPS = 25
_ARC_SCALE_M = 0.004
_STEP_M = 0.0018
_AZIMUTHS = 28
_SECTIONS = 48
_PAD = 4


@dataclass(frozen=True, kw_only=True)
class Axis:
    """An axis of revolution and a frame on it."""

    origin: Array
    """(3,) point on the axis [m], base frame; the lowest seen position along it."""
    R_base_axis: Array
    """(3, 3); the third column points along the axis."""
    length: float
    """Extent of the visible points along the axis [m]."""
    roundness: float
    """Share of the visible points that lie on an arc about the axis, 0..1."""

    def cylindrical(self, points: Array) -> tuple[Array, Array]:
        """Return radius (N,) and position along the axis (N,) [m] of points (N, 3)."""
        local = (points - self.origin) @ self.R_base_axis
        return np.hypot(local[:, 0], local[:, 1]), local[:, 2]


def fit_axis(cloud: ObservedCloud, direction: Array) -> Axis:
    """Find the axis of the given direction about which the seen sides are round.

    Slices across the direction must each be an arc about one common centre; the centre and the
    radius of each arc are found by iterated reweighted least squares (Tukey weights).

    Args:
        cloud: Visible points of one object.
        direction: (3,) unit vector.
    """
    third = direction / np.linalg.norm(direction)
    to_camera = cloud.camera_position - cloud.points.mean(axis=0)
    first = to_camera - third * (to_camera @ third)
    first /= np.linalg.norm(first)
    rotation = np.column_stack([first, np.cross(third, first), third])
    step = max(1, len(cloud.points) // _FIT_POINTS)
    local = cloud.points[::step] @ rotation
    along = local[:, 2]
    low, high = np.percentile(along, [0.5, 99.5])
    slices = np.clip(
        ((along - low) / max(high - low, 1e-6) * _FIT_SLICES).astype(int), 0, _FIT_SLICES - 1
    )
    centre = _common_centre(local[:, :2], slices)
    origin = rotation @ np.array([centre[0], centre[1], low])
    on_arc = _arc_weights(local[:, :2] - centre, slices, _ARC_SCALE_M)[1] > 0
    return Axis(
        origin=origin,
        R_base_axis=rotation,
        length=float(high - low),
        roundness=float(on_arc.mean()),
    )


def _common_centre(flat: Array, slices: NDArray[np.int64]) -> Array:
    """Return the centre (2,) of the arcs of points (N, 2); the camera stands far along +x.

    A handle pulls the first guess aside, so the best two of a coarse grid of starts compete.
    """
    low, high = np.percentile(flat, [1, 99], axis=0)
    half_width = float(high[1] - low[1]) / 2
    middle = (low + high) / 2
    starts = [np.array([high[0] - half_width, middle[1]])]
    starts += [
        middle + (high - low) / 2 * [x, y]
        for x in (-0.6, -0.3, 0.0, 0.3)
        for y in (-0.6, -0.3, 0.0, 0.3, 0.6)
    ]
    scale = 0.2 * half_width
    thin = slice(None, None, 3)
    votes = [_arc_weights(flat[thin] - c, slices[thin], scale)[1].sum() for c in starts]
    best = [starts[i] for i in np.argsort(votes)[-2:]]
    found = [_refined_centre(flat, slices, start, scale) for start in best]
    final = [_arc_weights(flat - c, slices, _ARC_SCALE_M)[1].sum() for c in found]
    return found[int(np.argmax(final))]


def _refined_centre(flat: Array, slices: NDArray[np.int64], centre: Array, scale: float) -> Array:
    """Return the centre (2,) [m] after Gauss-Newton steps with a narrowing Tukey window."""
    for _ in range(_FIT_STEPS):
        move = _centre_step(flat - centre, slices, scale)
        length = float(np.linalg.norm(move))
        centre = centre + move * min(1.0, 0.01 / max(length, 1e-12))
        scale = max(_ARC_SCALE_M, 0.8 * scale)
        if length < 1e-5 and scale == _ARC_SCALE_M:
            break
    return centre


def _arc_weights(
    offset: Array, slices: NDArray[np.int64], scale: float
) -> tuple[NDArray[np.int64], Array]:
    """Return each point's arc (N,) and its Tukey weight (N,) on that arc.

    Points before and behind the centre are separate arcs: outer wall and inner wall. The usual
    radius of an arc is the third quartile, since a closed top has points further in.
    """
    arcs = 2 * slices + (offset[:, 0] < 0)
    radius = np.hypot(offset[:, 0], offset[:, 1])
    order = np.lexsort((radius, arcs))
    bounds = np.searchsorted(arcs[order], np.arange(arcs.max() + 2))
    middle = np.minimum((bounds[:-1] + 3 * bounds[1:]) // 4, len(order) - 1)
    usual = radius[order][middle]
    return arcs, np.clip(1 - ((radius - usual[arcs]) / scale) ** 2, 0, None) ** 2


def _centre_step(offset: Array, slices: NDArray[np.int64], scale: float) -> Array:
    """Return one Gauss-Newton step (2,) of the centre; radii of the arcs are eliminated."""
    arcs, weight = _arc_weights(offset, slices, scale)
    count = int(arcs.max()) + 1
    radius = np.maximum(np.hypot(offset[:, 0], offset[:, 1]), 1e-6)
    totals = np.maximum(np.bincount(arcs, weights=weight, minlength=count), 1e-9)
    rows = np.column_stack([offset / radius[:, None], radius])
    sums = [np.bincount(arcs, weights=weight * row, minlength=count) for row in rows.T]
    rows = rows - (np.stack(sums, axis=1) / totals[:, None])[arcs]
    weighted = rows[:, :2] * weight[:, None]
    normal = weighted.T @ rows[:, :2] + 1e-3 * np.eye(2)
    return np.asarray(np.linalg.solve(normal, weighted.T @ rows[:, 2]))


@dataclass(frozen=True, kw_only=True)
class Revolution:
    """A body of revolution in the half plane of radius and position along the axis."""

    axis: Axis
    field: Array
    """(R, S) signed distance to the profile [m], negative inside."""
    start: float
    """Position along the axis of column 0 [m]; row 0 is the axis itself."""

    def distance(self, points: Array) -> Array:
        """Return the signed distance (N,) [m] of points (N, 3) to the surface, negative in."""
        radius, along = self.axis.cylindrical(points)
        index = np.stack([radius, along - self.start]) / _STEP_M
        edge = np.array(self.field.shape)[:, None] - 1.0
        beyond = np.linalg.norm(np.clip(index - edge, 0, None) + np.clip(-index, 0, None), axis=0)
        inner = ndimage.map_coordinates(self.field, index, order=1, mode='nearest')
        return np.asarray(inner + beyond * _STEP_M)

    def mesh(self) -> trimesh.Trimesh:
        """Return the closed surface in the base frame.

        Raises:
            StageError: `BAD_SHAPE` when the profile is empty.
        """
        padded = np.pad(self.field, 1, constant_values=_STEP_M)
        padded[0] = padded[1]
        outlines = []
        for contour in find_contours(padded, 0.0):
            outline = (contour - 1.0) * _STEP_M + [0.0, self.start]
            outline[:, 0] = np.maximum(outline[:, 0], 0.0)
            if len(outline) >= 4:
                outlines.append(outline)
        if not outlines:
            raise bad_shape('the body of revolution is empty')
        section = manifold3d.CrossSection(outlines, manifold3d.FillRule.EvenOdd)
        body = section.simplify(0.0003).revolve(_SECTIONS)
        mesh = mesh_of_solid(body)
        mesh.vertices = mesh.vertices @ self.axis.R_base_axis.T + self.axis.origin
        return mesh


def carve_revolution(
    cloud: ObservedCloud,
    view: ViewField,
    axis: Axis,
    table_height: float,
    *,
    free_quantile: float = 0.88,
) -> Revolution:
    """Carve the profile by the free space of the view, all azimuths together.

    Nothing is assumed about the profile: outer wall, opening and inner wall come out where the
    view proves them free; what it never saw stays filled.

    Args:
        cloud: Visible points of the object.
        view: Its free space.
        axis: From `fit_axis`.
        table_height: z below which nothing can be [m].
        free_quantile: This share of the azimuths may deny that a place is free before it counts
            as solid: some are lied about by a handle or by noise.
    """
    radius, along = axis.cylindrical(cloud.points)
    down = axis.origin[2] - table_height
    vertical = axis.R_base_axis[2, 2] > 0.9
    start = (-down if vertical else float(along.min())) - _PAD * _STEP_M
    stop = float(along.max()) + _PAD * _STEP_M
    radii = np.arange(0.0, float(np.percentile(radius, 99)) + 0.006, _STEP_M)
    places = np.arange(start, stop, _STEP_M)
    angles = np.linspace(0, 2 * np.pi, _AZIMUTHS, endpoint=False)
    r, s, a = np.meshgrid(radii, places, angles, indexing='ij')
    local = np.stack([r * np.cos(a), r * np.sin(a), s], axis=-1).reshape(-1, 3)
    samples = local @ axis.R_base_axis.T + axis.origin
    free = view.free_distance(samples)
    free = np.maximum(free, table_height - samples[:, 2]).reshape(r.shape)
    rank = int(free_quantile * _AZIMUTHS)
    carved = np.partition(free, rank, axis=2)[:, :, rank]
    carved = ndimage.gaussian_filter(carved, 0.7)
    return Revolution(axis=axis, field=_redistanced(carved), start=float(places[0]))


def _redistanced(field: Array) -> Array:
    """Make distances of a field Euclidean away from its zero line, keeping the line."""
    inside = field < 0
    if not inside.any() or inside.all():
        return field
    outer = ndimage.distance_transform_edt(~inside) * _STEP_M
    inner = ndimage.distance_transform_edt(inside) * _STEP_M
    far = np.where(inside, 0.5 * _STEP_M - inner, outer - 0.5 * _STEP_M)
    return np.asarray(np.where(np.abs(far) < 1.1 * _STEP_M, np.clip(field, -0.002, 0.002), far))
