"""The hold check: does a hand hold an object against a force from each of six directions?

The hand's root is fixed, the object is free and weightless. The fingers close from the grasp to
the squeeze, the object settles, then a force pulls it along each axis of its own frame in turn,
each time from the settled state. Nothing but contact and friction holds it.
"""

import logging
from dataclasses import dataclass
from typing import NamedTuple

import mujoco
import numpy as np
from numpy.typing import NDArray

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.evaluation.hold_world import (
    build_hold_model,
    from_qpos,
    object_geoms,
    to_qpos,
)
from maskdexgrasp_core.evaluation.protocols import DIRECTIONS, GRAVITY, REST_S, HoldProtocol
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.hands.spec import HandSpec
from maskdexgrasp_core.objects.model import ObjectModel
from maskdexgrasp_core.sim.engine_warnings import log_engine_warnings
from maskdexgrasp_core.types import Array

_RAMP_PIECES = 10
_SETTLING_SHIFT_M = 0.03
_SETTLING_TURN_DEG = 45.0
_REST_ARM_M = 0.05


class HandGraspPose(NamedTuple):
    """A hand on an object, and where its servos aim to hold it."""

    T_object_wrist: Array
    """(4, 4) pose of the hand's root in the object frame."""
    joint_positions: Array
    """(J,) [rad]."""
    squeeze_positions: Array
    """(J,) [rad]."""


class TouchPoints(NamedTuple):
    """Where the hand touches the object, in the object's frame."""

    points: Array
    """(C, 3) [m]."""
    normals: Array
    """(C, 3) outward unit normals of the object."""
    links: tuple[str, ...]
    """Link of the hand at each point."""
    parts: tuple[str, ...]
    """Part of the object at each point."""


@dataclass(frozen=True, kw_only=True)
class HoldResult:
    """What the check found."""

    held: NDArray[np.bool_]
    """(6,) in the order of `DIRECTIONS`; all False when it failed before the load."""
    success: bool
    """By the protocol's verdict."""
    reason: str
    """Why it is no success, else ''."""
    settled: HandGraspPose
    """The grasp after settling; the grasp as given when it failed before."""
    touch: TouchPoints
    """Contacts after settling."""
    start_penetration_m: float
    """Deepest overlap of hand and object before the fingers closed [m]."""
    penetration_m: float
    """Deepest overlap after settling [m]."""


def kind_of_failure(reason: str) -> str:
    """Return the reason of a `HoldResult` without directions: "lost" of "lost along +x, -y"."""
    return reason.partition(' along')[0]


class HoldChecker:
    """Checks grasps of one hand on one object; not for use from several threads."""

    def __init__(
        self, model: ObjectModel, protocol: HoldProtocol, spec: HandSpec = SHADOW
    ) -> None:
        """Compile the physics once for all grasps of `model`.

        Raises:
            InvalidInputError: If the object has no volume or the hand has coupled joints.
        """
        log_engine_warnings(logging.INFO)
        self.protocol = protocol
        self._model = build_hold_model(model, protocol, spec)
        self._data = mujoco.MjData(self._model)
        joints = [self._model.joint(name) for name in spec.joint_names]
        self._joint_q = np.array([joint.qposadr[0] for joint in joints], dtype=int)
        self._parts = object_geoms(self._model)
        self._body = int(self._model.body('object').id)
        self._object_q = int(self._model.joint('object').qposadr[0])
        self._steps_per_chunk = max(1, round(REST_S / protocol.timestep_s))
        self._state = np.empty(mujoco.mj_stateSize(self._model, mujoco.mjtState.mjSTATE_PHYSICS))

    def settle(self, grasp: HandGraspPose) -> HandGraspPose | None:
        """Close the hand and return where hand and object come to rest.

        Returns:
            The settled grasp with the same squeeze, or None where it overlaps the object too
            deeply, pushes it by more than 30 mm or 45 deg, or loses it.

        Raises:
            InvalidInputError: If a value is not finite or a shape is wrong.
        """
        self._place(grasp)
        if self._penetration() > self.protocol.max_start_penetration_m:
            return None
        start = self._object_pose()
        self._close(grasp)
        if self._moved(start, _SETTLING_SHIFT_M, _SETTLING_TURN_DEG):
            return None
        return self._settled(grasp) if self._object_contacts() else None

    def check(self, grasp: HandGraspPose, *, stop_at_first_failure: bool = False) -> HoldResult:
        """Try one grasp.

        Args:
            grasp: In the object's frame.
            stop_at_first_failure: Directions after one that fails count as not held.

        Raises:
            InvalidInputError: If a value is not finite or a shape is wrong.
        """
        self._place(grasp)
        depth = self._penetration()
        nothing = np.zeros(len(DIRECTIONS), dtype=bool)
        protocol = self.protocol
        if depth > protocol.max_start_penetration_m:
            return self._result(grasp, nothing, depth, 'penetrates the object')
        start = self._object_pose()
        self._close(grasp)
        if self._moved_too_far(start):
            return self._result(grasp, nothing, depth, 'pushed away while closing')
        settled = self._settled(grasp)
        touch, penetration = self._touch(), self._penetration()
        if not touch.links:
            return self._result(grasp, nothing, depth, 'no contact after closing')
        held = self._pull(stop_at_first_failure=stop_at_first_failure)
        reason = ''
        if not (held.all() if protocol.verdict == 'all' else held.any()):
            lost = ', '.join(n for n, ok in zip(DIRECTIONS, held, strict=True) if not ok)
            reason = f'lost along {lost}'
        elif penetration > protocol.max_penetration_m:
            reason = f'deeper than {1000 * protocol.max_penetration_m:.0f} mm in the object'
        return HoldResult(
            held=held,
            success=not reason,
            reason=reason,
            settled=settled,
            touch=touch,
            start_penetration_m=depth,
            penetration_m=penetration,
        )

    def _result(
        self, grasp: HandGraspPose, held: NDArray[np.bool_], depth: float, reason: str
    ) -> HoldResult:
        none = np.zeros((0, 3))
        return HoldResult(
            held=held,
            success=False,
            reason=reason,
            settled=grasp,
            touch=TouchPoints(none, none, (), ()),
            start_penetration_m=depth,
            penetration_m=depth,
        )

    def _place(self, grasp: HandGraspPose) -> None:
        values = [np.asarray(value, dtype=float) for value in grasp]
        shapes = [(4, 4), self._joint_q.shape, self._joint_q.shape]
        for name, value, shape in zip(grasp._fields, values, shapes, strict=True):
            if value.shape != shape or not np.isfinite(value).all():
                raise InvalidInputError(f'{name} must be finite numbers of shape {shape}')
        model, data = self._model, self._data
        mujoco.mj_resetData(model, data)
        joints = values[1]
        if self.protocol.starts_open:
            joints = 2.0 * values[1] - values[2]
        joints = self._within_limits(joints)
        data.qpos[self._joint_q] = joints
        data.qpos[self._object_q : self._object_q + 7] = to_qpos(np.linalg.inv(values[0]))
        data.ctrl[:] = joints
        mujoco.mj_forward(model, data)

    def _within_limits(self, joints: Array) -> Array:
        """Return joint positions (J,) [rad] clipped to their limits; physics keeps them softly."""
        lower, upper = self._model.jnt_range[self._model.actuator_trnid[:, 0]].T
        return np.clip(joints, lower, upper)

    def _close(self, grasp: HandGraspPose) -> None:
        """Ramp the servos to the squeeze, then wait."""
        protocol, data = self.protocol, self._data
        begin, end = data.ctrl.copy(), np.asarray(grasp.squeeze_positions, dtype=float)
        steps = max(1, round(protocol.ramp_s / protocol.timestep_s / _RAMP_PIECES))
        for share in np.linspace(0.0, 1.0, _RAMP_PIECES + 1)[1:]:
            data.ctrl[:] = (1.0 - share) * begin + share * end
            mujoco.mj_step(self._model, data, nstep=steps)
        wait = round(protocol.settle_s / protocol.timestep_s)
        if wait:
            mujoco.mj_step(self._model, data, nstep=wait)

    def _settled(self, grasp: HandGraspPose) -> HandGraspPose:
        return HandGraspPose(
            np.linalg.inv(self._object_pose()).astype(float),
            self._within_limits(self._data.qpos[self._joint_q]),
            np.asarray(grasp.squeeze_positions, dtype=float),
        )

    def _pull(self, *, stop_at_first_failure: bool) -> NDArray[np.bool_]:
        """Return which of the six directions hold, each from the present state."""
        model, data = self._model, self._data
        mujoco.mj_getState(model, data, self._state, mujoco.mjtState.mjSTATE_PHYSICS)
        start = self._object_pose()
        weight = float(model.body_mass[self._body]) * GRAVITY * self.protocol.load_per_weight
        held = np.zeros(len(DIRECTIONS), dtype=bool)
        for index in range(len(DIRECTIONS)):
            mujoco.mj_setState(model, data, self._state, mujoco.mjtState.mjSTATE_PHYSICS)
            axis = start[:3, index // 2] * (1.0 if index % 2 == 0 else -1.0)
            data.xfrc_applied[self._body, :3] = weight * axis
            held[index] = self._endures(start)
            if stop_at_first_failure and not held[index]:
                break
        data.xfrc_applied[self._body] = 0.0
        return held

    def _endures(self, start: Array) -> bool:
        left = round(self.protocol.hold_s / self.protocol.timestep_s)
        while left > 0:
            before = self._object_pose()
            steps = min(left, self._steps_per_chunk)
            mujoco.mj_step(self._model, self._data, nstep=steps)
            left -= steps
            if self._moved_too_far(start):
                return False
            rest_m = self.protocol.rest_motion_m
            if rest_m > 0.0 and not self._moved(before, rest_m, np.degrees(rest_m / _REST_ARM_M)):
                break
        return len(self._object_contacts()) > 0

    def _moved_too_far(self, start: Array) -> bool:
        return self._moved(start, self.protocol.max_shift_m, self.protocol.max_turn_deg)

    def _moved(self, start: Array, max_shift_m: float, max_turn_deg: float) -> bool:
        """Judge by the motion of the centre of mass and the turn since `start`."""
        pose = self._object_pose()
        center = self._model.body_ipos[self._body]
        shift = (pose[:3, :3] - start[:3, :3]) @ center + pose[:3, 3] - start[:3, 3]
        cosine = 0.5 * (np.trace(start[:3, :3].T @ pose[:3, :3]) - 1.0)
        turn = np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))
        return bool(
            not np.isfinite(pose).all()
            or np.linalg.norm(shift) > max_shift_m
            or turn > max_turn_deg
        )

    def _object_pose(self) -> Array:
        """Return T_hand_object (4, 4)."""
        return from_qpos(self._data.qpos[self._object_q : self._object_q + 7])

    def _object_contacts(self) -> list[tuple[int, int, int]]:
        """Return (contact, hand geom, object geom) of every touch of hand and object."""
        pairs = self._data.contact.geom[: self._data.ncon]
        found = []
        for index, (first, second) in enumerate(pairs.tolist()):
            if second in self._parts and first not in self._parts:
                found.append((index, first, second))
            elif first in self._parts and second not in self._parts:
                found.append((index, second, first))
        return found

    def _penetration(self) -> float:
        depths = [-self._data.contact.dist[index] for index, _, _ in self._object_contacts()]
        return max(0.0, *depths) if depths else 0.0

    def _touch(self) -> TouchPoints:
        data, model = self._data, self._model
        T_object_hand = np.linalg.inv(self._object_pose())
        points, normals, links, parts = [], [], [], []
        for index, hand_geom, object_geom in self._object_contacts():
            normal = data.contact.frame[index, :3]  # from the first geom to the second
            outward = 1.0 if data.contact.geom[index, 0] == object_geom else -1.0
            points.append(T_object_hand[:3, :3] @ data.contact.pos[index] + T_object_hand[:3, 3])
            normals.append(T_object_hand[:3, :3] @ (outward * normal))
            links.append(model.body(int(model.geom_bodyid[hand_geom])).name)
            parts.append(self._parts[object_geom])
        return TouchPoints(
            np.reshape(points, (-1, 3)), np.reshape(normals, (-1, 3)), tuple(links), tuple(parts)
        )
