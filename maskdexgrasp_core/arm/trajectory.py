"""Time parametrisation of joint paths within velocity, acceleration and jerk limits.

A polyline of waypoints becomes a cubic B-spline q(u) that leaves it only near corners
(the control points are the evenly resampled polyline, so the curve stays in the convex hull
of four neighbours). A jerk-limited u(t) from Ruckig then runs along it from rest to rest. With
the chain rule,

    q'   = q_u u',
    q''  = q_uu u'^2 + q_u u'',
    q''' = q_uuu u'^3 + 3 q_uu u' u'' + q_u u''',

the limits on u are chosen from the largest derivatives of the path, the result is measured with
the same formulas, and one uniform change of the time scale makes every joint keep its limits.
"""

from dataclasses import dataclass

import numpy as np
from ruckig import InputParameter, Result, Ruckig, Trajectory
from scipy.interpolate import BSpline

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.types import Array, JointTrajectory

_DEGREE = 3
_TRADE_OFFS = (1.0, 0.7, 0.5, 0.35, 0.25)
"""Fractions of the cruise speed that the velocity limits allow; the fastest result is kept."""

_MIN_SAMPLES, _SAMPLES_PER_SPAN = 300, 20
"""How densely the derivatives are measured: a corner of the path takes about two spans."""


@dataclass(frozen=True, kw_only=True)
class MotionLimits:
    """Largest joint rates that a trajectory may use."""

    velocity: Array
    """(J,) [rad/s]."""
    acceleration: Array
    """(J,) [rad/s^2]."""
    jerk: Array
    """(J,) [rad/s^3]."""

    def scaled(self, speed_scale: float) -> 'MotionLimits':
        """Return the limits of the same motion run at `speed_scale` (0, 1] of its speed."""
        if not 0.0 < speed_scale <= 1.0:
            raise InvalidInputError(f'speed_scale: got {speed_scale}, expected in (0, 1]')
        return MotionLimits(
            velocity=self.velocity * speed_scale,
            acceleration=self.acceleration * speed_scale**2,
            jerk=self.jerk * speed_scale**3,
        )


def smooth_path(path: Array, spacing_rad: float) -> BSpline:
    """Return the cubic B-spline that follows a polyline and rounds its corners.

    Args:
        path: Waypoints, shape (K, J) [rad], K >= 2.
        spacing_rad: Distance of control points [rad]; corners are cut by at most a third of it.

    Returns:
        The curve q(u), u in [0, n]; it starts and ends exactly in the first and last waypoint.

    Raises:
        InvalidInputError: If the path has fewer than two different waypoints or is not finite.
    """
    points = _resample(path, spacing_rad)
    first, last = 2.0 * points[0] - points[1], 2.0 * points[-1] - points[-2]
    control = np.vstack([first, points, last])
    knots = np.arange(-_DEGREE, len(points) + _DEGREE, dtype=float)
    return BSpline(knots, control, _DEGREE)


def sample_path(curve: BSpline, samples_per_span: int = 2) -> Array:
    """Return points along a curve of `smooth_path`, shape (S, J) [rad], both ends included."""
    spans = _num_spans(curve)
    return np.asarray(curve(np.linspace(0.0, spans, samples_per_span * spans + 1)))


def parametrise(
    curve: BSpline,
    joint_names: tuple[str, ...],
    limits: MotionLimits,
    *,
    speed_scale: float = 1.0,
    time_step_s: float = 0.01,
) -> JointTrajectory:
    """Run along a curve from rest to rest within the limits of every joint.

    Args:
        curve: From `smooth_path`.
        joint_names: The J joints of the curve.
        limits: At full speed.
        speed_scale: Fraction of full speed, (0, 1].
        time_step_s: Time between samples [s].

    Returns:
        Samples every `time_step_s` (the duration is a multiple of it).

    Raises:
        InvalidInputError: If `speed_scale` is out of range.
    """
    allowed = limits.scaled(speed_scale)
    bounds = _path_bounds(curve, allowed)
    timings = [_timing(curve, bounds * (cruise, 1.0, 1.0)) for cruise in _TRADE_OFFS]
    stretches = [_stretch(curve, timing, bounds[2], allowed) for timing in timings]
    durations = [t.duration * k for t, k in zip(timings, stretches, strict=True)]
    best = int(np.argmin(durations))
    steps = max(2, int(np.ceil(durations[best] / time_step_s)))
    stretch = steps * time_step_s / timings[best].duration
    times = np.arange(steps + 1, dtype=np.float64) * time_step_s
    u, du, _ = _evaluate(timings[best], times / stretch, _num_spans(curve))
    return JointTrajectory(
        joint_names=joint_names,
        times_s=times,
        positions=np.asarray(curve(u)),
        velocities=np.asarray(curve.derivative()(u)) * du[:, None] / stretch,
    )


def reverse(trajectory: JointTrajectory) -> JointTrajectory:
    """Return the same motion run backwards; it keeps the same limits."""
    return JointTrajectory(
        joint_names=trajectory.joint_names,
        times_s=trajectory.duration_s - trajectory.times_s[::-1],
        positions=trajectory.positions[::-1].copy(),
        velocities=-trajectory.velocities[::-1],
    )


def _resample(path: Array, spacing_rad: float) -> Array:
    """Return evenly spaced points on a polyline, ends included: (n + 1, J), n >= 2."""
    if path.ndim != 2 or len(path) < 2 or not np.isfinite(path).all():
        raise InvalidInputError(f'path: got shape {path.shape}, expected finite (K >= 2, J)')
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    keep = np.concatenate([[True], steps > 1e-9])
    length = np.concatenate([[0.0], np.cumsum(steps)])[keep]
    if length[-1] <= 1e-6:
        raise InvalidInputError('path: all waypoints are equal')
    count = max(2, int(np.ceil(length[-1] / spacing_rad)))
    at = np.linspace(0.0, length[-1], count + 1)
    points = np.stack([np.interp(at, length, column) for column in path[keep].T], axis=1)
    points[0], points[-1] = path[0], path[-1]
    return points


def _num_spans(curve: BSpline) -> int:
    return len(curve.c) - _DEGREE


def _path_bounds(curve: BSpline, limits: MotionLimits) -> Array:
    """Return (velocity, acceleration, jerk) of u that a straight path of this speed allows."""
    u = np.linspace(0.0, _num_spans(curve), 4 * _num_spans(curve) + 1)
    slope = np.abs(curve.derivative()(u)).max(axis=0)
    rows = (limits.velocity, limits.acceleration, limits.jerk)
    return np.array([np.min(row / np.maximum(slope, 1e-12)) for row in rows])


def _timing(curve: BSpline, bounds: Array) -> Trajectory:
    """Return the time-optimal u(t) from 0 to the end within velocity, acceleration, jerk."""
    request = InputParameter(1)
    request.current_position, request.target_position = [0.0], [float(_num_spans(curve))]
    request.max_velocity = [bounds[0]]
    request.max_acceleration = [bounds[1]]
    request.max_jerk = [bounds[2]]
    timing = Trajectory(1)
    result = Ruckig(1).calculate(request, timing)
    if result not in (Result.Working, Result.Finished):
        raise InvalidInputError(f'no timing within velocity, acceleration, jerk {bounds}')
    return timing


def _evaluate(timing: Trajectory, times: Array, end: float) -> tuple[Array, Array, Array]:
    """Return u, u', u'' at the times, each (S,)."""
    rows = [timing.at_time(float(min(t, timing.duration))) for t in times]
    u, du, ddu = (np.array([row[i][0] for row in rows]) for i in range(3))
    return np.clip(u, 0.0, end), du, ddu


def _stretch(curve: BSpline, timing: Trajectory, jerk_u: float, limits: MotionLimits) -> float:
    """Return the factor on time with which the worst joint just keeps its limits."""
    count = max(_MIN_SAMPLES, _SAMPLES_PER_SPAN * _num_spans(curve))
    times = np.linspace(0.0, timing.duration, count)
    u, du, ddu = (x[:, None] for x in _evaluate(timing, times, _num_spans(curve)))
    q1, q2, q3 = (np.asarray(curve.derivative(n)(u[:, 0])) for n in (1, 2, 3))
    velocity = np.abs(q1 * du)
    acceleration = np.abs(q2 * du**2 + q1 * ddu)
    jerk = np.abs(q3 * du**3) + np.abs(3.0 * q2 * du * ddu) + np.abs(q1) * jerk_u
    ratios = (
        np.max(velocity / limits.velocity),
        np.sqrt(np.max(acceleration / limits.acceleration)),
        np.cbrt(np.max(jerk / limits.jerk)),
    )
    return 1.01 * float(max(ratios))
