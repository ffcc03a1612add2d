"""What a dataset holds already: a build that would repeat it is refused before its hours."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from maskdexgrasp_core.dataset.grasp_table import GraspColumns, GraspTable
from maskdexgrasp_core.dataset.manifest import FileEntry, Manifest, file_entry
from maskdexgrasp_core.dataset.sources.protocol import WorkUnit
from maskdexgrasp_core.dataset.table_files import grasp_tables
from maskdexgrasp_core.dataset.writer import read_object_rows
from maskdexgrasp_core.errors import InvalidInputError

_CURE = 'add what is not there yet (procedural: another --seed makes other objects)'


@dataclass(frozen=True, kw_only=True)
class Holdings:
    """Grasps and objects of a dataset; none by default."""

    grasp_ids: frozenset[str] = frozenset()
    kinds: frozenset[tuple[str, str, str]] = frozenset()
    """Source, object and task of every grasp."""
    meshes: Mapping[str, FileEntry] = field(default_factory=dict)
    """Id of an object -> its mesh file."""

    @classmethod
    def of(cls, folder: Path, manifest: Manifest | None) -> 'Holdings':
        """Return what a dataset holds: nothing without a manifest.

        Raises:
            InvalidInputError: If a table is damaged.
        """
        if manifest is None:
            return cls()
        grasps = GraspTable(GraspColumns(grasp_tables(folder, manifest)))
        kinds = (grasps.sources.tolist(), grasps.object_ids.tolist(), grasps.tasks.tolist())
        rows = read_object_rows(folder, manifest)
        return cls(
            grasp_ids=frozenset(grasps.grasp_ids.tolist()),
            kinds=frozenset(zip(*kinds, strict=True)),
            meshes={
                row['object_id']: manifest.files[row['mesh']]
                for row in rows
                if row['mesh'] in manifest.files
            },
        )

    def check_units(self, source: str, units: Sequence[WorkUnit]) -> None:
        """Refuse units that would give again what is there.

        Raises:
            InvalidInputError: If there are grasps of a unit that is `complete`.
        """
        there = self.kinds | {(name, object_id, '') for name, object_id, _ in self.kinds}
        twice = [
            unit.key
            for unit in units
            if unit.complete and (source, unit.object_id, unit.task) in there
        ]
        if twice:
            raise InvalidInputError(
                f'the dataset has grasps of {len(twice)} of the {len(units)} units already, '
                f'first: {twice[0]}; {_CURE}'
            )

    def check_built(
        self, unit_key: str, *, grasp_ids: Iterable[str], object_id: str, mesh: bytes
    ) -> None:
        """Refuse a finished unit that does not fit to what is there.

        Args:
            unit_key: Of the unit.
            grasp_ids: Of its grasps.
            object_id: Of its object, if it has one.
            mesh: GLB file of that object.

        Raises:
            InvalidInputError: If ids are not unique any more.
        """
        twice = sorted(self.grasp_ids.intersection(grasp_ids))
        if twice:
            raise InvalidInputError(
                f'grasp ids are not unique: unit {unit_key!r} gives {len(twice)} grasps that the '
                f'dataset has, first: {twice[0]}; {_CURE}'
            )
        entry = self.meshes.get(object_id)
        if entry is not None and entry != file_entry(mesh):
            raise InvalidInputError(
                f'unit {unit_key!r} gives another object {object_id!r} than the dataset has; ids '
                'of objects must be unique'
            )
