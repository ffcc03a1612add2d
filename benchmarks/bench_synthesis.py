"""Times the generator `synthesis` on simple shapes and prints how many candidates pass.

Run: python benchmarks/bench_synthesis.py [--grasps 64]
"""

import argparse
import time

import numpy as np
import torch
import trimesh

from maskdexgrasp_core.synthesis.synthesis_generator import SynthesisGenerator
from maskdexgrasp_core.types import ObjectObservation, ObservedCloud

TABLE_HEIGHT = -0.1


def shapes() -> dict[str, trimesh.Trimesh]:
    """Return closed shapes [m] by name; the hammer lies on its side."""
    handle = trimesh.creation.cylinder(radius=0.014, height=0.2)
    handle.apply_transform(trimesh.transformations.rotation_matrix(np.pi / 2, [0, 1, 0]))
    head = trimesh.creation.box((0.03, 0.09, 0.036))
    head.apply_translation([0.11, 0.0, 0.0])
    return {
        'sphere 7 cm': trimesh.creation.icosphere(3, 0.035),
        'cylinder 6 x 15 cm': trimesh.creation.cylinder(radius=0.03, height=0.15),
        'box 6 x 4 x 12 cm': trimesh.creation.box((0.06, 0.04, 0.12)),
        'low box 12 x 5 x 4 cm': trimesh.creation.box((0.12, 0.05, 0.04)),
        'hammer': trimesh.util.concatenate([handle, head]),
    }


def observe(shape: trimesh.Trimesh) -> ObjectObservation:
    """Put a shape on the table in front of the robot."""
    shape.apply_translation([0.5, 0.0, TABLE_HEIGHT - shape.bounds[0, 2]])
    seen = ObservedCloud(points=shape.vertices, colors=None, camera_position=np.zeros(3))
    return ObjectObservation(
        cloud=seen,
        shape=shape,
        label='object',
        part='',
        part_points=np.zeros((0, 3)),
        table_height=TABLE_HEIGHT,
    )


def main() -> None:
    """Print one row a shape."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--grasps', type=int, default=64)
    count = parser.parse_args().grasps
    torch.set_num_threads(1)
    generator = SynthesisGenerator()
    generator.generate(observe(shapes()['sphere 7 cm']), num_grasps=1, seed=0, time_budget_s=0.1)
    print('| shape | returned | passed / made | CPU s | wall s | best score | dropped |')
    print('|---|---|---|---|---|---|---|')
    for name, shape in shapes().items():
        wall, cpu = time.perf_counter(), time.process_time()
        found = generator.generate(observe(shape), num_grasps=count, seed=1)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        surplus = found.dropped.get('more than asked for', 0)
        made = len(found.grasps) + sum(found.dropped.values())
        passed = len(found.grasps) + surplus
        best = f'{found.grasps[0].score:.2f}' if found.grasps else '-'
        print(
            f'| {name} | {len(found.grasps)} | {passed} / {made} | {cpu:.1f} | {wall:.1f} '
            f'| {best} | {found.dropped} |'
        )


if __name__ == '__main__':
    main()
