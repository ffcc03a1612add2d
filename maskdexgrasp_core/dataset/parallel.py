"""Runs the units of a source on all cores of this machine, or on a Ray cluster."""

import contextlib
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from maskdexgrasp_core.dataset.shards import Shard, make_shard
from maskdexgrasp_core.dataset.sources.protocol import GraspSource, WorkUnit
from maskdexgrasp_core.errors import InvalidInputError, MaskDexGraspError

Task = tuple[int, WorkUnit]
"""Index of a unit, and the unit."""
_ONE_THREAD = ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS')
_QUEUE_PER_WORKER = 2
LOCAL_RAY = 'local'
"""Address that starts Ray on this machine instead of joining a cluster."""


class WorkerLostError(MaskDexGraspError, RuntimeError):
    """A worker process was ended from outside, most often for want of memory."""


class _Worker:
    """What a worker process keeps between units."""

    start: bytes = b''
    """Pickled source and seed, until the first unit: an error in them is then that unit's."""
    source: GraspSource
    seed: int


def run_units(
    source: GraspSource, seed: int, tasks: Sequence[Task], *, workers: int, ray_address: str = ''
) -> Generator[Shard, None, None]:
    """Build units in parallel and yield each as soon as it is finished, in any order.

    Closing the iterator ends the workers at once.

    Args:
        source: What builds; it is pickled to every worker.
        seed: Of the build.
        tasks: What to build; they are begun in this order.
        workers: Processes; 0 works in this process, and with Ray on every core of the cluster.
        ray_address: Of an existing Ray cluster ('auto', 'ray://host:10001', 'host:6379'), or
            `LOCAL_RAY`; '' runs processes on this machine.

    Raises:
        WorkerLostError: If a worker was killed.
        InvalidInputError: If the source refuses a unit, or Ray cannot be reached.
    """
    start = pickle.dumps((source, seed))
    if ray_address:
        yield from _run_on_ray(start, tasks, workers, ray_address)
    elif workers:
        yield from _run_processes(start, tasks, workers)
    else:
        _Worker.start = start
        yield from map(_run_unit, tasks)


def _run_processes(
    start: bytes, tasks: Sequence[Task], workers: int
) -> Generator[Shard, None, None]:
    before = set(multiprocessing.active_children())
    context = multiprocessing.get_context('spawn')
    with _one_thread_each():
        pool = ProcessPoolExecutor(
            workers,
            mp_context=context,
            initializer=_start_worker,
            initargs=(start,),
        )
        waiting = iter(tasks)
        running: set[Future[Shard]] = set()
        try:
            while True:
                for task in waiting:
                    running.add(pool.submit(_run_unit, task))
                    if len(running) >= _QUEUE_PER_WORKER * workers:
                        break
                if not running:
                    return
                finished, running = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    yield future.result()
        except BrokenProcessPool as error:
            raise WorkerLostError(
                'a worker process was killed (out of memory?); finished units are kept: run the '
                'same command again, with fewer --workers'
            ) from error
        finally:
            for child in set(multiprocessing.active_children()) - before:
                child.kill()
            pool.shutdown(wait=True, cancel_futures=True)


def _run_on_ray(
    start: bytes, tasks: Sequence[Task], workers: int, address: str
) -> Generator[Shard, None, None]:
    try:
        os.environ.setdefault('RAY_USAGE_STATS_ENABLED', '0')  # read when Ray starts
        import ray
        from ray.util.multiprocessing import Pool
    except ImportError as error:
        raise InvalidInputError(
            f'--ray needs Ray, which is not installed: pip install "maskdexgrasp[cluster]" '
            f'({error})'
        ) from error
    joined = not ray.is_initialized()
    if joined:
        _join_cluster(ray, address, workers)
    pool = Pool(workers or None, initializer=_start_worker, initargs=(start,))
    try:
        for result in pool.imap_unordered(_run_unit, tasks, chunksize=1):
            if not isinstance(result, Shard):  # Ray hands errors over instead of raising them
                raise getattr(result, 'underlying', result)
            yield result
    finally:
        pool.terminate()
        if joined:
            ray.shutdown()


def _join_cluster(ray: Any, address: str, workers: int) -> None:
    options: dict[str, Any] = {'address': address, 'log_to_driver': False}
    if address == LOCAL_RAY:
        options |= {'include_dashboard': False, 'num_cpus': workers or None}
    try:
        ray.init(**options)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise InvalidInputError(f'no Ray cluster at {address!r}: {error}') from error


def _start_worker(start: bytes) -> None:
    """Prepare a worker: it leaves Ctrl-C to its parent and does not outlive it."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    _Worker.start = start


def _end_with(parent: Any) -> None:
    parent.join()
    os._exit(1)


def _run_unit(task: Task) -> Shard:
    index, unit = task
    if _Worker.start:
        _Worker.source, _Worker.seed = pickle.loads(_Worker.start)
        _Worker.start = b''
    began = time.process_time()
    try:
        built = _Worker.source.build(unit, _Worker.seed)
    except MaskDexGraspError as error:
        raise InvalidInputError(f'unit {unit.key!r}: {error}') from error
    except Exception as error:
        if sys.version_info >= (3, 11):
            error.add_note(f'in unit {unit.key!r}')
        raise
    return make_shard(index, unit, built, time.process_time() - began)


@contextlib.contextmanager
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
