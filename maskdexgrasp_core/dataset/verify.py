"""Finds whatever is wrong with a dataset on the disk, without trusting any of it."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from maskdexgrasp_core.dataset.columns import object_rows
from maskdexgrasp_core.dataset.manifest import (
    MANIFEST_NAME,
    Manifest,
    conventions,
    read_manifest,
)
from maskdexgrasp_core.dataset.schema import GRASP_SCHEMA, OBJECT_SCHEMA
from maskdexgrasp_core.dataset.shards import BUILDING
from maskdexgrasp_core.dataset.splits import apply_split
from maskdexgrasp_core.dataset.table_files import read_parquet
from maskdexgrasp_core.dataset.verify_grasps import grasp_problems
from maskdexgrasp_core.dataset.verify_objects import leak_problems, object_problems
from maskdexgrasp_core.dataset.writer import count_dataset, dataset_files
from maskdexgrasp_core.errors import InvalidInputError, MaskDexGraspError

_CHUNK = 1 << 20
_BINDING = ('hand', 'units', 'held_directions', 'text_forms')
"""Conventions of a manifest that numbers depend on; the others are words."""


def verify_dataset(folder: Path) -> list[str]:
    """Return a sentence for everything that is wrong; an empty list means that all is well.

    Checked are the manifest, the checksum and size of every file, files that should not be there,
    the types and row counts of the tables, every value of every row, every mesh, and that no
    object or category is on both sides of a split. The README may be edited and is not checked.
    """
    try:
        manifest = read_manifest(folder)
    except InvalidInputError as error:
        return [str(error)]
    problems = [*_manifest_problems(folder, manifest), *_file_problems(folder, manifest)]
    objects = _table(folder, manifest, manifest.objects_file, OBJECT_SCHEMA, problems)
    parts = {
        path: table
        for path in manifest.grasp_files
        if (table := _table(folder, manifest, path, GRASP_SCHEMA, problems)) is not None
    }
    if objects is None or len(parts) < len(manifest.grasp_files):
        return problems
    rows = object_rows(objects)
    grasps = pa.concat_tables([GRASP_SCHEMA.empty_table(), *parts.values()])
    problems += object_problems(folder, manifest, rows)
    problems += leak_problems(folder, rows)
    problems += grasp_problems(grasps, rows)
    problems += _agreement_problems(manifest, rows, grasps)
    return problems


def _manifest_problems(folder: Path, manifest: Manifest) -> Iterator[str]:
    content = json.loads((folder / MANIFEST_NAME).read_text(encoding='utf-8'))
    expected = conventions()
    for name in _BINDING:
        if content.get(name) != expected[name]:
            yield f'{MANIFEST_NAME}: {name!r} is not what this version writes'
    if manifest.objects_file not in manifest.files:
        yield f'{MANIFEST_NAME}: it does not name {manifest.objects_file}'
    for entry in manifest.descriptions:
        if not 0 < entry.revision <= manifest.revision or entry.num_grasps < 1:
            yield f'{MANIFEST_NAME}: it cannot have been described in revision {entry.revision}'
    built = sum(build.num_grasps for build in manifest.builds)
    if built != manifest.counts.get('grasps'):
        yield f'{MANIFEST_NAME}: its builds add up to {built} grasps, its counts do not'


def _file_problems(folder: Path, manifest: Manifest) -> Iterator[str]:
    for path, entry in manifest.files.items():
        file = folder / path
        if not file.is_file():
            yield f'{path}: missing'
        elif file.stat().st_size != entry.num_bytes:
            yield f'{path}: {file.stat().st_size} bytes, should be {entry.num_bytes}'
        elif _sha256(file) != entry.sha256:
            yield f'{path}: its checksum is wrong'
    if (folder / BUILDING).is_dir():
        return  # an interrupted build may have left files that its resumption deletes
    for file in sorted(dataset_files(folder)):
        path = file.relative_to(folder).as_posix()
        if path not in manifest.files:
            yield f'{path}: the manifest does not name it'


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open('rb') as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _table(
    folder: Path, manifest: Manifest, path: str, schema: pa.Schema, problems: list[str]
) -> pa.Table | None:
    """Return a table; None, with the reason added to `problems`, if it cannot be used."""
    entry = manifest.files.get(path)
    if entry is None or not (folder / path).is_file():
        return None
    try:
        table = read_parquet(folder / path, schema)
    except InvalidInputError as error:
        problems.append(f'{path}: {error}')
        return None
    if table.num_rows != entry.num_rows:
        problems.append(f'{path}: {table.num_rows} rows, should be {entry.num_rows}')
    return table


def _agreement_problems(
    manifest: Manifest, rows: list[dict[str, Any]], grasps: pa.Table
) -> Iterator[str]:
    tasks = set(grasps['task'].unique().to_pylist())
    counts = count_dataset(rows, tasks)
    if counts != manifest.counts:
        yield f'{MANIFEST_NAME}: counts are {manifest.counts}, the tables hold {counts}'
    if manifest.split is None:
        return
    try:
        ruled = apply_split(rows, manifest.split)
    except MaskDexGraspError as error:
        yield f'{MANIFEST_NAME}: its split rule cannot be applied: {error}'
        return
    moved = [new['object_id'] for new, old in zip(ruled, rows, strict=True) if new != old]
    if moved:
        yield f'{len(moved)} objects are not in the split of the rule, first: {moved[0]}'
