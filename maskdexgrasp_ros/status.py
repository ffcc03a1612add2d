"""Reports of a node about commands, and how errors become outcomes."""

import traceback
from collections.abc import Mapping

from rclpy.node import Node

from maskdexgrasp_core.errors import (
    DriverError,
    InvalidInputError,
    NotConnectedError,
    UnknownNameError,
)
from maskdexgrasp_core.outcome import Code, Outcome, Stage, StageError
from maskdexgrasp_ros import qos, topics
from maskdexgrasp_ros.conversions import status_to_msg
from maskdexgrasp_ros.diagnostics import DiagnosticsPublisher
from maskdexgrasp_ros.interfaces import GraspStatus


def outcome_of(error: Exception, stage: Stage) -> Outcome:
    """Return the outcome that an error means at the edge of `stage`."""
    if isinstance(error, StageError):
        return error.outcome
    text = str(error) or type(error).__name__
    if isinstance(error, NotConnectedError):
        return Outcome(stage=stage, code=Code.DRIVER_NOT_CONNECTED, reason=text)
    if isinstance(error, DriverError):
        return Outcome(stage=stage, code=Code.DRIVER_FAULT, reason=text)
    if isinstance(error, InvalidInputError | UnknownNameError):
        return Outcome(stage=stage, code=Code.INVALID_COMMAND, reason=text)
    reason = f'{type(error).__name__}: {text}'
    return Outcome(stage=stage, code=Code.INTERNAL_ERROR, reason=reason)


class StatusReporter:
    """Publishes on `grasp_status`, to the log, and to the diagnostics of a node."""

    def __init__(self, node: Node, diagnostics: DiagnosticsPublisher) -> None:
        self._node = node
        self._diagnostics = diagnostics
        self._publisher = node.create_publisher(GraspStatus, topics.GRASP_STATUS, qos.RELIABLE)

    def begin(self, stage: Stage, command_id: str, *, attempt: int = 0) -> None:
        """Say that `stage` has begun to work on a command."""
        self.publish(Outcome(stage=stage), command_id, attempt=attempt)

    def finish(self, outcome: Outcome, command_id: str, duration_s: float) -> None:
        """Say how a stage ended; a failure ends the command, or its look.

        Args:
            outcome: Of the stage.
            command_id: Of the command.
            duration_s: Wall time of the stage [s].
        """
        name = outcome.stage.name.lower()
        self._diagnostics.timer.record(name, duration_s)
        self._diagnostics.report(outcome)
        self.publish(outcome, command_id, stage_seconds={name: duration_s}, done=not outcome.ok)

    def publish(
        self,
        outcome: Outcome,
        command_id: str,
        *,
        stage_seconds: Mapping[str, float] | None = None,
        attempt: int = 0,
        done: bool = False,
    ) -> None:
        """Publish one report; a failure goes to the log too."""
        if not outcome.ok:
            self._node.get_logger().warning(
                f'{command_id}: {outcome.stage.name.lower()}: {outcome.code.name} '
                f'({outcome.code.value}): {outcome.reason}; cure: {outcome.cure}'
            )
        self._publisher.publish(
            status_to_msg(
                outcome,
                command_id,
                self._node.get_clock().now().to_msg(),
                stage_seconds=stage_seconds,
                attempt=attempt,
                done=done,
            )
        )

    def log_defect(self, error: Exception) -> None:
        """Write the trace of an error that nobody expected."""
        lines = ''.join(traceback.format_exception(error))
        self._node.get_logger().error(f'defect: {lines}')
