"""One call of the action execute_grasp, from the goal to its end.

The end is told twice: by the result of the action and by a status with `done`. Whichever arrives
is enough, so a command ends with its code also when one of them is lost on the way.
"""

import threading
import time
from dataclasses import dataclass
from typing import Any

from rclpy.action import ActionClient
from rclpy.action.client import ClientGoalHandle
from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node

from maskdexgrasp_core.errors import DriverError
from maskdexgrasp_core.outcome import Code, Outcome, Stage
from maskdexgrasp_core.types import Command, HandGrasp
from maskdexgrasp_ros import topics
from maskdexgrasp_ros.conversions import command_to_msg, outcome_from_msg
from maskdexgrasp_ros.graph_listener import GraphListener
from maskdexgrasp_ros.grasp_conversions import hand_grasp_from_msg
from maskdexgrasp_ros.interfaces import ExecuteGrasp, GoalStatus, GraspStatus

_POLL_S = 0.05
_SERVER_S = 5.0
_ACCEPT_S = 10.0
_REFUSAL_S = 1.0
"""Longest wait for the status that says why a goal was refused [s]."""
_RESULT_S = 5.0
"""A result that has not followed its `done` status within this time is lost [s]."""
_CANCEL_S = 10.0
"""Longest wait for the end of a command that was cancelled at its deadline [s]."""


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a command ended, as the graph tells it."""

    outcome: Outcome
    stage_seconds: dict[str, float]
    """Stage name -> wall time [s], in the order of execution."""
    attempt: int
    """0 = the first grasp that was tried."""
    grasp: HandGrasp | None
    """The grasp that was executed last; None without a result."""


class CommandCaller:
    """Calls the action; one command at a time.

    Args:
        node: Spun by other threads.
        listener: Hears the statuses of the command.
        group: Of the action's callbacks.
    """

    def __init__(self, node: Node, listener: GraphListener, group: CallbackGroup) -> None:
        self._listener, self._log = listener, node.get_logger()
        self._action: Any = ActionClient(
            node, ExecuteGrasp, topics.EXECUTE_GRASP, callback_group=group
        )
        self._handle: ClientGoalHandle | None = None

    def is_ready(self) -> bool:
        """Return whether somebody offers the action."""
        return bool(self._action.server_is_ready())

    def call(self, command: Command, timeout_s: float) -> Ending:
        """Send a command and wait for its end.

        Args:
            command: What to do; the listener must expect it already.
            timeout_s: The command is cancelled after this wall time [s].

        Raises:
            DriverError: If the graph says nothing about the end, also not after the cancel.
        """
        handle = self._send(ExecuteGrasp.Goal(command=command_to_msg(command)))
        if not handle.accepted:
            return self._refusal()
        self._handle = handle
        try:
            return self._ending(handle, timeout_s)
        finally:
            self._handle = None

    def cancel(self) -> None:
        """Ask the running command to end; `call` then returns with CANCELLED."""
        handle = self._handle
        if handle is not None:
            handle.cancel_goal_async()

    def _send(self, goal: Any) -> ClientGoalHandle:
        if not self._action.wait_for_server(timeout_sec=_SERVER_S):
            raise DriverError(f'nobody offers the action {topics.EXECUTE_GRASP}')
        handle = Answer(self._action.send_goal_async(goal)).wait(_ACCEPT_S)
        if handle is None:
            raise DriverError(f'the action server did not answer the goal in {_ACCEPT_S:.0f} s')
        return handle

    def _ending(self, handle: ClientGoalHandle, timeout_s: float) -> Ending:
        answer = Answer(handle.get_result_async())
        if not self._wait_for_end(answer, timeout_s):
            handle.cancel_goal_async()
            if not self._wait_for_end(answer, _CANCEL_S):
                reason = f'no result within {timeout_s:.0f} s, and no answer to the cancel'
                raise DriverError(reason)
        response = answer.wait(_RESULT_S)
        if response is not None:
            return self._of_result(response)
        end = self._listener.end
        assert end is not None  # one of both has come
        self._log.warning(f'{end.command_id}: the result of the action was lost, not its status')
        return _of_status(end)

    def _wait_for_end(self, answer: 'Answer', timeout_s: float) -> bool:
        deadline = time.monotonic() + timeout_s
        while not answer.has_come and self._listener.end is None:
            if time.monotonic() > deadline:
                return False
            answer.wait(_POLL_S)
        return True

    def _of_result(self, response: Any) -> Ending:
        result, code = response.result, Code(response.result.code)
        statuses = self._listener.seen.statuses
        reason = result.reason
        if code is Code.OK and response.status != GoalStatus.STATUS_SUCCEEDED:
            code, reason = Code.INTERNAL_ERROR, 'the action ended without a code'
        stage = Stage(statuses[-1].stage) if statuses else Stage.COMMAND
        return Ending(
            outcome=Outcome(stage=stage, code=code, reason=reason),
            stage_seconds=dict(zip(result.stage_names, result.stage_seconds, strict=True)),
            attempt=result.attempt,
            grasp=hand_grasp_from_msg(result.grasp) if result.grasp.motor_names else None,
        )

    def _refusal(self) -> Ending:
        """Return why a goal was refused: its status says so."""
        deadline = time.monotonic() + _REFUSAL_S
        while self._listener.end is None and time.monotonic() < deadline:
            time.sleep(_POLL_S)
        if self._listener.end is not None:
            return _of_status(self._listener.end)
        reason = 'the arm control node refused the goal'
        outcome = Outcome(stage=Stage.COMMAND, code=Code.BUSY, reason=reason)
        return Ending(outcome=outcome, stage_seconds={}, attempt=0, grasp=None)


class Answer:
    """A future that another thread completes."""

    def __init__(self, future: Any) -> None:
        self._future, self._done = future, threading.Event()
        future.add_done_callback(lambda _: self._done.set())

    @property
    def has_come(self) -> bool:
        """Whether it is complete."""
        return self._done.is_set()

    def wait(self, timeout_s: float) -> Any:
        """Return the result, or None if it has not come within this wall time [s]."""
        return self._future.result() if self._done.wait(timeout_s) else None


def _of_status(status: GraspStatus) -> Ending:
    return Ending(
        outcome=outcome_from_msg(status),
        stage_seconds=dict(zip(status.stage_names, status.stage_seconds, strict=False)),
        attempt=status.attempt,
        grasp=None,
    )
