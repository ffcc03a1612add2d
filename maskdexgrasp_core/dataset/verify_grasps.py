"""What must hold of every row of the grasp tables."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from maskdexgrasp_core.dataset.grasp_table import GraspColumns, GraspTable
from maskdexgrasp_core.dataset.schema import CHECK_COLUMNS, GRASP_SCHEMA, TEXT_COLUMNS
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.hands.spec import PARTS
from maskdexgrasp_core.tasks import TASKS

_LIMIT_TOLERANCE_RAD = 0.01
"""Joint limits of the simulator are soft: a settled joint may lie this far beyond."""
_SQUEEZE_REACH_RAD = 1.6
"""How far beyond a joint's limit the target of its servo may lie."""
_REACH_M = 1.0
_HAND_LENGTH_M = 0.3
_UNIT_TOLERANCE = 1e-4
Mask = NDArray[np.bool_]


def grasp_problems(table: pa.Table, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what is wrong with the grasps, given the rows of the objects table."""
    grasps = GraspTable(GraspColumns((), table))
    for name in GRASP_SCHEMA.names:
        if not GRASP_SCHEMA.field(name).nullable and table[name].null_count:
            yield f'grasps: {table[name].null_count} rows without {name}'
            return
    for text, bad in (*_id_checks(grasps), *_value_checks(grasps), *_word_checks(grasps, table)):
        yield from _found(grasps, text, bad)
    yield from _object_problems(grasps, rows)
    yield from _check_problems(grasps, table)


def _found(grasps: GraspTable, text: str, bad: Mask) -> Iterator[str]:
    if bad.any():
        first = str(grasps.grasp_ids[np.argmax(bad)])
        yield f'grasps: {int(bad.sum())} rows {text}, first: {first!r}'


def _id_checks(grasps: GraspTable) -> Iterator[tuple[str, Mask]]:
    ids = grasps.grasp_ids
    _, first, counts = np.unique(ids, return_index=True, return_counts=True)
    again = np.zeros(len(ids), dtype=bool)
    again[first[counts > 1]] = True
    yield 'with an id that other rows have, too', again
    yield 'without an id', ids == ''


def _value_checks(grasps: GraspTable) -> Iterator[tuple[str, Mask]]:
    place, turn = grasps.translations, grasps.quats_wxyz
    joints, squeeze = grasps.joint_positions, grasps.squeeze_positions
    finite = np.ones(len(grasps), dtype=bool)
    for values in (place, turn, joints, squeeze):
        finite &= np.isfinite(values).all(axis=1)
    yield 'with a value that is not finite', ~finite
    yield 'with a wrist a metre from the object', finite & (np.abs(place).max(1) > _REACH_M)
    length = np.linalg.norm(turn, axis=1)
    yield 'with a rotation that is not one', finite & (np.abs(length - 1) > _UNIT_TOLERANCE)
    yield 'with joints beyond their limits', finite & _beyond(joints, _LIMIT_TOLERANCE_RAD)
    yield 'with impossible squeeze targets', finite & _beyond(squeeze, _SQUEEZE_REACH_RAD)


def _beyond(angles: NDArray[np.float32], tolerance_rad: float) -> Mask:
    low, high = SHADOW.lower - tolerance_rad, SHADOW.upper + tolerance_rad
    return np.asarray(((angles < low) | (angles > high)).any(axis=1))


def _word_checks(grasps: GraspTable, table: pa.Table) -> Iterator[tuple[str, Mask]]:
    yield 'of an unknown task', ~np.isin(grasps.tasks, TASKS)
    strange = [any(name not in PARTS for name in names) for names in grasps.fingers]
    yield 'with an unknown part of the hand', np.array(strange, dtype=bool)
    for name in TEXT_COLUMNS:
        empty = [not text.strip() for text in table[name].to_pylist()]
        yield f'without {name}', np.array(empty, dtype=bool)


def _object_problems(grasps: GraspTable, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    known = {row['object_id']: row for row in rows}
    counted = Counter(grasps.object_ids.tolist())
    for name in sorted(set(counted) - set(known)):
        yield f'grasps: {counted[name]} rows of an object {name!r} that is not in the table'
    for name, row in known.items():
        if counted[name] != row['num_grasps']:
            yield f'object {name!r}: {counted[name]} grasps, should be {row["num_grasps"]}'
    names = zip(
        grasps.object_ids.tolist(), grasps.categories.tolist(), grasps.sources.tolist(),
        grasps.parts.tolist(), strict=True,
    )  # fmt: skip
    wrong_object, wrong_part = [], []
    for name, category, source, part in names:
        row = known.get(name, {'category': category, 'source': source, 'parts': [part]})
        wrong_object.append((category, source) != (row['category'], row['source']))
        wrong_part.append(part not in ('', *row['parts']))
    yield from _found(grasps, 'of another category or source than their object',
                      np.array(wrong_object, dtype=bool))  # fmt: skip
    yield from _found(grasps, 'that ask for a part which their object does not have',
                      np.array(wrong_part, dtype=bool))  # fmt: skip


def _check_problems(grasps: GraspTable, table: pa.Table) -> Iterator[str]:
    missing = [np.asarray(table[name].is_null()) for name in CHECK_COLUMNS]
    uneven = np.any(missing, axis=0) & ~np.all(missing, axis=0)
    yield from _found(grasps, 'with only some values of the physics check', uneven)
    depth, number = grasps.penetrations_m, grasps.nums_contacts
    sure = grasps.is_checked & ~uneven
    yield from _found(
        grasps, 'with an impossible penetration', sure & ~((depth >= 0) & (depth < 1))
    )
    yield from _found(grasps, 'with a negative number of contacts', sure & ~(number >= 0))
    share = grasps.part_shares
    yield from _found(grasps, 'with an impossible part_share', sure & ((share < 0) | (share > 1)))
    yield from _found(grasps, 'with an impossible q1', sure & (grasps.q1s < 0))
    gap = np.abs(grasps.table_gaps_m)
    yield from _found(
        grasps, 'with an impossible table_gap_m', sure & (gap > _REACH_M + _HAND_LENGTH_M)
    )
