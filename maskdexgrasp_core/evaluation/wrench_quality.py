"""Q1: the radius of the ball inside the wrench hull (Ferrari and Canny 1992, epsilon).

Definition, that of DGTR and DexGYS (`cal_q1`), which MaskDexGrasp's table uses:

- A contact at p with outward normal n gives the forces n + mu (cos t u + sin t v), t in steps of
  360/8 degrees, mu = 1, not normalised: the normal part of each is 1.
- A force f gives the wrench (f, lambda (p - c) x f) with lambda = 10 / m.
- Q1 is the least distance from the origin to a facet of the convex hull of all wrenches and the
  zero wrench, at most 1; it has no unit, and 0 means that some load cannot be resisted at all.

Where the source leaves a choice: c is the centre of the object's volume, not the origin of its
frame, and u is a principal direction of the other contacts seen along n, so that Q1 does not
change with the frame, nor with the order of the contacts. Whether n points in or out does not
matter: the hull is only mirrored.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr
from scipy.spatial import ConvexHull, QhullError

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.types import Array

MAX_Q1 = 1.0
VALID_PENETRATION_M = 0.005
"""Deeper grasps have a `valid_q1` of zero."""
_ACCURACY = 1e-6
"""Smaller radii count as zero."""
_NOISE = 1e-8
_ROUNDING = 1e-9
_RANK_TOLERANCE = 1e-6
_EVEN = 1e-9
_FACETS_PER_ROUND = 16


@dataclass(frozen=True, kw_only=True)
class WrenchCfg:
    """How contacts are taken to push."""

    friction: float = 1.0
    """mu, > 0."""
    num_edges: int = 8
    """Of the pyramid that stands for a friction cone, >= 3."""
    torque_weight_per_m: float = 10.0
    """lambda [1/m], > 0: a torque of 0.1 N m counts like a force of 1 N."""

    def __post_init__(self) -> None:
        if not (self.friction > 0.0 and self.num_edges >= 3 and self.torque_weight_per_m > 0.0):
            raise InvalidInputError(
                f'friction and torque weight must be > 0 and edges >= 3, got {self}'
            )


def q1(points: Array, normals: Array, center: Array, cfg: WrenchCfg | None = None) -> float:
    """Return Q1 of one grasp, in 0..1; higher is better.

    Args:
        points: Contacts, (C, 3) [m]; C may be 0.
        normals: Unit normals of the object there, (C, 3).
        center: Point about which torques count, same frame, (3,) [m].
        cfg: Friction and scale.

    Raises:
        InvalidInputError: If a shape is wrong, a value is not finite or a normal not of length 1.
    """
    return min(inscribed_radius(contact_wrenches(points, normals, center, cfg)), MAX_Q1)


def valid_q1(values: Array, penetration_m: Array) -> Array:
    """Return Q1 (B,) where the penetration (B,) [m] is below 5 mm, else 0 (DGTR's joint number).

    Raises:
        InvalidInputError: If the shapes differ or a value is not finite.
    """
    values, depths = np.asarray(values, dtype=float), np.asarray(penetration_m, dtype=float)
    if values.shape != depths.shape or not np.isfinite(values).all() & np.isfinite(depths).all():
        raise InvalidInputError(
            f'Q1 {values.shape} and penetration {depths.shape} must be finite and of one shape'
        )
    return np.where(depths < VALID_PENETRATION_M, values, 0.0)


def contact_wrenches(
    points: Array, normals: Array, center: Array, cfg: WrenchCfg | None = None
) -> Array:
    """Return the wrenches of the cones' edges, (C * num_edges, 6), torques scaled.

    Args and errors are those of `q1`.
    """
    cfg = cfg or WrenchCfg()
    points, normals = np.asarray(points, dtype=float), np.asarray(normals, dtype=float)
    center = np.asarray(center, dtype=float)
    _check(points, normals, center)
    first, second = _tangents(points, normals)
    angles = 2.0 * np.pi * np.arange(cfg.num_edges)[:, None, None] / cfg.num_edges
    sideways = np.cos(angles) * first + np.sin(angles) * second
    forces = (normals + cfg.friction * sideways).reshape(-1, 3)
    arms = np.tile(points - center, (cfg.num_edges, 1))
    return np.hstack([forces, cfg.torque_weight_per_m * np.cross(arms, forces)])


def inscribed_radius(wrenches: Array) -> float:
    """Return the radius of the largest ball about the origin in the hull of wrenches (N, 6).

    Zero when the origin is not inside or the hull is flat. Exact to `_ACCURACY`, for the whole
    hull, of which only a part is built (Zheng 2013, T-RO 29(3)): start with a few wrenches, look
    at the facets nearest to the origin, add the wrenches furthest beyond them, and stop when no
    facet nearer than the best support plane is left. That is up to ten times sooner.

    Raises:
        InvalidInputError: If the shape is wrong or a value is not finite.
    """
    if wrenches.ndim != 2 or wrenches.shape[1] != 6 or not np.isfinite(wrenches).all():
        raise InvalidInputError(f'wrenches must be finite (N, 6), got shape {wrenches.shape}')
    if len(wrenches) <= wrenches.shape[1]:
        return 0.0
    around = wrenches - wrenches.mean(axis=0)
    _, spread, axes = np.linalg.svd(around, full_matrices=False)
    if spread[-1] <= _RANK_TOLERANCE * spread[0]:
        return 0.0
    along = around @ axes.T
    extremes = [along.argmax(axis=0), along.argmin(axis=0), _independent(wrenches)]
    # The edges of a cone lie in a plane; a hull of points in general position is quicker, and
    # growing one step by step is numerically safe.
    noise = np.random.default_rng(0).uniform(-_NOISE, _NOISE, wrenches.shape)
    try:
        return _grow(wrenches + noise, np.unique(np.concatenate(extremes)))
    except QhullError:  # nearly flat: shake the points of the whole hull until it has a volume
        hull = ConvexHull(wrenches, qhull_options='QJ')
        return max(0.0, float((-hull.equations[:, -1]).min()))


def _independent(wrenches: Array) -> NDArray[np.int64]:
    """Return the indices of seven wrenches that span the space."""
    first = int(np.linalg.norm(wrenches, axis=1).argmax())
    _, _, order = qr((wrenches - wrenches[first]).T, mode='economic', pivoting=True)
    return np.append(order[: wrenches.shape[1]], first)


def _grow(wrenches: Array, start: NDArray[np.int64]) -> float:
    """Return the radius, growing the hull of the wrenches with indices `start`."""
    used = np.zeros(len(wrenches), dtype=bool)
    used[start] = True
    hull = ConvexHull(wrenches[start], incremental=True)
    bound = np.inf
    while True:
        offsets = -hull.equations[:, -1]
        nearest = np.argsort(offsets)[:_FACETS_PER_ROUND]
        nearest = nearest[offsets[nearest] < bound]
        reach = hull.equations[nearest, :-1] @ wrenches.T
        support = reach.max(axis=1)
        bound = min(bound, support.min(initial=np.inf))  # no direction reaches less than Q1
        if bound <= _ACCURACY:
            return 0.0
        furthest = reach.argmax(axis=1)[np.minimum(support, bound) > offsets[nearest] + _ROUNDING]
        new = np.unique(furthest[~used[furthest]])
        if len(new) == 0:
            return float(bound)
        hull.add_points(wrenches[new])
        used[new] = True


def _tangents(points: Array, normals: Array) -> tuple[Array, Array]:
    """Return unit vectors u, v (C, 3) that make a right-handed frame with each normal.

    u is the direction along which the other contacts, seen along the normal, spread most. Where
    they spread evenly u depends on the frame.
    """
    helper = np.eye(3)[np.abs(normals).argmin(axis=1)]
    x = np.cross(normals, helper)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    y = np.cross(normals, x)
    offsets = points[None] - points[:, None]
    along_x, along_y = np.einsum('ijk,ik->ij', offsets, x), np.einsum('ijk,ik->ij', offsets, y)
    moments = np.stack([along_x**2 - along_y**2, 2.0 * along_x * along_y]).sum(axis=2)
    moments[np.abs(moments) < _EVEN * (offsets**2).sum()] = 0.0
    angle = 0.5 * np.arctan2(moments[1], moments[0])
    u = np.cos(angle)[:, None] * x + np.sin(angle)[:, None] * y
    return u, np.cross(normals, u)


def _check(points: Array, normals: Array, center: Array) -> None:
    if points.ndim != 2 or points.shape[1:] != (3,) or normals.shape != points.shape:
        raise InvalidInputError(
            f'got points {points.shape} and normals {normals.shape}, expected (C, 3) for both'
        )
    if center.shape != (3,):
        raise InvalidInputError(f'got a centre of shape {center.shape}, expected (3,)')
    if not all(np.isfinite(array).all() for array in (points, normals, center)):
        raise InvalidInputError('contacts must be finite numbers')
    if (np.abs(np.linalg.norm(normals, axis=1) - 1.0) > 1e-3).any():
        raise InvalidInputError('normals of contacts must have length 1')
