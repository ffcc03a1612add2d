"""Measures the way from human hands to Shadow grasps before and after refinement (Eq. 9, Eq. 10).

Human hands are closed around objects of our families (`test/data/human_release.py`), since the
recordings of others cannot be shipped. Run: python benchmarks/bench_human_grasps.py --hands 8
"""

import argparse
import functools
import runpy
import time
from pathlib import Path

import numpy as np
import torch

from maskdexgrasp_core.dataset.record import ObjectRecord
from maskdexgrasp_core.dataset.sources.human_grasps import (
    Conversion,
    ConversionCfg,
    HumanGrasp,
    HumanGraspConverter,
)
from maskdexgrasp_core.evaluation.hold_check import HoldChecker
from maskdexgrasp_core.evaluation.protocols import load_protocol
from maskdexgrasp_core.objects.catalog import make_object
from maskdexgrasp_core.objects.model import ObjectModel
from maskdexgrasp_core.retargeting.human import HumanFitCfg

CATEGORIES = (
    'apple', 'ball', 'bottle', 'box', 'can', 'cup', 'goblet', 'jar', 'mug', 'pepper_mill',
    'soap_dispenser', 'spray_bottle',
)  # fmt: skip
RELEASE = runpy.run_path(
    str(Path(__file__).parents[1] / 'test' / 'data' / 'human_release.py'), run_name='release'
)


def human_grasps(model: ObjectModel, count: int) -> list[HumanGrasp]:
    """Close hands around a model from all sides, at two heights."""
    mesh = model.mesh
    height = float(mesh.bounds[1][2])
    grasps = []
    for number in range(count):
        level = max(0.04, height * (0.45 if number % 2 else 0.65))
        hand = RELEASE['closed_hand'](mesh, height=level, azimuth=2 * np.pi * number / count)
        grasps.append(
            HumanGrasp(grasp_id=str(number), task='hold', part='', keypoints=hand.keypoints)
        )
    return grasps


def convert(model: ObjectModel, grasps: list[HumanGrasp], refine_steps: int) -> Conversion:
    """Convert with or without refinement; nothing is dropped but what does not hold."""
    cfg = ConversionCfg(
        fit=HumanFitCfg(refine_steps=refine_steps),
        max_fingertip_error_m=np.inf,
        max_penetration_m=np.inf,
    )
    make_check = functools.partial(HoldChecker, protocol=load_protocol('tdg'))
    converter = HumanGraspConverter(cfg, make_check)
    return converter.convert(ObjectRecord.from_model(model, source='affordpose'), grasps, 0)


def main() -> None:
    """Print one row an object, and the means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--hands', type=int, default=8, help='hands around each object')
    parser.add_argument('--seed', type=int, default=100, help='of the objects')
    args = parser.parse_args()
    count = args.hands
    torch.set_num_threads(1)
    rows = []
    print(
        '| object | tips mm | deep mm | hold % | refined: tips mm | deep mm | hold % | s/grasp |'
    )
    print('|---|---|---|---|---|---|---|---|')
    for category in CATEGORIES:
        model = make_object(category, args.seed)
        grasps = human_grasps(model, count)
        plain = convert(model, grasps, 0)
        began = time.process_time()
        refined = convert(model, grasps, HumanFitCfg().refine_steps)
        seconds = time.process_time() - began
        row = [
            value
            for made in (plain, refined)
            for value in (
                1000 * made.after.fingertip_error_m.mean(),
                1000 * made.after.penetration_m.mean(),
                100 * len(made.records) / count,
            )
        ]
        rows.append([*row, seconds / count])
        print(f'| {category} |' + ''.join(f' {value:.1f} |' for value in rows[-1]), flush=True)
    print('| mean |' + ''.join(f' {value:.1f} |' for value in np.mean(rows, axis=0)))


if __name__ == '__main__':
    main()
