"""A damaged dataset ends every command with a sentence: which file, and what says more."""

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner

from maskdexgrasp_core.cli.dataset import app
from maskdexgrasp_core.cli.evaluate import evaluate
from maskdexgrasp_core.dataset.manifest import read_manifest
from maskdexgrasp_core.dataset.schema import GRASP_SCHEMA

PART, OBJECTS = 'grasps/part-00000.parquet', 'objects-2.parquet'
evaluate_app = typer.Typer()
evaluate_app.command()(evaluate)


@pytest.fixture
def folder(built_folder, tmp_path) -> Path:
    return Path(shutil.copytree(built_folder, tmp_path / 'set'))


def run(command: str, folder: Path):
    picture = folder.parent / 'picture.png'
    lines = {
        'stats': ['stats', folder],
        'show': ['show', folder, '-n', 2, '--out', picture],
        'describe': ['describe', folder, '--seed', 7],
        'split': ['split', folder, '--test-share', 0.2],
        'add': ['add', folder, '--source', 'orbit_source:make_orbits', '--seed', 9],
        'evaluate': ['--grasps', folder, '--protocol', 'tdg-quick', '--workers', 1],
    }
    used = evaluate_app if command == 'evaluate' else app
    return CliRunner().invoke(used, [str(word) for word in lines[command]])


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def rewrite(change):
    def damage(file: Path) -> None:
        table = pq.read_table(file)
        pq.write_table(change(table), file)

    return damage


def retyped(column: str, kind: pa.DataType):
    def change(table: pa.Table) -> pa.Table:
        place = table.schema.get_field_index(column)
        return table.set_column(place, column, table[column].cast(kind))

    return rewrite(change)


DAMAGES = {
    'cut': (PART, cut, 'cannot be read'),
    'empty': (PART, lambda file: file.write_bytes(b''), 'cannot be read'),
    'gone': (PART, Path.unlink, 'missing'),
    'no tasks': (PART, rewrite(lambda table: table.drop_columns(['task'])), 'task is missing'),
    'long floats': (PART, retyped('q1', pa.float64()), 'q1 double, should be q1 float'),
    'a row less': (PART, rewrite(lambda table: table.slice(1)), 'rows, should be'),
    'objects cut': (OBJECTS, cut, 'cannot be read'),
    'objects gone': (OBJECTS, Path.unlink, 'missing'),
    'no meshes': (OBJECTS, rewrite(lambda table: table.drop_columns(['mesh'])), 'mesh is missing'),
    'counts in words': (OBJECTS, retyped('num_grasps', pa.string()), 'num_grasps string'),
    'an object less': (OBJECTS, rewrite(lambda table: table.slice(1)), '11 rows, should be 12'),
}


def assert_refused(done, *words: str) -> None:
    output = ' '.join(done.output.split())
    assert done.exit_code == 2, (output, done.exception)
    for word in (*words, 'dataset verify'):
        assert word in output


@pytest.mark.parametrize('name', DAMAGES)
def test_every_command_names_the_damaged_table(folder, name):
    path, damage, sentence = DAMAGES[name]
    before = read_manifest(folder)
    damage(folder / path)
    for command in ('stats', 'show', 'describe', 'split', 'add', 'evaluate'):
        assert_refused(run(command, folder), path, sentence)
    assert read_manifest(folder) == before
    assert not (folder / 'building').exists(), 'nothing was built in vain'


def put_row(folder: Path, **values) -> None:
    """Change the first grasp."""
    rows = pq.read_table(folder / PART).to_pylist()
    rows[0] |= values
    nullable = pa.schema([field.with_nullable(True) for field in GRASP_SCHEMA])
    pq.write_table(pa.Table.from_pylist(rows, schema=nullable).cast(GRASP_SCHEMA), folder / PART)


def test_a_grasp_of_an_object_that_is_not_there_is_named(folder):
    put_row(folder, object_id='kettle_9')
    for command in ('stats', 'describe'):
        assert_refused(run(command, folder), OBJECTS, "'kettle_9'")
    assert run('evaluate', folder).exit_code == 2


def test_a_quaternion_of_length_zero_is_no_rotation(folder):
    put_row(folder, quat_wxyz=[0.0] * 4)
    for command in ('describe', 'evaluate'):
        assert_refused(run(command, folder), '1 of', 'length 0')


def test_a_cut_mesh_is_named(folder):
    for file in (folder / 'objects').glob('*.glb'):
        cut(file)
    assert_refused(run('show', folder), 'is not an object file')


def test_poses_that_are_not_finite_are_not_drawn(folder):
    rows = pq.read_table(folder / PART).to_pylist()
    rows = [row | {'translation': [np.nan] * 3} for row in rows]
    nullable = pa.schema([field.with_nullable(True) for field in GRASP_SCHEMA])
    pq.write_table(pa.Table.from_pylist(rows, schema=nullable).cast(GRASP_SCHEMA), folder / PART)
    done = run('show', folder)
    assert done.exit_code == 2, done.exception
    assert 'T_object_wrist is not finite' in done.output
