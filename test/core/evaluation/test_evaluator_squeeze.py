"""Squeeze rules: their sizes, directions and the Jacobian behind them."""

import numpy as np
import pytest
import torch
import trimesh

from maskdexgrasp_core.errors import UnknownNameError
from maskdexgrasp_core.evaluation.link_contacts import find_link_contacts, skin_distances
from maskdexgrasp_core.evaluation.object_surface import ObjectSurface
from maskdexgrasp_core.evaluation.squeeze_rules import (
    SQUEEZE_RULES,
    TouchingGrasps,
    joint_torques,
    squeeze_positions,
)
from maskdexgrasp_core.hands import SHADOW, HandKinematics

KP = 3.0


@pytest.fixture(scope='module')
def ball_in_hand(solid):
    """Fingers half closed over a ball that touches palm and fingertips."""
    joints = np.array(SHADOW.open_positions, dtype=float)
    for index, name in enumerate(SHADOW.joint_names):
        if name[-2:] in ('J1', 'J2', 'J3') and 'TH' not in name:
            joints[index] = 0.85
    hands = solid.place(np.eye(4)[None], joints[None])
    ball = trimesh.creation.icosphere(subdivisions=4, radius=0.0335)
    ball.apply_translation([0.01, -0.0465, 0.085])
    surface = ObjectSurface(ball)
    contacts = find_link_contacts(solid, hands, skin_distances(hands, surface), surface)
    return TouchingGrasps(
        Ts_object_wrist=np.eye(4)[None],
        joint_positions=joints[None],
        contacts=contacts,
        center=surface.center,
        stored=[joints + 0.2],
    )


def steps(rule, grasps):
    return (squeeze_positions(rule, grasps, KP) - grasps.joint_positions)[0]


def test_none_aims_at_the_pose_and_stored_at_what_came(ball_in_hand):
    assert not steps('none', ball_in_hand).any()
    np.testing.assert_allclose(steps('stored', ball_in_hand), 0.2)


def test_stored_targets_aim_less_far_for_stiffer_servos(ball_in_hand):
    stiff = squeeze_positions('stored', ball_in_hand, 4 * KP) - ball_in_hand.joint_positions
    np.testing.assert_allclose(stiff, 0.05)


def test_uniform_bends_the_fourteen_flexion_joints_by_a_tenth(ball_in_hand):
    step = steps('uniform', ball_in_hand)
    moved = {n for n, s in zip(SHADOW.joint_names, step, strict=True) if s}
    assert len(moved) == 14
    assert not any(name.endswith(('J4', 'J5')) for name in moved)
    np.testing.assert_allclose(step[step > 0], 0.1)


def test_balanced_bends_fingers_onto_the_ball_and_halves_for_stiffer_servos(ball_in_hand):
    step = steps('balanced', ball_in_hand)
    bends = [SHADOW.joint_names.index(f'rh_{finger}FJ3') for finger in 'FMRL']
    assert step[bends].max() > 0.02
    stiffer = squeeze_positions('balanced', ball_in_hand, 2 * KP)[0]
    free = np.abs(step) < 0.5
    np.testing.assert_allclose((stiffer - ball_in_hand.joint_positions[0])[free], step[free] / 2)


def test_the_gradient_rule_moves_every_touching_link_into_the_object(ball_in_hand):
    near = [row for row, d in enumerate(ball_in_hand.contacts[0].distances) if d < 0.001]
    assert near
    assert np.abs(steps('gradient', ball_in_hand)).max() > 0.01


def test_a_hand_that_touches_nothing_stays_as_it_is(ball_in_hand, solid):
    hands = solid.place(np.eye(4)[None], ball_in_hand.joint_positions)
    far = ObjectSurface(trimesh.creation.icosphere(radius=0.03).apply_translation([1, 0, 0]))
    contacts = find_link_contacts(solid, hands, skin_distances(hands, far), far)
    grasps = TouchingGrasps(
        Ts_object_wrist=np.eye(4)[None],
        joint_positions=ball_in_hand.joint_positions,
        contacts=contacts,
        center=far.center,
        stored=[None],
    )
    assert not steps('balanced', grasps).any()
    assert not steps('gradient', grasps).any()


def test_torques_are_the_change_of_work_when_a_joint_turns(ball_in_hand):
    """J^T f against finite differences, in a frame that is turned and shifted."""
    contacts = ball_in_hand.contacts[0]
    rng = np.random.default_rng(0)
    force = rng.normal(size=(len(contacts.links), 3))
    torques = joint_torques(ball_in_hand, [contacts], [force])[0]
    kinematics = HandKinematics(SHADOW, torch.float64)
    joints = ball_in_hand.joint_positions[0]

    def frames(values):
        return kinematics.link_transforms(torch.as_tensor(values)[None])

    start = frames(joints)
    for index in range(0, 22, 3):
        moved = joints.copy()
        moved[index] += 1e-6
        turned = frames(moved)
        work = 0.0
        for link, point, push in zip(contacts.links, contacts.points, force, strict=True):
            before, after = start[link][0].numpy(), turned[link][0].numpy()
            local = before[:3, :3].T @ (point - before[:3, 3])
            work += push @ (after[:3, :3] @ local + after[:3, 3] - point)
        assert torques[index] == pytest.approx(work / 1e-6, abs=1e-5)


def test_an_unknown_rule_is_named_with_those_that_exist(ball_in_hand):
    with pytest.raises(UnknownNameError, match='gradient'):
        squeeze_positions('tight', ball_in_hand, KP)
    assert SQUEEZE_RULES == ('stored', 'balanced', 'gradient', 'uniform', 'none')
