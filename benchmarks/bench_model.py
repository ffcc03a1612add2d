"""Measures the learned model: tokens on held-out grasps, milliseconds, variety of candidates.

Run: python benchmarks/bench_model.py [--weights DIR] [--split S] [--only tokenizer,time,variety]

Tokenizer: every grasp of the split about once, in the model frame of the whole surface and of one
view, encoded and decoded. Time: on the process alone; a sentence is new once and then kept.
Variety: spread within a condition as docs/evaluation.md defines it, of 32 hands as decoded, and of
what is left of 32 after refinement and ranking.
"""

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from held_out import Posed, Shown, learned_generator, posed_grasps, posed_proposals, propose, show

from maskdexgrasp_core.cli.console import run_header, write_json
from maskdexgrasp_core.cli.evaluate import DEFAULT_DATA
from maskdexgrasp_core.cli.evaluate_dataset import dataset_requests
from maskdexgrasp_core.dataset.reader import open_dataset
from maskdexgrasp_core.evaluation.diversity import within_condition_diversity
from maskdexgrasp_core.evaluation.generated_grasps import View
from maskdexgrasp_core.hands.spec import PARTS
from maskdexgrasp_core.model.checkpoint import load_network, shipped_weights
from maskdexgrasp_core.model.grasp_model import GraspModel
from maskdexgrasp_core.model.tokenizer import GraspTokenizer
from maskdexgrasp_core.model.tokenizer_cfg import TokenizerCfg
from maskdexgrasp_core.outcome import StageError
from maskdexgrasp_core.synthesis.learned_generator import LearnedGenerator, request_of
from maskdexgrasp_core.training.grasp_data import grasp_data
from maskdexgrasp_core.training.object_views import ViewsCfg, object_views
from maskdexgrasp_core.training.overrides import parse_changes
from maskdexgrasp_core.training.recipe import Share
from maskdexgrasp_core.training.scene_batches import SceneCfg, SceneSampler
from maskdexgrasp_core.training.scenes import KINDS_OF_VIEW
from maskdexgrasp_core.training.train_tokenizer import tokenizer_figures

SECTIONS = ('tokenizer', 'time', 'variety')
CANDIDATES = 32
_VIEWS = ViewsCfg(num_views=4)
Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What generators are asked."""

    data: Path = DEFAULT_DATA
    split: str = 'test-instances'
    view: View = 'whole'
    number: int = 20
    """Drawn at random."""
    seed: int = 1


def tokenizer_on_split(weights: Path, data: Path, split: str, *, seed: int = 1) -> Json:
    """Return the figures of a tokenizer on the grasps of a split, by kind of view.

    Args:
        weights: File of the tokenizer.
        data: Folder of the dataset.
        split: Of which no grasp was trained on.
        seed: Of turns and views.

    Raises:
        InvalidInputError: If weights or data cannot be used.
    """
    network, _ = load_network(
        weights, kind='tokenizer', cfg_type=TokenizerCfg, build=GraspTokenizer
    )
    chosen = open_dataset(data).select(split=split)
    grasps, views = grasp_data(chosen), object_views(chosen, _VIEWS)
    found: Json = {'objects': len(chosen.objects)}
    for kind, whole_share in KINDS_OF_VIEW.items():
        cfg = SceneCfg(num_scenes=1, grasps_per_scene=16, whole_share=whole_share, seed=seed)
        batches = list(SceneSampler(grasps, views, cfg).epoch(0, Share()))
        found[kind] = {
            'grasps': sum(batch.hands.num_hands for batch in batches),
            **tokenizer_figures(network, {kind: batches}),
        }
    return found


def shown_conditions(asked: Conditions) -> list[Shown]:
    """Return conditions of a split as the generator sees them; unseen ones are left out."""
    requests = dataset_requests(
        asked.data, split=asked.split, number=asked.number, seed=asked.seed
    )
    found = []
    for request in requests:
        for condition in request.conditions:
            try:
                found.append(show(request.model, condition.text, asked.view, asked.seed))
            except StageError as error:
                print(f'{request.object_id} is left out: {error.outcome.reason}')
    return found


def milliseconds(work: Callable[[int], object], repeats: int) -> Json:
    """Return median and 95th percentile of wall and CPU time [ms]; one more run comes first.

    Args:
        work: Is given the number of the run.
        repeats: Runs that count.
    """
    work(0)
    times = []
    for number in range(1, repeats + 1):
        wall, cpu = time.perf_counter(), time.process_time()
        work(number)
        times.append((time.perf_counter() - wall, time.process_time() - cpu))
    median, p95 = 1000.0 * np.percentile(times, [50, 95], axis=0)
    return {
        'wall_ms': {'median': float(median[0]), 'p95': float(p95[0])},
        'cpu_ms': {'median': float(median[1]), 'p95': float(p95[1])},
        'repeats': repeats,
    }


def times_of(
    generator: LearnedGenerator, model: GraspModel, seen: Sequence[Shown], repeats: int
) -> Json:
    """Return what each step takes; the conditions take turns."""
    requests = [request_of(one.observation) for one in seen]
    encoded = [model.encode(request) for request in requests]
    unanswered = 0

    def new_sentence(number: int) -> object:
        request = requests[number % len(seen)]
        return model.encode(replace(request, text=f'{request.text} Try {number}.'))

    def first_grasps(number: int, num_grasps: int) -> None:
        nonlocal unanswered
        observation = seen[number % len(seen)].observation
        made = generator.generate(observation, num_grasps=num_grasps, seed=number)
        unanswered += not made.grasps

    def drawn(number: int) -> object:
        chance = torch.Generator().manual_seed(number)
        sampling = generator.cfg.sampling
        return model.propose(encoded[number % len(seen)], CANDIDATES, sampling, chance)

    return {
        'encode object and a new sentence': milliseconds(new_sentence, repeats),
        'encode object, sentence known': milliseconds(
            lambda number: model.encode(requests[number % len(seen)]), repeats
        ),
        f'sample and decode {CANDIDATES}, conditions cached': milliseconds(drawn, repeats),
        'first grasp': milliseconds(lambda number: first_grasps(number, 1), repeats),
        'eight grasps': milliseconds(lambda number: first_grasps(number, 8), repeats),
        'unanswered': unanswered,
    }


def variety_of(
    model: GraspModel, seen: Sequence[Shown], temperatures: Sequence[float], changes: Json
) -> dict[str, Json]:
    """Return the spread of raw and of finished candidates by temperature."""
    found = {}
    for temperature in temperatures:
        one_batch = {'batch_size': CANDIDATES, 'max_batches': 1}
        changed = {**changes, **one_batch, 'sampling.temperature': temperature}
        generator = learned_generator(model, changed)
        raw, finished, different = [], [], []
        for number, one in enumerate(seen):
            proposals = propose(model, one, CANDIDATES, generator.cfg, number)
            different.append(len(proposals.tokens.unique(dim=0)))
            raw.append(posed_proposals(proposals, one))
            made = generator.generate(one.observation, num_grasps=CANDIDATES, seed=number)
            if made.grasps:
                finished.append(posed_grasps(made.grasps, one))
        found[f'{temperature:g}'] = {
            'conditions': len(seen),
            'different_tokens': float(np.mean(different)),
            'raw': spread(raw),
            'finished': spread(finished),
        }
    return found


def spread(groups: Sequence[Posed]) -> Json:
    """Return number and mean spread of hands, each group those of one condition."""
    if not groups:
        return {'hands': 0}
    names = [number for number, group in enumerate(groups) for _ in group.joint_positions]
    poses = np.concatenate([group.Ts_object_wrist for group in groups])
    joints = np.concatenate([group.joint_positions for group in groups])
    found = within_condition_diversity(names, poses, joints)
    return {
        'hands': len(names),
        'translation_cm': found.translation_cm,
        'rotation_deg': found.rotation_deg,
        'joints_deg': found.joints_deg,
        'conditions': found.num_conditions,
    }


def print_tokenizer(found: Json) -> None:
    """Print errors by part and the use of every codebook."""
    kinds = list(KINDS_OF_VIEW)
    print(f'\n| tokenizer, {found["objects"]} objects | ' + ' | '.join(kinds) + ' |')
    print('|---' * (len(kinds) + 1) + '|')
    errors = ['point_error_mm', *(f'point_error_mm/{part}' for part in PARTS)]
    others = ['translation_mm', 'rotation_deg', 'joints_deg']
    codes = [n for n in found[kinds[0]] if n.startswith(('least_', 'usage/', 'perplexity/'))]
    for name in ['grasps', *errors, *others, *codes]:
        form = 'd' if name == 'grasps' else '.3g'
        print(f'| {name} | ' + ' | '.join(f'{found[kind][name]:{form}}' for kind in kinds) + ' |')


def print_times(found: Json) -> None:
    """Print median and 95th percentile of every step."""
    print('\n| ms | wall, median | p95 | CPU, median | p95 | repeats |\n|---|---|---|---|---|---|')
    for name, row in found.items():
        if isinstance(row, dict):
            values = (row[kind][share] for kind in ('wall_ms', 'cpu_ms') for share in row[kind])
            print(f'| {name} | ' + ' | '.join(f'{v:.0f}' for v in values), end='')
            print(f' | {row["repeats"]} |')
    print(f'{found["unanswered"]} of all runs gave no grasp')


def print_variety(found: Mapping[str, Json]) -> None:
    """Print the spread of raw and finished candidates."""
    print(f'\n| temperature | candidates | hands | cm | deg | joints deg | different of '
          f'{CANDIDATES} |\n|---|---|---|---|---|---|---|')  # fmt: skip
    for temperature, row in found.items():
        for kind in ('raw', 'finished'):
            mine = row[kind]
            values = (
                f'{mine[name]:.1f}' if name in mine else '-'
                for name in ('translation_cm', 'rotation_deg', 'joints_deg')
            )
            different = f'{row["different_tokens"]:.1f}' if kind == 'raw' else ''
            line = ' | '.join([temperature, kind, str(mine['hands']), *values, different])
            print(f'| {line} |')


def arguments() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--weights', type=Path, help='folder of both networks; default: shipped')
    parser.add_argument('--data', type=Path, default=DEFAULT_DATA)
    parser.add_argument('--split', default='test-instances')
    parser.add_argument('--view', choices=('whole', 'single'), default='whole')
    parser.add_argument('--conditions', type=int, default=20)
    parser.add_argument('--repeats', type=int, default=40)
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--temperatures', type=float, nargs='+', default=(0.5, 1.0, 1.5))
    parser.add_argument('--set', dest='changes', action='append', default=[], metavar='NAME=VALUE')
    parser.add_argument('--only', default=','.join(SECTIONS), help='sections, with commas')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--json', type=Path)
    args = parser.parse_args()
    if unknown := set(args.only.split(',')) - set(SECTIONS):
        parser.error(f'unknown sections {sorted(unknown)}; known: {", ".join(SECTIONS)}')
    return args


def main() -> None:
    """Print the tables; write everything as JSON where asked."""
    args = arguments()
    wanted = args.only.split(',')
    torch.set_num_threads(args.threads)
    content: Json = {**run_header(args.seed), 'arguments': vars(args)}
    print(f'{content["machine"]}, {args.threads} threads, seed {args.seed}, {args.split}')
    if 'tokenizer' in wanted:
        file = args.weights and args.weights / 'tokenizer.safetensors'
        content['tokenizer'] = tokenizer_on_split(
            file or shipped_weights('tokenizer'), args.data, args.split, seed=args.seed
        )
        print_tokenizer(content['tokenizer'])
    if wanted != ['tokenizer']:
        model, changes = GraspModel.load(args.weights), parse_changes(args.changes)
        seen = shown_conditions(
            Conditions(
                data=args.data, split=args.split, view=args.view, number=args.conditions,
                seed=args.seed,
            )
        )  # fmt: skip
        print(f'\n{len(seen)} conditions, view {args.view}')
    if 'time' in wanted:
        generator = learned_generator(model, changes)
        content['time'] = times_of(generator, model, seen, args.repeats)
        print_times(content['time'])
    if 'variety' in wanted:
        content['variety'] = variety_of(model, seen, args.temperatures, changes)
        print_variety(content['variety'])
    if args.json:
        write_json(args.json, content)


if __name__ == '__main__':
    main()
