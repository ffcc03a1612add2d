"""Which objects train the completion, their views in files, and batches of them.

A view costs as much to make as a training step, so views are made once, by all cores, one small
file each; a folder that is interrupted is filled where it was left.
"""

import dataclasses
import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from maskdexgrasp_core.atomic_files import write_atomically
from maskdexgrasp_core.dataset.reader import open_dataset
from maskdexgrasp_core.dataset.sources.procedural.source import FIRST_SEED
from maskdexgrasp_core.dataset.splits import TEST_CATEGORIES, TEST_INSTANCES
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.model.completion_cfg import CompletionCfg
from maskdexgrasp_core.model.completion_net import CompletionInputs
from maskdexgrasp_core.objects.catalog import CATEGORIES
from maskdexgrasp_core.training.completion_views import (
    LEVELS,
    CompletionSample,
    CompletionViewsCfg,
    ObjectKey,
    make_sample,
)
from maskdexgrasp_core.work_pool import run_units

LAST_SEED = 5000
"""Objects from this seed on are never trained on: benchmarks take theirs from there."""
_SYMMETRIES = 8


@dataclass(frozen=True, kw_only=True)
class CompletionDataCfg:
    """How much is made of which objects.

    Raises:
        InvalidInputError: If a number is out of its range.
    """

    objects_per_category: int = 40
    views_per_object: int = 4
    views: CompletionViewsCfg = field(default_factory=CompletionViewsCfg)
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.objects_per_category <= LAST_SEED - FIRST_SEED - 1000:
            raise InvalidInputError(
                f'objects_per_category must be in 1..{LAST_SEED - FIRST_SEED - 1000}, '
                f'got {self.objects_per_category}'
            )
        if self.views_per_object < 1:
            raise InvalidInputError(f'views_per_object must be >= 1, got {self.views_per_object}')


@dataclass(frozen=True, kw_only=True)
class CompletionObjects:
    """Who is trained on and who is held out."""

    training: tuple[ObjectKey, ...]
    held_out: tuple[ObjectKey, ...]
    """Of the same categories."""
    unseen_categories: tuple[str, ...]
    """No object of theirs is in either."""


def completion_objects(splits: Mapping[str, str], *, per_category: int) -> CompletionObjects:
    """Divide the procedural objects as a dataset divides its own.

    Objects of the dataset that are 'test-instances' are held out; categories of objects that are
    'test-categories' are left out altogether. All further members of the other families train.

    Args:
        splits: Id of each object of the dataset -> its split; without any 'test-instances' one
            member of each category is held out.
        per_category: Objects of each category that train.

    Raises:
        InvalidInputError: If no category is left.
    """
    unseen = {_category(name) for name, split in splits.items() if split == TEST_CATEGORIES}
    instances = {name for name, split in splits.items() if split == TEST_INSTANCES}
    seen = [category for category in CATEGORIES if category not in unseen]
    if not seen:
        raise InvalidInputError('every category is a test category: none is left to train on')
    training, held_out = [], []
    for category in seen:
        keys = (ObjectKey(category, seed) for seed in range(FIRST_SEED, LAST_SEED))
        known = [key for key in _procedural(instances) if key.category == category]
        held_out += known or [ObjectKey(category, LAST_SEED - 1)]
        free = (key for key in keys if key.object_id not in instances)
        training += [key for key, _ in zip(free, range(per_category), strict=False)]
    return CompletionObjects(
        training=tuple(training),
        held_out=tuple(held_out),
        unseen_categories=tuple(sorted(unseen)),
    )


def objects_of_dataset(folder: Path, *, per_category: int) -> CompletionObjects:
    """Return the objects that the split of a dataset allows; see `completion_objects`.

    Raises:
        InvalidInputError: If the folder holds no dataset.
    """
    return completion_objects(open_dataset(folder).splits, per_category=per_category)


class ViewFolder:
    """Views of objects as files, in a folder for each setting that decides them."""

    def __init__(
        self, cache: Path, keys: Sequence[ObjectKey], net: CompletionCfg, cfg: CompletionDataCfg
    ) -> None:
        """Name the files below `cache`; none is made or read yet."""
        decisive = {
            'resolution': net.resolution,
            'reach_m': net.reach_m,
            'padding_m': net.padding_m,
            'least_step_m': net.least_step_m,
            'shadow_share': net.shadow_share,
            'views': dataclasses.asdict(cfg.views),
            'seed': cfg.seed,
        }
        self.digest = hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()
        self._folder = cache / f'completion-{self.digest[:12]}'
        self._keys, self._net, self._cfg = tuple(keys), net, cfg

    def __len__(self) -> int:
        return len(self._keys) * self._cfg.views_per_object

    def fill(self, *, workers: int = 1) -> Iterator[int]:
        """Make the views that are missing; yield how many are there after each object.

        Raises:
            InvalidInputError: If an object cannot be shown.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        missing = [key for key in self._keys if not all(p.is_file() for p in self._paths(key))]
        views = self._cfg.views_per_object
        there = len(self) - views * len(missing)
        yield there
        for _ in run_units(partial(_make_views, self), missing, workers=workers):
            there += views
            yield there

    def make(self, key: ObjectKey) -> None:
        """Make the views of one object that are missing."""
        for number, path in enumerate(self._paths(key)):
            if not path.is_file():
                sample = make_sample(key, number, self._cfg.seed, self._net, self._cfg.views)
                content = io.BytesIO()
                np.savez(content, **sample._asdict())
                write_atomically(path, content.getvalue())

    def __getitem__(self, index: int) -> CompletionSample:
        """Return a view: views of one object follow each other.

        Raises:
            InvalidInputError: If its file is missing or damaged.
        """
        key, number = divmod(index, self._cfg.views_per_object)
        path = self._paths(self._keys[key])[number]
        try:
            with np.load(path, allow_pickle=False) as stored:
                return CompletionSample(*(stored[name] for name in CompletionSample._fields))
        except (OSError, KeyError, ValueError) as error:
            raise InvalidInputError(
                f'{path} cannot be read: {error}; delete it and it is made again'
            ) from error

    def _paths(self, key: ObjectKey) -> list[Path]:
        names = (f'{key.object_id}-{view}.npz' for view in range(self._cfg.views_per_object))
        return [self._folder / name for name in names]


def _make_views(folder: ViewFolder, key: ObjectKey) -> None:
    folder.make(key)


def turned(sample: CompletionSample, symmetry: int) -> CompletionSample:
    """Return a sample mirrored and with x and y exchanged: just as true, and new to the network.

    Args:
        sample: Any.
        symmetry: 0..7; bit 0 mirrors x, bit 1 mirrors y, bit 2 exchanges them. 0 changes nothing.
    """
    flipped = [axis for axis in (0, 1) if symmetry >> axis & 1]
    order = [1, 0, 2] if symmetry & 4 else [0, 1, 2]
    ray = sample.ray.copy()
    ray[flipped] *= -1.0

    def moved(values: NDArray[np.int8]) -> NDArray[np.int8]:
        lead = values.ndim - 3
        mirrored = np.flip(values, tuple(lead + axis for axis in flipped))
        return mirrored.transpose(*range(lead), *(lead + axis for axis in order))

    return CompletionSample(
        channels=moved(sample.channels),
        target=moved(sample.target),
        steps=sample.steps[order],
        ray=ray[order],
        explained=sample.explained,
    )


def as_batch(samples: Sequence[CompletionSample]) -> tuple[CompletionInputs, Tensor]:
    """Return samples as inputs of the network and true distances over the reach (B, N, N, N)."""
    channels, target, steps, ray, explained = (
        torch.from_numpy(np.ascontiguousarray(np.stack(values)))
        for values in zip(*samples, strict=True)
    )
    inputs = CompletionInputs(channels.float() / LEVELS, steps, ray, explained)
    return inputs, target.float() / LEVELS


def random_batches(
    folder: ViewFolder, order: NDArray[np.int64], *, batch_size: int, rng: np.random.Generator
) -> Iterator[tuple[CompletionInputs, Tensor]]:
    """Yield full batches of views in the order given, each view turned at random."""
    for start in range(0, len(order) - batch_size + 1, batch_size):
        chosen = order[start : start + batch_size]
        symmetries = rng.integers(_SYMMETRIES, size=batch_size)
        yield as_batch(
            [turned(folder[i], int(s)) for i, s in zip(chosen, symmetries, strict=True)]
        )


def _procedural(names: set[str]) -> list[ObjectKey]:
    """Return the names that are members of families, the others left out."""
    keys = []
    for name in sorted(names):
        number = name.rpartition('_')[2]
        if _category(name) in CATEGORIES and number.isdigit():
            keys.append(ObjectKey(_category(name), int(number)))
    return keys


def _category(object_id: str) -> str:
    return object_id.rpartition('_')[0]
