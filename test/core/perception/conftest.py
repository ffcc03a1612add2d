from collections.abc import Callable

import numpy as np
import pytest
import trimesh

from maskdexgrasp_core.objects import COLORS, make_object
from maskdexgrasp_core.perception.raycast_view import look_at_pose, render_view
from maskdexgrasp_core.types import CameraFrame

TABLE_HEIGHT = -0.10
Placed = tuple[str, int, str, float, float, float]
"""Category, seed, colour, x, y [m], yaw [rad]."""


def placed_mesh(mesh: trimesh.Trimesh, x: float, y: float, yaw: float) -> trimesh.Trimesh:
    pose = trimesh.transformations.rotation_matrix(yaw, [0, 0, 1])
    pose[:3, 3] = x, y, TABLE_HEIGHT
    return mesh.copy().apply_transform(pose)


@pytest.fixture(scope='session')
def render() -> Callable[..., tuple[CameraFrame, np.ndarray]]:
    """Return (frame, index picture) of a grey table with objects; index 0 is the table."""

    def _render(*objects: Placed, seed: int = 0) -> tuple[CameraFrame, np.ndarray]:
        table = trimesh.creation.box(extents=[0.8, 1.2, 0.02])
        table.apply_translation([0.5, 0.0, TABLE_HEIGHT - 0.01])
        meshes = [(table, (150, 150, 150))]
        for category, number, color, x, y, yaw in objects:
            mesh = placed_mesh(make_object(category, number).mesh, x, y, yaw)
            meshes.append((mesh, tuple(int(255 * c) for c in COLORS[color])))
        pose = look_at_pose(np.array([0.95, -0.25, 0.45]), np.array([0.5, 0.0, TABLE_HEIGHT]))
        return render_view(meshes, pose, rng=np.random.default_rng(seed))

    return _render
