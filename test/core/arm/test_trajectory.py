from itertools import pairwise

import numpy as np
import pytest

from maskdexgrasp_core.arm.trajectory import (
    MotionLimits,
    parametrise,
    reverse,
    sample_path,
    smooth_path,
)
from maskdexgrasp_core.arm.xarm7 import XARM7
from maskdexgrasp_core.errors import InvalidInputError

NAMES = tuple(f'joint{i}' for i in range(1, 8))
LIMITS = MotionLimits(
    velocity=np.array(XARM7.max_velocity),
    acceleration=np.array(XARM7.max_acceleration),
    jerk=np.array(XARM7.max_jerk),
)
ZIGZAG = np.random.default_rng(0).uniform(-1.0, 1.0, (5, 7))
PATHS = {
    'long line': np.stack([np.zeros(7), np.linspace(-2.0, 2.0, 7)]),
    'tiny line': np.stack([np.zeros(7), np.full(7, 1e-3)]),
    'zigzag': ZIGZAG,
    'curve': np.stack([np.sin(np.linspace(0, 2, 60) * k) for k in range(1, 8)], axis=1),
}


@pytest.mark.parametrize('name', PATHS)
@pytest.mark.parametrize('speed_scale', [1.0, 0.3])
def test_every_derivative_keeps_its_limit(name, speed_scale):
    path = PATHS[name]
    trajectory = parametrise(smooth_path(path, 0.1), NAMES, LIMITS, speed_scale=speed_scale)
    step = np.diff(trajectory.times_s)
    np.testing.assert_allclose(step, step[0])
    rest = np.zeros((1, 7))
    velocity = np.vstack([rest, np.diff(trajectory.positions, axis=0) / step[0], rest])
    acceleration = np.diff(velocity, axis=0) / step[0]
    jerk = np.diff(np.vstack([rest, acceleration, rest]), axis=0) / step[0]
    assert (np.abs(velocity) <= LIMITS.velocity * speed_scale + 1e-9).all()
    assert (np.abs(acceleration) <= LIMITS.acceleration * speed_scale**2 + 1e-6).all()
    assert (np.abs(jerk) <= LIMITS.jerk * speed_scale**3 + 1e-4).all()


def test_a_straight_line_comes_close_to_the_best_possible_time():
    trajectory = parametrise(smooth_path(PATHS['long line'], 0.1), NAMES, LIMITS)
    v, a, j = LIMITS.velocity[0], LIMITS.acceleration[0], LIMITS.jerk[0]
    best = 2.0 / v + v / a + a / j  # joint1 moves 2 rad: cruise, then ramps and their rounding
    assert trajectory.duration_s < 1.15 * best


def test_the_trajectory_starts_and_ends_in_the_waypoints_at_rest():
    trajectory = parametrise(smooth_path(ZIGZAG, 0.1), NAMES, LIMITS)
    np.testing.assert_allclose(trajectory.positions[[0, -1]], ZIGZAG[[0, -1]], atol=1e-9)
    np.testing.assert_allclose(trajectory.velocities[[0, -1]], 0.0, atol=1e-9)
    middle = np.gradient(trajectory.positions, trajectory.times_s, axis=0)
    np.testing.assert_allclose(trajectory.velocities[1:-1], middle[1:-1], atol=0.02)


def test_the_curve_leaves_the_polyline_by_less_than_a_third_of_the_spacing():
    points = sample_path(smooth_path(ZIGZAG, 0.1), 8)
    share = np.linspace(0.0, 1.0, 400)[:, None]
    line = np.vstack([a + share * (b - a) for a, b in pairwise(ZIGZAG)])
    distance = np.linalg.norm(points[:, None] - line[None], axis=2).min(axis=1)
    assert distance.max() < 0.1 / 3.0


def test_reversed_twice_is_the_same():
    trajectory = parametrise(smooth_path(ZIGZAG, 0.2), NAMES, LIMITS)
    backward = reverse(trajectory)
    np.testing.assert_allclose(backward.positions[0], trajectory.positions[-1])
    assert (np.diff(backward.times_s) > 0).all()
    np.testing.assert_allclose(reverse(backward).velocities, trajectory.velocities)


@pytest.mark.parametrize(
    'path',
    [np.zeros((1, 7)), np.zeros((3, 7)), np.full((2, 7), np.nan)],
    ids=['one', 'same', 'nan'],
)
def test_a_path_without_length_is_refused(path):
    with pytest.raises(InvalidInputError):
        smooth_path(path, 0.1)


def test_a_speed_scale_above_one_is_refused():
    with pytest.raises(InvalidInputError, match='speed_scale'):
        parametrise(smooth_path(ZIGZAG, 0.1), NAMES, LIMITS, speed_scale=1.5)
