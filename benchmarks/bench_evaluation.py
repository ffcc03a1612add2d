"""Times the evaluator: checks a second under each protocol, Q1, penetration, the whole.

Without --data it makes its own grasps on easy kinds first, which takes a minute.
Run: python benchmarks/bench_evaluation.py [--data DIR] [--grasps 48] [--seed 0]
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

os.environ.setdefault('OMP_NUM_THREADS', '1')  # read when torch and BLAS load

import numpy as np
import torch

from maskdexgrasp_core.cli.evaluate_dataset import dataset_items
from maskdexgrasp_core.dataset.sources.procedural.source import ProceduralSource
from maskdexgrasp_core.evaluation.evaluator import EvaluationCfg, evaluate_object
from maskdexgrasp_core.evaluation.geometric_scores import score_geometry
from maskdexgrasp_core.evaluation.grasp_under_test import GraspUnderTest, ObjectUnderTest
from maskdexgrasp_core.evaluation.hand_solid import load_hand_solid
from maskdexgrasp_core.evaluation.hold_check import HandGraspPose, HoldChecker
from maskdexgrasp_core.evaluation.link_contacts import LinkContacts
from maskdexgrasp_core.evaluation.object_surface import ObjectSurface
from maskdexgrasp_core.evaluation.protocols import PROTOCOLS, load_protocol
from maskdexgrasp_core.evaluation.wrench_quality import q1
from maskdexgrasp_core.work_pool import run_units, usable_cores

EASY = ('box_100-lift', 'can_100-lift', 'can_100-wrap-grasp')
_FORMS_OF_TDG = ('tdg-any', 'tdg-5mm')
"""Protocols that simulate what tdg does and judge it differently."""


def easy_items(number: int, seed: int) -> list[ObjectUnderTest]:
    """Return about `number` grasps that hold, on easy kinds."""
    every = ProceduralSource(num_objects=61).units()
    wanted = ProceduralSource(num_objects=61, num_grasps=len(every) * -(-number // len(EASY)))
    items = []
    for unit in every:
        if unit.key in EASY:
            built = wanted.build(unit, seed)
            assert built.object_record is not None
            grasps = tuple(
                GraspUnderTest(
                    key=record.grasp_id,
                    T_object_wrist=record.T_object_wrist,
                    joint_positions=record.joint_positions,
                    squeeze_positions=record.squeeze_positions,
                )
                for record in built.grasps
            )
            model = built.object_record.model
            items.append(
                ObjectUnderTest(
                    object_id=unit.key, category=unit.category, model=model, grasps=grasps
                )
            )
    return items


def per_second(work: Callable[[], object], number: int) -> dict[str, float]:
    """Return how many of `number` pass in a second of wall time and of one core."""
    wall, core = time.perf_counter(), time.process_time()
    work()
    core, wall = time.process_time() - core, time.perf_counter() - wall
    return {'per_second': round(number / wall, 2), 'per_core_second': round(number / core, 2)}


def check_all(items: list[ObjectUnderTest], protocol: str) -> None:
    """Check every grasp."""
    for item in items:
        checker = HoldChecker(item.model, load_protocol(protocol))
        for grasp in item.grasps:
            if grasp.squeeze_positions is not None:
                pose = grasp.T_object_wrist, grasp.joint_positions, grasp.squeeze_positions
                checker.check(HandGraspPose(*pose))


def score_all(items: list[ObjectUnderTest]) -> None:
    """Measure Q1 and penetration of every grasp."""
    for item in items:
        poses = np.stack([grasp.T_object_wrist for grasp in item.grasps])
        joints = np.stack([grasp.joint_positions for grasp in item.grasps])
        score_geometry(load_hand_solid(), ObjectSurface.of_model(item.model), poses, joints)


def q1_all(contacts: list[tuple[ObjectSurface, LinkContacts]]) -> None:
    """Measure Q1 of contacts that are known."""
    for surface, touch in contacts:
        q1(touch.points, touch.normals, surface.center)


def contacts_of(items: list[ObjectUnderTest]) -> list[tuple[ObjectSurface, LinkContacts]]:
    """Return the contacts of every grasp, and the object they are on."""
    found = []
    for item in items:
        surface = ObjectSurface.of_model(item.model)
        poses = np.stack([grasp.T_object_wrist for grasp in item.grasps])
        joints = np.stack([grasp.joint_positions for grasp in item.grasps])
        scores = score_geometry(load_hand_solid(), surface, poses, joints)
        found += [(surface, touch) for touch in scores.contacts]
    return found


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--data', type=Path)
    parser.add_argument('--grasps', type=int, default=48)
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.data is None:
        items = easy_items(args.grasps, args.seed)
    else:
        items = list(dataset_items(args.data, split='', sample=args.grasps, seed=args.seed))
    number = sum(len(item.grasps) for item in items)
    load_hand_solid()
    found: dict[str, object] = {'grasps': number, 'objects': len(items)}
    for name in PROTOCOLS:
        if name not in _FORMS_OF_TDG:
            found[f'checks, {name}'] = per_second(partial(check_all, items, name), number)
    contacts = contacts_of(items)
    found['Q1'] = per_second(partial(q1_all, contacts), number)
    found['Q1, contacts and penetration'] = per_second(partial(score_all, items), number)
    cfg = EvaluationCfg(protocols=(load_protocol('tdg'),), squeeze='stored')
    work = partial(evaluate_object, cfg=cfg)
    for workers in (1, usable_cores()):
        began = time.perf_counter()
        list(run_units(work, items, workers=workers))
        speed = number / (time.perf_counter() - began)
        found[f'evaluate, tdg, {workers} processes'] = {'per_second': round(speed, 2)}
    print(json.dumps(found, indent=1))


if __name__ == '__main__':
    main()
