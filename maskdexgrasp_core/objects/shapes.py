"""Convex building blocks: everything an object is made of is a hull of a few rings of points."""

import itertools
from collections.abc import Sequence

import numpy as np
import trimesh

from maskdexgrasp_core.types import Array

SECTIONS = 24
"""Corners of a round cross section; a multiple of four puts a flat face at the bottom."""


def hull(points: Array) -> trimesh.Trimesh:
    """Return the convex hull of points (N, 3) [m] as a watertight mesh."""
    return trimesh.convex.convex_hull(np.asarray(points, dtype=float))


def ring(
    radius: float,
    height: float,
    *,
    sections: int = SECTIONS,
    stretch: tuple[float, float] = (1, 1),
) -> Array:
    """Return a regular polygon (sections, 3) about z at `height`, stretched along x and y."""
    angles = (np.arange(sections) + 0.5) * 2 * np.pi / sections
    return np.stack(
        [
            radius * stretch[0] * np.cos(angles),
            radius * stretch[1] * np.sin(angles),
            np.full(sections, height),
        ],
        axis=1,
    )


def revolve(
    profile: Sequence[tuple[float, float]],
    *,
    sections: int = SECTIONS,
    stretch: tuple[float, float] = (1, 1),
) -> trimesh.Trimesh:
    """Return the convex solid of revolution about z through `profile` [(radius, z), ...] [m]."""
    rings = [ring(radius, z, sections=sections, stretch=stretch) for radius, z in profile]
    return hull(np.concatenate(rings))


def revolve_x(
    profile: Sequence[tuple[float, float]],
    *,
    sections: int = SECTIONS,
    stretch: tuple[float, float] = (1, 1),
) -> trimesh.Trimesh:
    """Return a convex solid about the x axis through `profile` [(radius, x), ...] [m].

    `stretch` scales it along y and z. A flat face points down.
    """
    rings = [ring(radius, x, sections=sections, stretch=stretch) for radius, x in profile]
    return hull(np.concatenate(rings)[:, [2, 0, 1]])


def hollow_wall(
    profile: Sequence[tuple[float, float, float]], *, segments: int = 12
) -> tuple[trimesh.Trimesh, ...]:
    """Return a wall about z as convex segments, so that the inside is really hollow.

    Args:
        profile: (outer radius, inner radius, z) [m] from the bottom up; one layer of segments
            between neighbours.
        segments: Around the axis; the outside has twice as many corners.
    """
    step = 2 * np.pi / segments
    pieces = []
    for low, high in itertools.pairwise(profile):
        for index in range(segments):
            start = index * step
            corners = [
                (radius * np.cos(angle), radius * np.sin(angle), z)
                for outer, inner, z in (low, high)
                for radius, angles in (
                    (outer, (start, start + step / 2, start + step)),
                    (inner, (start, start + step)),
                )
                for angle in angles
            ]
            pieces.append(hull(np.asarray(corners)))
    return tuple(pieces)


def rounded_box(
    size: tuple[float, float, float],
    center: tuple[float, float, float] = (0, 0, 0),
    *,
    bevel: float = 0.002,
) -> trimesh.Trimesh:
    """Return a box of `size` (x, y, z) [m] about `center` whose edges are cut by `bevel` [m]."""
    half = np.asarray(size, dtype=float) / 2
    signs = np.array(np.meshgrid(*[(-1, 1)] * 3)).reshape(3, -1).T
    corners = [signs * (half - bevel * (np.arange(3) != axis)) for axis in range(3)]
    return hull(np.concatenate(corners) + np.asarray(center))


def swept(
    path: Array,
    *,
    width: float | Array,
    thickness: float | Array,
    side: tuple[float, float, float] = (0, 1, 0),
    sections: int = 8,
) -> tuple[trimesh.Trimesh, ...]:
    """Return an elliptic rod along a path, one convex piece per leg of the path.

    Args:
        path: (N, 3) [m], in a plane.
        width: Along `side`, one value or one per point [m].
        thickness: Across `side` and the path, one value or one per point [m].
        side: Unit normal of the plane of the path.
        sections: Corners of the cross section.
    """
    path = np.asarray(path, dtype=float)
    tangents = np.gradient(path, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    outward = np.cross(tangents, np.asarray(side, dtype=float))
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    angles = (np.arange(sections) + 0.5) * 2 * np.pi / sections
    half_width = np.broadcast_to(width, len(path))[:, None, None] / 2 / np.cos(np.pi / sections)
    half_thick = (
        np.broadcast_to(thickness, len(path))[:, None, None] / 2 / np.cos(np.pi / sections)
    )
    rings = (
        path[:, None]
        + half_width * np.cos(angles)[None, :, None] * np.asarray(side, dtype=float)
        + half_thick * np.sin(angles)[None, :, None] * outward[:, None]
    )
    return tuple(hull(np.concatenate(pair)) for pair in itertools.pairwise(rings))


def moved(
    piece: trimesh.Trimesh,
    offset: tuple[float, float, float] = (0, 0, 0),
    *,
    pitch_rad: float = 0.0,
) -> trimesh.Trimesh:
    """Return a copy turned by `pitch_rad` about y, then shifted by `offset` [m]."""
    transform = trimesh.transformations.rotation_matrix(pitch_rad, (0, 1, 0))
    transform[:3, 3] = offset
    return piece.copy().apply_transform(transform)
