"""Builds the units of a source on all cores of this machine, or on a Ray cluster."""

import os
import pickle
import sys
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

from maskdexgrasp_core.dataset.shards import Shard, make_shard
from maskdexgrasp_core.dataset.sources.protocol import GraspSource, WorkUnit
from maskdexgrasp_core.errors import InvalidInputError, MaskDexGraspError
from maskdexgrasp_core.work_pool import WorkerLostError, run_units, start_worker, work_on

Task = tuple[int, WorkUnit]
"""Index of a unit, and the unit."""
LOCAL_RAY = 'local'
"""Address that starts Ray on this machine instead of joining a cluster."""


@dataclass(frozen=True)
class UnitBuilder:
    """Builds units of a source; can be pickled."""

    source: GraspSource
    seed: int

    def __call__(self, task: Task) -> Shard:
        """Return the files of one unit.

        Raises:
            InvalidInputError: If the source refuses the unit; the text names it.
        """
        index, unit = task
        began = time.process_time()
        try:
            built = self.source.build(unit, self.seed)
        except MaskDexGraspError as error:
            raise InvalidInputError(f'unit {unit.key!r}: {error}') from error
        except Exception as error:
            if sys.version_info >= (3, 11):
                error.add_note(f'in unit {unit.key!r}')
            raise
        return make_shard(index, unit, built, time.process_time() - began)


def build_units(
    builder: UnitBuilder, tasks: Sequence[Task], *, workers: int, ray_address: str = ''
) -> Generator[Shard, None, None]:
    """Build units in parallel and yield each as soon as it is finished, in any order.

    Closing the iterator ends the workers at once.

    Args:
        builder: What builds; it is pickled to every worker.
        tasks: What to build; they are begun in this order.
        workers: Processes; 0 or 1 works in this process. With Ray: workers of the cluster, 0 for
            every core.
        ray_address: Of an existing Ray cluster ('auto', 'ray://host:10001', 'host:6379'), or
            `LOCAL_RAY`; '' runs processes on this machine.

    Raises:
        WorkerLostError: If a worker was killed.
        InvalidInputError: If the source refuses a unit, or Ray cannot be reached.
    """
    if ray_address:
        yield from _build_on_ray(builder, tasks, workers, ray_address)
    else:
        yield from run_units(builder, tasks, workers=workers)


def _build_on_ray(
    builder: UnitBuilder, tasks: Sequence[Task], workers: int, address: str
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
    pool = Pool(workers or None, initializer=start_worker, initargs=(pickle.dumps(builder),))
    try:
        for result in pool.imap_unordered(work_on, tasks, chunksize=1):
            if isinstance(result, (ray.exceptions.RayActorError, ray.exceptions.OutOfMemoryError)):
                raise WorkerLostError(
                    'a worker of the Ray cluster was lost (out of memory, or its node went '
                    'down?): take fewer workers'
                ) from result
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
