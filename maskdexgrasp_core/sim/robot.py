"""MuJoCo model of a robot from its URDF: servos, mimic constraints, self-collision rules."""

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

import mujoco
import numpy as np

from maskdexgrasp_core import frames
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.sim.physics import MotorGainsCfg, PhysicsCfg

COLLISION_GROUP = 3
"""Geom group of the robot's collision shapes where a link has visual shapes too: not drawn."""


@dataclass(frozen=True, kw_only=True)
class RobotJoints:
    """Movable joints of a URDF by role, in document order."""

    arm: tuple[str, ...]
    """Joints between the root and the hand's root."""
    motors: tuple[str, ...]
    """Actuated joints of the hand."""
    mimics: dict[str, tuple[str, float, float]]
    """Following joint -> (leading joint, multiplier, offset [rad])."""
    limits: dict[str, tuple[float, float]]
    """Joint -> (lower, upper) [rad]."""

    @property
    def names(self) -> tuple[str, ...]:
        """All movable joints: arm, motors, then those that follow."""
        return (*self.arm, *self.motors, *self.mimics)


def read_robot_joints(urdf: Path) -> RobotJoints:
    """Sort the movable joints of `urdf` into arm, motors and mimics.

    Raises:
        InvalidInputError: If a movable joint has no limits.
    """
    joints = ElementTree.parse(urdf).getroot().findall('joint')
    parent_of = {_link(joint, 'child'): _link(joint, 'parent') for joint in joints}
    arm: list[str] = []
    motors: list[str] = []
    mimics: dict[str, tuple[str, float, float]] = {}
    limits: dict[str, tuple[float, float]] = {}
    for joint in joints:
        if joint.get('type') not in ('revolute', 'prismatic'):
            continue
        name = str(joint.get('name'))
        limit = joint.find('limit')
        if limit is None:
            raise InvalidInputError(f'joint {name!r} of {urdf.name} has no <limit>')
        limits[name] = (float(limit.get('lower', 0.0)), float(limit.get('upper', 0.0)))
        mimic = joint.find('mimic')
        if mimic is not None:
            multiplier, offset = mimic.get('multiplier', '1'), mimic.get('offset', '0')
            mimics[name] = (str(mimic.get('joint')), float(multiplier), float(offset))
        elif _is_below(_link(joint, 'child'), frames.FREEDOM_ROOT, parent_of):
            motors.append(name)
        else:
            arm.append(name)
    return RobotJoints(arm=tuple(arm), motors=tuple(motors), mimics=mimics, limits=limits)


def load_robot_spec(urdf: Path, physics: PhysicsCfg) -> tuple[mujoco.MjSpec, RobotJoints]:
    """Build the spec of the robot in `urdf`, its root fixed to the world.

    Every link stays a body of its own name; gravity is balanced on all of them; each motor has
    a position servo of its joint's name; a following joint is tied by an equality constraint.

    Returns:
        The spec, with solver options set, and the joints by role.
    """
    joints = read_robot_joints(urdf)
    spec = mujoco.MjSpec.from_string(_with_mujoco_extension(urdf))
    spec.meshdir = str(urdf.parent)
    _set_options(spec, physics)
    for body in spec.bodies:
        if body.name != 'world':
            body.gravcomp = 1.0
            _prepare_geoms(body, physics)
    for name in joints.names:
        _prepare_joint(spec.joint(name), name in joints.arm, physics)
    _add_mimic_constraints(spec, joints, physics)
    _add_servos(spec, joints, physics)
    exclude_permanent_contacts(spec)
    return spec, joints


def motor_gains(name: str, physics: PhysicsCfg) -> MotorGainsCfg:
    """Return the servo of hand motor `name`."""
    return physics.hand.thumb if name.startswith('thumb') else physics.hand.finger


def _link(joint: ElementTree.Element, end: str) -> str:
    element = joint.find(end)
    return '' if element is None else str(element.get('link'))


def _is_below(link: str, ancestor: str, parent_of: dict[str, str]) -> bool:
    while link in parent_of:
        link = parent_of[link]
        if link == ancestor:
            return True
    return False


def _with_mujoco_extension(urdf: Path) -> str:
    """Return the URDF with the parser told to keep visual shapes and fixed links."""
    root = ElementTree.parse(urdf).getroot()
    for old in root.findall('mujoco'):
        root.remove(old)
    extension = ElementTree.SubElement(root, 'mujoco')
    ElementTree.SubElement(
        extension,
        'compiler',
        discardvisual='false',
        fusestatic='false',
        strippath='false',
        balanceinertia='true',
    )
    return ElementTree.tostring(root, encoding='unicode')


def _set_options(spec: mujoco.MjSpec, physics: PhysicsCfg) -> None:
    spec.option.timestep = physics.timestep_s
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.solver = mujoco.mjtSolver.mjSOL_NEWTON
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    spec.option.impratio = physics.impratio
    spec.option.iterations = physics.iterations


def _prepare_geoms(body: mujoco.MjsBody, physics: PhysicsCfg) -> None:
    has_visual = any(not geom.contype for geom in body.geoms)
    for geom in body.geoms:
        if not geom.contype:
            continue
        if has_visual:
            geom.group = COLLISION_GROUP
        geom.friction = [physics.robot_friction, physics.torsional_friction_m, 0.0001]
        geom.condim = 4
        set_contact(geom, physics)


def set_contact(geom: mujoco.MjsGeom, physics: PhysicsCfg) -> None:
    """Give `geom` the stiffness that every contact of the world has."""
    geom.solref = [physics.contact_time_constant_s, 1.0]
    geom.solimp[:2] = physics.contact_impedance


def _prepare_joint(joint: mujoco.MjsJoint, is_arm: bool, physics: PhysicsCfg) -> None:
    gains = physics.arm if is_arm else physics.hand
    joint.armature = gains.armature
    joint.damping = [gains.damping, 0.0, 0.0] if np.ndim(joint.damping) else gains.damping
    joint.frictionloss = 0.0
    joint.actfrclimited = mujoco.mjtLimited.mjLIMITED_FALSE  # servos have their own limits


def _add_mimic_constraints(spec: mujoco.MjSpec, joints: RobotJoints, physics: PhysicsCfg) -> None:
    for equality in list(spec.equalities):  # newer MuJoCo makes some of its own
        spec.delete(equality)
    for name, (leader, multiplier, offset) in joints.mimics.items():
        spec.add_equality(
            name=f'{name}_mimic',
            type=mujoco.mjtEq.mjEQ_JOINT,
            objtype=mujoco.mjtObj.mjOBJ_JOINT,
            name1=name,
            name2=leader,
            data=[offset, multiplier, *[0.0] * (mujoco.mjNEQDATA - 2)],
            solref=[physics.equality_time_constant_s, 1.0],
        )


def _add_servos(spec: mujoco.MjSpec, joints: RobotJoints, physics: PhysicsCfg) -> None:
    for index, name in enumerate(joints.arm):
        servo = _add_actuator(spec, name, physics.arm.force_limits[index])
        servo.set_to_position(kp=physics.arm.kp[index], dampratio=physics.arm.damping_ratio)
    for name in joints.motors:
        gains = motor_gains(name, physics)
        servo = _add_actuator(spec, name, gains.force_limit)
        servo.set_to_position(kp=gains.kp, kv=gains.kv)


def _add_actuator(spec: mujoco.MjSpec, joint: str, force_limit: float) -> mujoco.MjsActuator:
    return spec.add_actuator(
        name=joint,
        target=joint,
        trntype=mujoco.mjtTrn.mjTRN_JOINT,
        forcelimited=mujoco.mjtLimited.mjLIMITED_TRUE,
        forcerange=[-force_limit, force_limit],
    )


def exclude_permanent_contacts(spec: mujoco.MjSpec) -> None:
    """Exclude links that overlap by construction: in touch when the robot is straight."""
    model = spec.compile()
    data = mujoco.MjData(model)
    pairs: set[tuple[int, int]] = set()
    middle = np.where(model.jnt_limited, model.jnt_range.mean(axis=1), 0.0)
    for fraction in (0.0, 0.1):
        data.qpos[:] = fraction * middle
        mujoco.mj_forward(model, data)
        bodies = model.geom_bodyid[data.contact.geom]
        pairs |= {(min(a, b), max(a, b)) for a, b in bodies.tolist()}
    for first, second in sorted(pairs):
        spec.add_exclude(bodyname1=model.body(first).name, bodyname2=model.body(second).name)
