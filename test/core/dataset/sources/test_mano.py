import pickle

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from maskdexgrasp_core.dataset.sources import affordpose_hand
from maskdexgrasp_core.dataset.sources.mano import find_mano, load_mano
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.retargeting.human_hand import TIPS


@pytest.fixture(scope='module')
def hand(mano_path):
    return load_mano(mano_path)


def still(count: int = 1) -> np.ndarray:
    return np.tile(np.eye(3), (count, 16, 1, 1))


def skinned(entries, rotations: np.ndarray, shapes: np.ndarray) -> np.ndarray:
    """Pose all 778 vertices by linear blend skinning, as MANO is published, wrist at 0."""
    regressor = np.asarray(entries['J_regressor'].todense())
    surface = entries['v_template'] + entries['shapedirs'] @ shapes
    joints = regressor @ surface
    surface = surface + entries['posedirs'] @ (rotations[1:] - np.eye(3)).ravel()
    parents = [0, *entries['kintree_table'][0, 1:].tolist()]
    transforms = []
    for joint, parent in enumerate(parents):
        local = np.eye(4)
        local[:3, :3] = rotations[joint]
        local[:3, 3] = joints[joint] - (joints[parent] if joint else 0.0)
        transforms.append(transforms[parent] @ local if joint else local)
    moved = 0.0
    for joint, transform in enumerate(transforms):
        posed = (surface - joints[joint]) @ transform[:3, :3].T + transform[:3, 3]
        moved = moved + entries['weights'][:, joint : joint + 1] * posed
    return moved - joints[0]


def test_the_flat_hand_has_the_regressed_joints(hand):
    points = hand.keypoints(still(), np.zeros((1, 10)))[0]
    flat = affordpose_hand.keypoints(np.zeros((1, 16)))[0]
    np.testing.assert_allclose(points, flat - flat[0], atol=1e-9)


def test_bending_one_joint_moves_what_hangs_on_it_and_nothing_else(hand):
    rotations = still()
    rotations[0, 2] = Rotation.from_euler('z', 90, degrees=True).as_matrix()  # index, middle joint
    flat, bent = (hand.keypoints(r, np.zeros((1, 10)))[0] for r in (still(), rotations))
    moved = np.linalg.norm(bent - flat, axis=1) > 1e-9
    assert np.nonzero(moved)[0].tolist() == [7, 8]
    arm = flat[7] - flat[6]
    np.testing.assert_allclose(bent[7] - bent[6], [-arm[1], arm[0], arm[2]], atol=1e-12)


def test_turning_the_wrist_turns_every_point(hand):
    turn = Rotation.from_rotvec([0.3, -0.8, 0.5]).as_matrix()
    rng = np.random.default_rng(1)
    rotations = np.stack([still()[0], still()[0]])
    rotations[:, 1:] = Rotation.from_rotvec(rng.normal(size=(15, 3))).as_matrix()
    rotations[1, 0] = turn
    shapes = rng.normal(size=(1, 10)).repeat(2, axis=0)
    points = hand.keypoints(rotations, shapes)
    np.testing.assert_allclose(points[1], points[0] @ turn.T, atol=1e-12)


def test_keypoints_agree_with_skinning_the_whole_surface(release, tmp_path):
    rng = np.random.default_rng(2)
    entries = release.mano_entries()
    entries['posedirs'] = rng.normal(scale=1e-4, size=(778, 3, 135))
    entries['weights'] = rng.dirichlet(np.ones(16), size=778)
    release.write_mano(tmp_path / 'MANO_RIGHT.pkl', entries)
    rotations = Rotation.from_rotvec(rng.normal(scale=0.5, size=(16, 3))).as_matrix()
    shapes = rng.normal(size=10)
    points = load_mano(tmp_path / 'MANO_RIGHT.pkl').keypoints(rotations[None], shapes[None])[0]
    vertices = skinned(entries, rotations, shapes)
    np.testing.assert_allclose(points[list(TIPS)], vertices[list(release.MANO_TIPS)], atol=1e-9)


def test_a_pose_of_affordpose_is_the_same_pose_in_mano(release, hand):
    lower, upper = np.radians(np.asarray(affordpose_hand.LIMITS_DEG, dtype=float)).T
    dofs = np.random.default_rng(3).uniform(lower, upper)
    rotations = np.concatenate([np.eye(3)[None], release.mano_rotations(dofs)])
    points = hand.keypoints(rotations[None], np.zeros((1, 10)))[0]
    expected = affordpose_hand.keypoints(dofs[None])[0]
    np.testing.assert_allclose(points, expected - expected[0], atol=3e-5)


def test_mano_is_found_by_file_folder_and_environment(mano_path, tmp_path, monkeypatch):
    models = tmp_path / 'mano_v1_2' / 'models'
    models.mkdir(parents=True)
    (models / 'MANO_RIGHT.pkl').write_bytes(b'')
    assert find_mano(mano_path) == mano_path
    assert find_mano(mano_path.parent) == mano_path
    assert find_mano(tmp_path / 'mano_v1_2') == models / 'MANO_RIGHT.pkl'
    monkeypatch.setenv('MASKDEXGRASP_MANO', str(mano_path))
    assert find_mano(None) == mano_path


def test_without_mano_the_error_says_where_to_get_it_and_how_to_name_it(tmp_path, monkeypatch):
    monkeypatch.delenv('MASKDEXGRASP_MANO', raising=False)
    with pytest.raises(InvalidInputError, match=r'mano\.is\.tue\.mpg\.de.*MASKDEXGRASP_MANO'):
        find_mano(None)
    with pytest.raises(InvalidInputError, match='not at'):
        find_mano(tmp_path)


@pytest.mark.parametrize(
    ('entry', 'value'),
    [
        ('shapedirs', None),
        ('weights', np.zeros((778, 3))),
        ('v_template', np.full((778, 3), np.nan)),
        ('v_template', np.zeros((500, 3))),
        ('kintree_table', np.zeros((2, 16)) + 20),
    ],
)
def test_a_file_that_is_no_mano_names_the_entry(release, tmp_path, entry, value):
    entries = release.mano_entries()
    entries.pop(entry)
    if value is not None:
        entries[entry] = value
    path = tmp_path / 'MANO_RIGHT.pkl'
    path.write_bytes(pickle.dumps(entries, protocol=2))
    with pytest.raises(InvalidInputError, match=entry):
        load_mano(path)
