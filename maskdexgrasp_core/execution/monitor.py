"""Motions with a deadline: starts them, watches both drivers, and turns trouble into codes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

import numpy as np

from maskdexgrasp_core.errors import DriverError, NotConnectedError
from maskdexgrasp_core.execution.config import ExecutionCfg
from maskdexgrasp_core.outcome import Code, Outcome, Stage, StageError
from maskdexgrasp_core.protocols import ArmDriver, Clock, HandDriver
from maskdexgrasp_core.types import ArmState, Array, HandState, JointTrajectory

_SAMPLE_S = 0.05
"""Between two instants of a trajectory that a state is compared with [s]."""


class CancelToken(Protocol):
    """Set by another thread to end a run; `threading.Event` is one."""

    def is_set(self) -> bool:
        """Return whether the run shall end."""
        ...


class MotionMonitor:
    """Runs motions of one command on an arm and a hand.

    Every wait polls both drivers and ends with a `StageError`: STOPPED when either reports its
    latch, CANCELLED when the token is set, DRIVER_FAULT, DRIVER_NOT_CONNECTED, STATE_IS_STALE,
    TIMEOUT and TRACKING_ERROR.
    """

    def __init__(
        self,
        arm: ArmDriver,
        hand: HandDriver,
        clock: Clock,
        cfg: ExecutionCfg,
        cancel: CancelToken,
    ) -> None:
        """Bind to the drivers."""
        self._arm, self._hand, self._clock = arm, hand, clock
        self._cfg, self._cancel = cfg, cancel
        self._last_stamps = (-np.inf, -np.inf)
        self._renewed_s = clock.now_s()

    def look(self, stage: Stage) -> tuple[ArmState, HandState]:
        """Return both states, or raise what ends the run."""
        with self._drivers(stage):
            arm, hand = self._arm.read_state(), self._hand.read_state()
        if arm.is_stopped or hand.is_stopped:
            raise StageError(stage, Code.STOPPED, 'stop was pressed; reset clears it')
        if self._cancel.is_set():
            raise StageError(stage, Code.CANCELLED, f'cancelled during {stage.name.lower()}')
        self._check_age(stage, arm, hand)
        return arm, hand

    def follow(self, stage: Stage, trajectory: JointTrajectory) -> ArmState:
        """Run a trajectory to its end and return the state there."""
        self.start(stage, trajectory)
        return self.wait_for_arm(stage, trajectory)

    def start(self, stage: Stage, trajectory: JointTrajectory) -> None:
        """Start a trajectory without waiting for its end."""
        self.look(stage)
        self._asked_s = self._clock.now_s()
        with self._drivers(stage):
            self._arm.start_trajectory(trajectory)
        self._began_s = self._clock.now_s()  # at the latest

    def wait_for_arm(self, stage: Stage, trajectory: JointTrajectory) -> ArmState:
        """Wait for the end of the trajectory that `start` began."""
        deadline = self._began_s + trajectory.duration_s + self._cfg.timeout_margin_s
        while True:
            state, _ = self.look(stage)
            if not state.is_moving:
                break
            self._check_tracking(stage, state, trajectory)
            if self._clock.now_s() > deadline:
                elapsed = self._clock.now_s() - self._began_s
                reason = (
                    f'the arm still moves after {elapsed:.1f} s; the trajectory takes '
                    f'{trajectory.duration_s:.1f} s'
                )
                raise StageError(stage, Code.TIMEOUT, reason)
            self._clock.sleep(self._cfg.poll_s)
        return self._settle(stage, trajectory.positions[-1], deadline)

    def move_hand(
        self, stage: Stage, positions: Array, force_limits: Array, duration_s: float
    ) -> HandState:
        """Ramp the hand, wait until every motor rests, and return the state there."""
        self.start_hand(stage, positions, force_limits, duration_s)
        return self.wait_for_hand(stage, duration_s)

    def start_hand(
        self, stage: Stage, positions: Array, force_limits: Array, duration_s: float
    ) -> None:
        """Start a ramp of the hand without waiting for its end."""
        self.look(stage)
        with self._drivers(stage):
            self._hand.move(positions, force_limits, duration_s)
        self._hand_began_s = self._clock.now_s()

    def wait_for_hand(self, stage: Stage, duration_s: float) -> HandState:
        """Wait until the ramp that `start_hand` began has ended or stalled."""
        deadline = self._hand_began_s + duration_s + self._cfg.timeout_margin_s
        while True:
            self._clock.sleep(self._cfg.poll_s)
            _, state = self.look(stage)
            if not state.is_moving:
                return state
            if self._clock.now_s() > deadline:
                elapsed = self._clock.now_s() - self._hand_began_s
                reason = f'the hand still moves after {elapsed:.1f} s of {duration_s:.1f} s'
                raise StageError(stage, Code.TIMEOUT, reason)

    def rest(
        self, stage: Stage, duration_s: float, judge: Callable[[HandState], Outcome] | None = None
    ) -> HandState:
        """Wait; `judge` sees every hand state and ends the wait by a failing outcome."""
        until = self._clock.now_s() + duration_s
        while True:
            _, state = self.look(stage)
            outcome = None if judge is None else judge(state)
            if outcome is not None and not outcome.ok:
                raise StageError(outcome.stage, outcome.code, outcome.reason)
            if self._clock.now_s() >= until:
                return state
            self._clock.sleep(self._cfg.poll_s)

    def halt(self) -> None:
        """End a motion of the arm and leave it usable; a stop of the user stays latched.

        The arm is stopped and reset. The user's stop latches arm and hand; so the arm is only
        reset while the hand is free, and stopped again if the hand was latched meanwhile.
        """
        with suppress(DriverError):
            if self._arm.read_state().is_stopped:
                return
            self._arm.stop()
            self._clock.sleep(self._cfg.poll_s)
            if self._hand.read_state().is_stopped:
                return
            self._arm.reset()
            if self._hand.read_state().is_stopped:
                self._arm.stop()

    def latch(self) -> None:
        """Stop arm and hand until the user resets them, as far as the drivers answer."""
        for driver in (self._arm, self._hand):
            with suppress(DriverError):
                driver.stop()

    @contextmanager
    def _drivers(self, stage: Stage) -> Iterator[None]:
        """Turn a driver's error into its code, or STOPPED where a stop came in between."""
        try:
            yield
        except DriverError as error:
            with suppress(DriverError):
                if self._arm.read_state().is_stopped or self._hand.read_state().is_stopped:
                    reason = f'stop was pressed; reset clears it ({error})'
                    raise StageError(stage, Code.STOPPED, reason) from error
            is_gone = isinstance(error, NotConnectedError)
            code = Code.DRIVER_NOT_CONNECTED if is_gone else Code.DRIVER_FAULT
            raise StageError(stage, code, str(error)) from error

    def _check_age(self, stage: Stage, arm: ArmState, hand: HandState) -> None:
        """Raise if a driver has reported the same stamp for too long."""
        now = self._clock.now_s()
        stamps = (arm.stamp_s, hand.stamp_s)
        if all(new > old for new, old in zip(stamps, self._last_stamps, strict=True)):
            self._last_stamps, self._renewed_s = stamps, now
        elif now - self._renewed_s > self._cfg.max_state_age_s:
            reason = f'no new state from arm or hand for {now - self._renewed_s:.2f} s'
            raise StageError(stage, Code.STATE_IS_STALE, reason)

    def _check_tracking(self, stage: Stage, state: ArmState, trajectory: JointTrajectory) -> None:
        """Raise if the arm is far from where it may be at the instant of its state.

        When the driver began is known only to lie between the request and its answer, and the
        state may be older than the clock: time goes on while messages travel.
        """
        lag = self._cfg.path_lag_s
        first = state.stamp_s - self._began_s - lag
        last = state.stamp_s - self._asked_s + lag
        instants = np.linspace(first, last, 2 + int((last - first) / _SAMPLE_S))
        wanted = np.stack(
            [np.interp(instants, trajectory.times_s, column) for column in trajectory.positions.T]
        )
        below = wanted.min(axis=1) - state.joint_positions
        above = state.joint_positions - wanted.max(axis=1)
        error = np.maximum(0.0, np.maximum(below, above))
        if error.max() > self._cfg.path_tolerance_rad:
            joint = trajectory.joint_names[int(error.argmax())]
            reason = f'{joint} is {error.max():.2f} rad away from its trajectory'
            raise StageError(stage, Code.TRACKING_ERROR, reason)

    def _settle(self, stage: Stage, goal: Array, deadline: float) -> ArmState:
        """Wait for the last lag to vanish."""
        while True:
            state, _ = self.look(stage)
            error = np.abs(state.joint_positions - goal).max()
            if error <= self._cfg.goal_tolerance_rad:
                return state
            if self._clock.now_s() > deadline:
                reason = f'the arm rests {error:.3f} rad away from the end of its trajectory'
                raise StageError(stage, Code.TRACKING_ERROR, reason)
            self._clock.sleep(self._cfg.poll_s)
