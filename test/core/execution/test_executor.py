"""Every way in which an execution can end, on the simulated arm, hand and can."""

import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from maskdexgrasp_core.errors import DriverError
from maskdexgrasp_core.execution.config import ExecutionCfg
from maskdexgrasp_core.execution.executor import GraspExecutor
from maskdexgrasp_core.outcome import Code, Stage
from maskdexgrasp_core.sim.drivers import SimArmDriver, SimClock


class Interruption:
    """Calls an action once, some polls after a stage with a given detail began."""

    def __init__(self, stage: Stage, detail: str, polls: int, action: Callable[[], None]) -> None:
        self._stage, self._detail, self._left, self._action = stage, detail, polls, action
        self._armed = False
        self.time_s = float('nan')

    def on_stage(self, stage: Stage, detail: str, attempt: int) -> None:
        self._armed |= stage is self._stage and self._detail in detail

    def poll(self, now_s: float) -> None:
        if self._armed:
            self._left -= 1
            if self._left == 0:
                self.time_s = now_s
                self._action()


class InterruptingClock(SimClock):
    def __init__(self, world, interruption: Interruption) -> None:
        super().__init__(world)
        self._interruption = interruption

    def sleep(self, duration_s: float) -> None:
        super().sleep(duration_s)
        self._interruption.poll(self.now_s())


class FailingArm(SimArmDriver):
    """An arm whose connection can be cut."""

    is_connected = True

    def read_state(self):
        if not self.is_connected:
            raise DriverError('connection to the arm lost')
        return super().read_state()


class SlowArm(SimArmDriver):
    """An arm that never reports the end of a motion."""

    has_started = False

    def start_trajectory(self, trajectory) -> None:
        super().start_trajectory(trajectory)
        self.has_started = True

    def read_state(self):
        state = super().read_state()
        return replace(state, is_moving=state.is_moving or self.has_started)


def speed(cell) -> float:
    return float(np.abs(cell.arm.read_state().joint_velocities).max())


def test_the_can_is_lifted_held_and_put_back(cell, request_can):
    stages = []
    heights = {}

    def on_stage(stage, detail, attempt):
        stages.append(stage)
        heights[stage] = cell.object_height()

    request = replace(request_can, place_after_hold=True)
    result = cell.executor().run(request, on_stage)
    assert result.outcome.ok, result.outcome.reason
    assert heights[Stage.HOLD] > 0.13
    assert result.lift_height_m == pytest.approx(0.15, abs=0.01)
    assert result.held_s >= 0.4
    assert result.attempts == 1
    assert stages == sorted(stages)
    assert set(result.stage_seconds) == {
        Stage.PLAN, Stage.APPROACH, Stage.CLOSE, Stage.LIFT, Stage.HOLD, Stage.PLACE, Stage.HOME,
    }  # fmt: skip
    assert cell.object_height() < 0.01
    home_error = cell.arm.read_state().joint_positions - cell.planner.home
    assert np.abs(home_error).max() < 0.03


def test_an_object_that_is_elsewhere_is_not_grasped_and_the_arm_goes_home(make_cell, request_can):
    cell = make_cell(x=0.5, y=0.25)
    looks = []

    def reobserve():
        looks.append(cell.clock.now_s())
        return request_can.observation, request_can.hand_grasps

    attempts, plans = [], []
    request = replace(request_can, reobserve=reobserve)
    cfg = ExecutionCfg(hold_s=0.4, max_attempts=2)
    executor = GraspExecutor(
        cell.arm, cell.hand, cell.clock, cell.planner, cfg, on_plan=plans.append
    )
    result = executor.run(request, lambda stage, detail, attempt: attempts.append(attempt))
    assert result.outcome.code is Code.NOTHING_GRASPED
    assert result.attempts == 2
    assert len(looks) == 1
    assert len(result.failures) == 2
    assert attempts == sorted(attempts)
    assert set(attempts) == {0, 1}
    assert [plan.hand_grasp for plan in plans] == [request_can.hand_grasps[0]] * 2
    home_error = cell.arm.read_state().joint_positions - cell.planner.home
    assert np.abs(home_error).max() < 0.03


def test_planning_only_moves_nothing(cell, request_can):
    before = cell.arm.read_state().joint_positions.copy()
    result = cell.executor().run(replace(request_can, plan_only=True))
    assert result.outcome.ok
    assert result.attempts == 0
    assert cell.clock.now_s() == 0.0
    np.testing.assert_array_equal(cell.arm.read_state().joint_positions, before)


def test_an_unplannable_request_ends_with_the_planner_code(cell, request_can):
    result = cell.executor().run(replace(request_can, hand_grasps=[]))
    assert (result.outcome.stage, result.outcome.code) == (Stage.PLAN, Code.UNREACHABLE)
    assert result.attempts == 0


INSIDE = [
    (Stage.APPROACH, 'preshape'),
    (Stage.APPROACH, 'move to'),
    (Stage.CLOSE, 'close'),
    (Stage.LIFT, 'lift'),
    (Stage.HOLD, 'hold'),
]


@pytest.mark.parametrize(('stage', 'detail'), INSIDE, ids=[d for _, d in INSIDE])
def test_stop_inside_a_stage_latches_both_drivers(cell, request_can, stage, detail):
    interruption = Interruption(stage, detail, 8, cell.arm.stop)
    cell.clock = InterruptingClock(cell.world, interruption)
    result = cell.executor().run(request_can, interruption.on_stage)
    assert (result.outcome.stage, result.outcome.code) == (stage, Code.STOPPED)
    assert cell.clock.now_s() - interruption.time_s < 0.05
    assert cell.arm.read_state().is_stopped
    assert cell.hand.read_state().is_stopped
    again = cell.executor().run(request_can)
    assert again.outcome.code is Code.STOPPED
    assert again.attempts == 0


def test_cancel_inside_the_lift_halts_the_arm_and_keeps_the_object(cell, request_can):
    cancel = threading.Event()
    interruption = Interruption(Stage.LIFT, 'lift', 15, cancel.set)
    cell.clock = InterruptingClock(cell.world, interruption)
    result = cell.executor().run(request_can, interruption.on_stage, cancel)
    assert (result.outcome.stage, result.outcome.code) == (Stage.LIFT, Code.CANCELLED)
    assert not cell.arm.read_state().is_stopped
    height = cell.object_height()
    cell.clock.sleep(0.5)
    assert speed(cell) < 0.01
    assert 0.005 < cell.object_height() < 0.14
    assert cell.object_height() == pytest.approx(height, abs=0.01)


def test_cancel_between_stages_moves_nothing(cell, request_can):
    cancel = threading.Event()
    cancel.set()
    result = cell.executor().run(request_can, None, cancel)
    assert result.outcome.code is Code.CANCELLED
    assert speed(cell) < 0.01


def test_cancel_does_not_clear_a_stop_that_came_with_it(cell, request_can):
    cancel = threading.Event()

    def stop_then_cancel() -> None:
        cell.hand.stop()
        cell.arm.stop()
        cancel.set()

    interruption = Interruption(Stage.APPROACH, 'move to', 8, stop_then_cancel)
    cell.clock = InterruptingClock(cell.world, interruption)
    result = cell.executor().run(request_can, interruption.on_stage, cancel)
    assert result.outcome.code is Code.STOPPED
    assert cell.arm.read_state().is_stopped


def test_a_lost_connection_is_a_driver_fault_and_stops_the_hand(cell, request_can):
    arm = FailingArm(cell.world)
    interruption = Interruption(
        Stage.APPROACH, 'move to', 8, lambda: setattr(arm, 'is_connected', False)
    )
    clock = InterruptingClock(cell.world, interruption)
    executor = GraspExecutor(arm, cell.hand, clock, cell.planner)
    result = executor.run(request_can, interruption.on_stage)
    assert result.outcome.code is Code.DRIVER_FAULT
    assert 'connection to the arm lost' in result.outcome.reason
    assert cell.arm.read_state().is_stopped
    assert cell.hand.read_state().is_stopped


def test_a_motion_that_never_ends_is_a_timeout(cell, request_can):
    cfg = ExecutionCfg(timeout_margin_s=0.3)
    executor = GraspExecutor(SlowArm(cell.world), cell.hand, cell.clock, cell.planner, cfg)
    result = executor.run(request_can)
    assert (result.outcome.stage, result.outcome.code) == (Stage.APPROACH, Code.TIMEOUT)


def test_an_arm_that_is_held_back_is_a_tracking_error(cell, request_can):
    def hold_back() -> None:
        cell.world.model.actuator_forcerange[:7] = [-1e-3, 1e-3]

    interruption = Interruption(Stage.APPROACH, 'move to', 8, hold_back)
    cell.clock = InterruptingClock(cell.world, interruption)
    result = cell.executor().run(request_can, interruption.on_stage)
    assert (result.outcome.stage, result.outcome.code) == (Stage.APPROACH, Code.TRACKING_ERROR)
    cell.clock.sleep(0.5)
    assert not cell.arm.read_state().is_stopped
