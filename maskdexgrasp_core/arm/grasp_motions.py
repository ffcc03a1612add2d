"""The motions of one grasp in one scene: arm postures, straight lines, the way there."""

import time
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.interpolate import BSpline

from maskdexgrasp_core.arm.collision import HOLDING, INSERTION, TRANSIT, CollisionScene, Contact
from maskdexgrasp_core.arm.config import GraspPlannerCfg
from maskdexgrasp_core.arm.planning import PathPlanner, line_curve
from maskdexgrasp_core.arm.planning_failures import more_advanced
from maskdexgrasp_core.arm.pose_tracking import solve_pose
from maskdexgrasp_core.arm.trajectory import MotionLimits, parametrise
from maskdexgrasp_core.arm.xarm7 import ArmCfg
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.outcome import Code, Stage, StageError
from maskdexgrasp_core.resources import resource_path
from maskdexgrasp_core.types import Array, HandGrasp, JointTrajectory, ObjectObservation

_DISTINCT_RAD = 0.3
"""Arm postures closer than this in every joint count as one."""
_WAY_UP_M = 0.10
"""How far the hand goes straight up before the arm turns home."""


class GraspTrajectories(NamedTuple):
    """Each starts where the one before ends."""

    to_approach: JointTrajectory
    approach: JointTrajectory
    advance: JointTrajectory | None
    """None if pregrasp and grasp are the same pose."""
    lift: JointTrajectory


class GraspMotions:
    """Plans in the scene of one observation, which it keeps."""

    def __init__(
        self, observation: ObjectObservation | None, cfg: GraspPlannerCfg, arm: ArmCfg
    ) -> None:
        """Compile the scene.

        Args:
            observation: What surrounds the robot; None: nothing.
            cfg: Effort, speeds and distances.
            arm: Where it rests and how fast it may move.
        """
        self._cfg = cfg
        self._home: Array = np.array(arm.home)
        self._limits = MotionLimits(
            velocity=np.array(arm.max_velocity),
            acceleration=np.array(arm.max_acceleration),
            jerk=np.array(arm.max_jerk),
        )
        self.scene = CollisionScene(resource_path(arm.urdf), observation, cfg.scene)
        joint_limits = self.scene.model.jnt_range[:7].T.copy()
        self._planner = PathPlanner(self.scene, joint_limits, cfg.path)

    def plan(
        self, grasp: HandGrasp, q_start: Array, seed: int, deadline: float
    ) -> GraspTrajectories:
        """Plan one grasp with every arm posture that reaches it, the nearest first.

        Args:
            grasp: Of the hand.
            q_start: Present arm positions (7,) [rad].
            seed: Of inverse kinematics and of the path planner.
            deadline: Try no further posture after this time of `time.perf_counter` [s].

        Raises:
            StageError: UNREACHABLE, IN_COLLISION or NO_PATH.
        """
        motors = self._ordered(grasp, grasp.pregrasp_positions)
        failure: StageError | None = None
        for q in self._postures(grasp, q_start, seed):
            try:
                inward, advance, lift = self._lines(grasp, q)
                transit = self._planner.joint_curve(q_start, inward[0], motors, TRANSIT, seed + 1)
            except StageError as error:
                failure = more_advanced(failure, error)
                if time.perf_counter() > deadline:
                    break
                continue
            return GraspTrajectories(
                to_approach=self._parametrise(transit, self._cfg.transit_speed_scale),
                approach=self._slow(inward),
                advance=None if advance is None else self._slow(advance),
                lift=self._slow(lift),
            )
        assert failure is not None  # there was a posture
        raise failure

    def objection(self, grasp: HandGrasp) -> str:
        """Return '' when some arm posture reaches a grasp, inserts and lifts without collision.

        Otherwise return a short reason. The way there is not planned, but its end must be free.
        """
        opened = self._ordered(grasp, grasp.pregrasp_positions)
        solutions, contact = self._ik_solutions(grasp, self._home, 0)
        if not solutions:
            return 'out of reach' if contact is None else 'arm in collision at the grasp'
        for q in solutions:
            try:
                inward, _, _ = self._lines(grasp, q)
                self._planner.require_free(inward[:1], opened, TRANSIT)
            except StageError as error:
                code = error.outcome.code
            else:
                return ''
        return 'no straight way in and up: ' + code.name.lower().replace('_', ' ')

    def plan_home(self, q_start: Array, motor_positions: Array) -> tuple[JointTrajectory, ...]:
        """Return motions to home: up if possible, then over.

        Args:
            q_start: Present arm positions (7,) [rad].
            motor_positions: Present hand motors (M,) [rad].

        Raises:
            StageError: IN_COLLISION or NO_PATH; the arm had better stay where it is.
        """
        clearance = replace(TRANSIT, arm_m=0.0, table_m=0.0, obstacle_m=0.0, target_m=None)
        motions: list[JointTrajectory] = []
        q = np.asarray(q_start)
        try:
            up = self._planner.line(q, _raised(self.scene.hand_pose(q), _WAY_UP_M))
            self._planner.require_free(up, motor_positions, HOLDING)
            motions.append(self._slow(up))
            q = up[-1]
        except StageError:
            pass  # low ceiling of the workspace: go from here
        if np.abs(q - self._home).max() > 1e-3:
            curve = self._planner.joint_curve(q, self._home, motor_positions, clearance, 1)
            motions.append(self._parametrise(curve, self._cfg.transit_speed_scale))
        return tuple(motions)

    def thumb_gaps(self, grasp: HandGrasp, motor_positions: Array) -> Array:
        """Return how far each finger is from the thumb, (M,) [m]; infinite for the thumb.

        Args:
            grasp: Gives the order of the motors.
            motor_positions: (M,) [rad].
        """
        names = self.scene.motor_names
        gaps = self.scene.thumb_gaps(self._ordered(grasp, motor_positions))
        return np.asarray(gaps[[names.index(name) for name in grasp.motor_names]])

    def _postures(self, grasp: HandGrasp, q_start: Array, seed: int) -> list[Array]:
        """Return arm postures (7,) [rad] at the grasp, nearest first; raise if there is none."""
        solutions, contact = self._ik_solutions(grasp, q_start, seed)
        if contact is not None:
            reason = f'{contact} touch in every arm posture that reaches the grasp'
            raise StageError(Stage.PLAN, Code.IN_COLLISION, reason)
        if not solutions:
            p = grasp.T_base_grasp[:3, 3]
            place = f'({p[0]:.2f}, {p[1]:.2f}, {p[2]:.2f}) m'
            reason = f'no arm posture reaches the hand pose at {place}'
            raise StageError(Stage.PLAN, Code.UNREACHABLE, reason)
        return solutions

    def _lines(self, grasp: HandGrasp, q_grasp: Array) -> tuple[Array, Array | None, Array]:
        """Return waypoints approach -> pregrasp, pregrasp -> grasp (or None), and the lift."""
        planner = self._planner
        opened = self._ordered(grasp, grasp.pregrasp_positions)
        closed = self._ordered(grasp, grasp.grasp_positions)
        lift = planner.line(q_grasp, _raised(grasp.T_base_grasp, self._cfg.lift_height_m))
        advance = planner.line(q_grasp, grasp.T_base_pregrasp)[::-1]
        inward = planner.line(advance[0], grasp.T_base_approach)[::-1]
        planner.require_free(inward, opened, INSERTION)
        share = np.linspace(0.0, 1.0, len(advance))[:, None]
        planner.require_free(advance, opened + share * (closed - opened), HOLDING)
        self.scene.attach_target(grasp.T_base_grasp)
        try:
            planner.require_free(lift, closed, HOLDING)
        finally:
            self.scene.attach_target(None)
        if np.abs(advance[-1] - advance[0]).max() < 1e-3:
            inward[-1] = q_grasp
            return inward, None, lift
        return inward, advance, lift

    def _ik_solutions(
        self, grasp: HandGrasp, q_start: Array, seed: int
    ) -> tuple[list[Array], Contact | None]:
        """Return different free postures at the grasp, the one nearest to `q_start` first.

        Returns:
            Postures (7,) [rad]; and, if there is none because each is in collision, a contact.
        """
        bounds = self._planner.bounds
        closed = self._ordered(grasp, grasp.grasp_positions)
        tried: list[Array] = []
        free: list[Array] = []
        contact: Contact | None = None
        for guess in self._ik_seeds(q_start, seed):
            q = solve_pose(self.scene, grasp.T_base_grasp, guess, bounds)
            if q is None:
                continue
            q = _unwound(q, q_start, bounds)
            if any(np.abs(q - other).max() < _DISTINCT_RAD for other in tried):
                continue
            tried.append(q)
            touch = self.scene.check(q, closed, HOLDING)
            contact = contact or touch
            if touch is None:
                free.append(q)
            if len(free) == self._cfg.max_ik_solutions:
                break
        free.sort(key=lambda q: float(np.abs(q - q_start).max()))
        return free, None if free else contact

    def _ik_seeds(self, q_start: Array, seed: int) -> list[Array]:
        """Return starts for inverse kinematics: here, home, and around home."""
        rng = np.random.default_rng(seed)
        random = self._home + rng.normal(0.0, 0.7, (self._cfg.num_ik_seeds, 7))
        starts = [q_start, self._home, *np.clip(random, *self._planner.bounds)]
        return starts[: self._cfg.num_ik_seeds]

    def _ordered(self, grasp: HandGrasp, positions: Array) -> Array:
        """Return motor positions in the order of the collision scene."""
        names = self.scene.motor_names
        if set(names) != set(grasp.motor_names):
            raise InvalidInputError(f'motors {grasp.motor_names} are not those of {names}')
        return positions[[grasp.motor_names.index(name) for name in names]]

    def _slow(self, line: Array) -> JointTrajectory:
        return self._parametrise(line_curve(line), self._cfg.contact_speed_scale)

    def _parametrise(self, curve: BSpline, speed_scale: float) -> JointTrajectory:
        names = self.scene.arm_joint_names
        return parametrise(curve, names, self._limits, speed_scale=speed_scale)


def _raised(T_base_hand: Array, height_m: float) -> Array:
    pose = T_base_hand.copy()
    pose[2, 3] += height_m
    return pose


def _unwound(q: Array, reference: Array, bounds: Array) -> Array:
    """Return q with whole turns taken off where that brings a joint closer to `reference`."""
    turned = q - 2.0 * np.pi * np.round((q - reference) / (2.0 * np.pi))
    return np.where((turned >= bounds[0]) & (turned <= bounds[1]), turned, q)
