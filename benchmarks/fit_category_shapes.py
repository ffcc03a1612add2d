"""Print the table of `perception.category_shapes` from views of the procedural families.

Usage: python benchmarks/fit_category_shapes.py [views per category]
"""

import sys

import numpy as np
import trimesh

from maskdexgrasp_core.geometry.point_cloud import deproject
from maskdexgrasp_core.objects import CATEGORIES, make_object
from maskdexgrasp_core.perception.descriptors import describe
from maskdexgrasp_core.perception.raycast_view import look_at_pose, render_view
from maskdexgrasp_core.types import ObservedCloud

_TABLE = -0.10
_FIRST_SEED = 50
"""Far from the seeds of scenes and tests, so that they measure unseen members; below 100, where
families have the members that scenes use."""
_LEAST_SPREAD = np.array([6, 8, 6, 6, 8, 4, 8, 8, 8, 2])


def measure(category: str, seed: int) -> np.ndarray:
    """Return the descriptors (D,) of one member at a random place and turn."""
    rng = np.random.default_rng(seed)
    pose = trimesh.transformations.rotation_matrix(rng.uniform(0, 2 * np.pi), [0, 0, 1])
    pose[:3, 3] = rng.uniform(0.40, 0.60), rng.uniform(-0.2, 0.2), _TABLE
    mesh = make_object(category, seed).mesh.apply_transform(pose)
    T_base_camera = look_at_pose(np.array([0.95, -0.25, 0.45]), np.array([0.5, 0.0, _TABLE]))
    frame, seen = render_view([(mesh, (200, 0, 0))], T_base_camera, rng=rng)
    points = deproject(frame.depth_m, frame.intrinsics, T_base_camera)
    mine = (seen.ravel() == 0) & (frame.depth_m.ravel() > 0) & (points[:, 2] > _TABLE + 0.004)
    cloud = ObservedCloud(points=points[mine], colors=None, camera_position=T_base_camera[:3, 3])
    return describe(cloud, _TABLE).vector()


def line_of(category: str, views: int) -> str:
    """Return the line of a category: median and spread of every descriptor."""
    rows = np.array([measure(category, _FIRST_SEED + i) for i in range(views)])
    middle = np.median(rows, axis=0)
    deviation = 1.4826 * np.median(np.abs(rows - middle), axis=0)
    spread = np.maximum(0.5 * deviation + 0.5 * rows.std(axis=0), _LEAST_SPREAD)
    lines = (', '.join(f'{value:.0f}' for value in row) for row in (middle, spread))
    return '    {!r}: (({}), ({})),'.format(category, *lines)


def main() -> None:
    """Print one line per category."""
    views = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    for category in CATEGORIES:
        print(line_of(category, views), flush=True)


if __name__ == '__main__':
    main()
