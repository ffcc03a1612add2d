"""Collision-free joint paths: straight lines in joint or hand space, RRT-Connect otherwise."""

import time
from dataclasses import dataclass, field

import numpy as np
from ompl import base as ob
from ompl import geometric as og
from ompl import util as ou
from scipy.interpolate import BSpline

from maskdexgrasp_core.arm.collision import Clearance, CollisionScene
from maskdexgrasp_core.arm.pose_tracking import interpolate_poses, solve_pose
from maskdexgrasp_core.arm.trajectory import sample_path, smooth_path
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.outcome import Code, Stage, StageError
from maskdexgrasp_core.types import Array

ou.setLogLevel(ou.LOG_NONE)
_SEED_RANGE = 2**32
"""OMPL takes seeds from 1 to below this."""


@dataclass(frozen=True, kw_only=True)
class PathPlannerCfg:
    """Resolution and effort of path planning."""

    check_step_rad: float = field(default=0.02, metadata={'range': (0.002, 0.1)})
    """Largest joint step between collision checks [rad]."""
    rrt_time_s: float = field(default=1.0, metadata={'range': (0.01, 30.0)})
    """Time limit of one RRT-Connect query [s]."""
    rrt_range_rad: float = field(default=0.6, metadata={'range': (0.05, 3.0)})
    """Longest tree edge [rad]."""
    line_step_m: float = field(default=0.005, metadata={'range': (0.001, 0.02)})
    """Hand translation between waypoints of a line [m]."""
    line_step_rad: float = field(default=0.04, metadata={'range': (0.005, 0.2)})
    """Hand rotation between waypoints of a line [rad]."""
    max_joint_jump_rad: float = field(default=0.15, metadata={'range': (0.01, 1.0)})
    """Largest joint step between waypoints of a line [rad]; more means a singularity or a change
    of branch."""
    limit_margin_rad: float = field(default=0.02, metadata={'range': (0.0, 0.5)})
    """Distance kept from the joint limits [rad]."""


_CORNER_SPACINGS_RAD = (0.6, 0.3, 0.15, 0.07)
"""Rounding of corners, widest (fastest) first; the first that is free of collisions is used."""
_LINE_SPACING_RAD = 0.03


class PathPlanner:
    """Plans in one collision scene; every curve it returns was checked as a curve."""

    def __init__(self, scene: CollisionScene, joint_limits: Array, cfg: PathPlannerCfg) -> None:
        """Bind to a scene.

        Args:
            scene: Robot and surroundings.
            joint_limits: Lower and upper positions of the arm (2, 7) [rad].
            cfg: Resolution and effort.
        """
        self.scene = scene
        self.bounds = joint_limits + cfg.limit_margin_rad * np.array([[1.0], [-1.0]])
        self.cfg = cfg

    def straight_curve(
        self, start: Array, goal: Array, motor_positions: Array, clearance: Clearance
    ) -> BSpline | None:
        """Return the straight joint motion if it is free of collisions, else None."""
        curve = smooth_path(np.stack([start, goal]), self.cfg.check_step_rad * 5.0)
        return curve if self._is_free(curve, motor_positions, clearance) else None

    def joint_curve(
        self, start: Array, goal: Array, motor_positions: Array, clearance: Clearance, seed: int
    ) -> BSpline:
        """Return a collision-free joint motion: the straight one, else by RRT-Connect.

        Args:
            start: Arm positions (7,) [rad].
            goal: Arm positions (7,) [rad].
            motor_positions: Of the hand during the motion (M,) [rad].
            clearance: Distances to keep.
            seed: Of the planner's random numbers, > 0.

        Raises:
            StageError: IN_COLLISION if an end is not free; NO_PATH if none was found in time.
        """
        for name, q in (('start', start), ('goal', goal)):
            contact = self.scene.check(q, motor_positions, clearance)
            if contact is not None:
                reason = f'at the {name} of the motion {contact} touch'
                raise StageError(Stage.PLAN, Code.IN_COLLISION, reason)
        curve = self.straight_curve(start, goal, motor_positions, clearance)
        if curve is not None:
            return curve
        path = self._rrt_connect(start, goal, motor_positions, clearance, seed)
        for spacing in _CORNER_SPACINGS_RAD:
            curve = smooth_path(path, spacing)
            if self._is_free(curve, motor_positions, clearance):
                return curve
        raise StageError(Stage.PLAN, Code.NO_PATH, 'the path found is too tight to be smoothed')

    def line(self, start: Array, T_base_goal: Array) -> Array:
        """Return waypoints that move the hand root straight to a pose; not checked.

        Args:
            start: Arm positions (7,) [rad].
            T_base_goal: Pose of the hand root at the end (4, 4).

        Returns:
            Arm positions (K, 7) [rad], `start` first.

        Raises:
            StageError: UNREACHABLE if the line leaves the workspace or makes a joint jump.
        """
        cfg = self.cfg
        T_base_start = self.scene.hand_pose(start)
        poses = interpolate_poses(T_base_start, T_base_goal, cfg.line_step_m, cfg.line_step_rad)
        path = [start]
        for index, pose in enumerate(poses):
            q = solve_pose(self.scene, pose, path[-1], self.bounds, max_iterations=15)
            done = f'after {index} of {len(poses)} steps'
            if q is None:
                reason = f'the straight hand motion leaves the workspace {done}'
                raise StageError(Stage.PLAN, Code.UNREACHABLE, reason)
            if np.abs(q - path[-1]).max() > cfg.max_joint_jump_rad:
                reason = f'the straight hand motion makes a joint jump {done}'
                raise StageError(Stage.PLAN, Code.UNREACHABLE, reason)
            path.append(q)
        return np.stack(path)

    def require_free(self, path: Array, motor_positions: Array, clearance: Clearance) -> None:
        """Check every waypoint.

        Args:
            path: Arm positions (K, 7) [rad].
            motor_positions: (M,) or (K, M) [rad].
            clearance: Distances to keep.

        Raises:
            StageError: IN_COLLISION with the pair and how far along it happens.
        """
        hit = self.scene.check_path(path, motor_positions, clearance)
        if hit is not None:
            share = 100.0 * hit[0] / max(1, len(path) - 1)
            reason = f'{hit[1]} touch at {share:.0f} % of the straight hand motion'
            raise StageError(Stage.PLAN, Code.IN_COLLISION, reason)

    def _is_free(self, curve: BSpline, motor_positions: Array, clearance: Clearance) -> bool:
        control_step = np.abs(np.diff(curve.c, axis=0)).max()
        samples = max(1, int(np.ceil(control_step / self.cfg.check_step_rad)))
        path = sample_path(curve, samples)
        if (path < self.bounds[0] - 1e-6).any() or (path > self.bounds[1] + 1e-6).any():
            return False
        return self.scene.check_path(path, motor_positions, clearance) is None

    def _rrt_connect(
        self, start: Array, goal: Array, motor_positions: Array, clearance: Clearance, seed: int
    ) -> Array:
        """Return a shortened polyline (K, 7) [rad] from RRT-Connect (Kuffner, LaValle 2000)."""
        ou.RNG.setSeed(max(1, seed % _SEED_RANGE))
        space = self._state_space(start, goal)
        setup = og.SimpleSetup(space)
        information = setup.getSpaceInformation()

        def is_valid(state: ob.State) -> bool:
            q = np.array([state[i] for i in range(7)])
            return self.scene.check(q, motor_positions, clearance) is None

        setup.setStateValidityChecker(is_valid)
        step = self.cfg.check_step_rad * 2.0
        information.setStateValidityCheckingResolution(step / space.getMaximumExtent())
        planner = og.RRTConnect(information)
        planner.setRange(self.cfg.rrt_range_rad)
        setup.setPlanner(planner)
        setup.setStartAndGoalStates(_state(space, start), _state(space, goal))
        began = time.perf_counter()
        setup.solve(self.cfg.rrt_time_s)
        if not setup.haveExactSolutionPath():
            spent = time.perf_counter() - began
            reason = f'RRT-Connect found no way to the approach pose within {spent:.2f} s'
            raise StageError(Stage.PLAN, Code.NO_PATH, reason)
        path = setup.getSolutionPath()
        simplifier = og.PathSimplifier(information)
        simplifier.reduceVertices(path)
        simplifier.partialShortcutPath(path)
        simplifier.collapseCloseVertices(path)
        return np.array([[s[i] for i in range(7)] for s in path.getStates()])

    def _state_space(self, start: Array, goal: Array) -> ob.RealVectorStateSpace:
        """Return the box of joint positions within half a turn of start or goal."""
        lower = np.maximum(self.bounds[0], np.minimum(start, goal) - np.pi)
        upper = np.minimum(self.bounds[1], np.maximum(start, goal) + np.pi)
        if (start < lower).any() or (start > upper).any():
            raise InvalidInputError(f'start {start} breaks the joint limits {self.bounds}')
        space = ob.RealVectorStateSpace(7)
        box = ob.RealVectorBounds(7)
        for i in range(7):
            box.setLow(i, float(lower[i]))
            box.setHigh(i, float(upper[i]))
        space.setBounds(box)
        return space


def line_curve(path: Array) -> BSpline:
    """Return the curve through waypoints of `PathPlanner.line`."""
    return smooth_path(path, _LINE_SPACING_RAD)


def _state(space: ob.RealVectorStateSpace, q: Array) -> ob.State:
    state = space.allocState()
    for i, value in enumerate(q):
        state[i] = float(value)
    return state
