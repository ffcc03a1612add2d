"""The hand's solids: exact distances, skin on the outside, poses checked."""

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError
from maskdexgrasp_core.evaluation.hand_solid import HandSolid, load_hand_solid
from maskdexgrasp_core.evaluation.shape_distance import bounding_radius, shape_distance
from maskdexgrasp_core.geometry.transforms import invert_transform, transform_points
from maskdexgrasp_core.geometry.urdf import Shape

WHITE = (1.0, 1.0, 1.0, 1.0)
SHAPES = {
    kind: Shape(link='a', kind=kind, size=size, T_link_shape=np.eye(4), rgba=WHITE)
    for kind, size in {
        'box': (0.02, 0.04, 0.06),
        'sphere': (0.03,),
        'cylinder': (0.01, 0.04),
        'capsule': (0.01, 0.04),
    }.items()
}


@pytest.mark.parametrize(
    ('kind', 'point', 'distance'),
    [
        ('box', (0.0, 0.0, 0.0), -0.01),
        ('box', (0.04, 0.06, 0.0), 0.05),
        ('box', (0.0, 0.0, 0.029), -0.001),
        ('sphere', (0.0, 0.05, 0.0), 0.02),
        ('cylinder', (0.0, 0.0, 0.018), -0.002),
        ('cylinder', (0.04, 0.0, 0.06), 0.05),
        ('capsule', (0.0, 0.0, 0.028), -0.002),
        ('capsule', (0.03, 0.0, 0.06), 0.04),
    ],
)
def test_distances_of_primitives_have_their_known_values(kind, point, distance):
    found = shape_distance(SHAPES[kind], np.array([point]))
    assert found == pytest.approx([distance], abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(kind=st.sampled_from(sorted(SHAPES)), seed=st.integers(0, 2**32 - 1))
def test_distance_is_that_to_the_nearest_point_of_the_surface(kind, seed):
    shape = SHAPES[kind]
    points = np.random.default_rng(seed).uniform(-0.05, 0.05, (5, 3))
    mesh = shape.mesh()
    _, nearest, _ = trimesh.proximity.closest_point(mesh, points)
    signs = np.where(mesh.contains(points), -1.0, 1.0)
    found = shape_distance(shape, points)
    np.testing.assert_allclose(found, signs * nearest, atol=1e-3)  # the mesh has flat facets
    assert (np.linalg.norm(points, axis=1) > bounding_radius(shape))[found > 0.04].all()


def test_an_unknown_primitive_is_refused():
    cone = Shape(link='a', kind='cone', size=(1.0,), T_link_shape=np.eye(4), rgba=WHITE)
    with pytest.raises(InvalidInputError, match='cone'):
        shape_distance(cone, np.zeros((1, 3)))


def test_skin_lies_on_the_outside_of_its_link(solid, open_hand):
    hands = solid.place(*open_hand)
    gaps = np.full((len(solid.shapes), hands.skin.shape[1]), np.inf)
    for index, shape in enumerate(solid.shapes):
        mine = solid.skin_link == solid.links.index(shape.link)
        pose = hands.Ts_object_shape[0, index]
        local = transform_points(invert_transform(pose), hands.skin[0, mine])
        gaps[index, mine] = shape_distance(shape, local)
    assert np.abs(gaps.min(axis=0)).max() < 3e-4
    dense = HandSolid(solid.spec, num_samples=16000).place(*open_hand)
    assert cKDTree(hands.skin[0]).query(dense.skin[0])[0].max() < 0.006


def test_placing_in_a_batch_moves_each_hand_rigidly(solid):
    rng = np.random.default_rng(1)
    joints = rng.uniform(solid.spec.lower, solid.spec.upper, (3, solid.spec.num_joints))
    poses = np.tile(np.eye(4), (3, 1, 1))
    poses[:, :3, :3] = Rotation.random(3, rng=rng).as_matrix()
    poses[:, :3, 3] = rng.uniform(-1, 1, (3, 3))
    placed = solid.place(poses, joints)
    for row in range(3):
        alone = solid.place(np.eye(4)[None], joints[row : row + 1])
        np.testing.assert_allclose(
            placed.skin[row], transform_points(poses[row], alone.skin[0]), atol=1e-12
        )
        np.testing.assert_allclose(
            placed.Ts_object_shape[row], poses[row] @ alone.Ts_object_shape[0], atol=1e-12
        )


def test_the_same_seed_gives_the_same_skin(solid):
    again = HandSolid(solid.spec)
    assert (again.skin_link == solid.skin_link).all()
    assert load_hand_solid('shadow') is solid
    with pytest.raises(UnknownNameError, match='freedom'):
        load_hand_solid('claw')
    with pytest.raises(InvalidInputError, match='leave none for'):
        HandSolid(solid.spec, num_samples=10)


def test_poses_that_mean_nothing_are_refused(solid, open_hand):
    pose, joints = open_hand
    mirrored, stretched, unknown = pose.copy(), pose.copy(), pose.copy()
    mirrored[0, 0, 0] = -1.0
    stretched[0, :3, :3] *= 1.1
    unknown[0, 0, 3] = np.nan
    for bad in (mirrored, stretched, unknown, pose[0]):
        with pytest.raises(InvalidInputError):
            solid.place(bad, joints)
    with pytest.raises(InvalidInputError, match=r'\(B, 22\)'):
        solid.place(pose, joints[:, :5])
    degrees = joints.copy()
    degrees[0, 1] = 57.3
    with pytest.raises(InvalidInputError, match='rh_FFJ3 of grasp 0 is 57'):
        solid.place(pose, degrees)
    with pytest.raises(InvalidInputError, match='finite'):
        solid.place(pose, joints * np.nan)
