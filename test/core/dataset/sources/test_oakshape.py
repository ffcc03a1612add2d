import json
import pickle
import shutil

import numpy as np
import pytest

from maskdexgrasp_core.dataset.sources.oakshape import OakShapeSource
from maskdexgrasp_core.dataset.sources.oakshape_file import (
    ObjectFolders,
    read_hand,
    read_intent,
)
from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError

GRASPS = 'shape/oakink_shape_v2/bottle/A16012'


@pytest.fixture
def source(oakink_root, mano_path, quick):
    return OakShapeSource(root=oakink_root, mano=mano_path, conversion=quick)


@pytest.fixture(scope='module')
def built(oakink_root, mano_path, make_check):
    """The two units: recorded grasps, a moved one."""
    source = OakShapeSource(root=oakink_root, mano=mano_path, make_check=make_check)
    return [source.build(unit, seed=0) for unit in source.units()]


@pytest.fixture
def copied(oakink_root, tmp_path):
    root = tmp_path / 'OakInk'
    shutil.copytree(oakink_root, root)
    return root


def test_recorded_and_moved_grasps_are_units_of_their_objects(source):
    assert [(u.key, u.object_id, u.num_candidates) for u in source.units()] == [
        ('bottle/A16012', 'oakshape-A16012', 3),
        ('bottle/s16101', 'oakshape-s16101', 1),
    ]


def test_grasps_hold_and_handovers_are_counted(built):
    recorded, moved = built
    assert recorded.dropped == {'handover': 1}
    assert [(g.grasp_id, g.task) for g in recorded.grasps] == [
        ('oakshape-A16012-0cc013118e', 'use'),
        ('oakshape-A16012-1cc013118e', 'lift-up'),
    ]
    assert [(g.grasp_id, g.task) for g in moved.grasps] == [
        ('oakshape-s16101-1cc013118e', 'lift-up')
    ]
    assert all(g.checks.held == (True,) * 6 for g in (*recorded.grasps, *moved.grasps))


def test_both_encodings_of_a_pose_are_the_same_hand(release, tmp_path):
    mesh, _ = release.bottle()
    hand = release.closed_hand(mesh, height=0.08, azimuth=1.0)
    read = []
    for size in (48, 64):
        path = tmp_path / f'{size}.pkl'
        path.write_bytes(pickle.dumps(release.mano_parameters(hand, size)))
        read.append(read_hand(path))
    np.testing.assert_allclose(read[0].rotations, read[1].rotations, atol=1e-5)
    np.testing.assert_allclose(read[0].wrist, hand.keypoints[0], atol=1e-6)


def test_the_hand_is_where_it_was_on_the_centred_mesh(release, built):
    (grasp,) = built[1].grasps
    mesh, _ = release.bottle()
    centre = np.asarray(mesh.bounds).mean(axis=0)
    wrist = release.closed_hand(mesh, height=0.08, azimuth=2.0).keypoints[0]
    # The object frame has its origin in the footprint, as the bottle before it was centred.
    assert np.linalg.norm(grasp.T_object_wrist[:3, 3] - wrist) < 0.03
    assert np.linalg.norm(grasp.T_object_wrist[:3, 3] - (wrist - centre)) > 0.05


def test_meshes_are_centred_and_chosen_by_the_word_align(oakink_root):
    folders = ObjectFolders.read(oakink_root / 'shape')
    for object_id in ('A16012', 's16101'):
        mesh = folders.mesh(object_id)
        np.testing.assert_allclose(mesh.bounds.sum(axis=0), 0.0, atol=1e-9)
    with pytest.raises(InvalidInputError, match="'X00000' is in no list"):
        folders.mesh('X00000')


def test_two_meshes_without_a_rule_and_odd_names_are_refused(copied):
    align = copied / 'shape/OakInkVirtualObjectsV2/bottle_1/align'
    (align / 'model_align.obj').rename(align / 'a.obj')
    shutil.copy(align / 'a.obj', align / 'b.obj')
    with pytest.raises(InvalidInputError, match='not exactly one mesh'):
        ObjectFolders.read(copied / 'shape').mesh('s16101')
    listed = copied / 'shape/metaV2/object_id.json'
    listed.write_text(json.dumps({'A16012': {'name': '../../etc'}}))
    with pytest.raises(InvalidInputError, match='no folder'):
        ObjectFolders.read(copied / 'shape')


def test_the_list_of_virtual_objects_may_have_its_documented_name(copied):
    meta = copied / 'shape/metaV2'
    (meta / 'virtual_object_id.json').rename(meta / 'virtual_obj_id.json')
    assert 's16101' in ObjectFolders.read(copied / 'shape').by_id
    (meta / 'virtual_obj_id.json').unlink()
    with pytest.raises(InvalidInputError, match=r'virtual_object_id\.json or .*virtual_obj_id'):
        ObjectFolders.read(copied / 'shape')


@pytest.mark.parametrize(
    ('entries', 'message'),
    [
        ({'pose': None}, "key 'pose' is missing"),
        ({'pose': np.zeros(45)}, "key 'pose' has 45 numbers, expected 48 or 64"),
        ({'pose': np.zeros((16, 4))}, 'no unit quaternions'),
        ({'shape': np.full(10, np.inf)}, "key 'shape'"),
        ({'tsl': np.array([120.0, 3.0, 4.0])}, 'is it in metres'),
        ({'tsl': 'here'}, "key 'tsl' holds no numbers"),
    ],
)
def test_damaged_parameters_are_named(oakink_root, tmp_path, entries, message):
    stored = oakink_root / GRASPS / '0cc013118e' / 'hand_param.pkl'
    content = {**pickle.loads(stored.read_bytes()), **entries}
    path = tmp_path / 'hand_param.pkl'
    path.write_bytes(pickle.dumps({k: v for k, v in content.items() if v is not None}))
    with pytest.raises(InvalidInputError, match=message):
        read_hand(path)


def test_unreadable_sources_are_refused(tmp_path):
    path = tmp_path / 'source.txt'
    with pytest.raises(InvalidInputError, match='cannot be read'):
        read_intent(path)
    path.write_text('pass1/A16012_0009_0005/2021-09-26')
    with pytest.raises(InvalidInputError, match='an intent of 0001, 0002'):
        read_intent(path)


def test_damaged_files_raise_or_are_counted(copied, mano_path):
    (copied / GRASPS / '0cc013118e' / 'hand_param.pkl').write_bytes(b'cos\nsystem\n.')
    (copied / GRASPS / '1cc013118e' / 'source.txt').write_text('nothing')
    source = OakShapeSource(root=copied, mano=mano_path)
    with pytest.raises(InvalidInputError, match=r'os\.system'):
        source.build(source.units()[0], seed=0)
    lenient = OakShapeSource(root=copied, mano=mano_path, skip_bad_files=True)
    built = lenient.build(lenient.units()[0], seed=0)
    assert built.dropped == {'bad file': 2, 'handover': 1}
    assert built.object_record is None
    assert len(built.notes) == 2


def test_wrong_places_are_refused(tmp_path, oakink_root, monkeypatch, source):
    monkeypatch.delenv('MASKDEXGRASP_MANO', raising=False)
    with pytest.raises(InvalidInputError, match='no folder oakink_shape_v2'):
        OakShapeSource(root=tmp_path)
    with pytest.raises(InvalidInputError, match='MANO_RIGHT'):
        OakShapeSource(root=oakink_root)
    unit = source.units()[0]
    with pytest.raises(UnknownNameError, match='bottle/A16012'):
        source.build(type(unit)(key='mug/1', object_id='x', category='mug'), seed=0)


def test_a_source_that_was_used_can_be_sent_to_a_worker(source):
    before = source.units()
    source.build(before[1], seed=0)
    assert pickle.loads(pickle.dumps(source)).units() == before
