"""A run of the action: it looks again where the first look finds no grasp."""

import time
from dataclasses import replace

import pytest

from maskdexgrasp_core.execution.executor import ExecutionResult
from maskdexgrasp_core.outcome import Code, Outcome, Stage
from maskdexgrasp_core.types import Command

interfaces = pytest.importorskip('maskdexgrasp_ros.interfaces')

from maskdexgrasp_ros.chain import Chain  # noqa: E402
from maskdexgrasp_ros.conversions import status_to_msg  # noqa: E402
from maskdexgrasp_ros.grasp_conversions import (  # noqa: E402
    hand_grasps_to_msg,
    observation_to_msg,
)
from maskdexgrasp_ros.grasp_run import GraspRun, RunCfg, RunLink  # noqa: E402
from maskdexgrasp_ros.warm_up import sample_observation  # noqa: E402

LONG_S, SHORT_S = 60.0, 0.2


class Answering:
    """A chain whose nodes end every look with the next of some codes, then say nothing."""

    def __init__(self, *codes):
        self.chain, self.sent, self.times = Chain(), [], []
        self._codes = list(codes)
        self.is_cancelled = False

    def send(self, command):
        self.sent.append(command)
        self.times.append(time.monotonic())
        if self._codes:
            self.end(command.command_id, self._codes.pop(0))

    def end(self, command_id, code):
        outcome = Outcome(stage=Stage.RETARGET, code=code, reason='of the test')
        message = status_to_msg(outcome, command_id, interfaces.TimeMsg(), done=True)
        self.chain.hear_status(message)

    def report(self, stage, detail, attempt):
        pass


def run(answering, executor=None, *, look_again=True, seed=5, command_id='a', timeout_s=LONG_S):
    link = RunLink(
        send=answering.send,
        report=answering.report,
        is_cancelled=lambda: answering.is_cancelled,
        is_stopped=lambda: False,
    )
    cfg = RunCfg(timeout_s=timeout_s, look_again=look_again)
    command = Command(command_id=command_id, text='pick up the hammer', seed=seed)
    return GraspRun(command, executor, answering.chain, link, cfg).execute(None)


@pytest.mark.parametrize('code', [Code.NO_GRASP_FOUND, Code.RETARGETING_FAILED])
def test_where_no_grasp_is_found_the_chain_is_asked_once_more_with_other_random_numbers(code):
    answering = Answering(code, Code.RETARGETING_FAILED)
    ended = run(answering)
    assert [(c.command_id, c.seed) for c in answering.sent] == [('a#0', 5), ('a#1', 6)]
    assert ended.outcome.code is Code.RETARGETING_FAILED
    assert not answering.chain.has_ended('a')  # so that the end of the command is still told


def test_what_the_second_look_finds_is_executed():
    class FoundAtLast(Answering):
        """Finds no grasp at first, and then a can."""

        def send(self, command):
            super().send(command)
            if len(self.sent) == 2:
                stamp = interfaces.TimeMsg()
                seen = observation_to_msg(replace(sample_observation(), command=command), stamp)
                self.chain.hear_grasps(hand_grasps_to_msg([], {}, seen, stamp))

    class Obedient:
        """Moves nothing, and says that all went well."""

        def run(self, request, on_stage, token):
            self.request = request
            return ExecutionResult(
                outcome=Outcome(stage=Stage.HOLD),
                attempts=1,
                hand_grasp=None,
                grasp_index=0,
                lift_height_m=0.2,
                held_s=3.0,
            )

    answering, executor = FoundAtLast(Code.NO_GRASP_FOUND), Obedient()
    assert run(answering, executor).outcome.ok
    observed = executor.request.observation
    assert observed.command.command_id == 'a#1'
    assert len(answering.sent) == 2


def test_another_look_mends_nothing_else():
    answering = Answering(Code.TEXT_MATCHES_NOTHING)
    assert run(answering).outcome.code is Code.TEXT_MATCHES_NOTHING
    assert len(answering.sent) == 1


def test_who_wants_one_look_gets_one():
    answering = Answering(Code.NO_GRASP_FOUND)
    assert run(answering, look_again=False).outcome.code is Code.NO_GRASP_FOUND
    assert len(answering.sent) == 1


def test_the_second_look_has_a_limit_of_its_own_and_seeds_begin_anew_after_the_last():
    answering = Answering(Code.NO_GRASP_FOUND)
    ended = run(answering, seed=2**63 - 1, timeout_s=SHORT_S)
    assert ended.outcome.code is Code.TIMEOUT
    assert time.monotonic() - answering.times[1] >= SHORT_S
    assert [c.seed for c in answering.sent] == [2**63 - 1, 0]


def test_after_a_cancel_nothing_more_is_asked():
    class Cancelled(Answering):
        def report(self, stage, detail, attempt):
            self.is_cancelled = True  # while the second look is announced

    answering = Cancelled(Code.NO_GRASP_FOUND)
    assert run(answering).outcome.code is Code.CANCELLED
    assert len(answering.sent) == 1


def test_an_id_can_be_used_again():
    answering = Answering(Code.TEXT_MATCHES_NOTHING, Code.TEXT_MATCHES_NOTHING)
    run(answering)
    answering.end('a', Code.TEXT_MATCHES_NOTHING)  # as the arm's node tells it
    assert answering.chain.has_ended('a')
    run(answering)
    assert not answering.chain.has_ended('a')


def test_an_id_that_looks_like_that_of_a_look_is_refused():
    answering = Answering()
    ended = run(answering, command_id='a#1')
    assert ended.outcome.code is Code.INVALID_COMMAND
    assert '#' in ended.outcome.reason
    assert answering.sent == []
