"""What runs inside the robot's controllers: trajectory following, finger ramps, the stop latch.

Both controllers are plain numpy: they take joint positions and time, and return servo targets.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maskdexgrasp_core.errors import DriverError, InvalidInputError
from maskdexgrasp_core.types import Array, JointTrajectory

START_TOLERANCE_RAD = 0.05
"""A trajectory that starts further from the arm than this is refused."""


@dataclass(frozen=True, kw_only=True)
class JointLimits:
    """Names and limits of the joints that one controller moves."""

    names: tuple[str, ...]
    lower: Array
    """(J,) [rad]."""
    upper: Array
    """(J,) [rad]."""
    tolerance_rad: float = 1e-3
    """Slack for rounding in a command; targets are clipped to the limits."""

    def check(self, positions: Array, what: str) -> None:
        """Raise if a row of `positions` (..., J) is not finite or outside the limits.

        Raises:
            InvalidInputError: Names the joint, the value and its limits.
        """
        if positions.shape[-1:] != (len(self.names),):
            raise InvalidInputError(
                f'{what}: expected {len(self.names)} joints, got shape {positions.shape}'
            )
        if not np.all(np.isfinite(positions)):
            raise InvalidInputError(f'{what}: positions must be finite')
        rows = positions.reshape(-1, len(self.names))
        excess = np.maximum(self.lower - rows, rows - self.upper)
        row, joint = np.unravel_index(np.argmax(excess), excess.shape)
        if excess[row, joint] > self.tolerance_rad:
            raise InvalidInputError(
                f'{what}: {self.names[joint]} = {rows[row, joint]:.4f} rad is outside '
                f'[{self.lower[joint]:.4f}, {self.upper[joint]:.4f}]'
            )


class ArmController:
    """Follows one joint trajectory at a time; `stop` latches until `reset`."""

    def __init__(self, limits: JointLimits, velocity_gain_s: Array) -> None:
        """Set up for the joints of `limits`.

        Args:
            limits: Joints of the arm.
            velocity_gain_s: (J,) [s], the servos' damping over stiffness: leading the target by
                this much time cancels their lag.
        """
        self._limits = limits
        self._velocity_gain = velocity_gain_s
        self._trajectory: JointTrajectory | None = None
        self._order: list[int] = []
        self._start_s = 0.0
        self._segment = 0
        self.is_stopped = False

    @property
    def is_moving(self) -> bool:
        """Whether a trajectory is being followed."""
        return self._trajectory is not None

    def start(self, trajectory: JointTrajectory, positions: Array, now_s: float) -> None:
        """Begin to follow `trajectory` from `positions` (J,) [rad] at time `now_s` [s].

        Raises:
            DriverError: If stopped, still moving, or the start is further than
                `START_TOLERANCE_RAD` from `positions`.
            InvalidInputError: If the trajectory's names, times or values are wrong.
        """
        if self.is_stopped:
            raise DriverError('the arm is stopped; call reset first')
        if self._trajectory is not None:
            raise DriverError('the arm still follows a trajectory')
        order = self._check(trajectory)
        gap = np.abs(trajectory.positions[0, order] - positions)
        if gap.max() > START_TOLERANCE_RAD:
            joint = self._limits.names[int(gap.argmax())]
            raise DriverError(
                f'the trajectory starts {gap.max():.3f} rad away from the arm at {joint} '
                f'(allowed {START_TOLERANCE_RAD})'
            )
        self._trajectory, self._order = trajectory, order
        self._start_s, self._segment = now_s, 0

    def stop(self) -> None:
        """Forget the trajectory and refuse others until `reset`."""
        self._trajectory = None
        self.is_stopped = True

    def reset(self) -> None:
        """Accept trajectories again."""
        self.is_stopped = False

    def target(self, now_s: float) -> Array | None:
        """Return the servo targets (J,) [rad] at `now_s`, or None when there is nothing new."""
        trajectory = self._trajectory
        if trajectory is None:
            return None
        times, elapsed = trajectory.times_s, now_s - self._start_s
        if elapsed >= times[-1]:
            self._trajectory = None
            return trajectory.positions[-1, self._order]
        while times[self._segment + 1] < elapsed:
            self._segment += 1
        i = self._segment
        share = (elapsed - times[i]) / (times[i + 1] - times[i])
        rows, speeds = trajectory.positions, trajectory.velocities
        position = rows[i] + share * (rows[i + 1] - rows[i])
        velocity = speeds[i] + share * (speeds[i + 1] - speeds[i])
        return position[self._order] + self._velocity_gain * velocity[self._order]

    def _check(self, trajectory: JointTrajectory) -> list[int]:
        names = self._limits.names
        if set(trajectory.joint_names) != set(names):
            raise InvalidInputError(f'joints {trajectory.joint_names} are not {names}')
        shape = (len(trajectory.times_s), len(names))
        if trajectory.positions.shape != shape or trajectory.velocities.shape != shape:
            raise InvalidInputError(
                f'trajectory: expected positions and velocities of shape {shape}, got '
                f'{trajectory.positions.shape} and {trajectory.velocities.shape}'
            )
        if not (
            np.all(np.isfinite(trajectory.times_s)) and np.all(np.diff(trajectory.times_s) > 0)
        ):
            raise InvalidInputError('trajectory: times must be finite and increase')
        if not np.all(np.isfinite(trajectory.velocities)):
            raise InvalidInputError('trajectory: velocities must be finite')
        order = [trajectory.joint_names.index(name) for name in names]
        self._limits.check(trajectory.positions[:, order], 'trajectory')
        return order


class HandController:
    """Ramps motors to positions; each motor's torque saturates at the limit of the command."""

    SETTLE_S = 0.5
    """A motor that still creeps this long after its ramp no longer counts as moving."""
    STALL_GAP_RAD = 0.02
    """A motor this close to its target has reached it, whatever its effort."""

    def __init__(self, limits: JointLimits, kp: Array, max_forces: Array) -> None:
        """Set up for the motors of `limits` with servo stiffness `kp` and torque bounds (M,)."""
        self._limits = limits
        self._kp = kp
        self._max_forces = max_forces
        self._from = np.zeros(len(kp))
        self._goal = np.zeros(len(kp))
        self._start_s = 0.0
        self._duration_s = 0.0
        self._is_ramping = False
        self.force_limits = max_forces.copy()
        """(M,) [N m] at which each motor's torque saturates now."""
        self.is_stopped = False

    def move(
        self,
        positions: Array,
        force_limits: Array,
        duration_s: float,
        *,
        now_s: float,
        held: Array,
    ) -> None:
        """Ramp from the servo targets `held` (M,) to `positions` (M,) within `duration_s`.

        Raises:
            DriverError: If stopped.
            InvalidInputError: If a value is not finite or out of range.
        """
        if self.is_stopped:
            raise DriverError('the hand is stopped; call reset first')
        positions, force_limits = np.asarray(positions, float), np.asarray(force_limits, float)
        self._limits.check(positions, 'hand')
        if force_limits.shape != self._kp.shape or not np.all(np.isfinite(force_limits)):
            raise InvalidInputError(f'hand: {len(self._kp)} finite force limits are needed')
        if not np.all(force_limits > 0):
            raise InvalidInputError(f'hand: force limits must be positive, got {force_limits}')
        if not (np.isfinite(duration_s) and duration_s >= 0):
            raise InvalidInputError(f'hand: duration {duration_s} s is not >= 0 and finite')
        self.force_limits = np.minimum(force_limits, self._max_forces)
        self._goal = np.clip(positions, self._limits.lower, self._limits.upper)
        self._from = held.copy()
        self._start_s, self._duration_s = now_s, duration_s
        self._is_ramping = True

    def target(self, now_s: float) -> Array | None:
        """Return the servo targets (M,) [rad] at `now_s`, or None when there is nothing new."""
        if not self._is_ramping:
            return None
        elapsed = now_s - self._start_s
        if elapsed >= self._duration_s:
            self._is_ramping = False
            return self._goal
        return self._from + elapsed / self._duration_s * (self._goal - self._from)

    def stop(self, targets: Array, positions: Array) -> Array:
        """Latch, and return targets (M,) that keep the present torque and go no further.

        Args:
            targets: Present servo targets, (M,) [rad].
            positions: Present motor positions, (M,) [rad].
        """
        self.is_stopped = True
        self._is_ramping = False
        reach = self.force_limits / self._kp
        self._goal = positions + np.clip(targets - positions, -reach, reach)
        return self._goal

    def reset(self) -> None:
        """Accept moves again."""
        self.is_stopped = False

    def is_moving(self, now_s: float, velocities: Array) -> bool:
        """Whether the ramp runs or a motor still follows it; `velocities` (M,) [rad/s]."""
        if self._is_ramping:
            return True
        rests = np.abs(velocities).max() < 0.05
        return not rests and now_s - self._start_s < self._duration_s + self.SETTLE_S

    def stalled(self, positions: Array, efforts: Array, velocities: Array) -> NDArray[np.bool_]:
        """Return (M,) bool: at the force limit, short of the target, and at rest."""
        at_limit = np.abs(efforts) > 0.95 * self.force_limits
        short = np.abs(self._goal - positions) > self.STALL_GAP_RAD
        return at_limit & short & (np.abs(velocities) < 0.2)

    def restart(self, positions: Array) -> None:
        """Forget everything and rest at `positions` (M,) [rad]."""
        self._is_ramping = False
        self._goal = positions.copy()
        self._duration_s = 0.0
        self.force_limits = self._max_forces.copy()
        self.is_stopped = False
