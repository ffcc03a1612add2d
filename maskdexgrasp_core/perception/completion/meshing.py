"""Closed meshes from sampled fields, profiles and solids."""

import manifold3d
import numpy as np
import trimesh
from scipy import ndimage
from skimage.measure import marching_cubes

from maskdexgrasp_core.outcome import Code, Stage, StageError
from maskdexgrasp_core.types import Array

_SIMPLIFY_M = 0.0003


def bad_shape(reason: str) -> StageError:
    """Return the error of a shape that could not be closed."""
    return StageError(Stage.PERCEIVE, Code.BAD_SHAPE, reason)


def mesh_of_field(field: Array, *, origin: Array, voxel_m: float) -> trimesh.Trimesh:
    """Return the closed surface where a sampled field crosses zero.

    Args:
        field: (X, Y, Z) values, negative inside.
        origin: (3,) position of sample (0, 0, 0) [m].
        voxel_m: Distance of samples [m].

    Raises:
        StageError: `BAD_SHAPE` when nothing is inside.
    """
    steps = np.full(3, voxel_m)
    return mesh_of_samples(ndimage.gaussian_filter(field, 0.6), origin=origin, steps=steps)


def mesh_of_samples(field: Array, *, origin: Array, steps: Array) -> trimesh.Trimesh:
    """Return the closed surface where a field crosses zero, without any smoothing.

    Args:
        field: (X, Y, Z) values, negative inside.
        origin: (3,) position of sample (0, 0, 0) [m].
        steps: (3,) distance of samples along each axis [m].

    Raises:
        StageError: `BAD_SHAPE` when nothing is inside.
    """
    padded = np.pad(field, 1, constant_values=float(steps.max()))
    if not (padded < 0).any():
        raise bad_shape('the completed volume is empty')
    vertices, faces, _, _ = marching_cubes(padded, 0.0)
    mesh = trimesh.Trimesh(
        vertices=(vertices - 1.0) * steps + origin, faces=faces[:, ::-1], process=True
    )
    if mesh.volume < 0:
        mesh.invert()
    return simplified(largest_body(mesh))


def largest_body(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    """Drop loose crumbs: keep the bodies with at least 2 % of the largest's volume."""
    bodies = mesh.split(only_watertight=True)
    if len(bodies) == 0:
        raise bad_shape('the completed surface is not closed')
    volumes = [abs(body.volume) for body in bodies]
    kept = [b for b, v in zip(bodies, volumes, strict=True) if v > 0.02 * max(volumes)]
    if len(kept) == 1:
        return kept[0]
    merged = trimesh.util.concatenate(kept)
    assert isinstance(merged, trimesh.Trimesh)
    return merged


def solid(mesh: trimesh.Trimesh) -> manifold3d.Manifold:
    """Return the mesh as an exact solid for unions."""
    return manifold3d.Manifold(
        manifold3d.Mesh(
            vert_properties=np.asarray(mesh.vertices, dtype=np.float32),
            tri_verts=np.asarray(mesh.faces, dtype=np.uint32),
        )
    )


def mesh_of_solid(body: manifold3d.Manifold) -> trimesh.Trimesh:
    """Return a solid as a mesh.

    Raises:
        StageError: `BAD_SHAPE` when the solid is empty.
    """
    raw = body.to_mesh()
    if len(raw.tri_verts) == 0:
        raise bad_shape('the completed solid is empty')
    return trimesh.Trimesh(
        vertices=np.asarray(raw.vert_properties[:, :3], dtype=np.float64),
        faces=np.asarray(raw.tri_verts, dtype=np.int64),
        process=True,
    )


def simplified(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    """Drop vertices that move the surface by less than 0.3 mm; the mesh as it is if it cannot."""
    body = solid(mesh)
    if body.status() != manifold3d.Error.NoError:
        return mesh
    smaller = mesh_of_solid(body.simplify(_SIMPLIFY_M))
    return smaller if smaller.is_watertight else mesh
