"""One run of the execute_grasp action: the chain first if need be, then the robot."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from maskdexgrasp_core.execution.executor import (
    ExecutionRequest,
    ExecutionResult,
    GraspExecutor,
)
from maskdexgrasp_core.outcome import Code, Outcome, Stage, StageError
from maskdexgrasp_core.perception.sentence import check_seed
from maskdexgrasp_core.types import Command, HandGrasp, ObjectObservation
from maskdexgrasp_ros.chain import Chain, StageTimes
from maskdexgrasp_ros.gate import retry_id, root_id
from maskdexgrasp_ros.grasp_conversions import hand_grasps_from_msg, observation_from_msg
from maskdexgrasp_ros.interfaces import HandGrasps

_LOOK_AGAIN_CODES = frozenset({Code.NO_GRASP_FOUND, Code.RETARGETING_FAILED})
"""Failures of the chain that another picture and other random numbers may mend."""
_NUM_SEEDS = 2**63
"""Seeds are int64 from 0 on; after the last comes the first."""
Report = Callable[[Stage, str, int], None]
"""Told about every stage as it begins: stage, detail, attempt (0 = first)."""


@dataclass(frozen=True, kw_only=True)
class RunLink:
    """What a run needs of the node that it belongs to."""

    send: Callable[[Command], None]
    """Publishes a command for the chain."""
    report: Report
    is_cancelled: Callable[[], bool]
    """Whether the client has asked to end."""
    is_stopped: Callable[[], bool]
    """Whether `stop` holds the robot."""


@dataclass(frozen=True, kw_only=True)
class RunCfg:
    """How the chain is asked."""

    timeout_s: float
    """Longest wait for the chain [s]."""
    look_again: bool
    """Whether a failed attempt asks the chain anew, and once more where it finds no grasp."""


@dataclass(frozen=True, kw_only=True)
class RunOutcome:
    """How a run ended."""

    outcome: Outcome
    result: ExecutionResult | None
    """None when the robot's part was not reached."""
    stage_seconds: dict[str, float]
    """Stage name -> wall time [s], in the order of execution."""
    attempt: int
    """0 = first grasp tried."""


class GraspRun:
    """Executes one command; `cancel` and `stop` may come from other threads at any time.

    Args:
        command: What is asked, with its id.
        executor: Moves the robot.
        chain: Hears the other nodes.
        link: To the node.
        cfg: How the chain is asked.
    """

    def __init__(
        self,
        command: Command,
        executor: GraspExecutor,
        chain: Chain,
        link: RunLink,
        cfg: RunCfg,
    ) -> None:
        self._command, self._executor, self._chain = command, executor, chain
        self._link, self._cfg = link, cfg
        self._times = StageTimes()
        self._attempt = 0
        self._looks = 0

    def is_set(self) -> bool:
        """Return whether the run shall end: the token that the executor polls."""
        return self._link.is_cancelled()

    def execute(self, given: HandGrasps | None) -> RunOutcome:
        """Run to the end; never raises for an expected failure.

        Args:
            given: Grasps and their object; None asks the chain.
        """
        result: ExecutionResult | None = None
        try:
            self._chain.begin(self._command.command_id)
            self._check_command()
            self._require_free(Stage.COMMAND)
            if given is None:
                observation, grasps = self._first_grasps()
            else:
                self._looks = 1  # the first look was that of who sent them
                observation, grasps = _read(given)
            result = self._executor.run(
                ExecutionRequest(
                    observation=observation,
                    hand_grasps=grasps,
                    place_after_hold=self._command.place_after_hold,
                    plan_only=self._command.plan_only,
                    seed=self._command.seed,
                    reobserve=self._ask_chain if self._cfg.look_again else None,
                ),
                self._on_stage,
                self,
            )
            outcome = result.outcome
        except StageError as error:
            outcome = error.outcome
        finally:
            self._times.end()
        heard = self._chain.pop_seconds(self._command.command_id)
        return RunOutcome(
            outcome=outcome,
            result=result,
            stage_seconds=_merged(heard, self._times.seconds),
            attempt=self._attempt,
        )

    def _check_command(self) -> None:
        check_seed(self._command.seed)
        command_id = self._command.command_id
        if root_id(command_id) != command_id:
            reason = f'command_id {command_id!r} holds a #, which marks the looks of a command'
            raise StageError(Stage.COMMAND, Code.INVALID_COMMAND, reason)

    def _first_grasps(self) -> tuple[ObjectObservation, Sequence[HandGrasp]]:
        try:
            return self._ask_chain()
        except StageError as error:
            if not self._cfg.look_again or error.outcome.code not in _LOOK_AGAIN_CODES:
                raise
            self._link.report(Stage.PERCEIVE, f'looking again: {error.outcome.reason}', 0)
            return self._ask_chain()

    def _ask_chain(self) -> tuple[ObjectObservation, Sequence[HandGrasp]]:
        """Look under an id and a seed of this look, whose failure is not that of the command."""
        self._require_free(Stage.PERCEIVE)
        look, self._looks = self._looks, self._looks + 1
        name = retry_id(self._command.command_id, look)
        self._chain.expect(name)
        seed = (self._command.seed + look) % _NUM_SEEDS
        self._link.send(replace(self._command, command_id=name, seed=seed))
        answer = self._chain.wait_for(
            name, self._cfg.timeout_s, lambda: self._require_free(Stage.GENERATE)
        )
        return _read(answer)

    def _on_stage(self, stage: Stage, detail: str, attempt: int) -> None:
        self._attempt = attempt
        if stage is Stage.PERCEIVE:
            self._times.end()  # the chain reports its own times
        else:
            self._times.begin(stage)
        self._link.report(stage, detail, attempt)

    def _require_free(self, stage: Stage) -> None:
        if self._link.is_stopped():
            raise StageError(stage, Code.STOPPED, 'stop was pressed; reset clears it')
        if self._link.is_cancelled():
            raise StageError(stage, Code.CANCELLED, f'cancelled during {stage.name.lower()}')


def _read(message: HandGrasps) -> tuple[ObjectObservation, Sequence[HandGrasp]]:
    grasps, _ = hand_grasps_from_msg(message)
    return observation_from_msg(message.object, Stage.PLAN), grasps


def _merged(*parts: dict[str, float]) -> dict[str, float]:
    """Return all times, in the order of the stages."""
    names = [stage.name.lower() for stage in Stage]
    return {
        name: sum(part.get(name, 0.0) for part in parts)
        for name in names
        if any(name in part for part in parts)
    }
