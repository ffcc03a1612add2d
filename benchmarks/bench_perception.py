"""Measure the time of perception of a 640x480 frame, stage by stage (CPU time of one thread).

Usage: python benchmarks/bench_perception.py [frames] [seed]
"""

import platform
import sys
import time
from collections import defaultdict

import numpy as np
import trimesh

from maskdexgrasp_core.objects import make_object
from maskdexgrasp_core.perception.cfg import PerceptionCfg
from maskdexgrasp_core.perception.clusters import cropped_cloud, find_clusters
from maskdexgrasp_core.perception.pipeline import Perceiver
from maskdexgrasp_core.perception.raycast_view import look_at_pose, render_view
from maskdexgrasp_core.perception.table import fit_table
from maskdexgrasp_core.types import CameraFrame, Command

_CATEGORIES = ('mug', 'bottle', 'can', 'box', 'ball', 'bowl', 'screwdriver', 'hammer')


def random_frame(category: str, seed: int) -> CameraFrame:
    """Return a picture of one object on a table."""
    rng = np.random.default_rng(seed)
    pose = trimesh.transformations.rotation_matrix(rng.uniform(0, 2 * np.pi), [0, 0, 1])
    pose[:3, 3] = rng.uniform(0.42, 0.58), rng.uniform(-0.15, 0.15), -0.10
    table = trimesh.creation.box(extents=[0.8, 1.2, 0.02])
    table.apply_translation([0.5, 0.0, -0.11])
    mesh = make_object(category, seed).mesh.apply_transform(pose)
    T_base_camera = look_at_pose(np.array([0.95, -0.25, 0.45]), np.array([0.5, 0.0, -0.10]))
    return render_view([(table, (150, 150, 150)), (mesh, (200, 0, 0))], T_base_camera, rng=rng)[0]


def main() -> None:
    """Print median and 95th percentile in milliseconds."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 16
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    cfg, perceiver = PerceptionCfg(), Perceiver()
    command = Command(command_id='bench', text='pick it up')
    perceiver.perceive(random_frame('can', seed), command)
    times: dict[str, list[float]] = defaultdict(list)
    for i in range(count):
        frame = random_frame(_CATEGORIES[i % len(_CATEGORIES)], seed + i)
        marks = [time.process_time()]
        cloud = cropped_cloud(frame, cfg)
        marks.append(time.process_time())
        table = fit_table(cloud.points, cfg, seed=0)
        marks.append(time.process_time())
        find_clusters(cloud, table, cfg)
        marks.append(time.process_time())
        perceiver.perceive(frame, command)
        marks.append(time.process_time())
        for name, value in zip(('crop', 'table', 'clusters', 'all'), np.diff(marks), strict=True):
            times[name].append(1000 * value)
        first = marks[3] - marks[0]
        times['select, clean, complete'].append(1000 * (marks[4] - marks[3] - first))
    print(f'{platform.machine()}, {count} frames of 640x480, seed {seed}, one thread, CPU ms')
    for name, values in times.items():
        print(f'{name:26s} median {np.median(values):6.1f}   p95 {np.percentile(values, 95):6.1f}')


if __name__ == '__main__':
    main()
