"""Measures edits: how far the kept parts move, the edited ones, and what holds afterwards.

Run: python benchmarks/bench_editing.py [--weights DIR] [--split S] [--conditions N] [--seed N]

Of every condition the first grasp of the generator `model` is edited, each kind of edit once, and
the best answer counts. Motions are those of surface points, as `maskdexgrasp edit` prints them.
"""

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from bench_model import Conditions, shown_conditions
from held_out import learned_generator

from maskdexgrasp_core.cli.console import run_header, write_json
from maskdexgrasp_core.cli.evaluate import DEFAULT_DATA
from maskdexgrasp_core.model.grasp_model import GraspModel
from maskdexgrasp_core.synthesis.editing import EDITED_MOTION, KEPT_MOTION, GraspEditor

EDITS = (('thumb',), ('index',), ('little',), ('index', 'middle'), ('palm',))
Json = dict[str, float]


def figures(motions: list[tuple[float, float]], asked: int) -> Json:
    """Return shares and millimetres of the answers to one kind of edit.

    Args:
        motions: Of kept and of edited parts, one pair for each answer [m].
        asked: Edits that were asked for.
    """
    if not motions:
        return {'asked': asked, 'answered': 0}
    kept, edited = 1000.0 * np.array(motions).T
    return {
        'asked': asked,
        'answered': len(motions),
        'kept_mean_mm': float(kept.mean()),
        'kept_most_mm': float(kept.max()),
        'edited_mean_mm': float(edited.mean()),
    }


def measure(model: GraspModel, asked: Conditions) -> dict[str, Json]:
    """Return the figures of every kind of edit."""
    generator = learned_generator(model, {})
    editor = GraspEditor(model=model)
    motions: dict[str, list[tuple[float, float]]] = defaultdict(list)
    number = 0
    for shown in shown_conditions(asked):
        made = generator.generate(shown.observation, num_grasps=1, seed=asked.seed)
        if not made.grasps:
            continue
        number += 1
        for parts in EDITS:
            edited = editor.edit(
                shown.observation, made.grasps[0], parts, num_grasps=1, seed=asked.seed
            )
            for grasp in edited.grasps:
                moved = grasp.scores[KEPT_MOTION], grasp.scores[EDITED_MOTION]
                motions[' and '.join(parts)].append(moved)
    return {name: figures(motions[name], number) for name in map(' and '.join, EDITS)}


def main() -> None:
    """Print the table; write everything as JSON where asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--weights', type=Path, help='folder of both networks; default: shipped')
    parser.add_argument('--data', type=Path, default=DEFAULT_DATA)
    parser.add_argument('--split', default='test-instances')
    parser.add_argument('--conditions', type=int, default=20)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--json', type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    asked = Conditions(data=args.data, split=args.split, number=args.conditions, seed=args.seed)
    found = measure(GraspModel.load(args.weights), asked)
    header = run_header(args.seed)
    print(f'{header["machine"]}, seed {args.seed}, {args.split}, whole surface\n')
    print('| drawn anew | answered | kept parts moved, mean mm | most | edited parts moved |')
    print('|---|---|---|---|---|')
    for name, row in found.items():
        columns = ('kept_mean_mm', 'kept_most_mm', 'edited_mean_mm')
        values = ' | '.join(f'{row[column]:.2f}' if column in row else '-' for column in columns)
        print(f'| {name} | {row["answered"]} of {row["asked"]} | {values} |')
    if args.json:
        write_json(args.json, {**header, 'edits': found})


if __name__ == '__main__':
    main()
