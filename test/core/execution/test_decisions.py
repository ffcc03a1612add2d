from dataclasses import replace

import numpy as np
import pytest

from maskdexgrasp_core.execution.config import ExecutionCfg
from maskdexgrasp_core.execution.decisions import (
    GripFacts,
    judge_grip,
    judge_hold,
    judge_preshape,
    touching,
)
from maskdexgrasp_core.outcome import Code, Stage
from maskdexgrasp_core.types import HandState

CFG = ExecutionCfg()
NAMES = ('thumb_yaw', 'thumb_pitch', 'index', 'middle')
FREE = GripFacts(
    motor_names=NAMES,
    positions=np.array([1.0, 0.3, 0.7, 0.7]),
    efforts=np.zeros(4),
    stalled=np.zeros(4, dtype=bool),
    force_limits=np.array([6.0, 6.0, 1.0, 1.0]),
    grasp_positions=np.array([1.0, 0.3, 0.7, 0.7]),
    thumb_gaps=np.array([np.inf, np.inf, 0.03, 0.04]),
)
GRIPPED = replace(FREE, efforts=np.array([0.1, 2.0, 0.8, 0.6]))


def test_thumb_and_finger_pressing_is_a_grip():
    assert judge_grip(GRIPPED, CFG).ok


def test_a_stalled_finger_counts_although_its_effort_is_not_reported():
    facts = replace(FREE, stalled=np.array([False, True, True, False]))
    assert judge_grip(facts, CFG).ok


@pytest.mark.parametrize(
    'efforts', [[0, 0, 0, 0], [3.0, 3.0, 0, 0], [0, 0, 1.0, 1.0]], ids=['none', 'thumb', 'fingers']
)
def test_one_side_alone_is_no_grip(efforts):
    outcome = judge_grip(replace(FREE, efforts=np.array(efforts, dtype=float)), CFG)
    assert outcome.code is Code.NOTHING_GRASPED


def test_fingers_that_meet_far_beyond_the_grasp_posture_press_on_the_hand():
    closed = GRIPPED.grasp_positions + np.array([0.0, 0.0, 0.6, 0.6])
    facts = replace(GRIPPED, positions=closed)
    assert touching(facts, CFG).tolist() == [False, True, False, False]
    assert judge_grip(facts, CFG).code is Code.NOTHING_GRASPED


def test_a_finger_that_meets_the_thumb_is_no_grip():
    pinched = replace(GRIPPED, efforts=np.array([0.1, 1.4, 1.0, 0.0]))
    assert judge_grip(pinched, CFG).ok
    meeting = replace(pinched, thumb_gaps=np.array([np.inf, np.inf, -0.0005, 0.04]))
    assert judge_grip(meeting, CFG).code is Code.NOTHING_GRASPED


def test_slip_is_seen_by_vanishing_effort_or_by_closing():
    assert judge_hold(GRIPPED, GRIPPED, Stage.HOLD, CFG).ok
    lost = judge_hold(GRIPPED, FREE, Stage.HOLD, CFG)
    assert (lost.code, lost.stage) == (Code.OBJECT_SLIPPED, Stage.HOLD)
    closed = replace(GRIPPED, positions=GRIPPED.positions + 0.3)
    assert judge_hold(GRIPPED, closed, Stage.LIFT, CFG).code is Code.OBJECT_SLIPPED


def test_one_finger_may_slide_off_while_another_opposes_the_thumb():
    one_off = replace(
        GRIPPED,
        positions=GRIPPED.positions + np.array([0.0, 0.0, 0.5, 0.0]),
        efforts=np.array([0.1, 2.0, 0.0, 0.6]),
    )
    assert judge_hold(GRIPPED, one_off, Stage.HOLD, CFG).ok


def test_a_stall_of_the_opening_hand_names_the_motor():
    state = HandState(
        motor_positions=np.zeros(4),
        motor_efforts=np.zeros(4),
        is_moving=False,
        stalled=np.array([False, False, True, False]),
        is_stopped=False,
        stamp_s=0.0,
    )
    outcome = judge_preshape(NAMES, state)
    assert outcome.code is Code.HAND_STALLED_EARLY
    assert 'index' in outcome.reason
    assert judge_preshape(NAMES, replace(state, stalled=np.zeros(4, dtype=bool))).ok
