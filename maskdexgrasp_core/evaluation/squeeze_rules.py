"""Squeeze rules: where servos aim when all that is given is a pose that touches.

Success in simulation depends more on this rule than on the pose, so it is named in every report.

- `stored`: the targets that came with the grasp, for servos of 3 N m/rad; where the protocol's are
  stiffer they aim less far, so that the torques stay.
- `balanced`: q + J^T f / kp with contact forces f that cancel each other inside friction cones
  (mu 0.5) and add up to 20 N, kp that of the protocol's servos; contacts are links nearer than
  5 mm. As the dataset's own targets, and as Dexonomy.
- `gradient`: q + J^T n with unit normals n into the object, of links nearer than 1 mm: a point of
  the surface that moves 1 mm, times 500, twice (DexGraspNet, `thres_cont`, `dis_move`).
- `uniform`: 0.1 rad more on every joint that bends a finger.
- `none`: the pose itself (UGG).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch

from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError
from maskdexgrasp_core.evaluation.link_contacts import LinkContacts
from maskdexgrasp_core.geometry.transforms import invert_transform, transform_points
from maskdexgrasp_core.hands.kinematics import HandKinematics
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.synthesis.contact_forces import ContactCfg, Contacts, ForceSolver
from maskdexgrasp_core.synthesis.squeeze import SqueezeCfg
from maskdexgrasp_core.types import Array

TOUCH_M = 0.005
"""Of a link that takes part in the balance."""
GRADIENT_TOUCH_M = 0.001
UNIFORM_STEP_RAD = 0.1
BALANCED_GRIP = SqueezeCfg(total_force_n=20.0)
BALANCED_CONTACT = ContactCfg(friction=0.5)
"""Grip and contacts of `balanced`, and of the targets that the dataset stores."""
_FLEXION = ('FFJ', 'MFJ', 'RFJ', 'LFJ')
_THUMB_FLEXION = ('THJ1', 'THJ2')


@dataclass(frozen=True, kw_only=True, eq=False)
class TouchingGrasps:
    """B poses on one object and where they touch it."""

    Ts_object_wrist: Array
    """(B, 4, 4) [m]."""
    joint_positions: Array
    """(B, J) [rad]."""
    contacts: Sequence[LinkContacts]
    """Of each pose, object frame."""
    center: Array
    """(3,) centre of the object's mass [m]."""
    stored: Sequence[Array | None]
    """Targets that came with each pose, (J,) [rad]."""


def squeeze_positions(rule: str, grasps: TouchingGrasps, kp: float) -> Array:
    """Return the servo targets (B, J) [rad] of a rule; they may lie beyond the joint limits.

    Args:
        rule: One of `SQUEEZE_RULES`.
        grasps: The poses.
        kp: Stiffness of the servos [N m / rad].

    Raises:
        UnknownNameError: If the rule is not known.
        InvalidInputError: If the rule is 'stored' and a grasp came without targets.
    """
    return _rule(rule)(grasps, kp)


def require_rule(rule: str) -> None:
    """Refuse a rule that does not exist.

    Raises:
        UnknownNameError: The text lists those that do.
    """
    _rule(rule)


def _rule(rule: str) -> Callable[[TouchingGrasps, float], Array]:
    if rule not in _RULES:
        raise UnknownNameError('squeeze rule', rule, list(_RULES))
    return _RULES[rule]


def _stored(grasps: TouchingGrasps, kp: float) -> Array:
    given = [targets for targets in grasps.stored if targets is not None]
    if len(given) != len(grasps.stored):
        raise InvalidInputError(
            f'{len(grasps.stored) - len(given)} of {len(grasps.stored)} grasps came without '
            'squeeze targets: choose another squeeze rule, such as balanced'
        )
    targets = np.reshape(given, grasps.joint_positions.shape)
    if kp == BALANCED_GRIP.kp:
        return targets
    return grasps.joint_positions + (targets - grasps.joint_positions) * (BALANCED_GRIP.kp / kp)


def _balanced(grasps: TouchingGrasps, kp: float) -> Array:
    near = [_nearer(contacts, TOUCH_M) for contacts in grasps.contacts]
    forces = [_grip_forces(contacts, grasps.center) for contacts in near]
    most = BALANCED_GRIP.max_step_rad
    step = np.clip(joint_torques(grasps, near, forces) / kp, -most, most)
    return grasps.joint_positions + step


def _gradient(grasps: TouchingGrasps, kp: float) -> Array:
    near = [_nearer(contacts, GRADIENT_TOUCH_M) for contacts in grasps.contacts]
    return grasps.joint_positions + joint_torques(grasps, near, [-c.normals for c in near])


def _uniform(grasps: TouchingGrasps, kp: float) -> Array:
    return grasps.joint_positions + UNIFORM_STEP_RAD * _flexion_joints()


def _none(grasps: TouchingGrasps, kp: float) -> Array:
    return grasps.joint_positions.copy()


_RULES: dict[str, Callable[[TouchingGrasps, float], Array]] = {
    'stored': _stored,
    'balanced': _balanced,
    'gradient': _gradient,
    'uniform': _uniform,
    'none': _none,
}
SQUEEZE_RULES: tuple[str, ...] = tuple(_RULES)


def joint_torques(
    grasps: TouchingGrasps, contacts: Sequence[LinkContacts], forces: Sequence[Array]
) -> Array:
    """Return J^T f, (B, J) [N m]: what joints must exert for forces of their links on the object.

    Args:
        grasps: The poses.
        contacts: Of each pose; points are taken to be fixed to their links.
        forces: (C, 3) [N] at the contacts of each pose, object frame.
    """
    joints = torch.tensor(grasps.joint_positions, requires_grad=True)
    frames = _kinematics().link_transforms(joints)
    work = joints.sum() * 0.0
    for row, (touch, force) in enumerate(zip(contacts, forces, strict=True)):
        T_object_wrist = grasps.Ts_object_wrist[row]
        points = torch.as_tensor(transform_points(invert_transform(T_object_wrist), touch.points))
        turned = torch.as_tensor(force @ T_object_wrist[:3, :3])
        for link, point, push in zip(touch.links, points, turned, strict=True):
            turn, origin = frames[link][row, :3, :3], frames[link][row, :3, 3]
            local = (point - origin.detach()) @ turn.detach()
            work = work + (turn @ local + origin) @ push
    (torques,) = torch.autograd.grad(work, joints)
    return torques.numpy()


def _grip_forces(contacts: LinkContacts, center: Array) -> Array:
    if len(contacts.links) < 2:
        return np.zeros((len(contacts.links), 3))
    solver = ForceSolver(Contacts(contacts.points, contacts.normals), center, BALANCED_CONTACT)
    return solver.grip(BALANCED_GRIP.total_force_n).forces


def _nearer(contacts: LinkContacts, threshold_m: float) -> LinkContacts:
    near = contacts.distances < threshold_m
    return LinkContacts(
        links=tuple(link for link, ok in zip(contacts.links, near, strict=True) if ok),
        points=contacts.points[near],
        normals=contacts.normals[near],
        distances=contacts.distances[near],
    )


@cache
def _kinematics() -> HandKinematics:
    return HandKinematics(SHADOW, torch.float64)


@cache
def _flexion_joints() -> Array:
    """Return 1 for each joint that bends a finger, else 0, (J,)."""
    names = [name.removeprefix('rh_') for name in SHADOW.joint_names]
    bends = [
        name in _THUMB_FLEXION or (name[:3] in _FLEXION and name[3:] in ('1', '2', '3'))
        for name in names
    ]
    return np.array(bends, dtype=float)
