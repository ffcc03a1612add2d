"""The hold check on grasps whose outcome is known before."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError
from maskdexgrasp_core.evaluation.hold_check import HandGraspPose, HoldChecker
from maskdexgrasp_core.evaluation.protocols import PROTOCOLS, load_protocol
from maskdexgrasp_core.hands.kinematics import HandKinematics
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.objects.family import COLORS
from maskdexgrasp_core.objects.model import ObjectModel, Part
from maskdexgrasp_core.objects.shapes import revolve

RADIUS = 0.026


def rod() -> ObjectModel:
    """A smooth rod along z whose middle is its frame's origin."""
    piece = revolve([(RADIUS, -0.09), (RADIUS, 0.09)])
    part = Part(name='body', pieces=(piece,), color=COLORS['red'])
    return ObjectModel(name='rod', category='rod', parts=(part,), mass_kg=0.2, friction=0.7)


def open_joints() -> np.ndarray:
    return np.array(SHADOW.open_positions, dtype=float)


def around_the_rod() -> HandGraspPose:
    """The rod across the palm, fingers about to wrap it, servos aimed well beyond."""
    T_hand_object = np.eye(4)
    T_hand_object[:3, :3] = np.array([[0, 0, 1], [0, 1, 0], [-1, 0, 0]])  # rod along the hand's x
    T_hand_object[:3, 3] = np.array([0.006, -0.012 - RADIUS - 0.001, 0.085])
    joints = open_joints()
    squeeze = joints.copy()
    for index, name in enumerate(SHADOW.joint_names):
        if name.removeprefix('rh_') in {'FFJ3', 'MFJ3', 'RFJ3', 'LFJ3'}:
            joints[index], squeeze[index] = 0.6, 1.0
        if name.removeprefix('rh_') in {'FFJ2', 'MFJ2', 'RFJ2', 'LFJ2'}:
            joints[index], squeeze[index] = 0.9, 1.5
        if name.removeprefix('rh_') in {'FFJ1', 'MFJ1', 'RFJ1', 'LFJ1'}:
            joints[index], squeeze[index] = 0.5, 1.2
    return HandGraspPose(np.linalg.inv(T_hand_object), joints, squeeze)


@pytest.fixture(scope='module')
def checker() -> HoldChecker:
    return HoldChecker(rod(), load_protocol('tdg'))


def far_away() -> HandGraspPose:
    pose = np.eye(4)
    pose[0, 3] = 0.5
    return HandGraspPose(pose, open_joints(), open_joints())


def test_a_hand_far_away_holds_nothing(checker: HoldChecker) -> None:
    result = checker.check(far_away())
    assert not result.success
    assert not result.held.any()
    assert result.reason == 'no contact after closing'


def test_an_open_hand_that_only_touches_lets_go(checker: HoldChecker) -> None:
    grasp = around_the_rod()
    loose = grasp._replace(joint_positions=open_joints(), squeeze_positions=open_joints())
    assert not checker.check(loose).success


def test_a_hand_inside_the_object_is_refused_before_it_closes(checker: HoldChecker) -> None:
    pose = np.eye(4)
    pose[:3, 3] = [0.0, 0.0, -0.05]
    result = checker.check(HandGraspPose(pose, open_joints(), open_joints()))
    assert result.reason == 'penetrates the object'
    assert result.start_penetration_m > 0.01


def test_fingers_wrapped_around_a_rod_hold_it_against_the_palm(checker: HoldChecker) -> None:
    result = checker.check(around_the_rod())
    assert result.held.sum() >= 4, result.reason
    links = set(result.touch.links)
    assert any('palm' in link for link in links)
    assert any('distal' in link or 'middle' in link for link in links)
    assert set(result.touch.parts) == {'body'}


def test_normals_point_out_of_the_rod_at_its_contacts(checker: HoldChecker) -> None:
    touch = checker.check(around_the_rod()).touch
    radial = touch.points[:, :2] / np.linalg.norm(touch.points[:, :2], axis=1, keepdims=True)
    assert (np.linalg.norm(touch.points[:, :2], axis=1) < RADIUS + 0.002).all()
    assert ((touch.normals[:, :2] * radial).sum(axis=1) > 0.9).all()


def test_the_verdict_does_not_depend_on_earlier_checks(checker: HoldChecker) -> None:
    first = checker.check(around_the_rod())
    checker.check(far_away())
    again = checker.check(around_the_rod())
    np.testing.assert_array_equal(first.held, again.held)
    np.testing.assert_array_equal(first.settled.joint_positions, again.settled.joint_positions)


def test_a_settled_grasp_is_where_the_hand_came_to_rest(checker: HoldChecker) -> None:
    settled = checker.settle(around_the_rod())
    assert settled is not None
    again = checker.settle(settled)
    assert again is not None
    moved = np.linalg.norm(again.T_object_wrist[:3, 3] - settled.T_object_wrist[:3, 3])
    assert moved < 0.003


def test_a_heavier_load_is_lost_sooner() -> None:
    strong = replace(load_protocol('tdg'), load_per_weight=200.0)
    assert HoldChecker(rod(), strong).check(around_the_rod()).held.sum() < 6


def test_ending_early_at_rest_gives_the_same_verdict(checker: HoldChecker) -> None:
    quick = HoldChecker(rod(), load_protocol('tdg-quick')).check(around_the_rod())
    np.testing.assert_array_equal(quick.held, checker.check(around_the_rod()).held)


@pytest.mark.parametrize('name', list(PROTOCOLS))
def test_every_protocol_can_be_run(name: str) -> None:
    result = HoldChecker(rod(), load_protocol(name)).check(around_the_rod())
    assert result.held.shape == (6,)
    assert result.success == (not result.reason)


def test_values_that_are_not_finite_are_refused(checker: HoldChecker) -> None:
    grasp = around_the_rod()
    with pytest.raises(InvalidInputError, match='joint_positions'):
        checker.check(grasp._replace(joint_positions=np.full(22, np.nan)))
    with pytest.raises(InvalidInputError, match='T_object_wrist'):
        checker.check(grasp._replace(T_object_wrist=np.eye(3)))


def test_an_unknown_protocol_is_named_with_those_that_exist() -> None:
    with pytest.raises(UnknownNameError, match='dexgraspbench'):
        load_protocol('nothing')


def test_the_hand_stands_in_physics_where_the_kinematics_put_it(checker: HoldChecker) -> None:
    """Contacts of the check lie on the skin that the optimised hand has."""
    grasp = around_the_rod()
    result = checker.check(grasp)
    kinematics = HandKinematics(SHADOW, torch.float64)
    settled = result.settled
    transforms = kinematics.link_transforms(torch.as_tensor(settled.joint_positions)[None])
    for point, link in zip(result.touch.points, result.touch.links, strict=True):
        T_wrist_object = np.linalg.inv(settled.T_object_wrist)
        in_hand = T_wrist_object[:3, :3] @ point + T_wrist_object[:3, 3]
        origin = transforms[link][0, :3, 3].numpy()
        assert np.linalg.norm(in_hand - origin) < 0.12
