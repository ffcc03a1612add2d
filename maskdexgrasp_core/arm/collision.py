"""Collision checks of the whole robot against itself, the table, obstacles and the target."""

from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import mujoco
import numpy as np

from maskdexgrasp_core import frames
from maskdexgrasp_core.arm.scene_model import (
    TARGET_BODY,
    GeomClass,
    build_scene_model,
    classify_geoms,
)
from maskdexgrasp_core.types import Array, ObjectObservation

_NUM_ARM_JOINTS = 7
_FAR_M = 0.1
"""Gaps between fingers are not measured beyond this."""


@dataclass(frozen=True, kw_only=True)
class SceneCfg:
    """How the surroundings become collision shapes."""

    voxel_m: float = field(default=0.008, metadata={'range': (0.002, 0.05)})
    """Edge of the boxes that fill the target [m]."""
    obstacle_padding_m: float = field(default=0.003, metadata={'range': (0.0005, 0.05)})
    """Obstacle hulls grow by this [m]."""
    camera_radius_m: float = field(default=0.06, metadata={'range': (0.0, 0.5)})
    """Keep-out sphere around the camera [m]; 0: none."""


@dataclass(frozen=True, kw_only=True)
class Clearance:
    """Smallest allowed distances [m]; negative allows that much penetration."""

    arm_m: float = 0.01
    """Arm links to table, obstacles, camera and target."""
    table_m: float = 0.005
    """Hand links to the table."""
    obstacle_m: float = 0.005
    """Hand links, and a carried target, to obstacles."""
    target_m: float | None = 0.005
    """Hand links to the target; None: they may touch."""


@dataclass(frozen=True, kw_only=True)
class Contact:
    """The pair that violates its clearance most."""

    first: str
    second: str
    distance_m: float
    """Negative: penetration."""

    def __str__(self) -> str:
        return f'{self.first} and {self.second} ({1000 * self.distance_m:.0f} mm)'


class CollisionScene:
    """Robot and surroundings of one observation; not thread-safe."""

    def __init__(
        self, urdf: Path, observation: ObjectObservation | None, cfg: SceneCfg | None = None
    ) -> None:
        """Compile the scene.

        Args:
            urdf: Of the mounted robot, root fixed at the base frame.
            observation: What surrounds it; None: nothing (self-collision only).
            cfg: Shape settings.
        """
        cfg = cfg or SceneCfg()
        self.model = build_scene_model(
            urdf,
            observation,
            voxel_m=cfg.voxel_m,
            obstacle_padding_m=cfg.obstacle_padding_m,
            camera_radius_m=cfg.camera_radius_m,
        )
        self._data = mujoco.MjData(self.model)
        self._classes = classify_geoms(self.model)
        self._hand = self.model.body(frames.FREEDOM_ROOT).id
        self._names = [self._geom_name(i) for i in range(self.model.ngeom)]
        self._jacobian = np.zeros((6, self.model.nv))
        self._set_up_joints()
        self._target_adr = -1
        if observation is not None:
            joint = self.model.joint(TARGET_BODY)
            self._target_adr = int(joint.qposadr[0])
        self._T_hand_target: Array | None = None

    @property
    def motor_names(self) -> tuple[str, ...]:
        """Actuated joints of the hand, in the order that checks expect."""
        return self._motor_names

    def attach_target(self, T_base_hand: Array | None) -> None:
        """Let the target move with the hand from now on; None puts it back where it was seen.

        Args:
            T_base_hand: Pose of the hand root (4, 4) when it took hold.
        """
        if T_base_hand is not None:
            self._T_hand_target = np.asarray(np.linalg.inv(T_base_hand), dtype=np.float64)
            return
        self._T_hand_target = None
        if self._target_adr >= 0:
            self._data.qpos[self._target_adr :][:7] = [0, 0, 0, 1, 0, 0, 0]

    def hand_pose(self, q: Array) -> Array:
        """Return T_base_hand (4, 4) at arm positions (7,) [rad]."""
        self._data.qpos[:_NUM_ARM_JOINTS] = q
        mujoco.mj_kinematics(self.model, self._data)
        return self._hand_pose()

    def hand_jacobian(self, q: Array) -> tuple[Array, Array]:
        """Return T_base_hand (4, 4) and its Jacobian (6, 7): linear [m/rad], then angular."""
        self._data.qpos[:_NUM_ARM_JOINTS] = q
        mujoco.mj_kinematics(self.model, self._data)
        mujoco.mj_comPos(self.model, self._data)
        linear, angular = self._jacobian[:3], self._jacobian[3:]
        mujoco.mj_jacBody(self.model, self._data, linear, angular, self._hand)
        return self._hand_pose(), self._jacobian[:, :_NUM_ARM_JOINTS].copy()

    def check(self, q: Array, motor_positions: Array, clearance: Clearance) -> Contact | None:
        """Return the worst violation at one configuration, or None.

        Args:
            q: Arm positions (7,) [rad].
            motor_positions: Hand motors (M,) [rad], in the order of `motor_names`.
            clearance: Distances to keep; links of the robot among each other keep 0.
        """
        data = self._data
        data.qpos[:_NUM_ARM_JOINTS] = q
        data.qpos[self._hand_adr] = self._motor_gains @ motor_positions + self._motor_offsets
        mujoco.mj_kinematics(self.model, data)
        if self._T_hand_target is not None:
            self._carry_target()
        mujoco.mj_collision(self.model, data)
        if data.ncon == 0:
            return None
        return self._worst(_thresholds(clearance, self._T_hand_target is not None))

    def check_path(
        self, path: Array, motor_positions: Array, clearance: Clearance
    ) -> tuple[int, Contact] | None:
        """Return index and contact of the first configuration in collision, or None.

        Args:
            path: Arm positions (K, 7) [rad].
            motor_positions: Hand motors [rad], (M,) or one row per configuration (K, M).
            clearance: Distances to keep.
        """
        motors = np.broadcast_to(motor_positions, (len(path), motor_positions.shape[-1]))
        for index, (q, row) in enumerate(zip(path, motors, strict=True)):
            contact = self.check(q, row, clearance)
            if contact is not None:
                return index, contact
        return None

    def thumb_gaps(self, motor_positions: Array) -> Array:
        """Return how far the links of each motor are from the thumb's links.

        Args:
            motor_positions: Hand motors (M,) [rad], in the order of `motor_names`.

        Returns:
            (M,) [m], negative where they intersect; infinite for the thumb itself.
        """
        data = self._data
        data.qpos[self._hand_adr] = self._motor_gains @ motor_positions + self._motor_offsets
        mujoco.mj_kinematics(self.model, data)
        geoms = [self._geoms_moved_by(name) for name in self._motor_names]
        is_thumb = [name.startswith('thumb') for name in self._motor_names]
        thumb = geoms[is_thumb.index(True)]
        gaps = np.full(len(geoms), np.inf)
        for i in np.flatnonzero(~np.array(is_thumb)):
            gaps[i] = min(
                mujoco.mj_geomDistance(self.model, data, a, b, _FAR_M, None)
                for a in thumb
                for b in geoms[i]
            )
        return gaps

    def _geoms_moved_by(self, joint: str) -> list[int]:
        """Return the collision geometries of a joint's link and of all links beyond it."""
        model = self.model
        bodies = {int(model.joint(joint).bodyid[0])}
        for body in range(model.nbody):  # parents come before their children
            if int(model.body_parentid[body]) in bodies:
                bodies.add(body)
        return [g for g in range(model.ngeom) if int(model.geom_bodyid[g]) in bodies]

    def _hand_pose(self) -> Array:
        pose = np.eye(4)
        pose[:3, :3] = self._data.xmat[self._hand].reshape(3, 3)
        pose[:3, 3] = self._data.xpos[self._hand]
        return pose

    def _carry_target(self) -> None:
        assert self._T_hand_target is not None
        T_base_target = self._hand_pose() @ self._T_hand_target
        slot = self._data.qpos[self._target_adr :][:7]
        slot[:3] = T_base_target[:3, 3]
        mujoco.mju_mat2Quat(slot[3:], T_base_target[:3, :3].ravel())
        mujoco.mj_kinematics(self.model, self._data)

    def _worst(self, thresholds: Array) -> Contact | None:
        contact = self._data.contact
        classes = self._classes[contact.geom]
        excess = contact.dist - thresholds[classes[:, 0], classes[:, 1]]
        worst = int(np.argmin(excess))
        if excess[worst] >= 0.0:
            return None
        first, second = contact.geom[worst]
        return Contact(
            first=self._names[first],
            second=self._names[second],
            distance_m=float(contact.dist[worst]),
        )

    def _geom_name(self, geom: int) -> str:
        body = int(self.model.geom_bodyid[geom])
        return str(self.model.body(body).name if body else self.model.geom(geom).name)

    def _set_up_joints(self) -> None:
        """Collect which joints follow which motor, from the constraints of the URDF's mimics."""
        model = self.model
        follows = {
            int(model.eq_obj1id[i]): (int(model.eq_obj2id[i]), model.eq_data[i, :2])
            for i in range(model.neq)
        }
        free = mujoco.mjtJoint.mjJNT_FREE
        hand = [
            j for j in range(_NUM_ARM_JOINTS, model.njnt) if model.jnt_type[j] != free
        ]  # fmt: skip
        motors = [j for j in hand if j not in follows]
        self.arm_joint_names = tuple(str(model.joint(j).name) for j in range(_NUM_ARM_JOINTS))
        self._motor_names = tuple(str(model.joint(j).name) for j in motors)
        self._hand_adr = model.jnt_qposadr[hand]
        self._motor_gains = np.zeros((len(hand), len(motors)))
        self._motor_offsets = np.zeros(len(hand))
        for row, joint in enumerate(hand):
            leader, (offset, gain) = follows.get(joint, (joint, (0.0, 1.0)))
            self._motor_gains[row, motors.index(leader)] = gain
            self._motor_offsets[row] = offset


@cache
def _thresholds(clearance: Clearance, target_is_carried: bool) -> Array:
    """Return the clearance of every pair of geometry classes, (5, 5) [m]."""
    ignored = -np.inf
    target = ignored if clearance.target_m is None else clearance.target_m
    pairs = {
        (GeomClass.ARM, GeomClass.TABLE): clearance.arm_m,
        (GeomClass.ARM, GeomClass.OBSTACLE): clearance.arm_m,
        (GeomClass.ARM, GeomClass.TARGET): clearance.arm_m,
        (GeomClass.HAND, GeomClass.TABLE): clearance.table_m,
        (GeomClass.HAND, GeomClass.OBSTACLE): clearance.obstacle_m,
        (GeomClass.HAND, GeomClass.TARGET): target,
        (GeomClass.TARGET, GeomClass.OBSTACLE): (
            clearance.obstacle_m if target_is_carried else ignored
        ),
    }
    table = np.zeros((len(GeomClass), len(GeomClass)))
    for (a, b), value in pairs.items():
        table[a, b] = table[b, a] = value
    return table


TRANSIT = Clearance()
"""On the way to the object: touch nothing."""
INSERTION = replace(TRANSIT, arm_m=0.005, table_m=0.0, obstacle_m=0.0, target_m=-0.006)
"""Moving the open hand around the object; the shape is only known to some millimetres."""
HOLDING = replace(INSERTION, table_m=-0.001, target_m=None)
"""Closing on the object, lifting it, and letting go of it."""
