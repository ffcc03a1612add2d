"""Everything that the trainings of grasps read of a dataset, split into seen and held back."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from maskdexgrasp_core.dataset.grasp_table import GraspTable
from maskdexgrasp_core.dataset.reader import Dataset, ObjectShelf, open_dataset
from maskdexgrasp_core.training.grasp_data import grasp_data, held_back
from maskdexgrasp_core.training.object_views import object_views
from maskdexgrasp_core.training.recipe import Share
from maskdexgrasp_core.training.scene_batches import SceneBatch, SceneSampler
from maskdexgrasp_core.training.scene_training import SceneTraining

SPLIT = 'train'
"""Of the dataset; what is held back is a part of it."""
KINDS_OF_VIEW = {'whole': 1.0, 'single': 0.0}
"""Name -> share of the scenes that show the whole surface."""


@dataclass(frozen=True, eq=False)
class Scenes:
    """What training sees, and what it must not see."""

    train: SceneSampler
    held_back: dict[str, list[SceneBatch]]
    """Kind of view -> batches that are always the same; empty where nothing is held back."""
    sentences: tuple[str, ...]
    """All different ones, of both."""
    facts: dict[str, Any]
    """What decides all of this, as JSON."""


def load_scenes(
    folder: Path,
    cfg: SceneTraining,
    *,
    workers: int = 1,
    on_progress: Callable[[int, int], None] = lambda done, of: None,
) -> Scenes:
    """Read a dataset and look at its objects, which takes minutes the first time.

    Args:
        folder: Of the dataset.
        cfg: How it is trained on.
        workers: Processes that look at objects.
        on_progress: As for `object_views`.

    Raises:
        InvalidInputError: If the folder holds no dataset, or too few objects.
        WorkerLostError: If a worker was killed.
    """
    data = _some(open_dataset(folder).select(split=SPLIT), cfg.max_objects, cfg.scenes.seed)
    data = replace(data, grasps=_above_table(data.grasps, cfg.min_table_gap_m))
    grasps = grasp_data(data)
    views = object_views(data, cfg.views, workers=workers, on_progress=on_progress)
    kept = held_back(grasps.object_ids, cfg.held_back_share, cfg.scenes.seed)
    seen = [name for name in grasps.object_ids if name not in set(kept)]
    batches = {}
    if kept:
        for name, share in KINDS_OF_VIEW.items():
            scenes = replace(cfg.scenes, whole_share=share)
            sampler = SceneSampler(grasps.of_objects(kept), views, scenes)
            batches[name] = list(sampler.epoch(0, Share()))
    return Scenes(
        train=SceneSampler(grasps.of_objects(seen), views, cfg.scenes),
        held_back=batches,
        sentences=grasps.sentences,
        facts={
            'data': folder.resolve().name,
            'data_digest': _digest(data),
            'split': SPLIT,
            'num_objects': len(grasps.object_ids),
            'num_grasps': len(data.grasps),
            'min_table_gap_m': cfg.min_table_gap_m,
            'held_back': list(kept),
            'scenes': asdict(cfg.scenes),
            'views': asdict(cfg.views),
        },
    )


def _some(data: Dataset, number: int, seed: int) -> Dataset:
    """Return at most `number` objects of a dataset, taken at random; 0: all."""
    names = list(data.objects.rows)
    if not 0 < number < len(names):
        return data
    chosen = {names[row] for row in np.random.default_rng(seed).permutation(len(names))[:number]}
    rows = {name: row for name, row in data.objects.rows.items() if name in chosen}
    grasps = data.grasps.where(object_id=chosen)
    return replace(data, objects=ObjectShelf(data.folder, rows), grasps=grasps)


def _above_table(grasps: GraspTable, min_gap_m: float | None) -> GraspTable:
    """Return the grasps whose hand stays above a height; those of unknown tables are kept."""
    if min_gap_m is None:
        return grasps
    return grasps[~(grasps.table_gaps_m < min_gap_m)]


def _digest(data: Dataset) -> str:
    """Return a digest of every file of a dataset."""
    files = {path: entry.sha256 for path, entry in data.manifest.files.items()}
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
