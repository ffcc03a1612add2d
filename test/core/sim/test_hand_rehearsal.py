import mujoco
import numpy as np
import pytest
import trimesh

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.sim.hand_world import HandRehearsalWorld, body_of_pieces

CENTER = np.array([0.5, 0.0, -0.1])
FORCES = np.array([6.0, 6.0, 1.0, 1.0, 1.0, 1.0])
OPPOSED = np.array([1.1, 0.0, 0.0, 0.0, 0.0, 0.0])
CLOSED = np.array([1.1, 0.6, 1.4, 1.4, 1.4, 1.4])
SIDE = np.column_stack([[0.0, -1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])
"""Fingers along +x, thumb up, palm to the left."""


def side_pose(back, beside=0.05):
    pose = np.eye(4)
    pose[:3, :3] = SIDE
    pose[:3, 3] = CENTER + np.array([-back, -beside, 0.06])
    return pose


@pytest.fixture(scope='module')
def rehearsal():
    can = trimesh.creation.cylinder(0.0325, 0.12, sections=32)
    can.apply_translation(CENTER + np.array([0.0, 0.0, 0.06]))
    return HandRehearsalWorld(body_of_pieces([can], mass_kg=0.35, friction=0.7))


def lift(world, grasp, squeeze):
    up = grasp.copy()
    up[2, 3] += 0.12
    world.reset(side_pose(back=0.27), OPPOSED)
    world.run(grasp, OPPOSED, FORCES, 0.5)
    world.run(grasp, squeeze, FORCES, 0.8)
    world.run(up, squeeze, FORCES, 0.8)
    world.run(up, squeeze, FORCES, 0.6)
    return world.object_center()[2] - CENTER[2] - 0.06


def test_a_good_grasp_lifts_the_can(rehearsal):
    assert lift(rehearsal, side_pose(back=0.15), CLOSED) == pytest.approx(0.12, abs=0.015)
    links = {contact.link for contact in rehearsal.contacts()}
    assert any(link.startswith('thumb') for link in links)
    assert len(links) >= 4
    weight = sum(contact.force[2] for contact in rehearsal.contacts())
    assert weight == pytest.approx(0.35 * 9.81, rel=0.1)


def test_a_hand_that_does_not_close_lifts_nothing(rehearsal):
    assert lift(rehearsal, side_pose(back=0.15), OPPOSED) == pytest.approx(0.0, abs=0.01)
    assert rehearsal.contacts() == []


def test_trials_do_not_depend_on_those_before(rehearsal):
    first = lift(rehearsal, side_pose(back=0.15), CLOSED)
    lift(rehearsal, side_pose(back=0.12, beside=0.03), CLOSED)
    assert lift(rehearsal, side_pose(back=0.15), CLOSED) == first


def test_wrist_follows_its_path(rehearsal):
    rehearsal.reset(side_pose(back=0.40), OPPOSED)
    target = side_pose(back=0.35)
    target[2, 3] += 0.1
    rehearsal.run(target, OPPOSED, FORCES, 0.5)
    rehearsal.run(target, OPPOSED, FORCES, 0.1)
    np.testing.assert_allclose(rehearsal.hand_pose(), target, atol=1e-3)


def test_hand_on_the_table_is_noticed(rehearsal):
    rehearsal.reset(side_pose(back=0.40), OPPOSED)
    assert not rehearsal.hand_touches_table()
    low = side_pose(back=0.40)
    low[2, 3] = -0.08
    rehearsal.run(low, OPPOSED, FORCES, 0.3)
    assert rehearsal.hand_touches_table()


def test_only_the_wrist_is_carried(rehearsal):
    model = rehearsal.model
    welds = np.flatnonzero(model.eq_type == mujoco.mjtEq.mjEQ_WELD)
    assert len(welds) == 1
    bodies = {model.body(int(model.eq_obj1id[welds[0]])).name}
    bodies.add(model.body(int(model.eq_obj2id[welds[0]])).name)
    assert bodies == {'wrist', 'hand_base_link'}
    assert model.body_gravcomp[model.body('object').id] == 0.0


def test_flat_pieces_are_refused():
    flat = trimesh.Trimesh([[0, 0, 0], [1, 0, 0], [0, 1, 0]], [[0, 1, 2]])
    with pytest.raises(InvalidInputError, match='volume'):
        body_of_pieces([flat], mass_kg=0.1, friction=0.5)
