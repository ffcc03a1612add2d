"""Measure how well each completion finds the far side, by category.

Usage: python benchmarks/bench_completion.py [views per category] [seed]

Far side: true surface more than 8 mm from every visible point and more than 4 mm above the table.
"""

import platform
import sys
import time
from collections import defaultdict

import numpy as np
import trimesh
from scipy.spatial import cKDTree

from maskdexgrasp_core.geometry.point_cloud import deproject
from maskdexgrasp_core.objects import CATEGORIES, make_object
from maskdexgrasp_core.outcome import StageError
from maskdexgrasp_core.perception.completion import completion_names, load_completion
from maskdexgrasp_core.perception.raycast_view import look_at_pose, render_view
from maskdexgrasp_core.types import ObservedCloud

_TABLE = -0.10


def random_view(category: str, rng: np.random.Generator) -> tuple[ObservedCloud, trimesh.Trimesh]:
    """Return the visible points and the true solid of a random member at a random place."""
    pose = trimesh.transformations.rotation_matrix(rng.uniform(0, 2 * np.pi), [0, 0, 1])
    pose[:3, 3] = rng.uniform(0.42, 0.58), rng.uniform(-0.15, 0.15), _TABLE
    mesh = make_object(category, int(rng.integers(10_000))).mesh
    truth = trimesh.boolean.union(list(mesh.split())).apply_transform(pose)
    T_base_camera = look_at_pose(np.array([0.95, -0.25, 0.45]), np.array([0.5, 0.0, _TABLE]))
    frame, seen = render_view([(truth, (200, 0, 0))], T_base_camera, rng=rng)
    points = deproject(frame.depth_m, frame.intrinsics, T_base_camera)
    mine = (seen.ravel() == 0) & (frame.depth_m.ravel() > 0) & (points[:, 2] > _TABLE + 0.004)
    cloud = ObservedCloud(points=points[mine], colors=None, camera_position=T_base_camera[:3, 3])
    return cloud, truth


def far_error(truth: trimesh.Trimesh, shape: trimesh.Trimesh, cloud: ObservedCloud) -> float:
    """Return the mean distance of the true hidden surface to the completed one [m], or NaN."""
    samples = trimesh.sample.sample_surface(truth, 3000, seed=0)[0]
    hidden = cKDTree(cloud.points).query(samples)[0] > 0.008
    hidden &= samples[:, 2] > _TABLE + 0.004
    if not hidden.any():
        return float('nan')
    surface = trimesh.sample.sample_surface(shape, 8000, seed=0)[0]
    return float(cKDTree(surface).query(samples[hidden])[0].mean())


def main() -> None:
    """Print millimetres of far-side error by category and method, then times."""
    views = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    names = completion_names()
    print(f'{platform.machine()}, seed {seed}, {views} views per category, far side in mm')
    print(f'{"category":14s}' + ''.join(f'{n:>12s}' for n in names))
    errors: dict[str, list[float]] = defaultdict(list)
    times: dict[str, list[float]] = defaultdict(list)
    failures: dict[str, int] = defaultdict(int)
    for category in CATEGORIES:
        rng = np.random.default_rng([seed, len(category), ord(category[0])])
        samples = [random_view(category, rng) for _ in range(views)]
        row = []
        for name in names:
            method, mine = load_completion(name), []
            for cloud, truth in samples:
                begin = time.process_time()
                try:
                    shape = method.complete(cloud, _TABLE)
                except StageError:
                    failures[name] += 1
                    continue
                times[name].append(time.process_time() - begin)
                mine.append(far_error(truth, shape, cloud))
            errors[name] += mine
            row.append(1000 * float(np.nanmean(mine)) if mine else float('nan'))
        print(f'{category:14s}' + ''.join(f'{value:12.1f}' for value in row), flush=True)
    print(f'{"mean":14s}' + ''.join(f'{1000 * np.nanmean(errors[n]):12.1f}' for n in names))
    for label, share in (('ms median', 50), ('ms p95', 95)):
        values = (1000 * np.percentile(times[n], share) for n in names)
        print(f'{label:14s}' + ''.join(f'{value:12.0f}' for value in values))
    print(f'{"failures":14s}' + ''.join(f'{failures[n]:12d}' for n in names))


if __name__ == '__main__':
    main()
