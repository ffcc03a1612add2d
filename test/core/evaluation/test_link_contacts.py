"""Contacts of links with objects whose surfaces are known, and exact object distances."""

import numpy as np
import pytest
import trimesh
from scipy.spatial.transform import Rotation

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.evaluation.geometric_scores import score_geometry
from maskdexgrasp_core.evaluation.link_contacts import find_link_contacts, skin_distances
from maskdexgrasp_core.evaluation.object_surface import ObjectSurface
from maskdexgrasp_core.objects.catalog import make_object


def contacts_of(solid, surface, pose, joints):
    hands = solid.place(pose, joints)
    return find_link_contacts(solid, hands, skin_distances(hands, surface), surface)


@pytest.mark.parametrize('gap', [0.004, -0.002])
def test_one_finger_pad_near_or_in_a_ball_is_one_contact_on_the_line_to_its_centre(
    solid, open_hand, pad_of, ball, gap
):
    pad, outward = pad_of('rh_ffdistal')
    center = pad + (0.008 + gap) * outward
    (found,) = contacts_of(solid, ObjectSurface(ball(center)), *open_hand)
    assert 'rh_ffdistal' in found.links
    assert set(found.links) <= {'rh_ffdistal', 'rh_ffmiddle'}
    index = found.links.index('rh_ffdistal')
    assert found.distances[index] == pytest.approx(gap, abs=1.5e-3)  # of the nearest sample
    away = found.points[index] - center
    assert np.linalg.norm(away) == pytest.approx(0.008, abs=5e-5)
    assert found.normals[index] @ (away / 0.008) > 0.99
    assert found.normals[index] @ outward < -0.9


def test_a_link_further_than_a_centimetre_does_not_touch(solid, open_hand, pad_of, ball):
    pad, outward = pad_of('rh_ffdistal')
    (found,) = contacts_of(solid, ObjectSurface(ball(pad + 0.0192 * outward)), *open_hand)
    assert found.links == ()
    assert found.points.shape == found.normals.shape == (0, 3)


def test_each_link_touches_a_plate_once_with_the_normal_of_the_plate(solid, open_hand):
    skin = solid.place(*open_hand).skin[0]
    plate = trimesh.creation.box((0.4, 0.02, 0.6))
    plate.apply_translation((0.0, skin[:, 1].max() + 0.01, 0.0))  # behind the back of the hand
    (found,) = contacts_of(solid, ObjectSurface(plate), *open_hand)
    assert len(found.links) >= 2
    assert len(set(found.links)) == len(found.links)
    away = np.tile([0.0, -1.0, 0.0], (len(found.links), 1))
    np.testing.assert_allclose(found.normals, away, atol=1e-4)
    face = plate.bounds[0, 1]
    np.testing.assert_allclose(found.points[:, 1], face, atol=1e-7)
    for link, distance in zip(found.links, found.distances, strict=True):
        mine = skin[solid.skin_link == solid.links.index(link)]
        assert distance == pytest.approx(face - mine[:, 1].max(), abs=1e-7)
        assert distance < 0.01


def test_distances_and_normals_of_a_box_are_exact():
    surface = ObjectSurface(trimesh.creation.box((0.04, 0.06, 0.08)))
    points = np.array([[0.0, 0, 0], [0.03, 0, 0], [0.05, 0.07, 0], [0, 0, -0.037], [0.2, 0, 0]])
    distances = surface.distance(points, reach_m=0.1)
    np.testing.assert_allclose(distances, [-0.02, 0.01, 0.05, -0.003, np.inf], atol=1e-7)
    found = surface.closest(points[1:4], distances[1:4])
    np.testing.assert_allclose(found.normals, [[1, 0, 0], [0.6, 0.8, 0], [0, 0, -1]], atol=1e-5)
    np.testing.assert_allclose(
        found.points, [[0.02, 0, 0], [0.02, 0.03, 0], [0, 0, -0.04]], atol=1e-7
    )


def test_a_point_on_the_surface_has_the_normal_of_its_face():
    surface = ObjectSurface(trimesh.creation.box((0.04, 0.06, 0.08)))
    found = surface.closest(np.array([[0.02, 0.005, 0.01]]), np.zeros(1))
    np.testing.assert_allclose(found.normals, [[1.0, 0.0, 0.0]], atol=1e-6)


def test_faces_between_the_pieces_of_an_object_are_no_surface():
    mug = make_object('mug', 0)
    surface = ObjectSurface.of_model(mug)
    pieces = [piece for part in mug.parts for piece in part.pieces]
    assert len(pieces) > 10
    for piece in pieces:  # convex: a point is as deep as below the nearest plane of its faces
        offsets = (piece.triangles_center * piece.face_normals).sum(axis=1)
        assert (surface.samples @ piece.face_normals.T - offsets).max(axis=1).min() > -1e-5
    hollow = np.array([[0.0, 0.0, 0.6 * mug.mesh.bounds[1, 2]]])
    assert surface.distance(hollow)[0] > 0.01


def test_moving_object_and_hand_together_changes_no_score(solid):
    can = make_object('can', 1)
    mesh = (
        ObjectSurface.of_model(can),
        trimesh.boolean.union(
            [piece for part in can.parts for piece in part.pieces], engine='manifold'
        ),
    )
    joints = solid.spec.open_positions[None].copy()
    joints[:, [1, 2, 5, 6, 9, 10, 14, 15]] = 0.75
    pose = np.eye(4)[None].copy()
    pose[0, :3, 3] = [0.0, 0.055, 0.0]
    motion = np.eye(4)
    motion[:3, :3] = Rotation.from_euler('xyz', [0.4, -1.1, 2.0]).as_matrix()
    motion[:3, 3] = [0.3, -0.2, 0.1]
    here = score_geometry(solid, mesh[0], pose, joints)
    moved = mesh[1].copy().apply_transform(motion)
    there = score_geometry(solid, ObjectSurface(moved), motion @ pose, joints)
    assert len(here.contacts[0].links) >= 4
    assert here.penetration_m[0] > 0.0
    assert there.contacts[0].links == here.contacts[0].links
    for name in ('q1', 'penetration_m', 'hand_depth_m', 'self_depth_m'):
        np.testing.assert_allclose(getattr(there, name), getattr(here, name), atol=2e-4)


def test_scores_of_a_batch_are_those_of_each_grasp_alone(solid):
    surface = ObjectSurface.of_model(make_object('bottle', 0))
    rng = np.random.default_rng(2)
    lower, upper = solid.spec.lower, solid.spec.upper
    joints = rng.uniform(0.7 * lower + 0.3 * upper, 0.4 * lower + 0.6 * upper, (6, len(lower)))
    poses = np.tile(np.eye(4), (6, 1, 1))
    poses[:, :3, 3] = rng.uniform([-0.02, 0.025, 0.03], [0.02, 0.065, 0.07], (6, 3))
    together = score_geometry(solid, surface, poses, joints)
    assert (together.q1 > 0).any() or (together.penetration_m > 0).any()
    for row in range(6):
        alone = score_geometry(solid, surface, poses[row : row + 1], joints[row : row + 1])
        assert alone.contacts[0].links == together.contacts[row].links
        assert alone.q1[0] == pytest.approx(together.q1[row], abs=1e-6)
        assert alone.penetration_m[0] == pytest.approx(together.penetration_m[row], abs=1e-9)
        assert alone.self_depth_m[0] == pytest.approx(together.self_depth_m[row], abs=1e-9)


def test_no_grasps_have_no_scores(solid):
    surface = ObjectSurface(trimesh.creation.box((0.05, 0.05, 0.05)))
    scores = score_geometry(solid, surface, np.zeros((0, 4, 4)), np.zeros((0, 22)))
    assert scores.contacts == ()
    assert scores.q1.shape == scores.penetration_m.shape == (0,)


def test_meshes_without_an_inside_are_refused():
    box = trimesh.creation.box((0.1, 0.1, 0.1))
    opened = trimesh.Trimesh(box.vertices, box.faces[:-2], process=False)
    inverted = box.copy()
    inverted.invert()
    broken = trimesh.Trimesh(box.vertices * np.nan, box.faces, process=False)
    for mesh in (opened, inverted, broken, trimesh.Trimesh()):
        with pytest.raises(InvalidInputError):
            ObjectSurface(mesh)
