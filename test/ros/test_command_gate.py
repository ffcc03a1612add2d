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


def test_a_command_that_overtakes_the_end_of_the_one_before_waits_for_it(clock):
    gate = CommandGate(10.0, clock, patience_s=60.0)
    gate.enter('a')
    threading.Timer(0.1, gate.hear, args=('a',), kwargs={'done': True}).start()
    assert gate.enter('b').ok
    assert gate.active == 'b'


def test_one_command_waits_and_further_ones_are_refused_at_once(clock):
    gate = CommandGate(10.0, clock, patience_s=0.5)
    gate.enter('a')
    began_s = time.monotonic()
    with ThreadPoolExecutor() as pool:
        codes = [outcome.code for outcome in pool.map(gate.enter, 'bcd')]
    assert codes == [Code.BUSY] * 3
    assert 0.4 < time.monotonic() - began_s < 1.4  # one after the other they take 1.5 s


def test_ids_are_new_and_retries_lead_back_to_them():
    first, second = new_command_id(), new_command_id()
    assert first != second
    assert root_id(retry_id(first, 3)) == first
