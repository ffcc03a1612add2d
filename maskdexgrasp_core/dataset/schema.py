"""The tables of a dataset: columns, types, units, and how they lie on the disk.

`docs/dataset_format.md` says the same to people; a change of either is a new `FORMAT_VERSION`.
"""

from typing import Any

import pyarrow as pa

from maskdexgrasp_core.dataset.record import FORMS, NUM_JOINTS
from maskdexgrasp_core.evaluation.protocols import DIRECTIONS

FORMAT_NAME = 'maskdexgrasp-dataset'
FORMAT_VERSION = 1
TEXT_COLUMNS = tuple(f'text_{form}' for form in FORMS)
CHECK_COLUMNS = ('held', 'penetration_m', 'num_contacts', 'part_share', 'q1', 'table_gap_m')
"""Null where a grasp was not checked in physics."""


def _element(kind: pa.DataType) -> pa.Field:
    return pa.field('element', kind, nullable=False)


def _vector(length: int, kind: pa.DataType | None = None) -> pa.DataType:
    return pa.list_(_element(kind or pa.float32()), length)


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


GRASP_SCHEMA = pa.schema(
    [
        _required('grasp_id', pa.string()),
        _required('object_id', pa.string()),
        _required('category', pa.string()),
        _required('source', pa.string()),
        _required('task', pa.string()),
        _required('part', pa.string()),
        _required('translation', _vector(3)),
        _required('quat_wxyz', _vector(4)),
        _required('joint_positions', _vector(NUM_JOINTS)),
        _required('squeeze_positions', _vector(NUM_JOINTS)),
        _required('fingers', pa.list_(_element(pa.string()))),
        _required('approach', pa.string()),
        *(_required(name, pa.string()) for name in TEXT_COLUMNS),
        pa.field('held', _vector(len(DIRECTIONS), pa.bool_())),
        pa.field('penetration_m', pa.float32()),
        pa.field('num_contacts', pa.int32()),
        pa.field('part_share', pa.float32()),
        pa.field('q1', pa.float32()),
        pa.field('table_gap_m', pa.float32()),
    ]
)
"""One row for each grasp, in `grasps/part-*.parquet`."""

OBJECT_SCHEMA = pa.schema(
    [
        _required('object_id', pa.string()),
        _required('category', pa.string()),
        _required('source', pa.string()),
        _required('split', pa.string()),
        _required('color_name', pa.string()),
        _required('mass_kg', pa.float64()),
        _required('friction', pa.float64()),
        _required('parts', pa.list_(_element(pa.string()))),
        _required('affordances', pa.map_(pa.string(), pa.string())),
        _required('mesh', pa.string()),
        _required('num_grasps', pa.int32()),
    ]
)
"""One row for each object, in `objects-<revision>.parquet`."""

COLUMN_NOTES: dict[str, str] = {
    'grasp_id': 'unique',
    'object_id': 'object of the objects table',
    'category': 'of the object',
    'source': 'where it comes from: procedural, affordpose, oakshape or another name',
    'task': 'one of the eleven tasks',
    'part': "part of the object that the task asks to hold; '' when unknown",
    'translation': 'of the wrist frame in the object frame, x y z [m]',
    'quat_wxyz': 'rotation of the wrist frame in the object frame, w first, unit, w >= 0',
    'joint_positions': 'settled on the object, in the order of joint_names [rad]',
    'squeeze_positions': 'targets of the position servos that hold it [rad]',
    'fingers': 'parts of the hand in contact: palm, thumb, index, middle, ring, little',
    'approach': 'where the hand comes from, along palm and fingers: top, side or below',
    'text_basic': 'the sentence as a plain command',
    'text_present': 'in the present tense',
    'text_progressive': 'in the progressive form',
    'text_passive': 'in the passive voice',
    'held': f'held under a load along {", ".join(DIRECTIONS)} of the object frame',
    'penetration_m': 'deepest overlap of hand and object in the settled pose [m]',
    'num_contacts': 'links of the hand that touch the object',
    'part_share': 'share of contacts on the asked part, 0..1; NaN when no part is asked',
    'q1': 'radius of the ball inside the wrench hull; NaN when not computed',
    'table_gap_m': 'height of the lowest point of the hand above the table [m]; NaN when no table '
    'is known',
}
"""Column of the grasps -> meaning; copied into every manifest."""

_PLAIN_STRINGS = ('grasp_id',)
_FLOAT_LISTS = ('translation', 'quat_wxyz', 'joint_positions', 'squeeze_positions')
_FLOATS = ('penetration_m', 'part_share', 'q1', 'table_gap_m')


def grasp_write_options() -> dict[str, Any]:
    """Return options of `pyarrow.parquet.write_table`: the same rows give the same bytes.

    Floats are stored byte by byte, so that their equal signs and exponents compress; ids share
    prefixes; every other string repeats and goes through a dictionary.
    """
    leaves = [f'{name}.list.element' for name in _FLOAT_LISTS]
    split = dict.fromkeys([*leaves, *_FLOATS], 'BYTE_STREAM_SPLIT')
    dictionary = [
        field.name for field in GRASP_SCHEMA
        if pa.types.is_string(field.type) and field.name not in _PLAIN_STRINGS
    ]  # fmt: skip
    return {
        'compression': 'zstd',
        'compression_level': 12,
        'use_dictionary': [*dictionary, 'fingers.list.element'],
        'column_encoding': {**split, **dict.fromkeys(_PLAIN_STRINGS, 'DELTA_BYTE_ARRAY')},
        'row_group_size': 8192,
        'dictionary_pagesize_limit': 1 << 22,
        'write_page_index': False,
    }
