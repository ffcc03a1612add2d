"""Named scenes and sets of objects, read from `config/scenes.yaml`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
import yaml  # type: ignore[import-untyped]

from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError
from maskdexgrasp_core.objects.catalog import make_object
from maskdexgrasp_core.objects.mesh import load_mesh_object
from maskdexgrasp_core.objects.model import ObjectModel
from maskdexgrasp_core.objects.placement import random_placement, table_pose
from maskdexgrasp_core.resources import resource_path
from maskdexgrasp_core.types import Array

_KEYS = {'category', 'any_of', 'seed', 'color', 'x_m', 'y_m', 'yaw_deg'}
Entry = dict[str, object]


@dataclass(frozen=True, kw_only=True)
class PlacedObject:
    """An object and where it stands."""

    model: ObjectModel
    T_base_object: Array
    """(4, 4) pose of the object frame in the base frame."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What stands on the table."""

    name: str
    placements: tuple[PlacedObject, ...]
    warnings: tuple[str, ...] = ()
    """What was guessed or repaired in meshes of the user."""


def scene_names() -> list[str]:
    """Return the names that `load_scene` knows."""
    return sorted(_read()['scenes'])


def set_names() -> list[str]:
    """Return the names that `load_set` knows."""
    return sorted(_read()['sets'])


def load_scene(name: str, seed: int = 0, object_files: Sequence[Path | str] = ()) -> Scene:
    """Return a scene; what its file leaves open is drawn from `seed`.

    Args:
        name: One of `scene_names()`.
        seed: >= 0.
        object_files: Meshes that stand on the table besides ('empty' has nothing else).

    Raises:
        UnknownNameError: If scene, category or colour is not known.
        InvalidInputError: If the seed is negative, a mesh cannot be used, or the objects do not
            fit on the table.
    """
    entries = _entries('scenes', 'scene', name)
    rng = _generator(seed)
    made = [_make(entry, seed, rng) for entry in entries]
    loaded = [load_mesh_object(path) for path in object_files]
    fixed = {
        index: table_pose(
            _number(entry, 'x_m'), _number(entry, 'y_m'), np.radians(_number(entry, 'yaw_deg'))
        )
        for index, entry in enumerate(entries)
        if 'x_m' in entry
    }
    models = _unique([*made, *(model for model, _ in loaded)])
    free = [index for index in range(len(models)) if index not in fixed]
    drawn = random_placement(
        [models[index] for index in free],
        rng,
        standing=[(models[index], pose) for index, pose in fixed.items()],
    )
    poses = {**fixed, **dict(zip(free, drawn, strict=True))}
    return Scene(
        name=name,
        placements=tuple(
            PlacedObject(model=model, T_base_object=poses[index])
            for index, model in enumerate(models)
        ),
        warnings=tuple(text for _, texts in loaded for text in texts),
    )


def load_set(name: str) -> tuple[ObjectModel, ...]:
    """Return the objects of a set, the same on every call.

    Raises:
        UnknownNameError: If the set is not known.
    """
    rng = np.random.default_rng(0)
    return tuple(_unique([_make(entry, 0, rng) for entry in _entries('sets', 'set', name)]))


def random_scene(models: Sequence[ObjectModel], seed: int) -> Scene:
    """Return a scene of these objects at random places (see `placement.random_placement`).

    Raises:
        InvalidInputError: If the seed is negative, or the objects do not fit on the table.
    """
    models = _unique(models)
    poses = random_placement(models, _generator(seed))
    placements = [
        PlacedObject(model=model, T_base_object=pose)
        for model, pose in zip(models, poses, strict=True)
    ]
    return Scene(name='+'.join(model.name for model in models), placements=tuple(placements))


def _generator(seed: int) -> np.random.Generator:
    if seed < 0:
        raise InvalidInputError(f'the seed of a scene must be >= 0, got {seed}')
    return np.random.default_rng(seed)


def _read() -> dict[str, dict[str, list[Entry]]]:
    text = resource_path('config/scenes.yaml').read_text(encoding='utf-8')
    return cast(dict[str, dict[str, list[Entry]]], yaml.safe_load(text))


def _entries(section: str, kind: str, name: str) -> list[Entry]:
    known = _read()[section]
    if name not in known:
        raise UnknownNameError(kind, name, list(known))
    for entry in known[name]:
        unknown = set(entry) - _KEYS
        if unknown or ('x_m' in entry) != ('y_m' in entry):
            raise InvalidInputError(
                f'{kind} {name}: {entry} has unknown keys {sorted(unknown)} or half a place; '
                f'known keys: {sorted(_KEYS)}'
            )
    return known[name]


def _make(entry: Entry, scene_seed: int, rng: np.random.Generator) -> ObjectModel:
    choices = cast(list[str], entry.get('any_of') or [entry['category']])
    category = str(rng.choice(choices)) if len(choices) > 1 else choices[0]
    color = cast(str | None, entry.get('color'))
    return make_object(category, int(cast(int, entry.get('seed', scene_seed))), color_name=color)


def _number(entry: Entry, key: str) -> float:
    return float(cast(float, entry.get(key, 0.0)))


def _unique(models: Sequence[ObjectModel]) -> list[ObjectModel]:
    """Return the models, those after the first of a name renamed '<name>_b', '_c', ..."""
    seen: dict[str, int] = {}
    renamed = []
    for model in models:
        seen[model.name] = seen.get(model.name, 0) + 1
        letter = chr(ord('a') + seen[model.name] - 1)
        unique = model.name if seen[model.name] == 1 else f'{model.name}_{letter}'
        renamed.append(model if unique == model.name else replace(model, name=unique))
    return renamed
