"""A rehearsal: the hand alone, carried by an ideal wrist, tries a grasp on one object.

One model is compiled per object and serves any number of trials. The wrist is a weld of the
*hand's root* to a moving frame, as stiff as an arm that never yields; the object itself is held
by contact and friction only, with the same servos and contact settings as in `World`.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import mujoco
import numpy as np
import trimesh
from scipy.spatial.transform import Rotation, Slerp

from maskdexgrasp_core import frames
from maskdexgrasp_core.cell import CELL
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.resources import resource_path
from maskdexgrasp_core.sim.appearance import add_materials
from maskdexgrasp_core.sim.contacts import HandContact, read_hand_contacts
from maskdexgrasp_core.sim.controller import HandController, JointLimits
from maskdexgrasp_core.sim.engine_warnings import log_engine_warnings
from maskdexgrasp_core.sim.physics import PhysicsCfg
from maskdexgrasp_core.sim.robot import RobotJoints, load_robot_spec, motor_gains, set_contact
from maskdexgrasp_core.sim.scene import BodyPiece, FreeBody, add_free_body, convex_volume
from maskdexgrasp_core.types import Array, HandState

REHEARSAL_PHYSICS = PhysicsCfg(
    timestep_s=0.004,
    impratio=10.0,
    contact_time_constant_s=0.008,
    equality_time_constant_s=0.008,
)
"""Half the cost of the world's settings; 47 of 48 random trials end alike under both."""
_OBJECT = 'object'
_WRIST = 'wrist'
_COLOR = (0.85, 0.55, 0.25)


@dataclass(frozen=True, kw_only=True)
class RehearsalCfg:
    """What every trial of one object shares."""

    table_height: float | None = CELL.table_height
    """z of the table top in the base frame [m]; None: no table."""
    physics: PhysicsCfg = REHEARSAL_PHYSICS
    urdf: Path | None = None
    """Hand; None: `urdf/freedom_hand.urdf`. Its root must be `frames.FREEDOM_ROOT`."""


def body_of_pieces(
    pieces: Sequence[trimesh.Trimesh],
    *,
    mass_kg: float,
    friction: float,
    mass_shares: Array | None = None,
    T_base_object: Array | None = None,
) -> FreeBody:
    """Return the object of a rehearsal.

    Args:
        pieces: Convex parts of the object, in its own frame [m].
        mass_kg: Of the whole object.
        friction: Sliding friction with everything, at most 0.8.
        mass_shares: Of each piece, adding up to one; None: by volume.
        T_base_object: Where the object starts; None: its frame is the base frame (pieces of a
            completed shape are in the base frame already).

    Raises:
        InvalidInputError: If a piece has no volume, or mass or friction are out of range.
    """
    if mass_shares is None:
        volumes = np.array([convex_volume(piece) for piece in pieces])
        mass_shares = volumes / max(volumes.sum(), np.finfo(float).tiny)
    return FreeBody(
        name=_OBJECT,
        pieces=tuple(
            BodyPiece(mesh=piece, mass_kg=mass_kg * share, color=_COLOR)
            for piece, share in zip(pieces, mass_shares, strict=True)
        ),
        friction=friction,
        T_base_object=np.eye(4) if T_base_object is None else T_base_object,
    )


def build_hand_scene(body: FreeBody, cfg: RehearsalCfg) -> tuple[mujoco.MjSpec, RobotJoints]:
    """Put the hand on its ideal wrist, the table and the object into one spec."""
    physics = cfg.physics
    spec, joints = load_robot_spec(cfg.urdf or resource_path('urdf/freedom_hand.urdf'), physics)
    add_materials(spec)
    spec.body(frames.FREEDOM_ROOT).add_freejoint(name='wrist_free')
    spec.worldbody.add_body(name=_WRIST, mocap=True)
    spec.add_equality(
        name='wrist_weld',
        type=mujoco.mjtEq.mjEQ_WELD,
        objtype=mujoco.mjtObj.mjOBJ_BODY,
        name1=_WRIST,
        name2=frames.FREEDOM_ROOT,
        data=[*[0.0] * 6, 1.0, 0.0, 0.0, 0.0, 1.0, *[0.0] * (mujoco.mjNEQDATA - 11)],
        solref=[2 * physics.timestep_s, 1.0],
    )
    if cfg.table_height is not None:
        table = spec.worldbody.add_geom(
            name='table',
            type=mujoco.mjtGeom.mjGEOM_BOX,
            pos=[CELL.table_center[0], CELL.table_center[1], cfg.table_height - 0.05],
            size=[1.0, 1.0, 0.05],
            friction=[physics.robot_friction, physics.torsional_friction_m, 0.0001],
        )
        set_contact(table, physics)
    add_free_body(spec, body, physics)
    return spec, joints


class HandRehearsalWorld:
    """Tries grasps of one object with the free hand; not for use from several threads."""

    def __init__(self, body: FreeBody, cfg: RehearsalCfg | None = None) -> None:
        """Compile the model; call `reset` before the first trial.

        Args:
            body: The object, see `body_of_pieces`.
            cfg: Table, physics and hand; None: the defaults.
        """
        log_engine_warnings(logging.INFO)
        self.cfg = cfg or RehearsalCfg()
        spec, self.joints = build_hand_scene(body, self.cfg)
        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)
        motors = [self.model.joint(name) for name in self.joints.motors]
        self._motor_q = np.array([joint.qposadr[0] for joint in motors], dtype=int)
        self._motor_v = np.array([joint.dofadr[0] for joint in motors], dtype=int)
        self._wrist_q = int(self.model.joint('wrist_free').qposadr[0])
        self._object_body = int(self.model.body(_OBJECT).id)
        limits = np.array([self.joints.limits[name] for name in self.joints.motors])
        gains = [motor_gains(name, self.cfg.physics) for name in self.joints.motors]
        self.hand = HandController(
            JointLimits(names=self.joints.motors, lower=limits[:, 0], upper=limits[:, 1]),
            kp=np.array([gain.kp for gain in gains]),
            max_forces=np.array([gain.force_limit for gain in gains]),
        )

    def reset(self, T_base_hand: Array, motor_positions: Array) -> None:
        """Start a trial: object back at its start, hand at rest at the given pose.

        Args:
            T_base_hand: (4, 4) pose of `frames.FREEDOM_ROOT`.
            motor_positions: (M,) [rad].
        """
        motor_positions = np.asarray(motor_positions, dtype=float)
        mujoco.mj_resetData(self.model, self.data)
        position, quat = _split(T_base_hand)
        self.data.mocap_pos[0], self.data.mocap_quat[0] = position, quat
        self.data.qpos[self._wrist_q : self._wrist_q + 7] = [*position, *quat]
        self.data.qpos[self._motor_q] = motor_positions
        for name, (leader, multiplier, offset) in self.joints.mimics.items():
            q = offset + multiplier * self.data.joint(leader).qpos[0]
            self.data.joint(name).qpos[0] = q
        self.data.ctrl[:] = motor_positions
        self.hand.restart(motor_positions)
        mujoco.mj_forward(self.model, self.data)

    def run(
        self,
        T_base_hand_target: Array,
        motor_targets: Array,
        force_limits: Array,
        duration_s: float,
    ) -> None:
        """Move the wrist in a straight line and ramp the motors, both within `duration_s` [s].

        Args:
            T_base_hand_target: (4, 4) pose of the hand's root at the end; hold it by passing the
                present target again.
            motor_targets: (M,) [rad].
            force_limits: (M,) [N m] at which each motor's torque saturates.
            duration_s: Positive.

        Raises:
            InvalidInputError: If a value is not finite or out of range.
        """
        steps = round(duration_s / self.model.opt.timestep)
        if steps < 1 or not np.all(np.isfinite(T_base_hand_target)):
            raise InvalidInputError(f'rehearsal: bad duration {duration_s} s or pose')
        self.hand.move(
            motor_targets, force_limits, duration_s, now_s=self.data.time, held=self.data.ctrl
        )
        self.model.actuator_forcerange[:, 0] = -self.hand.force_limits
        self.model.actuator_forcerange[:, 1] = self.hand.force_limits
        positions, quats = self._wrist_path(T_base_hand_target, steps)
        for position, quat in zip(positions, quats, strict=True):
            self.data.mocap_pos[0], self.data.mocap_quat[0] = position, quat
            target = self.hand.target(self.data.time)
            if target is not None:
                self.data.ctrl[:] = target
            mujoco.mj_step(self.model, self.data)

    def hand_state(self) -> HandState:
        """Return what the hand's motors report now."""
        positions, velocities = self.data.qpos[self._motor_q], self.data.qvel[self._motor_v]
        efforts = self.data.actuator_force.copy()
        return HandState(
            motor_positions=positions,
            motor_efforts=efforts,
            is_moving=self.hand.is_moving(self.data.time, velocities),
            stalled=self.hand.stalled(positions, efforts, velocities),
            is_stopped=self.hand.is_stopped,
            stamp_s=float(self.data.time),
        )

    def object_pose(self) -> Array:
        """Return T_base_object (4, 4) now."""
        return self._pose(self._object_body)

    def object_center(self) -> Array:
        """Return the object's centre of mass (3,) [m] in the base frame now.

        Where the object's frame is far away (the base frame, say), its pose moves a lot when
        the object merely turns; this does not.
        """
        return self.data.xipos[self._object_body].copy()

    def hand_pose(self) -> Array:
        """Return T_base_hand (4, 4) of `frames.FREEDOM_ROOT` now."""
        return self._pose(int(self.model.body(frames.FREEDOM_ROOT).id))

    def contacts(self) -> list[HandContact]:
        """Return where the hand touches the object, and with what force."""
        return read_hand_contacts(self.model, self.data, frames.FREEDOM_ROOT, {self._object_body})

    def hand_touches_table(self) -> bool:
        """Whether any link of the hand is in contact with the table."""
        if self.cfg.table_height is None:
            return False
        table = self.model.geom('table').id
        pairs = self.data.contact.geom
        others = np.where(pairs[:, 0] == table, pairs[:, 1], pairs[:, 0])
        others = others[(pairs == table).any(axis=1)]
        return bool(np.any(self.model.geom_bodyid[others] != self._object_body))

    def _wrist_path(self, T_base_hand_target: Array, steps: int) -> tuple[Array, Array]:
        position, quat = _split(T_base_hand_target)
        share = np.linspace(0.0, 1.0, steps + 1)[1:]
        start = self.data.mocap_pos[0].copy()
        turns = Rotation.from_quat([self.data.mocap_quat[0], quat], scalar_first=True)
        quats = Slerp([0.0, 1.0], turns)(share).as_quat(scalar_first=True)
        return start + share[:, None] * (position - start), quats

    def _pose(self, body: int) -> Array:
        pose = np.eye(4)
        pose[:3, :3] = self.data.xmat[body].reshape(3, 3)
        pose[:3, 3] = self.data.xpos[body]
        return pose


def _split(pose: Array) -> tuple[Array, Array]:
    """Return position (3,) and quaternion wxyz (4,) of a (4, 4) pose."""
    return pose[:3, 3], Rotation.from_matrix(pose[:3, :3]).as_quat(scalar_first=True)
