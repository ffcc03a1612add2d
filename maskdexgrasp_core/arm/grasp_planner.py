"""From grasps of the real hand to trajectories: the first that the arm can really execute."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.interpolate import BSpline

from maskdexgrasp_core.arm.collision import (
    HOLDING,
    INSERTION,
    TRANSIT,
    CollisionScene,
    Contact,
    SceneCfg,
)
from maskdexgrasp_core.arm.executable_plan import ExecutablePlan
from maskdexgrasp_core.arm.planning import PathPlanner, PathPlannerCfg, line_curve
from maskdexgrasp_core.arm.planning_failures import more_advanced, summarise
from maskdexgrasp_core.arm.pose_tracking import solve_pose
from maskdexgrasp_core.arm.trajectory import MotionLimits, parametrise
from maskdexgrasp_core.arm.xarm7 import XARM7, ArmCfg
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.outcome import Code, Stage, StageError
from maskdexgrasp_core.resources import resource_path
from maskdexgrasp_core.types import Array, HandGrasp, JointTrajectory, ObjectObservation

_DISTINCT_RAD = 0.3
"""Arm postures closer than this in every joint count as one."""


@dataclass(frozen=True, kw_only=True)
class GraspPlannerCfg:
    """Effort, speeds and distances of grasp planning."""

    scene: SceneCfg = field(default_factory=SceneCfg)
    path: PathPlannerCfg = field(default_factory=PathPlannerCfg)
    lift_height_m: float = field(
        default=0.15,
        metadata={'description': 'how far straight up the object is lifted [m]', 'min': 0.02,
                  'max': 0.5},
    )  # fmt: skip
    transit_speed_scale: float = field(
        default=0.6,
        metadata={'description': 'fraction of full speed in free space', 'min': 0.05, 'max': 1.0},
    )
    contact_speed_scale: float = field(
        default=0.3,
        metadata={'description': 'fraction of full speed near and with the object', 'min': 0.05,
                  'max': 1.0},
    )  # fmt: skip
    num_ik_seeds: int = field(
        default=24,
        metadata={'description': 'starts of inverse kinematics for each grasp', 'min': 1,
                  'max': 100},
    )  # fmt: skip
    max_ik_solutions: int = field(
        default=4,
        metadata={'description': 'different arm postures tried for each grasp', 'min': 1,
                  'max': 20},
    )  # fmt: skip
    time_limit_s: float = field(
        default=5.0,
        metadata={'description': 'give up planning after this wall time [s]', 'min': 0.05,
                  'max': 120.0},
    )  # fmt: skip


class GraspPlanner:
    """Plans grasps for one arm; keeps the scene of the latest observation."""

    def __init__(self, cfg: GraspPlannerCfg | None = None, arm: ArmCfg = XARM7) -> None:
        """Set up for an arm; scenes are compiled for each observation."""
        self.cfg = cfg or GraspPlannerCfg()
        self.home: Array = np.array(arm.home)
        """(7,) [rad]."""
        self.limits = MotionLimits(
            velocity=np.array(arm.max_velocity),
            acceleration=np.array(arm.max_acceleration),
            jerk=np.array(arm.max_jerk),
        )
        self._urdf = resource_path(arm.urdf)
        self._free_space = self._path_planner(None)
        self._planner = self._free_space

    def plan(
        self,
        observation: ObjectObservation,
        hand_grasps: Sequence[HandGrasp],
        q_start: Array,
        *,
        seed: int = 0,
        time_limit_s: float | None = None,
    ) -> ExecutablePlan:
        """Return the first grasp that the arm can reach, insert, and lift without collision.

        Args:
            observation: The object and what surrounds it.
            hand_grasps: Best first.
            q_start: Present arm positions (7,) [rad].
            seed: Of inverse kinematics and of the path planner.
            time_limit_s: Wall time [s]; None: that of the settings.

        Raises:
            StageError: With the code that stopped most grasps (UNREACHABLE, IN_COLLISION,
                NO_PATH), how many each stopped, and an example.
        """
        began = time.perf_counter()
        deadline = began + (self.cfg.time_limit_s if time_limit_s is None else time_limit_s)
        self._planner = self._path_planner(observation)
        failures: list[StageError] = []
        for index, grasp in enumerate(hand_grasps):
            if time.perf_counter() > deadline:
                break
            try:
                trajectories = self._plan_one(grasp, np.asarray(q_start), seed, deadline)
            except StageError as error:
                failures.append(error)
                continue
            to_approach, approach, advance, lift = trajectories
            return ExecutablePlan(
                index=index,
                hand_grasp=grasp,
                to_approach=to_approach,
                approach=approach,
                advance=advance,
                lift=lift,
                planning_s=time.perf_counter() - began,
                rejected=dict(Counter(e.outcome.code.name for e in failures)),
            )
        raise summarise(failures, len(hand_grasps))

    def plan_home(self, q_start: Array, motor_positions: Array) -> tuple[JointTrajectory, ...]:
        """Return motions from anywhere in the latest scene to home: up if possible, then over.

        Args:
            q_start: Present arm positions (7,) [rad].
            motor_positions: Present hand motors (M,) [rad].

        Raises:
            StageError: IN_COLLISION or NO_PATH; the arm had better stay where it is.
        """
        planner = self._planner
        clearance = replace(TRANSIT, arm_m=0.0, table_m=0.0, obstacle_m=0.0, target_m=None)
        motions: list[JointTrajectory] = []
        q = np.asarray(q_start)
        try:
            up = planner.line(q, _raised(planner.scene.hand_pose(q), 0.10))
            planner.require_free(up, motor_positions, HOLDING)
            motions.append(self._parametrise(line_curve(up), self.cfg.contact_speed_scale))
            q = up[-1]
        except StageError:
            pass  # low ceiling of the workspace: go from here
        if np.abs(q - self.home).max() > 1e-3:
            curve = planner.joint_curve(q, self.home, motor_positions, clearance, 1)
            motions.append(self._parametrise(curve, self.cfg.transit_speed_scale))
        return tuple(motions)

    def objections(self, observation: ObjectObservation) -> Callable[[HandGrasp], str]:
        """Prepare to tell why the arm cannot execute a grasp; the way there is not planned.

        Args:
            observation: The object and what surrounds it.

        Returns:
            Maps a grasp to '' when some arm posture reaches it, inserts and lifts without
            collision, else to a short reason.
        """
        self._planner = self._path_planner(observation)

        def objection(grasp: HandGrasp) -> str:
            solutions, contact = self._ik_solutions(grasp, self.home, 0)
            if not solutions:
                return 'out of reach' if contact is None else 'arm in collision at the grasp'
            for q in solutions:
                try:
                    self._plan_lines(grasp, q)
                except StageError as error:
                    code = error.outcome.code
                else:
                    return ''
            return 'no straight way in and up: ' + code.name.lower().replace('_', ' ')

        return objection

    def hand_pose(self, q: Array) -> Array:
        """Return T_base_hand (4, 4) at arm positions (7,) [rad]."""
        return self._free_space.scene.hand_pose(q)

    def thumb_gaps(self, grasp: HandGrasp, motor_positions: Array) -> Array:
        """Return how far each finger is from the thumb, (M,) [m]; infinite for the thumb.

        Args:
            grasp: Gives the order of the motors.
            motor_positions: (M,) [rad].
        """
        names = self._planner.scene.motor_names
        gaps = self._free_space.scene.thumb_gaps(self._ordered(grasp, motor_positions))
        return np.asarray(gaps[[names.index(name) for name in grasp.motor_names]])

    def _path_planner(self, observation: ObjectObservation | None) -> PathPlanner:
        scene = CollisionScene(self._urdf, observation, self.cfg.scene)
        return PathPlanner(scene, scene.model.jnt_range[:7].T.copy(), self.cfg.path)

    def _plan_one(
        self, grasp: HandGrasp, q_start: Array, seed: int, deadline: float
    ) -> tuple[JointTrajectory, JointTrajectory, JointTrajectory | None, JointTrajectory]:
        """Plan one grasp with every arm posture that reaches it, the nearest first."""
        solutions, contact = self._ik_solutions(grasp, q_start, seed)
        if contact is not None:
            reason = f'{contact} touch in every arm posture that reaches the grasp'
            raise StageError(Stage.PLAN, Code.IN_COLLISION, reason)
        if not solutions:
            p = grasp.T_base_grasp[:3, 3]
            reason = (
                f'no arm posture reaches the hand pose at ({p[0]:.2f}, {p[1]:.2f}, {p[2]:.2f}) m'
            )
            raise StageError(Stage.PLAN, Code.UNREACHABLE, reason)
        failure: StageError | None = None
        motors = self._ordered(grasp, grasp.pregrasp_positions)
        for q in solutions:
            try:
                inward, advance, lift = self._plan_lines(grasp, q)
                transit = self._planner.joint_curve(q_start, inward[0], motors, TRANSIT, seed + 1)
            except StageError as error:
                failure = more_advanced(failure, error)
                if time.perf_counter() > deadline:
                    break
                continue
            slow, fast = self.cfg.contact_speed_scale, self.cfg.transit_speed_scale
            return (
                self._parametrise(transit, fast),
                self._parametrise(line_curve(inward), slow),
                None if advance is None else self._parametrise(line_curve(advance), slow),
                self._parametrise(line_curve(lift), slow),
            )
        assert failure is not None
        raise failure

    def _plan_lines(self, grasp: HandGrasp, q_grasp: Array) -> tuple[Array, Array | None, Array]:
        """Return waypoints approach -> pregrasp, pregrasp -> grasp (or None), and the lift."""
        planner = self._planner
        opened = self._ordered(grasp, grasp.pregrasp_positions)
        closed = self._ordered(grasp, grasp.grasp_positions)
        lift = planner.line(q_grasp, _raised(grasp.T_base_grasp, self.cfg.lift_height_m))
        advance = planner.line(q_grasp, grasp.T_base_pregrasp)[::-1]
        inward = planner.line(advance[0], grasp.T_base_approach)[::-1]
        planner.require_free(inward, opened, INSERTION)
        share = np.linspace(0.0, 1.0, len(advance))[:, None]
        planner.require_free(advance, opened + share * (closed - opened), HOLDING)
        planner.scene.attach_target(grasp.T_base_grasp)
        try:
            planner.require_free(lift, closed, HOLDING)
        finally:
            planner.scene.attach_target(None)
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
        planner = self._planner
        closed = self._ordered(grasp, grasp.grasp_positions)
        tried: list[Array] = []
        free: list[Array] = []
        contact: Contact | None = None
        for guess in self._ik_seeds(q_start, seed):
            q = solve_pose(planner.scene, grasp.T_base_grasp, guess, planner.bounds)
            if q is None:
                continue
            q = _unwound(q, q_start, planner.bounds)
            if any(np.abs(q - other).max() < _DISTINCT_RAD for other in tried):
                continue
            tried.append(q)
            touch = planner.scene.check(q, closed, HOLDING)
            contact = contact or touch
            if touch is None:
                free.append(q)
            if len(free) == self.cfg.max_ik_solutions:
                break
        free.sort(key=lambda q: float(np.abs(q - q_start).max()))
        return free, None if free else contact

    def _ik_seeds(self, q_start: Array, seed: int) -> list[Array]:
        """Return starts for inverse kinematics: here, home, and around home."""
        rng = np.random.default_rng(seed)
        bounds = self._planner.bounds
        random = self.home + rng.normal(0.0, 0.7, (self.cfg.num_ik_seeds, 7))
        return [q_start, self.home, *np.clip(random, *bounds)][: self.cfg.num_ik_seeds]

    def _ordered(self, grasp: HandGrasp, positions: Array) -> Array:
        """Return motor positions in the order of the collision scene."""
        names = self._planner.scene.motor_names
        if set(names) != set(grasp.motor_names):
            raise InvalidInputError(f'motors {grasp.motor_names} are not those of {names}')
        return positions[[grasp.motor_names.index(name) for name in names]]

    def _parametrise(self, curve: BSpline, speed_scale: float) -> JointTrajectory:
        names = self._planner.scene.arm_joint_names
        return parametrise(curve, names, self.limits, speed_scale=speed_scale)


def _raised(T_base_hand: Array, height_m: float) -> Array:
    pose = T_base_hand.copy()
    pose[2, 3] += height_m
    return pose


def _unwound(q: Array, reference: Array, bounds: Array) -> Array:
    """Return q with whole turns taken off where that brings a joint closer to `reference`."""
    turned = q - 2.0 * np.pi * np.round((q - reference) / (2.0 * np.pi))
    return np.where((turned >= bounds[0]) & (turned <= bounds[1]), turned, q)
