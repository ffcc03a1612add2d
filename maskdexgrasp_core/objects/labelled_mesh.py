"""A mesh whose vertices name parts, as an object on the table; for data that others labelled.

Grasps that come with such a mesh are in its frame, so the way into the object's frame is
returned beside the object.
"""

from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

import numpy as np
import trimesh
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.objects.decomposition import coacd_pieces
from maskdexgrasp_core.objects.family import COLORS
from maskdexgrasp_core.objects.mesh import FRICTION, presumed_mass_kg, upright_turn
from maskdexgrasp_core.objects.mesh_check import close_surface, require_volume
from maskdexgrasp_core.objects.model import ObjectModel, Part
from maskdexgrasp_core.objects.rest import grounding_offset, resting_rotation
from maskdexgrasp_core.objects.shapes import hull
from maskdexgrasp_core.types import Array

_COLOR = 'gray'
_LARGEST_M = 2.0
_NUM_SAMPLES = 6000
_MIXED_SHARE = 0.08
"""A piece with this share of a second part on it is cut in two, if a plane parts them."""
_CLEAN_SHARE = 0.9
"""Samples that a plane must put on their side to be worth a cut."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelledMesh:
    """A surface in metres and what its vertices belong to.

    Raises:
        InvalidInputError: If there is not one part name for each vertex.
    """

    name: str
    """Of the object; unique in a dataset."""
    category: str
    mesh: trimesh.Trimesh
    """Open or closed, as it came [m]."""
    vertex_parts: NDArray[np.str_]
    """(V,) name of the part of each vertex of `mesh`."""
    affordances: dict[str, str] = field(default_factory=dict)
    """Task -> name of the part that serves it."""
    up: Literal['y', 'z'] = 'z'
    """Axis of `mesh` that points up."""

    def __post_init__(self) -> None:
        if len(self.vertex_parts) != len(self.mesh.vertices):
            raise InvalidInputError(
                f'{self.name}: {len(self.vertex_parts)} labels for {len(self.mesh.vertices)} '
                'vertices'
            )


class PlacedObject(NamedTuple):
    """An object at rest, and the way from the mesh's frame into its own."""

    model: ObjectModel
    T_object_mesh: Array
    """(4, 4): p_object = T_object_mesh @ p_mesh."""
    warnings: tuple[str, ...]
    """Guesses that changed the mesh."""


def place_labelled_mesh(source: LabelledMesh) -> PlacedObject:
    """Return the object of a labelled mesh: closed, cut into convex pieces, set on the table.

    Pieces belong to the part that most of their surface is labelled with; pieces that two parts
    share are cut between them. Colour is unknown; weight and friction are presumed.

    Raises:
        InvalidInputError: If the mesh is empty, flat, not finite or larger than 2 m.
    """
    warnings: list[str] = []
    _check(source)
    T_up = _turn_up(source.up)
    samples, names = _labelled_samples(source)
    mesh = close_surface(source.mesh.copy().apply_transform(T_up), source.name, warnings)
    T_stand = upright_turn(mesh)
    if not np.array_equal(T_stand, np.eye(4)):
        warnings.append(f'{source.name} does not stand: laid into its likeliest resting pose')
    mesh.apply_transform(T_stand)
    pieces = coacd_pieces(mesh)
    if not pieces:
        raise InvalidInputError(f'{source.name} cannot be cut into convex pieces')
    samples = trimesh.transform_points(samples, T_stand @ T_up)
    named = _named_pieces(pieces, samples, names)
    missing = sorted(set(np.unique(names)) - set(named))
    if missing:
        warnings.append(f'{source.name}: too little of {", ".join(missing)} to be a part')
    model = ObjectModel(
        name=source.name,
        category=source.category,
        parts=tuple(
            Part(name=name, pieces=tuple(named[name]), color=COLORS[_COLOR])
            for name in sorted(named, key=lambda n: -sum(p.volume for p in named[n]))
        ),
        mass_kg=presumed_mass_kg(mesh),
        friction=FRICTION,
        affordances={task: part for task, part in source.affordances.items() if part in named},
    )
    placed, T_rest = _at_rest(model)
    return PlacedObject(placed, T_rest @ T_stand @ T_up, tuple(warnings))


def _at_rest(model: ObjectModel) -> tuple[ObjectModel, Array]:
    """Return the model as it rests on the table, and the pose (4, 4) of its old frame there."""
    vertices = np.asarray(model.mesh.vertices)
    T_rest = resting_rotation(vertices, model.center_of_mass)
    T_rest[:3, 3] = grounding_offset(vertices @ T_rest[:3, :3].T)
    parts = tuple(
        replace(part, pieces=tuple(p.copy().apply_transform(T_rest) for p in part.pieces))
        for part in model.parts
    )
    return replace(model, parts=parts), T_rest


def _check(source: LabelledMesh) -> None:
    mesh = source.mesh
    if len(mesh.faces) == 0 or not np.isfinite(mesh.vertices).all():
        raise InvalidInputError(f'{source.name}: the mesh is empty or not finite')
    if mesh.extents.max() > _LARGEST_M:
        raise InvalidInputError(
            f'{source.name} is {mesh.extents.max():.3g} m long; are its vertices in metres?'
        )
    require_volume(mesh, source.name)


def _turn_up(up: str) -> Array:
    if up == 'z':
        return np.eye(4)
    return np.asarray(trimesh.transformations.rotation_matrix(np.pi / 2, (1, 0, 0)))


def _labelled_samples(source: LabelledMesh) -> tuple[Array, NDArray[np.str_]]:
    """Return points on the surface (N, 3) and the part of each: that of the nearest corner."""
    points, faces = trimesh.sample.sample_surface(source.mesh, _NUM_SAMPLES, seed=0)
    corners = np.asarray(source.mesh.faces)[faces]
    away = np.linalg.norm(np.asarray(source.mesh.vertices)[corners] - points[:, None], axis=2)
    nearest = corners[np.arange(len(points)), away.argmin(axis=1)]
    return np.asarray(points, dtype=float), source.vertex_parts[nearest]


def _named_pieces(
    pieces: tuple[trimesh.Trimesh, ...], samples: Array, names: NDArray[np.str_]
) -> dict[str, list[trimesh.Trimesh]]:
    """Return part -> pieces; every piece takes the samples that are nearest to its surface."""
    owners = _nearest_piece(pieces, samples)
    tree = cKDTree(samples)
    named: dict[str, list[trimesh.Trimesh]] = {}
    for index, piece in enumerate(pieces):
        own = owners == index
        if not own.any():  # wholly inside of others
            own = np.zeros(len(samples), dtype=bool)
            own[tree.query(piece.centroid)[1]] = True
        for name, half in _parted(piece, samples[own], names[own]):
            named.setdefault(name, []).append(half)
    return named


def _nearest_piece(pieces: tuple[trimesh.Trimesh, ...], samples: Array) -> NDArray[np.int64]:
    """Return the piece that each sample lies deepest in, or is least outside of, (N,)."""
    depths = []
    for piece in pieces:
        normals = np.asarray(piece.face_normals)
        levels = np.einsum('fk,fk->f', normals, np.asarray(piece.triangles)[:, 0])
        depths.append((samples @ normals.T - levels).max(axis=1))
    return np.abs(np.stack(depths)).argmin(axis=0)


def _parted(
    piece: trimesh.Trimesh, samples: Array, names: NDArray[np.str_]
) -> list[tuple[str, trimesh.Trimesh]]:
    """Return the piece under its part, or its two halves where a plane divides two parts."""
    kinds, counts = np.unique(names, return_counts=True)
    order = np.argsort(-counts, kind='stable')
    first = str(kinds[order[0]])
    if len(kinds) == 1 or counts[order[1]] < _MIXED_SHARE * len(names):
        return [(first, piece)]
    second = str(kinds[order[1]])
    plane = _dividing_plane(samples[names == first], samples[names == second])
    if plane is None:
        return [(first, piece)]
    halves = [_half(piece, *plane), _half(piece, plane[0], -plane[1])]
    if any(half is None for half in halves):
        return [(first, piece)]
    return [(n, half) for n, half in zip((first, second), halves, strict=True) if half is not None]


def _dividing_plane(first: Array, second: Array) -> tuple[Array, Array] | None:
    """Return a point and the normal of the plane with `first` on its positive side, or None.

    The normal is that of Fisher's discriminant; the place is where fewest samples are wrong.
    """
    spread = np.cov(first.T, bias=True) + np.cov(second.T, bias=True)
    spread += 1e-3 * np.trace(spread) * np.eye(3)
    normal = np.linalg.solve(spread, first.mean(0) - second.mean(0))
    length = np.linalg.norm(normal)
    if not length > 0.0:
        return None
    normal /= length
    a, b = np.sort(first @ normal), np.sort(second @ normal)
    places = np.linspace(b[0], a[-1], 200)
    right = (len(a) - np.searchsorted(a, places)) / len(a) + np.searchsorted(b, places) / len(b)
    if right.max() / 2 < _CLEAN_SHARE:
        return None
    best = places[right > right.max() - 1e-9]
    return float(np.median(best)) * normal, normal


def _half(piece: trimesh.Trimesh, point: Array, normal: Array) -> trimesh.Trimesh | None:
    """Return the hull of what lies on the positive side of a plane, or None if that is flat."""
    vertices = np.asarray(piece.vertices)
    height = (vertices - point) @ normal
    start, end = np.asarray(piece.edges_unique).T
    crossing = height[start] * height[end] < 0.0
    start, end = start[crossing], end[crossing]
    share = (height[start] / (height[start] - height[end]))[:, None]
    cut = vertices[start] + share * (vertices[end] - vertices[start])
    kept = np.concatenate([vertices[height >= 0.0], cut])
    if len(kept) < 4 or np.linalg.matrix_rank(kept - kept[0], tol=1e-6) < 3:
        return None
    half = hull(kept)
    return half if half.volume > 1e-9 else None
