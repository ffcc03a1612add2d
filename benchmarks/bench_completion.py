"""Measure how well each completion finds the far side, by category, on objects kept from training.

Run: python benchmarks/bench_completion.py [--views N] [--seed N] [--categories A,B]
         [--methods A,B] [--weights FILE] [--doubt-mm FROM FULL] [--alone] [--unseen A,B]

Far side: true surface more than 8 mm from every visible point and more than 4 mm above the table.
Its error is the distance of the true far side to the completed surface. Made up: distance of the
completed far side to the true surface. Means over views; learned weights say which categories
they never saw.
"""

import argparse
import platform
import time
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import trimesh
from scipy.spatial import cKDTree

from maskdexgrasp_core.cell import CELL
from maskdexgrasp_core.geometry.raycasting import make_scene, to_tensor
from maskdexgrasp_core.model.checkpoint import MissingWeightsError, shipped_weights
from maskdexgrasp_core.model.completion_cfg import KIND
from maskdexgrasp_core.objects import CATEGORIES
from maskdexgrasp_core.outcome import StageError
from maskdexgrasp_core.perception.completion import completion_names, load_completion
from maskdexgrasp_core.perception.completion.learned import (
    LearnedCfg,
    LearnedCompletion,
    load_completion_weights,
)
from maskdexgrasp_core.perception.completion.second_opinion import SecondOpinionCfg
from maskdexgrasp_core.protocols import ShapeCompletion
from maskdexgrasp_core.training.completion_data import LAST_SEED
from maskdexgrasp_core.training.completion_views import (
    CompletionViewsCfg,
    ObjectKey,
    seen_somewhere,
    solid_of,
)
from maskdexgrasp_core.types import Array, ObservedCloud

_AS_IT_IS = CompletionViewsCfg(stretch=(1.0, 1.0), camera_shift_m=0.0, table_error_m=0.0)
_FAR_M, _ABOVE_TABLE_M = 0.008, 0.004
_SAMPLES = 3000
View = tuple[trimesh.Trimesh, ObservedCloud]
Errors = dict[tuple[str, str], list[tuple[float, float]]]
"""(method, category) -> far-side error and made-up error of every view [m]."""


def views_of(category: str, count: int, seed: int) -> list[View]:
    """Return true surfaces and visible points of random members at random places."""
    rng = np.random.default_rng([seed, zlib.crc32(category.encode())])
    views = []
    for _ in range(count):
        key = ObjectKey(category, int(rng.integers(LAST_SEED, 2 * LAST_SEED)))
        views.append(seen_somewhere(solid_of(key), _AS_IT_IS, rng))
    return views


def far_distance(surface: trimesh.Trimesh, other: trimesh.Trimesh, cloud: ObservedCloud) -> float:
    """Return the mean distance of the far side of `surface` to `other` [m], NaN if it has none."""
    samples: Array = np.asarray(trimesh.sample.sample_surface(surface, _SAMPLES, seed=0)[0])
    far = cKDTree(cloud.points).query(samples)[0] > _FAR_M
    far &= samples[:, 2] > CELL.table_height + _ABOVE_TABLE_M
    if not far.any():
        return float('nan')
    return float(make_scene([other]).compute_distance(to_tensor(samples[far]), 1).numpy().mean())


def measure(
    methods: Mapping[str, ShapeCompletion], categories: Sequence[str], views: int, seed: int
) -> tuple[Errors, dict[str, list[float]], dict[str, int]]:
    """Print a row for each category; return errors, CPU seconds and failures by method."""
    errors: Errors = {}
    times: dict[str, list[float]] = defaultdict(list)
    failures: dict[str, int] = defaultdict(int)
    for category in categories:
        samples = views_of(category, views, seed)
        for name, method in methods.items():
            mine = errors[name, category] = []
            for truth, cloud in samples:
                begin = time.process_time()
                try:
                    shape = method.complete(cloud, CELL.table_height)
                except StageError:
                    failures[name] += 1
                    continue
                times[name].append(time.process_time() - begin)
                mine.append((far_distance(truth, shape, cloud), far_distance(shape, truth, cloud)))
        row = (_mean_mm(errors[name, category]) for name in methods)
        print(
            f'{category:20s}' + ''.join(f'{far:7.1f}{made:6.1f}' for far, made in row), flush=True
        )
    return errors, times, failures


def _mean_mm(errors: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return the means [mm], NaN where nothing was measured."""
    values = np.array(errors, dtype=float).reshape(-1, 2)
    far, made_up = (
        float(1000.0 * column[~np.isnan(column)].mean()) if (~np.isnan(column)).any() else np.nan
        for column in values.T
    )
    return far, made_up


def _print_group(label: str, errors: Errors, methods: Sequence[str], names: Sequence[str]) -> None:
    means = (_mean_mm([pair for name in names for pair in errors[m, name]]) for m in methods)
    if names:
        print(f'{label:20s}' + ''.join(f'{far:7.2f}{made:6.2f}' for far, made in means))


def _learned(weights: Path | None, cfg: LearnedCfg) -> tuple[LearnedCompletion, tuple[str, ...]]:
    """Return the learned completion and the categories that its weights never saw."""
    try:
        network, header = load_completion_weights(weights or shipped_weights(KIND))
    except MissingWeightsError:
        if weights is not None:
            raise
        return LearnedCompletion(cfg=cfg), ()
    return LearnedCompletion(network, cfg), tuple(header.facts['unseen_categories'])


def _settings(millimetres: Sequence[float] | None, *, alone: bool) -> LearnedCfg:
    cfg = LearnedCfg()
    if alone:
        cfg = replace(cfg, second_opinion=SecondOpinionCfg(agreement=0.0))
    if millimetres is None:
        return cfg
    low, full = (value / 1000.0 for value in millimetres)
    return replace(cfg, doubt_from_m=low, doubt_full_m=full)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(',') if word.strip())


def main() -> None:
    """Print far-side and made-up error in millimetres by category and method, then times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--views', type=int, default=3, help='of each category')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--categories', type=_words, default=tuple(CATEGORIES))
    parser.add_argument('--methods', type=_words, default=completion_names())
    parser.add_argument('--weights', type=Path, help='of the learned completion; default: shipped')
    parser.add_argument(
        '--doubt-mm', type=float, nargs=2, metavar=('FROM', 'FULL'),
        help='expected errors between which the learned completion takes in the extrusion',
    )  # fmt: skip
    parser.add_argument(
        '--alone', action='store_true', help='the network never gives way to the body of the rules'
    )
    parser.add_argument('--unseen', type=_words, default=(), help='categories counted as unseen')
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    methods = {name: load_completion(name) for name in arguments.methods}
    unseen = arguments.unseen
    if 'learned' in methods:
        methods['learned'], never_seen = _learned(
            arguments.weights, _settings(arguments.doubt_mm, alone=arguments.alone)
        )
        unseen = unseen or never_seen
    print(f'{platform.machine()}, seed {arguments.seed}, {arguments.views} views per category, mm')
    print(f'{"far side, made up":20s}' + ''.join(f'{name:>13s}' for name in methods))
    errors, times, failures = measure(
        methods, arguments.categories, arguments.views, arguments.seed
    )
    seen = [name for name in arguments.categories if name not in unseen]
    _print_group('unseen instances', errors, list(methods), seen)
    _print_group(
        'unseen categories', errors, list(methods),
        [name for name in arguments.categories if name in unseen],
    )  # fmt: skip
    for label, share in (('ms median', 50), ('ms p95', 95)):
        values = (1000 * np.percentile(times[name] or [np.nan], share) for name in methods)
        print(f'{label:20s}' + ''.join(f'{value:13.0f}' for value in values))
    print(f'{"failures":20s}' + ''.join(f'{failures[name]:13d}' for name in methods))


if __name__ == '__main__':
    main()
