"""The simulated cell: steps the physics and answers what robot and objects do."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import mujoco
import numpy as np

from maskdexgrasp_core import frames
from maskdexgrasp_core.arm.xarm7 import XARM7
from maskdexgrasp_core.cell import CELL, CellCfg
from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError
from maskdexgrasp_core.sim.camera_model import CameraCfg
from maskdexgrasp_core.sim.contacts import HandContact, read_hand_contacts
from maskdexgrasp_core.sim.controller import ArmController, HandController, JointLimits
from maskdexgrasp_core.sim.engine_warnings import log_engine_warnings
from maskdexgrasp_core.sim.physics import PhysicsCfg
from maskdexgrasp_core.sim.robot import motor_gains
from maskdexgrasp_core.sim.scene import Placement, build_scene_spec
from maskdexgrasp_core.types import ArmState, Array, HandState, JointTrajectory


@dataclass(frozen=True, kw_only=True)
class WorldCfg:
    """What a world is built from."""

    cell: CellCfg = CELL
    camera: CameraCfg = field(default_factory=CameraCfg)
    physics: PhysicsCfg = field(default_factory=PhysicsCfg)
    urdf: Path | None = None
    """Robot; None: `urdf/xarm7_freedom.urdf`."""
    home: tuple[float, ...] = XARM7.home
    """Where the arm starts [rad]: hand raised, out of the camera's view of the table."""


class World:
    """Robot, table and objects under MuJoCo; safe to share between threads.

    Every public call takes the same lock, so a picture or a state is never half a step old.
    """

    def __init__(self, placements: Sequence[Placement], cfg: WorldCfg | None = None) -> None:
        """Build the world and put everything at its start; see `reset`."""
        self.cfg = cfg or WorldCfg()
        self.lock = threading.RLock()
        log_engine_warnings()
        self._build(placements)

    # -- building ---------------------------------------------------------------------------

    def reset(self, placements: Sequence[Placement] | None = None) -> None:
        """Return to time zero with the arm at home, the hand open and both latches cleared.

        Args:
            placements: Objects to put in place of the present ones; None keeps these and moves
                them back to where they started.
        """
        with self.lock:
            if placements is not None:
                self._build(placements)
                return
            mujoco.mj_resetData(self.model, self.data)
            home = np.asarray(self.cfg.home)
            self.data.qpos[self._arm_q] = home
            for name, (leader, multiplier, offset) in self.joints.mimics.items():
                q = offset + multiplier * self.data.joint(leader).qpos[0]
                self.data.joint(name).qpos[0] = q
            self.data.ctrl[self._arm_u] = home
            self.data.ctrl[self._hand_u] = 0.0
            self.arm.stop()
            self.arm.reset()
            self.hand.restart(np.zeros(len(self.joints.motors)))
            self._apply_force_limits()
            mujoco.mj_forward(self.model, self.data)

    def _build(self, placements: Sequence[Placement]) -> None:
        cfg = self.cfg
        spec, self.joints = build_scene_spec(
            placements, cell=cfg.cell, camera=cfg.camera, physics=cfg.physics, urdf=cfg.urdf
        )
        if len(cfg.home) != len(self.joints.arm):
            raise InvalidInputError(f'home needs {len(self.joints.arm)} joints, got {cfg.home}')
        self.placements = tuple(placements)
        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)
        self._arm_q, self._arm_v, self._arm_u = self._addresses(self.joints.arm)
        self._hand_q, self._hand_v, self._hand_u = self._addresses(self.joints.motors)
        self._object_bodies = {m.name: self.model.body(m.name).id for m, _ in placements}
        gains = self.model.actuator_biasprm
        stiffness = -gains[self._arm_u, 1]
        drag = -gains[self._arm_u, 2] + cfg.physics.arm.damping
        self.arm = ArmController(self._limits(self.joints.arm), drag / stiffness)
        self.hand = HandController(
            self._limits(self.joints.motors),
            kp=-gains[self._hand_u, 1],
            max_forces=np.array(
                [motor_gains(m, cfg.physics).force_limit for m in self.joints.motors]
            ),
        )
        self.reset()

    def _addresses(self, names: Sequence[str]) -> tuple[Array, Array, Array]:
        joints = [self.model.joint(name) for name in names]
        qpos = np.array([joint.qposadr[0] for joint in joints], dtype=int)
        qvel = np.array([joint.dofadr[0] for joint in joints], dtype=int)
        return qpos, qvel, np.array([self.model.actuator(name).id for name in names], dtype=int)

    def _limits(self, names: tuple[str, ...]) -> JointLimits:
        lower, upper = np.array([self.joints.limits[name] for name in names]).T
        return JointLimits(names=names, lower=lower, upper=upper)

    # -- time -------------------------------------------------------------------------------

    @property
    def time_s(self) -> float:
        """Simulated time [s] since the last reset."""
        return float(self.data.time)

    @property
    def timestep_s(self) -> float:
        """Length of one step [s]."""
        return float(self.model.opt.timestep)

    def step(self, num_steps: int = 1) -> None:
        """Advance the physics by `num_steps`; the controllers run at every one."""
        with self.lock:
            done = 0
            while done < num_steps:
                arm_target = self.arm.target(self.data.time)
                hand_target = self.hand.target(self.data.time)
                if arm_target is not None:
                    self.data.ctrl[self._arm_u] = arm_target
                if hand_target is not None:
                    self.data.ctrl[self._hand_u] = hand_target
                idle = arm_target is None and hand_target is None
                chunk = num_steps - done if idle else 1
                mujoco.mj_step(self.model, self.data, nstep=chunk)
                done += chunk

    def run(self, duration_s: float) -> None:
        """Advance by `duration_s` [s], rounded to whole steps."""
        self.step(max(0, round(duration_s / self.timestep_s)))

    def settle(self, *, max_duration_s: float = 2.0, speed: float = 0.005) -> bool:
        """Step until no object moves faster than `speed` [m/s, rad/s * 0.1 m].

        Returns:
            Whether everything came to rest within `max_duration_s`.
        """
        chunk = round(0.05 / self.timestep_s)
        for _ in range(round(max_duration_s / (chunk * self.timestep_s))):
            self.step(chunk)
            if all(self._object_speed(name) < speed for name in self._object_bodies):
                return True
        return not self._object_bodies

    # -- commands ---------------------------------------------------------------------------

    def start_trajectory(self, trajectory: JointTrajectory) -> None:
        """Let the arm follow `trajectory`; refusals as `ArmController.start`."""
        with self.lock:
            self.arm.start(trajectory, self.data.qpos[self._arm_q], self.data.time)

    def stop_arm(self) -> None:
        """Freeze the arm's targets at its present position until `reset_arm`."""
        with self.lock:
            self.arm.stop()
            self.data.ctrl[self._arm_u] = self.data.qpos[self._arm_q]

    def reset_arm(self) -> None:
        """Clear the arm's stop latch; it stays where it is."""
        with self.lock:
            self.arm.reset()

    def move_hand(self, positions: Array, force_limits: Array, duration_s: float) -> None:
        """Ramp the motors; refusals as `HandController.move`."""
        with self.lock:
            self.hand.move(
                positions,
                force_limits,
                duration_s,
                now_s=self.data.time,
                held=self.data.ctrl[self._hand_u],
            )
            self._apply_force_limits()

    def stop_hand(self) -> None:
        """Hold the motors where they are, with the torque they have, until `reset_hand`."""
        with self.lock:
            self.data.ctrl[self._hand_u] = self.hand.stop(
                self.data.ctrl[self._hand_u], self.data.qpos[self._hand_q]
            )

    def reset_hand(self) -> None:
        """Clear the hand's stop latch."""
        with self.lock:
            self.hand.reset()

    def _apply_force_limits(self) -> None:
        self.model.actuator_forcerange[self._hand_u, 0] = -self.hand.force_limits
        self.model.actuator_forcerange[self._hand_u, 1] = self.hand.force_limits

    # -- state ------------------------------------------------------------------------------

    def arm_state(self) -> ArmState:
        """Return what the arm reports now."""
        with self.lock:
            return ArmState(
                joint_positions=self.data.qpos[self._arm_q],
                joint_velocities=self.data.qvel[self._arm_v],
                is_moving=self.arm.is_moving,
                is_stopped=self.arm.is_stopped,
                stamp_s=self.time_s,
            )

    def hand_state(self) -> HandState:
        """Return what the hand reports now."""
        with self.lock:
            positions = self.data.qpos[self._hand_q]
            efforts = self.data.actuator_force[self._hand_u]
            velocities = self.data.qvel[self._hand_v]
            return HandState(
                motor_positions=positions,
                motor_efforts=efforts,
                is_moving=self.hand.is_moving(self.time_s, velocities),
                stalled=self.hand.stalled(positions, efforts, velocities),
                is_stopped=self.hand.is_stopped,
                stamp_s=self.time_s,
            )

    def joint_state(self) -> tuple[tuple[str, ...], Array, Array]:
        """Return names, positions [rad] and velocities [rad/s] of every movable joint."""
        with self.lock:
            names = self.joints.names
            joints = [self.data.joint(name) for name in names]
            positions = np.array([joint.qpos[0] for joint in joints])
            return names, positions, np.array([joint.qvel[0] for joint in joints])

    def object_poses(self) -> dict[str, Array]:
        """Return T_base_object (4, 4) by the object's name."""
        return {name: self.body_pose(name) for name in self._object_bodies}

    def body_pose(self, name: str) -> Array:
        """Return T_base_body (4, 4) of a link of the robot or of an object.

        Raises:
            UnknownNameError: If the world has no such body.
        """
        with self.lock:
            index = mujoco.mj_name2id(self.model, mujoco.mjtObj.mjOBJ_BODY, name)
            if index < 0:
                known = [self.model.body(i).name for i in range(self.model.nbody)]
                raise UnknownNameError('body', name, known)
            pose = np.eye(4)
            pose[:3, :3] = self.data.xmat[index].reshape(3, 3)
            pose[:3, 3] = self.data.xpos[index]
            return pose

    def hand_contacts(self) -> list[HandContact]:
        """Return where the hand touches objects, and with what force."""
        with self.lock:
            return read_hand_contacts(
                self.model, self.data, frames.FREEDOM_ROOT, set(self._object_bodies.values())
            )

    def _object_speed(self, name: str) -> float:
        velocity = self.data.cvel[self._object_bodies[name]]  # rotation, then translation
        return float(max(np.linalg.norm(velocity[3:]), 0.1 * np.linalg.norm(velocity[:3])))
