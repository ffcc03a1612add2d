import threading
import time

import pytest

from maskdexgrasp_core.outcome import Code, Outcome, Stage, StageError

interfaces = pytest.importorskip('maskdexgrasp_ros.interfaces')

from maskdexgrasp_ros.chain import Chain, StageTimes  # noqa: E402
from maskdexgrasp_ros.conversions import status_to_msg  # noqa: E402


def status(stage, command_id, *, code=Code.OK, done=False, seconds=None):
    reason = '' if code is Code.OK else 'because of the test'
    outcome = Outcome(stage=stage, code=code, reason=reason)
    stamp = interfaces.TimeMsg()
    return status_to_msg(outcome, command_id, stamp, stage_seconds=seconds, done=done)


def hand_grasps(command_id):
    message = interfaces.HandGrasps()
    message.object.command.command_id = command_id
    return message


def nothing():
    pass


def test_grasps_that_somebody_waits_for_arrive():
    chain = Chain()
    chain.expect('a')
    threading.Timer(0.05, chain.hear_grasps, [hand_grasps('a')]).start()
    assert chain.wait_for('a', 2.0, nothing).object.command.command_id == 'a'


def test_grasps_that_nobody_waits_for_are_left_to_the_caller():
    chain = Chain()
    assert not chain.hear_grasps(hand_grasps('a'))


def test_the_failure_of_another_stage_ends_the_wait_with_its_code():
    chain = Chain()
    chain.expect('a')
    chain.hear_status(status(Stage.PERCEIVE, 'a', code=Code.EMPTY_CROP, done=True))
    with pytest.raises(StageError) as raised:
        chain.wait_for('a', 2.0, nothing)
    assert raised.value.outcome.code is Code.EMPTY_CROP
    assert chain.has_ended('a')


def test_the_failure_of_another_command_does_not():
    chain = Chain()
    chain.expect('a')
    chain.hear_status(status(Stage.PERCEIVE, 'b', code=Code.EMPTY_CROP, done=True))
    with pytest.raises(StageError) as raised:
        chain.wait_for('a', 0.1, nothing)
    assert raised.value.outcome.code is Code.TIMEOUT


def test_the_wait_ends_when_the_check_raises():
    chain = Chain()
    chain.expect('a')

    def check():
        raise StageError(Stage.GENERATE, Code.CANCELLED, 'cancelled in a test')

    with pytest.raises(StageError, match='cancelled in a test'):
        chain.wait_for('a', 600.0, check)


def test_times_of_the_chain_add_up_over_a_second_look():
    chain = Chain()
    chain.hear_status(status(Stage.PERCEIVE, 'a', seconds={'perceive': 0.5}))
    chain.hear_status(status(Stage.PERCEIVE, 'a#1', seconds={'perceive': 0.25}))
    chain.hear_status(status(Stage.HOLD, 'a', seconds={'perceive': 9.0, 'hold': 3.0}))
    assert chain.pop_seconds('a') == {'perceive': 0.75}
    assert chain.pop_seconds('a') == {}


def test_stage_times_follow_one_another():
    times = StageTimes()
    times.begin(Stage.PLAN)
    time.sleep(0.02)
    times.begin(Stage.APPROACH)
    times.end()
    assert list(times.seconds) == ['plan', 'approach']
    assert times.seconds['plan'] >= 0.02 > times.seconds['approach']
