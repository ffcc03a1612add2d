"""Outlines that families share: silhouettes, loops of handles, knobs, slabs and frames."""

import itertools
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import trimesh

from maskdexgrasp_core.objects.shapes import hull, revolve, swept
from maskdexgrasp_core.types import Array

T = TypeVar('T')
Pieces = tuple[trimesh.Trimesh, ...]

SILHOUETTES = ('straight', 'flared', 'tapered', 'bulged', 'waisted')
"""How the radius of a vessel runs from its foot to its top."""


def pick(rng: np.random.Generator, *options: T) -> T:
    """Return one of the options, all equally likely."""
    return options[int(rng.integers(len(options)))]


def silhouette(kind: str, height: float, *, depth: float) -> list[tuple[float, float]]:
    """Return [(share of the largest radius, z [m]), ...] from z = 0 to `height`.

    Args:
        kind: Of `SILHOUETTES`; flared is wider at the top, tapered at the foot.
        height: [m].
        depth: By which share of the largest radius the narrowest place is narrower, in 0..1.
    """
    levels = (0.0, 1.0) if kind in ('straight', 'flared', 'tapered') else (0.0, 0.5, 1.0)
    share = {
        'straight': lambda s: 1.0,
        'flared': lambda s: 1 - depth * (1 - s),
        'tapered': lambda s: 1 - depth * s,
        'bulged': lambda s: 1 - depth * (2 * s - 1) ** 2,
        'waisted': lambda s: 1 - depth * (1 - (2 * s - 1) ** 2),
    }[kind]
    return [(share(s), s * height) for s in levels]


def turned(
    profile: Sequence[tuple[float, float]],
    *,
    sections: int = 24,
    stretch: tuple[float, float] = (1, 1),
) -> Pieces:
    """Return a body of revolution about z that may be waisted: one piece per leg of `profile`."""
    return tuple(
        revolve(pair, sections=sections, stretch=stretch) for pair in itertools.pairwise(profile)
    )


def half_loop(span: float, reach: float, *, squareness: float = 2.0, legs: int = 8) -> Array:
    """Return (legs + 1, 3) points of half a superellipse in the xz plane, top end first.

    It starts at (0, 0, span / 2), reaches x = `reach` and ends at (0, 0, -span / 2) [m].

    Args:
        span: Distance of the two ends [m].
        reach: How far it stands off the line between the ends [m].
        squareness: 2 makes an ellipse (a ring), 3 an ear, 5 a D.
        legs: Straight pieces.
    """
    angles = np.linspace(np.pi / 2, -np.pi / 2, legs + 1)
    cosine, sine = np.cos(angles).clip(0.0), np.sin(angles)
    power = 2.0 / squareness
    return np.stack(
        [
            reach * cosine**power,
            np.zeros(legs + 1),
            span / 2 * np.sign(sine) * np.abs(sine) ** power,
        ],
        axis=1,
    )


def wall_loop(
    outline: Sequence[tuple[float, float]],
    ends: tuple[float, float],
    clearance: float,
    *,
    squareness: float,
) -> Array:
    """Return the path of a handle at the +x side of a vessel, both ends in its wall.

    Args:
        outline: [(outer radius, z), ...] of the vessel from its foot up [m].
        ends: Heights of the lower and the upper end [m].
        clearance: How far the middle of the handle stands off the wall [m].
        squareness: As of `half_loop`.
    """
    radii, heights = np.asarray(outline, dtype=float).T
    low, high = ends
    path = half_loop(high - low, 1.0, squareness=squareness)
    z = path[:, 2] + (low + high) / 2
    chord = np.interp([low, high], heights, radii)
    between = np.linspace(low, high, 9)
    bulge = np.max(np.interp(between, heights, radii) - np.interp(between, ends, chord))
    x = np.interp(z, ends, chord) - 0.0025 + (clearance + bulge) * path[:, 0]
    return np.stack([x, 0 * z, z], axis=1)


def arch(span: float, rise: float, height: float, *, squareness: float = 2.5) -> Array:
    """Return the path of a handle over the top, from x = -span / 2 to span / 2 at z = `height`."""
    path = half_loop(span, rise, squareness=squareness)
    return np.stack([-path[:, 2], path[:, 1], path[:, 0] + height], axis=1)


def bow_handle(path: Array, rng: np.random.Generator, *, width: float, thickness: float) -> Pieces:
    """Return a rod along a path in the xz plane; some are thicker where the hand holds them."""
    swell = pick(rng, 0.0, 0.0, 0.35)
    middle = 1 + swell * np.sin(np.linspace(0, np.pi, len(path)))
    sections = pick(rng, 8, 8, 6)
    return swept(path, width=width * middle, thickness=thickness * middle, sections=sections)


def knob(rng: np.random.Generator, radius: float, height: float) -> Pieces:
    """Return a knob about z that stands on z = 0; some narrow at the foot, some do not."""
    profile = {
        'mushroom': [(0.55, 0.0), (0.5, 0.38), (1.0, 0.48), (1.0, 0.88), (0.6, 1.0)],
        'ball': [(0.5, 0.0), (0.5, 0.2), (0.92, 0.36), (1.0, 0.6), (0.88, 0.86), (0.4, 1.0)],
        'cylinder': [(0.95, 0.0), (1.0, 0.1), (1.0, 0.92), (0.92, 1.0)],
        'cone': [(0.6, 0.0), (0.95, 0.55), (1.0, 0.9), (0.9, 1.0)],
    }[pick(rng, 'mushroom', 'ball', 'cylinder', 'cone')]
    return turned(
        [(radius * share, height * z) for share, z in profile], sections=pick(rng, 16, 16, 8)
    )


def rounded_rectangle(size: tuple[float, float], corner: float) -> Array:
    """Return points (12, 2) whose hull is a rectangle of `size` (x, y) [m] with cut corners."""
    near = np.asarray(size) / 2 - corner * np.array([[0.0, 1.0], [0.293, 0.293], [1.0, 0.0]])
    return np.concatenate([near * sign for sign in ((1, 1), (-1, 1), (-1, -1), (1, -1))])


def slab(outline: Array, low: float, high: float, *, bevel: float = 0.0) -> trimesh.Trimesh:
    """Return the hull of an outline (N, 2) between two heights [m], its edges cut by `bevel`."""
    middle = outline.mean(axis=0)
    inner = middle + (outline - middle) * (1 - bevel / np.abs(outline - middle).max())
    levels = [(inner, low), (outline, low + bevel), (outline, high - bevel), (inner, high)]
    return hull(np.concatenate([np.column_stack([o, np.full(len(o), z)]) for o, z in levels]))


def posed(
    pieces: Sequence[trimesh.Trimesh],
    offset: tuple[float, float, float] = (0, 0, 0),
    *,
    axis: tuple[float, float, float] = (0, 0, 1),
    angle_rad: float = 0.0,
    scale: tuple[float, float, float] = (1, 1, 1),
) -> Pieces:
    """Return copies scaled, then turned about an axis through the origin, then shifted [m]."""
    transform = trimesh.transformations.rotation_matrix(angle_rad, axis)
    transform = transform @ np.diag([*scale, 1.0])
    transform[:3, 3] = offset
    return tuple(piece.copy().apply_transform(transform) for piece in pieces)
