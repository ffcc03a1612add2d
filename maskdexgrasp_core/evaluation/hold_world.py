"""The physics of the hold check: a hand fixed in space, one free object, no gravity."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from pathlib import Path

import mujoco
import numpy as np
from scipy.spatial.transform import Rotation

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.evaluation.protocols import HoldProtocol
from maskdexgrasp_core.hands.spec import HandSpec
from maskdexgrasp_core.objects.model import ObjectModel
from maskdexgrasp_core.resources import resource_path
from maskdexgrasp_core.sim.robot import exclude_permanent_contacts

_OBJECT = 'object'
_MIN_MASS_KG = 1e-3


def build_hold_model(model: ObjectModel, protocol: HoldProtocol, spec: HandSpec) -> mujoco.MjModel:
    """Return the model: `spec`'s hand with its root at the origin, a servo on every joint.

    The object's geoms are called '<part>/<index>'; its frame is that of `model`.

    Raises:
        InvalidInputError: If the hand has coupled joints or the object has no volume.
    """
    if spec.mimic:
        raise InvalidInputError(f'the hold check moves every joint; {spec.name} has coupled ones')
    scene = mujoco.MjSpec.from_string(_without_visuals(resource_path(spec.urdf)))
    option = scene.option
    option.timestep = protocol.timestep_s
    option.gravity = [0.0, 0.0, 0.0]
    option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    option.impratio = protocol.impratio
    option.iterations = 20
    # A state that diverges must stay visible instead of being set back to the start.
    option.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_AUTORESET)
    for name in spec.joint_names:
        joint = scene.joint(name)
        joint.damping = [protocol.damping, 0.0, 0.0]
        joint.armature = 1e-4
        joint.actfrclimited = mujoco.mjtLimited.mjLIMITED_FALSE
        servo = scene.add_actuator(
            name=name,
            target=name,
            trntype=mujoco.mjtTrn.mjTRN_JOINT,
            forcelimited=mujoco.mjtLimited.mjLIMITED_TRUE,
            forcerange=[-protocol.torque_limit_nm, protocol.torque_limit_nm],
        )
        servo.set_to_position(kp=protocol.kp)
    exclude_permanent_contacts(scene)
    _add_object(scene, model, protocol)
    return scene.compile()


def object_geoms(model: mujoco.MjModel) -> dict[int, str]:
    """Return the object's geoms and the part that each belongs to."""
    body = model.body(_OBJECT)
    first, count = int(body.geomadr[0]), int(body.geomnum[0])
    return {geom: model.geom(geom).name.rsplit('/', 1)[0] for geom in range(first, first + count)}


def _without_visuals(urdf: Path) -> str:
    root = ElementTree.parse(urdf).getroot()
    for old in root.findall('mujoco'):
        root.remove(old)
    for link in root.findall('link'):
        for visual in link.findall('visual'):
            link.remove(visual)
    extension = ElementTree.SubElement(root, 'mujoco')
    ElementTree.SubElement(extension, 'compiler', fusestatic='false', balanceinertia='true')
    return ElementTree.tostring(root, encoding='unicode')


def _add_object(scene: mujoco.MjSpec, model: ObjectModel, protocol: HoldProtocol) -> None:
    body = scene.worldbody.add_body(name=_OBJECT)
    body.add_freejoint(name=_OBJECT)
    masses = _piece_masses(model, protocol)
    for part, part_masses in zip(model.parts, masses, strict=True):
        for index, (piece, mass) in enumerate(zip(part.pieces, part_masses, strict=True)):
            name = f'{part.name}/{index}'
            scene.add_mesh(
                name=name,
                uservert=np.asarray(piece.vertices, dtype=np.float64).ravel(),
                userface=np.asarray(piece.faces, dtype=np.int32).ravel(),
                inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_CONVEX,
            )
            body.add_geom(
                name=name,
                type=mujoco.mjtGeom.mjGEOM_MESH,
                meshname=name,
                mass=mass,
                condim=4,
                priority=1,
                friction=[protocol.friction, protocol.torsional_friction_m, 1e-4],
                solref=[protocol.contact_time_constant_s, 1.0],
                solimp=[*protocol.contact_impedance, 0.001, 0.5, 2.0],
            )


def _piece_masses(model: ObjectModel, protocol: HoldProtocol) -> Sequence[Sequence[float]]:
    volume = sum(part.volume for part in model.parts)
    if not volume > 0.0:
        raise InvalidInputError(f'{model.name} has no volume')
    wanted = protocol.density * volume if protocol.mass_kg is None else protocol.mass_kg
    scale = max(wanted, _MIN_MASS_KG) / model.mass_kg
    return [[scale * mass for mass in masses] for masses in model.piece_masses_kg]


def to_qpos(pose: np.ndarray) -> np.ndarray:
    """Return position and quaternion wxyz (7,) of a pose (4, 4)."""
    quat = Rotation.from_matrix(pose[:3, :3]).as_quat(scalar_first=True)
    return np.concatenate([pose[:3, 3], quat])


def from_qpos(qpos: np.ndarray) -> np.ndarray:
    """Return the pose (4, 4) of position and quaternion wxyz (7,)."""
    rotation = np.empty(9)
    mujoco.mju_quat2Mat(rotation, qpos[3:] / np.linalg.norm(qpos[3:]))
    pose = np.eye(4)
    pose[:3, :3] = rotation.reshape(3, 3)
    pose[:3, 3] = qpos[:3]
    return pose
