"""The whole cell as one MuJoCo spec: robot, table, camera stand, light and free objects."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import mujoco
import numpy as np
import trimesh
from scipy.spatial import QhullError
from scipy.spatial.transform import Rotation

from maskdexgrasp_core.cell import CELL, CellCfg
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.objects.model import ObjectModel
from maskdexgrasp_core.resources import resource_path
from maskdexgrasp_core.sim.appearance import add_light, add_materials
from maskdexgrasp_core.sim.camera_model import CameraCfg
from maskdexgrasp_core.sim.physics import MAX_FRICTION, PhysicsCfg
from maskdexgrasp_core.sim.robot import RobotJoints, load_robot_spec, set_contact
from maskdexgrasp_core.types import Array

CAMERA_NAME = 'd435'
FLOOR_DEPTH_M = 0.72
"""Floor below the table top [m]."""
Placement = tuple[ObjectModel, Array]
"""An object and its pose T_base_object, (4, 4)."""


def build_scene_spec(
    placements: Sequence[Placement],
    *,
    cell: CellCfg = CELL,
    camera: CameraCfg | None = None,
    physics: PhysicsCfg | None = None,
    urdf: Path | None = None,
) -> tuple[mujoco.MjSpec, RobotJoints]:
    """Put the robot, the cell and free objects into one spec.

    Args:
        placements: Objects and where they start; their names must differ.
        cell: Table and heights.
        camera: Pose and lens of the depth camera; None: the default D435.
        physics: Solver, contacts and gains; None: the defaults.
        urdf: Robot; None: `urdf/xarm7_freedom.urdf`. Its root is the base frame.

    Returns:
        The spec and the robot's joints by role.

    Raises:
        InvalidInputError: If two objects share a name or one breaks a physical bound.
    """
    physics = physics or PhysicsCfg()
    spec, joints = load_robot_spec(urdf or resource_path('urdf/xarm7_freedom.urdf'), physics)
    add_materials(spec)
    add_light(spec)
    add_cell(spec, cell, physics)
    add_camera(spec, camera or CameraCfg(), floor_z=cell.table_height - FLOOR_DEPTH_M)
    names = [model.name for model, _ in placements]
    if len(set(names)) != len(names):
        raise InvalidInputError(f'object names must differ, got {names}')
    for model, T_base_object in placements:
        add_object(spec, model, T_base_object, physics)
    return spec, joints


def add_cell(spec: mujoco.MjSpec, cell: CellCfg, physics: PhysicsCfg) -> None:
    """Add table (top at `cell.table_height`), its legs, the arm's pedestal and the floor."""
    world = spec.worldbody
    floor_z = cell.table_height - FLOOR_DEPTH_M
    x, y = cell.table_center
    sx, sy, sz = (side / 2 for side in cell.table_size)
    top = world.add_geom(
        name='table',
        type=mujoco.mjtGeom.mjGEOM_BOX,
        pos=[x, y, cell.table_height - sz],
        size=[sx, sy, sz],
        material='table',
        friction=[physics.robot_friction, physics.torsional_friction_m, 0.0001],
    )
    set_contact(top, physics)
    leg = (cell.table_height - 2 * sz - floor_z) / 2
    for side_x in (-1, 1):
        for side_y in (-1, 1):
            corner = [x + side_x * (sx - 0.04), y + side_y * (sy - 0.04), floor_z + leg]
            _add_ornament(spec, corner, [0.025, 0.025, leg], 'frame')
    _add_ornament(
        spec, [0, 0, (floor_z - 0.015) / 2], [0.07, 0.07, -(floor_z + 0.015) / 2], 'frame'
    )
    _add_ornament(spec, [0, 0, -0.0075], [0.11, 0.11, 0.0075], 'plate')
    world.add_geom(
        name='floor',
        type=mujoco.mjtGeom.mjGEOM_PLANE,
        pos=[0, 0, floor_z],
        size=[4, 4, 0.1],
        material='floor',
        friction=[physics.robot_friction, physics.torsional_friction_m, 0.0001],
    )


def add_camera(spec: mujoco.MjSpec, camera: CameraCfg, floor_z: float) -> None:
    """Add the D435: its lens, and a body on a stand that is seen but touches nothing."""
    T_base_camera = camera.T_base_camera
    view = T_base_camera[:3, :3] @ np.diag([1.0, -1.0, -1.0])  # MuJoCo looks along -z, y up
    spec.worldbody.add_camera(
        name=CAMERA_NAME,
        pos=T_base_camera[:3, 3],
        quat=Rotation.from_matrix(view).as_quat(scalar_first=True),
        fovy=np.rad2deg(camera.fovy_rad),
        resolution=[camera.width, camera.height],
    )
    quat = Rotation.from_matrix(T_base_camera[:3, :3]).as_quat(scalar_first=True)
    behind = T_base_camera[:3, 3] - 0.017 * T_base_camera[:3, 2]  # lens stays free of the case
    _add_ornament(spec, behind, [0.045, 0.0125, 0.0125], 'camera', quat)
    foot = behind - 0.02 * T_base_camera[:3, 2]
    half = (foot[2] - floor_z) / 2
    _add_ornament(spec, [foot[0], foot[1], floor_z + half], [0.008, 0.008, half], 'frame')


@dataclass(frozen=True, kw_only=True)
class BodyPiece:
    """One convex piece of a free body."""

    mesh: trimesh.Trimesh
    """Convex, in the body's frame [m]."""
    mass_kg: float
    color: tuple[float, float, float]
    """RGB in 0..1."""


@dataclass(frozen=True, kw_only=True)
class FreeBody:
    """A rigid body that nothing holds; its inertia follows from shapes and masses of its pieces.

    Raises:
        InvalidInputError: If friction is above `MAX_FRICTION`, or a mass or volume is not
            positive.
    """

    name: str
    pieces: tuple[BodyPiece, ...]
    friction: float
    """Rules in every contact of the body: its geoms have the higher priority."""
    T_base_object: Array
    """(4, 4) where it starts."""

    def __post_init__(self) -> None:
        name, friction = self.name, self.friction
        if not 0.0 < friction <= MAX_FRICTION:
            raise InvalidInputError(f'{name}: friction {friction} is not in (0, {MAX_FRICTION}]')
        volumes = [convex_volume(piece.mesh) for piece in self.pieces]
        if not volumes or not min(volumes) > 0:
            raise InvalidInputError(f'{name}: needs pieces with a volume, got {volumes} m^3')
        masses = [piece.mass_kg for piece in self.pieces]
        if not all(np.isfinite(mass) and mass > 0 for mass in masses):
            raise InvalidInputError(f'{name}: masses must be positive, got {masses} kg')


def add_object(
    spec: mujoco.MjSpec, model: ObjectModel, T_base_object: Array, physics: PhysicsCfg
) -> None:
    """Add `model` as a free body of its own name.

    Raises:
        InvalidInputError: See `FreeBody`.
    """
    pieces = tuple(
        BodyPiece(mesh=mesh, mass_kg=mass_kg, color=part.color)
        for part, masses in zip(model.parts, model.piece_masses_kg, strict=True)
        for mesh, mass_kg in zip(part.pieces, masses, strict=True)
    )
    body = FreeBody(
        name=model.name, pieces=pieces, friction=model.friction, T_base_object=T_base_object
    )
    add_free_body(spec, body, physics)


def add_free_body(spec: mujoco.MjSpec, free: FreeBody, physics: PhysicsCfg) -> None:
    """Add a body to the world, one convex mesh geom for each piece."""
    body = spec.worldbody.add_body(
        name=free.name,
        pos=free.T_base_object[:3, 3],
        quat=Rotation.from_matrix(free.T_base_object[:3, :3]).as_quat(scalar_first=True),
    )
    body.add_freejoint(name=f'{free.name}_free')
    for index, piece in enumerate(free.pieces):
        mesh_name = f'{free.name}_{index}'
        spec.add_mesh(
            name=mesh_name,
            uservert=np.asarray(piece.mesh.vertices, dtype=np.float64).ravel(),
            userface=np.asarray(piece.mesh.faces, dtype=np.int32).ravel(),
            inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_CONVEX,
        )
        geom = body.add_geom(
            name=mesh_name,
            type=mujoco.mjtGeom.mjGEOM_MESH,
            meshname=mesh_name,
            mass=piece.mass_kg,
            condim=4,
            priority=1,
            friction=[free.friction, physics.torsional_friction_m, 0.0001],
            material='object',
            rgba=[*piece.color, 1.0],
        )
        set_contact(geom, physics)


def convex_volume(mesh: trimesh.Trimesh) -> float:
    """Return the volume of the convex hull [m^3]; 0 for a flat or empty mesh."""
    try:
        return float(abs(mesh.convex_hull.volume))
    except (QhullError, ValueError, IndexError):
        return 0.0


def _add_ornament(
    spec: mujoco.MjSpec,
    position: Sequence[float] | Array,
    half_size: Sequence[float],
    material: str,
    quat_wxyz: Sequence[float] | Array = (1.0, 0.0, 0.0, 0.0),
) -> None:
    """Add a box that is seen but touches nothing."""
    spec.worldbody.add_geom(
        type=mujoco.mjtGeom.mjGEOM_BOX,
        pos=position,
        quat=quat_wxyz,
        size=half_size,
        material=material,
        contype=0,
        conaffinity=0,
    )
