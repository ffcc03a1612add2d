"""Open3D's scenes of triangles, for exact distances on one thread."""

from collections.abc import Iterable

import numpy as np
import open3d as o3d
import trimesh

from maskdexgrasp_core.types import Array


def make_scene(meshes: Iterable[trimesh.Trimesh]) -> o3d.t.geometry.RaycastingScene:
    """Return a scene that holds all triangles of the meshes [m]."""
    scene = o3d.t.geometry.RaycastingScene(nthreads=1)
    for mesh in meshes:
        faces = o3d.core.Tensor.from_numpy(np.ascontiguousarray(mesh.faces, dtype=np.uint32))
        scene.add_triangles(to_tensor(np.asarray(mesh.vertices)), faces)
    return scene


def to_tensor(points: Array) -> o3d.core.Tensor:
    """Return points (..., 3) in the single precision that scenes compute in."""
    return o3d.core.Tensor.from_numpy(np.ascontiguousarray(points, dtype=np.float32))
