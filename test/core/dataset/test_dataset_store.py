import io
import json
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
from orbit_source import OrbitSource
from scipy.spatial.transform import Rotation

from maskdexgrasp_core.dataset import GraspTable, open_dataset
from maskdexgrasp_core.dataset.columns import grasps_from_table, grasps_to_table
from maskdexgrasp_core.dataset.schema import grasp_write_options
from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.objects.catalog import make_object
from maskdexgrasp_core.tasks import TASKS


@pytest.fixture(scope='module')
def records():
    source = OrbitSource(candidates=8)
    return [grasp for unit in source.units()[:4] for grasp in source.build(unit, 1).grasps]


def test_records_survive_a_file(records, tmp_path):
    unchecked = replace(records[0], grasp_id='unchecked', checks=None)
    no_q1 = replace(records[1], grasp_id='no q1', checks=replace(records[1].checks, q1=np.nan))
    no_table = replace(
        records[3], grasp_id='no table', checks=replace(records[3].checks, table_gap_m=np.nan)
    )
    one_fell = replace(
        records[2], grasp_id='fell', checks=replace(records[2].checks, held=(True,) * 5 + (False,))
    )
    written = [*records, unchecked, no_q1, one_fell, no_table]
    pq.write_table(grasps_to_table(written), tmp_path / 'part.parquet', **grasp_write_options())
    read = grasps_from_table(pq.read_table(tmp_path / 'part.parquet'))
    assert len(read) == len(written)
    for ours, theirs in zip(read, written, strict=True):
        for name in ('grasp_id', 'object_id', 'category', 'source', 'task', 'part', 'fingers',
                     'approach', 'texts'):  # fmt: skip
            assert getattr(ours, name) == getattr(theirs, name)
        np.testing.assert_allclose(ours.T_object_wrist, theirs.T_object_wrist, atol=1e-6)
        np.testing.assert_allclose(ours.joint_positions, theirs.joint_positions, atol=1e-6)
        np.testing.assert_allclose(ours.squeeze_positions, theirs.squeeze_positions, atol=1e-6)
        if theirs.checks is None:
            assert ours.checks is None
            continue
        assert ours.checks.held == theirs.checks.held
        assert ours.checks.num_contacts == theirs.checks.num_contacts
        assert ours.checks.q1 == pytest.approx(theirs.checks.q1, abs=1e-6, nan_ok=True)
        gap_m = theirs.checks.table_gap_m
        assert ours.checks.table_gap_m == pytest.approx(gap_m, abs=1e-6, nan_ok=True)
        assert ours.checks.part_share == pytest.approx(theirs.checks.part_share, abs=1e-6)


def test_columns_in_bulk_say_the_same_as_records(records):
    table = GraspTable.from_records([*records, replace(records[0], checks=None)])
    assert len(table) == len(records) + 1
    for number in (0, len(records) - 1):
        record = records[number]
        np.testing.assert_allclose(table.Ts_object_wrist[number], record.T_object_wrist, atol=1e-6)
        np.testing.assert_allclose(
            table.joint_positions[number], record.joint_positions, atol=1e-6
        )
        assert table.texts[number] == record.texts
        assert table.fingers[number] == record.fingers
        assert table.tasks[number] == record.task
        assert table.held[number].tolist() == list(record.checks.held)
        assert table.record(number).grasp_id == record.grasp_id
    assert table.is_checked.tolist() == [True] * len(records) + [False]
    assert not table.held[-1].any()
    assert np.isnan(table.q1s[-1])
    gaps = [record.checks.table_gap_m for record in records]
    np.testing.assert_allclose(table.table_gaps_m[:-1], gaps, atol=1e-6)
    assert np.isnan(table.table_gaps_m[-1])


def test_an_infinite_height_above_the_table_is_refused(records):
    with pytest.raises(InvalidInputError, match='table_gap_m is infinite'):
        replace(records[0].checks, table_gap_m=-np.inf)


def test_no_grasps_at_all_have_empty_columns():
    table = GraspTable.from_records([])
    assert len(table) == 0
    assert table.joint_positions.shape == (0, 22)
    assert table.Ts_object_wrist.shape == (0, 4, 4)
    assert table.held.shape == (0, 6)
    assert table.texts == []
    assert list(table) == []


def test_rows_are_taken_by_slice_mask_and_number(records):
    table = GraspTable.from_records(records)
    ids = [record.grasp_id for record in records]
    assert table[2:5].grasp_ids.tolist() == ids[2:5]
    assert table[2:5][[0, 2]].grasp_ids.tolist() == [ids[2], ids[4]]
    mask = np.arange(len(ids)) % 2 == 1
    assert table[mask].grasp_ids.tolist() == ids[1::2]
    assert [record.grasp_id for record in table[1:4]] == ids[1:4]


def test_a_sample_is_random_repeats_and_takes_no_grasp_twice(records):
    table = GraspTable.from_records(records)
    taken = table.sample(5, seed=1).grasp_ids.tolist()
    assert taken == table.sample(5, seed=1).grasp_ids.tolist()
    assert taken != table.sample(5, seed=2).grasp_ids.tolist()
    assert len(set(taken)) == 5
    assert len(table.sample(10**6, seed=0)) == len(records)


def test_a_dataset_gives_objects_and_grasps(built_folder):
    data = open_dataset(built_folder)
    assert len(data.grasps) == data.manifest.counts['grasps'] > 200
    assert len(data.objects) == 12
    grasp = data.grasps.record(7)
    record = data.objects[grasp.object_id]
    assert grasp.part in record.parts
    assert record.affordances[grasp.task] == grasp.part
    original = make_object(record.category, int(record.object_id.rpartition('_')[2]))
    assert record.model.mass_kg == original.mass_kg
    np.testing.assert_allclose(record.model.center_of_mass, original.center_of_mass, atol=1e-6)
    with pytest.raises(UnknownNameError, match='mug_0'):
        data.objects['kettle_9']


def test_selections_combine_and_keep_only_their_objects(built_folder):
    data = open_dataset(built_folder)
    mugs = data.select(category='mug', task=['lift', 'hold'])
    assert set(mugs.grasps.categories.tolist()) == {'mug'}
    assert set(mugs.grasps.tasks.tolist()) == {'lift', 'hold'}
    assert {name.partition('_')[0] for name in mugs.objects} == {'mug'}
    unseen = mugs.select(split='test-instances')
    assert 0 < len(unseen.grasps) < len(mugs.grasps)
    assert {data.splits[name] for name in unseen.objects} == {'test-instances'}
    sizes = [len(data.select(split=name).grasps) for name in ('train', 'test')]
    assert sum(sizes) == len(data.grasps)
    assert set(data.select(split='test-categories').grasps.categories.tolist()) == {'bottle'}


@pytest.mark.parametrize(
    ('names', 'known'),
    [({'category': 'kettle'}, 'mug'), ({'task': ['lift', 'fly']}, 'handle-grasp'),
     ({'source': 'oakshape'}, 'procedural'), ({'split': 'val'}, 'test-instances')],
)  # fmt: skip
def test_unknown_names_are_answered_with_the_known_ones(built_folder, names, known):
    with pytest.raises(UnknownNameError, match=known):
        open_dataset(built_folder).select(**names)


def test_opening_reads_no_grasp(built_folder, tmp_path):
    for name in ('manifest.json', *built_folder.glob('objects-*.parquet')):
        (tmp_path / (built_folder / name).name).write_bytes((built_folder / name).read_bytes())
    data = open_dataset(tmp_path)  # neither meshes nor grasps are there
    assert next(iter(data.objects)) == 'mug_0'
    assert len(data.grasps) == data.manifest.counts['grasps']
    with pytest.raises(InvalidInputError, match=r'mug_0.glb.*dataset verify'):
        data.objects['mug_0']
    with pytest.raises(InvalidInputError, match=r'part-00000.parquet: missing.*dataset verify'):
        _ = data.grasps.tasks


def test_other_tools_need_nothing_of_ours(built_folder):
    """Parquet and JSON alone give a wrist that is where the format document says."""
    manifest = json.loads((built_folder / 'manifest.json').read_text())
    assert manifest['format'] == 'maskdexgrasp-dataset'
    assert manifest['hand']['joint_names'] == list(SHADOW.joint_names)
    assert manifest['hand']['root_link'] == 'rh_palm'
    table = pq.read_table(built_folder / 'grasps')
    assert set(table.column_names) == set(manifest['columns'])
    row = table.to_pylist()[3]
    w, x, y, z = row['quat_wxyz']
    turn = Rotation.from_quat([x, y, z, w])
    # the orbits look at the origin of the object along the fingers, from 0.2 m
    np.testing.assert_allclose(turn.apply([0, 0, 0.2]) + row['translation'], 0, atol=1e-6)
    rows = pq.read_table(next(built_folder.glob('objects-*.parquet'))).to_pylist()
    mug = next(row for row in rows if row['object_id'] == 'mug_1')
    assert (built_folder / mug['mesh']).is_file()
    assert dict(mug['affordances'])['handle-grasp'] == 'handle'


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ('', 'cannot be read'),
        ('{}', 'damaged'),
        ('[1]', 'damaged'),
        ('{"format": "maskdexgrasp-dataset", "format_version": 99}', 'version 99'),
    ],
)
def test_manifests_that_cannot_be_used_say_so(tmp_path, content, message):
    (tmp_path / 'manifest.json').write_text(content)
    with pytest.raises(InvalidInputError, match=message):
        open_dataset(tmp_path)


def test_a_manifest_cannot_name_files_elsewhere(built_folder, tmp_path):
    content = json.loads((built_folder / 'manifest.json').read_text())
    content['files']['../secret'] = next(iter(content['files'].values()))
    (tmp_path / 'manifest.json').write_text(json.dumps(content))
    with pytest.raises(InvalidInputError, match='secret'):
        open_dataset(tmp_path)


def test_a_folder_without_dataset_says_what_it_is_instead(tmp_path):
    with pytest.raises(InvalidInputError, match='not a dataset'):
        open_dataset(tmp_path)
    (tmp_path / 'building').mkdir()
    with pytest.raises(InvalidInputError, match='unfinished build'):
        open_dataset(tmp_path)


def test_thirty_thousand_grasps_stay_below_the_size_of_a_repository():
    """Random angles are the worst case: a tenth of the set, extrapolated, with 250 objects."""
    rng = np.random.default_rng(0)
    source = OrbitSource(candidates=40)
    unit = source.units()[0]
    grasps = source.build(unit, 0).grasps
    words = ('handle', 'rim', 'red', 'gently', 'with the thumb', 'from the side', 'body')
    many = []
    for number in range(3000):
        turn = Rotation.random(rng=rng)
        pose = np.eye(4)
        pose[:3, :3], pose[:3, 3] = turn.as_matrix(), rng.normal(0, 0.1, 3)
        angles = rng.uniform(SHADOW.lower, SHADOW.upper)
        text = ' '.join(rng.choice(words, 8))
        many.append(
            replace(
                grasps[number % len(grasps)],
                grasp_id=f'mug_{number // 100}/{rng.choice(TASKS)}/{number}',
                T_object_wrist=pose,
                joint_positions=angles,
                squeeze_positions=angles + rng.normal(0, 0.05, 22),
                texts=(text, f'It {text}', f'It is {text}', f'{text} is it'),
            )
        )
    table = GraspTable.from_records(many).to_arrow()
    sink = io.BytesIO()
    pq.write_table(table, sink, **grasp_write_options())
    assert 10 * len(sink.getvalue()) + 250 * 12_000 <= 12_000_000
