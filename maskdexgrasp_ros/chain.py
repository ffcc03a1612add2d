"""What the arm's node hears of the other stages: their grasps, their failures, their times."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from maskdexgrasp_core.outcome import Code, Outcome, Stage, StageError
from maskdexgrasp_ros.conversions import outcome_from_msg
from maskdexgrasp_ros.gate import root_id
from maskdexgrasp_ros.interfaces import GraspStatus, HandGrasps

_KEPT = 64
_POLL_S = 0.02


class StageTimes:
    """Wall time of stages that follow one another."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        """Stage name -> time [s], in the order in which they began."""
        self._running = ''
        self._since_s = 0.0

    def add(self, name: str, duration_s: float) -> None:
        """Add a duration [s] that somebody else measured."""
        self.seconds[name] = self.seconds.get(name, 0.0) + duration_s

    def begin(self, stage: Stage) -> None:
        """End the running stage and begin another."""
        self.end()
        self._running, self._since_s = stage.name.lower(), time.perf_counter()
        self.seconds.setdefault(self._running, 0.0)

    def end(self) -> None:
        """End the running stage, if any."""
        if self._running:
            self.add(self._running, time.perf_counter() - self._since_s)
            self._running = ''


class Chain:
    """Collects what is reported about commands; safe between threads."""

    def __init__(self) -> None:
        self._heard = threading.Condition()
        self._expected: dict[str, HandGrasps | Outcome | None] = {}
        self._seconds: OrderedDict[str, dict[str, float]] = OrderedDict()
        self._ended: OrderedDict[str, None] = OrderedDict()

    def hear_status(self, message: GraspStatus) -> None:
        """Take a report of any node."""
        with self._heard:
            if message.stage < Stage.PLAN:  # the arm's node measures the later ones itself
                known = self._seconds.setdefault(root_id(message.command_id), {})
                for name, seconds in zip(message.stage_names, message.stage_seconds, strict=False):
                    known[name] = known.get(name, 0.0) + seconds
            if message.done:
                self._ended[message.command_id] = None
                if self._expected.get(message.command_id, ...) is None:
                    self._expected[message.command_id] = _failure(message)
            for kept in (self._seconds, self._ended):
                while len(kept) > _KEPT:
                    kept.popitem(last=False)
            self._heard.notify_all()

    def hear_grasps(self, message: HandGrasps) -> bool:
        """Take grasps; returns False if nobody waits for those of this command."""
        with self._heard:
            if message.object.command.command_id not in self._expected:
                return False
            self._expected[message.object.command.command_id] = message
            self._heard.notify_all()
            return True

    def begin(self, command_id: str) -> None:
        """Forget what was heard of an earlier command with the same id."""
        with self._heard:
            self._ended.pop(command_id, None)
            self._seconds.pop(command_id, None)

    def expect(self, command_id: str) -> None:
        """Say, before the command is published, that `wait_for` will be called."""
        with self._heard:
            self._expected[command_id] = None

    def wait_for(self, command_id: str, timeout_s: float, check: Callable[[], None]) -> HandGrasps:
        """Return the grasps of an expected command.

        Args:
            command_id: Given to `expect`.
            timeout_s: Wall time [s].
            check: Called often; may raise to end the wait.

        Raises:
            StageError: What the stage that gave up said, or `Code.TIMEOUT`.
        """
        deadline = time.monotonic() + timeout_s
        try:
            while True:
                check()
                with self._heard:
                    self._heard.wait(_POLL_S)
                    answer = self._expected[command_id]
                if isinstance(answer, Outcome):
                    raise StageError(answer.stage, answer.code, answer.reason)
                if answer is not None:
                    return answer
                if time.monotonic() > deadline:
                    reason = f'no grasps from the chain within {timeout_s:.0f} s'
                    raise StageError(Stage.RETARGET, Code.TIMEOUT, reason)
        finally:
            with self._heard:
                self._expected.pop(command_id, None)

    def has_ended(self, command_id: str) -> bool:
        """Return whether somebody has said that the command is done."""
        with self._heard:
            return command_id in self._ended

    def pop_seconds(self, command_id: str) -> dict[str, float]:
        """Return the stage times [s] heard of a command since the last call."""
        with self._heard:
            return self._seconds.pop(root_id(command_id), {})


def _failure(message: GraspStatus) -> Outcome:
    try:
        return outcome_from_msg(message)
    except ValueError as error:
        return Outcome(stage=Stage.COMMAND, code=Code.INTERNAL_ERROR, reason=str(error))
