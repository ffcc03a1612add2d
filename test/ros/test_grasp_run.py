"""A run of the action: it looks again where the first look finds no grasp."""

import threading
import time

import pytest

from maskdexgrasp_core.outcome import Code, Outcome, Stage
from maskdexgrasp_core.types import Command

interfaces = pytest.importorskip('maskdexgrasp_ros.interfaces')

from maskdexgrasp_ros.chain import Chain  # noqa: E402
from maskdexgrasp_ros.conversions import status_to_msg  # noqa: E402
from maskdexgrasp_ros.grasp_run import GraspRun, RunCfg, RunLink  # noqa: E402


class Answering:
    """A chain whose nodes end every look with the next of some codes, or say nothing."""

    def __init__(self, *codes):
        self.chain, self.sent = Chain(), []
        self._codes = list(codes)

    def send(self, command):
        self.sent.append(command)
        if not self._codes:
            return
        outcome = Outcome(stage=Stage.RETARGET, code=self._codes.pop(0), reason='of the test')
        message = status_to_msg(outcome, command.command_id, interfaces.TimeMsg(), done=True)
        threading.Timer(0.01, self.chain.hear_status, [message]).start()


def run(answering, *, look_again=True, seed=5):
    link = RunLink(
        send=answering.send,
        report=lambda stage, detail, attempt: None,
        is_cancelled=lambda: False,
        is_stopped=lambda: False,
    )
    cfg = RunCfg(timeout_s=0.5, look_again=look_again)
    command = Command(command_id='a', text='pick up the hammer', seed=seed)
    return GraspRun(command, None, answering.chain, link, cfg).execute(None)  # moves nothing


@pytest.mark.parametrize('code', [Code.NO_GRASP_FOUND, Code.RETARGETING_FAILED])
def test_where_no_grasp_is_found_the_chain_is_asked_once_more_with_other_random_numbers(code):
    answering = Answering(code, Code.RETARGETING_FAILED)
    ended = run(answering)
    assert [(c.command_id, c.seed) for c in answering.sent] == [('a#0', 5), ('a#1', 6)]
    assert ended.outcome.code is Code.RETARGETING_FAILED
    assert not answering.chain.has_ended('a')  # so that the end of the command is still told


def test_another_look_mends_nothing_else():
    answering = Answering(Code.TEXT_MATCHES_NOTHING)
    assert run(answering).outcome.code is Code.TEXT_MATCHES_NOTHING
    assert len(answering.sent) == 1


def test_who_wants_one_look_gets_one():
    answering = Answering(Code.NO_GRASP_FOUND)
    assert run(answering, look_again=False).outcome.code is Code.NO_GRASP_FOUND
    assert len(answering.sent) == 1


def test_the_second_look_is_waited_for_as_long_as_the_first():
    answering = Answering(Code.NO_GRASP_FOUND)
    began = time.monotonic()
    assert run(answering, seed=2**63 - 1).outcome.code is Code.TIMEOUT
    assert time.monotonic() - began >= 0.5
    assert [c.seed for c in answering.sent] == [2**63 - 1, 0]
