"""Reads a mesh of the user and makes it a closed solid in metres, or says why it cannot."""

from pathlib import Path
from typing import cast

import manifold3d
import numpy as np
import trimesh
from scipy import ndimage  # type: ignore[import-untyped]
from skimage.measure import marching_cubes

from maskdexgrasp_core.errors import InvalidInputError

SMALLEST_M, LARGEST_M = 0.005, 0.5
"""Longest side of an object that makes sense on the table."""
MAX_FACES = 2_000_000
SIMPLIFY_ABOVE_FACES = 20_000
"""Detail below a millimetre costs minutes of decomposition and changes no grasp."""
_DETAIL_SHARE = 0.004
_FLAT_SHARE = 1e-4
"""Spread of the vertices across the thinnest direction, over the longest side, of a flat mesh."""
_VOXELS, _PADDING = 64, 4
"""Along the longest side, and around the object, when a mesh is rebuilt from voxels."""


def read_mesh(path: Path) -> trimesh.Trimesh:
    """Return all bodies of a file as one mesh in the file's unit, y-up glTF turned to z-up.

    Raises:
        InvalidInputError: If the file is missing, unreadable, has no triangles, too many, or
            vertices that are not finite.
    """
    if not path.is_file():
        raise InvalidInputError(f'no mesh file at {path}')
    if path.stat().st_size == 0:
        raise InvalidInputError(f'{path} is empty')
    try:
        mesh = cast(trimesh.Trimesh, trimesh.load_scene(path, process=False).to_mesh())
    except Exception as error:  # parsers of a dozen formats raise anything on broken files
        raise InvalidInputError(f'{path} cannot be read as a mesh: {error}') from error
    if len(mesh.faces) == 0:
        raise InvalidInputError(f'{path} has {len(mesh.vertices)} points but no triangles')
    if len(mesh.faces) > MAX_FACES:
        raise InvalidInputError(
            f'{path} has {len(mesh.faces)} triangles, more than {MAX_FACES}; simplify it first'
        )
    bad = int((~np.isfinite(mesh.vertices)).any(axis=1).sum())
    if bad:
        raise InvalidInputError(f'{path} has {bad} vertices that are not finite (NaN or inf)')
    if path.suffix.lower() in ('.glb', '.gltf'):  # the format fixes y as up
        mesh.apply_transform(trimesh.transformations.rotation_matrix(np.pi / 2, (1, 0, 0)))
    return mesh


def scale_to_metres(mesh: trimesh.Trimesh, name: str, warnings: list[str]) -> None:
    """Scale in place to metres, judged by the longest side; STL and OBJ carry no unit.

    0.005 to 0.5 is taken as metres, 20 to 500 as millimetres, 5 to 20 as centimetres. What lies
    between 0.5 and 5 could only be metres of a thing too large for the hand.

    Raises:
        InvalidInputError: If no unit makes the object between 5 mm and 0.5 m long.
    """
    longest = float(mesh.extents.max())
    if SMALLEST_M <= longest <= LARGEST_M:
        return
    for factor, unit, low, high in ((0.001, 'millimetres', 20, 500), (0.01, 'centimetres', 5, 20)):
        if low <= longest <= high:
            mesh.apply_scale(factor)
            warnings.append(
                f'{name} is {longest:.4g} units long: taken as {unit}, so it is now '
                f'{longest * factor:.4g} m long'
            )
            return
    size = 'small' if longest < SMALLEST_M else 'large'
    raise InvalidInputError(
        f'{name} is too {size}: {longest:.4g} m long in metres; expected {SMALLEST_M} to '
        f'{LARGEST_M} m (or 20 to 500 if the file is in millimetres)'
    )


def require_volume(mesh: trimesh.Trimesh, name: str) -> None:
    """Refuse a flat mesh.

    Raises:
        InvalidInputError: If the mesh lies in a plane, a line or a point.
    """
    longest = float(mesh.extents.max())
    spread = np.sqrt(np.clip(np.linalg.eigvalsh(np.cov(np.asarray(mesh.vertices).T)), 0, None))
    if spread[0] <= _FLAT_SHARE * longest:
        raise InvalidInputError(
            f'{name} has no volume: its extents are {np.round(mesh.extents, 6).tolist()}'
        )


def close_surface(mesh: trimesh.Trimesh, name: str, warnings: list[str]) -> trimesh.Trimesh:
    """Return a watertight mesh with outward faces; every repair is named in `warnings`."""
    mesh = mesh.copy()
    mesh.merge_vertices(merge_tex=True, merge_norm=True)
    mesh.update_faces(mesh.nondegenerate_faces())
    mesh.remove_unreferenced_vertices()
    if not mesh.is_watertight:
        mesh = _repaired(mesh, name, warnings)
    if not mesh.is_winding_consistent or mesh.volume < 0:
        trimesh.repair.fix_normals(mesh, multibody=True)
        if mesh.volume < 0:
            mesh.invert()
        warnings.append(f'{name} had faces turned inward: turned them outward')
    if len(mesh.faces) > SIMPLIFY_ABOVE_FACES:
        before = len(mesh.faces)
        mesh = _simplified(mesh)
        warnings.append(f'{name} simplified from {before} to {len(mesh.faces)} triangles')
    return mesh


def _repaired(mesh: trimesh.Trimesh, name: str, warnings: list[str]) -> trimesh.Trimesh:
    """Close holes body by body, and unite the bodies; from voxels where that fails."""
    bodies = [body for body in mesh.split(only_watertight=False) if body.area > 1e-4 * mesh.area]
    open_bodies = [body for body in bodies if not body.is_watertight]
    with np.errstate(divide='ignore', invalid='ignore'):  # a patch that is flat has no centre
        for body in open_bodies:
            trimesh.repair.fill_holes(body, use_fan=True)
            trimesh.repair.fix_normals(body)
        closed = bool(bodies) and all(body.is_volume for body in bodies)
    if closed:
        holes = f'holes filled in {len(open_bodies)} of its bodies' if open_bodies else ''
        union = f'its {len(bodies)} bodies united' if len(bodies) > 1 else ''
        warnings.append(f'{name} is not watertight: {", ".join(filter(None, (holes, union)))}')
        return trimesh.boolean.union(bodies, engine='manifold')
    pitch = float(mesh.extents.max()) / _VOXELS
    warnings.append(
        f'{name} is not watertight and its holes cannot be filled: rebuilt from voxels of '
        f'{pitch * 1000:.1f} mm'
    )
    return _voxel_solid(mesh, pitch)


def _voxel_solid(mesh: trimesh.Trimesh, pitch: float) -> trimesh.Trimesh:
    """Return a smooth closed surface round the voxels that the mesh touches or encloses."""
    count = int(20 * mesh.area / pitch**2)
    points, _ = trimesh.sample.sample_surface(mesh, count, seed=0)
    low = np.asarray(mesh.bounds)[0]
    cells = np.round((points - low) / pitch).astype(int) + _PADDING
    touched = np.zeros(cells.max(axis=0) + 1 + _PADDING, dtype=bool)
    touched[tuple(cells.T)] = True
    closed = ndimage.binary_erosion(
        ndimage.binary_fill_holes(ndimage.binary_dilation(touched, iterations=2)), iterations=2
    )
    field = ndimage.gaussian_filter((closed | touched).astype(np.float32), 1.0)
    # 0.6 instead of 0.5: touched voxels stand out half a voxel beyond the surface
    vertices, faces, _, _ = marching_cubes(field, 0.6)
    solid = trimesh.Trimesh((vertices - _PADDING) * pitch + low, faces[:, ::-1])
    if solid.volume < 0:
        solid.invert()
    return _simplified(solid)


def _simplified(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    """Return a watertight mesh without detail finer than `_DETAIL_SHARE` of its longest side."""
    solid = manifold3d.Manifold(
        manifold3d.Mesh(
            vert_properties=np.asarray(mesh.vertices, dtype=np.float32),
            tri_verts=np.asarray(mesh.faces, dtype=np.uint32),
        )
    )
    if solid.status() != manifold3d.Error.NoError:
        return mesh
    coarse = solid.simplify(_DETAIL_SHARE * float(mesh.extents.max())).to_mesh()
    return trimesh.Trimesh(coarse.vert_properties[:, :3], coarse.tri_verts)
