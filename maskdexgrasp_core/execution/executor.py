"""Executes grasps: plan, approach, close, lift, hold, place; tries again where that helps."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from maskdexgrasp_core.arm.executable_plan import ExecutablePlan
from maskdexgrasp_core.arm.grasp_planner import GraspPlanner
from maskdexgrasp_core.execution.attempt import GraspAttempt
from maskdexgrasp_core.execution.config import ExecutionCfg
from maskdexgrasp_core.execution.decisions import LATCHING_CODES, RETRYABLE
from maskdexgrasp_core.execution.monitor import CancelToken, MotionMonitor
from maskdexgrasp_core.outcome import Code, Outcome, Stage, StageError
from maskdexgrasp_core.protocols import ArmDriver, Clock, HandDriver
from maskdexgrasp_core.types import HandGrasp, ObjectObservation

StageCallback = Callable[[Stage, str, int], None]
"""Called with stage, detail and attempt (0 = first) whenever the robot begins something else."""
PlanCallback = Callable[[ExecutablePlan], None]
"""Called with every plan before it is executed."""
Reobserve = Callable[[], tuple[ObjectObservation, Sequence[HandGrasp]]]
"""Looks again after a failed attempt; may raise `StageError`."""


@dataclass(frozen=True, kw_only=True)
class ExecutionRequest:
    """What is to be executed."""

    observation: ObjectObservation
    hand_grasps: Sequence[HandGrasp]
    """Best first."""
    place_after_hold: bool = False
    """Put the object down again and go home."""
    plan_only: bool = False
    """End after planning; nothing moves."""
    seed: int = 0
    reobserve: Reobserve | None = None
    """None: later attempts use the remaining grasps of the same observation."""


@dataclass(frozen=True, kw_only=True)
class ExecutionResult:
    """How an execution ended."""

    outcome: Outcome
    attempts: int
    """Number of attempts that moved the robot."""
    hand_grasp: HandGrasp | None
    """The grasp planned last."""
    grasp_index: int
    """Its index in the list that it came from, or -1."""
    lift_height_m: float
    """Height gained by the hand in the last lift [m], by the arm's kinematics."""
    held_s: float
    """Time that the object was watched in the lifted hand [s]."""
    stage_seconds: dict[Stage, float] = field(default_factory=dict)
    """Time per stage over all attempts [s]: PLAN in wall time, others in the motions' clock."""
    failures: tuple[Outcome, ...] = ()
    """Of the attempts that failed, in order."""


class GraspExecutor:
    """Runs one request at a time on an arm and a hand."""

    def __init__(
        self,
        arm: ArmDriver,
        hand: HandDriver,
        clock: Clock,
        planner: GraspPlanner,
        cfg: ExecutionCfg | None = None,
        *,
        on_plan: PlanCallback | None = None,
    ) -> None:
        """Bind to drivers and planner.

        Args:
            arm: Driver.
            hand: Driver.
            clock: Of the motions.
            planner: Makes the motions.
            cfg: Durations, limits and thresholds.
            on_plan: Told about every plan.
        """
        self.arm, self.hand, self.clock = arm, hand, clock
        self.planner = planner
        self.cfg = cfg or ExecutionCfg()
        self.on_plan = on_plan

    def run(
        self,
        request: ExecutionRequest,
        on_stage: StageCallback | None = None,
        cancel: CancelToken | None = None,
    ) -> ExecutionResult:
        """Execute until the object is held, every attempt failed, or the run was ended.

        A cancel halts the arm and leaves the hand as it is, so that a held object stays held. A
        stop and a driver's fault latch arm and hand until they are reset.

        Args:
            request: What to do.
            on_stage: Told about every stage as it begins.
            cancel: Set by another thread to end the run.
        """
        token = cancel or threading.Event()
        monitor = MotionMonitor(self.arm, self.hand, self.clock, self.cfg, token)
        run = _Run(self, request, monitor, on_stage)
        try:
            outcome = run.execute()
        except StageError as error:
            outcome = error.outcome
            if outcome.code in LATCHING_CODES:
                monitor.latch()
            else:
                monitor.halt()
        except BaseException:
            monitor.halt()
            raise
        return run.result(outcome)


class _Run:
    """State of one request."""

    def __init__(
        self,
        executor: GraspExecutor,
        request: ExecutionRequest,
        monitor: MotionMonitor,
        on_stage: StageCallback | None,
    ) -> None:
        self._request, self._monitor, self._on_stage = request, monitor, on_stage
        self._planner, self._on_plan = executor.planner, executor.on_plan
        self._clock, self._cfg = executor.clock, executor.cfg
        self._index = 0
        """Of the present attempt."""
        self._moved = 0
        """Number of attempts that moved the robot."""
        self._seconds: dict[Stage, float] = {}
        self._failures: list[Outcome] = []
        self._plan: ExecutablePlan | None = None
        self._attempt: GraspAttempt | None = None

    def execute(self) -> Outcome:
        """Return the outcome, or raise what ended the run at once."""
        observation, grasps = self._request.observation, list(self._request.hand_grasps)
        for index in range(self._cfg.max_attempts):
            self._index = index
            try:
                self._plan = plan = self._make_plan(observation, grasps)
            except StageError as error:
                if not self._failures or error.outcome.code in (Code.STOPPED, Code.CANCELLED):
                    raise
                return _with_note(
                    self._failures[-1], f'no further attempt: {error.outcome.reason}'
                )
            if self._request.plan_only:
                return Outcome(stage=Stage.PLAN)
            failure = self._try(plan)
            if failure is None:
                return Outcome(stage=Stage.PLACE if self._request.place_after_hold else Stage.HOLD)
            self._failures.append(failure)
            if index + 1 < self._cfg.max_attempts:
                try:
                    observation, grasps = self._next_grasps(observation, grasps[plan.index + 1 :])
                except StageError as error:
                    return _with_note(failure, f'looking again failed: {error.outcome.reason}')
        return self._failures[-1]

    def result(self, outcome: Outcome) -> ExecutionResult:
        """Collect what happened."""
        plan, attempt = self._plan, self._attempt
        return ExecutionResult(
            outcome=outcome,
            attempts=self._moved,
            hand_grasp=None if plan is None else plan.hand_grasp,
            grasp_index=-1 if plan is None else plan.index,
            lift_height_m=0.0 if attempt is None else attempt.lift_height_m,
            held_s=0.0 if attempt is None else attempt.held_s,
            stage_seconds=dict(self._seconds),
            failures=tuple(self._failures),
        )

    def _make_plan(
        self, observation: ObjectObservation, grasps: Sequence[HandGrasp]
    ) -> ExecutablePlan:
        self._announce(Stage.PLAN, f'{len(grasps)} grasps')
        arm, _ = self._monitor.look(Stage.PLAN)
        began = time.perf_counter()
        try:
            plan = self._planner.plan(
                observation, grasps, arm.joint_positions, seed=self._request.seed
            )
        finally:
            spent = time.perf_counter() - began
            self._seconds[Stage.PLAN] = self._seconds.get(Stage.PLAN, 0.0) + spent
        if self._on_plan is not None:
            self._on_plan(plan)
        return plan

    def _try(self, plan: ExecutablePlan) -> Outcome | None:
        """Execute a plan; return None on success, else the failure after going home."""
        self._moved += 1
        self._attempt = attempt = GraspAttempt(
            plan, self._monitor, self._planner, self._cfg, self._stage
        )
        try:
            attempt.pick()
        except StageError as error:
            if error.outcome.code not in RETRYABLE:
                raise
            attempt.recover()
            return error.outcome
        if self._request.place_after_hold:
            attempt.place()
        return None

    def _next_grasps(
        self, observation: ObjectObservation, rest: list[HandGrasp]
    ) -> tuple[ObjectObservation, list[HandGrasp]]:
        if self._request.reobserve is None:
            return observation, rest
        self._announce(Stage.PERCEIVE, 'looking again')
        observation, grasps = self._request.reobserve()
        return observation, list(grasps)

    @contextmanager
    def _stage(self, stage: Stage, detail: str) -> Iterator[None]:
        """Announce a stage and add its time, however it ends."""
        self._announce(stage, detail)
        began = self._clock.now_s()
        try:
            yield
        finally:
            spent = self._clock.now_s() - began
            self._seconds[stage] = self._seconds.get(stage, 0.0) + spent

    def _announce(self, stage: Stage, detail: str) -> None:
        if self._on_stage is not None:
            self._on_stage(stage, detail, self._index)


def _with_note(outcome: Outcome, note: str) -> Outcome:
    return Outcome(stage=outcome.stage, code=outcome.code, reason=f'{outcome.reason}; {note}')
