"""Independent units of work on all cores, with their results as they come."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TypeVar

import torch

from maskdexgrasp_core.errors import MaskDexGraspError

Item = TypeVar('Item')
Result = TypeVar('Result')
_ONE_THREAD = ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS')
_QUEUE_PER_WORKER = 2


class WorkerKilledError(MaskDexGraspError, RuntimeError):
    """A worker process was ended from outside, most often for want of memory."""


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_units(
    work: Callable[[Item], Result], items: Iterable[Item], *, workers: int
) -> Iterator[Result]:
    """Yield the result of every item, in any order.

    Args:
        work: Can be pickled; gives the same result in whichever process it runs.
        items: Can be pickled; taken as workers become free.
        workers: Processes with one thread each, ended when the iterator is closed; 1 works in
            this process.

    Raises:
        WorkerKilledError: If a worker was killed.
    """
    if workers > 1:
        yield from _run_processes(work, items, workers)
        return
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # sums depend on the number of threads
    try:
        yield from map(work, items)
    finally:
        torch.set_num_threads(threads)


def _run_processes(
    work: Callable[[Item], Result], items: Iterable[Item], workers: int
) -> Iterator[Result]:
    before = set(multiprocessing.active_children())
    context = multiprocessing.get_context('spawn')
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker)
    running: set[Future[Result]] = set()
    waiting = iter(items)
    try:
        with _one_thread_each():
            while True:
                for item in waiting:
                    running.add(pool.submit(work, item))
                    if len(running) >= _QUEUE_PER_WORKER * workers:
                        break
                if not running:
                    return
                finished, running = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    yield future.result()
    except BrokenProcessPool as error:
        raise WorkerKilledError(
            'a worker process was killed (out of memory?): take fewer workers'
        ) from error
    finally:  # every result is out, or nobody waits for the rest
        for child in set(multiprocessing.active_children()) - before:
            child.kill()
        pool.shutdown(wait=True, cancel_futures=True)


def _start_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its workers
    torch.set_num_threads(1)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let processes that start meanwhile use one thread in their libraries."""
    kept = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, '1'))
    try:
        yield
    finally:
        for name, value in kept.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
