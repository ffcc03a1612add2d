"""Units of work in this process and in others; workers can import builtins and libraries only."""

import multiprocessing
import os
import time
from operator import neg

import psutil
import pytest
import torch

from maskdexgrasp_core.work_pool import WorkerLostError, run_units, usable_cores

THREADS = "(__import__('torch').get_num_threads(), __import__('os').environ['OMP_NUM_THREADS'])"


@pytest.mark.parametrize('workers', [0, 1, 2])
def test_every_item_is_worked_on_once_and_with_one_thread(workers):
    assert sorted(run_units(neg, range(9), workers=workers)) == list(range(-8, 1))
    assert list(run_units(eval, [THREADS], workers=workers)) == [(1, '1')]


def test_threads_and_environment_are_as_before_when_the_work_is_done(monkeypatch):
    monkeypatch.setenv('OMP_NUM_THREADS', '3')
    monkeypatch.delenv('MKL_NUM_THREADS', raising=False)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        results = run_units(neg, range(9), workers=0)
        assert next(results) == 0
        assert torch.get_num_threads() == 1
        results.close()
        assert torch.get_num_threads() == 2
        assert os.environ['OMP_NUM_THREADS'] == '3'
        assert 'MKL_NUM_THREADS' not in os.environ
    finally:
        torch.set_num_threads(before)


def test_closing_ends_the_workers_at_once():
    results = run_units(time.sleep, [0.0, 600.0, 600.0], workers=2)
    next(results)
    workers = [psutil.Process(child.pid) for child in multiprocessing.active_children()]
    assert len(workers) == 2
    results.close()
    assert not psutil.wait_procs(workers, timeout=10)[1]


def test_a_killed_worker_is_said_so():
    with pytest.raises(WorkerLostError, match='fewer workers'):
        list(run_units(os._exit, [3, 3], workers=2))


def test_work_that_cannot_be_done_raises_its_own_error():
    with pytest.raises(ZeroDivisionError):
        list(run_units(eval, ['1 / 0'], workers=2))


def test_the_usable_cores_are_those_that_this_process_may_run_on():
    assert usable_cores() == len(psutil.Process().cpu_affinity())
