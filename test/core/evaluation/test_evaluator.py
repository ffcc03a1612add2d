"""The evaluator on grasps of a rod whose outcome is known before."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError
from maskdexgrasp_core.evaluation.evaluator import EvaluationCfg, evaluate_object, in_units
from maskdexgrasp_core.evaluation.grasp_under_test import GraspUnderTest, ObjectUnderTest
from maskdexgrasp_core.evaluation.protocols import load_protocol
from maskdexgrasp_core.evaluation.report import ReportCfg, make_report
from maskdexgrasp_core.hands import SHADOW
from maskdexgrasp_core.objects.family import COLORS
from maskdexgrasp_core.objects.model import ObjectModel, Part
from maskdexgrasp_core.objects.shapes import revolve
from maskdexgrasp_core.work_pool import run_units

RADIUS = 0.026
BENT = {'J3': (0.6, 1.0), 'J2': (0.9, 1.5), 'J1': (0.5, 1.2)}
CFG = EvaluationCfg(protocols=(load_protocol('tdg-quick'),), squeeze='stored')
WORDS = ('Hold the rod by its body.',)


def rod():
    """A rod along z: its middle is the body, its ends are caps."""

    def piece(low, high):
        return revolve([(RADIUS, low), (RADIUS, high)])

    parts = (
        Part(name='body', pieces=(piece(-0.07, 0.07),), color=COLORS['red']),
        Part(name='cap', pieces=(piece(0.07, 0.09), piece(-0.09, -0.07)), color=COLORS['blue']),
    )
    return ObjectModel(name='rod', category='rod', parts=parts, mass_kg=0.2, friction=0.7)


def wrapped(key='wrapped', shift=0.0):
    """The rod across the palm, fingers about to wrap it, servos aimed well beyond."""
    T_hand_object = np.eye(4)
    T_hand_object[:3, :3] = np.array([[0, 0, 1], [0, 1, 0], [-1, 0, 0]])
    T_hand_object[:3, 3] = [0.006 + shift, -0.012 - RADIUS - 0.001, 0.085]
    joints = np.array(SHADOW.open_positions, dtype=float)
    squeeze = joints.copy()
    for index, name in enumerate(SHADOW.joint_names):
        code = name.removeprefix('rh_')
        if code[:2] != 'TH' and code[2:] in BENT:
            joints[index], squeeze[index] = BENT[code[2:]]
    return GraspUnderTest(
        key=key, T_object_wrist=np.linalg.inv(T_hand_object), joint_positions=joints,
        squeeze_positions=squeeze, task='hold', part='body', texts=WORDS, condition='rod-hold',
    )  # fmt: skip


def away(key='away'):
    pose = np.eye(4)
    pose[0, 3] = 0.5
    return replace(wrapped(key), T_object_wrist=pose)


def under_test(*grasps):
    return ObjectUnderTest(object_id='rod', category='rod', model=rod(), grasps=grasps)


@pytest.fixture(scope='module')
def outcomes():
    return evaluate_object(under_test(wrapped(), away(), wrapped('moved', 0.004)), CFG)


def test_a_hand_around_the_rod_holds_and_one_far_away_does_not(outcomes):
    around, far, _ = outcomes
    assert sum(around.holds[0].held) >= 4
    assert around.num_links >= 3
    assert around.q1 > 0.0
    assert far.holds[0].reason == 'no contact after closing'
    assert (far.q1, far.num_links, far.penetration_m) == (0.0, 0, 0.0)


def test_contacts_on_the_asked_part_are_counted_only_where_something_touches(outcomes):
    around, far, _ = outcomes
    assert around.part_share == 1.0
    assert around.agrees is True
    assert np.isnan(far.part_share)
    assert far.agrees is None


def test_a_sentence_that_names_another_part_does_not_agree():
    grasp = replace(wrapped(), part='cap', texts=('Take the rod.', 'Hold the rod by its cap.'))
    (outcome,) = evaluate_object(under_test(grasp), CFG)
    assert outcome.agrees is False
    assert outcome.part_share == 0.0


def test_an_object_of_one_part_says_nothing_about_parts():
    model = replace(rod(), parts=rod().parts[:1])
    (outcome,) = evaluate_object(replace(under_test(wrapped()), model=model), CFG)
    assert np.isnan(outcome.part_share)
    assert outcome.agrees is None


def test_poses_that_cannot_be_are_refused_with_a_reason_and_the_rest_is_measured():
    nan = replace(wrapped('nan'), T_object_wrist=np.full((4, 4), np.nan))
    bent = replace(wrapped('bent'), joint_positions=np.full(22, 4.0))
    mirrored = replace(wrapped('mirrored'), T_object_wrist=np.diag([1.0, 1.0, -1.0, 1.0]))
    short = replace(wrapped('short'), joint_positions=np.zeros(18))
    across = replace(wrapped('across'), T_object_wrist=wrapped().T_object_wrist.T)
    found = evaluate_object(under_test(nan, bent, wrapped(), mirrored, short, across), CFG)
    reasons = [outcome.refused for outcome in found]
    assert 'transposed' in reasons[5]
    assert reasons[0] == 'T_object_wrist is not finite'
    assert 'outside its limits' in reasons[1]
    assert reasons[2] == ''
    assert reasons[3] == 'T_object_wrist holds no rotation'
    assert 'joint_positions has not the shape' in reasons[4]
    assert not any(any(outcome.holds[0].held) for outcome in (found[0], found[1], found[3]))
    assert found[2].q1 > 0.0


def test_the_order_of_the_grasps_changes_nothing(outcomes):
    turned = evaluate_object(under_test(wrapped('moved', 0.004), away(), wrapped()), CFG)
    cfg = ReportCfg(evaluation=CFG, entropy_samples=2)
    assert make_report(turned, cfg) == make_report(outcomes, cfg)


def test_the_number_of_processes_changes_nothing(outcomes):
    units = [under_test(wrapped()), under_test(away()), under_test(wrapped('moved', 0.004))]
    work = partial(evaluate_object, cfg=CFG)
    found = [one for result in run_units(work, units, workers=2) for one in result]
    assert len(found) == 3
    cfg = ReportCfg(evaluation=CFG)
    assert make_report(found, cfg) == make_report(outcomes, cfg)


def test_every_protocol_of_a_run_gives_its_own_verdict():
    heavy = replace(load_protocol('tdg-quick'), name='heavy', load_per_weight=200.0)
    cfg = replace(CFG, protocols=(*CFG.protocols, heavy))
    (outcome,) = evaluate_object(under_test(wrapped()), cfg)
    assert sum(outcome.holds[1].held) < sum(outcome.holds[0].held)


def test_objects_with_many_grasps_become_several_units_that_lose_none():
    grasps = tuple(wrapped(str(number)) for number in range(150))
    units = in_units([under_test(*grasps), under_test(wrapped())])
    assert [len(unit.grasps) for unit in units] == [64, 64, 22, 1]
    assert [g.key for unit in units[:3] for g in unit.grasps] == [g.key for g in grasps]


def test_stored_targets_must_be_there():
    grasp = replace(wrapped(), squeeze_positions=None)
    with pytest.raises(InvalidInputError, match=r'^rod: .* choose another squeeze rule'):
        evaluate_object(under_test(grasp), CFG)


def test_an_unknown_part_is_named_with_those_that_exist():
    with pytest.raises(InvalidInputError, match='body, cap'):
        evaluate_object(under_test(replace(wrapped(), part='handle')), CFG)


def test_a_run_needs_a_protocol_and_a_rule_that_exists():
    with pytest.raises(InvalidInputError, match='protocol'):
        EvaluationCfg(protocols=(), squeeze='none')
    with pytest.raises(UnknownNameError, match='balanced'):
        replace(CFG, squeeze='hard')
