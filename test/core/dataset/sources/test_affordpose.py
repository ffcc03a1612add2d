import json
import pickle
import shutil

import numpy as np
import pytest

from maskdexgrasp_core.dataset.sources.affordpose import AffordPoseSource
from maskdexgrasp_core.dataset.sources.affordpose_file import LABEL_TASKS, parse_mesh, read_grasp
from maskdexgrasp_core.dataset.sources.protocol import GraspSource
from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError
from maskdexgrasp_core.hands.kinematics import HandKinematics
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.tasks import TASKS

FILE = 'AffordPose/bottle/3415/3415_Wrap-grasp/1.json'


@pytest.fixture(scope='module')
def built(affordpose_root, make_check):
    source = AffordPoseSource(root=affordpose_root, make_check=make_check)
    return source.build(source.units()[0], seed=0)


@pytest.fixture
def damaged(affordpose_root, tmp_path):
    """Copy the release and return a function that changes one file of it."""
    root = tmp_path / 'release'
    shutil.copytree(affordpose_root, root)

    def change(**entries):
        content = json.loads((root / FILE).read_text())
        content.update(entries)
        content = {key: value for key, value in content.items() if value is not None}
        (root / FILE).write_text(json.dumps(content))
        return root

    return change


def test_keypoints_are_read_in_metres_of_the_mesh(release, affordpose_root):
    mesh, _ = release.bottle()
    hand = release.closed_hand(mesh, height=0.08, azimuth=0.3)
    grasp = read_grasp(affordpose_root / FILE)
    np.testing.assert_allclose(grasp.keypoints, hand.keypoints @ release.Y_UP.T, atol=1e-9)
    assert grasp.task == 'wrap-grasp'


def test_the_labels_of_the_release_are_eight_tasks_of_the_paper():
    assert set(LABEL_TASKS.values()) == set(TASKS[:8])


def test_a_unit_is_an_object_with_all_of_its_files(affordpose_root):
    source = AffordPoseSource(root=affordpose_root)
    assert isinstance(source, GraspSource)
    (unit,) = source.units()
    assert (unit.key, unit.num_candidates) == ('bottle/3415', 3)
    assert AffordPoseSource(root=affordpose_root / 'AffordPose').units() == [unit]


def test_parts_are_named_by_their_affordance(built):
    record = built.object_record
    assert set(record.parts) == {'body', 'cap'}
    assert record.affordances == {'wrap-grasp': 'body', 'twist': 'cap'}
    cap = record.model.part('cap')
    lowest = min(piece.bounds[0][2] for piece in cap.pieces)
    assert lowest == pytest.approx(0.149, abs=0.008)


def test_grasps_hold_the_object_in_its_frame(built):
    assert not built.dropped
    assert {grasp.grasp_id for grasp in built.grasps} == {
        f'affordpose-bottle-3415-{name}' for name in ('twist-1', 'wrap-grasp-1', 'wrap-grasp-2')
    }
    for grasp in built.grasps:
        assert grasp.checks.held == (True,) * 6
        assert grasp.object_id == built.object_record.object_id
        assert 'thumb' in grasp.fingers
        assert all(text.endswith('.') for text in grasp.texts)
    wraps = [grasp for grasp in built.grasps if grasp.task == 'wrap-grasp']
    assert all(grasp.checks.part_share > 0.8 and grasp.part == 'body' for grasp in wraps)


def test_fingertips_stay_near_the_human_ones(release, affordpose_root):
    source = AffordPoseSource(root=affordpose_root)
    built = source.build(source.units()[0], seed=0)
    mesh, _ = release.bottle()
    grasp = next(g for g in built.grasps if g.grasp_id.endswith('wrap-grasp-1'))
    human = release.closed_hand(mesh, height=0.08, azimuth=0.3).keypoints[[4, 8, 12, 16, 20]]
    links = HandKinematics(SHADOW).link_transforms(
        HandKinematics(SHADOW).lower.new_tensor(grasp.joint_positions[None])
    )
    tips = np.stack([links[name][0, :3, 3].numpy() for name in SHADOW.fingertip_links])
    tips = tips @ grasp.T_object_wrist[:3, :3].T + grasp.T_object_wrist[:3, 3]
    assert np.linalg.norm(tips - human, axis=1).mean() < 0.008


def test_a_pickled_source_gives_the_same_records(affordpose_root, quick):
    source = AffordPoseSource(root=affordpose_root, conversion=quick)
    copy = pickle.loads(pickle.dumps(source))
    first, second = (s.build(s.units()[0], seed=3) for s in (source, copy))
    assert len(first.grasps) == 3
    for a, b in zip(first.grasps, second.grasps, strict=True):
        assert (a.grasp_id, a.texts) == (b.grasp_id, b.texts)
        np.testing.assert_array_equal(a.joint_positions, b.joint_positions)
        np.testing.assert_array_equal(a.T_object_wrist, b.T_object_wrist)


@pytest.mark.parametrize(
    ('entries', 'message'),
    [
        ({'dofs': None}, "key 'dofs' is missing"),
        ({'dofs': [0.0] * 15}, "key 'dofs' must be 16"),
        ({'dofs': [0.0, 90.0] + [0.0] * 14}, "key 'dofs': angle 1 is 90 rad"),
        ({'rhand_trans': ['a', 0, 0]}, "key 'rhand_trans' holds no numbers"),
        ({'rhand_trans': [float('nan'), 0, 0]}, "key 'rhand_trans' must be 3 finite"),
        ({'rhand_quat': [1, 1, 0, 0]}, "key 'rhand_quat' is no unit"),
        ({'afford_name': 'Juggle'}, "key 'afford_name' is 'Juggle'; known: handle-grasp"),
        ({'trans_obj': [1, 0, 0]}, "key 'trans_obj' moves the object"),
        ({'object_mesh': None}, "key 'object_mesh' is missing"),
    ],
)
def test_a_damaged_file_is_named_with_its_key(damaged, entries, message):
    root = damaged(**entries)
    with pytest.raises(InvalidInputError, match=message) as caught:
        read_grasp(root / FILE)
    assert '3415_Wrap-grasp/1.json' in str(caught.value)
    source = AffordPoseSource(root=root)
    with pytest.raises(InvalidInputError, match=message):
        source.build(source.units()[0], seed=0)


@pytest.mark.parametrize(
    ('lines', 'message'),
    [
        (['v 0 0 0 2', 'f 1 1 1'], 'has the label 2'),
        (['v 0 0 0', 'f 1 1 1'], 'without its 4 numbers'),
        (['v 0 0 0 5', 'f 1 1 7'], 'one without its vertices'),
        (['v 0 0 x 5', 'f 1 1 1'], 'without its 4 numbers'),
    ],
)
def test_a_damaged_mesh_is_refused(lines, message):
    with pytest.raises(InvalidInputError, match=message):
        parse_mesh(lines)


def test_damaged_files_are_counted_on_request(damaged, quick):
    root = damaged(dofs=None)
    (root / FILE).with_name('2.json').write_text('{')
    source = AffordPoseSource(root=root, skip_bad_files=True, conversion=quick)
    built = source.build(source.units()[0], seed=0)
    assert built.dropped == {'bad file': 2}
    assert len(built.grasps) == 1
    assert sum('1.json' in note or '2.json' in note for note in built.notes) == 2


def test_files_with_another_mesh_than_most_are_left_out(damaged, quick):
    content = json.loads((damaged() / FILE).read_text())
    root = damaged(object_mesh=[*content['object_mesh'][1:], content['object_mesh'][0]])
    source = AffordPoseSource(root=root, conversion=quick)
    built = source.build(source.units()[0], seed=0)
    assert built.dropped == {'another mesh than most files of the object': 1}
    assert len(built.grasps) == 2


def test_wrong_places_and_units_are_refused(tmp_path, affordpose_root):
    with pytest.raises(InvalidInputError, match='no folder'):
        AffordPoseSource(root=tmp_path / 'nowhere')
    with pytest.raises(InvalidInputError, match='no files'):
        AffordPoseSource(root=tmp_path).units()
    source = AffordPoseSource(root=affordpose_root)
    (unit,) = source.units()
    with pytest.raises(UnknownNameError, match='bottle/3415'):
        source.build(type(unit)(key='bottle/1', object_id='x', category='bottle'), seed=0)
