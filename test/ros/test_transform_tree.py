import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from maskdexgrasp_ros.transforms import TransformError, TransformTree


def random_pose(rng):
    pose = np.eye(4)
    pose[:3, :3] = Rotation.random(random_state=rng).as_matrix()
    pose[:3, 3] = rng.uniform(-1, 1, 3)
    return pose


@pytest.fixture
def poses():
    rng = np.random.RandomState(3)
    return {name: random_pose(rng) for name in ('base', 'camera', 'optical', 'tip')}


@pytest.fixture
def tree(poses):
    tree = TransformTree()
    tree.set_transform('world', 'base', poses['base'])
    tree.set_transform('world', 'camera', poses['camera'])
    tree.set_transform('camera', 'optical', poses['optical'])
    tree.set_transform('base', 'tip', poses['tip'])
    return tree


def test_poses_are_chained_over_the_common_ancestor(tree, poses):
    expected = np.linalg.inv(poses['base']) @ poses['camera'] @ poses['optical']
    assert np.allclose(tree.lookup('base', 'optical'), expected)


def test_there_and_back_is_identity(tree):
    there, back = tree.lookup('tip', 'optical'), tree.lookup('optical', 'tip')
    assert np.allclose(there @ back, np.eye(4))


def test_a_leading_slash_is_ignored_and_the_newest_transform_counts(tree):
    tree.set_transform('/world', '/base', np.eye(4))
    assert np.allclose(tree.lookup('/world', 'base'), np.eye(4))


@pytest.mark.parametrize(('target', 'source'), [('base', 'nowhere'), ('nowhere', 'optical')])
def test_an_unknown_frame_is_named_with_those_that_exist(tree, target, source):
    with pytest.raises(TransformError, match=r'nowhere.*optical'):
        tree.lookup(target, source)


def test_trees_that_are_not_connected_are_an_error(tree):
    tree.set_transform('island', 'palm', np.eye(4))
    with pytest.raises(TransformError, match='no transform'):
        tree.lookup('base', 'palm')


def test_a_loop_is_an_error_and_not_an_endless_search():
    tree = TransformTree()
    tree.set_transform('a', 'b', np.eye(4))
    tree.set_transform('b', 'a', np.eye(4))
    with pytest.raises(TransformError, match='loop'):
        tree.lookup('c', 'a')


@pytest.mark.parametrize('value', [np.nan, np.inf])
def test_a_transform_that_is_not_finite_is_refused(value):
    pose = np.eye(4)
    pose[0, 3] = value
    with pytest.raises(TransformError, match='not finite'):
        TransformTree().set_transform('a', 'b', pose)
