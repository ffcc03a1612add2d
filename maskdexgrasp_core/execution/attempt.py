"""One attempt at one planned grasp: the motions in order, and the way back from each."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import numpy as np

from maskdexgrasp_core.arm.executable_plan import ExecutablePlan
from maskdexgrasp_core.arm.grasp_planner import GraspPlanner
from maskdexgrasp_core.arm.trajectory import reverse
from maskdexgrasp_core.execution.config import ExecutionCfg
from maskdexgrasp_core.execution.decisions import (
    GripFacts,
    judge_grip,
    judge_hold,
    judge_preshape,
)
from maskdexgrasp_core.execution.monitor import MotionMonitor
from maskdexgrasp_core.outcome import Outcome, Stage, StageError
from maskdexgrasp_core.types import HandState, JointTrajectory

StageTimer = Callable[[Stage, str], AbstractContextManager[None]]
"""Announces a stage with a detail and measures the block."""


class GraspAttempt:
    """Moves arm and hand through one plan; every step may raise `StageError`."""

    def __init__(
        self,
        plan: ExecutablePlan,
        monitor: MotionMonitor,
        planner: GraspPlanner,
        cfg: ExecutionCfg,
        stage: StageTimer,
    ) -> None:
        """Bind to a plan."""
        self._plan, self._monitor, self._planner = plan, monitor, planner
        self._cfg, self._stage = cfg, stage
        self._way_back: list[JointTrajectory] = []
        """Motions that lead back to where the attempt began, last one first."""
        self._is_lifted = False
        self.lift_height_m = 0.0
        self.held_s = 0.0

    def pick(self) -> None:
        """Grasp, lift and hold the object.

        Raises:
            StageError: HAND_STALLED_EARLY, NOTHING_GRASPED and OBJECT_SLIPPED say that this
                grasp failed; others, from `MotionMonitor`, that the run has to end.
        """
        with self._stage(Stage.APPROACH, 'preshape'):
            self._open()
            state = self._monitor.rest(Stage.APPROACH, 0.0)
            _require(judge_preshape(self._plan.hand_grasp.motor_names, state))
        with self._stage(Stage.APPROACH, 'move to the object'):
            self._follow(Stage.APPROACH, self._plan.to_approach)
        with self._stage(Stage.APPROACH, 'move the open hand around the object'):
            self._follow(Stage.APPROACH, self._plan.approach)
        with self._stage(Stage.CLOSE, 'close and squeeze'):
            grip = self._close()
        with self._stage(Stage.LIFT, 'lift'):
            self._lift(grip)
        with self._stage(Stage.HOLD, f'hold for {self._cfg.hold_s:g} s'):
            self._hold(grip)

    def place(self) -> None:
        """Lower the object, let go of it, and go home."""
        with self._stage(Stage.PLACE, 'lower'):
            self._monitor.follow(Stage.PLACE, reverse(self._plan.lift))
            self._is_lifted = False
        with self._stage(Stage.PLACE, 'let go'):
            self._open(Stage.PLACE)
        self._go_back()

    def recover(self) -> None:
        """Let go of whatever is in the hand and go home by a way that was checked.

        Raises:
            StageError: If no way home is free; the arm then stays where it is.
        """
        with self._stage(Stage.HOME, 'let go'):
            self._open(Stage.HOME)
        self._go_back()

    def _close(self) -> GripFacts:
        """Close while the hand advances, squeeze, and judge the grip."""
        grasp, cfg = self._plan.hand_grasp, self._cfg
        advance = self._plan.advance
        close_s = cfg.close_s if advance is None else max(cfg.close_s, advance.duration_s)
        if advance is not None:
            self._monitor.start(Stage.CLOSE, advance)
        self._monitor.start_hand(Stage.CLOSE, grasp.grasp_positions, grasp.force_limits, close_s)
        if advance is not None:
            self._way_back.append(reverse(advance))
            self._monitor.wait_for_arm(Stage.CLOSE, advance)
        self._monitor.wait_for_hand(Stage.CLOSE, close_s)
        self._monitor.move_hand(
            Stage.CLOSE, grasp.squeeze_positions, grasp.force_limits, cfg.squeeze_s
        )
        state = self._monitor.rest(Stage.CLOSE, cfg.settle_s)
        facts = self._facts(state)
        _require(judge_grip(facts, cfg))
        return facts

    def _lift(self, grip: GripFacts) -> None:
        low = self._hand_height(Stage.LIFT)
        self._is_lifted = True
        self._monitor.follow(Stage.LIFT, self._plan.lift)
        self.lift_height_m = self._hand_height(Stage.LIFT) - low
        state = self._monitor.rest(Stage.LIFT, 0.0)
        _require(self._judge(grip, state, Stage.LIFT))

    def _hold(self, grip: GripFacts) -> None:
        began: list[float] = []

        def judge(state: HandState) -> Outcome:
            began.append(state.stamp_s)
            self.held_s = state.stamp_s - began[0]
            return self._judge(grip, state, Stage.HOLD)

        self._monitor.rest(Stage.HOLD, self._cfg.hold_s, judge)

    def _judge(self, grip: GripFacts, state: HandState, stage: Stage) -> Outcome:
        return judge_hold(grip, self._facts(state), stage, self._cfg)

    def _facts(self, state: HandState) -> GripFacts:
        grasp = self._plan.hand_grasp
        return GripFacts.of(grasp, state, self._planner.thumb_gaps(grasp, state.motor_positions))

    def _open(self, stage: Stage = Stage.APPROACH) -> None:
        grasp = self._plan.hand_grasp
        self._monitor.move_hand(
            stage, grasp.pregrasp_positions, grasp.force_limits, self._cfg.preshape_s
        )

    def _follow(self, stage: Stage, trajectory: JointTrajectory) -> None:
        self._monitor.follow(stage, trajectory)
        self._way_back.append(reverse(trajectory))

    def _go_back(self) -> None:
        """Run the motions backwards, or plan anew where the hand was lifted."""
        with self._stage(Stage.HOME, 'go home'):
            if not self._is_lifted:
                while self._way_back:
                    self._monitor.follow(Stage.HOME, self._way_back.pop())
            arm, hand = self._monitor.look(Stage.HOME)
            if np.abs(arm.joint_positions - self._planner.home).max() < 0.02:
                return
            for motion in self._planner.plan_home(arm.joint_positions, hand.motor_positions):
                self._monitor.follow(Stage.HOME, motion)

    def _hand_height(self, stage: Stage) -> float:
        arm, _ = self._monitor.look(stage)
        return float(self._planner.hand_pose(arm.joint_positions)[2, 3])


def _require(outcome: Outcome) -> None:
    if not outcome.ok:
        raise StageError(outcome.stage, outcome.code, outcome.reason)
