"""Grasps in bulk: columns as arrays, read from the disk when they are first asked for."""

from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from maskdexgrasp_core.dataset.columns import (
    grasps_from_table,
    grasps_to_table,
    transforms_from_columns,
    vectors_from_column,
)
from maskdexgrasp_core.dataset.record import NUM_JOINTS, GraspRecord
from maskdexgrasp_core.dataset.schema import GRASP_SCHEMA, TEXT_COLUMNS
from maskdexgrasp_core.dataset.table_files import TableFile
from maskdexgrasp_core.evaluation.protocols import DIRECTIONS
from maskdexgrasp_core.types import Array

Floats32 = NDArray[np.float32]
Rows = NDArray[np.int64]


class GraspColumns:
    """The columns of all grasps of a dataset, each read once, from memory-mapped files.

    Whatever reads a column raises `InvalidInputError` if a file is damaged.
    """

    def __init__(self, files: Sequence[TableFile], table: pa.Table | None = None) -> None:
        """Take files of a dataset, or a table that is in memory already."""
        self._files = files
        self._columns: dict[str, pa.ChunkedArray] = {}
        if table is not None:
            self._columns = {name: table[name] for name in table.column_names}

    def __getitem__(self, name: str) -> pa.ChunkedArray:
        if name not in self._columns:
            parts = [file.read([name]) for file in self._files]
            empty = GRASP_SCHEMA.empty_table().select([name])
            self._columns[name] = pa.concat_tables([empty, *parts])[name]
        return self._columns[name]

    def num_rows(self) -> int:
        """Return the number of grasps; of files that which the manifest says."""
        if self._columns:
            return len(next(iter(self._columns.values())))
        return sum(file.num_rows for file in self._files)


class GraspTable:
    """Some or all grasps of a dataset, N rows. Arrays are float32 as stored, unless said else."""

    def __init__(self, columns: GraspColumns, rows: Rows | None = None) -> None:
        """Take the rows of `columns` with these numbers, all of them if None."""
        self._columns = columns
        self._rows = rows

    @classmethod
    def from_records(cls, records: Sequence[GraspRecord]) -> 'GraspTable':
        """Return a table of records that are in memory."""
        return cls(GraspColumns((), grasps_to_table(records)))

    def __len__(self) -> int:
        return self._columns.num_rows() if self._rows is None else len(self._rows)

    def __getitem__(self, rows: slice | Rows | NDArray[np.bool_] | Sequence[int]) -> 'GraspTable':
        """Return the grasps of a slice, a mask (N,), or row numbers."""
        mine = np.arange(len(self)) if self._rows is None else self._rows
        return GraspTable(
            self._columns, mine[rows if isinstance(rows, slice) else np.asarray(rows)]
        )

    def __iter__(self) -> Iterator[GraspRecord]:
        return iter(grasps_from_table(self.to_arrow()))

    def record(self, row: int) -> GraspRecord:
        """Return one grasp."""
        return next(iter(self[[row]]))

    def where(
        self,
        *,
        task: str | Collection[str] = (),
        category: str | Collection[str] = (),
        source: str | Collection[str] = (),
        object_id: str | Collection[str] | None = None,
    ) -> 'GraspTable':
        """Return the grasps that match every given name; several names mean any of them.

        Nothing given matches all. `object_id` alone distinguishes None (all) from an empty
        collection (none).
        """
        wanted: dict[str, str | Collection[str]] = {
            name: names
            for name, names in (('task', task), ('category', category), ('source', source))
            if names
        }
        if object_id is not None:
            wanted['object_id'] = object_id
        keep = np.ones(len(self), dtype=bool)
        for name, names in wanted.items():
            known = [names] if isinstance(names, str) else sorted(names)
            keep &= np.isin(self._strings(name), known)
        return self if keep.all() else self[keep]

    def sample(self, number: int, *, seed: int) -> 'GraspTable':
        """Return at most `number` different grasps in random order."""
        return self[np.random.default_rng(seed).permutation(len(self))[:number]]

    def to_arrow(self) -> pa.Table:
        """Return all columns of these rows."""
        arrays = [self._column(field.name) for field in GRASP_SCHEMA]
        return pa.Table.from_arrays(arrays, schema=GRASP_SCHEMA)

    @cached_property
    def grasp_ids(self) -> NDArray[np.str_]:
        """(N,)."""
        return self._strings('grasp_id')

    @cached_property
    def object_ids(self) -> NDArray[np.str_]:
        """(N,)."""
        return self._strings('object_id')

    @cached_property
    def categories(self) -> NDArray[np.str_]:
        """(N,)."""
        return self._strings('category')

    @cached_property
    def sources(self) -> NDArray[np.str_]:
        """(N,)."""
        return self._strings('source')

    @cached_property
    def tasks(self) -> NDArray[np.str_]:
        """(N,)."""
        return self._strings('task')

    @cached_property
    def parts(self) -> NDArray[np.str_]:
        """(N,): asked part of the object, '' where unknown."""
        return self._strings('part')

    @cached_property
    def approaches(self) -> NDArray[np.str_]:
        """(N,): where the hand comes from."""
        return self._strings('approach')

    @cached_property
    def fingers(self) -> list[tuple[str, ...]]:
        """N tuples of hand parts in contact."""
        return [tuple(names) for names in self._column('fingers').to_pylist()]

    @cached_property
    def texts(self) -> list[tuple[str, ...]]:
        """N tuples of four sentences, in the order of `record.FORMS`."""
        return list(zip(*(self._column(name).to_pylist() for name in TEXT_COLUMNS), strict=True))

    @cached_property
    def translations(self) -> Floats32:
        """(N, 3) position of the wrist in the object frame [m]."""
        return vectors_from_column(self._column('translation'), 3)

    @cached_property
    def quats_wxyz(self) -> Floats32:
        """(N, 4) rotation of the wrist in the object frame."""
        return vectors_from_column(self._column('quat_wxyz'), 4)

    @cached_property
    def Ts_object_wrist(self) -> Array:  # noqa: N802
        """(N, 4, 4) poses of the wrist in the object frame, float64."""
        return transforms_from_columns(self.translations, self.quats_wxyz)

    @cached_property
    def joint_positions(self) -> Floats32:
        """(N, 22) [rad], settled."""
        return vectors_from_column(self._column('joint_positions'), NUM_JOINTS)

    @cached_property
    def squeeze_positions(self) -> Floats32:
        """(N, 22) [rad], servo targets."""
        return vectors_from_column(self._column('squeeze_positions'), NUM_JOINTS)

    @cached_property
    def is_checked(self) -> NDArray[np.bool_]:
        """(N,): whether physics checked the grasp; the columns below hold nothing where not."""
        return ~np.asarray(self._column('held').is_null())

    @cached_property
    def held(self) -> NDArray[np.bool_]:
        """(N, 6): held under a load in each of `protocols.DIRECTIONS`; False where not checked."""
        held = np.zeros((len(self), len(DIRECTIONS)), dtype=bool)
        column = self._column('held').drop_null()
        held[self.is_checked] = vectors_from_column(column, len(DIRECTIONS))
        return held

    @cached_property
    def penetrations_m(self) -> Floats32:
        """(N,) deepest overlap [m]; NaN where not checked."""
        return self._numbers('penetration_m')

    @cached_property
    def nums_contacts(self) -> Floats32:
        """(N,) touching links; NaN where not checked."""
        return self._numbers('num_contacts')

    @cached_property
    def part_shares(self) -> Floats32:
        """(N,) share of contacts on the asked part; NaN where no part is asked or not checked."""
        return self._numbers('part_share')

    @cached_property
    def q1s(self) -> Floats32:
        """(N,) Ferrari-Canny radius; NaN where not computed or not checked."""
        return self._numbers('q1')

    @cached_property
    def table_gaps_m(self) -> Floats32:
        """(N,) lowest point of the hand above the table [m]; NaN where unknown or not checked."""
        return self._numbers('table_gap_m')

    def _column(self, name: str) -> pa.ChunkedArray:
        column = self._columns[name]
        return column if self._rows is None else column.take(pa.array(self._rows))

    def _strings(self, name: str) -> NDArray[np.str_]:
        return np.array(self._column(name).to_pylist(), dtype=np.str_)

    def _numbers(self, name: str) -> Floats32:
        column: Any = self._column(name).cast(pa.float32()).fill_null(np.nan)
        return np.asarray(column, dtype=np.float32)
