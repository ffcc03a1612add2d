"""Independent units of work on all cores, with their results as they come."""

import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, TypeVar

from maskdexgrasp_core.errors import MaskDexGraspError

Item = TypeVar('Item')
Result = TypeVar('Result')
_ONE_THREAD = ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS')
_QUEUE_PER_WORKER = 2


class WorkerLostError(MaskDexGraspError, RuntimeError):
    """A worker was ended from outside, most often for want of memory."""


class _Worker:
    """What a worker process keeps between units."""

    pickled: bytes = b''
    """The work, until the first unit: an error in loading it is then that unit's."""
    work: Callable[[Any], Any]


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_units(
    work: Callable[[Item], Result], items: Iterable[Item], *, workers: int
) -> Generator[Result, None, None]:
    """Yield the result of every item as soon as it is there, in any order.

    Closing the iterator ends the workers at once.

    Args:
        work: Gives the same result in whichever process it runs. It is pickled once for every
            worker.
        items: Can be pickled; begun in this order, taken as workers become free.
        workers: Processes of one thread each; 0 or 1 works in this process, with one thread.

    Raises:
        WorkerLostError: If a worker was killed.
    """
    with _one_thread_each():
        if workers > 1:
            yield from _run_processes(pickle.dumps(work), items, workers)
        else:
            yield from map(work, items)


def start_worker(pickled_work: bytes) -> None:
    """Prepare a worker: it leaves Ctrl-C to its parent and does not outlive it."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    import torch  # late: it takes seconds, and most users of this module want a number only

    torch.set_num_threads(1)
    _Worker.pickled = pickled_work


def work_on(item: Any) -> Any:
    """Return the result of one item, in a worker that was started."""
    if _Worker.pickled:
        _Worker.work = pickle.loads(_Worker.pickled)
        _Worker.pickled = b''
    return _Worker.work(item)


def _run_processes(
    pickled_work: bytes, items: Iterable[Any], workers: int
) -> Generator[Any, None, None]:
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context('spawn'),
        initializer=start_worker,
        initargs=(pickled_work,),
    )
    waiting = iter(items)
    running: set[Future[Any]] = set()
    try:
        while True:
            for item in waiting:
                running.add(pool.submit(work_on, item))
                if len(running) >= _QUEUE_PER_WORKER * workers:
                    break
            if not running:
                return
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                yield future.result()
    except BrokenProcessPool as error:
        raise WorkerLostError(
            'a worker process was killed (out of memory?): take fewer workers'
        ) from error
    finally:  # every result is out, or nobody waits for the rest
        for child in set(multiprocessing.active_children()) - before:
            child.kill()
        pool.shutdown(wait=True, cancel_futures=True)


def _end_with(parent: Any) -> None:
    parent.join()
    os._exit(1)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let libraries use one thread, here and in processes that start meanwhile.

    Sums depend on the number of threads.
    """
    import torch

    kept = {name: os.environ.get(name) for name in _ONE_THREAD}
    threads = torch.get_num_threads()
    os.environ.update(dict.fromkeys(_ONE_THREAD, '1'))
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        for name, value in kept.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
