import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import trimesh

from maskdexgrasp_core.arm.collision import HOLDING, TRANSIT, Clearance, CollisionScene
from maskdexgrasp_core.arm.pose_tracking import solve_pose
from maskdexgrasp_core.arm.scene_model import obstacle_hull, voxel_boxes
from maskdexgrasp_core.arm.xarm7 import HOME, XARM7
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.resources import resource_path
from maskdexgrasp_core.types import Array, ObjectObservation

DATA = Path(__file__).parents[2] / 'data'

URDF = resource_path(XARM7.urdf)
OPEN = np.array([1.1, 0.0, 0.0, 0.0, 0.0, 0.0])


def hand_at(scene: CollisionScene, position: Array) -> Array:
    """Arm positions with the hand root at a position, turned as at home."""
    pose = scene.hand_pose(HOME)
    pose[:3, 3] = position
    bounds = scene.model.jnt_range[:7].T
    q = solve_pose(scene, pose, HOME, bounds)
    assert q is not None
    np.testing.assert_allclose(scene.hand_pose(q), pose, atol=2e-3)
    return q


@pytest.fixture
def scene(observe_box: Callable[..., ObjectObservation]) -> CollisionScene:
    return CollisionScene(URDF, observe_box())


def test_home_is_free(scene):
    assert scene.check(HOME, OPEN, TRANSIT) is None


def test_planning_poses_the_hand_where_the_reference_has_the_flange():
    reference = json.loads((DATA / 'xarm7_fk.json').read_text())
    flanges = np.tile(np.eye(4), (len(reference['q']), 1, 1))
    flanges[:, :3] = np.array([poses[-1] for poses in reference['poses']])
    bare = CollisionScene(resource_path(XARM7.urdf), None)
    hands = np.stack([bare.hand_pose(np.array(q)) for q in reference['q']])
    mounts = np.linalg.inv(flanges) @ hands
    np.testing.assert_allclose(mounts, np.tile(mounts[0], (len(mounts), 1, 1)), atol=1e-6)
    np.testing.assert_allclose(mounts[0, :3, 3], [0.0, 0.0, 0.04], atol=1e-6)


def test_the_hand_folded_onto_the_arm_touches_it():
    alone = CollisionScene(URDF, None)
    contact = alone.check(np.array([0.0, 0.0, 0.0, 3.0, 0.0, 3.1, 0.0]), OPEN, TRANSIT)
    assert contact is not None
    assert contact.distance_m < 0.0
    assert 'link3' in (contact.first, contact.second)


def test_the_hand_pushed_into_the_table_names_the_table(scene):
    contact = scene.check(hand_at(scene, np.array([0.35, -0.2, 0.0])), OPEN, TRANSIT)
    assert contact is not None
    assert 'table' in (contact.first, contact.second)


def test_closing_the_fingers_lifts_them_off_the_table(scene):
    q = hand_at(scene, np.array([0.35, -0.2, 0.05]))
    closed = np.array([1.1, 0.0, 1.4, 1.4, 1.4, 1.4])
    touch = Clearance(table_m=0.0)
    assert scene.check(q, OPEN, touch) is not None
    assert scene.check(q, closed, touch) is None


def test_the_target_may_be_touched_only_when_allowed(scene, reach_into_box):
    q = hand_at(scene, reach_into_box)
    contact = scene.check(q, OPEN, TRANSIT)
    assert contact is not None
    assert 'target' in (contact.first, contact.second)
    assert scene.check(q, OPEN, HOLDING) is None


def test_a_clearance_is_a_distance(scene, reach_into_box):
    q = hand_at(scene, np.add(reach_into_box, [0.0, 0.0, 0.3]))
    assert scene.check(q, OPEN, TRANSIT) is None
    heights = np.arange(0.0, 0.3, 0.004)
    configurations = [hand_at(scene, np.add(reach_into_box, [0.0, 0.0, h])) for h in heights]

    def first_free(margin: float) -> float:
        clearance = Clearance(arm_m=0.0, table_m=0.0, obstacle_m=0.0, target_m=margin)
        free = [scene.check(q, OPEN, clearance) is None for q in configurations]
        return float(heights[free.index(True)])

    assert first_free(0.015) - first_free(0.0) == pytest.approx(0.015, abs=0.008)


def test_a_carried_target_meets_obstacles(observe_box, reach_into_box):
    wall = np.random.default_rng(0).uniform([0.60, -0.1, -0.1], [0.62, 0.1, 0.1], (200, 3))
    scene = CollisionScene(URDF, observe_box(obstacles=(wall,)))
    start = hand_at(scene, reach_into_box)
    ahead = hand_at(scene, np.add(reach_into_box, [0.076, 0.0, 0.1]))
    assert scene.check(ahead, OPEN, HOLDING) is None
    scene.attach_target(scene.hand_pose(start))
    assert scene.check(start, OPEN, HOLDING) is None
    contact = scene.check(ahead, OPEN, HOLDING)
    assert contact is not None
    assert {contact.first, contact.second} == {'target', 'obstacle_0'}
    scene.attach_target(None)
    assert scene.check(ahead, OPEN, HOLDING) is None


def test_check_path_gives_the_first_index(scene):
    path = np.linspace(HOME, hand_at(scene, np.array([0.35, -0.2, 0.0])), 20)
    hit = scene.check_path(path, OPEN, TRANSIT)
    assert hit is not None
    assert scene.check(path[hit[0]], OPEN, TRANSIT) == hit[1]
    assert scene.check_path(path[: hit[0]], OPEN, TRANSIT) is None


def test_the_gap_to_the_thumb_closes_as_the_fingers_bend(scene):
    opened = scene.thumb_gaps(OPEN)
    assert np.isinf(opened[:2]).all()
    assert opened[2] > 0.03
    assert scene.thumb_gaps(np.array([1.1, 0.55, 0.75, 0.7, 0.7, 0.7]))[2] < 0.002


@pytest.mark.parametrize('points', [np.zeros((1, 3)), np.eye(3) * 0.1], ids=['one', 'flat'])
def test_any_cluster_becomes_a_hull_down_to_the_table(points):
    hull = trimesh.convex.convex_hull(obstacle_hull(points, -0.1, 0.003))
    assert hull.volume > 0.0
    assert hull.bounds[0, 2] == pytest.approx(-0.103)
    assert hull.contains(points + 1e-4).all()


def test_boxes_keep_the_hole_of_a_ring():
    ring = trimesh.creation.annulus(0.03, 0.05, 0.08)
    centres, halves = voxel_boxes(ring, 0.004)
    volume = 8.0 * halves.prod(axis=1).sum()
    assert volume == pytest.approx(ring.volume, rel=0.1)
    inside = np.abs(centres[:, :2]) < halves[:, :2]
    assert not inside.all(axis=1).any()


def test_an_open_surface_is_refused():
    sheet = trimesh.Trimesh([[0, 0, 0], [1, 0, 0], [0, 1, 0]], [[0, 1, 2]])
    with pytest.raises(InvalidInputError, match='no volume'):
        voxel_boxes(sheet, 0.01)
