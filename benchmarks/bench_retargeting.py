"""Compares the retargeters: how close they stay to the Shadow grasp, and how many hold.

Each grasp of the generator `synthesis` on the true shapes of a set is mapped by every retargeter
and rehearsed in physics. Run: python benchmarks/bench_retargeting.py [SEED] [--set table8]
"""

import argparse
import time

import numpy as np
import torch
import trimesh

from maskdexgrasp_core.cell import CELL
from maskdexgrasp_core.objects.model import ObjectModel
from maskdexgrasp_core.objects.placement import table_pose
from maskdexgrasp_core.objects.scenes import load_set
from maskdexgrasp_core.retargeting.hand_retargeter import load_retargeter
from maskdexgrasp_core.sim.rehearsal import GraspRehearsal
from maskdexgrasp_core.synthesis.synthesis_generator import SynthesisGenerator
from maskdexgrasp_core.types import ObjectObservation, ObservedCloud

RETARGETERS = ('root_joint', 'fitted')


def observe(model: ObjectModel, yaw_rad: float) -> ObjectObservation:
    """Stand a model on the table in front of the robot, its true shape known."""
    pose = table_pose(*CELL.table_center[:2], yaw_rad)
    pieces = [p.copy().apply_transform(pose) for part in model.parts for p in part.pieces]
    shape = trimesh.boolean.union(pieces, engine='manifold') if len(pieces) > 1 else pieces[0]
    points, _ = trimesh.sample.sample_surface(shape, 2000, seed=0)
    return ObjectObservation(
        cloud=ObservedCloud(points=points, colors=None, camera_position=np.array([0.9, 0, 0.5])),
        shape=shape,
        label=model.category,
        part='',
        part_points=np.zeros((0, 3)),
        table_height=CELL.table_height,
    )


def main() -> None:
    """Print one row an object and retargeter, and the totals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('seed', type=int, nargs='?', default=0)
    parser.add_argument('--set', default='table8')
    parser.add_argument('--grasps', type=int, default=16)
    args = parser.parse_args()
    torch.set_num_threads(1)
    generator = SynthesisGenerator()
    retargeters = [load_retargeter(name) for name in RETARGETERS]
    totals = dict.fromkeys(RETARGETERS, (0, 0))
    print('| object | retargeter | Shadow grasps | kept | held | residual mm | seconds |')
    print('|---|---|---|---|---|---|---|')
    for model in load_set(args.set):
        observation = observe(model, yaw_rad=1.0)
        found = generator.generate(observation, num_grasps=args.grasps, seed=args.seed)
        rehearsal = GraspRehearsal(observation)
        for retargeter in retargeters:
            began = time.perf_counter()
            made, _ = retargeter.retarget(found, observation)
            seconds = time.perf_counter() - began
            held = sum(rehearsal.attempt(grasp).held for grasp in made)
            residual = 1000.0 * np.mean([g.residual_m for g in made]) if made else np.nan
            count = len(found.grasps)
            totals[retargeter.name] = tuple(
                np.add(totals[retargeter.name], (held, count)).tolist()
            )
            print(
                f'| {model.name} | {retargeter.name} | {count} | {len(made)} | {held} '
                f'| {residual:.0f} | {seconds:.2f} |',
                flush=True,
            )
    for name, (held, count) in totals.items():
        print(f'{name}: {held} of {count} Shadow grasps held in a rehearsal')


if __name__ == '__main__':
    main()
