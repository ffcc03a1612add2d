"""Runs trials one after another on one graph; a graph that breaks is started anew."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from time import monotonic, sleep

from maskdexgrasp_core.cli.options import MAX_SEED
from maskdexgrasp_core.errors import DriverError, MaskDexGraspError
from maskdexgrasp_core.execution.decisions import LATCHING_CODES
from maskdexgrasp_core.outcome import Code
from maskdexgrasp_core.types import Command
from maskdexgrasp_ros.cli.session import GraspSession, Parameters, grasp_session
from maskdexgrasp_ros.cli.trial_summary import Trial
from maskdexgrasp_ros.client import CommandResult
from maskdexgrasp_ros.graph_processes import GraphError

_SETTLE_S = 0.3
_RESET_S = 10.0
_MAX_FAILURES = 5
"""Graphs that break in a row before the trials are given up."""
_UNFINISHED = (Code.TIMEOUT, Code.CANCELLED, Code.BUSY)
"""A node may still work on that command: what it says later must not meet the next one."""
GRAPH_BROKE = 'graph_broke'
"""Reason of a trial during which a node ended or stopped answering."""
TIME_LIMIT = 'time_limit'
"""Reason of a trial that was cancelled at its deadline."""
NOT_HELD = 'not_held'
"""Reason of a trial that the robot took for a success, and the simulator did not."""
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
    spread: bool = False
    """Whether other machines may take part."""


def trial_seed(seed: int, object_index: int, attempt: int) -> int:
    """Return the seed of one attempt: the same in every run, different from all others.

    Seeds beyond what messages carry begin again at zero.
    """
    number = (seed * _OBJECTS_RANGE + object_index) * _ATTEMPTS_RANGE + attempt
    return number % (MAX_SEED + 1)


def run_trials(cfg: TrialsCfg) -> Iterator[Trial]:
    """Yield every trial as it ends: each object once, then each once more, and so on.

    A trial during which a node ends or hangs counts as failed; the next one gets a new graph.

    Raises:
        GraphError: If a node ends again and again.
        DriverError: If the graph cannot be brought to answer.
    """
    todo = deque(
        (index, attempt) for attempt in range(cfg.attempts) for index in range(len(cfg.objects))
    )
    failures = 0
    for number in count():
        try:
            with grasp_session(
                cfg.log_dir / f'graph-{number}',
                cfg.overrides,
                params=cfg.params,
                watch_camera=True,
                spread=cfg.spread,
            ) as session:
                while todo:
                    index, attempt = todo.popleft()
                    seed = trial_seed(cfg.seed, index, attempt)
                    trial, is_usable = _attempt(session, cfg, cfg.objects[index], seed)
                    yield trial
                    failures = 0 if trial.reason != GRAPH_BROKE else failures + 1
                    if not is_usable:
                        break
        except (GraphError, DriverError):  # it did not even start
            failures += 1
            if failures > _MAX_FAILURES:
                raise
        if not todo:
            return
        if failures > _MAX_FAILURES:
            raise DriverError(f'the graph broke {failures} times in a row; see {cfg.log_dir}')


def _attempt(
    session: GraspSession, cfg: TrialsCfg, target: TrialObject, seed: int
) -> tuple[Trial, bool]:
    """Return how one trial went, and whether the graph can be used for another."""
    try:
        _place(session, target, seed)
        command = Command(command_id=f'{target.name}-{seed}', text=target.text, seed=seed)
        result = session.execute(command, timeout_s=cfg.limit_s, settle_s=_SETTLE_S)
    except (GraphError, DriverError) as error:
        return _broken(target.name, seed, error), False
    code, trial = result.outcome.code, _trial(target.name, seed, result)
    if code is Code.CANCELLED:  # nobody but the client's deadline cancels here
        reason = f'not done after {cfg.limit_s:.0f} s'
        trial = replace(trial, reason=TIME_LIMIT, detail=f'{reason}: {trial.detail}')
    if code in LATCHING_CODES:
        try:
            session.client.reset()  # a fault latches the robot; the next trial starts afresh
        except DriverError:
            return trial, False
    return trial, code not in _UNFINISHED


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
        reason = NOT_HELD
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
    return Trial(object_name=name, seed=seed, held=False, reason=GRAPH_BROKE, detail=str(error))
