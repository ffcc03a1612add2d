"""Every damage is found: of files, of tables with a right checksum, of meshes, of splits."""

import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import trimesh

from maskdexgrasp_core.dataset.manifest import FileEntry, file_entry, read_manifest, write_manifest
from maskdexgrasp_core.dataset.object_files import object_from_glb, object_to_glb
from maskdexgrasp_core.dataset.schema import GRASP_SCHEMA, OBJECT_SCHEMA
from maskdexgrasp_core.dataset.verify import verify_dataset
from maskdexgrasp_core.objects.catalog import make_object

PART = 'grasps/part-00000.parquet'
MESH = 'objects/mug_0.glb'


@pytest.fixture
def folder(built_folder, tmp_path) -> Path:
    return Path(shutil.copytree(built_folder, tmp_path / 'set'))


def objects_file(folder: Path) -> str:
    return read_manifest(folder).objects_file


def put(folder: Path, path: str, content: bytes, num_rows: int | None = None) -> None:
    """Write a file as if it belonged: the manifest has its checksum."""
    (folder / path).write_bytes(content)
    manifest = read_manifest(folder)
    entry = file_entry(content, num_rows=num_rows)
    write_manifest(folder, replace(manifest, files={**manifest.files, path: entry}))


def edit_rows(folder: Path, path: str, change) -> None:
    """Apply `change` to the rows of a table, as dictionaries, and write it back consistently."""
    schema = GRASP_SCHEMA if path == PART else OBJECT_SCHEMA
    rows = pq.read_table(folder / path).to_pylist()
    rows = change(rows) or rows
    nullable = pa.schema([field.with_nullable(True) for field in schema])
    put_table(folder, path, pa.Table.from_pylist(rows, schema=nullable).cast(schema))


def put_table(folder: Path, path: str, table: pa.Table) -> None:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    put(folder, path, sink.getvalue(), table.num_rows)


def edit_manifest(folder: Path, change) -> None:
    path = folder / 'manifest.json'
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_a_sound_dataset_has_no_problems(built_folder):
    assert verify_dataset(built_folder) == []


def test_the_readme_may_be_edited(folder):
    (folder / 'README.md').write_text('Mine.')
    assert verify_dataset(folder) == []


@pytest.mark.parametrize('path', [PART, MESH, 'objects-2.parquet'])
@pytest.mark.parametrize('damage', ['flipped', 'cut', 'longer', 'gone', 'empty'])
def test_damaged_files_are_found(folder, path, damage):
    file = folder / path
    content = file.read_bytes()
    middle = len(content) // 2
    changed = {
        'flipped': content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
        'cut': content[:-5],
        'longer': content + b'x',
        'empty': b'',
    }
    if damage == 'gone':
        file.unlink()
    else:
        file.write_bytes(changed[damage])
    problems = verify_dataset(folder)
    assert any(path in problem for problem in problems), problems


@pytest.mark.parametrize('path', ['grasps/part-00001.parquet', 'objects/extra.glb', 'objects-7.x'])
def test_files_that_do_not_belong_are_found(folder, path):
    shutil.copy(folder / PART, folder / path)
    assert verify_dataset(folder) == [f'{path}: the manifest does not name it']


def write_bad_value(column, value, row=5):
    def change(rows):
        values = rows[row][column]
        if isinstance(values, list) and not isinstance(value, list):
            values[0] = value
        else:
            rows[row][column] = value

    return change


def duplicate_id(rows):
    rows[5]['grasp_id'] = rows[9]['grasp_id']


ROW_DAMAGES = {
    'not a number': (write_bad_value('joint_positions', np.nan), 'not finite'),
    'infinite': (write_bad_value('squeeze_positions', np.inf), 'not finite'),
    'joint limit': (write_bad_value('joint_positions', 2.0), 'beyond their limits'),
    'squeeze': (write_bad_value('squeeze_positions', -9.0), 'impossible squeeze'),
    'far away': (write_bad_value('translation', 3.0), 'a metre from the object'),
    'no rotation': (write_bad_value('quat_wxyz', 2.0), 'rotation that is not one'),
    'task': (write_bad_value('task', 'fly'), 'unknown task'),
    'part': (write_bad_value('part', 'wing'), 'a part which their object does not have'),
    'finger': (write_bad_value('fingers', ['toe']), 'unknown part of the hand'),
    'sentence': (write_bad_value('text_passive', '  '), 'without text_passive'),
    'object': (write_bad_value('object_id', 'kettle_1'), "'kettle_1' that is not in the table"),
    'category': (write_bad_value('category', 'kettle'), 'another category or source'),
    'source': (write_bad_value('source', 'oakshape'), 'another category or source'),
    'id': (write_bad_value('grasp_id', ''), 'without an id'),
    'same id': (duplicate_id, 'an id that other rows have'),
    'depth': (write_bad_value('penetration_m', -0.1), 'impossible penetration'),
    'share': (write_bad_value('part_share', 1.5), 'impossible part_share'),
    'q1': (write_bad_value('q1', -1.0), 'impossible q1'),
    'contacts': (write_bad_value('num_contacts', -1), 'negative number of contacts'),
    'table': (write_bad_value('table_gap_m', -2.0), 'impossible table_gap_m'),
    'infinite table': (write_bad_value('table_gap_m', np.inf), 'impossible table_gap_m'),
    'half a check': (write_bad_value('q1', None), 'only some values'),
    'a row less': (lambda rows: rows[:-1], 'counts are'),
    'a row more': (lambda rows: [*rows, {**rows[3], 'grasp_id': 'new'}], 'counts are'),
}


@pytest.mark.parametrize('name', ROW_DAMAGES)
def test_bad_grasps_are_found_behind_right_checksums(folder, name):
    change, message = ROW_DAMAGES[name]
    edit_rows(folder, PART, change)
    if name.startswith('a row'):  # the tables agree with each other, not with the counts
        edit_rows(folder, objects_file(folder), count_anew(folder))
    problems = verify_dataset(folder)
    assert any(message in problem for problem in problems), problems


def count_anew(folder):
    ids = pq.read_table(folder / PART)['object_id'].to_pylist()

    def change(rows):
        for row in rows:
            row['num_grasps'] = ids.count(row['object_id'])

    return change


OBJECT_DAMAGES = {
    'split': (write_bad_value('split', 'validation', 0), "unknown split 'validation'"),
    'mass': (write_bad_value('mass_kg', 0.0, 0), 'mass_kg is 0.0'),
    'friction': (write_bad_value('friction', np.nan, 0), 'friction is nan'),
    'other mass': (write_bad_value('mass_kg', 5.0, 0), 'say different things'),
    'source': (write_bad_value('source', 'web', 0), "no build is of its source 'web'"),
    'parts': (write_bad_value('parts', ['rim', 'rim', 'handle'], 0), 'share names'),
    'affordance': (write_bad_value('affordances', [('lift', 'wing')], 0), "a part 'wing'"),
    'task': (write_bad_value('affordances', [('fly', 'rim')], 0), "unknown task 'fly'"),
    'mesh': (write_bad_value('mesh', 'objects/none.glb', 0), 'does not name its mesh'),
    'count': (write_bad_value('num_grasps', 7, 0), 'grasps, should be 7'),
    'an object less': (lambda rows: rows[1:], 'that is not in the table'),
    'twice': (lambda rows: [*rows, rows[0]], 'there 2 times'),
}  # fmt: skip


@pytest.mark.parametrize('name', OBJECT_DAMAGES)
def test_bad_objects_are_found_behind_right_checksums(folder, name):
    change, message = OBJECT_DAMAGES[name]
    edit_rows(folder, objects_file(folder), change)
    problems = verify_dataset(folder)
    assert any(message in problem for problem in problems), problems


def test_split_leaks_are_found(folder):
    def leak_category(rows):
        mine = [row for row in rows if row['category'] == 'bottle']
        mine[0]['split'] = 'train'

    edit_rows(folder, objects_file(folder), leak_category)
    problems = verify_dataset(folder)
    assert any("leak: category 'bottle' is in test-categories and in train" in p for p in problems)
    assert any('not in the split of the rule' in p for p in problems)


def test_the_same_shape_on_both_sides_of_a_split_is_found(folder):
    rows = pq.read_table(folder / objects_file(folder)).to_pylist()
    unseen = next(row for row in rows if row['split'] == 'test-instances')
    twin = next(row for row in rows if row['split'] == 'train'
                and row['category'] == unseen['category'])  # fmt: skip
    model = object_from_glb((folder / unseen['mesh']).read_bytes(), name='twin')
    put(folder, twin['mesh'], object_to_glb(replace(model, color_name='green')))
    problems = verify_dataset(folder)
    assert any('same shape is in several splits' in problem for problem in problems), problems


def test_meshes_that_are_no_objects_are_found(folder):
    put(folder, MESH, trimesh.creation.box().export(file_type='glb'))
    assert any('mug_0.glb is not an object file' in problem for problem in verify_dataset(folder))


def test_meshes_of_another_object_are_found(folder):
    put(folder, MESH, object_to_glb(make_object('book', 8)))
    assert any("'mug_0': its row and its mesh" in problem for problem in verify_dataset(folder))


def test_open_meshes_are_found(folder):
    model = object_from_glb((folder / MESH).read_bytes(), name='mug')
    piece = model.parts[0].pieces[0]
    torn = trimesh.Trimesh(piece.vertices, piece.faces[1:], process=False)
    pieces = (torn, *model.parts[0].pieces[1:])
    parts = (replace(model.parts[0], pieces=pieces), *model.parts[1:])
    put(folder, MESH, object_to_glb(replace(model, parts=parts)))
    assert any('is not closed' in problem for problem in verify_dataset(folder))


def test_unused_meshes_are_found(folder):
    put(folder, 'objects/extra.glb', object_to_glb(make_object('book', 8)))
    assert verify_dataset(folder) == ['objects/extra.glb: no object uses it']


OTHER_COLUMNS = f'{PART}: its columns are not those of the format: '


@pytest.mark.parametrize('column', ['q1', 'text_basic'])
def test_missing_columns_are_found(folder, column):
    put_table(folder, PART, pq.read_table(folder / PART).drop_columns([column]))
    assert verify_dataset(folder) == [f'{OTHER_COLUMNS}{column} is missing']


def test_columns_too_many_are_found(folder):
    table = pq.read_table(folder / PART)
    put_table(folder, PART, table.append_column('mine', table['q1']))
    (problem,) = verify_dataset(folder)
    assert problem.startswith(f'{OTHER_COLUMNS}they are grasp_id, object_id, ')
    assert problem.endswith(', mine')


def test_columns_of_another_type_are_found(folder):
    table = pq.read_table(folder / PART)
    place = table.schema.get_field_index('q1')
    table = table.set_column(place, 'q1', table['q1'].cast(pa.float64()))
    put_table(folder, PART, table)
    assert verify_dataset(folder) == [f'{OTHER_COLUMNS}q1 double, should be q1 float']


def test_holes_in_lists_are_found(folder):
    table = pq.read_table(folder / PART)
    held = table['held'].to_pylist()
    held[3][2] = None
    place = table.schema.get_field_index('held')
    put_table(
        folder, PART, table.set_column(place, 'held', pa.array(held, pa.list_(pa.bool_(), 6)))
    )
    (problem,) = verify_dataset(folder)
    assert problem.startswith(f'{OTHER_COLUMNS}held ')


def test_missing_values_are_found(folder):
    rows = pq.read_table(folder / PART).to_pylist()
    rows[4]['task'] = None
    nullable = pa.schema([field.with_nullable(True) for field in GRASP_SCHEMA])
    put_table(folder, PART, pa.Table.from_pylist(rows, schema=nullable))
    assert verify_dataset(folder) != []


WRITTEN_LATER = {
    'revision': 9, 'writer': 'grammar', 'model': '', 'seed': 0, 'command': '',
    'code_version': '0.1.0', 'num_grasps': 5, 'num_failed': 0,
}  # fmt: skip
MANIFEST_DAMAGES = {
    'counts': lambda content: content['counts'].update(grasps=99_999),
    'tasks': lambda content: content['counts'].update(tasks=11),
    'hand': lambda content: content['hand']['upper_rad'].reverse(),
    'joints': lambda content: content['hand']['joint_names'].reverse(),
    'rows': lambda content: content['files'][PART].update(num_rows=3),
    'revision': lambda content: content.update(revision=9),
    'builds': lambda content: content.update(builds=[]),
    'descriptions': lambda content: content.update(descriptions=[WRITTEN_LATER]),
    'split': lambda content: content['split'].update(seed=77, test_share=0.9),
    'unknown split category': lambda content: content['split'].update(test_categories=['sofa']),
    'files': lambda content: content.pop('files'),
    'entry': lambda content: content['files'].update({PART: 7}),
    'version': lambda content: content.update(format_version=2),
    'other format': lambda content: content.update(format='parquet'),
}


@pytest.mark.parametrize('name', MANIFEST_DAMAGES)
def test_bad_manifests_are_found(folder, name):
    edit_manifest(folder, MANIFEST_DAMAGES[name])
    assert verify_dataset(folder) != []


def test_a_cut_manifest_and_none_are_found(folder):
    path = folder / 'manifest.json'
    path.write_text(path.read_text()[:-200])
    assert len(verify_dataset(folder)) == 1
    path.unlink()
    assert 'not a dataset' in verify_dataset(folder)[0]
    assert verify_dataset(folder / 'nowhere') != []


def test_an_interrupted_addition_leaves_a_sound_dataset(folder):
    (folder / 'building').mkdir()
    shutil.copy(folder / PART, folder / 'grasps' / 'part-00001.parquet')
    assert verify_dataset(folder) == []


def test_checksums_are_of_the_content(folder):
    entry = read_manifest(folder).files[MESH]
    assert entry == file_entry((folder / MESH).read_bytes())
    assert isinstance(entry, FileEntry)
    assert len(entry.sha256) == 64
