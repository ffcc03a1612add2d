"""The page about the format says what the schema says."""

import re
from pathlib import Path

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from maskdexgrasp_core.cli.dataset import app
from maskdexgrasp_core.dataset import open_dataset
from maskdexgrasp_core.dataset.schema import (
    COLUMN_NOTES,
    FORMAT_VERSION,
    GRASP_SCHEMA,
    OBJECT_SCHEMA,
)
from maskdexgrasp_core.dataset.verify import verify_dataset

PAGE = Path(__file__).parents[3] / 'docs' / 'dataset_format.md'


def in_words(kind: pa.DataType) -> str:
    if pa.types.is_fixed_size_list(kind):
        return f'{kind.value_type}[{kind.list_size}]'
    if pa.types.is_list(kind):
        return f'list of {kind.value_type}'
    if pa.types.is_map(kind):
        return f'map of {kind.key_type} to {kind.item_type}'
    return str(kind)


@pytest.mark.parametrize(
    ('heading', 'schema'), [('Grasps', GRASP_SCHEMA), ('Objects', OBJECT_SCHEMA)]
)
def test_every_column_is_described_with_its_type(heading, schema):
    section = PAGE.read_text().split(f'## {heading}\n')[1].split('\n## ')[0]
    described = re.findall(r'^\| `(\w+)` \| ([^|]+) \|', section, flags=re.M)
    assert described == [(field.name, in_words(field.type)) for field in schema]


def test_the_page_is_of_this_version_and_manifests_explain_every_column():
    assert f'(version {FORMAT_VERSION})' in PAGE.read_text().splitlines()[0]
    assert list(COLUMN_NOTES) == GRASP_SCHEMA.names


def test_the_source_on_the_page_builds_a_sound_dataset(tmp_path, monkeypatch):
    section = PAGE.read_text().split('## A source of your own')[1]
    (code,) = re.findall(r'```python\n(.*?)```', section, flags=re.S)
    (tmp_path / 'my_cup_source.py').write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    folder = tmp_path / 'set'
    line = ['build', str(folder), '--source', 'my_cup_source:make_source', '--workers', '1']
    done = CliRunner().invoke(app, line)
    assert done.exit_code == 0, done.output
    assert verify_dataset(folder) == []
    data = open_dataset(folder)
    assert set(data.grasps.sources.tolist()) == {'my_cups'}
    assert list(data.objects) == ['my_cup_0', 'my_cup_1', 'my_cup_2']
