"""What must hold of the objects of a dataset, their meshes and their division into splits."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from maskdexgrasp_core.dataset.manifest import Manifest
from maskdexgrasp_core.dataset.object_files import geometry_bytes, read_object
from maskdexgrasp_core.dataset.record import SPLITS
from maskdexgrasp_core.dataset.splits import TEST_CATEGORIES
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.objects.model import ObjectModel
from maskdexgrasp_core.tasks import TASKS

_MAX_SIZE_M = 2.0
Row = Mapping[str, Any]


def object_problems(folder: Path, manifest: Manifest, rows: Sequence[Row]) -> Iterator[str]:
    """Yield what is wrong with rows of the objects table and the meshes they name."""
    for name, number in Counter(row['object_id'] for row in rows).items():
        if number > 1 or not name:
            yield f'object {name!r} is there {number} times'
    sources = {build.source for build in manifest.builds}
    for row in rows:
        for problem in (*_row_problems(row, sources), *_mesh_problems(folder, manifest, row)):
            yield f'object {row["object_id"]!r}: {problem}'
    used = {row['mesh'] for row in rows}
    for path in manifest.files:
        if path.endswith('.glb') and path not in used:
            yield f'{path}: no object uses it'


def leak_problems(folder: Path, rows: Sequence[Row]) -> Iterator[str]:
    """Yield objects and categories that stand on both sides of a split."""
    splits: dict[str, set[str]] = defaultdict(set)
    shapes: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        splits[row['category']].add(row['split'])
        digest = _shape_digest(folder / row['mesh'])
        if digest:
            shapes[digest].append(row)
    for category, found in sorted(splits.items()):
        if TEST_CATEGORIES in found and len(found) > 1:
            others = ', '.join(sorted(found - {TEST_CATEGORIES}))
            yield f'split leak: category {category!r} is in {TEST_CATEGORIES} and in {others}'
    for same in shapes.values():
        if len({row['split'] for row in same}) > 1:
            where = ', '.join(f'{row["object_id"]} ({row["split"]})' for row in same)
            yield f'split leak: the same shape is in several splits: {where}'


def _shape_digest(path: Path) -> str:
    """Return a digest of the geometry alone; '' when the file cannot be read."""
    try:
        return hashlib.sha256(geometry_bytes(path.read_bytes())).hexdigest()
    except (OSError, InvalidInputError):
        return ''


def _row_problems(row: Row, sources: Collection[str]) -> Iterator[str]:
    if not row['category']:
        yield 'it has no category'
    if row['source'] not in sources:
        yield f'no build is of its source {row["source"]!r}'
    if row['split'] not in SPLITS:
        yield f'unknown split {row["split"]!r}'
    for name in ('mass_kg', 'friction'):
        if not (np.isfinite(row[name]) and row[name] > 0):
            yield f'{name} is {row[name]}'
    if row['num_grasps'] < 1:
        yield 'it has no grasps'
    if len(set(row['parts'])) < len(row['parts']):
        yield f'parts share names: {row["parts"]}'
    for task, part in row['affordances'].items():
        if task not in TASKS:
            yield f'unknown task {task!r} among its affordances'
        if part not in row['parts']:
            yield f'its affordance {task!r} is a part {part!r} that it does not have'


def _mesh_problems(folder: Path, manifest: Manifest, row: Row) -> Iterator[str]:
    if row['mesh'] not in manifest.files:
        yield f'the manifest does not name its mesh {row["mesh"]}'
        return
    try:
        model = read_object(folder / row['mesh'])
    except InvalidInputError as error:
        yield str(error)
        return
    said = (row['category'], row['parts'], row['mass_kg'], row['friction'], row['affordances'])
    names = [part.name for part in model.parts]
    if said != (model.category, names, model.mass_kg, model.friction, model.affordances):
        yield 'its row and its mesh file say different things'
    yield from _shape_problems(model)


def _shape_problems(model: ObjectModel) -> Iterator[str]:
    for part in model.parts:
        for piece in part.pieces:
            if not np.isfinite(piece.vertices).all() or np.ptp(piece.vertices) > _MAX_SIZE_M:
                yield f'part {part.name!r} has vertices that are not finite or metres apart'
                return
            if not piece.is_watertight:
                yield f'part {part.name!r} has a piece that is not closed'
                return
