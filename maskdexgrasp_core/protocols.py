"""The seams of the project: what may be replaced, and what each replacement must promise."""

from typing import Protocol, runtime_checkable

import trimesh

from maskdexgrasp_core.types import (
    ArmState,
    Array,
    CameraFrame,
    GraspSet,
    HandGrasp,
    HandState,
    JointTrajectory,
    ObjectObservation,
    ObservedCloud,
)


@runtime_checkable
class Clock(Protocol):
    """Time that a motion lives in: wall time on hardware, simulated time in the simulator."""

    def now_s(self) -> float:
        """Return the current time [s]."""
        ...

    def sleep(self, duration_s: float) -> None:
        """Return after `duration_s` [s] of this clock."""
        ...


@runtime_checkable
class Camera(Protocol):
    """A depth camera with a known pose."""

    def read_frame(self) -> CameraFrame:
        """Return the newest frame.

        Raises:
            DriverError: If the device does not deliver.
        """
        ...


@runtime_checkable
class ShapeCompletion(Protocol):
    """Turns one view of an object into a closed surface."""

    name: str

    def complete(self, cloud: ObservedCloud, table_height: float) -> trimesh.Trimesh:
        """Return a watertight mesh in the base frame [m] that explains the visible points.

        Raises:
            StageError: With `Code.BAD_SHAPE` if no surface can be made of the points.
        """
        ...


@runtime_checkable
class GraspGenerator(Protocol):
    """Proposes Shadow Hand grasps for an observed object."""

    name: str

    def generate(
        self,
        observation: ObjectObservation,
        *,
        num_grasps: int,
        seed: int,
        time_budget_s: float | None = None,
    ) -> GraspSet:
        """Return at most `num_grasps` grasps, best first; the same seed gives the same grasps.

        Args:
            observation: The object in the base frame.
            num_grasps: How many to return at most.
            seed: Of the random generator.
            time_budget_s: Return the best so far after this wall time [s]; None: no limit.
        """
        ...


@runtime_checkable
class Retargeter(Protocol):
    """Maps Shadow Hand grasps to a real hand."""

    name: str

    def retarget(
        self, grasps: GraspSet, observation: ObjectObservation
    ) -> tuple[tuple[HandGrasp, ...], dict[str, int]]:
        """Return grasps of the real hand, best first, and reason -> count of those dropped."""
        ...


@runtime_checkable
class ArmDriver(Protocol):
    """An arm that follows joint trajectories. Calls return at once; `read_state` tells."""

    def read_state(self) -> ArmState:
        """Return the newest state.

        Raises:
            DriverError: If the device is gone or reports a fault.
        """
        ...

    def start_trajectory(self, trajectory: JointTrajectory) -> None:
        """Begin to follow `trajectory`, which must start at the current position.

        Raises:
            DriverError: If stopped, still moving, or the start is further than 0.05 rad away.
            InvalidInputError: If a sample is not finite or breaks a joint limit.
        """
        ...

    def stop(self) -> None:
        """Halt now and refuse every motion until `reset`."""
        ...

    def reset(self) -> None:
        """Clear `stop`; the arm stays where it is."""
        ...


@runtime_checkable
class HandDriver(Protocol):
    """A hand whose motors stop by themselves at their force limits."""

    def read_state(self) -> HandState:
        """Return the newest state.

        Raises:
            DriverError: If the device is gone or reports a fault.
        """
        ...

    def move(self, positions: Array, force_limits: Array, duration_s: float) -> None:
        """Ramp the motors to `positions` (M,) [rad] within `duration_s` [s].

        A motor whose effort reaches `force_limits` (M,) [N m] stalls: it keeps that effort
        and does not go on. A new call replaces a running one.

        Raises:
            DriverError: If stopped.
            InvalidInputError: If a value is not finite or breaks a motor limit.
        """
        ...

    def stop(self) -> None:
        """Hold the present positions and refuse every motion until `reset`."""
        ...

    def reset(self) -> None:
        """Clear `stop`."""
        ...
