"""Measure the simulated cell: steps per second, camera pictures per second, rehearsals.

Run: python benchmarks/bench_sim.py [--seed N] [--objects N]
"""

import argparse
import json
import os
import platform
import time

import numpy as np

from maskdexgrasp_core.cell import CELL
from maskdexgrasp_core.objects.catalog import make_object
from maskdexgrasp_core.sim.camera import SimCamera
from maskdexgrasp_core.sim.hand_world import HandRehearsalWorld, body_of_pieces
from maskdexgrasp_core.sim.world import World

CATEGORIES = ('bottle', 'mug', 'box', 'hammer', 'can', 'banana')
GRASP = np.array(
    [
        [0.0, -1.0, 0.0, 0.35],
        [-1.0, 0.0, 0.0, -0.05],
        [0.0, 0.0, -1.0, CELL.table_height + 0.065],
        [0.0, 0.0, 0.0, 1.0],
    ]
)
"""Hand beside an object at (0.5, 0): fingers along +x, thumb up, palm to the left."""
FORCES = np.array([6.0, 6.0, 1.0, 1.0, 1.0, 1.0])


def make_world(num_objects: int, seed: int) -> World:
    """Return a world with `num_objects` on two rows of the table."""
    placements = []
    for index in range(num_objects):
        pose = np.eye(4)
        pose[:3, 3] = 0.43 + 0.13 * (index % 2), -0.15 + 0.15 * (index // 2), CELL.table_height
        category = CATEGORIES[index % len(CATEGORIES)]
        placements.append((make_object(category, seed + index, name=f'{index}'), pose))
    return World(placements)


def bench_steps(world: World, num_steps: int = 5000) -> float:
    """Return physics steps per wall second with objects at rest."""
    world.settle()
    start = time.perf_counter()
    world.step(num_steps)
    return num_steps / (time.perf_counter() - start)


def bench_camera(world: World, seed: int, num_frames: int = 40) -> float:
    """Return depth and colour pictures, with noise, per wall second."""
    camera = SimCamera(world, seed=seed)
    camera.read_frame()
    start = time.perf_counter()
    for _ in range(num_frames):
        camera.read_frame()
    rate = num_frames / (time.perf_counter() - start)
    camera.close()
    return rate


def bench_rehearsals(seed: int, num_trials: int = 5) -> tuple[float, int]:
    """Return wall seconds per trial (2.7 s simulated) on a can, and how many lifted it."""
    can = make_object('can', seed)
    pose = np.eye(4)
    pose[:3, 3] = 0.5, 0.0, CELL.table_height
    pieces = [piece for part in can.parts for piece in part.pieces]
    world = HandRehearsalWorld(
        body_of_pieces(pieces, mass_kg=can.mass_kg, friction=can.friction, T_base_object=pose)
    )
    opened = np.array([1.1, 0.0, 0.0, 0.0, 0.0, 0.0])
    closed = np.array([1.1, 0.6, 1.4, 1.4, 1.4, 1.4])
    behind, above = GRASP.copy(), GRASP.copy()
    behind[0, 3] -= 0.12
    above[2, 3] += 0.12
    lifted = 0
    start = time.perf_counter()
    for _ in range(num_trials):
        world.reset(behind, opened)
        world.run(GRASP, opened, FORCES, 0.5)
        world.run(GRASP, closed, FORCES, 0.8)
        world.run(above, closed, FORCES, 0.8)
        world.run(above, closed, FORCES, 0.6)
        lifted += bool(world.object_pose()[2, 3] > CELL.table_height + 0.10)
    return (time.perf_counter() - start) / num_trials, lifted


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--objects', type=int, default=3)
    options = parser.parse_args()
    world = make_world(options.objects, options.seed)
    seconds, lifted = bench_rehearsals(options.seed)
    result = {
        'machine': f'{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}',
        'seed': options.seed,
        'objects': options.objects,
        'steps_per_s': round(bench_steps(world)),
        'real_time_factor': round(bench_steps(world) * world.timestep_s, 1),
        'camera_frames_per_s': round(bench_camera(world, options.seed), 1),
        'rehearsal_s_per_trial': round(seconds, 3),
        'rehearsals_lifted': f'{lifted}/5',
    }
    print(json.dumps(result, indent=1))


if __name__ == '__main__':
    main()
