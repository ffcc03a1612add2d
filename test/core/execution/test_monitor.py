"""What a monitor makes of states and answers that travel for a while."""

from collections import deque

import numpy as np
import pytest

from maskdexgrasp_core.arm.xarm7 import HOME
from maskdexgrasp_core.execution.config import ExecutionCfg
from maskdexgrasp_core.execution.monitor import MotionMonitor
from maskdexgrasp_core.outcome import Code, Stage, StageError
from maskdexgrasp_core.sim.drivers import SimArmDriver
from maskdexgrasp_core.types import JointTrajectory

NEVER = type('Never', (), {'is_set': lambda self: False})()


class LateStates(SimArmDriver):
    """Reports where the arm was `delay_s` ago, with the stamp of that time."""

    def __init__(self, world, delay_s):
        super().__init__(world)
        self._delay_s, self._states = delay_s, deque()

    def start_trajectory(self, trajectory):
        super().start_trajectory(trajectory)
        self._states.clear()  # no state of a driver is older than its last motion

    def read_state(self):
        now = super().read_state()
        self._states.append(now)
        while len(self._states) > 1 and self._states[1].stamp_s <= now.stamp_s - self._delay_s:
            self._states.popleft()
        return self._states[0]


class LateAnswer(SimArmDriver):
    """Begins at once and answers later."""

    def start_trajectory(self, trajectory):
        super().start_trajectory(trajectory)
        self._world.run(0.5)


class LateBeginning(SimArmDriver):
    """Answers at once and moves later: an arm that does not follow."""

    def __init__(self, world):
        super().__init__(world)
        self._asked = None

    def start_trajectory(self, trajectory):
        self._asked = trajectory
        self._due_s = self._world.time_s + 0.8

    def read_state(self):
        if self._asked is not None and self._world.time_s > self._due_s:
            super().start_trajectory(self._asked)
            self._asked = None
        state = super().read_state()
        return state if self._asked is None else _moving(state)


def _moving(state):
    return type(state)(**{**vars(state), 'is_moving': True})


def turn_of_the_wrist(cell):
    """One and a half radians of joint 7 in 1.5 s, from rest to rest."""
    times = np.linspace(0.0, 1.5, 61)
    share = 0.5 - 0.5 * np.cos(np.pi * times / times[-1])
    speed = 0.5 * np.pi / times[-1] * np.sin(np.pi * times / times[-1])
    only_last = np.eye(7)[6]
    return JointTrajectory(
        joint_names=cell.world.joints.arm,
        times_s=times,
        positions=HOME + 1.5 * share[:, None] * only_last,
        velocities=1.5 * speed[:, None] * only_last,
    )


def monitor(cell, arm):
    return MotionMonitor(arm, cell.hand, cell.clock, ExecutionCfg(), NEVER)


@pytest.mark.parametrize('late', ['states', 'answer'])
def test_messages_that_travel_are_no_tracking_error(cell, late):
    arm = LateStates(cell.world, 0.4) if late == 'states' else LateAnswer(cell.world)
    state = monitor(cell, arm).follow(Stage.APPROACH, turn_of_the_wrist(cell))
    assert state.joint_positions[6] == pytest.approx(HOME[6] + 1.5, abs=0.03)


def test_an_arm_that_begins_late_is_a_tracking_error(cell):
    with pytest.raises(StageError, match='joint7') as caught:
        monitor(cell, LateBeginning(cell.world)).follow(Stage.APPROACH, turn_of_the_wrist(cell))
    assert caught.value.outcome.code is Code.TRACKING_ERROR
