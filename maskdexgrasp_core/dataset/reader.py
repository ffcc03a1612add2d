"""Opens a dataset: nothing but its manifest is read until something is asked for."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from maskdexgrasp_core.dataset.columns import object_record
from maskdexgrasp_core.dataset.grasp_table import GraspColumns, GraspTable
from maskdexgrasp_core.dataset.manifest import Manifest, read_manifest
from maskdexgrasp_core.dataset.object_files import read_object
from maskdexgrasp_core.dataset.record import SPLITS, ObjectRecord
from maskdexgrasp_core.dataset.table_files import damaged, grasp_tables
from maskdexgrasp_core.dataset.writer import read_object_rows
from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError

Names = str | Collection[str]


class ObjectShelf(Mapping[str, ObjectRecord]):
    """Objects by id, in the order of their table; a shape is read when its object is taken."""

    def __init__(self, folder: Path, rows: Mapping[str, Mapping[str, Any]]) -> None:
        """Take the folder of the dataset and rows of its objects table by id."""
        self._folder = folder
        self._rows = rows
        self._taken: dict[str, ObjectRecord] = {}

    def __getitem__(self, object_id: str) -> ObjectRecord:
        """Return an object with its model.

        Raises:
            UnknownNameError: If there is no such object.
            InvalidInputError: If its mesh file is damaged.
        """
        if object_id not in self._rows:
            raise UnknownNameError('object', object_id, list(self._rows))
        if object_id not in self._taken:
            row = self._rows[object_id]
            try:
                model = read_object(self._folder / row['mesh'])
            except InvalidInputError as error:
                raise damaged(self._folder, str(error)) from error
            self._taken[object_id] = object_record(row, model)
        return self._taken[object_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def rows(self) -> Mapping[str, Mapping[str, Any]]:
        """Id -> row of the objects table: everything but the shape."""
        return self._rows


@dataclass(frozen=True, eq=False)
class Dataset:
    """A dataset, or the part of it that a selection left."""

    folder: Path
    manifest: Manifest
    objects: ObjectShelf
    grasps: GraspTable

    @cached_property
    def splits(self) -> dict[str, str]:
        """Id of an object -> its split."""
        return {name: row['split'] for name, row in self.objects.rows.items()}

    def object_row(self, object_id: str) -> Mapping[str, Any]:
        """Return the row of the object of a grasp.

        Raises:
            InvalidInputError: If the objects table lacks it.
        """
        row = self.objects.rows.get(object_id)
        if row is None:
            file = self.folder / self.manifest.objects_file
            raise damaged(self.folder, f'{file}: no {object_id!r}, of which there are grasps')
        return row

    def select(
        self, *, split: str = '', category: Names = (), task: Names = (), source: Names = ()
    ) -> 'Dataset':
        """Return the grasps that match every given name, and their objects.

        Args:
            split: One of `record.SPLITS`, 'test' for both kinds of unseen objects, '' for all.
            category: Of the object, one or several; nothing means all.
            task: One or several of `tasks.TASKS`.
            source: Name of a source, or several.

        Raises:
            UnknownNameError: If the split is unknown, or no grasp has a name that is given.
        """
        for kind, names in (('category', category), ('task', task), ('source', source)):
            if names:
                self._check_names(kind, {names} if isinstance(names, str) else set(names))
        chosen = self.grasps.where(
            task=task,
            category=category,
            source=source,
            object_id=self._objects_of(split) if split else None,
        )
        left = set(chosen.object_ids.tolist())
        rows = {name: row for name, row in self.objects.rows.items() if name in left}
        return Dataset(self.folder, self.manifest, ObjectShelf(self.folder, rows), chosen)

    def _check_names(self, kind: str, names: set[str]) -> None:
        columns = {'category': 'categories', 'task': 'tasks', 'source': 'sources'}
        known = set(getattr(self.grasps, columns[kind]).tolist())
        for name in sorted(names - known):
            raise UnknownNameError(kind, name, sorted(known))

    def _objects_of(self, split: str) -> list[str]:
        if split not in (*SPLITS, 'test'):
            raise UnknownNameError('split', split, [*SPLITS, 'test'])
        wanted = SPLITS[1:] if split == 'test' else (split,)
        return [name for name, mine in self.splits.items() if mine in wanted]


def open_dataset(folder: Path | str) -> Dataset:
    """Return a dataset without reading its grasps.

    Files are taken as the manifest names them; `verify_dataset` compares their checksums. Whatever
    reads a damaged one later raises `InvalidInputError`.

    Raises:
        InvalidInputError: If the folder holds no dataset, one of another version, or one whose
            manifest or table of objects is damaged.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    rows = {row['object_id']: row for row in read_object_rows(folder, manifest)}
    columns = GraspColumns(grasp_tables(folder, manifest))
    return Dataset(folder, manifest, ObjectShelf(folder, rows), GraspTable(columns))
