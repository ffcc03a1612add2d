"""Turns finished units into tables, and one revision of a dataset into the next.

Every table of a revision is a new file; the manifest that names it is replaced last, as a whole.
Whoever is killed in between leaves the previous revision as it was, and some files that no
manifest names and the next writer deletes.
"""

import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from maskdexgrasp_core.atomic_files import TEMPORARY_SUFFIX, write_atomically
from maskdexgrasp_core.dataset.card import write_card
from maskdexgrasp_core.dataset.columns import object_rows, objects_to_table, with_grasp_schema
from maskdexgrasp_core.dataset.manifest import (
    MANIFEST_NAME,
    BuildEntry,
    DescriptionEntry,
    FileEntry,
    Manifest,
    SplitRule,
    file_entry,
    write_manifest,
)
from maskdexgrasp_core.dataset.record import FORMS
from maskdexgrasp_core.dataset.schema import grasp_write_options
from maskdexgrasp_core.dataset.splits import apply_split
from maskdexgrasp_core.dataset.table_files import damaged, grasp_tables, objects_table
from maskdexgrasp_core.errors import InvalidInputError

GRASPS, OBJECTS = 'grasps', 'objects'
_ROWS_PER_PART = 20_000
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Addition:
    """What a finished build adds to a dataset."""

    grasps: Iterable[pa.Table]
    """Read once, in order."""
    objects: Sequence[Row]
    """Rows of the objects table; `num_grasps` is counted anew."""
    meshes: dict[str, bytes]
    """Id of an object -> its GLB file."""
    build: BuildEntry


@dataclass
class _Written:
    """Files of grasps that were written, and what is in them."""

    files: dict[str, FileEntry] = field(default_factory=dict)
    per_object: Counter[str] = field(default_factory=Counter)
    tasks: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)

    def count(self, table: pa.Table) -> None:
        """Count rows of grasps.

        Raises:
            InvalidInputError: If an id is there already.
        """
        ids = table['grasp_id'].to_pylist()
        twice = [name for name, number in Counter(ids).items() if number > 1 or name in self.ids]
        if twice:
            raise InvalidInputError(f'grasp ids are not unique: {", ".join(twice[:5])}')
        self.ids.update(ids)
        self.per_object.update(table['object_id'].to_pylist())
        self.tasks.update(table['task'].unique().to_pylist())


def add_to_dataset(folder: Path, previous: Manifest | None, addition: Addition) -> Manifest:
    """Write the next revision: what was there and what was built. The caller holds the lock.

    Objects without a grasp are left out.

    Raises:
        InvalidInputError: If ids of grasps are not unique, or an object is already there with
            another shape.
    """
    for name in (GRASPS, OBJECTS):
        (folder / name).mkdir(parents=True, exist_ok=True)
    written = _Written()
    rows: dict[str, Row] = {}
    if previous is not None:
        for file in grasp_tables(folder, previous):
            written.count(file.read(['grasp_id', 'object_id', 'task']))
            written.files[file.path] = previous.files[file.path]
        rows = {row['object_id']: row for row in read_object_rows(folder, previous)}
        written.files |= _mesh_entries(folder, previous, rows.values())
    first = len(previous.grasp_files) if previous else 0
    for number, part in enumerate(_parts(addition.grasps), start=first):
        written.count(part)
        path = f'{GRASPS}/part-{number:05d}.parquet'
        written.files[path] = _write_part(folder, path, part)
    for row in addition.objects:
        if written.per_object[row['object_id']]:
            _write_object(folder, row, addition.meshes[row['object_id']], rows, written)
    return write_revision(
        folder,
        previous,
        [{**row, 'num_grasps': written.per_object[name]} for name, row in rows.items()],
        written.files,
        tasks=written.tasks,
        build=addition.build,
    )


def change_split(folder: Path, previous: Manifest, rule: SplitRule) -> Manifest:
    """Write the next revision with the objects divided by `rule`. The caller holds the lock."""
    rows = read_object_rows(folder, previous)
    files, tasks = _carried_files(previous), _tasks(folder, previous)
    return write_revision(folder, replace(previous, split=rule), rows, files, tasks=tasks)


def replace_sentences(
    folder: Path, previous: Manifest, parts: Mapping[str, pa.Table], entry: DescriptionEntry
) -> Manifest:
    """Write the next revision with other sentences. The caller holds the lock.

    Args:
        folder: Of the dataset.
        previous: Revision before this one.
        parts: Path of a grasp table -> the same rows with other sentences; the rest is kept.
        entry: Who wrote them.
    """
    rows = read_object_rows(folder, previous)
    files, tasks = _carried_files(previous), _tasks(folder, previous)
    for old, table in parts.items():
        name = PurePosixPath(old).stem.partition('-r')[0]
        path = f'{GRASPS}/{name}-r{previous.revision + 1}.parquet'
        del files[old]
        files[path] = _write_part(folder, path, table)
    described = replace(previous, descriptions=(*previous.descriptions, entry))
    return write_revision(folder, described, rows, files, tasks=tasks)


def write_revision(
    folder: Path,
    previous: Manifest | None,
    rows: Sequence[Row],
    files: dict[str, FileEntry],
    *,
    tasks: set[str],
    build: BuildEntry | None = None,
) -> Manifest:
    """Write objects table, card and manifest, and delete what the manifest does not name.

    Args:
        folder: Of the dataset.
        previous: Revision before this one, whose split rule is applied to all objects.
        rows: Of the objects table.
        files: Every file but the objects table.
        tasks: Of all grasps.
        build: What was added, if it was a build.
    """
    if previous is not None and previous.split is not None:
        rows = apply_split(rows, previous.split)
    manifest = Manifest(
        revision=1 + (previous.revision if previous else 0),
        files=dict(files),
        counts=count_dataset(rows, tasks),
        builds=(*(previous.builds if previous else ()), *([build] if build else [])),
        descriptions=previous.descriptions if previous else (),
        split=previous.split if previous else None,
    )
    content = _parquet_bytes(objects_to_table(rows), compression='zstd')
    write_atomically(folder / manifest.objects_file, content)
    manifest.files[manifest.objects_file] = file_entry(content, num_rows=len(rows))
    write_card(folder, manifest)
    write_manifest(folder, manifest)
    remove_strangers(folder, manifest)
    return manifest


def count_dataset(rows: Sequence[Row], tasks: set[str]) -> dict[str, int]:
    """Return the figures of a dataset, given its objects table and the tasks of its grasps."""
    num_grasps = sum(row['num_grasps'] for row in rows)
    return {
        'grasps': num_grasps,
        'objects': len(rows),
        'categories': len({row['category'] for row in rows}),
        'tasks': len(tasks),
        'texts': len(FORMS) * num_grasps,
    }


def remove_strangers(folder: Path, manifest: Manifest) -> None:
    """Delete tables and meshes that the manifest does not name: an interrupted write left them."""
    for path in dataset_files(folder):
        if path.relative_to(folder).as_posix() not in manifest.files:
            path.unlink(missing_ok=True)


def dataset_files(folder: Path) -> Iterator[Path]:
    """Yield every file at a place where a dataset has tables and meshes, and unfinished ones."""
    yield from folder.glob('objects-*')
    yield from folder.glob(f'*{TEMPORARY_SUFFIX}')
    for name in (GRASPS, OBJECTS):
        yield from (path for path in (folder / name).rglob('*') if path.is_file())


def read_object_rows(folder: Path, manifest: Manifest) -> list[Row]:
    """Return the rows of the objects table.

    Raises:
        InvalidInputError: If the table is damaged.
    """
    return object_rows(objects_table(folder, manifest).read())


def _carried_files(previous: Manifest) -> dict[str, FileEntry]:
    """Return the files that the next revision has, too: all but the objects table."""
    return {path: entry for path, entry in previous.files.items() if '/' in path}


def _mesh_entries(folder: Path, previous: Manifest, rows: Iterable[Row]) -> dict[str, FileEntry]:
    """Return the files of the meshes of objects."""
    for row in rows:
        if row['mesh'] not in previous.files:
            raise damaged(folder, f'{folder / MANIFEST_NAME} does not name {row["mesh"]}')
    return {row['mesh']: previous.files[row['mesh']] for row in rows}


def _tasks(folder: Path, manifest: Manifest) -> set[str]:
    columns = (file.read(['task']) for file in grasp_tables(folder, manifest))
    return {task for column in columns for task in column['task'].unique().to_pylist()}


def _parts(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Yield the same rows in tables of `_ROWS_PER_PART`, the last one smaller."""
    kept: list[pa.Table] = []
    rows = 0
    for table in tables:
        kept.append(table)
        rows += table.num_rows
        while rows >= _ROWS_PER_PART:
            whole = pa.concat_tables(kept)
            yield whole.slice(0, _ROWS_PER_PART)
            kept = [whole.slice(_ROWS_PER_PART)]
            rows -= _ROWS_PER_PART
    if rows:
        yield pa.concat_tables(kept)


def _write_part(folder: Path, path: str, table: pa.Table) -> FileEntry:
    table = with_grasp_schema(table.combine_chunks())
    content = _parquet_bytes(table, **grasp_write_options())
    write_atomically(folder / path, content)
    return file_entry(content, num_rows=table.num_rows)


def _write_object(
    folder: Path, row: Row, mesh: bytes, rows: dict[str, Row], written: _Written
) -> None:
    entry = file_entry(mesh)
    name, path = row['object_id'], row['mesh']
    if name in rows and written.files[rows[name]['mesh']] != entry:
        raise InvalidInputError(f'the dataset has another object {name!r} already')
    write_atomically(folder / path, mesh)
    rows.setdefault(name, row)
    written.files[path] = entry


def _parquet_bytes(table: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()
