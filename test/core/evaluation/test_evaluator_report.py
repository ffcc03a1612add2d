"""Reports and pictures' choice from outcomes that are written down by hand."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.evaluation.evaluator import EvaluationCfg
from maskdexgrasp_core.evaluation.grasp_under_test import (
    ConditionResult,
    GraspOutcome,
    GraspUnderTest,
    Hold,
)
from maskdexgrasp_core.evaluation.plain_values import without_nan
from maskdexgrasp_core.evaluation.protocols import load_protocol
from maskdexgrasp_core.evaluation.report import ReportCfg, make_report
from maskdexgrasp_core.evaluation.report_page import pick_examples
from maskdexgrasp_core.hands import SHADOW

CFG = ReportCfg(evaluation=EvaluationCfg(protocols=(load_protocol('tdg'),), squeeze='none'))


def outcome(key, held=6, *, depth_mm=1.0, q1=0.1, condition='mug-use', rank=0, **more):
    grasp = GraspUnderTest(
        key=key, T_object_wrist=np.eye(4), joint_positions=SHADOW.open_positions.copy(),
        task='use', part='handle', condition=condition, rank=rank,
    )  # fmt: skip
    mask = tuple(index < held for index in range(6))
    reason = '' if held == 6 else 'lost along -z'
    return GraspOutcome(
        grasp=grasp, object_id=more.pop('object_id', 'mug_1'), category='mug',
        holds=(Hold(held=mask, success=held == 6, reason=reason),), q1=q1, valid_q1=q1,
        penetration_m=depth_mm / 1000, hand_depth_m=0.0, self_depth_m=0.0, num_links=4,
        part_share=more.pop('part_share', 0.5), agrees=more.pop('agrees', None), **more,
    )  # fmt: skip


def refused(key):
    hold = Hold(held=(False,) * 6, success=False, reason='T_object_wrist is not finite')
    return replace(
        outcome(key), holds=(hold,), refused=hold.reason, q1=math.nan, valid_q1=math.nan,
        penetration_m=math.nan, hand_depth_m=math.nan, self_depth_m=math.nan, num_links=0,
        part_share=math.nan,
    )  # fmt: skip


def test_rates_count_refused_grasps_as_failures_and_means_leave_them_out():
    report = make_report([outcome('a'), outcome('b', 3), outcome('c', 0), refused('d')], CFG)
    assert report['metrics']['suc_all'] == 0.25
    assert report['metrics']['suc_any'] == 0.5
    assert report['metrics']['q1'] == pytest.approx(0.1)
    assert report['counts']['refused'] == {'T_object_wrist is not finite': 1}
    assert report['counts']['measured'] == 3
    assert report['over_objects']['suc_all'] == 0.25
    assert report['over_objects']['q1'] == pytest.approx(0.1)
    low, high = report['intervals']['suc_all']['interval']
    assert low < 0.25 < high
    assert report['protocols']['tdg']['reasons']['lost'] == 2
    assert report['protocols']['tdg']['held_along']['+x'] == 0.5


def test_deep_grasps_hold_but_do_not_count_where_penetration_is_limited():
    report = make_report([outcome('a'), outcome('b', depth_mm=7.0)], CFG)
    assert report['metrics']['suc_all'] == 1.0
    assert report['metrics']['suc_all_pen_5mm'] == 0.5
    assert report['metrics']['pen_cm'] == pytest.approx(0.4)


def test_equal_poses_have_no_entropy_and_no_spread():
    report = make_report([outcome('a'), outcome('b')], CFG)
    assert report['metrics']['h_mean'] == 0.0
    assert report['metrics']['h_std'] == 0.0
    assert report['metrics']['diversity_translation_cm'] == 0.0
    assert report['entropy']['num_samples'] == 2


def test_entropy_is_taken_over_a_fixed_number_of_grasps():
    many = [outcome(f'{number:03d}') for number in range(30)]
    report = make_report(many, replace(CFG, entropy_samples=20))
    assert report['entropy']['num_samples'] == 20


def test_first_and_best_are_rates_over_conditions_and_unanswered_ones_fail():
    outcomes = [
        outcome('a0', 2, condition='a'), outcome('a1', 6, condition='a', rank=1),
        outcome('b0', 6, condition='b'), outcome('b1', 0, condition='b', rank=1),
    ]  # fmt: skip
    results = [
        ConditionResult(
            key=key,
            object_id='mug_1',
            category='mug',
            num_grasps=2,
            seconds=2.0,
            made_by={'model': 1, 'synthesis': 1} if key == 'a' else {'model': 2},
        )
        for key in 'ab'
    ]
    missing = replace(
        results[0], key='c', num_grasps=0, seconds=5.0, failure='NO_GRASP_FOUND', made_by={}
    )
    report = make_report(outcomes, CFG, [*results, missing])
    assert report['metrics']['suc_first'] == pytest.approx(1 / 3)
    assert report['metrics']['suc_best'] == pytest.approx(2 / 3)
    assert report['metrics']['seconds_per_condition'] == pytest.approx(3.0)
    assert report['counts']['unanswered'] == {'NO_GRASP_FOUND': 1}
    assert report['counts']['generators'] == {'model': 3, 'synthesis': 1}


def test_conditions_without_any_grasp_still_make_a_report():
    result = ConditionResult(
        key='a', object_id='mug_1', category='mug', num_grasps=0, seconds=1.0, failure='BAD_SHAPE'
    )
    report = make_report([], CFG, [result])
    assert report['metrics']['suc_first'] == 0.0
    assert report['metrics']['suc_all'] is None
    assert report['metrics']['h_mean'] is None


def test_parts_and_texts_count_only_where_something_was_asked():
    outcomes = [
        outcome('a', part_share=1.0, agrees=True), outcome('b', part_share=0.5, agrees=False),
        outcome('c', part_share=math.nan),
    ]  # fmt: skip
    report = make_report(outcomes, CFG)
    assert report['metrics']['part_share'] == 0.75
    assert report['metrics']['text_agreement'] == 0.5
    assert report['intervals']['part_share']['count'] == 2


def test_intervals_by_objects_are_wider_where_objects_differ():
    outcomes = [outcome(f'a{n}', object_id='good') for n in range(20)]
    outcomes += [outcome(f'b{n}', 0, object_id='bad') for n in range(20)]
    report = make_report(outcomes, CFG)
    low, high = report['intervals']['suc_all']['interval']
    wide_low, wide_high = report['intervals_by_objects']['suc_all']
    assert wide_low < low < high < wide_high
    assert report['over_objects']['suc_all'] == 0.5


def test_reports_are_plain_json():
    report = make_report([outcome('a', part_share=math.nan)], CFG)
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert report['protocols']['tdg']['numbers']['max_penetration_m'] is None
    assert without_nan({'a': (math.inf, [math.nan, 1.0])}) == {'a': [None, [None, 1.0]]}


def test_nothing_and_nothing_but_refused_grasps_are_no_report():
    with pytest.raises(InvalidInputError, match='no grasp'):
        make_report([], CFG)
    with pytest.raises(InvalidInputError, match='all 2 grasps were refused'):
        make_report([refused('a'), refused('b')], CFG)


def test_examples_are_the_best_the_middle_and_the_worst_and_none_twice():
    outcomes = [outcome(f'{n}', 6 if n > 4 else 0, q1=n / 10) for n in range(9)]
    examples = pick_examples([*outcomes, refused('x')], 2)
    shown = {kind: [e.outcome.grasp.key for e in examples if e.kind == kind]
             for kind in ('best', 'median', 'worst')}  # fmt: skip
    assert shown == {'best': ['8', '7'], 'median': ['5', '4'], 'worst': ['0', '1']}
    assert [example.kind for example in examples[:3]] == ['best', 'median', 'worst']
    for count in range(1, 9):
        keys = [example.outcome.grasp.key for example in pick_examples(outcomes[:count], 4)]
        assert len(keys) == len(set(keys)) > 0
