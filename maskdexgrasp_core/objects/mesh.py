"""Any mesh file of the user as an object on the table."""

import re
from pathlib import Path

import numpy as np
import trimesh
from trimesh.visual import TextureVisuals

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.objects.catalog import CATEGORIES, rest_on_table
from maskdexgrasp_core.objects.decomposition import coacd_pieces
from maskdexgrasp_core.objects.family import COLORS
from maskdexgrasp_core.objects.mesh_check import (
    close_surface,
    read_mesh,
    require_volume,
    scale_to_metres,
)
from maskdexgrasp_core.objects.model import ObjectModel, Part
from maskdexgrasp_core.objects.rest import resting_rotation, support_margin
from maskdexgrasp_core.types import Array

_DENSITY = 300.0
"""Mass over volume of the convex hull [kg/m3]: household things are mostly hollow."""
_MASS_RANGE_KG = (0.05, 0.6)
FRICTION = 0.7
"""Sliding friction with the fingers, where nothing is known of the material."""
_UPRIGHT_RAD = np.radians(10)
"""A mesh that rests within this turn of its own z axis keeps that axis up."""
_UPRIGHT_MARGIN_M = 0.003
_FLAT_M = 0.0005
"""Unevenness of a scanned base that still carries the object."""


def load_mesh_object(path: Path | str) -> tuple[ObjectModel, list[str]]:
    """Return the object of a mesh file (.obj, .stl, .ply, .glb, .off ...) and what was changed.

    Unit, holes, orientation, weight and convex pieces are worked out from the geometry; each
    guess that changes the mesh is a sentence in the returned warnings.

    Args:
        path: Of the file; all bodies in it make one object. The name of the file gives name
            and category ('025_mug.stl' is a mug, 'scan.obj' a scan).

    Raises:
        InvalidInputError: If the file is missing, unreadable, empty, flat, not finite, or has
            a size that makes no sense.
    """
    path = Path(path)
    warnings: list[str] = []
    mesh = read_mesh(path)
    scale_to_metres(mesh, path.name, warnings)
    require_volume(mesh, path.name)
    color_name = _color_word(mesh)
    mesh = close_surface(mesh, path.name, warnings)
    turn = upright_turn(mesh)
    if not np.array_equal(turn, np.eye(4)):
        mesh.apply_transform(turn)
        warnings.append(
            f'{path.name} does not stand on its z axis: laid into its likeliest resting pose'
        )
    pieces = coacd_pieces(mesh)
    if not pieces:
        raise InvalidInputError(f'{path.name} has no volume that can be cut into convex pieces')
    words = _words(path)
    known = [category for category in CATEGORIES if set(category.split('_')) <= set(words)]
    model = ObjectModel(
        name=re.sub(r'\W', '_', path.stem) or 'object',
        category=max(known, key=len) if known else '_'.join(words) or 'object',
        parts=(Part(name='body', pieces=pieces, color=COLORS[color_name]),),
        mass_kg=presumed_mass_kg(mesh),
        friction=FRICTION,
        color_name=color_name,
        affordances=dict.fromkeys(('hold', 'lift', 'wrap-grasp', 'use'), 'body'),
    )
    return rest_on_table(model), warnings


def _words(path: Path) -> list[str]:
    return re.findall(r'[a-z]+', path.stem.lower())


def presumed_mass_kg(mesh: trimesh.Trimesh) -> float:
    """Return what a household thing of this shape presumably weighs [kg]."""
    return float(np.clip(_DENSITY * mesh.convex_hull.volume, *_MASS_RANGE_KG))


def upright_turn(mesh: trimesh.Trimesh) -> Array:
    """Return the turn (4, 4) into the likeliest resting pose; the identity if z is up already."""
    body = mesh.convex_hull
    center = np.asarray(mesh.center_mass)
    turn = resting_rotation(np.asarray(body.vertices), center)
    if _angle(turn) < _UPRIGHT_RAD and _margin(body, center, turn) > _UPRIGHT_MARGIN_M:
        return np.eye(4)
    poses, _ = trimesh.poses.compute_stable_poses(body, center_mass=center, seed=0)
    if len(poses) == 0 or _angle(poses[0]) < _UPRIGHT_RAD:
        return np.eye(4)
    return np.asarray(poses[0], dtype=float)


def _angle(transform: Array) -> float:
    """Return how far a turn tilts the z axis [rad]."""
    return float(np.arccos(np.clip(transform[2, 2], -1, 1)))


def _margin(body: trimesh.Trimesh, center: Array, turn: Array) -> float:
    vertices = trimesh.transform_points(np.asarray(body.vertices), turn)
    return support_margin(vertices, turn[:3, :3] @ center, flat_m=_FLAT_M)


def _color_word(mesh: trimesh.Trimesh) -> str:
    """Return the word nearest to the mesh's mean colour; 'gray' if it carries none."""
    visual = mesh.visual
    if visual is None or not visual.defined:
        return 'gray'
    colors = visual.to_color() if isinstance(visual, TextureVisuals) else visual
    rgb = np.array(colors.main_color[:3], dtype=np.float64) / 255
    return min(COLORS, key=lambda word: float(np.linalg.norm(np.asarray(COLORS[word]) - rgb)))
