"""Records to rows of the tables and back."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from maskdexgrasp_core.dataset.record import (
    FORMS,
    NUM_JOINTS,
    GraspChecks,
    GraspRecord,
    ObjectRecord,
)
from maskdexgrasp_core.dataset.schema import (
    CHECK_COLUMNS,
    GRASP_SCHEMA,
    OBJECT_SCHEMA,
    TEXT_COLUMNS,
)
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.geometry.rotations import matrix_to_quat_wxyz, quat_wxyz_to_matrix
from maskdexgrasp_core.geometry.transforms import make_transform
from maskdexgrasp_core.objects.model import ObjectModel

Floats = NDArray[np.floating[Any]]


def grasps_to_table(records: Sequence[GraspRecord]) -> pa.Table:
    """Return one row for each record, in their order."""
    poses = np.array([record.T_object_wrist for record in records]).reshape(-1, 4, 4)
    angles = np.array([record.joint_positions for record in records])
    squeeze = np.array([record.squeeze_positions for record in records])
    quats = matrix_to_quat_wxyz(poses[:, :3, :3]) if records else np.zeros((0, 4))
    names = ('grasp_id', 'object_id', 'category', 'source', 'task', 'part', 'approach')
    columns: dict[str, Any] = {
        name: [getattr(record, name) for record in records] for name in names
    }
    columns |= {
        'translation': _vectors(poses[:, :3, 3], 'translation'),
        'quat_wxyz': _vectors(quats, 'quat_wxyz'),
        'joint_positions': _vectors(angles, 'joint_positions'),
        'squeeze_positions': _vectors(squeeze, 'squeeze_positions'),
        'fingers': [list(record.fingers) for record in records],
    }
    for number, name in enumerate(TEXT_COLUMNS):
        columns[name] = [record.texts[number] for record in records]
    checks = [record.checks for record in records]
    columns['held'] = [None if check is None else list(check.held) for check in checks]
    for name in CHECK_COLUMNS[1:]:
        columns[name] = [None if check is None else getattr(check, name) for check in checks]
    arrays = [
        column if isinstance(column, pa.Array) else pa.array(column, field.type)
        for field in GRASP_SCHEMA
        for column in [columns[field.name]]
    ]
    return pa.Table.from_arrays(arrays, schema=GRASP_SCHEMA)


def with_grasp_schema(table: pa.Table) -> pa.Table:
    """Return a table of grasps under the schema of the format, without metadata of its own.

    Not by `Table.cast`, which refuses lists that are null, those of grasps that were not checked.
    """
    return pa.Table.from_arrays(table.columns, schema=GRASP_SCHEMA)


def grasps_from_table(table: pa.Table) -> list[GraspRecord]:
    """Return the record of each row; poses and angles are exact to what the table stores."""
    quats = vectors_from_column(table['quat_wxyz'], 4).astype(np.float64)
    translations = vectors_from_column(table['translation'], 3).astype(np.float64)
    poses = transforms_from_columns(translations, quats)
    angles = {
        name: vectors_from_column(table[name], NUM_JOINTS).astype(np.float64)
        for name in ('joint_positions', 'squeeze_positions')
    }
    drawn = ('translation', 'quat_wxyz', 'joint_positions', 'squeeze_positions')
    rest = table.drop_columns(list(drawn)).to_pylist()
    return [
        GraspRecord(
            **{name: row[name] for name in
               ('grasp_id', 'object_id', 'category', 'source', 'task', 'part', 'approach')},
            T_object_wrist=poses[number],
            joint_positions=angles['joint_positions'][number],
            squeeze_positions=angles['squeeze_positions'][number],
            fingers=tuple(row['fingers']),
            texts=_texts(row),
            checks=_checks(row),
        )
        for number, row in enumerate(rest)
    ]  # fmt: skip


def vectors_from_column(column: pa.ChunkedArray, length: int) -> NDArray[Any]:
    """Return a column of fixed-size lists as an array (N, length); nulls become zeros."""
    chunks = [np.asarray(chunk.flatten()) for chunk in column.chunks if len(chunk)]
    flat = np.concatenate(chunks) if chunks else np.zeros(0, dtype=np.float32)
    return flat.reshape(-1, length)


def transforms_from_columns(translations: Floats, quats_wxyz: Floats) -> NDArray[np.float64]:
    """Return poses (N, 4, 4) of translations (N, 3) [m] and quaternions (N, 4).

    Raises:
        InvalidInputError: If a quaternion is zero.
    """
    if len(quats_wxyz) == 0:
        return np.zeros((0, 4, 4))
    zero = int((~np.any(quats_wxyz, axis=1)).sum())
    if zero:
        raise InvalidInputError(
            f'{zero} of {len(quats_wxyz)} grasps have a quaternion of length 0; `maskdexgrasp '
            'dataset verify DIR` names the first'
        )
    rotations = quat_wxyz_to_matrix(np.asarray(quats_wxyz, dtype=np.float64))
    return make_transform(rotations, np.asarray(translations, dtype=np.float64))


def object_row(record: ObjectRecord, *, mesh: str, num_grasps: int) -> dict[str, Any]:
    """Return the row of an object.

    Args:
        record: The object.
        mesh: Path of its file, relative to the folder of the dataset.
        num_grasps: Rows of the grasp table that are grasps of it.
    """
    return {
        'object_id': record.object_id,
        'category': record.category,
        'source': record.source,
        'split': record.split,
        'color_name': record.color_name,
        'mass_kg': float(record.mass_kg),
        'friction': float(record.friction),
        'parts': list(record.parts),
        'affordances': dict(record.affordances),
        'mesh': mesh,
        'num_grasps': num_grasps,
    }


def objects_to_table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    """Return the objects table of rows as `object_row` and `object_rows` make them."""
    listed = [{**row, 'affordances': list(row['affordances'].items())} for row in rows]
    return pa.Table.from_pylist(listed, schema=OBJECT_SCHEMA)


def object_rows(table: pa.Table) -> list[dict[str, Any]]:
    """Return the rows of the objects table as dictionaries."""
    return [{**row, 'affordances': dict(row['affordances'])} for row in table.to_pylist()]


def object_record(row: Mapping[str, Any], model: ObjectModel) -> ObjectRecord:
    """Return the record of a row and the model of its mesh file."""
    names = ('object_id', 'category', 'source', 'color_name', 'mass_kg', 'friction', 'split')
    return ObjectRecord(
        **{name: row[name] for name in names},
        parts=tuple(row['parts']),
        affordances=dict(row['affordances']),
        model=model,
    )


def _vectors(values: Floats, name: str) -> pa.Array:
    flat = pa.array(np.ascontiguousarray(values, dtype=np.float32).ravel())
    return pa.FixedSizeListArray.from_arrays(flat, type=GRASP_SCHEMA.field(name).type)


def _texts(row: dict[str, Any]) -> tuple[str, str, str, str]:
    basic, present, progressive, passive = (row[name] for name in TEXT_COLUMNS[: len(FORMS)])
    return basic, present, progressive, passive


def _checks(row: dict[str, Any]) -> GraspChecks | None:
    if row['held'] is None:
        return None
    return GraspChecks(
        held=tuple(row['held']),
        **{name: row[name] for name in CHECK_COLUMNS[1:]},
    )
