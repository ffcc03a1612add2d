"""Runs trials one after another on one graph; a graph that breaks is started anew."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

from maskdexgrasp_core.errors import DriverError, MaskDexGraspError
from maskdexgrasp_core.outcome import Code
from maskdexgrasp_core.types import Command
from maskdexgrasp_ros.cli.session import GraspSession, Parameters, grasp_session
from maskdexgrasp_ros.cli.trial_summary import Trial
from maskdexgrasp_ros.client import CommandResult
from maskdexgrasp_ros.graph_processes import GraphError

_SETTLE_S = 0.3
_RESET_S = 10.0
_MAX_RESTARTS = 5
"""Restarts in a row after which the graph is given up."""
_ATTEMPTS_RANGE = 1000
_OBJECTS_RANGE = 100


@dataclass(frozen=True, kw_only=True)
class TrialObject:
    """What is tried."""

    name: str
    text: str
    """The sentence."""
    scene: str = ''
    """'<set>:<object>', or '' for a mesh."""
    object_files: tuple[Path, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TrialsCfg:
    """How trials are run."""

    objects: tuple[TrialObject, ...]
    attempts: int
    """For each object."""
    seed: int
    overrides: Parameters
    """Node -> parameters that replace those of the file."""
    params: str = ''
    """Parameter file; '' takes the one that ships."""
    log_dir: Path
    limit_s: float
    """A command is cancelled after this wall time [s]."""


def trial_seed(seed: int, object_index: int, attempt: int) -> int:
    """Return the seed of one attempt: the same in every run, different from all others."""
    return (seed * _OBJECTS_RANGE + object_index) * _ATTEMPTS_RANGE + attempt


def run_trials(cfg: TrialsCfg) -> Iterator[Trial]:
    """Yield every trial as it ends: each object once, then each once more, and so on.

    Raises:
        GraphError: If the graph cannot be kept alive.
        DriverError: If it cannot be started.
        InvalidInputError: If an object cannot be placed.
    """
    todo = [
        (index, attempt) for attempt in range(cfg.attempts) for index in range(len(cfg.objects))
    ]
    restarts = 0
    while todo:
        with ExitStack() as stack:
            log_dir = cfg.log_dir / f'graph-{restarts}'
            session = stack.enter_context(
                grasp_session(log_dir, cfg.overrides, params=cfg.params, watch_camera=True)
            )
            while todo:
                index, attempt = todo.pop(0)
                target = cfg.objects[index]
                seed = trial_seed(cfg.seed, index, attempt)
                try:
                    yield _attempt(session, cfg, target, seed)
                except (GraphError, DriverError) as error:
                    restarts += 1
                    yield _broken(target.name, seed, error)
                    if restarts > _MAX_RESTARTS:
                        raise
                    break


def _attempt(session: GraspSession, cfg: TrialsCfg, target: TrialObject, seed: int) -> Trial:
    _place(session, target, seed)
    command = Command(command_id=f'{target.name}-{seed}', text=target.text, seed=seed)
    result = session.execute(command, timeout_s=cfg.limit_s, settle_s=_SETTLE_S)
    if result.outcome.code in (Code.STOPPED, Code.DRIVER_FAULT, Code.STATE_IS_STALE):
        session.client.reset()  # a fault latches the robot; the next trial starts afresh
    return _trial(target.name, seed, result)


def _place(session: GraspSession, target: TrialObject, seed: int) -> None:
    """Put the object down at its place, once the arm has come to rest."""
    deadline = monotonic() + _RESET_S
    while True:
        try:
            session.client.reset_world(target.scene, seed, target.object_files)
            return
        except DriverError:
            session.graph.check()
            if monotonic() > deadline:
                raise
            sleep(0.2)


def _trial(name: str, seed: int, result: CommandResult) -> Trial:
    held, outcome = result.score.lifted, result.outcome
    reason = '' if held else outcome.code.name.lower()
    if not held and outcome.ok:
        reason = 'not held high or long enough'
    return Trial(
        object_name=name,
        seed=seed,
        held=held,
        reason=reason,
        detail=outcome.reason,
        stage_seconds=result.stage_seconds,
        lift_height_m=result.score.lift_height_m,
        hold_s=result.score.hold_s,
        grasps_tried=0 if result.grasp is None else result.attempt + 1,
        total_s=result.total_s,
        first_motion_s=result.first_motion_s,
    )


def _broken(name: str, seed: int, error: MaskDexGraspError) -> Trial:
    return Trial(object_name=name, seed=seed, held=False, reason='graph broke', detail=str(error))
