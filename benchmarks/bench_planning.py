"""Time what grasp planning is made of: scene, checks, lines, detours and trajectories.

Run `python benchmarks/bench_planning.py [--repeat 20]`; prints median and p95 in milliseconds.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import trimesh

from maskdexgrasp_core.arm.collision import TRANSIT, CollisionScene
from maskdexgrasp_core.arm.planning import PathPlanner, PathPlannerCfg, line_curve
from maskdexgrasp_core.arm.trajectory import MotionLimits, parametrise
from maskdexgrasp_core.arm.xarm7 import HOME, XARM7
from maskdexgrasp_core.cell import CELL
from maskdexgrasp_core.resources import resource_path
from maskdexgrasp_core.types import ObjectObservation, ObservedCloud

OPEN = np.array([1.1, 0.0, 0.0, 0.0, 0.0, 0.0])
LEFT = np.array([-1.0, 0.4, 0.0, 1.2, 0.0, 0.8, 0.0])
RIGHT = np.array([1.0, 0.5, 0.0, 1.3, 0.0, 0.8, 0.0])


def observe() -> ObjectObservation:
    """A can on the table and a box-shaped cluster beside it."""
    can = trimesh.creation.cylinder(0.0325, 0.12, sections=32)
    can.apply_translation([0.5, 0.0, CELL.table_height + 0.06])
    box = np.random.default_rng(0).uniform([0.4, 0.12, -0.1], [0.5, 0.2, 0.05], (800, 3))
    cloud = ObservedCloud(
        points=np.asarray(can.vertices), colors=None, camera_position=np.array([1.0, -0.3, 0.5])
    )
    return ObjectObservation(
        cloud=cloud, shape=can, label='can', part='', part_points=np.zeros((0, 3)),
        table_height=CELL.table_height, obstacles=(box,),
    )  # fmt: skip


def report(name: str, repeat: int, action: Callable[[], object]) -> None:
    """Print the time of an action."""
    times = []
    for _ in range(repeat):
        began = time.perf_counter()
        action()
        times.append(1000.0 * (time.perf_counter() - began))
    print(f'{name:32s} {np.median(times):9.3f} {np.percentile(times, 95):9.3f}')


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--repeat', type=int, default=20)
    repeat = parser.parse_args().repeat
    observation, urdf = observe(), resource_path(XARM7.urdf)
    scene = CollisionScene(urdf, observation)
    planner = PathPlanner(scene, scene.model.jnt_range[:7].T.copy(), PathPlannerCfg())
    limits = MotionLimits(
        velocity=np.array(XARM7.max_velocity),
        acceleration=np.array(XARM7.max_acceleration),
        jerk=np.array(XARM7.max_jerk),
    )
    goal = scene.hand_pose(HOME)
    goal[2, 3] -= 0.15
    line = line_curve(planner.line(HOME, goal))
    seeds = iter(range(1, repeat + 1))
    print(f'{"":32s} {"median ms":>9s} {"p95 ms":>9s}')
    report('compile scene', repeat, lambda: CollisionScene(urdf, observation))
    report('1000 collision checks', repeat,
           lambda: [scene.check(HOME, OPEN, TRANSIT) for _ in range(1000)])  # fmt: skip
    report('line of 0.15 m', repeat, lambda: planner.line(HOME, goal))
    report('joint motion, straight if free', repeat,
           lambda: planner.joint_curve(LEFT, RIGHT, OPEN, TRANSIT, next(seeds)))  # fmt: skip
    report('trajectory of the line', repeat,
           lambda: parametrise(line, scene.arm_joint_names, limits))  # fmt: skip


if __name__ == '__main__':
    main()
