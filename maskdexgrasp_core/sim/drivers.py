"""Drivers around a `World` in the same process, for tests, rehearsals and benchmarks."""

from maskdexgrasp_core.sim.world import World
from maskdexgrasp_core.types import ArmState, Array, HandState, JointTrajectory


class SimClock:
    """Simulated time: sleeping steps the world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def now_s(self) -> float:
        """Return the simulated time [s]."""
        return self._world.time_s

    def sleep(self, duration_s: float) -> None:
        """Step the world by `duration_s` [s]."""
        self._world.run(duration_s)


class SimArmDriver:
    """`ArmDriver` of the simulated arm."""

    def __init__(self, world: World) -> None:
        self._world = world

    def read_state(self) -> ArmState:
        """Return the state at the present simulated time."""
        return self._world.arm_state()

    def start_trajectory(self, trajectory: JointTrajectory) -> None:
        """Begin to follow `trajectory`; it advances as the world steps."""
        self._world.start_trajectory(trajectory)

    def stop(self) -> None:
        """Freeze the arm within one physics step and latch."""
        self._world.stop_arm()

    def reset(self) -> None:
        """Clear the latch."""
        self._world.reset_arm()


class SimHandDriver:
    """`HandDriver` of the simulated hand."""

    def __init__(self, world: World) -> None:
        self._world = world

    def read_state(self) -> HandState:
        """Return the state at the present simulated time."""
        return self._world.hand_state()

    def move(self, positions: Array, force_limits: Array, duration_s: float) -> None:
        """Ramp the motors; they advance as the world steps."""
        self._world.move_hand(positions, force_limits, duration_s)

    def stop(self) -> None:
        """Hold the present positions and torques, and latch."""
        self._world.stop_hand()

    def reset(self) -> None:
        """Clear the latch."""
        self._world.reset_hand()
