"""From grasps of the real hand to trajectories: the first that the arm can really execute."""

import time
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from maskdexgrasp_core.arm.config import GraspPlannerCfg
from maskdexgrasp_core.arm.executable_plan import ExecutablePlan
from maskdexgrasp_core.arm.grasp_motions import GraspMotions
from maskdexgrasp_core.arm.planning_failures import summarise
from maskdexgrasp_core.arm.xarm7 import XARM7, ArmCfg
from maskdexgrasp_core.outcome import StageError
from maskdexgrasp_core.types import Array, HandGrasp, JointTrajectory, ObjectObservation


class GraspPlanner:
    """Plans grasps for one arm; keeps the scene of the latest plan for the way home."""

    def __init__(self, cfg: GraspPlannerCfg | None = None, arm: ArmCfg = XARM7) -> None:
        """Set up for an arm; scenes are compiled for each observation."""
        self.cfg = cfg or GraspPlannerCfg()
        self.home: Array = np.array(arm.home)
        """(7,) [rad]."""
        self._arm = arm
        self._free_space = self._motions(None)
        self._latest = self._free_space

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
        self._latest = motions = self._motions(observation)
        failures: list[StageError] = []
        for index, grasp in enumerate(hand_grasps):
            if time.perf_counter() > deadline:
                break
            try:
                trajectories = motions.plan(grasp, np.asarray(q_start), seed, deadline)
            except StageError as error:
                failures.append(error)
                continue
            return ExecutablePlan(
                index=index,
                hand_grasp=grasp,
                planning_s=time.perf_counter() - began,
                rejected=dict(Counter(e.outcome.code.name for e in failures)),
                **trajectories._asdict(),
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
        return self._latest.plan_home(q_start, motor_positions)

    def objections(self, observation: ObjectObservation) -> Callable[[HandGrasp], str]:
        """Prepare to tell why the arm cannot execute a grasp; the way there is not planned.

        Args:
            observation: The object and what surrounds it.

        Returns:
            Maps a grasp to '' when some arm posture reaches it, inserts and lifts without
            collision, else to a short reason. It keeps the scene of this observation.
        """
        return self._motions(observation).objection

    def hand_pose(self, q: Array) -> Array:
        """Return T_base_hand (4, 4) at arm positions (7,) [rad]."""
        return self._free_space.scene.hand_pose(q)

    def thumb_gaps(self, grasp: HandGrasp, motor_positions: Array) -> Array:
        """Return how far each finger is from the thumb, (M,) [m]; infinite for the thumb.

        Args:
            grasp: Gives the order of the motors.
            motor_positions: (M,) [rad].
        """
        return self._free_space.thumb_gaps(grasp, motor_positions)

    def _motions(self, observation: ObjectObservation | None) -> GraspMotions:
        return GraspMotions(observation, self.cfg, self._arm)
