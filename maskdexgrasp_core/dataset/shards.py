"""The folder of a build in work: one file for each finished unit, so that a killed build resumes.

<dataset>/building/build.json            what is being built; a resumed build must match
<dataset>/building/units/000012.parquet  grasps of unit 12, with its counts in the metadata
<dataset>/building/objects/<id>.glb      meshes of the objects that units gave
"""

import hashlib
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from maskdexgrasp_core.atomic_files import write_atomically
from maskdexgrasp_core.dataset.columns import grasps_to_table, object_row, with_grasp_schema
from maskdexgrasp_core.dataset.holdings import Holdings
from maskdexgrasp_core.dataset.object_files import object_to_glb
from maskdexgrasp_core.dataset.record import ObjectRecord
from maskdexgrasp_core.dataset.sources.protocol import BuiltUnit, WorkUnit
from maskdexgrasp_core.errors import InvalidInputError

BUILDING = 'building'
_FILE_NAME = re.compile(r'\w[\w.-]*', re.ASCII)
_META_KEY = b'maskdexgrasp_unit'


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides the records of a build."""

    source: str
    seed: int
    num_grasps: int
    """The build ends with this many at most; 0: when every unit is done."""
    num_units: int
    units_digest: str
    """Of the keys of all units, in order."""
    code_version: str = ''
    """Of this package; another version may give other records."""
    options: dict[str, str] = field(default_factory=dict)
    """How the source was made, by name."""

    @property
    def build_id(self) -> str:
        """Digest of all of it."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, kw_only=True)
class Shard:
    """One finished unit as files: small enough to travel from a worker to the builder."""

    index: int
    """Place of the unit among all units of the source."""
    table: bytes
    """Parquet file of its grasps."""
    mesh: bytes
    """GLB file of its object; empty without one."""
    object_id: str
    counts: 'UnitCounts'


@dataclass(frozen=True, kw_only=True)
class UnitCounts:
    """What came of a unit, in numbers."""

    key: str
    task: str
    category: str
    num_grasps: int
    dropped: dict[str, int]
    seconds: float
    """On one core [s]."""
    object_row: dict[str, Any] | None
    """Row of the objects table; None when the object could not be used."""
    notes: tuple[str, ...] = ()

    @property
    def num_candidates(self) -> int:
        """Grasps that were looked at."""
        return self.num_grasps + sum(self.dropped.values())


def units_digest(units: Sequence[WorkUnit]) -> str:
    """Return a digest of what the units are.

    Raises:
        InvalidInputError: If two units have the same key.
    """
    keys = [unit.key for unit in units]
    if len(set(keys)) < len(keys):
        twice = sorted({key for key in keys if keys.count(key) > 1})
        raise InvalidInputError(f'units of the source share keys: {", ".join(twice[:5])}')
    return hashlib.sha256(json.dumps(keys).encode()).hexdigest()


def make_shard(index: int, unit: WorkUnit, built: BuiltUnit, seconds: float) -> Shard:
    """Return the files of a finished unit.

    Raises:
        InvalidInputError: If the object's id cannot name a file, or grasps name another object,
            category or source.
    """
    record = built.object_record
    row = None
    if record is not None:
        _check_names(record, built)
        mesh_path = f'objects/{record.object_id}.glb'
        row = object_row(record, mesh=mesh_path, num_grasps=len(built.grasps))
    counts = UnitCounts(
        key=unit.key,
        task=unit.task,
        category=unit.category,
        num_grasps=len(built.grasps),
        dropped=dict(built.dropped),
        seconds=seconds,
        object_row=row,
        notes=tuple(built.notes),
    )
    table = grasps_to_table(built.grasps)
    meta = {_META_KEY: json.dumps(asdict(counts)).encode()}
    sink = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata(meta), sink, compression='zstd')
    return Shard(
        index=index,
        table=sink.getvalue().to_pybytes(),
        mesh=b'' if record is None else object_to_glb(record.model),
        object_id='' if record is None else record.object_id,
        counts=counts,
    )


class BuildFolder:
    """`<dataset>/building`: finished units of one build."""

    def __init__(self, dataset_folder: Path) -> None:
        """Take the folder of the dataset; nothing is made yet."""
        self.path = dataset_folder / BUILDING
        self._recipe_file = self.path / 'build.json'
        self._source = ''
        self._holdings = Holdings()

    def open(self, recipe: Recipe, holdings: Holdings) -> None:
        """Begin a build, or go on with the one that was interrupted.

        Args:
            recipe: Of the build.
            holdings: Of the dataset that it adds to, if there is one.

        Raises:
            InvalidInputError: If units of another build are there.
        """
        begun = self.recipe()
        if begun is None or replace(begun, num_grasps=recipe.num_grasps) != recipe:
            if begun is not None and any((self.path / 'units').glob('*.parquet')):
                raise InvalidInputError(
                    f'{self.path} holds another, unfinished build ({_difference(begun, recipe)}); '
                    f'{_cure(begun, recipe)}, or delete the folder to begin again'
                )
            shutil.rmtree(self.path, ignore_errors=True)  # left when a removal was cut short
        for folder in ('units', 'objects'):
            (self.path / folder).mkdir(parents=True, exist_ok=True)
        write_atomically(self._recipe_file, json.dumps(asdict(recipe), indent=1).encode() + b'\n')
        self._source = recipe.source
        self._holdings = holdings

    def recipe(self) -> Recipe | None:
        """Return what is being built; None when nothing is."""
        try:
            return Recipe(**json.loads(self._recipe_file.read_text()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            raise InvalidInputError(
                f'{self._recipe_file} is damaged ({error}); delete {self.path} to begin again'
            ) from error

    def write(self, shard: Shard) -> None:
        """Keep a finished unit; from here on it survives a kill.

        Raises:
            InvalidInputError: If it is of another source, repeats what the dataset has, or gives
                a different object than another unit under the same id.
        """
        self._check(shard)
        if shard.mesh:
            path = self.mesh_file(shard.object_id)
            if not path.exists():
                write_atomically(path, shard.mesh)
            elif path.read_bytes() != shard.mesh:
                raise InvalidInputError(
                    f'unit {shard.counts.key!r} gives another object {shard.object_id!r} than '
                    'an earlier unit; ids of objects must be unique'
                )
        write_atomically(self._shard_file(shard.index), shard.table)

    def _check(self, shard: Shard) -> None:
        row = shard.counts.object_row
        if row is not None and row['source'] != self._source:
            raise InvalidInputError(
                f'unit {shard.counts.key!r} gives records of the source {row["source"]!r}, but '
                f'the name of the source is {self._source!r}'
            )
        table = pq.read_table(pa.BufferReader(shard.table), columns=['grasp_id'])
        self._holdings.check_built(
            shard.counts.key,
            grasp_ids=table['grasp_id'].to_pylist(),
            object_id=shard.object_id,
            mesh=shard.mesh,
        )

    def finished(self, num_units: int) -> dict[int, UnitCounts]:
        """Return index -> numbers of every unit that is kept; unreadable ones are forgotten."""
        done = {}
        for index in range(num_units):
            path = self._shard_file(index)
            if path.exists():
                try:
                    done[index] = _counts(pq.read_metadata(path).metadata)
                except (pa.ArrowException, OSError, KeyError, ValueError, TypeError):
                    path.unlink()
        return done

    def grasps(self, index: int) -> pa.Table:
        """Return the rows of a finished unit."""
        return with_grasp_schema(pq.read_table(self._shard_file(index), use_threads=False))

    def mesh_file(self, object_id: str) -> Path:
        """Return where the mesh of an object is kept."""
        return self.path / 'objects' / f'{object_id}.glb'

    def remove(self) -> None:
        """Delete the folder: its content is in the dataset."""
        self._recipe_file.unlink(missing_ok=True)  # first: what is left then is no build
        shutil.rmtree(self.path, ignore_errors=True)

    def _shard_file(self, index: int) -> Path:
        return self.path / 'units' / f'{index:06d}.parquet'


def _check_names(record: ObjectRecord, built: BuiltUnit) -> None:
    if not _FILE_NAME.fullmatch(record.object_id):
        raise InvalidInputError(
            f'object id {record.object_id!r} names a file: letters, digits, "_", "-" and "." only'
        )
    for name in ('object_id', 'category', 'source'):
        mine = getattr(record, name)
        strange = {getattr(grasp, name) for grasp in built.grasps} - {mine}
        if strange:
            raise InvalidInputError(
                f'{name} of grasps is {sorted(strange)}, of their object {mine!r}'
            )


def _counts(metadata: Mapping[bytes, bytes]) -> UnitCounts:
    content = json.loads(metadata[_META_KEY])
    return UnitCounts(**{**content, 'notes': tuple(content['notes'])})


def _difference(begun: Recipe, wanted: Recipe) -> str:
    was, now = asdict(begun), asdict(wanted)
    names = [name for name in was if was[name] != now[name]]
    return ', '.join(
        f'{name}: {"none" if was[name] == "" else was[name]} there, {now[name]} asked'
        for name in names
    )


def _cure(begun: Recipe, wanted: Recipe) -> str:
    if begun.code_version == wanted.code_version:
        return 'finish that one with its own command'
    version = begun.code_version or 'that began it'
    return (
        f'another version may give other records: finish that one with the version {version} and '
        'its own command'
    )
