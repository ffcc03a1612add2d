import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from maskdexgrasp_core.outcome import Code
from maskdexgrasp_ros.gate import CommandGate, new_command_id, retry_id, root_id


class FakeTime:
    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return FakeTime()


@pytest.fixture
def gate(clock):
    return CommandGate(10.0, clock)


def test_one_command_at_a_time(gate):
    assert gate.enter('a').ok
    refused = gate.enter('b')
    assert refused.code is Code.BUSY
    assert 'a' in refused.reason


def test_the_end_of_a_command_opens_the_gate(gate):
    gate.enter('a')
    gate.hear('a', done=True)
    assert gate.active == ''
    assert gate.enter('b').ok


def test_the_refusal_of_another_command_does_not_open_the_gate(gate):
    gate.enter('a')
    gate.hear('b', done=True)
    assert gate.active == 'a'


def test_a_report_about_a_command_that_skips_perception_closes_the_gate(gate):
    gate.hear('goal', done=False)
    assert gate.enter('b').code is Code.BUSY
    assert gate.enter('goal').ok


def test_a_late_report_does_not_revive_a_command(gate):
    gate.enter('a')
    gate.hear('a', done=True)
    gate.hear('a', done=False)
    assert gate.active == ''


def test_the_same_id_twice_is_refused_while_it_is_worked_on_and_welcome_afterwards(gate):
    gate.enter('a')
    assert gate.enter('a').code is Code.INVALID_COMMAND
    gate.hear('a', done=True)
    assert gate.enter('a').ok


def test_a_second_look_of_the_same_command_passes_and_its_failure_keeps_the_command(gate):
    gate.enter('a')
    assert gate.enter(retry_id('a', 1)).ok
    gate.hear(retry_id('a', 1), done=True)
    assert gate.active == 'a'


def test_silence_ends_a_command_once(gate, clock):
    gate.enter('a')
    clock.now_s = 9.0
    gate.hear('a', done=False)
    clock.now_s = 18.0
    assert gate.pop_expired() == ''
    clock.now_s = 20.0
    assert gate.pop_expired() == 'a'
    assert gate.pop_expired() == ''
    assert gate.enter('b').ok


class Waiting:
    """Gate in which 'a' is under way and 'b' waits for its end in a thread."""

    def __init__(self, clock, patience_s=60.0):
        self.gate = CommandGate(10.0, clock, patience_s=patience_s)
        self.gate.enter('a')
        self.pool = ThreadPoolExecutor()
        self.entering = self.pool.submit(self.gate.enter, 'b#0')
        wait_until(lambda: self.gate._waiting == 'b')

    def outcome(self):
        """Return what became of 'b', without waiting for the end of its patience."""
        return self.entering.result(timeout=10.0)


def wait_until(is_true):
    deadline = time.monotonic() + 10.0
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_command_that_overtakes_the_end_of_the_one_before_waits_for_it(clock):
    waiting = Waiting(clock)
    waiting.gate.hear('a', done=True)
    assert waiting.outcome().ok
    assert waiting.gate.active == 'b'


def test_a_command_whose_patience_ends_is_refused(clock):
    waiting = Waiting(clock, patience_s=0.2)
    assert waiting.outcome().code is Code.BUSY
    assert waiting.gate.active == 'a'


def test_while_one_waits_another_is_refused_at_once_and_looks_of_the_active_one_pass(clock):
    waiting = Waiting(clock)
    assert waiting.gate.enter('c').code is Code.BUSY
    assert waiting.gate.enter(retry_id('a', 1)).ok
    waiting.gate.hear('a', done=True)
    assert waiting.outcome().ok


def test_nobody_overtakes_the_one_that_waits(clock):
    waiting = Waiting(clock)
    with waiting.gate._changed:  # the lock is free for others before the thread has woken
        waiting.gate.hear('a', done=True)
        assert waiting.gate.enter('c').code is Code.BUSY
    assert waiting.outcome().ok


def test_the_same_command_twice_while_it_waits_is_no_end_of_it(clock):
    waiting = Waiting(clock)
    assert waiting.gate.enter('b').code is Code.INVALID_COMMAND
    waiting.gate.hear('a', done=True)
    assert waiting.outcome().ok


def test_a_command_that_ends_while_it_waits_does_not_begin(clock):
    waiting = Waiting(clock)
    waiting.gate.hear('b', done=True)
    assert waiting.outcome().code is Code.INVALID_COMMAND
    assert waiting.gate.active == 'a'
    waiting.gate.hear('a', done=True)
    assert waiting.gate.enter('c').ok


def test_one_that_ends_while_it_waits_does_not_push_out_the_next_one_that_waits(clock):
    waiting = Waiting(clock)
    gate = waiting.gate
    with gate._changed:  # 'b' wakes only after 'c' waits: a wait gives the lock away
        gate.hear('b', done=True)
        threading.Timer(0.3, gate.hear, args=('a',), kwargs={'done': True}).start()
        assert gate.enter('c').ok
    assert waiting.outcome().code is Code.INVALID_COMMAND


def test_an_expired_command_is_told_also_if_another_command_notices_first(gate, clock):
    gate.enter('a')
    clock.now_s = 20.0
    assert gate.enter('b').ok
    assert gate.pop_expired() == 'a'
    assert gate.active == 'b'


def test_ids_are_new_and_retries_lead_back_to_them():
    first, second = new_command_id(), new_command_id()
    assert first != second
    assert root_id(retry_id(first, 3)) == first
